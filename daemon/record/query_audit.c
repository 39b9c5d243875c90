/* SPDX-License-Identifier: Apache-2.0 */
/* audit.tail: the chain as it is stored, newest first or from an entry on. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"
#include "record/query_row.h"

static json_t *audit_item(sqlite3_stmt *row)
{
    json_t *item = json_pack("{s:I, s:I, s:s, s:I, s:I, s:s}", "seq", (json_int_t)sqlite3_column_int64(row, 0), "at_ms",
                             (json_int_t)sqlite3_column_int64(row, 1), "boot_id", store_text(row, 2), "boot_ns",
                             (json_int_t)sqlite3_column_int64(row, 3), "uid", (json_int_t)sqlite3_column_int64(row, 4),
                             "event", store_text(row, 7));
    json_t *detail = json_text_read(store_text(row, 9));

    if (!item) {
        json_decref(detail);
        return NULL;
    }
    row_set_text(item, "operator_id", row, 5);
    row_set_text(item, "operator_name", row, 6);
    row_set_text(item, "session_id", row, 8);
    json_object_set_new(item, "detail", detail ? detail : json_null());
    row_set_hash(item, "prev", row, 10);
    row_set_hash(item, "hash", row, 11);
    return item;
}

/* Newest first, or with since_seq everything after that entry in order. */
int query_audit_tail(struct record *record, struct query *query)
{
    int64_t since = query_integer(query, "since_seq", -1), cursor[1] = {INT64_MAX}, last = 0;
    bool forward = since >= 0;
    sqlite3_stmt *row = store_statement(&record->store, forward ? STATEMENT_audit_from : STATEMENT_audit_before);
    char next[CURSOR_MAX] = "";
    struct page page;
    int rc;

    if (!row)
        return -EIO;
    if (!cursor_read(query_text(query, "cursor"), cursor, 1) || page_begin(&page, query) < 0)
        return -EINVAL;
    if (forward && query_text(query, "cursor"))
        since = cursor[0];
    sqlite3_bind_int64(row, 1, forward ? (since < INT64_MAX ? since + 1 : since) : cursor[0]);
    sqlite3_bind_int(row, 2, page.limit + 1);
    while ((rc = store_row(&record->store, row)) == 1) {
        rc = page_add(&page, audit_item(row));
        if (rc != 1)
            break;
        last = sqlite3_column_int64(row, 0);
    }
    sqlite3_reset(row);
    if (page.full)
        cursor_write(next, &last, 1);
    if (rc < 0)
        json_decref(page.items);
    else
        query->result = page_end(&page, next);
    return rc < 0 ? rc : 0;
}
