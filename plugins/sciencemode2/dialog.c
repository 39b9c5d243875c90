/* SPDX-License-Identifier: Apache-2.0 */
/* One loop reads: bytes become frames, frames become news or the answer that is waited for. */
#include "dialog.h"

#include <errno.h>

/* From so much of its watchdog on, an Init is put down to silence of ours. */
#define TRIPPED_FROM_NS ((SM2_WATCHDOG_MS - 200) * NS_PER_MS)

#define READS_MAX 64 /* of 128 bytes: what the line carries in 0.2 s */

/* One wait for an answer. */
struct wait {
    enum sm2_command command; /* the answer's; 0 = nobody waits */
    uint8_t number;
    bool was_connected; /* an Init means that the command was lost; else it may have crossed our answer to one before */
    bool amiss;         /* something came that is no answer */
    bool done;
    int error; /* with done */
    struct sm2_answer answer;
};

void dialog_begin(struct dialog *d, const struct transport *transport)
{
    *d = (struct dialog){.transport = *transport};
    stuffed_receiver_init(&d->receiver, &stuffed_sciencemode2);
}

struct dialog_news dialog_take_news(struct dialog *d)
{
    struct dialog_news news = d->news;
    d->news = (struct dialog_news){0};
    return news;
}

/* ---- what comes ---- */

static void take_init(struct dialog *d, const struct sm2_answer *a, struct wait *w)
{
    if (d->state == DIALOG_CONNECTED) {
        bool tripped = clock_monotonic_ns() - d->sent_ns >= TRIPPED_FROM_NS;
        d->news.tripped |= tripped;
        d->news.restarted |= !tripped;
    }
    d->news.reset = true;
    d->state = DIALOG_OFFERED;
    d->init_number = a->number;
    d->init_version = a->version;
    if (w->command != 0 && w->was_connected && !w->done) {
        w->error = -ECONNRESET;
        w->done = true;
    }
}

static bool is_awaited(const struct wait *w, const struct sm2_answer *a)
{
    return w->command != 0 && !w->done && a->number == w->number &&
           (a->command == w->command || (a->command == SM2_UNKNOWN_COMMAND && a->unknown == (unsigned)w->command - 1));
}

static void take_answer(struct dialog *d, const struct sm2_answer *a, struct wait *w)
{
    if (!is_awaited(w, a)) { /* by its number it may be late, or an answer to this that cannot be */
        d->unmatched++;
        w->amiss |= w->command != 0 && a->number == w->number;
        return;
    }
    d->state = DIALOG_CONNECTED; /* also when an Init crossed it: it was sent before this */
    w->answer = *a;
    w->error = a->command == SM2_UNKNOWN_COMMAND ? -EACCES : 0;
    w->done = true;
}

static void take_body(struct dialog *d, struct wait *w)
{
    struct sm2_answer a;
    int r = sm2_decode(d->receiver.body, d->receiver.body_size, &a);
    if (r < 0)
        w->amiss |= r == -EPROTO;
    else if (a.command == SM2_INIT)
        take_init(d, &a, w);
    else if (a.command != SM2_STIMULATION_ERROR)
        take_answer(d, &a, w);
    else if (d->news.error == 0)
        d->news.error = a.result != 0 ? a.result : SM2_ERROR_MODULE;
}

/* One read, and all frames in it up to the answer that is waited for. 0, -EAGAIN nothing came, -EIO, -ENODEV. */
static int take_bytes(struct dialog *d, struct wait *w, int64_t deadline_ns)
{
    uint8_t bytes[128];
    size_t n = 0;
    int r = d->transport.read(d->transport.ctx, bytes, sizeof bytes, deadline_ns, &n);
    if (r < 0)
        return r;
    const uint8_t *at = bytes;
    enum stuffed_event event;
    while ((event = stuffed_receiver_take(&d->receiver, &at, &n)) != STUFFED_MORE) {
        if (event == STUFFED_FAULT)
            w->amiss = true;
        else
            take_body(d, w);
    }
    return 0;
}

int dialog_listen(struct dialog *d)
{
    struct wait nobody = {0};
    int r;
    /* Whoever never stops talking is not waited for; what comes between two polls is far less. */
    for (int reads = 0; reads < READS_MAX; reads++) {
        r = take_bytes(d, &nobody, 0);
        if (r < 0)
            return r == -EAGAIN ? 0 : r;
    }
    return 0;
}

int dialog_await_init(struct dialog *d, int64_t deadline_ns)
{
    struct wait nobody = {0};
    int r = 0;
    while (r == 0 && d->state != DIALOG_OFFERED)
        r = clock_monotonic_ns() < deadline_ns ? take_bytes(d, &nobody, deadline_ns) : -EAGAIN;
    return r;
}

int dialog_settle(struct dialog *d)
{
    int r = dialog_listen(d);
    if (r < 0)
        return r;
    stuffed_receiver_restart(&d->receiver);
    d->doubt = false;
    return 0;
}

/* ---- what goes ---- */

static int transmit(struct dialog *d, const struct sm2_request *request, int64_t deadline_ns)
{
    uint8_t frame[STUFFED_FRAME_MAX];
    size_t n = 0;
    int r = sm2_encode(request, frame, sizeof frame, &n);
    if (r < 0)
        return -EINVAL;
    if (clock_monotonic_ns() >= deadline_ns)
        return -EAGAIN;
    r = d->transport.write(d->transport.ctx, frame, n, deadline_ns);
    if (r == 0)
        d->sent_ns = clock_monotonic_ns();
    return r;
}

int dialog_accept(struct dialog *d, int64_t deadline_ns)
{
    if (d->state != DIALOG_OFFERED)
        return 0;
    bool known = d->init_version == SM2_VERSION;
    struct sm2_request ack = {
        .command = SM2_INIT_ACK, .number = d->init_number, .result = known ? SM2_OK : SM2_VERSION_REFUSED};
    int r = transmit(d, &ack, deadline_ns);
    if (r < 0)
        return r;
    d->doubt = false; /* whatever was sent before its Init, nothing of it is in force */
    d->state = known ? DIALOG_ACCEPTED : DIALOG_LISTENING;
    return known ? 0 : -ENODEV;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool leads_to_rest(enum sm2_command command)
{
    return command == SM2_STOP_LIST;
}

/* The transport's error, or why the wait ended without an answer. */
static int await_answer(struct dialog *d, struct wait *w, int64_t deadline_ns)
{
    while (!w->done) {
        if (clock_monotonic_ns() >= deadline_ns)
            return w->amiss ? -EPROTO : -ETIMEDOUT;
        int r = take_bytes(d, w, deadline_ns);
        if (r < 0 && r != -EAGAIN)
            return r;
    }
    return w->error;
}

int dialog_ask(struct dialog *d, struct sm2_request *request, int64_t deadline_ns, struct sm2_answer *out)
{
    if (d->doubt && !leads_to_rest(request->command))
        return -EIO;
    struct wait w = {.command = (enum sm2_command)((int)request->command + 1),
                     .number = d->number,
                     .was_connected = d->state != DIALOG_ACCEPTED};
    request->number = d->number;
    int r = transmit(d, request, deadline_ns);
    if (r == -EINVAL || r == -EAGAIN)
        return r;
    d->number++;
    if (r == 0)
        r = await_answer(d, &w, earlier(deadline_ns, clock_monotonic_ns() + SM2_ANSWER_MS * NS_PER_MS));
    d->doubt |= r == -ETIMEDOUT || r == -EPROTO || r == -EIO || r == -ENODEV;
    if (r == 0)
        *out = w.answer;
    return r;
}
