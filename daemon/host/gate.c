/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second gate. What the daemon has decided is held once more against the envelope, the compiled ceilings and the
 * device's own ranges, in a process that the daemon's faults do not reach. Nothing is clamped. Pure but for the clock
 * that arms are accepted at.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "dose/wide.h"
#include "host/line.h"
#include "modality/range.h"

const struct modality_range *gate_range(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges; i++)
        if (c->ranges[i].quantity == q)
            return &c->ranges[i];
    return NULL;
}

static bool level_is_lower_safer(const struct envelope_channel *e)
{
    return modality_quantity_info((enum modality_quantity)e->level_quantity)->safer != SAFER_UP;
}

int64_t gate_distance(const struct envelope_channel *e, int64_t absolute)
{
    return level_is_lower_safer(e) ? absolute - e->rest_value : e->rest_value - absolute;
}

int64_t gate_absolute(const struct envelope_channel *e, int64_t distance)
{
    return level_is_lower_safer(e) ? e->rest_value + distance : e->rest_value - distance;
}

static int range_check(const struct modality_channel *c, enum modality_quantity q, int64_t value, char *reason,
                       size_t size)
{
    const struct modality_range *range = gate_range(c, q);
    const char *id = modality_quantity_info(q)->id;
    if (!range || !range->settable) {
        snprintf(reason, size, "%s: the device's channel %s cannot set it", id, c->id);
        return -EPERM;
    }
    if (value < range->min || value > range->max) {
        snprintf(reason, size, "%s %" PRId64 " is outside the device's %" PRId64 "..%" PRId64 " on channel %s", id,
                 value, range->min, range->max, c->id);
        return -EPERM;
    }
    if (range->period_step_us > 0 && !modality_range_takes(range, value)) {
        snprintf(reason, size, "%s %" PRId64 ": channel %s has no period of whole %" PRIu32 " us with this rate", id,
                 value, c->id, range->period_step_us);
        return -EPERM;
    }
    return 0;
}

int gate_value(const struct unit *u, const struct arm *arm, uint32_t channel, enum modality_quantity q, int64_t value,
               char *reason, size_t size)
{
    if (channel >= u->device->n_channels) {
        snprintf(reason, size, "channel %u does not exist", channel);
        return -EPERM;
    }
    int r = envelope_gate(&arm->envelope, channel, q, value, reason, size);
    return r < 0 ? r : range_check(&u->device->channels[channel], q, value, reason, size);
}

static void setting_add(struct arm *arm, uint32_t channel, enum modality_quantity q, int64_t value)
{
    arm->settings[arm->n_settings++] =
        (struct arm_setting){.channel = channel, .quantity = q, .value = value, .due = true};
}

static int setting_gate(const struct modality_channel *c, const struct envelope_channel *e,
                        const struct envelope_setting *s, struct arm *arm, char *reason, size_t size)
{
    enum modality_quantity q = (enum modality_quantity)s->quantity;
    if (s->quantity >= QUANTITY_COUNT) {
        snprintf(reason, size, "quantity %u does not exist", s->quantity);
        return -EPERM;
    }
    const struct modality_range *range = gate_range(c, q);
    if ((!range && !envelope_needs_range(q)) || q == QUANTITY_waveform_class || q == QUANTITY_duration_ms)
        return 0; /* waveform and device timer are written by waveform_gate and timer_gate */
    if (range && !range->settable && range->min == range->max && s->start == range->min && s->ceiling == range->min)
        return 0; /* the device has this one value */
    if (range && !range->settable && !envelope_needs_range(q))
        return 0; /* it is only reported */
    int r = range_check(c, q, s->start, reason, size);
    if (r < 0)
        return r;
    setting_add(arm, e->channel, q, s->start);
    return 0;
}

static int waveform_gate(const struct modality_channel *c, const struct envelope_channel *e, struct arm *arm,
                         char *reason, size_t size)
{
    if (e->waveform >= WAVEFORM_COUNT || !(c->waveforms & (UINT32_C(1) << e->waveform))) {
        snprintf(reason, size, "channel %s cannot produce waveform %u", c->id, e->waveform);
        return -EPERM;
    }
    const struct modality_range *range = gate_range(c, QUANTITY_waveform_class);
    if (range && range->settable) {
        int r = range_check(c, QUANTITY_waveform_class, e->waveform, reason, size);
        if (r < 0)
            return r;
        setting_add(arm, e->channel, QUANTITY_waveform_class, e->waveform);
    } else if (c->waveforms != UINT32_C(1) << e->waveform &&
               modality_waveform_modality((enum modality_waveform)e->waveform) == MODALITY_ESTIM) {
        snprintf(reason, size, "channel %s has several waveforms and no way to select one", c->id);
        return -EPERM;
    }
    return 0;
}

