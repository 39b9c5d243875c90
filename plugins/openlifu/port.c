/* SPDX-License-Identifier: Apache-2.0 */
/* The transport's bytes become packets, and one of them the answer. */
#include "port.h"

#include <errno.h>

#include "modality/clock.h"

#define CHUNK 512
/* What may lie unread before a request: a device that has more to say never ends. */
#define DRAIN_CHUNKS 32
/* 0 is what a device sends by itself, 0xffff how it answers what it could not read. */
#define ID_MAX 0xfffe

static int in_doubt(struct lifu_port *port, int error)
{
    port->doubt = true;
    port->waiting = false;
    return error;
}

/* ---- what comes ---- */

/* All that was received, up to the answer that is waited for. 0; -EAGAIN it is not among it; else as it was answered.
 */
static int take_bytes(struct lifu_port *port, const uint8_t *bytes, size_t n, struct lifu_answer *out)
{
    for (;;) {
        switch (ow_receiver_take(&port->receiver, &bytes, &n)) {
        case OW_MORE:
            return -EAGAIN;
        case OW_FAULT:
            port->wrong = true;
            break;
        case OW_PACKET:
            if (port->waiting && port->receiver.packet.id == port->id) {
                port->waiting = false;
                return lifu_decode(port->side, port->command, &port->receiver.packet, out);
            }
            port->discarded++;
            break;
        }
    }
}

static int take(struct lifu_port *port, int64_t deadline_ns, struct lifu_answer *out)
{
    uint8_t chunk[CHUNK];
    size_t n = 0;
    int r = port->transport.read(port->transport.ctx, chunk, sizeof chunk, deadline_ns, &n);
    if (r == -EAGAIN)
        return -ETIME; /* nothing came; to be told from something that was no answer */
    return r < 0 ? r : take_bytes(port, chunk, n, out);
}

/* Nobody waits for what lies there. */
static int drain(struct lifu_port *port)
{
    struct lifu_answer nobodys;
    int r = -EAGAIN;
    port->waiting = false;
    for (unsigned i = 0; i < DRAIN_CHUNKS && r == -EAGAIN; i++)
        r = take(port, 0, &nobodys);
    ow_receiver_restart(&port->receiver);
    return r == -ETIME || r == -EAGAIN ? 0 : r;
}

/* ---- one request ---- */

int lifu_port_send(struct lifu_port *port, const struct lifu_request *request, int64_t deadline_ns)
{
    uint8_t packet[LIFU_REQUEST_MAX];
    size_t n = 0;
    uint16_t id = (uint16_t)(port->id % ID_MAX + 1);
    if (lifu_encode(request, id, packet, &n) < 0)
        return -EINVAL;
    if (!port->open)
        return in_doubt(port, -EIO);
    if (clock_monotonic_ns() >= deadline_ns)
        return -EAGAIN;
    int r = drain(port);
    if (r < 0)
        return in_doubt(port, r);
    r = port->transport.write(port->transport.ctx, packet, n, deadline_ns);
    if (r == -EAGAIN)
        return r;
    port->id = id;
    port->command = request->command;
    port->wrong = false;
    if (r < 0)
        return in_doubt(port, r);
    port->waiting = true;
    return 0;
}

int lifu_port_await(struct lifu_port *port, int64_t deadline_ns, struct lifu_answer *out)
{
    int r = -EAGAIN;
    if (!port->open || !port->waiting)
        return in_doubt(port, -EIO);
    while (r == -EAGAIN) {
        r = take(port, deadline_ns, out);
        if (r == -EAGAIN && clock_monotonic_ns() >= deadline_ns)
            r = -ETIME; /* one that never falls silent does not hold anybody */
    }
    if (r == -ETIME)
        return -EAGAIN;
    return r == 0 || r == -EACCES ? r : in_doubt(port, r);
}

/* A packet that was begun will not be finished: a device sends them in one go. */
int lifu_port_give_up(struct lifu_port *port)
{
    bool broken = port->wrong || port->receiver.used > port->receiver.taken;
    return in_doubt(port, broken ? -EPROTO : -ETIMEDOUT);
}

int lifu_port_exchange(struct lifu_port *port, const struct lifu_request *request, int64_t deadline_ns,
                       struct lifu_answer *out)
{
    int r = lifu_port_send(port, request, deadline_ns);
    if (r < 0)
        return r;
    r = lifu_port_await(port, deadline_ns, out);
    return r == -EAGAIN ? lifu_port_give_up(port) : r;
}

/* ---- begin and end ---- */

void lifu_port_begin(struct lifu_port *port, enum lifu_side side, const struct transport *transport, uint64_t any)
{
    *port = (struct lifu_port){.side = side, .transport = *transport, .open = true, .id = (uint16_t)(any % ID_MAX + 1)};
    ow_receiver_init(&port->receiver);
    port->doubt = drain(port) < 0;
}

void lifu_port_end(struct lifu_port *port)
{
    if (port->open)
        port->transport.close(port->transport.ctx);
    port->open = false;
    port->waiting = false;
    port->doubt = true;
}
