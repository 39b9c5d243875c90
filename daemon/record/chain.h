/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit chain: each entry carries the hash of the one before, so that no entry can be changed, inserted or removed
 * in the middle unseen; the head (sequence and hash of the last entry) in a second file and in the journal shows a cut
 * end. Only the writer's thread appends.
 */
#ifndef RECORD_CHAIN_H
#define RECORD_CHAIN_H

#include "record/store.h"

#define CHAIN_HASH 32
#define CHAIN_HEX (2 * CHAIN_HASH + 1)

struct chain_link {
    int64_t seq; /* 0 and zeros: before the first entry */
    unsigned char hash[CHAIN_HASH];
};

/* One entry; texts are borrowed. NULL operator = the daemon itself; detail is compact JSON with sorted keys. */
struct chain_entry {
    int64_t wall_ms, boot_ns, uid;
    const char *boot_id, *operator_id, *operator_name, *event, *session_id, *detail;
};

/*
 * BLAKE2b-256 over "modality-audit-1" and then, each as 8 bytes little-endian, seq, wall_ms, boot_ns and uid; then
 * boot_id, operator_id, operator_name, event, session_id and detail, each as one byte (0 = NULL, 1 = present), 8 bytes
 * of length and the bytes; then the hash before. Nothing is separated by a character that a text could hold.
 */
void chain_hash(const struct chain_entry *entry, int64_t seq, const unsigned char prev[CHAIN_HASH],
                unsigned char out[CHAIN_HASH]);

/* Inserts the entry after *last and moves *last on. The caller restores *last when its transaction is rolled back. */
int chain_append(struct store *store, struct chain_link *last, const struct chain_entry *entry);
/* The last entry of the table. */
int chain_last(struct store *store, struct chain_link *out);

/* Wall, boot time and boot id of the last entry; 0 = filled, -ENOENT = the chain is empty. */
int chain_last_time(struct store *store, int64_t *wall_ms, int64_t *boot_ns, char boot_id[40]);

#define CHAIN_WHY_MAX 192

/*
 * A walk over the chain in steps. It starts after `from` (trusted), or at the entry `from` itself when its hash must be
 * found there (anchored). A bad entry is counted and the walk goes on from what is stored.
 */
struct chain_walk {
    struct chain_link from; /* the head that must be found; its seq 0 = none */
    int64_t next_seq;
    unsigned char prev[CHAIN_HASH];
    bool has_prev;
    int64_t entries, bad, first_bad, last_bad;
    char why[CHAIN_WHY_MAX]; /* of the first bad entry */
    /* What the entry says of other rows: NULL = not looked at; 1 = so it is, 0 = they differ (why), negative = failed.
     */
    int (*content)(struct store *store, void *userdata, const struct chain_entry *entry, char why[CHAIN_WHY_MAX]);
    void *userdata;
};
/* whole: from the first entry on, else from the head on. */
void chain_walk_begin(struct chain_walk *walk, const struct chain_link *head, bool whole);
/* Up to n entries: 1 = there are more, 0 = finished, negative = the store failed. */
int chain_walk_step(struct store *store, struct chain_walk *walk, int n);

/* The second file: one line of JSON, written whole (temporary file, sync, rename, sync of the directory). */
struct chain_head {
    struct chain_link link;
    int64_t accepted_seq;       /* damage up to here was inspected and accepted by a person */
    char broken[CHAIN_WHY_MAX]; /* damage that nobody has accepted yet; "" = none is known */
};
/* 0, -ENOENT = there is no file, -EINVAL = it is not a head, or another negative errno. */
int chain_head_read(const char *path, struct chain_head *out);
int chain_head_write(const char *path, const struct chain_head *head, int64_t wall_ms);

/* 64 hexadecimal digits. */
void chain_hex(const unsigned char hash[CHAIN_HASH], char out[CHAIN_HEX]);

#endif
