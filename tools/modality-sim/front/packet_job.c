/* SPDX-License-Identifier: Apache-2.0 */
/* A job keeps what has to wait and dies with its work. */
#include "front/packet_job.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

enum job_stage { JOB_AFTER_CLOSE, JOB_ACT, JOB_SEND };

struct packet_job {
    struct packet_job *next;
    struct packet_jobs *jobs;
    struct plan plan;
    enum job_stage stage;
    bool lost; /* who asked is gone */
    size_t length, sent;
    struct loop_timer timer;
    uint8_t packet[PACKET_SIZE_MAX];
    uint8_t answer[PACKET_ANSWER_MAX];
};

static void job_free(struct packet_job *job)
{
    struct packet_job **at = &job->jobs->first;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->jobs->count--;
    loop_timer_cancel(job->jobs->loop, &job->timer);
    free(job);
}

void packet_jobs_free(struct packet_jobs *jobs)
{
    while (jobs->first)
        job_free(jobs->first);
}

/* How long the device is busy with it. */
static int64_t job_act(struct packet_job *job)
{
    const struct packet_user *user = &job->jobs->user;
    job->jobs->busy_ns = 0;
    job->length = user->act(user->ctx, job->packet, &job->plan, job->answer);
    if (!job->plan.reply)
        job->length = 0;
    job->stage = JOB_SEND;
    return job->jobs->busy_ns;
}

/* Its time has come: what is left of the answer goes out, or its next byte. */
static void job_due(void *ctx, int64_t now_ns)
{
    struct packet_job *job = ctx;
    const struct packet_user user = job->jobs->user;
    int64_t busy_ns = job->stage != JOB_SEND ? job_act(job) : 0;
    if (busy_ns > 0) {
        loop_timer_arm(job->jobs->loop, &job->timer, now_ns + busy_ns);
        return;
    }
    size_t part = job->length - job->sent;
    if (job->plan.drip_ms > 0 && part > 1)
        part = 1;
    if (!job->lost && part > 0)
        user.send(user.ctx, job->answer + job->sent, part);
    job->sent += part;
    if (!job->lost && job->sent < job->length) {
        loop_timer_arm(job->jobs->loop, &job->timer, now_ns + job->plan.drip_ms * NS_PER_MS);
        return;
    }
    bool cut = job->plan.close && !job->lost;
    job_free(job);
    if (cut)
        user.cut(user.ctx);
}

void packet_job_begin(struct packet_jobs *jobs, const void *packet, size_t size, const struct plan *plan)
{
    struct packet_job *job = jobs->count < PACKET_JOBS_MAX && size <= PACKET_SIZE_MAX ? calloc(1, sizeof *job) : NULL;
    if (!job)
        return; /* as a device with full buffers */
    job->jobs = jobs;
    job->plan = *plan;
    job->timer = (struct loop_timer){.fn = job_due, .ctx = job};
    memcpy(job->packet, packet, size);
    job->next = jobs->first;
    jobs->first = job;
    jobs->count++;
    int64_t now_ns = clock_monotonic_ns();
    job->stage = plan->act == ACT_AFTER_CLOSE ? JOB_AFTER_CLOSE : JOB_ACT;
    if (job->stage == JOB_AFTER_CLOSE)
        return;
    int64_t busy_ns = plan->act != ACT_DELAYED ? job_act(job) : 0;
    if (plan->delay_ms > 0 || busy_ns > 0)
        loop_timer_arm(jobs->loop, &job->timer, now_ns + plan->delay_ms * NS_PER_MS + busy_ns);
    else
        job_due(job, now_ns);
}

void packet_jobs_closed(struct packet_jobs *jobs)
{
    for (struct packet_job *job = jobs->first; job; job = job->next) {
        job->lost = true;
        if (job->stage == JOB_AFTER_CLOSE)
            loop_timer_arm(jobs->loop, &job->timer, clock_monotonic_ns() + job->plan.after_close_ms * NS_PER_MS);
    }
}
