/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. Every text points into argv; nothing is opened here. A mistake is told on stderr in one line that
 * names the argument, and the program ends with status 2.
 */
#ifndef SIM_OPTIONS_H
#define SIM_OPTIONS_H

#include "device.h"
#include "front/line.h"
#include "front/usb_unit.h"

#define OPTIONS_DEVICES_MAX 64

struct options_device {
    struct device_options device;
    char name[DEVICE_NAME_MAX];
    enum line_kind line_kind;
    char endpoint[LINE_ENDPOINT_MAX]; /* empty: shares the line of the device called with, or is on USB */
    char with[DEVICE_NAME_MAX];
    unsigned baud;
    unsigned usb_port[USB_PLUGS_MAX]; /* 0 = not on USB */
    char usb_serial[USB_STRING_MAX];
    bool has_usb_serial;
};

struct options {
    const char *control; /* NULL = no control socket */
    const char *trace;
    bool trace_reads;
    bool exit_on_eof;
    unsigned sample_ms; /* 0 = no samples */
    struct options_device devices[OPTIONS_DEVICES_MAX];
    unsigned device_count;
    bool usb;         /* some of them are */
    const char *qemu; /* folder of the USB ports of a machine under QEMU; NULL = they are on a bus of umockdev */
    char **command;   /* to be run beside the simulator, ends with NULL; NULL = none */
    bool help;
};

/* 0, or -EINVAL after saying what is wrong. */
int options_parse(int argc, char **argv, struct options *out);
void options_help(void);

#endif
