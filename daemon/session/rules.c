/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What supervision holds every sample against: the bounds of the limits that apply to this treatment, what the device
 * says of its measurements, and what is left of the day's dose. Other tables can only make them tighter.
 */
#include "session/internal.h"

/* The accuracy rule applies above this share of the device's range (21 CFR 1050.10(c)(1)(ii): 10 % of maximum). */
#define FLOOR_PERMILLE 100
/* Without a limit on the timer's error: 21 CFR 1050.10(c)(2) gives half a minute to short treatments. */
#define TIMER_TOLERANCE_MS 30000
/* A sample is stale when this many telemetry periods, one slice and the grace have passed without a reply. */
#define STALE_PERIODS 3

static const struct limit *bound(const struct assessment *a, enum modality_quantity q, enum limit_class class,
                                 bool want_min)
{
    const struct dose_tables *t = a->plan.tables;
    return limit_tightest(t->limits, t->n_limits, &a->picture, q, class, want_min);
}

static const struct modality_range *readable(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        if (c->ranges[i].quantity == q && c->ranges[i].readable)
            return &c->ranges[i];
    }
    return NULL;
}

static void put_delivery(struct supervise_channel_rules *c, const struct assessment *a, size_t i)
{
    const struct modality_channel *device = a->plan.device[i];
    const struct modality_range *power = readable(device, QUANTITY_power_uw);
    const struct limit *accuracy = bound(a, QUANTITY_delivery_error_permille, LIMIT_HARD, false);
    c->level = a->plan.level;
    c->has_actual = device->level_measured;
    c->actual = device->level_measured && power && a->plan.level != QUANTITY_power_uw ? QUANTITY_power_uw : c->level;
    c->rest_value = device->rest_value;
    c->noise = device->noise;
    c->accuracy_permille = accuracy ? accuracy->max : 200;
    for (size_t k = 0; k < device->n_ranges && k < MODALITY_RANGES_MAX; k++) {
        if (device->ranges[k].quantity != c->actual)
            continue;
        c->resolution = device->ranges[k].resolution;
        c->floor = device->ranges[k].max / 1000 * FLOOR_PERMILLE;
    }
}

static void put_load(struct supervise_channel_rules *c, const struct assessment *a)
{
    const struct limit *open = bound(a, QUANTITY_impedance_ohm, LIMIT_HARD, false);
    const struct limit *closed = bound(a, QUANTITY_impedance_ohm, LIMIT_HARD, true);
    const struct limit *trend = bound(a, QUANTITY_impedance_rise_permille, LIMIT_NOTICE, false);
    const struct modality_device *d = &a->plan.unit->info.device;
    c->judge_contact = d->contact_monitored;
    c->contact_from = d->contact_monitored_from;
    c->has_open = open != NULL;
    c->impedance_open_ohm = open ? open->max : 0;
    c->has_short = closed != NULL;
    c->impedance_short_ohm = closed ? closed->min : 0;
    c->impedance_trend_permille = trend ? trend->max : 0;
}

/* One limit per quantity, the tightest maximum: more would only repeat it. */
static void add_limit(struct supervise_channel_rules *c, const struct limit *limit)
{
    for (size_t i = 0; i < c->n_limits; i++) {
        if (c->limits[i]->quantity != limit->quantity || c->limits[i]->has_max != limit->has_max)
            continue;
        if (limit->has_max ? limit->max < c->limits[i]->max : limit->min > c->limits[i]->min)
            c->limits[i] = limit;
        return;
    }
    if (c->n_limits < sizeof c->limits / sizeof c->limits[0])
        c->limits[c->n_limits++] = limit;
}

static bool on_one_channel(const struct limit *l)
{
    const enum modality_basis basis = modality_quantity_info(l->quantity)->basis;
    return l->class == LIMIT_HARD && l->use == USE_TREATMENT && l->quantity != QUANTITY_rms_current_sum_ua &&
           (l->scope == SCOPE_INSTANTANEOUS || l->scope == SCOPE_PER_PULSE) && basis != BASIS_PROPERTY;
}

static int64_t less(int64_t max, int64_t used)
{
    return used > max ? 0 : max - used;
}

static void tighten(int64_t *value, int64_t max)
{
    if (max < *value)
        *value = max;
}

