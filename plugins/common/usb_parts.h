/* SPDX-License-Identifier: Apache-2.0 */
/* What usb_device.c and usb_transfer.c share. Private to them. */
#ifndef PLUGINS_USB_PARTS_H
#define PLUGINS_USB_PARTS_H

#include "usb_device.h"

#define INTERFACES_MAX 32 /* libusb's bound too */

struct usb_device {
    libusb_context *ctx;
    libusb_device *device; /* a reference of ours */
    libusb_device_handle *handle;
    bool lent; /* the handle is another library's */
    struct usb_seen seen;
    int lock_fd;      /* the locked node */
    uint32_t claimed; /* bit per interface */
    bool gone;        /* the device has left: only close is of use */
    bool quiet;       /* nothing is submitted any more */
    bool toward_rest;
    void *reserve; /* NULL = used up */
    struct usb_transfer *transfers;
    struct usb_transfer control;
    uint8_t control_bytes[LIBUSB_CONTROL_SETUP_SIZE + USB_CONTROL_MAX];
};

/* An error of libusb as one of ours. */
int usb_error(int libusb);
/* Makes it a control transfer; bytes begin with the setup packet. */
void usb_transfer_control(const struct usb_device *d, struct usb_transfer *t, uint8_t *bytes);

#endif
