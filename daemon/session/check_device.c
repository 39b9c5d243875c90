/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device must be before it may be armed: described, answering, proved at rest, free, serviced, accepted where
 * it may keep its output; and what it can do: waveform, ranges, resolution. One refusal per thing that is not so.
 */
#include "session/internal.h"

#include <time.h>

#include "modality/range.h"

int64_t civil_day(int64_t wall_ms)
{
    const time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    if (!localtime_r(&seconds, &local))
        return wall_ms / 86400000;
    return (int64_t)(timegm(&local) / 86400);
}

static bool groups_meet(const struct modality_device *d, uint32_t a, uint32_t b)
{
    if (a == b || a >= d->n_groups || b >= d->n_groups)
        return true;
    return (d->groups[a].channels & d->groups[b].channels) || ((d->groups[a].excludes >> b) & 1u) ||
           ((d->groups[b].excludes >> a) & 1u);
}

const struct session *unit_holder(const struct sessions *s, const struct unit *unit, uint32_t group,
                                  const struct session *own)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *other = s->list[i];
        if (other != own && other->unit == unit && other->state != SESSION_ended &&
            groups_meet(&unit->info.device, group, other->group))
            return other;
    }
    return NULL;
}

static void check_presence(struct sessions *s, const struct plan *plan, const struct session *own, struct refusals *r)
{
    const struct unit *u = plan->unit;
    if (u->unproved || u->presence == UNIT_OUTPUT_UNKNOWN) {
        refusal_add(r, TOKEN_OUTPUT_UNKNOWN, u->id, "the output of device %s is not proved at rest: %.200s", u->id,
                    u->unproved ? u->unproved_why : u->detail);
        return;
    }
    const bool shared = u->presence == UNIT_ENERGISED && unit_holder(s, u, plan->group, own) == NULL;
    if (u->described && (u->presence == UNIT_READY || shared))
        return;
    if (u->presence == UNIT_ENERGISED)
        return; /* told as BUSY */
    const enum modality_token token =
        !u->described || u->presence == UNIT_ABSENT ? TOKEN_DEVICE_ABSENT : TOKEN_DEVICE_NOT_READY;
    refusal_add(r, token, u->id, "device %s is %s%s%.200s", u->id, unit_state_text(u), u->detail[0] ? ": " : "",
                u->detail);
}

const char *unit_way_out(const struct sessions *s, const struct unit *u, enum alarm_kind kind, char *text, size_t size)
{
    const uint64_t number = alarms_unacknowledged(s->alarms, kind, u->id);
    if (number > 0)
        snprintf(text, size, "acknowledge alarm %llu", (unsigned long long)number);
    else
        snprintf(text, size, "reset the device (device.reset)");
    return text;
}

static void check_status(const struct sessions *s, const struct unit *u, struct refusals *r)
{
    char way[64];
    if (!u->has_sample || u->presence == UNIT_ABSENT)
        return;
    if (u->sample.status.fault)
        refusal_add(r, TOKEN_DEVICE_NOT_READY, u->id, "device %s reports fault %u (%s): remove its cause and %s", u->id,
                    u->sample.status.fault_code, u->sample.status.fault_text,
                    unit_way_out(s, u, ALARM_KIND_device_fault, way, sizeof way));
    if (u->sample.status.patient_stop)
        refusal_add(r, TOKEN_DEVICE_NOT_READY, u->id,
                    "the patient's stop of device %s is pressed or latched: release it and %s", u->id,
                    unit_way_out(s, u, ALARM_KIND_patient_stop, way, sizeof way));
}

static void check_accepted(const struct unit *u, struct refusals *r)
{
    const struct modality_device *d = &u->info.device;
    if (!u->described || u->settings->accepted_link_loss)
        return;
    if (d->on_link_loss != LINK_LOSS_STOPS && d->watchdog_ms == 0)
        refusal_add(r, TOKEN_DEVICE_NOT_ACCEPTED, u->id,
                    "device %s has no watchdog and %s when its link is cut: [device %s] accept_link_loss is missing "
                    "(%s)",
                    u->id, d->on_link_loss == LINK_LOSS_CONTINUES ? "continues" : "may continue", u->id,
                    u->settings->origin);
    if (d->stop_leaves_output)
        refusal_add(r, TOKEN_DEVICE_NOT_ACCEPTED, u->id,
                    "a stop of device %s leaves output: [device %s] accept_link_loss is missing (%s)", u->id, u->id,
                    u->settings->origin);
}