/* A device timer is set to the treatment time, rounded up: it ends an output that nobody else ends. */
static int timer_gate(const struct modality_channel *c, uint32_t channel, int64_t total_ms, struct arm *arm,
                      char *reason, size_t size)
{
    const struct modality_range *range = gate_range(c, QUANTITY_duration_ms);
    if (!range || !range->settable)
        return 0;
    int64_t value = 0;
    if (total_ms <= 0 || wide_mul_div_up(total_ms, 1, range->resolution, &value) < 0 ||
        wide_mul(value, range->resolution, &value) < 0) {
        snprintf(reason, size, "total time %" PRId64 " ms cannot be given to the device's timer", total_ms);
        return -EPERM;
    }
    if (value < range->min)
        value = range->min;
    int r = range_check(c, QUANTITY_duration_ms, value, reason, size);
    if (r == 0)
        setting_add(arm, channel, QUANTITY_duration_ms, value);
    return r;
}

static int level_gate(const struct modality_channel *c, const struct envelope_channel *e, char *reason, size_t size)
{
    const struct modality_range *range = gate_range(c, c->level);
    int64_t span = 0;
    if (e->level_quantity != (uint32_t)c->level || e->rest_value != c->rest_value) {
        snprintf(reason, size, "the level of channel %s is %s with rest %" PRId64 ", not what was armed", c->id,
                 modality_quantity_info(c->level)->id, c->rest_value);
        return -EPERM;
    }
    if (e->rules.step <= 0 || e->rules.slew_per_s <= 0 || e->rules.resolution <= 0 || !range ||
        e->rules.resolution % range->resolution != 0 || wide_sub(e->level_ceiling, e->rest_value, &span) < 0) {
        snprintf(reason, size, "the walking rules of channel %s do not fit its resolution", c->id);
        return -EPERM;
    }
    if (range->only_at_rest && (e->rules.surged || e->rules.step < span)) {
        snprintf(reason, size, "channel %s takes its level at rest alone, in one piece: it cannot be walked", c->id);
        return -EPERM;
    }
    return range_check(c, c->level, e->level_ceiling, reason, size);
}

int gate_in_motion(const struct unit *u, uint32_t channel, enum modality_quantity q, int64_t value, char *reason,
                   size_t size)
{
    const struct modality_channel *c = &u->device->channels[channel];
    const struct modality_range *range = gate_range(c, q);
    int64_t has = u->levels[channel].now;
    bool level = q == c->level;
    if (!range || !range->only_at_rest || (level && (value == has || has == c->rest_value || value == c->rest_value)))
        return 0;
    snprintf(reason, size, "%s %" PRId64 ": channel %s takes it at rest alone, and is not at rest",
             modality_quantity_info(q)->id, value, c->id);
    return -EPERM;
}

static int channel_gate(const struct unit *u, const struct link_arm *order, size_t i, struct arm *arm, char *reason,
                        size_t size)
{
    const struct envelope_channel *e = &order->envelope.channels[i];
    if (e->channel >= u->device->n_channels || !(arm->channels & (UINT32_C(1) << e->channel))) {
        snprintf(reason, size, "channel %u does not belong to group %u", e->channel, order->envelope.group);
        return -EPERM;
    }
    const struct modality_channel *c = &u->device->channels[e->channel];
    int r = level_gate(c, e, reason, size);
    r = r < 0 ? r : waveform_gate(c, e, arm, reason, size);
    for (uint32_t s = 0; r == 0 && s < e->n_settings; s++)
        r = setting_gate(c, e, &e->settings[s], arm, reason, size);
    r = r < 0 ? r : timer_gate(c, e->channel, order->envelope.total_ms, arm, reason, size);
    return r < 0 ? r : gate_value(u, arm, e->channel, c->level, order->targets[i], reason, size);
}

/* Every channel of the group starts with its level at rest, also one that the session does not use. */
static void levels_to_rest(const struct unit *u, struct arm *arm)
{
    for (uint32_t c = 0; c < u->device->n_channels; c++)
        if (arm->channels & (UINT32_C(1) << c))
            setting_add(arm, c, u->device->channels[c].level, u->device->channels[c].rest_value);
}

