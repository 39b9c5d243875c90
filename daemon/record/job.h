/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One piece of work for the writer: everything it needs, serialised on the loop's thread, owned by the job. Kept jobs
 * (the daemon's own facts: audit, settlements, records, results) stay in the queue in their order until they are
 * durable; the others (a reservation, a person's addition) are told -EIO at once when nothing can be written, and are
 * never written later.
 */
#ifndef RECORD_JOB_H
#define RECORD_JOB_H

#include "record/record.h"

enum job_kind {
    JOB_AUDIT,
    JOB_HEAD,
    JOB_RESERVE,
    JOB_SETTLE,
    JOB_FINISH,
    JOB_APPEND,
    JOB_REQUEST,
    JOB_REQUEST_DROP,
    JOB_ACCEPT,
};

struct job_audit {
    int64_t uid;
    char *operator_id, *operator_name, *event, *session_id, *detail;
};
struct job_finish {
    char *session_id, *patient_ref, *site, *side, *course_id, *operator_id, *end_reason, *document;
    int64_t ended_wall_ms;
    bool simulated;
};
struct job_append {
    int64_t uid;
    char *append_id, *session_id, *kind, *operator_id, *operator_name, *body;
};
struct job_request {
    int64_t uid, wall_ms, boot_ns; /* of the first sight: the row's age counts from it */
    char *request_id, *digest, *result;
};

struct job {
    struct job *next;
    enum job_kind kind;
    int64_t queued_ns; /* CLOCK_MONOTONIC */
    size_t bytes;
    int64_t wall_ms, boot_ns; /* read when the job was made */
    record_done *done;
    void *userdata;
    int error;
    union {
        struct job_audit audit;     /* JOB_AUDIT, JOB_ACCEPT */
        struct ledger_entry *entry; /* JOB_RESERVE, JOB_SETTLE */
        struct job_finish finish;
        struct job_append append;
        struct job_request request; /* JOB_REQUEST, JOB_REQUEST_DROP */
    };
};

/* Whether the job outlives a failing disk in the queue. */
bool job_kept(const struct job *job);
void job_free(struct job *job);

#endif
