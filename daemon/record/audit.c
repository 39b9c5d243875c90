/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit entries on their way into the chain. Serialised here, numbered and hashed by the writer. An entry that found
 * the queue full is counted, and the chain says how many are missing as soon as there is room.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/internal.h"

static int audit_copy(char **to, const char *from, size_t *bytes)
{
    if (!from)
        return 0;
    *to = strdup(from);
    *bytes += strlen(from);
    return *to ? 0 : -ENOMEM;
}

/* detail is compact JSON, given away. */
static struct job *audit_job(struct record *record, enum job_kind kind, const char *event,
                             const struct audit_actor *actor, const char *session_id, char *detail)
{
    struct job *job = record_job(record, kind, NULL, NULL);

    if (!job) {
        free(detail);
        return NULL;
    }
    job->audit.uid = actor ? (int64_t)actor->uid : (int64_t)getuid();
    job->audit.detail = detail;
    job->bytes += strlen(detail);
    if (audit_copy(&job->audit.event, event, &job->bytes) < 0 ||
        audit_copy(&job->audit.session_id, session_id, &job->bytes) < 0 ||
        audit_copy(&job->audit.operator_id, actor ? actor->operator_id : NULL, &job->bytes) < 0 ||
        audit_copy(&job->audit.operator_name, actor ? actor->operator_name : NULL, &job->bytes) < 0) {
        job_free(job);
        return NULL;
    }
    return job;
}

static char *audit_detail(json_t *detail)
{
    char *text = detail ? json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : strdup("{}");

    json_decref(detail);
    return text;
}

/* The chain must show that entries are missing before it goes on. */
static int audit_tell_refused(struct record *record)
{
    char *detail;
    struct job *job;
    int rc;

    if (record->refused == 0)
        return 0;
    detail = audit_detail(json_pack("{s:I, s:I, s:I}", "count", (json_int_t)record->refused, "from_ms",
                                    (json_int_t)record->refused_from_ms, "to_ms", (json_int_t)record->refused_to_ms));
    job = detail ? audit_job(record, JOB_AUDIT, "audit.lost", NULL, NULL, detail) : NULL;
    rc = job ? queue_push(record, job) : -ENOMEM;
    if (rc == 0)
        record->refused = 0;
    return rc;
}

static void audit_refused(struct record *record)
{
    int64_t now_ms = record->clock.wall_ms(record->clock.userdata);

    if (record->refused++ == 0)
        record->refused_from_ms = now_ms;
    record->refused_to_ms = now_ms;
}

int record_audit(struct record *record, const char *event, const struct audit_actor *actor, const char *session_id,
                 json_t *detail)
{
    char *text = audit_detail(detail);
    struct job *job;
    int rc;

    if (!text)
        return -ENOMEM;
    if (strlen(text) > RECORD_DETAIL_MAX || !json_text_shallow(text)) {
        free(text);
        audit_refused(record);
        return -E2BIG;
    }
    job = audit_job(record, JOB_AUDIT, event, actor, session_id, text);
    if (!job)
        return -ENOMEM;
    rc = audit_tell_refused(record);
    if (rc == 0)
        rc = queue_push(record, job);
    else
        job_free(job);
    if (rc < 0)
        audit_refused(record);
    return rc;
}

int record_audit_head(struct record *record)
{
    struct job *job = record_job(record, JOB_HEAD, NULL, NULL);

    return job ? queue_push(record, job) : -ENOMEM;
}

bool record_audit_broken(const struct record *record)
{
    return atomic_load(&record->audit_broken);
}

int record_audit_accept(struct record *record, const struct audit_actor *actor, const char *statement,
                        record_done *done, void *userdata)
{
    char why[RECORD_WHY_MAX], *detail;
    struct job *job;

    if (!atomic_load(&record->audit_broken))
        return -EINVAL;
    pthread_mutex_lock(&record->queue.lock);
    memcpy(why, record->audit_why, sizeof(why));
    pthread_mutex_unlock(&record->queue.lock);
    detail = audit_detail(json_pack("{s:s, s:s}", "why", why, "statement", statement));
    job = detail ? audit_job(record, JOB_ACCEPT, "audit.accepted", actor, NULL, detail) : NULL;
    if (!job)
        return -ENOMEM;
    job->done = done;
    job->userdata = userdata;
    return queue_push(record, job);
}