static void tighten_total(struct dose_amounts *totals, const struct limit *l, const struct dose_history *h)
{
    const bool day = l->scope == SCOPE_PER_24H;
    if (l->class != LIMIT_HARD || !l->has_max || (!day && l->scope != SCOPE_PER_SESSION))
        return;
    switch ((int)l->quantity) {
    case QUANTITY_duration_ms:
        tighten(&totals->duration_ms, less(l->max, day ? h->duration_ms : 0));
        break;
    case QUANTITY_energy_uj:
        tighten(&totals->energy_uj, less(l->max, day ? h->energy_uj : 0));
        break;
    case QUANTITY_session_charge_uc:
        tighten(&totals->charge_uc, less(l->max, day ? h->charge_uc : 0));
        break;
    case QUANTITY_iontophoresis_dose_ua_min:
        tighten(&totals->ion_dose_ua_min, less(l->max, day ? h->ion_dose_ua_min : 0));
        break;
    case QUANTITY_contraction_count:
        tighten(&totals->contractions, l->max);
        break;
    default:
        break;
    }
}

/* Every limit that applies, once: those on one channel, those on totals. */
static void put_limits(struct supervise_rules *rules, const struct assessment *a, const struct dose_history *history)
{
    const struct dose_tables *t = a->plan.tables;
    struct limit_finding *findings = calloc(t->n_limits + 1, sizeof *findings);
    if (!findings)
        return;
    limit_explain(t->limits, t->n_limits, &a->picture, history, findings);
    for (size_t i = 0; i < t->n_limits; i++) {
        if (!findings[i].applies)
            continue;
        tighten_total(&rules->totals_max, &t->limits[i], history);
        for (size_t c = 0; on_one_channel(&t->limits[i]) && c < rules->n_channels; c++)
            add_limit(&rules->channels[c], &t->limits[i]);
    }
    free(findings);
}

static int64_t temperature_bound(const struct assessment *a)
{
    const struct limit *l = bound(a, QUANTITY_applicator_temperature_millic, LIMIT_HARD, false);
    int64_t max = l ? l->max : INT64_MAX;
    const int applicator = a->plan.treatment.applicator;
    if (applicator >= 0 && a->plan.tables->applicators[applicator].max_temperature_millic > 0)
        tighten(&max, a->plan.tables->applicators[applicator].max_temperature_millic);
    return max;
}

void rules_make(const struct sessions *s, struct session *session, const struct assessment *a)
{
    struct supervise_rules *rules = &session->rules;
    const struct modality_device *d = &a->plan.unit->info.device;
    const struct limit *timer = bound(a, QUANTITY_timer_error_ms, LIMIT_HARD, false);
    *rules = (struct supervise_rules){
        .modality = a->plan.treatment.modality,
        .n_channels = (uint32_t)a->plan.treatment.n_channels,
        .stale_ns =
            (int64_t)(STALE_PERIODS * s->settings.telemetry_ms + s->settings.grace_ms + d->slice_ms) * NS_PER_MS,
        .timer_tolerance_ms = timer ? timer->max : TIMER_TOLERANCE_MS,
        .temperature_max_millic = temperature_bound(a),
        .totals_max = {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX}};
    for (size_t i = 0; i < rules->n_channels; i++) {
        struct supervise_channel_rules *c = &rules->channels[i];
        c->channel = a->plan.channels[i];
        c->waveform = a->plan.treatment.channels[i].waveform;
        c->values = a->plan.treatment.channels[i].start;
        put_delivery(c, a, i);
        put_load(c, a);
        rules->device_timer = rules->device_timer || readable(a->plan.device[i], QUANTITY_duration_ms);
    }
    put_limits(rules, a, &a->history);
}

void rules_tighten(struct session *session, const struct assessment *a)
{
    struct supervise_rules *rules = &session->rules;
    const struct limit *accuracy = bound(a, QUANTITY_delivery_error_permille, LIMIT_HARD, false);
    const struct limit *open = bound(a, QUANTITY_impedance_ohm, LIMIT_HARD, false);
    const struct limit *closed = bound(a, QUANTITY_impedance_ohm, LIMIT_HARD, true);
    tighten(&rules->temperature_max_millic, temperature_bound(a));
    for (size_t i = 0; i < rules->n_channels; i++) {
        struct supervise_channel_rules *c = &rules->channels[i];
        if (accuracy)
            tighten(&c->accuracy_permille, accuracy->max);
        if (open && (!c->has_open || open->max < c->impedance_open_ohm)) {
            c->has_open = true;
            c->impedance_open_ohm = open->max;
        }
        if (closed && (!c->has_short || closed->min > c->impedance_short_ohm)) {
            c->has_short = true;
            c->impedance_short_ohm = closed->min;
        }
    }
    put_limits(rules, a, &session->history);
}
