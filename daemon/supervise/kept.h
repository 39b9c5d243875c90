/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limits that a running session is held against: of every configuration that was in force since it began, merged,
 * so that a bound only ever becomes tighter. They are copies, with the treatment's own conditions already answered:
 * what a session holds on to outlives the configurations that said it, and their number is bounded however many come.
 */
#ifndef SUPERVISE_KEPT_H
#define SUPERVISE_KEPT_H

#include "dose/protocol.h"

#define KEPT_MAX 256

/* One side of one limit: a maximum or a minimum. Bands are the only condition that is left: they follow the settings.
 */
struct kept_limit {
    struct limit limit; /* its strings lie in texts */
    bool met;           /* it applies somewhere between what is commanded and the ceilings in force */
    char texts[];
};

struct kept_limits {
    size_t n;
    struct kept_limit *items[KEPT_MAX];
};

/* Whether a limit is of those that are kept: it refuses, and is judged on values rather than counted up to. */
bool kept_binds(const struct limit *l);
/* Whether its quantity adds up over a session or a day: such a bound is reached in time, and supervision holds it. */
bool kept_adds_up(const struct limit *l);
/* Adds every binding limit of these tables that concerns this treatment. -ENOMEM, -ENOSPC: not all are held. */
int kept_take(struct kept_limits *k, const struct dose_tables *tables, const struct dose_treatment *t);
/* Notes which of them apply between the ends of the picture. */
void kept_meet(struct kept_limits *k, const struct dose_picture *picture);
void kept_free(struct kept_limits *k);

#endif
