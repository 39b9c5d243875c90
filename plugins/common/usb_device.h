/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One USB device, found by its name, held by nobody else and opened by libusb: claiming interfaces, control requests,
 * and the transfers that other files of this folder move bytes with. They are allocated when a device is opened; libusb
 * allocates a little more for each submission, and a block is kept in reserve for that (usb_device_toward_rest()).
 * One thread, no callbacks outside: libusb's events are handled inside the calls here, each of which ends at its
 * absolute CLOCK_MONOTONIC deadline, rounded up to the millisecond that libusb waits by.
 *
 * Errors: -ENODEV the device is gone or was never there; -EBUSY another process holds it; -EACCES it refused a control
 * request, nothing happened; -ETIMEDOUT a request went out and its outcome is unknown; -EAGAIN no time was left and
 * nothing was sent; -EIO the transport failed.
 */
#ifndef PLUGINS_USB_DEVICE_H
#define PLUGINS_USB_DEVICE_H

#include <libusb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "usb_find.h"
#include "usb_name.h"

struct usb_device;

/*
 * Finds the device, locks its node until usb_device_close() and opens it; claims nothing and asks it nothing. 0;
 * -ENODEV none or several match; -EBUSY; -EIO, also when the node may not be opened. On failure why is a sentence that
 * says what stands in the way, *out is untouched.
 */
int usb_device_open(const struct usb_name *name, char why[USB_WHY_MAX], struct usb_device **out);

/*
 * The same without opening: for a library that opens by itself and is then given to usb_device_adopt(). The handle
 * stays the library's: it closes it after usb_device_quiesce() and before usb_device_close().
 */
int usb_device_hold(const struct usb_name *name, char why[USB_WHY_MAX], struct usb_device **out);
void usb_device_adopt(struct usb_device *d, libusb_device_handle *handle);

/* Ends what is in flight, bounded by USB_QUIESCE_NS. Nothing can be sent any more. */
#define USB_QUIESCE_NS INT64_C(20000000)
void usb_device_quiesce(struct usb_device *d);

/* Ends what is in flight, gives interfaces back to the kernel's drivers, closes, unlocks; accepts NULL. */
void usb_device_close(struct usb_device *d);

/* Who it is and which node the lock is on. */
const struct usb_seen *usb_device_seen(const struct usb_device *d);
libusb_device *usb_device_of(const struct usb_device *d); /* not given away */

/* Claims an interface; the kernel's driver is detached from it and comes back at the end. 0, -ENODEV, -EBUSY, -EIO. */
int usb_device_claim(struct usb_device *d, uint8_t interface);

/* A control request to the device: direction, kind and recipient in type, as in the USB specification, 9.3. */
struct usb_request {
    uint8_t type, request;
    uint16_t value, index;
};
#define USB_CONTROL_MAX 64 /* bytes of data */

/* Sends data[0..n) with the request, once, or receives up to n into it. *done is what was moved. */
int usb_device_control(struct usb_device *d, const struct usb_request *request, uint8_t *data, size_t n,
                       int64_t deadline_ns, size_t *done);

/*
 * What is done until it is called with false is on the way to rest: if memory is short then, the reserve is given up
 * for it. false makes the reserve anew if it was used and can be had.
 */
void usb_device_toward_rest(struct usb_device *d, bool on);

/* ---- for files of this folder ---- */

/* A transfer that is allocated once and used for many. done is 0 while it is in flight. */
struct usb_transfer {
    struct libusb_transfer *libusb; /* owned */
    int done;
    struct usb_transfer *next; /* of the device's */
};

/* Allocates it; freed by usb_device_close(). 0 or -EIO. */
int usb_transfer_new(struct usb_device *d, struct usb_transfer *t);
/* Makes it a bulk transfer of this endpoint on the device's handle, without a timeout of libusb's own. */
void usb_transfer_bulk(const struct usb_device *d, struct usb_transfer *t, uint8_t endpoint, uint8_t *bytes, size_t n);
/* Submits it as it was filled in: 0, -ENODEV, -EIO. */
int usb_transfer_submit(struct usb_device *d, struct usb_transfer *t);
/* Handles events until it is done: 0, -EAGAIN at the deadline (it is still in flight), -EIO. Looks at least once. */
int usb_transfer_wait(struct usb_device *d, struct usb_transfer *t, int64_t deadline_ns);
/* Asks for its end; it is done when a wait says so. */
void usb_transfer_cancel(struct usb_transfer *t);
/*
 * How a transfer that is done has ended: 0, -ENODEV, -EPIPE stalled, -ECANCELED, -EIO. Cancelled or broken transfers of
 * a device whose node has gone are -ENODEV: which of the three comes is chance when a plug is pulled.
 */
int usb_transfer_result(struct usb_device *d, const struct usb_transfer *t);
/* Whether it is still there: 0 or -ENODEV. */
int usb_device_present(struct usb_device *d);
/* Clears the halt of a stalled endpoint, on both sides: 0, -ENODEV, -EIO. The kernel bounds it by 5 s. */
int usb_device_clear_halt(struct usb_device *d, uint8_t endpoint);

#endif
