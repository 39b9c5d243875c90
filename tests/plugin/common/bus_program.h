/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far side of a plugin's test over libusb: simulated devices of one kind behind serial ports on a USB bus of
 * umockdev, made and broken by lines on stdin (usb_test.h). Each line is answered with one line, "ok ..." or
 * "error ...", when it is done. It ends with its stdin.
 *
 *   plug PORT [SERIAL]                   of the descriptor; the device behind a port is made once and stays itself
 *   unplug PORT, unplug-in PORT MS       the latter is answered at once
 *   state PORT CHANNEL NAME              of the model; channel from 1, 0 = the device's own
 *   fault PORT NAME [ARG NUMBER]         of tools/modality-sim/fault.h, wire and model: "fault 1 drop count 3"
 *   clear PORT NAME
 *   driver PORT INTERFACE                who holds it: a driver of the kernel, "usbfs", or nobody
 *   line PORT                            how a client has set an FTDI chip
 */
#ifndef TEST_PLUGIN_COMMON_BUS_PROGRAM_H
#define TEST_PLUGIN_COMMON_BUS_PROGRAM_H

#include "device.h"
#include "front/usb_serial.h"

/* What a front needs of the port that it stands behind. */
struct bus_port_user {
    void (*send)(void *ctx, const uint8_t *bytes, size_t length);
    void (*cut)(void *ctx);
    void *ctx;
};

/* A kind of device: its front, made and driven. NULL where the plug means nothing to it. */
struct bus_kind {
    enum usb_serial_kind serial;
    struct usb_identity identity;
    const char *driver; /* of the kernel, for it */
    const struct page_kind *page;
    const char *name; /* in the trace */
    void *(*make)(struct device *device, struct bus_port_user user);
    void (*end)(void *front);
    void (*receive)(void *front, const uint8_t *bytes, size_t length);
    void (*open)(void *front);
    void (*close)(void *front);
    void (*tell)(void *front); /* after something was done to the model */
    void (*plug)(void *front);
    void (*unplug)(void *front);
};

/* What main returns; its first argument is the path of a trace, without it there is none. */
int bus_program(const struct bus_kind *kind, const char *trace_path);

#endif
