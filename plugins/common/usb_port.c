/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One packet is read at a time: a transfer of several would wait for a short packet, which not every device sends
 * behind a reply that fills the last one exactly.
 */
#include "usb_port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "modality/clock.h"

struct usb_port {
    struct usb_device *device; /* owned */
    struct usb_carrier carrier;
    struct usb_pipes pipes;
    struct usb_transfer in, out;
    bool in_asked; /* a read was submitted, and what became of it is not taken yet */
    bool in_halted, out_halted;
    bool out_doubt;  /* the last write was cut off and may still be ending */
    size_t from, to; /* bytes of in_bytes that nobody has taken yet */
    uint8_t in_bytes[USB_PACKET_MAX];
    uint8_t out_bytes[USB_WRITE_MAX];
};

int usb_pipes_find(const struct libusb_interface_descriptor *interface, struct usb_pipes *out)
{
    struct usb_pipes found = {0};
    for (uint8_t i = 0; i < interface->bNumEndpoints; i++) {
        const struct libusb_endpoint_descriptor *e = &interface->endpoint[i];
        if ((e->bmAttributes & LIBUSB_TRANSFER_TYPE_MASK) != LIBUSB_TRANSFER_TYPE_BULK)
            continue;
        if (!(e->bEndpointAddress & LIBUSB_ENDPOINT_IN)) {
            found.out = found.out ? found.out : e->bEndpointAddress;
        } else if (!found.in) {
            found.in = e->bEndpointAddress;
            found.packet = e->wMaxPacketSize;
        }
    }
    if (!found.in || !found.out || found.packet == 0 || found.packet > USB_PACKET_MAX)
        return -ENODEV;
    *out = found;
    return 0;
}

int usb_port_new(struct usb_device *device, const struct usb_pipes *pipes, const struct usb_carrier *carrier,
                 struct usb_port **out)
{
    struct usb_port *port = calloc(1, sizeof *port);
    if (!port) {
        usb_device_quiesce(device);
        if (carrier->close)
            carrier->close(carrier->ctx);
        usb_device_close(device);
        return -EIO;
    }
    port->device = device;
    port->carrier = *carrier;
    port->pipes = *pipes;
    int r = usb_transfer_new(device, &port->in);
    if (r == 0)
        r = usb_transfer_new(device, &port->out);
    if (r < 0) {
        usb_port_close(port);
        return r;
    }
    usb_transfer_bulk(device, &port->in, pipes->in, port->in_bytes, pipes->packet);
    *out = port;
    return 0;
}

void usb_port_close(struct usb_port *port)
{
    if (!port)
        return;
    usb_device_quiesce(port->device);
    if (port->carrier.close)
        port->carrier.close(port->carrier.ctx);
    usb_device_close(port->device);
    free(port); /* after the device, which knows its transfers */
}

const struct usb_seen *usb_port_seen(const struct usb_port *port)
{
    return usb_device_seen(port->device);
}

void usb_port_toward_rest(struct usb_port *port, bool on)
{
    usb_device_toward_rest(port->device, on);
}

static int clear_halt(struct usb_port *port, bool *halted, uint8_t endpoint)
{
    int r = *halted ? usb_device_clear_halt(port->device, endpoint) : 0;
    *halted = *halted && r < 0;
    return r;
}

/* ---- reading ---- */

/* Puts the next read in flight, unless one is, or is done, or there are bytes that nobody has taken. */
static int in_submit(struct usb_port *port)
{
    if (port->in_asked || port->from < port->to)
        return 0;
    int r = clear_halt(port, &port->in_halted, port->pipes.in);
    if (r == 0)
        r = usb_transfer_submit(port->device, &port->in);
    port->in_asked = r == 0;
    return r;
}

/* The read is done: takes its bytes over, none if it was a packet of nothing but overhead. */
static int in_take(struct usb_port *port)
{
    int r = usb_transfer_result(port->device, &port->in);
    port->in_asked = false;
    if (r == -EPIPE)
        port->in_halted = true;
    if (r < 0)
        return r == -ECANCELED ? 0 : r == -EPIPE ? -EIO : r;
    size_t n = (size_t)port->in.libusb->actual_length;
    port->from = port->pipes.overhead < n ? port->pipes.overhead : n;
    port->to = n;
    return 0;
}

