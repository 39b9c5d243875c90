/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions to the records. They run on the writer's thread in slices between its transactions, so that a long one (the
 * whole chain, a backup) never makes a write late. A query sees everything that was handed over before it.
 */
#ifndef RECORD_QUERY_H
#define RECORD_QUERY_H

#include <jansson.h>

#include "record/record.h"

#define QUERY_PAGE_BYTES ((size_t)1 << 20) /* a page ends here; one item beyond it is let through: < 2 MiB in all */
#define QUERY_LIMIT_DEFAULT 50
#define QUERY_LIMIT_MAX 500

struct query;

/* One slice: 1 = more to do, 0 = result is set, negative = failed. */
typedef int query_step(struct record *record, struct query *query);

/* A parameter: its name and type; s = text, i = integer. Everything else is refused. */
struct query_parameter {
    const char *name;
    char type;
    bool required;
};

struct query_kind {
    const char *id;
    query_step *step;
    void (*drop)(void *progress); /* frees progress; NULL = free() */
    const struct query_parameter *parameters;
    size_t n_parameters;
};

struct query {
    struct query *next;
    const struct query_kind *kind;
    json_t *parameters;
    json_t *sites; /* the names that meet the one asked for; NULL = none was */
    record_answer *answer;
    void *userdata;
    uint64_t after;           /* number of jobs pushed before it */
    int64_t wall_ms, boot_ns; /* when it was asked */
    void *progress;           /* of the step function */
    int error;
    json_t *result;
};

const struct query_kind *query_kind_find(const char *id);
/* 0, or -EINVAL: unknown, missing or mistyped parameters. */
int query_check(const struct query_kind *kind, const json_t *parameters);
void query_free(struct query *query);

/* Parameters as read; NULL or the fallback when absent. */
const char *query_text(const struct query *query, const char *name);
int64_t query_integer(const struct query *query, const char *name, int64_t fallback);
/* limit, between 1 and QUERY_LIMIT_MAX. */
int query_limit(const struct query *query);

/* A page under construction. */
struct page {
    json_t *items;
    size_t bytes;
    int limit;
    bool full; /* an item was dropped: there is a next page */
};
int page_begin(struct page *page, const struct query *query);
/* Adds the item (stolen): 1 = added, 0 = the page is full and the item was dropped, -ENOMEM. */
int page_add(struct page *page, json_t *item);
/* {items, next_cursor?}; cursor NULL or "" = the end. */
json_t *page_end(struct page *page, const char *cursor);

/* A cursor is the position of the last item: one to three numbers, never negative. NULL text leaves values alone. */
#define CURSOR_VALUES 3
#define CURSOR_MAX 72
bool cursor_read(const char *text, int64_t *values, size_t n);
void cursor_write(char out[CURSOR_MAX], const int64_t *values, size_t n);

query_step query_audit_tail, query_audit_verify, query_record_list, query_record_get, query_record_export,
    query_dose_history, query_incident_list, query_incident_get, query_backup;
void query_backup_drop(void *progress);

#endif
