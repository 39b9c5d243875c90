/* SPDX-License-Identifier: Apache-2.0 */
/* In place of usbredir.c where there was no libusbredirparser to build it with: no machine can be had. */
#include <stdio.h>

#include "front/usbredir.h"

struct usbredir *usbredir_new(struct loop *loop, const char *folder)
{
    (void)loop;
    (void)folder;
    fprintf(stderr, "modality-sim: built without usbredir (package libusbredirparser-dev)\n");
    errno = ENOSYS;
    return NULL;
}

void usbredir_free(struct usbredir *bus)
{
    (void)bus;
}

struct usb_carrier usbredir_carrier(struct usbredir *bus)
{
    (void)bus;
    return (struct usb_carrier){0};
}
