/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place where time goes by in the walk: slice by slice, devices and hosts first, then the leases of those who
 * treat, then the daemon, which is called when it has asked to be and not sooner.
 */
#include "soak.h"

#include <poll.h>

#include "session/internal.h"

#define FLUSH_BOUND_NS (20 * NS_PER_S) /* of the real clock: a disk that does not answer */

static int64_t now_ns(const struct soak *w)
{
    return w->room->now.monotonic_ns;
}

static void on_query(void *userdata, int error, json_t *result)
{
    (void)error;
    json_decref(result);
    *(bool *)userdata = true;
}

void soak_tick(struct soak *w)
{
    soak_call(w, CAUSE_TICK, SIZE_MAX, 0);
    sessions_tick(w->room->sessions, &w->room->now);
    soak_called(w);
}

void soak_flush(struct soak *w)
{
    bool done = false;
    const int64_t until = clock_monotonic_ns() + FLUSH_BOUND_NS;
    w->flush_ns = now_ns(w);
    if (w->down || w->kill_in > 0)
        return;
    if (record_query(w->room->record, "audit.tail", json_pack("{s:i}", "limit", 1), on_query, &done) < 0)
        soak_fail(w, "records take no queries");
    while (!done) {
        struct pollfd p = {.fd = record_fd(w->room->record), .events = POLLIN};
        poll(&p, 1, 100);
        record_dispatch(w->room->record);
        if (clock_monotonic_ns() > until)
            soak_fail(w, "the disk does not answer");
    }
    soak_tick(w);
}

static void keepalive(struct soak *w)
{
    w->keepalive_ns = now_ns(w) + NS_PER_S;
    for (size_t i = 0; i < w->n_open && !w->client_silent; i++) {
        struct soak_session *m = &w->open[i];
        soak_call(w, CAUSE_NOTHING, m->link, m->number);
        session_keepalive(w->room->sessions, m->session->id, m->session->lease_key, now_ns(w), soak_reply_to(w));
        if (w->reply.token == TOKEN_NONE)
            m->lease_until_ns = now_ns(w) + SOAK_LEASE_NS;
        soak_called(w);
    }
}

static void slice(struct soak *w, int64_t ms)
{
    room_advance(w->room, ms);
    for (size_t link = 0; link < ROOM_DEVICES; link++)
        soak_slice(w, link, ms);
    if (w->down) {
        soak_check_slice(w);
        return;
    }
    if (now_ns(w) >= w->keepalive_ns)
        keepalive(w);
    if (sessions_next_ns(w->room->sessions) <= now_ns(w))
        soak_tick(w);
    soak_check_slice(w);
    if (now_ns(w) - w->flush_ns >= NS_PER_S) {
        (void)record_clock_check(w->room->record);
        soak_flush(w);
    }
}

static bool is_idle(const struct soak *w)
{
    for (size_t link = 0; link < ROOM_DEVICES; link++) {
        if (now_ns(w) <= w->excused_ns[link] || w->devices[link].on[0] || w->devices[link].on[1])
            return false;
    }
    return w->n_open == 0;
}

void soak_time(struct soak *w, int64_t ms)
{
    soak_flush(w);
    while (ms > 0) {
        const int64_t most = is_idle(w) ? 5 * SOAK_SLICE_MS : SOAK_SLICE_MS, part = ms < most ? ms : most;
        slice(w, part);
        ms -= part;
    }
}
