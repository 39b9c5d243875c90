/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hashing, appending and walking the audit chain. The walk recomputes every hash from the stored fields and holds it
 * against the stored hash and the entry before; a gap in the numbers is as bad as a wrong hash.
 */
#include "record/chain.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char chain_domain[] = "modality-audit-1";

static void chain_hash_number(crypto_generichash_state *state, int64_t number)
{
    uint64_t bits = (uint64_t)number;
    unsigned char bytes[8];

    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(bits >> (8 * i));
    crypto_generichash_update(state, bytes, sizeof(bytes));
}

static void chain_hash_text(crypto_generichash_state *state, const char *text)
{
    unsigned char present = text != NULL;
    size_t length = text ? strlen(text) : 0;

    crypto_generichash_update(state, &present, 1);
    chain_hash_number(state, (int64_t)length);
    if (length > 0)
        crypto_generichash_update(state, (const unsigned char *)text, length);
}

void chain_hash(const struct chain_entry *entry, int64_t seq, const unsigned char prev[CHAIN_HASH],
                unsigned char out[CHAIN_HASH])
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, CHAIN_HASH);
    crypto_generichash_update(&state, (const unsigned char *)chain_domain, sizeof(chain_domain) - 1);
    chain_hash_number(&state, seq);
    chain_hash_number(&state, entry->wall_ms);
    chain_hash_number(&state, entry->boot_ns);
    chain_hash_number(&state, entry->uid);
    chain_hash_text(&state, entry->boot_id);
    chain_hash_text(&state, entry->operator_id);
    chain_hash_text(&state, entry->operator_name);
    chain_hash_text(&state, entry->event);
    chain_hash_text(&state, entry->session_id);
    chain_hash_text(&state, entry->detail);
    crypto_generichash_update(&state, prev, CHAIN_HASH);
    crypto_generichash_final(&state, out, CHAIN_HASH);
}

int chain_append(struct store *store, struct chain_link *last, const struct chain_entry *entry)
{
    sqlite3_stmt *insert = store_statement(store, STATEMENT_audit_insert);
    struct chain_link next = {.seq = last->seq + 1};
    int rc;

    if (!insert)
        return -EIO;
    chain_hash(entry, next.seq, last->hash, next.hash);
    sqlite3_bind_int64(insert, 1, next.seq);
    sqlite3_bind_int64(insert, 2, entry->wall_ms);
    store_bind_text(insert, 3, entry->boot_id);
    sqlite3_bind_int64(insert, 4, entry->boot_ns);
    sqlite3_bind_int64(insert, 5, entry->uid);
    store_bind_text(insert, 6, entry->operator_id);
    store_bind_text(insert, 7, entry->operator_name);
    store_bind_text(insert, 8, entry->event);
    store_bind_text(insert, 9, entry->session_id);
    store_bind_text(insert, 10, entry->detail);
    sqlite3_bind_blob(insert, 11, last->hash, CHAIN_HASH, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 12, next.hash, CHAIN_HASH, SQLITE_STATIC);
    rc = store_run(store, insert);
    if (rc == 0)
        *last = next;
    return rc;
}

static const char *chain_nullable(sqlite3_stmt *row, int column)
{
    return (const char *)sqlite3_column_text(row, column);
}

/* Reads a row of AUDIT_COLUMNS. False when a hash has another length: then out is not usable. */
static bool chain_read(sqlite3_stmt *row, struct chain_entry *entry, struct chain_link *link,
                       const unsigned char **prev)
{
    entry->wall_ms = sqlite3_column_int64(row, 1);
    entry->boot_id = chain_nullable(row, 2);
    entry->boot_ns = sqlite3_column_int64(row, 3);
    entry->uid = sqlite3_column_int64(row, 4);
    entry->operator_id = chain_nullable(row, 5);
    entry->operator_name = chain_nullable(row, 6);
    entry->event = chain_nullable(row, 7);
    entry->session_id = chain_nullable(row, 8);
    entry->detail = chain_nullable(row, 9);
    link->seq = sqlite3_column_int64(row, 0);
    *prev = sqlite3_column_blob(row, 10);
    if (sqlite3_column_bytes(row, 10) != CHAIN_HASH || sqlite3_column_bytes(row, 11) != CHAIN_HASH)
        return false;
    memcpy(link->hash, sqlite3_column_blob(row, 11), CHAIN_HASH);
    return true;
}

