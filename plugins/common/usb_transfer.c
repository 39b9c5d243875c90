/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers in flight, and libusb's events: handled here and nowhere else. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "modality/clock.h"
#include "usb_parts.h"

int usb_error(int libusb)
{
    switch (libusb) {
    case LIBUSB_SUCCESS:
        return 0;
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        return -ENODEV;
    case LIBUSB_ERROR_BUSY:
        return -EBUSY;
    default: /* no permission, no memory, what the kernel did not like */
        return -EIO;
    }
}

static void LIBUSB_CALL transfer_done(struct libusb_transfer *libusb)
{
    struct usb_transfer *t = libusb->user_data;
    t->done = 1;
}

int usb_transfer_new(struct usb_device *d, struct usb_transfer *t)
{
    t->libusb = libusb_alloc_transfer(0);
    if (!t->libusb)
        return -EIO;
    t->done = 1;
    t->next = d->transfers;
    d->transfers = t;
    return 0;
}

void usb_transfer_bulk(const struct usb_device *d, struct usb_transfer *t, uint8_t endpoint, uint8_t *bytes, size_t n)
{
    libusb_fill_bulk_transfer(t->libusb, d->handle, endpoint, bytes, (int)n, transfer_done, t, 0);
}

void usb_transfer_control(const struct usb_device *d, struct usb_transfer *t, uint8_t *bytes)
{
    libusb_fill_control_transfer(t->libusb, d->handle, bytes, transfer_done, t, 0);
}

int usb_transfer_submit(struct usb_device *d, struct usb_transfer *t)
{
    if (d->gone)
        return -ENODEV;
    if (d->quiet)
        return -EIO;
    t->done = 0;
    int r = libusb_submit_transfer(t->libusb);
    if (r == LIBUSB_ERROR_NO_MEM && d->toward_rest && d->reserve) {
        free(d->reserve);
        d->reserve = NULL;
        r = libusb_submit_transfer(t->libusb);
    }
    if (r == LIBUSB_SUCCESS)
        return 0;
    t->done = 1;
    d->gone = r == LIBUSB_ERROR_NO_DEVICE;
    return usb_error(r);
}

int usb_transfer_wait(struct usb_device *d, struct usb_transfer *t, int64_t deadline_ns)
{
    struct timeval now = {0};
    /* Once in any case: what is done may not have been noticed yet. */
    int r = t->done ? LIBUSB_SUCCESS : libusb_handle_events_timeout_completed(d->ctx, &now, &t->done);
    while (!t->done && (r == LIBUSB_SUCCESS || r == LIBUSB_ERROR_INTERRUPTED)) {
        int64_t left = deadline_ns - clock_monotonic_ns();
        if (left <= 0)
            return -EAGAIN;
        int64_t us = (left + NS_PER_US - 1) / NS_PER_US;
        struct timeval wait = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
        r = libusb_handle_events_timeout_completed(d->ctx, &wait, &t->done);
    }
    return t->done ? 0 : -EIO;
}

void usb_transfer_cancel(struct usb_transfer *t)
{
    if (!t->done)
        (void)libusb_cancel_transfer(t->libusb); /* fails for one that is ending by itself */
}

/* The node is taken away with the device. */
int usb_device_present(struct usb_device *d)
{
    if (!d->gone && access(d->seen.node, F_OK) < 0)
        d->gone = true;
    return d->gone ? -ENODEV : 0;
}

static int unless_gone(struct usb_device *d, int error)
{
    return usb_device_present(d) < 0 ? -ENODEV : error;
}

int usb_transfer_result(struct usb_device *d, const struct usb_transfer *t)
{
    switch (t->libusb->status) {
    case LIBUSB_TRANSFER_COMPLETED:
        return 0;
    case LIBUSB_TRANSFER_NO_DEVICE:
        d->gone = true;
        return -ENODEV;
    case LIBUSB_TRANSFER_STALL:
        return unless_gone(d, -EPIPE);
    case LIBUSB_TRANSFER_CANCELLED:
        return unless_gone(d, -ECANCELED);
    case LIBUSB_TRANSFER_ERROR:
    case LIBUSB_TRANSFER_TIMED_OUT:
    case LIBUSB_TRANSFER_OVERFLOW:
        break;
    }
    return unless_gone(d, -EIO);
}
