/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole simulator: the loop, the trace, the lines, the USB bus and their devices. Built from options, opened in one
 * step, taken down in the reverse order. Control finds devices by name here.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "options.h"

struct sim {
    struct loop *loop;
    struct trace trace;
    struct device *devices[OPTIONS_DEVICES_MAX];
    unsigned device_count;
    struct line *lines;
    struct usb_bus *bus; /* NULL = no device is on USB, or they are in a machine's ports */
    struct usbredir *machine;
    struct usb_carrier carrier;
    struct usb_unit *units[OPTIONS_DEVICES_MAX];
    unsigned unit_count;
    unsigned sample_ms;
    struct loop_timer sample_timer;
};

/* Negative errno after saying what failed; sim_close() is needed either way. */
int sim_open(struct sim *sim, const struct options *options);
void sim_close(struct sim *sim);
struct device *sim_device(const struct sim *sim, const char *name);
/* One JSON line on stdout. Negative errno when nobody can read it. */
int sim_announce(const struct sim *sim);

#endif
