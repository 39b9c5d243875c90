/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dose ledger in memory, on the loop's thread: every open and unbounded entry, all that ended within 24 h, and per
 * patient, site, side and therapy the last end of the last fourteen days (rest intervals). A check costs no disk.
 */
#ifndef RECORD_LEDGER_H
#define RECORD_LEDGER_H

#include "record/record.h"

/* Sums of fewer than 32768 such amounts cannot overflow, and JSON readers with doubles hold them exactly. */
#define RECORD_AMOUNT_MAX (INT64_C(1) << 48)

struct ledger_node {
    struct ledger_entry entry;
    bool inherited; /* found open at start-up */
    bool this_boot; /* ended in the present boot: ended_boot_ns can be used */
    int64_t ended_boot_ns;
    int64_t age_ms; /* scratch of ledger_purge */
};

struct ledger {
    struct ledger_node **nodes; /* owned */
    size_t n, capacity;
    struct ledger_entry *open; /* scratch of record_open_entries */
};

/* Time elapsed since a moment, by the rule for clocks: never negative, never longer than either clock allows. */
int64_t ledger_elapsed_ms(int64_t now_wall_ms, int64_t now_boot_ns, int64_t wall_ms, bool same_boot, int64_t boot_ns);
/* left and right are apart; anything else (both, midline, none) meets every side. */
bool ledger_side_meets(const char *a, const char *b);
/* What an entry counts for: worst until it is settled by measurement or by a person. */
const struct dose_amounts *ledger_counted(const struct ledger_entry *entry);
const char *ledger_state_id(enum ledger_state state);
int ledger_state_find(const char *id, enum ledger_state *out);

/* Adds a copy; *out (may be NULL) stays valid until the entry is purged. */
int ledger_add(struct ledger *ledger, const struct ledger_entry *entry, struct ledger_node **out);
struct ledger_node *ledger_find(const struct ledger *ledger, const char *session_id);
void ledger_remove(struct ledger *ledger, const char *session_id);
/* Forgets what no window and no rest interval can need any more. */
void ledger_purge(struct ledger *ledger, int64_t now_wall_ms, int64_t now_boot_ns);
void ledger_free(struct ledger *ledger);

#endif
