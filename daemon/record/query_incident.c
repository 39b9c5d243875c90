/* SPDX-License-Identifier: Apache-2.0 */
/* incident.list and incident.get. */
#include <errno.h>

#include "record/internal.h"
#include "record/query_row.h"

int query_incident_list(struct record *record, struct query *query)
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_incident_page);
    int64_t cursor[1] = {INT64_MAX};
    char next[CURSOR_MAX] = "";
    struct page page;
    int rc;

    if (!row)
        return -EIO;
    if (!cursor_read(query_text(query, "cursor"), cursor, 1))
        return -EINVAL;
    sqlite3_bind_int64(row, 1, cursor[0]);
    store_bind_text(row, 2, query_text(query, "session_id"));
    sqlite3_bind_int(row, 3, query_limit(query) + 1);
    rc = page_begin(&page, query);
    while (rc >= 0 && (rc = store_row(&record->store, row)) == 1) {
        rc = page_add(&page, appended_item(row));
        if (rc != 1)
            break;
        cursor[0] = sqlite3_column_int64(row, 0);
    }
    sqlite3_reset(row);
    if (rc < 0) {
        json_decref(page.items);
        return rc;
    }
    if (page.full)
        cursor_write(next, cursor, 1);
    query->result = page_end(&page, next);
    return query->result ? 0 : -ENOMEM;
}

int query_incident_get(struct record *record, struct query *query)
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_incident_get);
    int rc;

    if (!row)
        return -EIO;
    store_bind_text(row, 1, query_text(query, "incident_id"));
    rc = store_row(&record->store, row);
    if (rc != 1)
        return rc < 0 ? rc : -ENOENT;
    query->result = appended_item(row);
    sqlite3_reset(row);
    return query->result ? 0 : -ENOMEM;
}
