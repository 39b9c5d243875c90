/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dose.history: what a patient got, item by item, and the sums over the whole window on every page. The window follows
 * the ledger's rule for clocks, from the rows: it may reach further back than memory.
 */
#include <errno.h>
#include <string.h>

#include "record/internal.h"
#include "record/query_row.h"

#define HISTORY_HOURS_DEFAULT INT64_C(24)
#define HISTORY_HOURS_MAX INT64_C(8784) /* a leap year */
#define HOUR_MS (INT64_C(3600) * 1000)

struct dose_sums {
    struct dose_amounts amounts;
    int64_t sessions, open, unbounded;
};

static void sum(int64_t *total, int64_t add)
{
    *total = *total > INT64_MAX - add ? INT64_MAX : *total + add;
}

static void sums_add(struct dose_sums *sums, const struct ledger_entry *entry)
{
    struct dose_amounts counted;

    ledger_count(entry->state, &entry->worst, &entry->delivered, &counted);
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        int64_t total = amount_get(&sums->amounts, i);
        sum(&total, amount_get(&counted, i));
        amount_set(&sums->amounts, i, total);
    }
    sums->sessions++;
    sums->open += entry->state == LEDGER_OPEN;
    sums->unbounded += entry->state == LEDGER_UNBOUNDED;
}

static json_t *sums_document(const struct dose_sums *sums)
{
    json_t *totals = ledger_amounts_document(&sums->amounts);

    json_object_set_new(totals, "sessions", json_integer(sums->sessions));
    json_object_set_new(totals, "open", json_integer(sums->open));
    json_object_set_new(totals, "unbounded", json_integer(sums->unbounded));
    return totals;
}

/* What is delivered is known of everything that has ended; of an unbounded session only the part that was seen. */
static json_t *dose_item(const struct ledger_entry *e, int64_t elapsed_ms)
{
    const struct ledger_place *target = &e->places.at[0];
    struct dose_amounts counted;
    json_t *item;

    ledger_count(e->state, &e->worst, &e->delivered, &counted);
    item =
        json_pack("{s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:o, s:o, s:o}", "session_id",
                  e->session_id, "site", target->site, "side", target->side, "places",
                  ledger_places_document(&e->places), "modality", modality_id(e->modality), "therapy", e->therapy,
                  "protocol", e->protocol, "device", e->device, "serial", e->serial, "state", ledger_state_id(e->state),
                  "unbounded", e->state == LEDGER_UNBOUNDED, "started_at_ms", (json_int_t)e->started_wall_ms,
                  "elapsed_ms", (json_int_t)elapsed_ms, "planned", ledger_amounts_document(&e->planned), "worst",
                  ledger_amounts_document(&e->worst), "counted", ledger_amounts_document(&counted));
    if (item && e->state != LEDGER_OPEN) {
        json_object_set_new(item, "ended_at_ms", json_integer(e->ended_wall_ms));
        json_object_set_new(item, "delivered", ledger_amounts_document(&e->delivered));
    }
    return item;
}

static bool is_among(const char *site, const json_t *sites)
{
    const json_t *one;
    size_t i;

    json_array_foreach(sites, i, one)
    {
        if (strcmp(json_string_value(one), site) == 0)
            return true;
    }
    return false;
}

/* Whether the session touched one of the sites (any when NULL) on a side that meets this one (any when NULL). */
static bool dose_touched(const struct ledger_places *places, const json_t *sites, const char *side)
{
    for (size_t i = 0; i < places->n; i++) {
        if ((!sites || is_among(places->at[i].site, sites)) && (!side || place_side_meets(places->at[i].side, side)))
            return true;
    }
    return false;
}

/* Reads the row; false when it is outside of the window or at another place. */
static bool dose_row(const struct record *record, const struct query *query, sqlite3_stmt *row, int64_t window_ms,
                     struct ledger_entry *entry, int64_t *elapsed_ms)
{
    char boot_id[40];
    int64_t boot_ns;

    ledger_read(row, entry, boot_id, &boot_ns);
    *elapsed_ms = 0;
    if (!ledger_state_blocks(entry->state))
        *elapsed_ms = ledger_elapsed_ms(query->wall_ms, query->boot_ns, entry->ended_wall_ms,
                                        strcmp(boot_id, record->clock.boot_id) == 0, boot_ns);
    return *elapsed_ms < window_ms && dose_touched(&entry->places, query->sites, query_text(query, "side"));
}

static int dose_bind(const struct record *record, const struct query *query, sqlite3_stmt *row, int64_t window_ms)
{
    const char *name = query_text(query, "modality");
    enum modality modality;

    store_bind_text(row, 1, query_text(query, "patient_ref"));
    if (name && modality_find(name, &modality) < 0)
        return -EINVAL;
    if (name)
        sqlite3_bind_int(row, 2, (int)modality);
    sqlite3_bind_int64(row, 3, query->wall_ms - window_ms);
    store_bind_text(row, 4, record->clock.boot_id);
    sqlite3_bind_int64(row, 5, query->boot_ns - window_ms * 1000000);
    return 0;
}

/* Newest first. Every row of the window is summed; those after the cursor fill the page. */
static int dose_walk(struct record *record, const struct query *query, sqlite3_stmt *row, struct page *page,
                     struct dose_sums *sums, int64_t *cursor)
{
    int64_t hours = query_integer(query, "hours", HISTORY_HOURS_DEFAULT), after = *cursor, elapsed_ms;
    int64_t window_ms = (hours < 1 ? 1 : hours > HISTORY_HOURS_MAX ? HISTORY_HOURS_MAX : hours) * HOUR_MS;
    struct ledger_entry entry;
    int rc = dose_bind(record, query, row, window_ms);

    while (rc >= 0 && (rc = store_row(&record->store, row)) == 1) {
        int64_t rowid = sqlite3_column_int64(row, COLUMN_BEYOND);
        if (!dose_row(record, query, row, window_ms, &entry, &elapsed_ms))
            continue;
        sums_add(sums, &entry);
        if (rowid >= after || page->full)
            continue;
        rc = page_add(page, dose_item(&entry, elapsed_ms));
        if (rc == 1)
            *cursor = rowid;
    }
    sqlite3_reset(row);
    return rc;
}

int query_dose_history(struct record *record, struct query *query)
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_dose_page);
    int64_t cursor[1] = {INT64_MAX};
    struct dose_sums sums = {0};
    char next[CURSOR_MAX] = "";
    struct page page;
    int rc;

    if (!row)
        return -EIO;
    if (!cursor_read(query_text(query, "cursor"), cursor, 1))
        return -EINVAL;
    rc = page_begin(&page, query);
    if (rc < 0)
        return rc;
    rc = dose_walk(record, query, row, &page, &sums, cursor);
    if (rc < 0) {
        json_decref(page.items);
        return rc;
    }
    if (page.full)
        cursor_write(next, cursor, 1);
    query->result = page_end(&page, next);
    if (!query->result)
        return -ENOMEM;
    json_object_set_new(query->result, "totals", sums_document(&sums));
    return 0;
}
