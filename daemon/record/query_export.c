/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.export: lines of JSON (a record, then each of its additions) or of CSV (a row per record, after RFC 4180). The
 * cursor stands after the last line that was given out: {ended_at_ms, rowid, number of the addition}.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"
#include "record/query_row.h"

/* The one list of columns: name, column of RECORD_SELECT. */
static const struct csv_column {
    const char *name;
    int column;
} csv_columns[] = {
    {"session_id", 0},
    {"patient_ref", 1},
    {"site", 2},
    {"side", 3},
    {"course_id", 4},
    {"operator_id", 5},
    {"modality", 13},
    {"therapy", 14},
    {"protocol", 15},
    {"device", 16},
    {"serial", 17},
    {"started_at_ms", 19},
    {"ended_at_ms", 6},
    {"end_reason", 7},
    {"simulated", 8},
    {"planned_ms", RECORD_planned + AMOUNT_duration_ms},
    {"dose_state", 18},
#define AMOUNT(name, with) {#with "_" #name, RECORD_##with + AMOUNT_##name},
    DOSE_AMOUNTS(AMOUNT, planned) DOSE_AMOUNTS(AMOUNT, worst) DOSE_AMOUNTS(AMOUNT, delivered)
#undef AMOUNT
        {"appended", 11},
    {"incidents", 12},
    {"places", RECORD_PLACES},
};

#define CSV_COLUMNS (sizeof(csv_columns) / sizeof(csv_columns[0]))
#define CSV_MODALITY 13

struct export
{
    struct page page; /* items are the lines */
    int64_t cursor[CURSOR_VALUES];
    bool csv;
};

static void csv_field(FILE *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            fputc('"', out);
        fputc(*c, out);
    }
    fputc('"', out);
}

/* row NULL = the line of names. */
static char *csv_line(sqlite3_stmt *row)
{
    char *line = NULL;
    size_t size;
    FILE *out = open_memstream(&line, &size);

    if (!out)
        return NULL;
    for (size_t i = 0; i < CSV_COLUMNS; i++) {
        int column = csv_columns[i].column;
        if (i > 0)
            fputc(',', out);
        if (!row)
            fputs(csv_columns[i].name, out);
        else if (column == CSV_MODALITY && sqlite3_column_type(row, column) != SQLITE_NULL)
            fputs(modality_id((enum modality)sqlite3_column_int(row, column)), out);
        else
            csv_field(out, store_text(row, column));
    }
    if (fclose(out) != 0) {
        free(line);
        return NULL;
    }
    return line;
}

/* Adds a line (freed here): 1 = added, 0 = the page is full. */
static int export_line(struct export *export, char *line)
{
    int rc = line ? page_add(&export->page, json_string(line)) : -ENOMEM;

    free(line);
    return rc;
}

static char *json_line(json_t *object)
{
    char *line = object ? json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    json_decref(object);
    return line;
}

static char *record_line(struct record *record, const char *session_id)
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_record_get);
    json_t *document, *line;

    if (!row)
        return NULL;
    store_bind_text(row, 1, session_id);
    if (store_row(&record->store, row) != 1)
        return NULL;
    document = json_text_read(store_text(row, 1)); /* a damaged one is null, and its hash tells */
    line = json_pack("{s:s, s:s, s:o}", "type", "record", "session_id", session_id, "document",
                     document ? document : json_null());
    if (line)
        row_set_hash(line, "hash", row, 0);
    sqlite3_reset(row);
    return json_line(line);
}

/* The additions to one record after the cursor's: 1 = all are out, 0 = the page is full. */
static int export_appended(struct record *record, struct export *export, const char *session_id)
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_appended_of);
    int rc;

    if (!row)
        return -EIO;
    store_bind_text(row, 1, session_id);
    sqlite3_bind_int64(row, 2, export->cursor[2]);
    sqlite3_bind_int(row, 3, QUERY_LIMIT_MAX + 1);
    while ((rc = store_row(&record->store, row)) == 1) {
        json_t *item = appended_item(row);
        if (item)
            json_object_set_new(item, "type", json_string("appended"));
        rc = export_line(export, json_line(item));
        if (rc != 1)
            break;
        export->cursor[2] = sqlite3_column_int64(row, 0);
    }
    sqlite3_reset(row);
    if (rc < 0)
        return rc;
    return export->page.full ? 0 : 1;
}

/* One record: 1 = on to the next, 0 = the page is full. */
static int export_record(struct record *record, struct export *export, sqlite3_stmt *row)
{
    const char *session_id = store_text(row, 0);
    int64_t place[2] = {sqlite3_column_int64(row, 6), sqlite3_column_int64(row, 9)};
    bool begun = export->cursor[0] == place[0] && export->cursor[1] == place[1];

    if (!begun) {
        int rc = export_line(export, export->csv ? csv_line(row) : record_line(record, session_id));
        if (rc != 1)
            return rc;
        export->cursor[0] = place[0];
        export->cursor[1] = place[1];
        export->cursor[2] = 0;
    }
    return export->csv ? 1 : export_appended(record, export, session_id);
}

static int export_walk(struct record *record, const struct query *query, struct export *export)
{
    /* From the cursor's own record on: it may have additions left. */
    int64_t from[2] = {export->cursor[0], export->cursor[1] < INT64_MAX ? export->cursor[1] + 1 : INT64_MAX};
    sqlite3_stmt *row = record_page_statement(record, query, from, export->page.limit + 1);
    int rc;

    if (!row)
        return -EIO;
    while ((rc = store_row(&record->store, row)) == 1) {
        rc = export_record(record, export, row);
        if (rc != 1)
            break;
    }
    sqlite3_reset(row);
    return rc;
}

int query_record_export(struct record *record, struct query *query)
{
    struct export export = {.cursor = {INT64_MAX, INT64_MAX, 0}};
    const char *format = query_text(query, "format"), *cursor = query_text(query, "cursor");
    char next[CURSOR_MAX], *names;
    int rc;

    export.csv = strcmp(format, "csv") == 0;
    if ((!export.csv && strcmp(format, "jsonl") != 0) || !cursor_read(cursor, export.cursor, 3))
        return -EINVAL;
    rc = page_begin(&export.page, query);
    if (rc == 0)
        rc = export_walk(record, query, &export);
    names = rc >= 0 && export.csv && !cursor ? csv_line(NULL) : NULL;
    if (names)
        json_array_insert_new(export.page.items, 0, json_string(names));
    free(names);
    if (rc >= 0)
        query->result = json_pack("{s:s, s:O}", "format", format, "lines", export.page.items);
    json_decref(export.page.items);
    if (query->result && export.page.full) {
        cursor_write(next, export.cursor, 3);
        json_object_set_new(query->result, "next_cursor", json_string(next));
    }
    return rc < 0 ? rc : query->result ? 0 : -ENOMEM;
}
