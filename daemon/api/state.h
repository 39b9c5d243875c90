/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share: the API as a whole. One event loop, one thread; nothing here is locked.
 */
#ifndef API_STATE_H
#define API_STATE_H

#include "api/clients.h"
#include "api/peer.h"
#include "api/settings.h"

struct api {
    struct api_settings settings;
    const struct config *config;
    struct peer_names *names;
    struct clients clients;
    struct server *server;
    struct events *events;
    uint64_t event_seq;        /* of the newest event, 0 = none yet */
    struct call *calls;        /* every call that is not answered yet */
    struct inflight *inflight; /* acting requests under way, by uid and request_id */
    char instance[33];         /* random: a client sees that the daemon is another one */
    int64_t started_ns, started_wall_ms;
};

/* The three clocks, now. */
static inline struct session_time api_now(void)
{
    return (struct session_time){
        .monotonic_ns = clock_monotonic_ns(), .boot_ns = clock_boot_ns(), .wall_ms = clock_wall_ms()};
}

#endif
