/* SPDX-License-Identifier: Apache-2.0 */
/* record.list and record.get: what lists show comes from columns, so that no document is opened for a list. */
#include <errno.h>
#include <string.h>

#include "record/internal.h"
#include "record/query_row.h"

sqlite3_stmt *record_page_statement(struct record *record, const struct query *query, const int64_t cursor[2],
                                    int limit)
{
    const char *patient_ref = query_text(query, "patient_ref");
    sqlite3_stmt *rows =
        store_statement(&record->store, patient_ref ? STATEMENT_record_page_patient : STATEMENT_record_page);
    if (!rows)
        return NULL;
    if (patient_ref)
        store_bind_text(rows, 1, patient_ref);
    store_bind_text(rows, 2, query_text(query, "site"));
    store_bind_text(rows, 3, query_text(query, "course_id"));
    store_bind_text(rows, 4, query_text(query, "operator"));
    sqlite3_bind_int64(rows, 5, query_integer(query, "from_ms", INT64_MIN));
    sqlite3_bind_int64(rows, 6, query_integer(query, "to_ms", INT64_MAX));
    sqlite3_bind_int64(rows, 7, cursor[0]);
    sqlite3_bind_int64(rows, 8, cursor[1]);
    sqlite3_bind_int(rows, 9, limit + 1);
    return rows;
}

void row_set_text(json_t *object, const char *key, sqlite3_stmt *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row, column);

    if (text && text[0] != '\0')
        json_object_set_new(object, key, json_string(text));
}

void row_set_hash(json_t *object, const char *key, sqlite3_stmt *row, int column)
{
    char hex[CHAIN_HEX];

    if (sqlite3_column_bytes(row, column) != CHAIN_HASH)
        return;
    chain_hex(sqlite3_column_blob(row, column), hex);
    json_object_set_new(object, key, json_string(hex));
}

void row_set_integer(json_t *object, const char *key, sqlite3_stmt *row, int column)
{
    if (sqlite3_column_type(row, column) != SQLITE_NULL)
        json_object_set_new(object, key, json_integer(sqlite3_column_int64(row, column)));
}

static json_t *amounts_at(sqlite3_stmt *row, int first)
{
    struct dose_amounts amounts;

    ledger_read_amounts(row, first, &amounts);
    return ledger_amounts_document(&amounts);
}

static void set_ledger(json_t *item, sqlite3_stmt *row)
{
    struct ledger_places places = {0};

    if (sqlite3_column_type(row, 13) == SQLITE_NULL)
        return;
    json_object_set_new(item, "modality", json_string(modality_id((enum modality)sqlite3_column_int(row, 13))));
    row_set_text(item, "therapy", row, 14);
    row_set_text(item, "protocol", row, 15);
    row_set_text(item, "device", row, 16);
    row_set_text(item, "serial", row, 17);
    row_set_text(item, "dose_state", row, 18);
    row_set_integer(item, "started_at_ms", row, 19);
    row_set_integer(item, "planned_ms", row, RECORD_planned + AMOUNT_duration_ms);
    places_read(&places, store_text(row, RECORD_PLACES));
    if (places.n > 0)
        json_object_set_new(item, "places", ledger_places_document(&places));
    json_object_set_new(item, "planned", amounts_at(row, RECORD_planned));
    json_object_set_new(item, "worst", amounts_at(row, RECORD_worst));
    if (strcmp(store_text(row, 18), ledger_state_id(LEDGER_OPEN)) != 0)
        json_object_set_new(item, "delivered", amounts_at(row, RECORD_delivered));
}

json_t *record_summary(sqlite3_stmt *row)
{
    json_t *item =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:b, s:I, s:I}", "session_id", store_text(row, 0), "patient_ref",
                  store_text(row, 1), "site", store_text(row, 2), "side", store_text(row, 3), "ended_at_ms",
                  (json_int_t)sqlite3_column_int64(row, 6), "simulated", sqlite3_column_int(row, 8), "appended",
                  (json_int_t)sqlite3_column_int64(row, 11), "incidents", (json_int_t)sqlite3_column_int64(row, 12));
    if (!item)
        return NULL;
    row_set_text(item, "course_id", row, 4);
    row_set_text(item, "operator_id", row, 5);
    row_set_text(item, "end_reason", row, 7);
    row_set_hash(item, "hash", row, 10);
    set_ledger(item, row);
    return item;
}

