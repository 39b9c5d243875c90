/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A USB bus of umockdev: a root hub and what is plugged into its ports. What runs under the preload library with this
 * testbed's folder as UMOCKDEV_DIR sees it as the system's only bus. The program that makes one must itself run under
 * the preload library (umockdev-wrapper), because events are sent through its libudev.
 */
#ifndef SIM_USB_BUS_H
#define SIM_USB_BUS_H

#include "front/usb_carrier.h"
#include "front/usb_node.h"
#include "loop.h"

#define USB_BUS_PORTS USB_PORTS_MAX

struct usb_bus;

/* The one bus of this program. NULL with errno; EPERM when it does not run under the preload library. */
struct usb_bus *usb_bus_new(struct loop *loop);
/* Pulls all plugs; takes NULL. */
void usb_bus_free(struct usb_bus *bus);

/* The value of UMOCKDEV_DIR for clients. */
const char *usb_bus_folder(const struct usb_bus *bus);

/*
 * Plugs a device into port 1 to 15 of the root hub: "1-<port>" for the kernel, on a new address each time. gadget is
 * not owned; kernel_driver as usb_node_new() has it. 0; -EBUSY there is one in it; -EINVAL; other errno.
 */
int usb_bus_plug(struct usb_bus *bus, unsigned port, struct usb_gadget *gadget, const char *kernel_driver);
/*
 * Pulls the plug: 0 or -ENODEV. It happens when the loop turns next, so that a device may pull its own plug while it
 * answers; ports and gadget are free when unplugged is called. NULL = nobody needs to know.
 */
int usb_bus_unplug(struct usb_bus *bus, unsigned port, void (*unplugged)(void *ctx, unsigned port), void *ctx);

/* The same at once: not while the device is being asked something. */
void usb_bus_pull(struct usb_bus *bus, unsigned port);

/* The bus as whoever has plugs knows it. */
struct usb_carrier usb_bus_carrier(struct usb_bus *bus);

/* What is plugged in, NULL if nothing. */
const struct usb_node *usb_bus_node(const struct usb_bus *bus, unsigned port);

#endif
