/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger's rows. A reservation and its settlement each write the row and an audit entry in one transaction, so that
 * the chain vouches for every dose. Reading back trusts only what the schema's checks hold.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"

#include "modality/clock.h"

/* Twice what memory holds: rows of a clock set back are not missed at start-up. */
#define LEDGER_LOAD_MS (2 * DOSE_REST_MAX_MS)

static void bind_amounts(sqlite3_stmt *statement, int first, const struct dose_amounts *amounts)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++)
        sqlite3_bind_int64(statement, first + (int)i, amount_get(amounts, i));
}

void ledger_read_amounts(sqlite3_stmt *row, int first, struct dose_amounts *out)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++)
        amount_set(out, i, sqlite3_column_int64(row, first + (int)i));
}

json_t *ledger_amounts_document(const struct dose_amounts *amounts)
{
    json_t *document = json_object();

    for (size_t i = 0; i < AMOUNT_COUNT; i++)
        json_object_set_new(document, amount_name(i), json_integer(amount_get(amounts, i)));
    return document;
}

static int ledger_insert(struct record *record, const struct ledger_entry *e)
{
    sqlite3_stmt *insert = store_statement(&record->store, STATEMENT_ledger_insert);
    char places[PLACES_TEXT_MAX];

    if (!insert)
        return -EIO;
    places_write(&e->places, places);
    store_bind_text(insert, 1, e->session_id);
    store_bind_text(insert, 2, e->patient_ref);
    store_bind_text(insert, 3, e->places.at[0].site);
    store_bind_text(insert, 4, e->places.at[0].side);
    store_bind_text(insert, 5, e->therapy);
    store_bind_text(insert, 6, e->protocol);
    store_bind_text(insert, 7, e->device);
    store_bind_text(insert, 8, e->serial);
    sqlite3_bind_int(insert, 9, (int)e->modality);
    store_bind_text(insert, 10, ledger_state_id(LEDGER_OPEN));
    sqlite3_bind_int64(insert, 11, e->started_wall_ms);
    sqlite3_bind_int64(insert, 12, 0);
    store_bind_text(insert, 13, "");
    sqlite3_bind_int64(insert, 14, 0);
    store_bind_text(insert, 1 + COLUMN_PLACES, places);
    bind_amounts(insert, 1 + COLUMN_PLANNED, &e->planned);
    bind_amounts(insert, 1 + COLUMN_WORST, &e->worst);
    bind_amounts(insert, 1 + COLUMN_DELIVERED, &e->delivered);
    return store_run(&record->store, insert);
}

json_t *ledger_reserved_document(const struct ledger_entry *e)
{
    json_t *document = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "patient_ref", e->patient_ref, "site",
                                 e->places.at[0].site, "side", e->places.at[0].side, "therapy", e->therapy, "device",
                                 e->device, "serial", e->serial, "planned", ledger_amounts_document(&e->planned),
                                 "worst", ledger_amounts_document(&e->worst));

    if (document && e->places.n > 1)
        json_object_set_new(document, "places", ledger_places_document(&e->places));
    return document;
}

json_t *ledger_settled_document(const struct ledger_entry *e)
{
    return json_pack("{s:s, s:s, s:o}", "patient_ref", e->patient_ref, "state", ledger_state_id(e->state), "delivered",
                     ledger_amounts_document(&e->delivered));
}

int ledger_write_reserve(struct record *record, struct job *job)
{
    const struct ledger_entry *e = job->entry;
    int rc = ledger_insert(record, e);

    return rc < 0 ? rc : writer_audit(record, job, "dose.reserved", e->session_id, ledger_reserved_document(e));
}

int ledger_write_settle(struct record *record, struct job *job)
{
    const struct ledger_entry *e = job->entry;
    sqlite3_stmt *update = store_statement(&record->store, STATEMENT_ledger_settle);
    int rc;

    if (!update)
        return -EIO;
    store_bind_text(update, 1, e->session_id);
    store_bind_text(update, 2, ledger_state_id(e->state));
    sqlite3_bind_int64(update, 3, job->wall_ms);
    store_bind_text(update, 4, record->clock.boot_id);
    sqlite3_bind_int64(update, 5, job->boot_ns);
    bind_amounts(update, 6, &e->delivered);
    rc = store_run(&record->store, update);
    if (rc == -EEXIST)
        return -EALREADY; /* the trigger: it was settled before */
    if (rc < 0)
        return rc;
    if (sqlite3_changes(record->store.db) == 0)
        return -ENOENT; /* its reservation could not be written */
    return writer_audit(record, job, "dose.settled", e->session_id, ledger_settled_document(e));
}

