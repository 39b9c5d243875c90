/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all connections share: their list, what they may read in one turn, what waits to be sent, and the two event
 * sources that look after them. Reading has the highest priority of the loop, so what all clients may send between two
 * turns of work is bounded: a flood slows itself down, never a deadline.
 */
#ifndef API_CLIENTS_H
#define API_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "api/limits.h"
#include "api/text.h"

struct connection;

struct clients {
    struct connection *first, *last; /* oldest first */
    size_t n_full, n_stop_only;
    uint64_t next_number;
    struct connection *work_first, *work_last; /* those with lines to answer, in turn */
    size_t n_rested, n_dirty;
    size_t n_closed;               /* without descriptor, not reaped */
    size_t n_leaving;              /* of these: place and reserve are not given back yet */
    size_t turn_bytes, turn_reads; /* read since the last turn of work */
    size_t output_total;
    sd_event_source *work, *timer;
    int64_t timer_ns;          /* when it fires */
    int64_t refusal_logged_ns; /* one line a second at most */
    uint64_t refusals_unlogged;
    char scratch[API_READ_MAX];
    struct text answer; /* under construction */
};

/* The work source runs at the next opportunity. */
void clients_wake(struct clients *all);
/* A deadline moved to at_ns. */
void clients_deadline(struct clients *all, int64_t at_ns);
/* Counts one read; false: this turn's budget is used up. */
bool clients_may_read(struct clients *all);

#endif
