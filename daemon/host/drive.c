/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps away from rest: settings, start, levels, feeding the device's watchdog. One call each; none that may have been
 * heard is ever repeated. A write whose outcome is not known ends everything on its unit, because nobody knows what the
 * device holds now.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "host/line.h"

/*
 * How long a device that does not say it may take from accepting a start to running (high voltage on), before it counts
 * as not running. Nothing of it is dose: the level is at rest until running shows.
 */
#define DRIVE_CONFIRM_NS (3 * NS_PER_S)
/* A feed later than this share of the watchdog may find it tripped already, and some devices resume when fed late. */
#define DRIVE_FEED_LATE_PERCENT 80

/* Between two tries of a step that the device does not take yet: no busy line, and far below any bound. */
#define DRIVE_AGAIN_NS (10 * NS_PER_MS)

/* One step as its failure is judged. */
struct attempt {
    const char *what;
    int64_t began_ns;
    struct step_wait *wait;
    bool toward_rest; /* somebody wants less: it is not waited for what more could wait for */
};

/*
 * The device takes nothing just now, and nothing was sent. A step away from rest waits for as long as a set point may
 * take to be in force, and the slice of a call; one toward rest for the slice alone. True = it goes on.
 */
static bool write_waits(const struct unit *u, const struct attempt *a, int64_t now_ns)
{
    int64_t bound_ms = (int64_t)u->device->slice_ms + (a->toward_rest ? 0 : u->device->settle_ms);
    a->wait->again_ns = now_ns + DRIVE_AGAIN_NS;
    if (a->wait->since_ns == 0) {
        a->wait->since_ns = a->began_ns;
        return true;
    }
    return now_ns - a->wait->since_ns < bound_ms * NS_PER_MS;
}

/* A unit that refuses knows why: its state is asked for in the next step, and names what ends its arms. */
static void write_refused(struct unit *u, const char *detail)
{
    u->refused = true;
    snprintf(u->refusal, sizeof(u->refusal), "%s", detail);
}

void drive_refusal_end(struct line *l, struct unit *u)
{
    if (!u->refused)
        return;
    u->refused = false;
    arm_stop_unit(l, u, LINK_REASON_DEVICE_FAULT, u->refusal);
}

/*
 * Nothing was sent (-EINVAL, -EAGAIN) or the device refused and did nothing (-EACCES): the unit's arms end, unless it
 * may be tried again. Any other error: the outcome is unknown as well, and the unit is quarantined once rest is proved.
 */
static void write_failed(struct line *l, struct unit *u, int error, const struct attempt *a)
{
    char detail[LINK_TEXT_MAX];
    enum link_reason reason = error == -EINVAL                       ? LINK_REASON_OUTSIDE_ENVELOPE
                              : error == -EACCES || error == -EAGAIN ? LINK_REASON_DEVICE_FAULT
                                                                     : LINK_REASON_LINK_LOST;
    bool unknown = error != -EINVAL && error != -EACCES && error != -EAGAIN;
    if (error == -EAGAIN && write_waits(u, a, clock_monotonic_ns()))
        return;
    if (error == -EAGAIN)
        snprintf(detail, sizeof(detail), "%s of unit %s: not taken in %" PRId64 " ms, nothing was sent", a->what,
                 u->device->id, (clock_monotonic_ns() - a->wait->since_ns) / NS_PER_MS);
    else
        snprintf(detail, sizeof(detail), "%s of unit %s: %s", a->what, u->device->id, call_error(error));
    if (error == -EACCES && !a->toward_rest) {
        write_refused(u, detail);
        return;
    }
    u->unsure = u->unsure || unknown;
    arm_stop_unit(l, u, reason, detail);
    if (unknown)
        presence_failed(l, u, error, a->what, a->began_ns);
}

static void level_in_force(struct unit *u, uint32_t channel, int64_t value, int64_t now_ns)
{
    struct unit_level *level = &u->levels[channel];
    if (level->now != value)
        level->since_ns = now_ns;
    if (value == u->device->channels[channel].rest_value)
        level->away_ns = 0;
    else if (level->away_ns == 0)
        level->away_ns = now_ns;
    level->now = value;
    if (value < level->min)
        level->min = value;
    if (value > level->max)
        level->max = value;
}

/* While a level is on its way, both what was and what will be count for the judgement of a sample. */
static void level_on_its_way(struct unit *u, uint32_t channel, int64_t value)
{
    struct unit_level *level = &u->levels[channel];
    if (value < level->min)
        level->min = value;
    if (value > level->max)
        level->max = value;
}

