/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.verify: the whole chain, and the other tables held against it. A record, an addition, a reservation or a
 * settlement is as the entry of its writing says, and there are no rows of which the chain knows nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"

#define VERIFY_ROWS 100 /* with the documents they speak of: some ten milliseconds */

enum said { SAID_RECORD, SAID_APPENDED, SAID_DOSE, SAID_COUNT };

struct verify {
    struct chain_walk walk;
    int64_t said[SAID_COUNT]; /* rows that the chain speaks of */
};

/* 1 = the text in the first row's column has this hash, 0 = it has not, or there is no row. */
static int stored_text_has_hash(struct store *store, enum statement id, const char *key, int column, const char *want)
{
    sqlite3_stmt *row = store_statement(store, id);
    unsigned char hash[CHAIN_HASH];
    char hex[CHAIN_HEX];
    int rc;

    if (!row)
        return -EIO;
    store_bind_text(row, 1, key);
    rc = store_row(store, row);
    if (rc != 1)
        return rc;
    document_hash(store_text(row, column), hash);
    chain_hex(hash, hex);
    sqlite3_reset(row);
    return want && strcmp(hex, want) == 0;
}

static int stored_dose(struct store *store, const char *session_id, struct ledger_entry *out)
{
    sqlite3_stmt *row = store_statement(store, STATEMENT_ledger_get);
    char boot_id[40];
    int64_t boot_ns;
    int rc;

    if (!row)
        return -EIO;
    store_bind_text(row, 1, session_id);
    rc = store_row(store, row);
    if (rc != 1)
        return rc;
    ledger_read(row, out, boot_id, &boot_ns);
    sqlite3_reset(row);
    return 1;
}

/* Under either name: daemons up to schema 2 had names of their own for these amounts, and an entry never changes. */
static json_t *member(const json_t *object, const char *name)
{
    static const char *const names[][2] = {{"charge_uc", "session_charge_uc"},
                                           {"ion_dose_ua_min", "iontophoresis_dose_ua_min"},
                                           {"contractions", "contraction_count"}};
    json_t *found = json_object_get(object, name);

    for (size_t i = 0; !found && i < sizeof(names) / sizeof(names[0]); i++) {
        for (size_t k = 0; k < 2; k++) {
            if (strcmp(name, names[i][k]) == 0)
                found = json_object_get(object, names[i][1 - k]);
        }
    }
    return found;
}

/*
 * All that was said is stored so, and what is stored beyond it is nothing: an amount that the daemon which wrote the
 * entry did not count yet is 0.
 */
static bool said_as_stored(const json_t *said, const json_t *stored)
{
    const char *name;
    json_t *value;

    if (!json_is_object(said) || !json_is_object(stored))
        return json_equal(said, stored);
    json_object_foreach((json_t *)(uintptr_t)said, name, value)
    {
        if (!member(stored, name))
            return false;
    }
    json_object_foreach((json_t *)(uintptr_t)stored, name, value)
    {
        const json_t *wanted = member(said, name);
        if (wanted ? !said_as_stored(wanted, value) : !json_is_integer(value) || json_integer_value(value) != 0)
            return false;
    }
    return true;
}

static int same_document(const json_t *said, json_t *stored)
{
    int same = stored ? said_as_stored(said, stored) : -ENOMEM;

    json_decref(stored);
    return same;
}

/* An entry that was settled as unbounded may have been reviewed since; then its review has an entry of its own. */
static int settled_as_said(struct store *store, const char *session_id, const json_t *said)
{
    const char *state = json_string_value(json_object_get(said, "state"));
    struct ledger_entry dose;
    int rc = stored_dose(store, session_id, &dose);

    if (rc != 1)
        return rc;
    if (dose.state == LEDGER_REVIEWED && state && strcmp(state, "unbounded") == 0)
        return 1;
    return same_document(said, ledger_settled_document(&dose));
}

static int reserved_as_said(struct store *store, const char *session_id, const json_t *said)
{
    struct ledger_entry dose;
    int rc = stored_dose(store, session_id, &dose);

    return rc == 1 ? same_document(said, ledger_reserved_document(&dose)) : rc;
}

