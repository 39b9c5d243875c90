/* SPDX-License-Identifier: Apache-2.0 */
/* What a job owns, and which jobs are kept while nothing can be written. */
#include "record/job.h"

#include <stdlib.h>

bool job_kept(const struct job *job)
{
    switch (job->kind) {
    case JOB_RESERVE: /* nobody may start on it: it must not appear later */
    case JOB_APPEND:  /* a person waits, is told, and writes it again */
    case JOB_ACCEPT:
        return false;
    case JOB_AUDIT:
    case JOB_HEAD:
    case JOB_SETTLE:
    case JOB_FINISH:
    case JOB_REQUEST:
    case JOB_REQUEST_DROP:
        return true;
    }
    return true;
}

static void job_free_audit(struct job_audit *audit)
{
    free(audit->operator_id);
    free(audit->operator_name);
    free(audit->event);
    free(audit->session_id);
    free(audit->detail);
}

static void job_free_finish(struct job_finish *finish)
{
    free(finish->session_id);
    free(finish->patient_ref);
    free(finish->site);
    free(finish->side);
    free(finish->course_id);
    free(finish->operator_id);
    free(finish->end_reason);
    free(finish->document);
}

static void job_free_append(struct job_append *append)
{
    free(append->append_id);
    free(append->session_id);
    free(append->kind);
    free(append->operator_id);
    free(append->operator_name);
    free(append->body);
}

static void job_free_request(struct job_request *request)
{
    free(request->request_id);
    free(request->digest);
    free(request->result);
}

void job_free(struct job *job)
{
    if (!job)
        return;
    switch (job->kind) {
    case JOB_AUDIT:
    case JOB_ACCEPT:
        job_free_audit(&job->audit);
        break;
    case JOB_RESERVE:
    case JOB_SETTLE:
        free(job->entry);
        break;
    case JOB_FINISH:
        job_free_finish(&job->finish);
        break;
    case JOB_APPEND:
        job_free_append(&job->append);
        break;
    case JOB_REQUEST:
    case JOB_REQUEST_DROP:
        job_free_request(&job->request);
        break;
    case JOB_HEAD:
        break;
    }
    free(job);
}