int query_record_list(struct record *record, struct query *query)
{
    int64_t cursor[2] = {INT64_MAX, INT64_MAX};
    char next[CURSOR_MAX] = "";
    struct page page;
    sqlite3_stmt *row;
    int rc;

    if (!cursor_read(query_text(query, "cursor"), cursor, 2))
        return -EINVAL;
    row = record_page_statement(record, query, cursor, query_limit(query));
    if (!row)
        return -EIO;
    rc = page_begin(&page, query);
    while (rc >= 0 && (rc = store_row(&record->store, row)) == 1) {
        rc = page_add(&page, record_summary(row));
        if (rc != 1)
            break;
        cursor[0] = sqlite3_column_int64(row, 6);
        cursor[1] = sqlite3_column_int64(row, 9);
    }
    sqlite3_reset(row);
    if (rc < 0) {
        json_decref(page.items);
        return rc;
    }
    if (page.full)
        cursor_write(next, cursor, 2);
    query->result = page_end(&page, next);
    return query->result ? 0 : -ENOMEM;
}

json_t *appended_item(sqlite3_stmt *row)
{
    json_t *item =
        json_pack("{s:s, s:s, s:I, s:I}", "id", store_text(row, 1), "kind", store_text(row, 3), "uid",
                  (json_int_t)sqlite3_column_int64(row, 4), "at_ms", (json_int_t)sqlite3_column_int64(row, 7));
    json_t *body = json_text_read(store_text(row, 9));

    if (!item) {
        json_decref(body);
        return NULL;
    }
    row_set_text(item, "session_id", row, 2);
    row_set_text(item, "operator_id", row, 5);
    row_set_text(item, "operator_name", row, 6);
    row_set_hash(item, "frozen_hash", row, 8);
    json_object_set_new(item, "body", body ? body : json_null());
    return item;
}

/* 1 = result is {session_id, hash, intact, document}, 0 = no such record. */
static int get_document(struct record *record, struct query *query)
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_record_get);
    unsigned char hash[CHAIN_HASH];
    const char *text;
    json_t *document;
    int rc;

    if (!row)
        return -EIO;
    store_bind_text(row, 1, query_text(query, "session_id"));
    rc = store_row(&record->store, row);
    if (rc != 1)
        return rc;
    text = store_text(row, 1);
    document_hash(text, hash);
    document = json_text_read(text);
    query->result = json_pack("{s:s, s:b, s:o}", "session_id", query_text(query, "session_id"), "intact",
                              sqlite3_column_bytes(row, 0) == CHAIN_HASH &&
                                  memcmp(hash, sqlite3_column_blob(row, 0), CHAIN_HASH) == 0,
                              "document", document ? document : json_null());
    if (query->result)
        row_set_hash(query->result, "hash", row, 0);
    sqlite3_reset(row);
    return query->result ? 1 : -ENOMEM;
}

int query_record_get(struct record *record, struct query *query)
{
    int64_t cursor[1] = {0};
    char next[CURSOR_MAX];
    sqlite3_stmt *row;
    struct page page;
    int rc;

    if (!cursor_read(query_text(query, "cursor"), cursor, 1))
        return -EINVAL;
    rc = get_document(record, query);
    if (rc <= 0)
        return rc < 0 ? rc : -ENOENT;
    rc = page_begin(&page, query);
    row = store_statement(&record->store, STATEMENT_appended_of);
    if (!row || rc < 0) {
        json_decref(page.items);
        return -EIO;
    }
    page.limit = QUERY_LIMIT_MAX;
    store_bind_text(row, 1, query_text(query, "session_id"));
    sqlite3_bind_int64(row, 2, cursor[0]);
    sqlite3_bind_int(row, 3, page.limit + 1);
    while ((rc = store_row(&record->store, row)) == 1) {
        rc = page_add(&page, appended_item(row));
        if (rc != 1)
            break;
        cursor[0] = sqlite3_column_int64(row, 0);
    }
    sqlite3_reset(row);
    json_object_set_new(query->result, "appended", page.items);
    if (page.full) {
        cursor_write(next, cursor, 1);
        json_object_set_new(query->result, "next_cursor", json_string(next));
    }
    return rc < 0 ? rc : 0;
}
