/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which step comes next: a function of the line's state and the time, nothing is queued. Rest goes before everything,
 * in rounds over all units; changes toward rest come next; feed, set point and telemetry share the rest of the line by
 * earliest deadline.
 */
#include "host/line.h"

struct pick {
    int64_t now_ns, wake_ns;
    bool found;
    struct job best;
};

static void offer(struct pick *p, const struct job *job)
{
    if (job->release_ns > p->now_ns) {
        if (job->release_ns < p->wake_ns)
            p->wake_ns = job->release_ns;
        return;
    }
    if (p->found && (job->rank > p->best.rank || (job->rank == p->best.rank && job->key >= p->best.key)))
        return;
    p->best = *job;
    p->found = true;
}

static void wake_at(struct pick *p, int64_t at_ns)
{
    if (at_ns < p->wake_ns)
        p->wake_ns = at_ns;
}

/* Units that do not answer wait for their tenth of a shared line; a rest that was just asked for does not. */
static int64_t not_before(const struct line *l, const struct unit *u, int64_t at_ns)
{
    bool silent = l->n_units > 1 && !u->identified && u->failures > 0 && !(u->rest.active && u->rest.round == 0);
    return silent && l->silent_until_ns > at_ns ? l->silent_until_ns : at_ns;
}

/* Place in the order of rests: round, then all writes before all read-backs, those that answer first, then the hot. */
static int64_t rest_key(const struct unit *u, bool read)
{
    int64_t place = (int64_t)u->rest.round * 2 + (read ? 1 : 0);
    return (place * 2 + (u->failures > 0 ? 1 : 0)) * 2 + (u->hot ? 0 : 1);
}

static void offer_rest(struct pick *p, const struct line *l, struct unit *u)
{
    const struct rest *r = &u->rest;
    struct job job = {.rank = RANK_REST, .unit = u};
    bool write = r->write_groups != 0 || r->write_whole;
    job.release_ns = r->next_ns;
    if (!u->identified && (u->foreign || !u->hot)) { /* nothing is written to a device that is not known to be ours */
        job.kind = JOB_IDENTIFY;
        job.key = rest_key(u, true);
        if (u->retry_ns > job.release_ns)
            job.release_ns = u->retry_ns;
        if (!u->hot) { /* an absent device has no claim on the line */
            job.rank = RANK_DEADLINE;
            job.key = job.release_ns + (int64_t)l->telemetry_ms * NS_PER_MS;
        }
    } else {
        job.kind = write ? JOB_REST_WRITE : u->identified ? JOB_READBACK : JOB_IDENTIFY;
        job.key = rest_key(u, !write);
    }
    job.release_ns = not_before(l, u, job.release_ns);
    offer(p, &job);
}

static void offer_arm(struct pick *p, const struct line *l, struct arm *arm)
{
    struct unit *u = (struct unit *)&l->units[arm->ref.unit];
    int64_t telemetry = (int64_t)l->telemetry_ms * NS_PER_MS;
    int64_t boot_to_monotonic = p->now_ns - clock_boot_ns();
    wake_at(p, arm->permit_boot_ns + boot_to_monotonic);
    wake_at(p, arm->end_boot_ns + boot_to_monotonic);
    if (arm->phase == ARM_CONFIRMING)
        wake_at(p, arm->confirm_by_ns);
    if (u->refused) /* nothing more until it has said why */
        return;
    bool all_written = true;
    for (size_t i = 0; i < arm->n_settings; i++) {
        const struct arm_setting *s = &arm->settings[i];
        if (!s->due)
            continue;
        enum job_rank rank = s->safer ? RANK_LOWER : RANK_DEADLINE;
        offer(p, &(struct job){JOB_SETTING, rank, s->due_ns + telemetry, s->wait.again_ns, u, arm, i});
        all_written = false;
        if (arm->phase == ARM_SETTING)
            break; /* before the start they go in order */
    }
    if (arm->phase == ARM_SETTING && all_written)
        offer(p, &(struct job){JOB_START, RANK_DEADLINE, arm->accepted_ns + telemetry, arm->wait.again_ns, u, arm, 0});
    if (u->feed_due_ns != 0 && !u->unproved) { /* from the accepted start on, running or not yet */
        int64_t third = (int64_t)u->device->watchdog_ms * NS_PER_MS / 3;
        int64_t release = u->feed_wait.again_ns > u->feed_due_ns ? u->feed_wait.again_ns : u->feed_due_ns;
        offer(p, &(struct job){JOB_FEED, RANK_DEADLINE, u->feed_due_ns + third / 2, release, u, arm, 0});
    }
    if (arm->phase != ARM_RUNNING)
        return;
    for (size_t i = 0; i < arm->envelope.n_channels; i++) {
        const struct arm_level *level = &arm->levels[i];
        enum job_rank rank = level->lowering ? RANK_LOWER : RANK_DEADLINE;
        if (level->due_ns != 0)
            offer(p, &(struct job){JOB_LEVEL, rank, level->due_ns + telemetry, level->wait.again_ns, u, arm, i});
        if (level->wait.since_ns == 0) /* else the next try is the next turn */
            wake_at(p, arm_level_next_ns(arm, i, &u->levels[arm->envelope.channels[i].channel], p->now_ns));
    }
}

static void offer_unit(struct pick *p, const struct line *l, struct unit *u)
{
    if (u->rest.active) {
        offer_rest(p, l, u);
        if (u->identified && !u->unproved)
            wake_at(p, u->rest.give_up_ns);
        return;
    }
    if (u->quarantine_until_ns != 0) {
        wake_at(p, u->quarantine_until_ns < u->poll_ns ? u->quarantine_until_ns : u->poll_ns);
        return;
    }
    struct job job = {.kind = JOB_POLL, .rank = RANK_DEADLINE, .unit = u};
    job.release_ns = not_before(l, u, u->poll_ns);
    job.key = u->poll_ns + (int64_t)l->telemetry_ms * NS_PER_MS;
    if (u->refused) {
        job.rank = RANK_LOWER;
        job.release_ns = 0;
    }
    if (u->trial.active) {
        job.kind = JOB_TRIAL;
        job.release_ns = u->trial.due_ns;
    }
    offer(p, &job);
}

static void offer_link(struct pick *p, const struct line *l, enum job_kind kind)
{
    offer(p, &(struct job){.kind = kind, .rank = RANK_LINK, .release_ns = l->open_retry_ns});
}

bool schedule_pick(struct line *l, int64_t now_ns, struct job *out, int64_t *wake_ns)
{
    /* The wait is never longer than a poll, so that a clock that ran on in suspend is looked at soon after it. */
    struct pick p = {.now_ns = now_ns, .wake_ns = now_ns + (int64_t)l->telemetry_ms * NS_PER_MS};
    for (size_t i = 0; i < LINE_ARMS; i++)
        if (l->arms[i].phase == ARM_STOPPING && !l->arms[i].said_unproved)
            wake_at(&p, l->arms[i].stop_by_ns);
    if (!l->link || l->doubt) {
        offer_link(&p, l, l->link ? JOB_REOPEN : JOB_OPEN);
    } else {
        for (size_t i = 0; i < l->n_units; i++)
            offer_unit(&p, l, &l->units[i]);
        for (size_t i = 0; i < LINE_ARMS; i++)
            if (l->arms[i].phase != ARM_NONE && l->arms[i].phase != ARM_STOPPING)
                offer_arm(&p, l, &l->arms[i]);
    }
    *out = p.best;
    *wake_ns = p.wake_ns;
    return p.found;
}
