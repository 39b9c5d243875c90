/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which events a connection wants, and the text of an event. Alarms pass every filter.
 */
#ifndef API_SUBSCRIPTION_H
#define API_SUBSCRIPTION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define EVENT_FILTER_TYPES 16
#define EVENT_TYPE_MAX 48
#define EVENT_SESSION_MAX 64

/* What one connection wants. No types = all; a type that ends in ".*" stands for its family. */
struct subscription {
    bool active;
    size_t n_types;
    char types[EVENT_FILTER_TYPES][EVENT_TYPE_MAX];
    char session_id[EVENT_SESSION_MAX]; /* empty = all */
};

bool subscription_wants(const struct subscription *s, const char *type, const char *session_id);
/* From the checked filter of events.subscribe, or NULL for everything. */
void subscription_take(struct subscription *s, const json_t *filter);

/*
 * One event as a line; seq 0 = outside the numbering, for one client alone. params is stolen; its members cannot
 * replace {seq, type, session_id, at_ms}. New string or NULL.
 */
char *event_text(uint64_t seq, const char *type, const char *session_id, json_t *params);

#endif