void drive_level(struct line *l, const struct job *job)
{
    struct unit *u = job->unit;
    struct arm *arm = job->arm;
    struct arm_level *level = &arm->levels[job->item];
    const struct envelope_channel *e = &arm->envelope.channels[job->item];
    char reason[LINK_TEXT_MAX];
    struct modality_setting setting = {e->channel, (enum modality_quantity)e->level_quantity, level->wanted};
    if (level->wanted != e->rest_value &&
        gate_value(u, arm, e->channel, setting.quantity, setting.value, reason, sizeof(reason)) < 0) {
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "%s", reason);
        return;
    }
    struct unit_level before = u->levels[e->channel];
    level_on_its_way(u, e->channel, setting.value);
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, "apply");
    int r = l->plugin->apply(l->link, u->index, &setting, deadline);
    int64_t now = call_end(l);
    if (r < 0) {
        if (r == -EAGAIN || r == -EACCES) /* it is not on its way */
            u->levels[e->channel] = before;
        write_failed(l, u, r, &(struct attempt){"set point", began, &level->wait, level->lowering});
        return;
    }
    u->failures = 0;
    level_in_force(u, e->channel, setting.value, now);
    level->lowering = false;
    level->due_ns = 0;
    level->wait = (struct step_wait){0};
}

void drive_setting(struct line *l, const struct job *job)
{
    struct unit *u = job->unit;
    struct arm *arm = job->arm;
    struct arm_setting *s = &arm->settings[job->item];
    struct modality_setting setting = {s->channel, s->quantity, s->value};
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, "apply");
    int r = l->plugin->apply(l->link, u->index, &setting, deadline);
    int64_t now = call_end(l);
    if (r < 0) {
        const char *id = modality_quantity_info(s->quantity)->id;
        write_failed(l, u, r, &(struct attempt){id, began, &s->wait, s->safer});
        return;
    }
    u->failures = 0;
    s->wait = (struct step_wait){0};
    s->in_force = setting.value;
    s->written = true;
    s->due = s->safer = false;
    if (s->quantity == u->device->channels[s->channel].level)
        level_in_force(u, s->channel, setting.value, now);
}

void drive_started(struct line *l, struct unit *u, struct arm *arm, int64_t now_ns)
{
    int64_t end_boot_ns = now_ns + (clock_boot_ns() - clock_monotonic_ns()) + arm->envelope.total_ms * NS_PER_MS;
    if (end_boot_ns < arm->end_boot_ns) /* what the device waited before it began was granted on top */
        arm->end_boot_ns = end_boot_ns;
    arm->phase = ARM_RUNNING;
    for (size_t i = 0; i < arm->envelope.n_channels; i++) {
        int64_t target = arm->levels[i].walk.target;
        walk_begin(&arm->levels[i].walk, now_ns);
        walk_target(&arm->levels[i].walk, target);
        u->levels[arm->envelope.channels[i].channel].since_ns = now_ns;
    }
    arm_say(l, arm, LINK_SESSION_STARTED, EVIDENCE_NONE, now_ns);
}

/* Until when running must show: the device's own delay, and one look at it after that. */
static int64_t confirm_by_ns(const struct line *l, const struct modality_device *d, int64_t now_ns)
{
    if (d->start_ms == 0)
        return now_ns + DRIVE_CONFIRM_NS;
    return now_ns + ((int64_t)d->start_ms + d->slice_ms + l->telemetry_ms) * NS_PER_MS;
}

void drive_start(struct line *l, const struct job *job)
{
    struct unit *u = job->unit;
    struct arm *arm = job->arm;
    u->hot = true;
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, "start");
    int r = l->plugin->start(l->link, u->index, arm->group, deadline);
    int64_t now = call_end(l);
    if (r < 0 && r != -EINPROGRESS) {
        write_failed(l, u, r, &(struct attempt){"start", began, &arm->wait, false});
        return;
    }
    u->failures = 0;
    if (u->fed_ns == 0 && l->plugin->keepalive && u->device->watchdog_ms > 0) {
        u->fed_ns = began; /* the device's watchdog cannot have begun to run earlier */
        u->feed_due_ns = now;
    }
    if (r == 0) {
        drive_started(l, u, arm, now);
        return;
    }
    arm->phase = ARM_CONFIRMING;
    arm->confirm_by_ns = confirm_by_ns(l, u->device, now);
}

static int64_t feed_late_ns(const struct unit *u)
{
    return u->fed_ns + (int64_t)u->device->watchdog_ms * NS_PER_MS / 100 * DRIVE_FEED_LATE_PERCENT;
}

bool drive_feed_late(const struct unit *u, int64_t now_ns)
{
    return u->fed_ns != 0 && now_ns >= feed_late_ns(u);
}

/* That it is not too late for it was asked by presence_tick in the same turn. */
void drive_feed(struct line *l, const struct job *job)
{
    struct unit *u = job->unit;
    int64_t began = clock_monotonic_ns(), late = feed_late_ns(u);
    int64_t deadline = call_begin(l, u->device->slice_ms, "keepalive");
    int r = l->plugin->keepalive(l->link, u->index, deadline < late ? deadline : late);
    int64_t now = call_end(l);
    if (r < 0) {
        write_failed(l, u, r, &(struct attempt){"watchdog feed", began, &u->feed_wait, false});
        return;
    }
    u->failures = 0;
    u->feed_wait = (struct step_wait){0};
    if (now >= late) {
        arm_stop_unit(l, u, LINK_REASON_WATCHDOG, "the device's watchdog was fed too late");
        return;
    }
    u->feed_due_ns = began + (int64_t)u->device->watchdog_ms * NS_PER_MS / 3;
    u->fed_ns = began;
}
