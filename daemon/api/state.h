/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share: the API as a whole. One event loop, one thread; nothing here is locked.
 */
#ifndef API_STATE_H
#define API_STATE_H

#include "api/api.h"
#include "api/events.h"
#include "api/peer.h"
#include "api/server.h"

struct api {
    struct api_settings settings;
    const struct config *config;
    struct peer_names *names;
    struct server server;
    struct events events;
    struct call *calls;        /* every call that is not answered yet */
    struct inflight *inflight; /* acting requests under way, by uid and request_id */
    char instance[33];         /* random: a client sees that the daemon is another one */
    int64_t started_ns, started_wall_ms;
};

/* The three clocks, now. */
struct session_time api_now(void);

#endif
