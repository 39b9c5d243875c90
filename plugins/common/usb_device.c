/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing, and control requests. */
#include "usb_device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "modality/clock.h"
#include "usb_parts.h"

/* What libusb allocates for one submission is below 1 KiB; a stop has some dozen of them in turn. */
#define RESERVE_SIZE (64 * 1024)

static int lock_node(struct usb_device *d, char why[USB_WHY_MAX])
{
    d->lock_fd = open(d->seen.node, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (d->lock_fd < 0) {
        int error = errno;
        snprintf(why, USB_WHY_MAX, "%s cannot be opened: %s", d->seen.node, strerror(error));
        return error == ENOENT || error == ENODEV ? -ENODEV : -EIO;
    }
    if (flock(d->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    snprintf(why, USB_WHY_MAX, "another process holds %s", d->seen.node);
    return errno == EWOULDBLOCK ? -EBUSY : -EIO;
}

static void reserve_make(struct usb_device *d)
{
    if (d->reserve)
        return;
    d->reserve = malloc(RESERVE_SIZE);
    if (d->reserve)
        memset(d->reserve, 0xa5, RESERVE_SIZE); /* touched, so that it is memory and not a promise of it */
}

static int hold(struct usb_device *d, const struct usb_name *name, char why[USB_WHY_MAX])
{
    d->lock_fd = -1;
    int r = libusb_init(&d->ctx);
    if (r != LIBUSB_SUCCESS) {
        d->ctx = NULL;
        snprintf(why, USB_WHY_MAX, "USB cannot be used: %s", libusb_strerror(r));
        return -EIO;
    }
    r = usb_find(d->ctx, name, &d->seen, &d->device, why);
    if (r == 0)
        r = lock_node(d, why);
    if (r < 0)
        return r;
    snprintf(why, USB_WHY_MAX, "no memory");
    reserve_make(d);
    return d->reserve ? usb_transfer_new(d, &d->control) : -EIO;
}

int usb_device_hold(const struct usb_name *name, char why[USB_WHY_MAX], struct usb_device **out)
{
    struct usb_device *d = calloc(1, sizeof *d);
    snprintf(why, USB_WHY_MAX, "no memory");
    if (!d)
        return -EIO;
    int r = hold(d, name, why);
    if (r < 0) {
        usb_device_close(d);
        return r;
    }
    *out = d;
    return 0;
}

void usb_device_adopt(struct usb_device *d, libusb_device_handle *handle)
{
    d->handle = handle;
    d->lent = true;
}

int usb_device_open(const struct usb_name *name, char why[USB_WHY_MAX], struct usb_device **out)
{
    struct usb_device *d;
    int r = usb_device_hold(name, why, &d);
    if (r < 0)
        return r;
    r = libusb_open(d->device, &d->handle);
    if (r == LIBUSB_SUCCESS)
        r = libusb_set_auto_detach_kernel_driver(d->handle, 1);
    if (r != LIBUSB_SUCCESS) {
        snprintf(why, USB_WHY_MAX, "%s cannot be opened: %s", d->seen.node, libusb_strerror(r));
        usb_device_close(d);
        return usb_error(r);
    }
    *out = d;
    return 0;
}

void usb_device_quiesce(struct usb_device *d)
{
    if (!d || d->quiet)
        return;
    d->quiet = true;
    for (struct usb_transfer *t = d->transfers; t; t = t->next)
        usb_transfer_cancel(t);
    int64_t until = clock_monotonic_ns() + USB_QUIESCE_NS;
    for (struct usb_transfer *t = d->transfers; t; t = t->next)
        if (usb_transfer_wait(d, t, until) < 0)
            return;
}

void usb_device_close(struct usb_device *d)
{
    if (!d)
        return;
    usb_device_quiesce(d);
    if (d->handle && !d->lent) {
        for (uint8_t i = 0; i < INTERFACES_MAX; i++)
            if (d->claimed & UINT32_C(1) << i)
                (void)libusb_release_interface(d->handle, i); /* fails when the device is gone: nothing is left then */
        libusb_close(d->handle);
    }
    /* With the handle closed the kernel has let go of a transfer that could not be ended. */
    for (struct usb_transfer *t = d->transfers; t; t = t->next)
        libusb_free_transfer(t->libusb);
    if (d->device)
        libusb_unref_device(d->device);
    if (d->ctx)
        libusb_exit(d->ctx);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    free(d->reserve);
    free(d);
}

const struct usb_seen *usb_device_seen(const struct usb_device *d)
{
    return &d->seen;
}

libusb_device *usb_device_of(const struct usb_device *d)
{
    return d->device;
}

int usb_device_claim(struct usb_device *d, uint8_t interface)
{
    if (interface >= INTERFACES_MAX)
        return -EIO;
    int r = libusb_claim_interface(d->handle, interface);
    if (r == LIBUSB_SUCCESS)
        d->claimed |= UINT32_C(1) << interface;
    return usb_error(r);
}

int usb_device_clear_halt(struct usb_device *d, uint8_t endpoint)
{
    int r = libusb_clear_halt(d->handle, endpoint);
    d->gone = d->gone || r == LIBUSB_ERROR_NO_DEVICE;
    return usb_error(r);
}

void usb_device_toward_rest(struct usb_device *d, bool on)
{
    d->toward_rest = on;
    if (!on)
        reserve_make(d);
}

int usb_device_control(struct usb_device *d, const struct usb_request *request, uint8_t *data, size_t n,
                       int64_t deadline_ns, size_t *done)
{
    if (n > USB_CONTROL_MAX)
        return -EINVAL;
    /* One that was cut off at its deadline earlier has the buffer until it is done. */
    int r = usb_transfer_wait(d, &d->control, deadline_ns);
    if (r < 0 || clock_monotonic_ns() >= deadline_ns)
        return r < 0 ? r : -EAGAIN;
    libusb_fill_control_setup(d->control_bytes, request->type, request->request, request->value, request->index,
                              (uint16_t)n);
    bool in = request->type & LIBUSB_ENDPOINT_IN;
    if (!in && n > 0)
        memcpy(d->control_bytes + LIBUSB_CONTROL_SETUP_SIZE, data, n);
    usb_transfer_control(d, &d->control, d->control_bytes);
    r = usb_transfer_submit(d, &d->control);
    if (r == 0)
        r = usb_transfer_wait(d, &d->control, deadline_ns);
    if (r == -EAGAIN) {
        usb_transfer_cancel(&d->control);
        return -ETIMEDOUT;
    }
    if (r == 0)
        r = usb_transfer_result(d, &d->control);
    if (r < 0)
        return r == -EPIPE ? -EACCES : r == -ECANCELED ? -EIO : r;
    *done = (size_t)d->control.libusb->actual_length;
    if (in)
        memcpy(data, d->control_bytes + LIBUSB_CONTROL_SETUP_SIZE, *done);
    return 0;
}
