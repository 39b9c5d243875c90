/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device can be given: waveform, ranges, steps, periods, and a level that can be walked or is taken in one
 * piece. Whatever the host would refuse at the arm is refused here, with what the device has instead. Nothing is
 * rounded.
 */
#include "modality/range.h"
#include "session/internal.h"

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

/* The rates that the device has next to one that it has not, the lower first; those beyond its range are none. */
static size_t neighbours(const struct modality_range *range, int64_t value, int64_t out[2])
{
    int64_t near[2];
    size_t n = 0;
    modality_period_near(value, range->period_step_us, &near[0], &near[1]);
    for (size_t i = 0; i < 2; i++) {
        if (near[i] >= range->min && near[i] <= range->max)
            out[n++] = near[i];
    }
    return n;
}

static const struct protocol_parameter *parameter_of(const struct protocol *p, enum modality_quantity q)
{
    for (size_t i = 0; i < p->n_parameters; i++) {
        if (p->parameters[i].quantity == q)
            return &p->parameters[i];
    }
    return NULL;
}

/* What the protocol says of them: a rate that it does not allow is no way out. */
static const char *allowed_text(const struct plan *plan, enum modality_quantity q, const int64_t *rates, size_t n,
                                char *text, size_t size)
{
    const struct protocol_parameter *p = parameter_of(plan->dose.protocol, q);
    char rate[64];
    size_t allowed = 0, last = 0;
    for (size_t i = 0; p && i < n; i++) {
        if (rates[i] < p->min || rates[i] > p->max)
            continue;
        allowed++;
        last = i;
    }
    if (!p || allowed == n)
        snprintf(text, size, "%s", "");
    else if (allowed == 0)
        snprintf(text, size, ", and protocol %.40s allows none of them", plan->dose.protocol->id);
    else
        snprintf(text, size, ", of which protocol %.40s allows %s", plan->dose.protocol->id,
                 value_format(q, rates[last], rate, sizeof rate));
    return text;
}

/* A rate between two that the device has is not rounded: both are named, and a person chooses. */
static void refuse_period(const struct plan *plan, size_t channel, const struct modality_range *range, int64_t value,
                          struct refusals *r)
{
    const enum modality_quantity q = range->quantity;
    char given[64], step[64], one[64], other[64], allowed[128];
    int64_t rates[2] = {0, 0};
    const size_t n = neighbours(range, value, rates);
    struct refusal *refusal = refusal_add(
        r, TOKEN_OUT_OF_RANGE, plan->unit->id,
        "%s %s on channel %s of device %s: it counts periods in steps of %s, next to it are %s%s%s%s (%s)",
        modality_quantity_info(q)->id, value_format(q, value, given, sizeof given), plan->device[channel]->id,
        plan->unit->id, value_format(QUANTITY_phase_width_us, range->period_step_us, step, sizeof step),
        n > 0 ? value_format(q, rates[0], one, sizeof one) : "none", n > 1 ? " and " : "",
        n > 1 ? value_format(q, rates[1], other, sizeof other) : "",
        allowed_text(plan, q, rates, n, allowed, sizeof allowed), plan->unit->settings->origin);
    refusal->has_quantity = refusal->has_value = true;
    refusal->quantity = q;
    refusal->value = value;
    refusal->layer = LAYER_DEVICE;
    refusal->origin = plan->unit->settings->origin;
    refusal->channel = (int)channel;
    refusal->n_near = n;
    for (size_t i = 0; i < n; i++)
        refusal->near[i] = rates[i];
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
        if (!quantity_has(&t->ceiling, (enum modality_quantity)q) || !envelope_needs_range((enum modality_quantity)q))
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
