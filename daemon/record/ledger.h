/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dose ledger in memory, on the loop's thread: every open and unbounded entry, all that ended within 24 h, and per
 * patient, places and therapy the last end of the last fourteen days (rest intervals). A check costs no disk, and looks
 * only at its own patient.
 */
#ifndef RECORD_LEDGER_H
#define RECORD_LEDGER_H

#include "record/place.h"
#include "record/record.h"

#define LEDGER_BUCKETS 1024

/* What checks need of an entry; the rest is in its row. */
struct ledger_node {
    struct ledger_node *next; /* of the same bucket */
    char session_id[40];
    enum modality modality;
    int therapy; /* enum modality_therapy; -1 = one that this daemon does not know */
    enum ledger_state state;
    struct place_set places;
    struct dose_amounts worst, delivered, counted;
    bool this_boot; /* ended in the present boot: its clock can be asked */
    int64_t ended_wall_ms;
    int64_t ended_boot_ns; /* of another boot: by this boot's clock, as the wall clock stood when it was loaded */
    int64_t age_ms;        /* scratch of ledger_purge */
    char patient_ref[];
};

struct ledger {
    struct ledger_node *buckets[LEDGER_BUCKETS]; /* owned; by patient */
    struct place_names names;
    size_t n_inherited;
    struct ledger_entry *inherited; /* owned: found open or unbounded at start-up */
};

/* Time elapsed since a moment, by the rule for clocks: never negative, never longer than either clock allows. */
int64_t ledger_elapsed_ms(int64_t now_wall_ms, int64_t now_boot_ns, int64_t wall_ms, bool same_boot, int64_t boot_ns);
/* Open and unbounded: it has not ended, or nobody knows when. */
bool ledger_state_blocks(enum ledger_state state);
/* What an entry counts for: worst, or what is known to be delivered if that is more, until it is settled. */
void ledger_count(enum ledger_state state, const struct dose_amounts *worst, const struct dose_amounts *delivered,
                  struct dose_amounts *out);
const char *ledger_state_id(enum ledger_state state);
int ledger_state_find(const char *id, enum ledger_state *out);

/* Adds what checks need of it; *out (may be NULL) stays valid until the entry is purged. */
int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, struct ledger_node **out);
/* Keeps a copy of an entry that an earlier run left behind. */
int ledger_inherit(struct ledger *ledger, const struct ledger_entry *entry);
struct ledger_node *ledger_find(const struct ledger *ledger, const char *session_id);
void ledger_remove(struct ledger *ledger, const char *session_id);
/* An unbounded session of this patient at one of these places, else an open one, else NULL. */
const struct ledger_node *ledger_blocking(const struct ledger *ledger, const char *patient_ref,
                                          const struct ledger_places *places);
/* Forgets what no window and no rest interval can need any more. */
void ledger_purge(struct ledger *ledger, int64_t now_wall_ms, int64_t now_boot_ns);
void ledger_free(struct ledger *ledger);

#endif