void ledger_read(sqlite3_stmt *row, struct ledger_entry *e, char ended_boot_id[40], int64_t *ended_boot_ns)
{
    memset(e, 0, sizeof(*e));
    snprintf(e->session_id, sizeof(e->session_id), "%s", store_text(row, 0));
    snprintf(e->patient_ref, sizeof(e->patient_ref), "%s", store_text(row, 1));
    (void)ledger_places_add(&e->places, store_text(row, 2), store_text(row, 3));
    places_read(&e->places, store_text(row, COLUMN_PLACES));
    snprintf(e->therapy, sizeof(e->therapy), "%s", store_text(row, 4));
    snprintf(e->protocol, sizeof(e->protocol), "%s", store_text(row, 5));
    snprintf(e->device, sizeof(e->device), "%s", store_text(row, 6));
    snprintf(e->serial, sizeof(e->serial), "%s", store_text(row, 7));
    e->modality = (enum modality)sqlite3_column_int(row, 8);
    /* A state that this daemon does not know blocks until a person has looked at it. */
    if (ledger_state_find(store_text(row, 9), &e->state) < 0)
        e->state = LEDGER_UNBOUNDED;
    e->started_wall_ms = sqlite3_column_int64(row, 10);
    e->ended_wall_ms = sqlite3_column_int64(row, 11);
    snprintf(ended_boot_id, 40, "%s", store_text(row, 12));
    *ended_boot_ns = sqlite3_column_int64(row, 13);
    ledger_read_amounts(row, COLUMN_PLANNED, &e->planned);
    ledger_read_amounts(row, COLUMN_WORST, &e->worst);
    ledger_read_amounts(row, COLUMN_DELIVERED, &e->delivered);
}

static int ledger_load_row(struct record *record, sqlite3_stmt *row, int64_t now_wall_ms, int64_t now_boot_ns)
{
    struct ledger_entry entry;
    struct ledger_node *node;
    char boot_id[40];
    int64_t boot_ns;
    int rc;

    ledger_read(row, &entry, boot_id, &boot_ns);
    rc = ledger_add(&record->ledger, &entry, &node);
    if (rc == 0 && ledger_state_blocks(entry.state))
        rc = ledger_inherit(&record->ledger, &entry);
    if (rc < 0)
        return rc;
    node->this_boot = boot_id[0] != '\0' && strcmp(boot_id, record->clock.boot_id) == 0;
    node->ended_boot_ns = boot_ns;
    if (!node->this_boot && !ledger_state_blocks(entry.state))
        node->ended_boot_ns =
            now_boot_ns - ledger_elapsed_ms(now_wall_ms, now_boot_ns, entry.ended_wall_ms, false, 0) * NS_PER_MS;
    return 0;
}

int ledger_load(struct record *record)
{
    int64_t wall_ms = record->clock.wall_ms(record->clock.userdata);
    int64_t boot_ns = record->clock.boot_ns(record->clock.userdata);
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_ledger_recent);
    int rc;

    if (!row)
        return -EIO;
    sqlite3_bind_int64(row, 1, wall_ms - LEDGER_LOAD_MS);
    store_bind_text(row, 2, record->clock.boot_id);
    sqlite3_bind_int64(row, 3, boot_ns - LEDGER_LOAD_MS * NS_PER_MS);
    while ((rc = store_row(&record->store, row)) == 1) {
        rc = ledger_load_row(record, row, wall_ms, boot_ns);
        if (rc < 0) {
            sqlite3_reset(row);
            return rc;
        }
    }
    if (rc < 0)
        return rc;
    ledger_purge(&record->ledger, wall_ms, boot_ns);
    return 0;
}
