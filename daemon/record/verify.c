/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the other tables against the chain: a record, an addition, a reservation or a settlement is as the entry of its
 * writing says, or somebody has changed it behind the triggers.
 */
#include <stdio.h>
#include <string.h>

#include "record/internal.h"

/* True when the text in the first row's column has this hash. */
static bool stored_text_has_hash(struct store *store, enum statement id, const char *key, int column, const char *want)
{
    sqlite3_stmt *row = store_statement(store, id);
    unsigned char hash[CHAIN_HASH];
    char hex[CHAIN_HEX];
    bool same;

    if (!row || !key || !want)
        return false;
    store_bind_text(row, 1, key);
    if (store_row(store, row) != 1)
        return false;
    document_hash(store_text(row, column), hash);
    chain_hex(hash, hex);
    same = strcmp(hex, want) == 0;
    sqlite3_reset(row);
    return same;
}

static bool stored_dose(struct store *store, const char *session_id, struct ledger_entry *out)
{
    sqlite3_stmt *row = store_statement(store, STATEMENT_ledger_get);
    char boot_id[40];
    int64_t boot_ns;

    if (!row || !session_id)
        return false;
    store_bind_text(row, 1, session_id);
    if (store_row(store, row) != 1)
        return false;
    ledger_read(row, out, boot_id, &boot_ns);
    sqlite3_reset(row);
    return true;
}

static bool same_document(const json_t *said, json_t *stored)
{
    bool same = stored && json_equal(said, stored);

    json_decref(stored);
    return same;
}

/* An entry that was settled as unbounded may have been reviewed since; then its review has an entry of its own. */
static bool settled_as_said(const json_t *said, const struct ledger_entry *entry)
{
    const char *state = json_string_value(json_object_get(said, "state"));

    if (entry->state == LEDGER_REVIEWED && state && strcmp(state, "unbounded") == 0)
        return true;
    return same_document(said, ledger_settled_document(entry));
}

static bool content_as_said(struct store *store, const struct chain_entry *entry, const json_t *said)
{
    const char *hash = json_string_value(json_object_get(said, "hash"));
    struct ledger_entry dose;

    if (strcmp(entry->event, "record.finished") == 0)
        return stored_text_has_hash(store, STATEMENT_record_get, entry->session_id, 1, hash);
    if (strcmp(entry->event, "record.appended") == 0)
        return stored_text_has_hash(store, STATEMENT_appended_get, json_string_value(json_object_get(said, "id")), 0,
                                    hash);
    if (strcmp(entry->event, "dose.reserved") == 0)
        return stored_dose(store, entry->session_id, &dose) && same_document(said, ledger_reserved_document(&dose));
    if (strcmp(entry->event, "dose.settled") == 0)
        return stored_dose(store, entry->session_id, &dose) && settled_as_said(said, &dose);
    return true;
}

bool verify_content(struct store *store, const struct chain_entry *entry, char why[CHAIN_WHY_MAX])
{
    json_t *said = entry->detail ? json_text_read(entry->detail) : NULL;
    bool same = entry->event && content_as_said(store, entry, said);

    json_decref(said);
    if (!same)
        snprintf(why, CHAIN_WHY_MAX, "what %s wrote for session %s was changed since",
                 entry->event ? entry->event : "it", entry->session_id ? entry->session_id : "-");
    return same;
}
