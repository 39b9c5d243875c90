/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Life of an arm: accepted or refused, targeted, tightened, stopped, finished. An arm that was accepted always ends
 * with proved rest; whoever wants it to end calls arm_stop, and the first reason counts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/line.h"

/* The device's timer is set to the same treatment time: an output that ends by itself this near to the end time ended
 * on time. */
#define ARM_END_NEAR_NS NS_PER_S
/* Levels in fine steps are written no oftener than this: the line carries reads and feeds as well. */
#define ARM_LEVEL_GAP_NS (20 * NS_PER_MS)

static struct unit *unit_of(struct line *l, const struct arm *arm)
{
    return &l->units[arm->ref.unit];
}

static bool arm_live(const struct arm *arm)
{
    return arm->phase == ARM_SETTING || arm->phase == ARM_CONFIRMING || arm->phase == ARM_RUNNING;
}

bool unit_has_arm(const struct line *l, const struct unit *u)
{
    for (size_t i = 0; i < LINE_ARMS; i++)
        if (l->arms[i].phase != ARM_NONE && l->arms[i].ref.unit == u->index)
            return true;
    return false;
}

bool unit_has_live_arm(const struct line *l, const struct unit *u)
{
    for (size_t i = 0; i < LINE_ARMS; i++)
        if (arm_live(&l->arms[i]) && l->arms[i].ref.unit == u->index)
            return true;
    return false;
}

/* ---- what is said ---- */

static void session_make(struct link_session *m, const struct arm *arm, enum link_session_event event,
                         enum modality_evidence evidence, int64_t at_ns)
{
    *m = (struct link_session){
        .ref = arm->ref, .event = event, .reason = arm->reason, .evidence = evidence, .at_ns = at_ns};
    link_message_head(m, LINK_SESSION, sizeof(*m));
    memcpy(m->detail, arm->detail, sizeof(m->detail));
}

void arm_say(struct line *l, struct arm *arm, enum link_session_event event, enum modality_evidence evidence,
             int64_t at_ns)
{
    struct link_session m;
    session_make(&m, arm, event, evidence, at_ns);
    outbox_send(l->outbox, &m);
}

void arm_say_stopping(struct line *l, struct arm *arm)
{
    if (arm->phase != ARM_STOPPING || arm->said_stopping)
        return;
    arm->said_stopping = true;
    arm_say(l, arm, LINK_SESSION_STOPPING, EVIDENCE_NONE, clock_monotonic_ns());
}

void arm_finish(struct line *l, struct arm *arm, enum modality_evidence evidence, int64_t at_ns)
{
    struct link_session m;
    arm_say_stopping(l, arm);
    session_make(&m, arm, LINK_SESSION_RESTED, evidence, at_ns);
    arm->phase = ARM_NONE;
    mail_finish(l->mail, (size_t)(arm - l->arms), &m);
    outbox_send(l->outbox, &m);
}

/* ---- accepting ---- */

static void arm_refuse(struct line *l, struct arm *arm, size_t slot)
{
    struct link_session m;
    session_make(&m, arm, LINK_SESSION_REFUSED, EVIDENCE_NONE, clock_monotonic_ns());
    arm->phase = ARM_NONE;
    mail_finish(l->mail, slot, &m);
    outbox_send(l->outbox, &m);
}

void arm_accept(struct line *l, size_t slot, const struct link_arm *order, int64_t permit_boot_ns, int64_t now_ns)
{
    struct arm *arm = &l->arms[slot];
    memset(arm, 0, sizeof(*arm));
    arm->ref = order->ref;
    int r = gate_arm(l, order, arm, &arm->reason, arm->detail, sizeof(arm->detail));
    if (r < 0) {
        arm_refuse(l, arm, slot);
        return;
    }
    arm->reason = LINK_REASON_NONE;
    arm->phase = ARM_SETTING;
    arm->permit_boot_ns = permit_boot_ns;
    arm->end_boot_ns = order->end_boot_ns;
    arm->accepted_ns = now_ns;
    for (size_t i = 0; i < arm->n_settings; i++)
        arm->settings[i].due_ns = now_ns;
    for (size_t i = 0; i < arm->envelope.n_channels; i++)
        walk_target(&arm->levels[i].walk, gate_distance(&arm->envelope.channels[i], order->targets[i]));
    over_begin(unit_of(l, arm), arm->channels, now_ns);
}

/* ---- orders ---- */

static struct envelope_channel *envelope_of(struct arm *arm, uint32_t channel, size_t *index)
{
    for (size_t i = 0; i < arm->envelope.n_channels; i++)
        if (arm->envelope.channels[i].channel == channel) {
            *index = i;
            return &arm->envelope.channels[i];
        }
    return NULL;
}

static void level_target(struct arm *arm, size_t i, int64_t absolute)
{
    struct arm_level *level = &arm->levels[i];
    int64_t distance = gate_distance(&arm->envelope.channels[i], absolute);
    if (distance < level->walk.level) {
        level->lowering = true;
        level->wait = (struct step_wait){0}; /* what more has waited for is not what less waits for */
    }
    walk_target(&level->walk, distance);
}

