/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as JSON, shared by the queries. Absent and empty columns are absent members. */
#ifndef RECORD_QUERY_ROW_H
#define RECORD_QUERY_ROW_H

#include "record/query.h"
#include "record/store.h"

void row_set_text(json_t *object, const char *key, sqlite3_stmt *row, int column);
void row_set_hash(json_t *object, const char *key, sqlite3_stmt *row, int column);
void row_set_integer(json_t *object, const char *key, sqlite3_stmt *row, int column);

/*
 * Rows of RECORD_SELECT after the cursor {ended_at_ms, rowid}, filtered by the query's parameters: limit + 1 of them,
 * newest first.
 */
sqlite3_stmt *record_page_statement(struct record *record, const struct query *query, const int64_t cursor[2],
                                    int limit);
/* A row of RECORD_SELECT as the list shows it. */
json_t *record_summary(sqlite3_stmt *row);
/* A row of APPENDED_COLUMNS: {id, kind, uid, at_ms, session_id?, operator_id?, operator_name?, frozen_hash?, body}. */
json_t *appended_item(sqlite3_stmt *row);

#endif