static void check_service(const struct unit *u, const struct session_time *now, struct refusals *r)
{
    const struct session_device_settings *d = u->settings;
    const int64_t today = civil_day(now->wall_ms);
    if (d->has_calibration_due && d->calibration_due_day < today)
        refusal_add(r, TOKEN_DEVICE_OVERDUE, u->id, "calibration of device %s is overdue by %lld days (%s)", u->id,
                    (long long)(today - d->calibration_due_day), d->origin);
    if (d->has_safety_test_due && d->safety_test_due_day < today)
        refusal_add(r, TOKEN_DEVICE_OVERDUE, u->id, "safety test of device %s is overdue by %lld days (%s)", u->id,
                    (long long)(today - d->safety_test_due_day), d->origin);
    bool listed = d->n_firmware == 0;
    for (size_t i = 0; i < d->n_firmware; i++)
        listed = listed || strcmp(d->firmware[i], u->identity.firmware) == 0;
    if (u->described && u->presence != UNIT_ABSENT && u->presence != UNIT_PROBING && !listed)
        refusal_add(r, TOKEN_DEVICE_NOT_READY, u->id, "firmware '%s' of device %s is not among the verified ones (%s)",
                    u->identity.firmware, u->id, d->origin);
}

void check_device(struct sessions *s, const struct session *own, const struct plan *plan,
                  const struct session_time *now, struct refusals *r)
{
    if (!plan->unit)
        return;
    check_presence(s, plan, own, r);
    check_status(s, plan->unit, r);
    const struct session *holder = plan->resolved ? unit_holder(s, plan->unit, plan->group, own) : NULL;
    if (holder)
        refusal_add(r, TOKEN_BUSY, holder->id, "device %s is held by session %s (%s) of operator %.60s", plan->unit->id,
                    holder->id, session_state_id(holder->state), holder->operator_name);
    check_accepted(plan->unit, r);
    check_service(plan->unit, now, r);
}

static void refuse_range(const struct plan *plan, size_t channel, enum modality_quantity q, int64_t value,
                         int64_t bound, bool is_min, const char *what, struct refusals *r)
{
    char given[64], limit[64];
    struct refusal *refusal = refusal_add(
        r, TOKEN_OUT_OF_RANGE, plan->unit->id, "%s %s on channel %s of device %s: %s %s (%s)",
        modality_quantity_info(q)->id, value_format(q, value, given, sizeof given), plan->device[channel]->id,
        plan->unit->id, what, value_format(q, bound, limit, sizeof limit), plan->unit->settings->origin);
    refusal->has_quantity = refusal->has_value = refusal->has_bound = true;
    refusal->quantity = q;
    refusal->value = value;
    refusal->bound = bound;
    refusal->is_min = is_min;
    refusal->layer = LAYER_DEVICE;
    refusal->origin = plan->unit->settings->origin;
    refusal->channel = (int)channel;
}

/* A rate between two that the device has is not rounded: both are named, and a person chooses. */
static void refuse_period(const struct plan *plan, size_t channel, const struct modality_range *range, int64_t value,
                          struct refusals *r)
{
    char step[64], low[64], text[256];
    int64_t below = 0, above = 0;
    modality_period_near(value, range->period_step_us, &below, &above);
    value_format(QUANTITY_phase_width_us, range->period_step_us, step, sizeof step);
    if (above > range->max || below < range->min)
        snprintf(text, sizeof text, "the device counts periods in steps of %s: the nearest it has is", step);
    else
        snprintf(text, sizeof text, "the device counts periods in steps of %s: the nearest it has are %s and", step,
                 value_format(range->quantity, above, low, sizeof low));
    refuse_range(plan, channel, range->quantity, value, below < range->min ? above : below, below < range->min, text,
                 r);
}

static bool check_value(const struct plan *plan, size_t channel, const struct modality_range *range, int64_t value,
                        struct refusals *r)
{
    const enum modality_quantity q = range->quantity;
    const struct modality_channel *c = plan->device[channel];
    const int64_t resolution = range->resolution > 0 ? range->resolution : 1;
    if (q == plan->level && value == c->rest_value)
        return true;
    if (value > range->max)
        refuse_range(plan, channel, q, value, range->max, false, "the device reaches at most", r);
    else if (value < range->min)
        refuse_range(plan, channel, q, value, range->min, true, "the device begins at", r);
    else if (modality_range_takes(range, value))
        return true;
    else if (range->period_step_us > 0)
        refuse_period(plan, channel, range, value, r);
    else
        refuse_range(plan, channel, q, value, resolution, false, "the device can be set in steps of", r);
    return false;
}