static void setting_target(struct arm *arm, struct arm_setting *s, int64_t value, int64_t now_ns)
{
    enum modality_safer safer = modality_quantity_info(s->quantity)->safer;
    s->value = value;
    if (!s->due)
        s->due_ns = now_ns;
    s->due = !s->written || value != s->in_force;
    s->safer = s->due && arm->phase != ARM_SETTING &&
               ((safer == SAFER_DOWN && value < s->in_force) || (safer == SAFER_UP && value > s->in_force));
    if (s->safer || !s->due)
        s->wait = (struct step_wait){0};
}

static struct arm_setting *setting_of(struct arm *arm, uint32_t channel, uint32_t quantity)
{
    for (size_t i = 0; i < arm->n_settings; i++)
        if (arm->settings[i].channel == channel && (uint32_t)arm->settings[i].quantity == quantity)
            return &arm->settings[i];
    return NULL;
}

void arm_order_target(struct line *l, struct arm *arm, const struct link_target *target, int64_t now_ns)
{
    char reason[LINK_TEXT_MAX];
    size_t i = 0;
    if (!arm_live(arm))
        return;
    const struct envelope_channel *e = envelope_of(arm, target->channel, &i);
    enum modality_quantity q = (enum modality_quantity)target->quantity;
    if (!e) {
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "a target for channel %u, which is not armed", target->channel);
        return;
    }
    if (gate_value(unit_of(l, arm), arm, target->channel, q, target->value, reason, sizeof(reason)) < 0) {
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "%s", reason);
        return;
    }
    if (arm->phase != ARM_SETTING &&
        gate_in_motion(unit_of(l, arm), target->channel, q, target->value, reason, sizeof(reason)) < 0) {
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "%s", reason);
        return;
    }
    if (target->quantity == e->level_quantity) {
        level_target(arm, i, target->value);
        return;
    }
    struct arm_setting *s = setting_of(arm, target->channel, target->quantity);
    if (s)
        setting_target(arm, s, target->value, now_ns);
    else
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "a target for %s, which was not armed",
                 modality_quantity_info(q)->id);
}

/* What is in force or asked for, held against an envelope that has become smaller. */
static bool still_inside(const struct unit *u, const struct arm *arm, char *reason, size_t size)
{
    for (size_t i = 0; i < arm->envelope.n_channels; i++) {
        const struct envelope_channel *e = &arm->envelope.channels[i];
        enum modality_quantity q = (enum modality_quantity)e->level_quantity;
        int64_t asked = gate_absolute(e, arm->levels[i].walk.target), has = u->levels[e->channel].now;
        if (gate_value(u, arm, e->channel, q, asked, reason, size) < 0 ||
            (has != e->rest_value && gate_value(u, arm, e->channel, q, has, reason, size) < 0))
            return false;
    }
    for (size_t i = 0; i < arm->n_settings; i++) {
        const struct arm_setting *s = &arm->settings[i];
        if (s->quantity == QUANTITY_waveform_class || s->quantity == QUANTITY_duration_ms ||
            s->quantity == u->device->channels[s->channel].level)
            continue;
        if (gate_value(u, arm, s->channel, s->quantity, s->value, reason, size) < 0)
            return false;
    }
    return true;
}

void arm_order_tighten(struct line *l, struct arm *arm, const struct link_arm *tighter, int64_t now_ns)
{
    (void)now_ns;
    char reason[LINK_TEXT_MAX];
    if (!arm_live(arm))
        return;
    if (envelope_tighten(&arm->envelope, &tighter->envelope) < 0) {
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "a tighter envelope of another shape");
        return;
    }
    if (tighter->end_boot_ns > 0 && tighter->end_boot_ns < arm->end_boot_ns)
        arm->end_boot_ns = tighter->end_boot_ns;
    if (!still_inside(unit_of(l, arm), arm, reason, sizeof(reason)))
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "%s", reason);
}

/* ---- stopping ---- */

void arm_stop(struct line *l, struct arm *arm, enum link_reason reason, const char *format, ...)
{
    if (!arm_live(arm))
        return;
    int64_t now = clock_monotonic_ns();
    if (reason == LINK_REASON_OUTPUT_LOST && arm->phase == ARM_RUNNING &&
        arm->end_boot_ns - clock_boot_ns() < ARM_END_NEAR_NS)
        reason = LINK_REASON_END_TIME;
    arm->phase = ARM_STOPPING;
    arm->reason = reason;
    arm->stop_by_ns = now + (int64_t)l->dead_man_ms * NS_PER_MS;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(arm->detail, sizeof(arm->detail), format, arguments);
    va_end(arguments);
    rest_begin(l, unit_of(l, arm), false, UINT32_C(1) << arm->group, now);
}

