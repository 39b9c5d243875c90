/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validated status becomes a sample for the daemon, and the host's own judgement: what cannot wait for the daemon's
 * supervision stops here on one sample - fault, patient's stop, tripped watchdog, restart, output lost, over-output.
 */
#include <inttypes.h>
#include <string.h>

#include "dose/wide.h"
#include "host/line.h"

/* Over-delivery of one sample when an envelope does not say: one and a half times what is set. */
#define JUDGE_OVER_PERMILLE 1500

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

/* ---- over-output ---- */

static const struct modality_reading *reading_of(const struct modality_channel_status *s, enum modality_quantity q)
{
    for (size_t i = 0; i < s->n_readings; i++)
        if (s->readings[i].quantity == q)
            return &s->readings[i];
    return NULL;
}

/* The largest duty that was in force or on its way. */
static int64_t duty_of(const struct arm *arm, uint32_t channel)
{
    for (size_t i = 0; i < arm->n_settings; i++) {
        const struct arm_setting *s = &arm->settings[i];
        if (s->channel == channel && s->quantity == QUANTITY_duty_permille)
            return s->in_force > s->value ? s->in_force : s->value;
    }
    return 1000;
}

/* Mean power of an intensity: SATP x duty x area, uW/cm2 and mm2 to uW, rounded up. */
static int power_of(int64_t satp, int64_t duty_permille, int64_t area_mm2, int64_t *out)
{
    int64_t sata = 0;
    if (satp < 0 || area_mm2 <= 0 || wide_mul_div_up(satp, duty_permille, 1000, &sata) < 0)
        return -1;
    return wide_mul_div_up(sata, area_mm2, 100, out);
}

static int64_t resolution_of(const struct modality_channel *c, enum modality_quantity q)
{
    const struct modality_range *range = gate_range(c, q);
    return range ? range->resolution : 0;
}

/* What may be measured when distance is the largest that was in force: with margin, and beyond noise. */
static int bound_of(int64_t distance, uint32_t over_permille, int64_t noise, int64_t resolution, int64_t *out)
{
    int64_t margin = noise > 2 * resolution ? noise : 2 * resolution;
    if (distance < 0 || wide_mul_div_up(distance, over_permille, 1000, out) < 0)
        return -1;
    return wide_add(*out, margin, out);
}

static bool channel_over(const struct unit *u, const struct arm *arm, size_t i, int64_t *measured, int64_t *bound)
{
    const struct envelope_channel *e = &arm->envelope.channels[i];
    const struct modality_channel *c = &u->device->channels[e->channel];
    const struct unit_level *level = &u->levels[e->channel];
    uint32_t over = arm->envelope.over_permille >= 1000 ? arm->envelope.over_permille : JUDGE_OVER_PERMILLE;
    if (!c->level_measured || e->channel >= u->status.n_channels)
        return false;
    int64_t at_min = gate_distance(e, level->min), at_max = gate_distance(e, level->max);
    int64_t farthest = at_min > at_max ? at_min : at_max;
    const struct modality_channel_status *s = &u->status.channels[e->channel];
    const struct modality_reading *r = reading_of(s, c->level);
    if (r) {
        *measured = gate_distance(e, r->value);
        return bound_of(farthest, over, c->noise, resolution_of(c, c->level), bound) < 0 || *measured > *bound;
    }
    r = reading_of(s, QUANTITY_power_uw);
    if (!r || c->level != QUANTITY_intensity_satp_uw_cm2 || e->area_mm2 <= 0)
        return false;
    int64_t power = 0, noise = 0, duty = duty_of(arm, e->channel);
    *measured = r->value;
    if (power_of(farthest, duty, e->area_mm2, &power) < 0 || power_of(c->noise, duty, e->area_mm2, &noise) < 0)
        return true;
    return bound_of(power, over, noise, resolution_of(c, QUANTITY_power_uw), bound) < 0 || *measured > *bound;
}

/* ---- the rest of the judgement ---- */

static bool channel_lost(const struct line *l, const struct unit *u, uint32_t channel, int64_t taken_ns)
{
    const struct unit_level *level = &u->levels[channel];
    int64_t grace = ((int64_t)u->device->settle_ms + l->telemetry_ms) * NS_PER_MS;
    return channel < u->status.n_channels && u->status.channels[channel].output == OUTPUT_REST && level->away_ns != 0 &&
           taken_ns - level->away_ns > grace;
}

static void judge_running(struct line *l, struct unit *u, struct arm *arm, int64_t taken_ns)
{
    for (size_t i = 0; i < arm->envelope.n_channels; i++) {
        uint32_t channel = arm->envelope.channels[i].channel;
        const char *id = u->device->channels[channel].id;
        int64_t measured = 0, bound = 0;
        if (channel_over(u, arm, i, &measured, &bound))
            arm_stop(l, arm, LINK_REASON_OVER_OUTPUT, "channel %s delivers %" PRId64 ", bound %" PRId64 " %s", id,
                     measured, bound, "for what is set");
        if (channel_lost(l, u, channel, taken_ns))
            arm_stop(l, arm, LINK_REASON_OUTPUT_LOST, "channel %s is started and the device shows it at rest", id);
    }
}

static void judge_confirming(struct line *l, struct unit *u, struct arm *arm, int64_t taken_ns)
{
    for (uint32_t c = 0; c < u->device->n_channels; c++) {
        if (!(arm->channels & (UINT32_C(1) << c)))
            continue;
        enum modality_output output = c < u->status.n_channels ? u->status.channels[c].output : OUTPUT_UNKNOWN;
        if (output != OUTPUT_ON && output != OUTPUT_PROBE)
            return;
    }
    drive_started(l, u, arm, taken_ns);
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
    u->seq++;
    sample_send(l, u, taken_ns);
    judge_device(l, u, taken_ns);
    for (size_t i = 0; i < LINE_ARMS; i++) {
        struct arm *arm = &l->arms[i];
        if (arm->ref.unit != u->index)
            continue;
        if (arm->phase == ARM_CONFIRMING)
            judge_confirming(l, u, arm, taken_ns);
        else if (arm->phase == ARM_RUNNING)
            judge_running(l, u, arm, taken_ns);
    }
    for (uint32_t c = 0; c < u->device->n_channels; c++)
        u->levels[c].min = u->levels[c].max = u->levels[c].now;
}
