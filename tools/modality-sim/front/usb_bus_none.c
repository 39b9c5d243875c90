/* SPDX-License-Identifier: Apache-2.0 */
/* In place of usb_bus.c where there was no umockdev to build it with: no bus can be had. */
#include <stdio.h>

#include "front/usb_bus.h"

struct usb_bus *usb_bus_new(struct loop *loop)
{
    (void)loop;
    fprintf(stderr, "modality-sim: built without umockdev (package libumockdev-dev)\n");
    errno = ENOSYS;
    return NULL;
}

void usb_bus_free(struct usb_bus *bus)
{
    (void)bus;
}

const char *usb_bus_folder(const struct usb_bus *bus)
{
    (void)bus;
    return "";
}

struct usb_carrier usb_bus_carrier(struct usb_bus *bus)
{
    (void)bus;
    return (struct usb_carrier){0};
}
