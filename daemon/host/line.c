/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device thread's loop: mail, clocks, one step, again. It waits only when no step may be taken, and every wait is
 * bounded by the next thing that is due.
 */
#include "host/line.h"

#include <poll.h>
#include <unistd.h>

void line_init(struct line *l, bool begin_hot, bool owed)
{
    int64_t now = clock_monotonic_ns();
    for (uint32_t i = 0; i < l->n_units; i++) {
        struct unit *u = &l->units[i];
        u->index = i;
        u->device = &l->devices[i];
        u->hot = u->unsure = begin_hot;
        for (size_t c = 0; c < u->device->n_channels; c++) {
            int64_t rest = u->device->channels[c].rest_value;
            u->levels[c] = (struct unit_level){.now = rest, .min = rest, .max = rest, .since_ns = now};
        }
        if (owed)
            rest_newcomer(u, now);
        presence_note(u, begin_hot ? "made safe before it is asked who it is" : "not asked yet");
        rest_begin(l, u, true, 0, now);
    }
}

void line_resume_arm(struct line *l, const struct link_session_ref *ref, uint32_t group)
{
    if (ref->unit >= l->n_units || group >= l->units[ref->unit].device->n_groups)
        return;
    int slot = mail_resume(l->mail, ref, group);
    if (slot < 0)
        return;
    struct unit *u = &l->units[ref->unit];
    int64_t now = clock_monotonic_ns();
    struct arm *arm = &l->arms[slot];
    arm->phase = ARM_STOPPING;
    arm->ref = *ref;
    arm->group = group;
    arm->channels = u->device->groups[group].channels;
    arm->reason = LINK_REASON_PLUGIN_HUNG;
    arm->stop_by_ns = now + (int64_t)l->dead_man_ms * NS_PER_MS;
    u->hot = u->unsure = true;
    rest_newcomer(u, now);
    rest_begin(l, u, true, UINT32_C(1) << group, now);
}

/*
 * Leaving: every output that this host may have left is proved at rest, through its quarantine if it has one, and
 * whoever answers was made safe.
 */
static bool line_rested(const struct line *l)
{
    for (size_t i = 0; i < l->n_units; i++) {
        const struct unit *u = &l->units[i];
        if (u->hot || unit_has_arm(l, u) || u->quarantine_until_ns != 0 || (u->identified && !u->left))
            return false;
    }
    return true;
}

/*
 * Leaving, and a unit that may have output does not answer: after this long, and twice its watchdog, one that stops by
 * itself is taken to have stopped, and the next host will ask it. One that does not stop by itself is tried for ever.
 */
#define LINE_LAST_EFFORT_NS (10 * NS_PER_S)

static bool line_abandoned(const struct line *l, int64_t now_ns)
{
    for (size_t i = 0; i < l->n_units; i++) {
        const struct unit *u = &l->units[i];
        int64_t watchdog = 2 * (int64_t)u->device->watchdog_ms * NS_PER_MS;
        bool stops = u->device->on_link_loss == LINK_LOSS_STOPS || watchdog > 0;
        int64_t effort = watchdog > LINE_LAST_EFFORT_NS ? watchdog : LINE_LAST_EFFORT_NS;
        if (u->identified || (u->hot && !stops) || now_ns - l->leave_ns < effort)
            return false;
    }
    return true;
}

static void job_run(struct line *l, const struct job *job)
{
    switch (job->kind) {
    case JOB_OPEN:
        presence_open(l);
        return;
    case JOB_REOPEN:
        presence_reopen(l);
        return;
    case JOB_REST_WRITE:
        rest_write(l, job->unit);
        return;
    case JOB_IDENTIFY:
        presence_identify(l, job->unit);
        return;
    case JOB_READBACK:
        rest_readback(l, job->unit);
        return;
    case JOB_LEVEL:
        drive_level(l, job);
        return;
    case JOB_SETTING:
        drive_setting(l, job);
        return;
    case JOB_START:
        drive_start(l, job);
        return;
    case JOB_FEED:
        drive_feed(l, job);
        return;
    case JOB_POLL:
        presence_poll(l, job->unit);
        return;
    case JOB_TRIAL:
        trial_step(l, job->unit);
        return;
    }
}

static void line_wait(struct line *l, int64_t until_ns)
{
    int64_t left = until_ns - clock_monotonic_ns();
    if (left <= 0)
        return;
    struct timespec timeout = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
    struct pollfd p = {.fd = l->mail->wake_fd, .events = POLLIN};
    guard_set(l->guard, until_ns + GUARD_IDLE_NS, "waiting");
    if (ppoll(&p, 1, &timeout, NULL) > 0) {
        uint64_t count = 0;
        ssize_t n = read(l->mail->wake_fd, &count, sizeof(count));
        (void)n; /* a wake that is already taken is no loss: the mail is looked at in any case */
    }
    guard_clear(l->guard);
}

void line_run(struct line *l)
{
    guard_clear(l->guard);
    for (;;) {
        orders_take(l);
        int64_t now = clock_monotonic_ns(), wake = now;
        arms_tick(l, now);
        presence_tick(l, now);
        if (l->leaving && (line_rested(l) || line_abandoned(l, now)))
            break;
        struct job job;
        if (schedule_pick(l, now, &job, &wake))
            job_run(l, &job);
        else
            line_wait(l, wake);
    }
    call_begin(l, l->slice_ms, "close");
    if (l->link)
        l->plugin->close(l->link);
    l->link = NULL;
    guard_set(l->guard, INT64_MAX, "done");
}