int chain_last(struct store *store, struct chain_link *out)
{
    sqlite3_stmt *row = store_statement(store, STATEMENT_audit_last);
    struct chain_entry entry;
    struct chain_link link = {0};
    const unsigned char *prev;
    int rc = store_row(store, row);

    if (rc < 0)
        return rc;
    if (rc == 1) {
        chain_read(row, &entry, &link, &prev);
        sqlite3_reset(row);
    }
    *out = link;
    return 0;
}

int chain_last_time(struct store *store, int64_t *wall_ms, int64_t *boot_ns, char boot_id[40])
{
    sqlite3_stmt *row = store_statement(store, STATEMENT_audit_last);
    int rc = store_row(store, row);

    if (rc <= 0)
        return rc < 0 ? rc : -ENOENT;
    *wall_ms = sqlite3_column_int64(row, 1);
    *boot_ns = sqlite3_column_int64(row, 3);
    snprintf(boot_id, 40, "%s", store_text(row, 2));
    sqlite3_reset(row);
    return 0;
}

void chain_walk_begin(struct chain_walk *walk, const struct chain_link *head, bool whole)
{
    memset(walk, 0, sizeof(*walk));
    walk->from = *head;
    walk->next_seq = whole || head->seq == 0 ? 1 : head->seq;
    walk->has_prev = walk->next_seq == 1; /* zeros */
}

static void chain_walk_blame(struct chain_walk *walk, int64_t seq, const char *what)
{
    walk->last_bad = seq;
    if (walk->bad++ > 0)
        return;
    walk->first_bad = seq;
    snprintf(walk->why, sizeof(walk->why), "entry %lld: %s", (long long)seq, what);
}

static int chain_walk_entry(struct store *store, struct chain_walk *walk, sqlite3_stmt *row)
{
    char differs[CHAIN_WHY_MAX] = "";
    struct chain_entry entry;
    struct chain_link link = {0};
    const unsigned char *prev;
    unsigned char want[CHAIN_HASH];
    bool readable = chain_read(row, &entry, &link, &prev);
    int content = 1;

    walk->entries++;
    if (link.seq != walk->next_seq)
        chain_walk_blame(walk, walk->next_seq, "it is missing");
    else if (!readable)
        chain_walk_blame(walk, link.seq, "its hashes are damaged");
    else if (walk->has_prev && memcmp(prev, walk->prev, CHAIN_HASH) != 0)
        chain_walk_blame(walk, link.seq, "it does not follow the entry before");
    if (readable) {
        chain_hash(&entry, link.seq, prev, want);
        if (memcmp(want, link.hash, CHAIN_HASH) != 0)
            chain_walk_blame(walk, link.seq, "its content does not match its hash");
        else if (link.seq == walk->from.seq && memcmp(walk->from.hash, link.hash, CHAIN_HASH) != 0)
            chain_walk_blame(walk, link.seq, "it is not the entry that the head names");
        else if (walk->content)
            content = walk->content(store, walk->userdata, &entry, differs);
        if (content == 0)
            chain_walk_blame(walk, link.seq, differs);
    }
    walk->next_seq = link.seq + 1;
    walk->has_prev = readable;
    memcpy(walk->prev, link.hash, CHAIN_HASH);
    return content < 0 ? content : 0;
}

int chain_walk_step(struct store *store, struct chain_walk *walk, int n)
{
    sqlite3_stmt *row = store_statement(store, STATEMENT_audit_from);
    int rc, seen = 0;

    if (!row)
        return -EIO;
    sqlite3_bind_int64(row, 1, walk->next_seq);
    sqlite3_bind_int(row, 2, n);
    while ((rc = store_row(store, row)) == 1) {
        rc = chain_walk_entry(store, walk, row);
        if (rc < 0) {
            sqlite3_reset(row);
            break;
        }
        seen++;
    }
    if (rc < 0)
        return rc;
    if (seen == n)
        return 1;
    if (walk->next_seq <= walk->from.seq)
        chain_walk_blame(walk, walk->next_seq, "the chain ends before the entry that the head names");
    return 0;
}

void chain_hex(const unsigned char hash[CHAIN_HASH], char out[CHAIN_HEX])
{
    sodium_bin2hex(out, CHAIN_HEX, hash, CHAIN_HASH);
}