/* Shaped by the host or kept by the daemon: a device need not know them. */
static bool needs_device(enum modality_quantity q)
{
    switch ((int)q) {
    case QUANTITY_surge_on_ms:
    case QUANTITY_surge_off_ms:
    case QUANTITY_ramp_up_ms:
    case QUANTITY_ramp_down_ms:
    case QUANTITY_soft_start_ms:
    case QUANTITY_duration_ms:
    case QUANTITY_treated_area_mm2:
    case QUANTITY_burst_width_us:
    case QUANTITY_waveform_class:
    case QUANTITY_point_energy_uj:
    case QUANTITY_point_count:
    case QUANTITY_point_duration_ms:
        return false;
    default:
        return modality_quantity_info(q)->basis == BASIS_COMMANDED;
    }
}

static const struct modality_range *range_of(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        if (c->ranges[i].quantity == q && (c->ranges[i].settable || c->ranges[i].min == c->ranges[i].max))
            return &c->ranges[i];
    }
    return NULL;
}

/* A current is walked, in steps that limits bound; a level that is taken at rest alone comes in one piece. */
static void check_walk(const struct plan *plan, size_t channel, struct refusals *r)
{
    const struct modality_channel *c = plan->device[channel];
    const struct modality_range *range = range_of(c, c->level);
    const bool surged = quantity_has(&plan->dose.treatment.channels[channel].start, QUANTITY_surge_on_ms);
    if (range && range->only_at_rest && (surged || c->modality == MODALITY_ESTIM))
        refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id,
                    "channel %s of device %s takes its level at rest alone, in one piece: it can neither be walked nor "
                    "surge (%s)",
                    c->id, plan->unit->id, plan->unit->settings->origin);
}

/* Waveform and timer are written by the host itself: what it would refuse at the arm is refused here. */
static void check_shape(const struct plan *plan, size_t channel, struct refusals *r)
{
    const struct modality_channel *c = plan->device[channel];
    const enum modality_waveform w = plan->dose.treatment.channels[channel].waveform;
    const struct modality_range *selector = range_of(c, QUANTITY_waveform_class);
    const struct modality_range *timer = range_of(c, QUANTITY_duration_ms);
    const bool several = (c->waveforms & (c->waveforms - 1u)) != 0 && c->modality == MODALITY_ESTIM;
    if (several && (!selector || !selector->settable || (int64_t)w < selector->min || (int64_t)w > selector->max))
        refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id, "channel %s of device %s cannot be switched to %s (%s)",
                    c->id, plan->unit->id, modality_waveform_id(w), plan->unit->settings->origin);
    if (timer && timer->settable && plan->dose.treatment.duration_ms > timer->max)
        refuse_range(plan, channel, QUANTITY_duration_ms, plan->dose.treatment.duration_ms, timer->max, false,
                     "the device's timer reaches at most", r);
}

static void check_channel(const struct plan *plan, size_t channel, struct refusals *r)
{
    const struct modality_channel *c = plan->device[channel];
    const struct dose_channel *t = &plan->dose.treatment.channels[channel];
    check_shape(plan, channel, r);
    check_walk(plan, channel, r);
    if (!((c->waveforms >> t->waveform) & 1u))
        refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id, "channel %s of device %s does not produce %s (%s)", c->id,
                    plan->unit->id, modality_waveform_id(t->waveform), plan->unit->settings->origin);
    if (c->level != plan->level || !quantity_has(&t->start, c->level))
        refusal_add(r, TOKEN_INCOMPLETE, plan->unit->id,
                    "channel %s of device %s is led by %s, which protocol %s has "
                    "not",
                    c->id, plan->unit->id, modality_quantity_info(c->level)->id, plan->dose.protocol->id);
    for (int q = 0; q < QUANTITY_COUNT; q++) {
        if (!quantity_has(&t->ceiling, (enum modality_quantity)q) || !needs_device((enum modality_quantity)q))
            continue;
        const struct modality_range *range = range_of(c, (enum modality_quantity)q);
        if (!range) {
            refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id, "channel %s of device %s cannot be given %s (%s)", c->id,
                        plan->unit->id, modality_quantity_info((enum modality_quantity)q)->id,
                        plan->unit->settings->origin);
            continue;
        }
        if (check_value(plan, channel, range, t->ceiling.value[q], r) && t->start.value[q] != t->ceiling.value[q])
            check_value(plan, channel, range, t->start.value[q], r);
    }
}

void check_ranges(const struct plan *plan, struct refusals *r)
{
    for (size_t i = 0; plan->resolved && i < plan->dose.treatment.n_channels; i++)
        check_channel(plan, i, r);
}