void arm_stop_unit(struct line *l, const struct unit *u, enum link_reason reason, const char *detail)
{
    for (size_t i = 0; i < LINE_ARMS; i++)
        if (l->arms[i].phase != ARM_NONE && l->arms[i].ref.unit == u->index)
            arm_stop(l, &l->arms[i], reason, "%s", detail);
}

/* ---- time ---- */

/* Half of what the slew needs for one step, so that spacing never slows the walk. */
static int64_t level_gap_ns(const struct walk_rules *rules)
{
    int64_t gap = rules->slew_per_s > 0 ? rules->step * NS_PER_S / rules->slew_per_s / 2 : 0;
    return gap < ARM_LEVEL_GAP_NS ? gap : ARM_LEVEL_GAP_NS;
}

int64_t arm_level_next_ns(const struct arm *arm, size_t i, const struct unit_level *has, int64_t now_ns)
{
    const struct walk_rules *rules = &arm->envelope.channels[i].rules;
    int64_t next = walk_next_ns(rules, &arm->levels[i].walk, now_ns), soonest = has->since_ns + level_gap_ns(rules);
    return arm->levels[i].lowering || next > soonest ? next : soonest;
}

/*
 * A rise that waits to be written is written before the next is walked, so that none is larger than a step however busy
 * the line is. Surges go by the clock.
 */
static bool level_moves(const struct arm *arm, size_t i, const struct unit_level *has, int64_t now_ns)
{
    const struct arm_level *level = &arm->levels[i];
    if (level->lowering)
        return true;
    if (level->due_ns != 0 && !arm->envelope.channels[i].rules.surged)
        return false;
    return now_ns >= has->since_ns + level_gap_ns(&arm->envelope.channels[i].rules);
}

/* What the device is to have now. A level that it takes at rest alone is given to it in one piece. */
static int64_t level_wanted(const struct unit *u, const struct envelope_channel *e, struct arm_level *level,
                            int64_t now_ns)
{
    const struct modality_channel *c = &u->device->channels[e->channel];
    const struct modality_range *range = gate_range(c, c->level);
    int64_t walked = gate_absolute(e, walk_advance(&e->rules, &level->walk, now_ns));
    bool whole = walk_settled(&e->rules, &level->walk, now_ns) || !range || !range->only_at_rest;
    return whole || level->lowering ? walked : u->levels[e->channel].now;
}

static void tick_live(struct line *l, struct arm *arm, int64_t now_ns)
{
    int64_t boot_ns = clock_boot_ns();
    struct unit *u = unit_of(l, arm);
    if (l->leaving)
        arm_stop(l, arm, l->leave_reason, "the host leaves");
    else if (arm->end_boot_ns <= boot_ns)
        arm_stop(l, arm, LINK_REASON_END_TIME, "treatment time is over");
    else if (arm->permit_boot_ns <= boot_ns)
        arm_stop(l, arm, LINK_REASON_PERMIT, "the daemon's permit ran out");
    else if (arm->phase == ARM_CONFIRMING && arm->confirm_by_ns <= now_ns)
        arm_stop(l, arm, LINK_REASON_OUTPUT_LOST, "the start was accepted and running never showed");
    if (arm->phase != ARM_RUNNING)
        return;
    for (size_t i = 0; i < arm->envelope.n_channels; i++) {
        const struct envelope_channel *e = &arm->envelope.channels[i];
        struct arm_level *level = &arm->levels[i];
        if (!level_moves(arm, i, &u->levels[e->channel], now_ns))
            continue;
        level->wanted = level_wanted(u, e, level, now_ns);
        bool differs = level->wanted != u->levels[e->channel].now;
        if (differs && level->due_ns == 0)
            level->due_ns = now_ns;
        if (!differs) {
            level->due_ns = 0;
            level->lowering = false;
            level->wait = (struct step_wait){0};
        }
    }
}

static void tick_stopping(struct line *l, struct arm *arm, int64_t now_ns)
{
    struct unit *u = unit_of(l, arm);
    if (!l->link)
        arm_say_stopping(l, arm);
    if (now_ns < arm->stop_by_ns || arm->said_unproved)
        return;
    arm->said_unproved = true;
    arm_say_stopping(l, arm);
    arm_say(l, arm, LINK_SESSION_UNPROVED, EVIDENCE_NONE, now_ns);
    u->unproved = true;
    presence_note(u, "rest of %s could not be proved%s%s", u->device->groups[arm->group].id, l->not_open[0] ? ": " : "",
                  l->not_open);
    rest_begin(l, u, true, 0, now_ns);
    arm_stop_unit(l, u, LINK_REASON_LINK_LOST, "rest of another output of the unit could not be proved");
}

void arms_tick(struct line *l, int64_t now_ns)
{
    for (size_t i = 0; i < LINE_ARMS; i++) {
        struct arm *arm = &l->arms[i];
        if (arm_live(arm))
            tick_live(l, arm, now_ns);
        if (arm->phase == ARM_STOPPING)
            tick_stopping(l, arm, now_ns);
    }
}
