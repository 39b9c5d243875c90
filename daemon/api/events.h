/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: numbered, sent to every subscriber whose filter lets them pass, and kept in a bounded ring so that a client
 * that comes back can have what it missed, or is told the gap. Progress is not kept: the snapshot says how far a
 * session is, and five lines a second would push out what happened. Alarms and overflow pass every filter.
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/limits.h"
#include "api/subscription.h"

struct api;
struct call;

struct event_kept {
    uint64_t seq;
    char *line;
    size_t length;
    char type[EVENT_TYPE_MAX];
    char session_id[EVENT_SESSION_MAX];
};

struct events {
    uint64_t lost; /* of the newest one that was kept and is no longer */
    size_t first, n, bytes;
    struct event_kept ring[API_EVENTS_MAX];
};

/* Numbers, keeps and sends one event; params is stolen. */
void events_publish(struct api *api, const char *type, const char *session_id, json_t *params);
/* events.subscribe */
void method_events_subscribe(struct call *call);
void events_free(struct events *events);

#endif
