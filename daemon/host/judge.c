/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validated status becomes a sample for the daemon, and the host's own judgement: what cannot wait for the daemon's
 * supervision stops here on one sample - fault, patient's stop, tripped watchdog, restart, output lost, over-output,
 * interlock. What over-output is stands in over.c.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/line.h"

/* ---- samples ---- */

static void sample_levels(struct link_sample *m, const struct line *l, const struct unit *u, int64_t taken_ns)
{
    for (uint32_t c = 0; c < u->device->n_channels; c++) {
        const struct unit_level *level = &u->levels[c];
        m->level_min[c] = level->min;
        m->level_max[c] = level->max;
        m->level[c] = u->device->channels[c].rest_value;
        if (level->min == level->max && taken_ns - level->since_ns >= (int64_t)u->device->settle_ms * NS_PER_MS)
            m->settled |= UINT32_C(1) << c;
    }
    for (size_t i = 0; i < LINE_ARMS; i++) {
        const struct arm *arm = &l->arms[i];
        if (arm->phase != ARM_RUNNING || arm->ref.unit != u->index)
            continue;
        for (size_t n = 0; n < arm->envelope.n_channels; n++) {
            const struct envelope_channel *e = &arm->envelope.channels[n];
            m->level[e->channel] = gate_absolute(e, arm->levels[n].walk.level);
        }
    }
}

static void sample_send(struct line *l, const struct unit *u, int64_t taken_ns)
{
    struct link_sample m = {.unit = u->index, .seq = u->seq, .taken_ns = taken_ns, .status = u->status};
    bool held = false;
    link_message_head(&m, LINK_SAMPLE, sizeof(m));
    sample_levels(&m, l, u, taken_ns);
    for (size_t i = 0; i < LINE_ARMS; i++) {
        const struct arm *arm = &l->arms[i];
        if (arm->phase == ARM_NONE || arm->ref.unit != u->index)
            continue;
        held = true;
        m.session = arm->ref.session;
        m.turn = arm->ref.turn;
        m.surges = 0;
        if (arm->phase == ARM_RUNNING)
            m.surges = (uint32_t)walk_surges(&arm->envelope.channels[0].rules, &arm->levels[0].walk, taken_ns);
        outbox_send(l->outbox, &m);
    }
    if (!held)
        outbox_send(l->outbox, &m);
}

/* ---- judgement ---- */

static bool channel_lost(const struct line *l, const struct unit *u, uint32_t channel, int64_t taken_ns)
{
    const struct unit_level *level = &u->levels[channel];
    int64_t grace = ((int64_t)u->device->settle_ms + l->telemetry_ms) * NS_PER_MS;
    return channel < u->status.n_channels && u->status.channels[channel].output == OUTPUT_REST && level->away_ns != 0 &&
           taken_ns - level->away_ns > grace;
}

static void judge_over(struct line *l, struct unit *u, struct arm *arm, int64_t taken_ns)
{
    for (size_t i = 0; i < arm->envelope.n_channels; i++) {
        const char *id = u->device->channels[arm->envelope.channels[i].channel].id;
        int64_t measured = 0, bound = 0;
        if (over_output(u, arm, i, taken_ns, &measured, &bound))
            arm_stop(l, arm, LINK_REASON_OVER_OUTPUT, "channel %s delivers %" PRId64 ", bound %" PRId64 " %s", id,
                     measured, bound, "for what is set");
    }
}

/* Key or door: the laser ends its emission by itself, and what has begun must not go on when they are closed again. */
static void judge_interlock(struct line *l, const struct unit *u, struct arm *arm)
{
    for (uint32_t c = 0; c < u->status.n_channels; c++) {
        if (!(arm->channels & (UINT32_C(1) << c)))
            continue;
        for (size_t i = 0; i < u->status.channels[c].n_readings; i++) {
            const struct modality_reading *r = &u->status.channels[c].readings[i];
            if (r->quantity == QUANTITY_interlock_closed && r->value == 0)
                arm_stop(l, arm, LINK_REASON_INTERLOCK, "an interlock of channel %s is open",
                         u->device->channels[c].id);
        }
    }
}

static void judge_running(struct line *l, struct unit *u, struct arm *arm, int64_t taken_ns)
{
    judge_over(l, u, arm, taken_ns);
    for (size_t i = 0; i < arm->envelope.n_channels; i++) {
        uint32_t channel = arm->envelope.channels[i].channel;
        if (channel_lost(l, u, channel, taken_ns))
            arm_stop(l, arm, LINK_REASON_OUTPUT_LOST, "channel %s is started and the device shows it at rest",
                     u->device->channels[channel].id);
    }
}