static int claims_gate(const struct line *l, const struct unit *u, uint32_t group, char *reason, size_t size)
{
    const struct modality_group *mine = &u->device->groups[group];
    for (size_t i = 0; i < LINE_ARMS; i++) {
        const struct arm *other = &l->arms[i];
        if (other->phase == ARM_NONE || other->ref.unit != u->index)
            continue;
        const struct modality_group *theirs = &u->device->groups[other->group];
        if (other->group != group && !(mine->excludes & (UINT32_C(1) << other->group)) &&
            !(theirs->excludes & (UINT32_C(1) << group)) && !(mine->channels & theirs->channels))
            continue;
        snprintf(reason, size, "output group %s excludes %s, which session %" PRIu64 " holds", mine->id, theirs->id,
                 other->ref.session);
        return -EPERM;
    }
    return 0;
}

static bool interlock_open(const struct unit *u, uint32_t channels)
{
    for (size_t c = 0; c < u->status.n_channels; c++)
        for (size_t i = 0; i < u->status.channels[c].n_readings && (channels & (UINT32_C(1) << c)); i++)
            if (u->status.channels[c].readings[i].quantity == QUANTITY_interlock_closed &&
                u->status.channels[c].readings[i].value == 0)
                return true;
    return false;
}

static int readiness_gate(const struct line *l, const struct unit *u, const struct link_arm *order,
                          enum link_reason *why, char *reason, size_t size)
{
    int64_t boot_ns = clock_boot_ns();
    if (l->leaving || !u->identified || u->rest.active || (u->state != UNIT_READY && u->state != UNIT_ENERGISED)) {
        snprintf(reason, size, "unit %s is %s", u->device->id, unit_state_id(u->state));
        return -EPERM;
    }
    if (!u->has_status || u->status.fault) {
        *why = LINK_REASON_DEVICE_FAULT;
        snprintf(reason, size, "unit %s reports fault %u %.63s", u->device->id, u->status.fault_code,
                 u->status.fault_text);
        return -EPERM;
    }
    if (u->status.patient_stop) {
        *why = LINK_REASON_PATIENT_STOP;
        snprintf(reason, size, "the patient's stop of unit %s is pressed", u->device->id);
        return -EPERM;
    }
    if (interlock_open(u, u->device->groups[order->envelope.group].channels)) {
        *why = LINK_REASON_INTERLOCK;
        snprintf(reason, size, "an interlock of unit %s is open", u->device->id);
        return -EPERM;
    }
    if (order->permit_boot_ns <= boot_ns || order->end_boot_ns <= boot_ns) {
        snprintf(reason, size, "permit or end time is over already");
        return -EPERM;
    }
    bool stops = u->device->on_link_loss == LINK_LOSS_STOPS || u->device->watchdog_ms > 0;
    if ((!stops || u->device->stop_leaves_output) && !order->accepted_link_loss) {
        snprintf(reason, size, "unit %s may keep its output without the link and is not accepted", u->device->id);
        return -EPERM;
    }
    return 0;
}

int gate_arm(const struct line *l, const struct link_arm *order, struct arm *arm, enum link_reason *why, char *reason,
             size_t size)
{
    *why = LINK_REASON_NOT_READY;
    if (order->ref.unit >= l->n_units || order->envelope.group >= l->units[order->ref.unit].device->n_groups) {
        snprintf(reason, size, "unit %u or its group %u does not exist", order->ref.unit, order->envelope.group);
        return -EPERM;
    }
    const struct unit *u = &l->units[order->ref.unit];
    int r = readiness_gate(l, u, order, why, reason, size);
    r = r < 0 ? r : claims_gate(l, u, order->envelope.group, reason, size);
    if (r < 0)
        return r;
    *why = LINK_REASON_OUTSIDE_ENVELOPE;
    arm->ref = order->ref;
    arm->group = order->envelope.group;
    arm->channels = u->device->groups[arm->group].channels;
    arm->envelope = order->envelope;
    arm->n_settings = 0;
    if (arm->envelope.n_channels < 1 || arm->envelope.n_channels > DOSE_CHANNELS_MAX) {
        snprintf(reason, size, "an envelope without channels");
        return -EPERM;
    }
    r = envelope_check(&arm->envelope, reason, size);
    for (size_t i = 0; r == 0 && i < arm->envelope.n_channels; i++)
        r = channel_gate(u, order, i, arm, reason, size);
    if (r == 0)
        levels_to_rest(u, arm);
    return r;
}