static int content_as_said(struct store *store, struct verify *verify, const struct chain_entry *entry,
                           const json_t *said)
{
    const char *hash = json_string_value(json_object_get(said, "hash"));
    const char *id = json_string_value(json_object_get(said, "id"));

    if (strcmp(entry->event, "record.finished") == 0) {
        verify->said[SAID_RECORD]++;
        return stored_text_has_hash(store, STATEMENT_record_get, entry->session_id, 1, hash);
    }
    if (strcmp(entry->event, "record.appended") == 0) {
        verify->said[SAID_APPENDED]++;
        return stored_text_has_hash(store, STATEMENT_appended_get, id, 0, hash);
    }
    if (strcmp(entry->event, "dose.reserved") == 0) {
        verify->said[SAID_DOSE]++;
        return reserved_as_said(store, entry->session_id, said);
    }
    if (strcmp(entry->event, "dose.settled") == 0)
        return settled_as_said(store, entry->session_id, said);
    return 1;
}

static int verify_content(struct store *store, void *userdata, const struct chain_entry *entry, char why[CHAIN_WHY_MAX])
{
    json_t *said = entry->detail ? json_text_read(entry->detail) : NULL;
    int rc = entry->event ? content_as_said(store, userdata, entry, said) : 0;

    json_decref(said);
    if (rc == 0)
        snprintf(why, CHAIN_WHY_MAX, "what %s wrote for session %s was changed since",
                 entry->event ? entry->event : "it", entry->session_id ? entry->session_id : "-");
    return rc;
}

/* Rows that somebody has put beside the chain. */
static int verify_unknown(struct store *store, const struct verify *verify, int64_t *out)
{
    sqlite3_stmt *row = store_statement(store, STATEMENT_row_counts);
    int rc = store_row(store, row);

    if (rc != 1)
        return rc < 0 ? rc : -EIO;
    *out = 0;
    for (int i = 0; i < SAID_COUNT; i++) {
        int64_t beyond = sqlite3_column_int64(row, i) - verify->said[i];
        *out += beyond > 0 ? beyond : 0;
    }
    sqlite3_reset(row);
    return 0;
}

static json_t *verify_result(const struct record *record, const struct chain_walk *walk, int64_t unknown)
{
    char hash[CHAIN_HEX];
    json_t *result;

    chain_hex(record->chain.hash, hash);
    result = json_pack("{s:b, s:I, s:I, s:s}", "ok", walk->bad == 0 && unknown == 0, "entries",
                       (json_int_t)walk->entries, "head_seq", (json_int_t)record->chain.seq, "head_hash", hash);
    if (result && unknown > 0)
        json_object_set_new(result, "unknown_rows", json_integer(unknown));
    if (!result || walk->bad == 0)
        return result;
    json_object_set_new(result, "first_bad", json_integer(walk->first_bad));
    json_object_set_new(result, "bad_entries", json_integer(walk->bad));
    json_object_set_new(result, "why", json_string(walk->why));
    json_object_set_new(result, "accepted_seq", json_integer(record->head.accepted_seq));
    return result;
}

static struct verify *verify_begin(const struct record *record)
{
    struct verify *verify = calloc(1, sizeof(*verify));

    if (!verify)
        return NULL;
    chain_walk_begin(&verify->walk, &record->head.link, true);
    verify->walk.content = verify_content;
    verify->walk.userdata = verify;
    return verify;
}

int query_audit_verify(struct record *record, struct query *query)
{
    struct verify *verify = query->progress ? query->progress : (query->progress = verify_begin(record));
    int64_t unknown;
    int rc;

    if (!verify)
        return -ENOMEM;
    rc = chain_walk_step(&record->store, &verify->walk, VERIFY_ROWS);
    if (rc != 0)
        return rc;
    rc = verify_unknown(&record->store, verify, &unknown);
    if (rc < 0)
        return rc;
    /* Damage that a person has accepted is shown, but stops no treatment a second time. */
    if (verify->walk.bad > 0 && verify->walk.last_bad > record->head.accepted_seq)
        writer_broken(record, verify->walk.why);
    query->result = verify_result(record, &verify->walk, unknown);
    return query->result ? 0 : -ENOMEM;
}
