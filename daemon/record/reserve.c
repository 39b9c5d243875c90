/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserving and settling doses. Memory changes at the call, so that the next check sees it; the disk follows. A crash
 * in between is on the safe side: an unwritten settlement is found open and counted as worst.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"

static bool amounts_in_range(const struct dose_amounts *a)
{
    const int64_t all[] = {a->duration_ms, a->energy_uj, a->charge_uc, a->ion_dose_ua_min, a->contractions};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i] < 0 || all[i] > RECORD_AMOUNT_MAX)
            return false;
    }
    return true;
}

static bool amounts_cover(const struct dose_amounts *worst, const struct dose_amounts *planned)
{
    return worst->duration_ms >= planned->duration_ms && worst->energy_uj >= planned->energy_uj &&
           worst->charge_uc >= planned->charge_uc && worst->ion_dose_ua_min >= planned->ion_dose_ua_min &&
           worst->contractions >= planned->contractions;
}

/* The chain holds JSON: a name that is not UTF-8 could not be written there. */
static bool reserve_text_valid(const struct ledger_entry *entry)
{
    json_t *document = ledger_reserved_document(entry);
    bool valid = document != NULL;

    json_decref(document);
    return valid;
}

static int reserve_check(struct record *record, const struct ledger_entry *entry)
{
    const struct ledger_entry *blocking;

    if (entry->session_id[0] == '\0' || entry->patient_ref[0] == '\0' || entry->modality == 0 ||
        !amounts_in_range(&entry->planned) || !amounts_in_range(&entry->worst) ||
        !amounts_cover(&entry->worst, &entry->planned) || !reserve_text_valid(entry))
        return -EINVAL;
    if (ledger_find(&record->ledger, entry->session_id))
        return -EEXIST;
    for (size_t i = 0; i < record->ledger.n; i++) {
        blocking = &record->ledger.nodes[i]->entry;
        if (blocking->state == LEDGER_UNBOUNDED && strcmp(blocking->patient_ref, entry->patient_ref) == 0 &&
            strcmp(blocking->site, entry->site) == 0 && ledger_side_meets(blocking->side, entry->side))
            return -EBUSY;
    }
    return 0;
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
    if (node->entry.state == LEDGER_OPEN || (node->entry.state == LEDGER_UNBOUNDED && state == LEDGER_REVIEWED))
        return 0;
    return -EALREADY;
}

int record_settle(struct record *record, const char *session_id, enum ledger_state state,
                  const struct dose_amounts *delivered, record_done *done, void *userdata)
{
    struct ledger_node *node = ledger_find(&record->ledger, session_id);
    struct ledger_entry settled;
    struct job *job;
    int64_t wall_ms, boot_ns;
    int rc = settle_check(node, state, delivered);

    if (rc < 0)
        return rc;
    settled = node->entry;
    settled.state = state;
    settled.delivered = delivered ? *delivered : settled.worst;
    job = ledger_job(record, JOB_SETTLE, &settled, done, userdata);
    if (!job)
        return -ENOMEM;
    wall_ms = job->wall_ms;
    boot_ns = job->boot_ns;
    settled.ended_wall_ms = wall_ms;
    rc = queue_push(record, job);
    if (rc < 0)
        return rc;
    node->entry = settled;
    node->this_boot = true;
    node->ended_boot_ns = boot_ns;
    return 0;
}
