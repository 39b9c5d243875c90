/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kinds of device that are reached over USB: which plugs each has, how it shows itself in its descriptors, and the
 * front behind each plug. A front is called through here alone, so that whoever carries plugs knows no protocol.
 */
#ifndef SIM_USB_KIND_H
#define SIM_USB_KIND_H

#include "device.h"
#include "front/usb_serial.h"

#define USB_PLUGS_MAX 2

/* What a front does with its plug. */
struct usb_front_user {
    void (*send)(void *ctx, const uint8_t *bytes, size_t length);
    void (*cut)(void *ctx); /* the plug is pulled in place of an answer, soon but not at once */
    void *ctx;
};

struct usb_plug_kind {
    enum usb_serial_kind serial;
    struct usb_identity identity; /* its serial number is each device's own */
    const char *driver;           /* of the kernel, for it */
    const char *suffix;           /* of the serial number, where one device has two plugs */
};

/* Functions that are NULL mean nothing to the kind. */
struct usb_kind {
    const struct page_kind *page;
    unsigned plugs;
    bool bursts; /* it takes a whole transfer at a time: packets until a short one, or until nothing follows */
    struct usb_plug_kind plug[USB_PLUGS_MAX];
    void *(*make)(struct device *device, unsigned plug, struct usb_front_user user);
    void (*end)(void *front);
    void (*receive)(void *front, const uint8_t *bytes, size_t length);
    void (*open)(void *front);
    void (*close)(void *front);
    void (*tell)(void *front); /* after something was done to the model: what the device says by itself */
    void (*plugged)(void *front);
    void (*pulled)(void *front);
};

/* The kind with this page, NULL for one that is not reached over USB. */
const struct usb_kind *usb_kind_of(const struct page_kind *page);

#endif
