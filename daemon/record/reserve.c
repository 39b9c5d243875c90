/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserving and settling doses. Memory changes at the call, so that the next check sees it; the disk follows. A crash
 * in between is on the safe side: an unwritten settlement is found open and counted as worst.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"

static bool amounts_in_range(const struct dose_amounts *a)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const int64_t value = amount_get(a, i);
        if (value < 0 || value > RECORD_AMOUNT_MAX)
            return false;
    }
    return true;
}

static bool amounts_cover(const struct dose_amounts *worst, const struct dose_amounts *planned)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        if (amount_get(worst, i) < amount_get(planned, i))
            return false;
    }
    return true;
}

/* The chain holds JSON: a name that is not UTF-8 could not be written there. */
static bool reserve_text_valid(const struct ledger_entry *entry)
{
    json_t *document = ledger_reserved_document(entry);
    bool valid = document != NULL;

    json_decref(document);
    return valid;
}

/* The target first; what a row could not hold is no place. */
static bool places_valid(const struct ledger_places *places)
{
    struct ledger_places copy = {0};

    if (places->n == 0 || places->n > LEDGER_PLACES_MAX)
        return false;
    for (size_t i = 0; i < places->n; i++) {
        if (ledger_places_add(&copy, places->at[i].site, places->at[i].side) < 0)
            return false;
    }
    return copy.n == places->n;
}

static int reserve_check(struct record *record, const struct ledger_entry *entry)
{
    const struct ledger_node *blocking;

    if (entry->session_id[0] == '\0' || entry->patient_ref[0] == '\0' || entry->modality == 0 ||
        !places_valid(&entry->places) || !amounts_in_range(&entry->planned) || !amounts_in_range(&entry->worst) ||
        !amounts_cover(&entry->worst, &entry->planned) || !reserve_text_valid(entry))
        return -EINVAL;
    if (ledger_find(&record->ledger, entry->session_id))
        return -EEXIST;
    blocking = ledger_blocking(&record->ledger, entry->patient_ref, &entry->places);
    return blocking && blocking->state == LEDGER_UNBOUNDED ? -EBUSY : 0;
}

static struct job *ledger_job(struct record *record, enum job_kind kind, const struct ledger_entry *entry,
                              record_done *done, void *userdata)
{
    struct job *job = record_job(record, kind, done, userdata);

    if (!job)
        return NULL;
    job->entry = malloc(sizeof(*entry));
    if (!job->entry) {
        job_free(job);
        return NULL;
    }
    *job->entry = *entry;
    job->bytes += sizeof(*entry);
    return job;
}

int record_reserve(struct record *record, const struct ledger_entry *entry, record_done *done, void *userdata)
{
    struct ledger_entry open = *entry;
    struct job *job;
    int rc = reserve_check(record, entry);

    if (rc < 0)
        return rc;
    open.state = LEDGER_OPEN;
    memset(&open.delivered, 0, sizeof(open.delivered));
    open.ended_wall_ms = 0;
    if (open.started_wall_ms == 0)
        open.started_wall_ms = record->clock.wall_ms(record->clock.userdata);
    job = ledger_job(record, JOB_RESERVE, &open, done, userdata);
    if (!job)
        return -ENOMEM;
    rc = ledger_add(&record->ledger, &open, NULL);
    if (rc < 0) {
        job_free(job);
        return rc;
    }
    rc = queue_push(record, job);
    if (rc < 0)
        ledger_remove(&record->ledger, open.session_id);
    return rc;
}

/* A reservation that is not durable is none. */
void reserve_completed(struct record *record, const struct job *job)
{
    if (job->kind == JOB_RESERVE && job->error != 0)
        ledger_remove(&record->ledger, job->entry->session_id);
}

static int settle_check(const struct ledger_node *node, enum ledger_state state, const struct dose_amounts *delivered)
{
    if (!node)
        return -ENOENT;
    if (state == LEDGER_OPEN)
        return -EINVAL;
    if (!delivered && (state == LEDGER_SETTLED || state == LEDGER_REVIEWED))
        return -EINVAL;
    if (delivered && !amounts_in_range(delivered))
        return -EINVAL;
    if (node->state == LEDGER_OPEN || (node->state == LEDGER_UNBOUNDED && state == LEDGER_REVIEWED))
        return 0;
    return -EALREADY;
}

int record_settle(struct record *record, const char *session_id, enum ledger_state state,
                  const struct dose_amounts *delivered, record_done *done, void *userdata)
{
    struct ledger_node *node = ledger_find(&record->ledger, session_id);
    struct ledger_entry settled = {.state = state}; /* what the row and the chain are told */
    struct job *job;
    int64_t wall_ms, boot_ns;
    int rc = settle_check(node, state, delivered);

    if (rc < 0)
        return rc;
    snprintf(settled.session_id, sizeof(settled.session_id), "%s", session_id);
    snprintf(settled.patient_ref, sizeof(settled.patient_ref), "%s", node->patient_ref);
    if (delivered)
        settled.delivered = *delivered;
    else if (state == LEDGER_CRASHED)
        settled.delivered = node->worst;
    job = ledger_job(record, JOB_SETTLE, &settled, done, userdata);
    if (!job)
        return -ENOMEM;
    wall_ms = job->wall_ms;
    boot_ns = job->boot_ns;
    rc = queue_push(record, job);
    if (rc < 0)
        return rc;
    node->state = state;
    node->delivered = settled.delivered;
    ledger_count(state, &node->worst, &settled.delivered, &node->counted);
    node->ended_wall_ms = wall_ms;
    node->this_boot = true;
    node->ended_boot_ns = boot_ns;
    return 0;
}

int record_unbounded(struct record *record, const char *session_id, struct dose_amounts *worst,
                     struct dose_amounts *seen)
{
    const struct ledger_node *node = ledger_find(&record->ledger, session_id);

    if (!node)
        return -ENOENT;
    if (node->state != LEDGER_UNBOUNDED)
        return -EALREADY;
    *worst = node->worst;
    *seen = node->delivered;
    return 0;
}
