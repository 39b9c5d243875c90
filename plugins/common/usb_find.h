/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is plugged in, and which of it a name means. Asks nobody: ids come from the descriptors that the kernel has
 * read, texts from its sysfs; no node is opened, so that a device that no section names is left alone.
 */
#ifndef PLUGINS_USB_FIND_H
#define PLUGINS_USB_FIND_H

#include <libusb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usb_name.h"

#define USB_TEXT_MAX 64 /* bytes of a maker's or product's name, NUL included; longer ones are cut */
#define USB_NODE_MAX 32 /* bytes of "/dev/bus/usb/255/255", NUL included, and some */
#define USB_WHY_MAX 256 /* bytes of a sentence that says why not, NUL included */

/* One device that is plugged in now. */
struct usb_seen {
    uint16_t vendor, product;
    char port[USB_PORT_MAX];
    char serial[USB_SERIAL_MAX]; /* "" = it has none, or one that no name can hold */
    char maker[USB_TEXT_MAX], model[USB_TEXT_MAX];
    char node[USB_NODE_MAX]; /* what a host locks: "/dev/bus/usb/001/005" */
};

/* Whether the name means this device. */
bool usb_name_fits(const struct usb_name *name, const struct usb_seen *seen);

/*
 * Everything that is plugged in but hubs, in the order of the bus: 0, or -EIO. What does not fit into seen[0..max) is
 * left out of it and counted in *n.
 */
int usb_list(libusb_context *ctx, struct usb_seen *seen, size_t max, size_t *n);

/*
 * Where there is more than one that a name means: each by a name that its port makes its own. 0 with *n of them, those
 * beyond max left out of names but counted; -EIO.
 */
int usb_find_each(const struct usb_name *name, struct usb_name *names, size_t max, size_t *n);

/*
 * The one device that a name means. 0 with *device to be given back by libusb_unref_device(); -ENODEV when there is
 * none or more than one, -EIO; why then says which devices there are.
 */
int usb_find(libusb_context *ctx, const struct usb_name *name, struct usb_seen *seen, libusb_device **device,
             char why[USB_WHY_MAX]);

#endif
