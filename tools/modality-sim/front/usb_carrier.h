/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What carries the plugs of simulated USB devices to whoever talks to them: a bus of umockdev (usb_bus.h), or the bus
 * of another machine. Ports are numbers from 1 to USB_PORTS_MAX; a port is free or holds one gadget.
 */
#ifndef SIM_USB_CARRIER_H
#define SIM_USB_CARRIER_H

#include "front/usb_gadget.h"

#define USB_PORTS_MAX 15

struct usb_carrier {
    /* 0 or negative errno. gadget is not owned; kernel_driver = one of the kernel that sits on it, NULL = none. */
    int (*plug)(void *ctx, unsigned port, struct usb_gadget *gadget, const char *kernel_driver);
    /* At once; the gadget is not touched any more. Not to be called while that gadget is being asked something. */
    void (*pull)(void *ctx, unsigned port);
    /* Who sits on an interface of what is in the port, as usb_node_driver() says it; NULL = nobody can tell. */
    const char *(*driver)(void *ctx, unsigned port, unsigned interface);
    void *ctx;
};

#endif