static void judge_confirming(struct line *l, struct unit *u, struct arm *arm, int64_t taken_ns)
{
    judge_over(l, u, arm, taken_ns); /* nothing may come out yet: the level is at rest */
    for (uint32_t c = 0; c < u->device->n_channels; c++) {
        if (!(arm->channels & (UINT32_C(1) << c)))
            continue;
        enum modality_output output = c < u->status.n_channels ? u->status.channels[c].output : OUTPUT_UNKNOWN;
        if (output != OUTPUT_ON && output != OUTPUT_PROBE)
            return;
    }
    if (arm->phase == ARM_CONFIRMING)
        drive_started(l, u, arm, taken_ns);
}

/* At rest while it should not be: its level is away from rest, or it has refused a step. */
static bool rests_by_itself(const struct unit *u, uint32_t channel)
{
    return channel < u->status.n_channels && u->status.channels[channel].output == OUTPUT_REST &&
           (u->levels[channel].away_ns != 0 || u->refused);
}

/* The channels that a stimulator has rested because their electrodes have no contact, and their names. */
static uint32_t contacts_lost(const struct unit *u, char *names, size_t size)
{
    uint32_t lost = 0;
    size_t used = 0;
    for (uint32_t c = 0; c < u->device->n_channels; c++) {
        const struct modality_channel *channel = &u->device->channels[c];
        if (channel->modality != MODALITY_ESTIM || !rests_by_itself(u, c) ||
            u->status.channels[c].contact != CONTACT_LOST)
            continue;
        lost |= UINT32_C(1) << c;
        if (used < size)
            used += (size_t)snprintf(names + used, size - used, "%s%s", used > 0 ? ", " : "", channel->id);
    }
    return lost;
}

/* A device that stops for one electrode may stop all its channels: what it has rested with it ends by the same name. */
static void judge_contact(struct line *l, struct unit *u)
{
    char names[128] = "";
    uint32_t lost = contacts_lost(u, names, sizeof(names)), rested = lost;
    for (uint32_t c = 0; c < u->device->n_channels && lost != 0; c++)
        rested |= rests_by_itself(u, c) ? UINT32_C(1) << c : 0;
    for (size_t i = 0; i < LINE_ARMS; i++) {
        struct arm *arm = &l->arms[i];
        if (arm->phase == ARM_NONE || arm->ref.unit != u->index || !(arm->channels & rested))
            continue;
        presence_note(u, "contact of %s was lost and the device has stopped: look at the electrodes, then start anew",
                      names);
        arm_stop(l, arm, LINK_REASON_CONTACT_LOST, "contact of %s is lost: the device has taken its output away",
                 names);
    }
}

static void judge_device(struct line *l, struct unit *u, int64_t taken_ns)
{
    const struct modality_status *s = &u->status;
    if (s->fault)
        arm_stop_unit(l, u, LINK_REASON_DEVICE_FAULT, s->fault_text[0] ? s->fault_text : "the device reports a fault");
    if (s->patient_stop)
        arm_stop_unit(l, u, LINK_REASON_PATIENT_STOP, "the patient's stop was pressed");
    if (s->restarted) {
        arm_stop_unit(l, u, LINK_REASON_DEVICE_RESTARTED, "the device restarted");
        presence_note(u, "the device restarted");
        u->identified = false;
        rest_begin(l, u, true, 0, taken_ns);
    }
    if (s->watchdog_tripped && unit_has_live_arm(l, u)) {
        arm_stop_unit(l, u, LINK_REASON_WATCHDOG, "the device's watchdog has tripped");
        rest_begin(l, u, true, 0, taken_ns);
    }
}

void judge_status(struct line *l, struct unit *u, int64_t taken_ns)
{
    u->status.fault_text[sizeof(u->status.fault_text) - 1] = '\0';
    if (u->status.n_channels > MODALITY_CHANNELS_MAX)
        u->status.n_channels = MODALITY_CHANNELS_MAX;
    for (size_t c = 0; c < u->status.n_channels; c++)
        u->status.channels[c].applicator[MODALITY_NAME_MAX - 1] = '\0';
    u->seq++;
    sample_send(l, u, taken_ns);
    judge_device(l, u, taken_ns);
    judge_contact(l, u);
    for (size_t i = 0; i < LINE_ARMS; i++) {
        struct arm *arm = &l->arms[i];
        if (arm->ref.unit != u->index)
            continue;
        judge_interlock(l, u, arm);
        if (arm->phase == ARM_CONFIRMING)
            judge_confirming(l, u, arm, taken_ns);
        else if (arm->phase == ARM_RUNNING)
            judge_running(l, u, arm, taken_ns);
    }
    drive_refusal_end(l, u);
    over_follow(u, taken_ns);
    for (uint32_t c = 0; c < u->device->n_channels; c++)
        u->levels[c].min = u->levels[c].max = u->levels[c].now;
}
