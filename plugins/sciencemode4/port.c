/* SPDX-License-Identifier: Apache-2.0 */
/* The transport's bytes become frames, and frames become answers. */
#include "port.h"

#include <errno.h>

#include "modality/clock.h"

#define CHUNK 256
/*
 * Stands before a frame that follows a torn one. Where that one ended in a stuffing byte, the device takes the next
 * byte for part of it: a start byte would be lost, and a whole command with it. It is no mark, so nothing else comes of
 * it.
 */
#define FILLER 0x55
/* What may lie unread before a request: more than a device says in a second is a device that never ends. */
#define DRAIN_CHUNKS 32

/* The request that is waited for. */
struct waiting {
    unsigned command, number;
    bool answered;
    bool wrong; /* something came that is no answer and no news */
    struct sm4_answer answer;
};

/* ---- what comes ---- */

static bool is_news(struct sm4_port *port, const uint8_t *body, size_t n, unsigned command)
{
    struct sm4_answer a;
    if (command != SM4_GENERAL_ERROR)
        return false;
    /* One that cannot be read is an error as well; SM4_OK would say that there is none. */
    if (sm4_decode(body, n, &a) < 0 || a.result == SM4_OK)
        a.result = UINT8_MAX;
    port->general_error = a.result;
    return true;
}

/* True if the frame answers what is waited for, well or badly. Numbers tell it from the answers to earlier requests. */
static bool is_answer(struct waiting *w, const uint8_t *body, size_t n, unsigned command, unsigned number)
{
    if (!w || w->answered || number != w->number)
        return false;
    bool ours = command == w->command + 1 || command == SM4_UNKNOWN_COMMAND;
    if (ours && sm4_decode(body, n, &w->answer) == 0)
        w->answered = true;
    else
        w->wrong = true;
    return true;
}

static void take_frame(struct sm4_port *port, struct waiting *w)
{
    const uint8_t *body = port->receiver.body;
    size_t n = port->receiver.body_size;
    unsigned command, number;
    if (sm4_peek(body, n, &command, &number) < 0) {
        if (w)
            w->wrong = true;
        return;
    }
    if (!is_news(port, body, n, command) && !is_answer(w, body, n, command, number))
        port->discarded++;
}

/* All of a chunk is looked at, also what stands behind the answer: it may be news. */
static void take_chunk(struct sm4_port *port, const uint8_t *bytes, size_t n, struct waiting *w)
{
    for (;;) {
        switch (stuffed_receiver_take(&port->receiver, &bytes, &n)) {
        case STUFFED_MORE:
            return;
        case STUFFED_FAULT:
            if (w && !w->answered)
                w->wrong = true;
            break;
        case STUFFED_FRAME:
            take_frame(port, w);
            break;
        }
    }
}

static int take(struct sm4_port *port, int64_t deadline_ns, struct waiting *w)
{
    uint8_t chunk[CHUNK];
    size_t n = 0;
    int r = port->transport.read(port->transport.ctx, chunk, sizeof chunk, deadline_ns, &n);
    if (r == 0)
        take_chunk(port, chunk, n, w);
    return r;
}

/* What lies there already: late answers and news. */
static int drain(struct sm4_port *port)
{
    int r = 0;
    for (unsigned i = 0; i < DRAIN_CHUNKS && r == 0; i++)
        r = take(port, 0, NULL);
    return r == -EAGAIN ? 0 : r;
}

static int in_doubt(struct sm4_port *port, int error)
{
    port->doubt = true;
    return error;
}

int sm4_port_listen(struct sm4_port *port, int64_t deadline_ns)
{
    int r = 0;
    while (r == 0 && clock_monotonic_ns() < deadline_ns)
        r = take(port, deadline_ns, NULL);
    return r == 0 || r == -EAGAIN ? 0 : in_doubt(port, r);
}

/* ---- the exchange ---- */

/* The frame, with the filler where it needs one. 0, or what the transport says. */
static int send_frame(struct sm4_port *port, uint8_t *frame_behind_filler, size_t n, int64_t deadline_ns)
{
    const uint8_t *bytes = frame_behind_filler + 1;
    frame_behind_filler[0] = FILLER;
    if (port->torn) {
        bytes--;
        n++;
    }
    int r = port->transport.write(port->transport.ctx, bytes, n, deadline_ns);
    if (r != -EAGAIN)
        port->torn = r < 0;
    return r;
}

static int await(struct sm4_port *port, struct waiting *w, int64_t deadline_ns)
{
    int r = 0;
    while (r == 0 && !w->answered) {
        r = take(port, deadline_ns, w);
        if (r == 0 && clock_monotonic_ns() >= deadline_ns)
            r = -EAGAIN; /* one that never falls silent does not hold anybody */
    }
    if (w->answered)
        return 0;
    if (r != -EAGAIN)
        return r;
    return w->wrong ? -EPROTO : -ETIMEDOUT;
}

int sm4_port_exchange(struct sm4_port *port, const struct sm4_request *request, int64_t deadline_ns,
                      struct sm4_answer *out)
{
    uint8_t frame[1 + STUFFED_FRAME_MAX];
    size_t n;
    struct sm4_request q = *request;
    q.number = port->number;
    int r = sm4_encode(&q, frame + 1, sizeof frame - 1, &n);
    if (r < 0)
        return -EINVAL;
    if (!port->open)
        return in_doubt(port, -EIO);
    if (clock_monotonic_ns() >= deadline_ns)
        return -EAGAIN;
    r = drain(port);
    if (r < 0)
        return in_doubt(port, r);
    port->number = (port->number + 1) % SM4_NUMBERS;
    struct waiting w = {.command = (unsigned)q.command, .number = q.number};
    r = send_frame(port, frame, n, deadline_ns);
    if (r == -EAGAIN)
        return r;
    if (r == 0)
        r = await(port, &w, deadline_ns);
    if (r < 0)
        return in_doubt(port, r);
    *out = w.answer;
    return 0;
}

/* ---- begin and end ---- */

void sm4_port_begin(struct sm4_port *port, const struct transport *transport, unsigned number)
{
    *port = (struct sm4_port){.transport = *transport, .open = true, .number = number % SM4_NUMBERS};
    stuffed_receiver_init(&port->receiver, &stuffed_sciencemode4);
    int r = drain(port);
    port->general_error = 0; /* told to somebody else */
    sm4_port_resume(port);
    port->doubt = r < 0;
}

void sm4_port_resume(struct sm4_port *port)
{
    stuffed_receiver_restart(&port->receiver);
    port->doubt = false;
}

void sm4_port_end(struct sm4_port *port)
{
    if (port->open)
        port->transport.close(port->transport.ctx);
    port->open = false;
}