static int port_read(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    struct usb_port *port = ctx;
    while (port->from == port->to) {
        int r = in_submit(port);
        if (r == 0)
            r = usb_transfer_wait(port->device, &port->in, deadline_ns);
        if (r == 0)
            r = in_take(port);
        /* Packets without bytes are done at once, and may come for ever. */
        if (r == 0 && port->from == port->to && clock_monotonic_ns() >= deadline_ns)
            r = -EAGAIN;
        if (r < 0)
            return r;
    }
    size_t some = port->to - port->from;
    some = some < size ? some : size;
    memcpy(bytes, port->in_bytes + port->from, some);
    port->from += some;
    *n = some;
    (void)in_submit(port); /* what is wrong with it is told by the next read */
    return 0;
}

/* ---- writing ---- */

/* The buffer is free again: a write that was cut off has ended. */
static int out_ready(struct usb_port *port, int64_t deadline_ns)
{
    int r = usb_transfer_wait(port->device, &port->out, deadline_ns);
    if (r == 0 && port->out_doubt) {
        r = usb_transfer_result(port->device, &port->out);
        port->out_doubt = false;
        port->out_halted = port->out_halted || r == -EPIPE;
        r = r == -ENODEV ? r : 0; /* how it ended was told as unknown, and stays so */
    }
    return r < 0 ? r : clear_halt(port, &port->out_halted, port->pipes.out);
}

static int port_write(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    struct usb_port *port = ctx;
    if (n > USB_WRITE_MAX)
        return -EINVAL;
    (void)in_submit(port); /* the answer finds a read that is waiting for it */
    int r = out_ready(port, deadline_ns);
    if (r < 0 || clock_monotonic_ns() >= deadline_ns)
        return r < 0 ? r : -EAGAIN;
    memcpy(port->out_bytes, bytes, n);
    usb_transfer_bulk(port->device, &port->out, port->pipes.out, port->out_bytes, n);
    r = usb_transfer_submit(port->device, &port->out);
    if (r < 0)
        return r;
    r = usb_transfer_wait(port->device, &port->out, deadline_ns);
    if (r < 0) {
        usb_transfer_cancel(&port->out);
        port->out_doubt = true;
        return r == -EAGAIN ? -ETIMEDOUT : r;
    }
    r = usb_transfer_result(port->device, &port->out);
    port->out_halted = r == -EPIPE;
    if (r == 0 && (size_t)port->out.libusb->actual_length != n)
        r = -EIO;
    return r == -EPIPE || r == -ECANCELED ? -EIO : r;
}

/* ---- the rest ---- */

static void port_close(void *ctx)
{
    usb_port_close(ctx);
}

struct transport usb_port_transport(struct usb_port *port)
{
    return (struct transport){.ctx = port, .write = port_write, .read = port_read, .close = port_close};
}

/* Reads until the device was silent. A stall is cleared on the way, once: one that comes back is a failure. */
static int drain(struct usb_port *port, int64_t deadline_ns)
{
    uint8_t dropped[USB_PACKET_MAX];
    size_t n;
    for (bool stalled = false;;) {
        int64_t quiet = clock_monotonic_ns() + USB_SILENCE_NS;
        int r = port_read(port, dropped, sizeof dropped, quiet < deadline_ns ? quiet : deadline_ns, &n);
        if (r == -EAGAIN && quiet <= deadline_ns)
            return 0;
        bool stalls = r == -EIO && port->in_halted && !stalled;
        if (r == 0 && clock_monotonic_ns() >= deadline_ns)
            r = -EAGAIN;
        if (r < 0 && !stalls)
            return r;
        stalled = stalled || stalls;
    }
}

int usb_port_recover(struct usb_port *port, int64_t deadline_ns)
{
    usb_transfer_cancel(&port->out);
    int r = out_ready(port, deadline_ns);
    if (r == 0 && port->carrier.purge)
        r = port->carrier.purge(port->carrier.ctx, deadline_ns);
    if (r == 0)
        r = drain(port, deadline_ns);
    return r == -EIO && usb_device_present(port->device) < 0 ? -ENODEV : r;
}
