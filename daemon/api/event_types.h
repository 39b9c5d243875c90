/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every type of event and what it carries beside seq, type, session_id and at_ms: one table, which rpc.discover shows
 * and the contract test holds every event of a live room against.
 */
#ifndef API_EVENT_TYPES_H
#define API_EVENT_TYPES_H

#include "api/params.h"

struct event_type {
    const char *name;
    struct param payload; /* an open object; its meaning says when the event comes */
};

#define EVENT_TYPES 10
extern const struct event_type event_types[EVENT_TYPES];

#endif
