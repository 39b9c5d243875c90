/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What supervision holds every sample against: the bounds of the limits that apply to this treatment, what the device
 * says of its measurements, and what is left of the day's dose. Everything that a limit bounds begins loose and is
 * tightened, when the rules are made and by other tables later: nothing can make it looser.
 */
#include "session/internal.h"

#include "dose/wide.h"

/* Where no limit says so: accuracy is judged above this share of the device's range. */
#define FLOOR_PERMILLE 100
/* Where no limit says so: a pad that has twice the impedance of its start touches with half of it. */
#define IMPEDANCE_RISE_PERMILLE 1000
/* Where no limit says so: 21 CFR 1040.11 and 1050.10 give a fifth. */
#define ACCURACY_PERMILLE 200
/* Where no limit says so: 21 CFR 1050.10(c)(2) gives half a minute to short treatments. */
#define TIMER_TOLERANCE_MS 30000
/* A sample is stale when this many telemetry periods, one slice and the grace have passed without a reply. */
#define STALE_PERIODS 3

#define NOT_BOUNDED INT64_MAX
static const struct dose_amounts endless = {NOT_BOUNDED, NOT_BOUNDED, NOT_BOUNDED, NOT_BOUNDED,
                                            NOT_BOUNDED, NOT_BOUNDED, NOT_BOUNDED};

static const struct limit *limit_of(const struct assessment *a, enum modality_quantity q, enum limit_class class,
                                    bool want_min)
{
    const struct dose_tables *t = a->plan.dose.tables;
    return limit_tightest(t->limits, t->n_limits, &a->picture, q, class, want_min);
}

static int64_t max_or(const struct assessment *a, enum modality_quantity q, enum limit_class class, int64_t otherwise)
{
    const struct limit *l = limit_of(a, q, class, false);
    return l ? l->max : otherwise;
}

static void tighten(int64_t *value, int64_t max)
{
    if (max < *value)
        *value = max;
}

/* Whoever reads of a bound is told where it comes from. */
static void name_bound(struct supervise_rules *rules, size_t bound, const struct limit *l)
{
    snprintf(rules->by[bound], sizeof rules->by[bound], " (%s, %s)", l->id,
             l->origin ? l->origin : limit_layer_id(l->layer));
}

static void tighten_by(struct supervise_rules *rules, size_t bound, int64_t *value, int64_t max, const struct limit *l)
{
    if (max > *value)
        return;
    *value = max;
    name_bound(rules, bound, l);
}

/* The maximum of a limit, where there is one. */
static void take_max(struct supervise_rules *rules, size_t bound, int64_t *value, const struct limit *l)
{
    if (l)
        tighten_by(rules, bound, value, l->max, l);
}

static void take_min(struct supervise_rules *rules, size_t bound, int64_t *value, const struct limit *l)
{
    if (!l || l->min < *value)
        return;
    *value = l->min;
    name_bound(rules, bound, l);
}

static const struct modality_range *readable(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        if (c->ranges[i].quantity == q && c->ranges[i].readable)
            return &c->ranges[i];
    }
    return NULL;
}

/* --- what the device is --- */

static void put_measurement(struct supervise_channel_rules *c, const struct assessment *a, size_t i)
{
    const struct modality_channel *device = a->plan.device[i];
    const struct modality_device *d = &a->plan.unit->info.device;
    const struct modality_range *power = readable(device, QUANTITY_power_uw);
    const uint32_t slow_ms = d->rest_within_ms > d->settle_ms ? d->rest_within_ms : d->settle_ms;
    c->level = a->plan.level;
    c->has_actual = device->level_measured;
    c->actual = device->level_measured && power && a->plan.level != QUANTITY_power_uw ? QUANTITY_power_uw : c->level;
    c->safer_up = modality_quantity_info(c->level)->safer == SAFER_UP;
    c->lag_ns = d->rest_by_setpoint ? (int64_t)slow_ms * NS_PER_MS : 0;
    c->settle_ns = (int64_t)d->settle_ms * NS_PER_MS;
    c->rest_value = device->rest_value;
    c->noise = device->noise;
    c->judge_contact = d->contact_monitored;
    c->contact_from = d->contact_monitored_from;
    c->has_skin = readable(device, QUANTITY_skin_temperature_millic) != NULL;
    for (size_t k = 0; k < device->n_ranges && k < MODALITY_RANGES_MAX; k++) {
        if (device->ranges[k].quantity == c->actual)
            c->resolution = device->ranges[k].resolution;
        if (device->ranges[k].quantity == c->level)
            c->level_resolution = device->ranges[k].resolution;
    }
}

static void put_timer(struct supervise_rules *rules, const struct modality_range *timer)
{
    if (!timer)
        return;
    rules->device_timer = true;
    if (timer->resolution > rules->timer_step_ms)
        rules->timer_step_ms = timer->resolution;
}

static void put_applicator(struct supervise_channel_rules *c, const struct assessment *a)
{
    const struct unit *unit = a->plan.unit;
    const int index = a->plan.dose.treatment.applicator;
    const char *serial = index >= 0 ? a->plan.dose.tables->applicators[index].serial : NULL;
    snprintf(c->applicator, sizeof c->applicator, "%s", serial ? serial : "");
    c->applicator_told = unit->has_sample && unit->sample.status.channels[c->channel].applicator[0] != '\0';
}

/* --- what limits bound --- */

/* The farthest that the measurement can be from rest: the share above which accuracy counts is taken of it. */
static int64_t span_of(const struct supervise_channel_rules *c, const struct modality_channel *device)
{
    for (size_t k = 0; k < device->n_ranges && k < MODALITY_RANGES_MAX; k++) {
        const struct modality_range *range = &device->ranges[k];
        if (range->quantity == c->actual)
            return c->actual == c->level && c->safer_up ? c->rest_value - range->min : range->max;
    }
    return 0;
}

static void tighten_channel(struct supervise_rules *rules, const struct assessment *a, size_t i)
{
    struct supervise_channel_rules *c = &rules->channels[i];
    const int64_t floor = max_or(a, QUANTITY_accuracy_floor_permille, LIMIT_INFO, FLOOR_PERMILLE);
    const struct limit *accuracy = limit_of(a, QUANTITY_delivery_error_permille, LIMIT_HARD, false);
    take_max(rules, BOUND_accuracy, &c->accuracy_permille, accuracy);
    if (!accuracy)
        tighten(&c->accuracy_permille, ACCURACY_PERMILLE);
    tighten(&c->floor, span_of(c, a->plan.device[i]) / 1000 * floor);
    take_max(rules, BOUND_open, &c->impedance_open_ohm, limit_of(a, QUANTITY_impedance_ohm, LIMIT_HARD, false));
    take_min(rules, BOUND_short, &c->impedance_short_ohm, limit_of(a, QUANTITY_impedance_ohm, LIMIT_HARD, true));
    take_max(rules, BOUND_trend, &c->impedance_trend_permille,
             limit_of(a, QUANTITY_impedance_rise_permille, LIMIT_NOTICE, false));
    take_max(rules, BOUND_rise, &c->impedance_rise_permille,
             limit_of(a, QUANTITY_impedance_rise_permille, LIMIT_HARD, false));
    tighten(&c->impedance_rise_permille, IMPEDANCE_RISE_PERMILLE);
    take_max(rules, BOUND_readback, &c->readback_permille,
             limit_of(a, QUANTITY_readback_ratio_permille, LIMIT_HARD, false));
    take_max(rules, BOUND_static, &c->static_max_uw_cm2,
             limit_of(a, QUANTITY_intensity_static_uw_cm2, LIMIT_NOTICE, false));
    take_max(rules, BOUND_static, &c->static_max_uw_cm2,
             limit_of(a, QUANTITY_intensity_static_uw_cm2, LIMIT_HARD, false));
    take_min(rules, BOUND_skin, &c->skin_min_millic, limit_of(a, QUANTITY_skin_temperature_millic, LIMIT_HARD, true));
}

static void loosest_channel(struct supervise_channel_rules *c)
{
    c->accuracy_permille = c->floor = c->impedance_open_ohm = c->impedance_trend_permille = NOT_BOUNDED;
    c->impedance_rise_permille = c->readback_permille = c->static_max_uw_cm2 = NOT_BOUNDED;
    c->impedance_short_ohm = 0;
    c->skin_min_millic = INT64_MIN;
}

/* One limit per quantity and side, the tightest: more would only repeat it. */
static int add_limit(struct supervise_channel_rules *c, const struct limit *limit)
{
    for (size_t i = 0; i < c->n_limits; i++) {
        if (c->limits[i]->quantity != limit->quantity || c->limits[i]->has_max != limit->has_max)
            continue;
        if (limit->has_max ? limit->max < c->limits[i]->max : limit->min > c->limits[i]->min)
            c->limits[i] = limit;
        return 0;
    }
    if (c->n_limits == sizeof c->limits / sizeof c->limits[0])
        return -ENOSPC;
    c->limits[c->n_limits++] = limit;
    return 0;
}

/* Judged on every sample: what flows now, and the rise of temperature so far. */
static bool on_one_channel(const struct limit *l)
{
    const enum modality_basis basis = modality_quantity_info(l->quantity)->basis;
    const bool now = l->scope == SCOPE_INSTANTANEOUS || l->scope == SCOPE_PER_PULSE;
    return l->quantity != QUANTITY_rms_current_sum_ua && (now || l->quantity == QUANTITY_temperature_rise_millik) &&
           basis != BASIS_PROPERTY;
}

int rules_put_limits(struct session *session)
{
    struct supervise_rules *rules = &session->rules;
    int r = 0;
    for (size_t c = 0; c < rules->n_channels; c++) {
        rules->channels[c].n_limits = 0;
        for (size_t i = 0; r == 0 && i < session->kept.n; i++) {
            const struct kept_limit *kept = session->kept.items[i];
            if (kept->met && on_one_channel(&kept->limit))
                r = add_limit(&rules->channels[c], &kept->limit);
        }
    }
    return r;
}

static int64_t less(int64_t max, int64_t used)
{
    return used > max ? 0 : max - used;
}

/* The energy that a bound on energy over the treated area leaves. */
static int64_t energy_over_area(const struct assessment *a, int64_t density)
{
    const struct quantity_set *values = &a->plan.dose.treatment.channels[0].start;
    const int64_t treated = quantity_or_zero(values, QUANTITY_treated_area_mm2);
    const int64_t area = treated > 0 ? treated : quantity_or_zero(values, QUANTITY_era_mm2);
    int64_t energy;
    return wide_mul_div_down(density, area, 100, &energy) == 0 ? energy : NOT_BOUNDED;
}

/* What earlier sessions of the day have used of an amount. */
static int64_t used_of(const struct dose_history *h, size_t amount)
{
    switch ((enum amount)amount) {
    case AMOUNT_duration_ms:
        return h->duration_ms;
    case AMOUNT_energy_uj:
        return h->energy_uj;
    case AMOUNT_session_charge_uc:
        return h->session_charge_uc;
    case AMOUNT_iontophoresis_dose_ua_min:
        return h->iontophoresis_dose_ua_min;
    case AMOUNT_cem43_ms:
        return h->cem43_ms;
    case AMOUNT_cold_dose_millic_min:
        return h->cold_dose_millic_min;
    case AMOUNT_contraction_count:
    case AMOUNT_COUNT:
        return 0;
    }
    return 0;
}

/* One of the totals, by the limit that leaves least of it. */
static void tighten_total(struct supervise_rules *rules, bool hard, const struct limit *l, const struct assessment *a,
                          const struct dose_history *h)
{
    const bool day = l->scope == SCOPE_PER_24H, density = l->quantity == QUANTITY_energy_density_uj_cm2;
    const enum modality_quantity q = density ? QUANTITY_energy_uj : l->quantity;
    struct dose_amounts *totals = hard ? &rules->totals_max : &rules->totals_notice;
    if (!l->has_max || (!day && l->scope != SCOPE_PER_SESSION))
        return;
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        if (amount_quantity(i) != q)
            continue;
        int64_t value = amount_get(totals, i);
        const int64_t max = density ? energy_over_area(a, l->max) : less(l->max, day ? used_of(h, i) : 0);
        tighten_by(rules, (size_t)(hard ? BOUND_totals : BOUND_notices) + i, &value, max, l);
        amount_set(totals, i, value);
    }
}

/* Every limit that applies, once: those on all channels together, on totals. */
static int tighten_totals(struct session *session, const struct assessment *a)
{
    struct supervise_rules *rules = &session->rules;
    const struct dose_tables *t = a->plan.dose.tables;
    const struct prescription asked = request_prescription(&session->request->r, session->unit);
    struct limit_finding *findings = calloc(t->n_limits + 1, sizeof *findings);
    if (!findings)
        return -ENOMEM;
    limit_explain(t->limits, t->n_limits, &a->picture, &session->history, findings);
    for (size_t i = 0; i < t->n_limits; i++) {
        const struct limit *l = &t->limits[i];
        if (!findings[i].applies)
            continue;
        if (l->class == LIMIT_HARD)
            tighten_total(rules, true, l, a, &session->history);
        else if (l->class == LIMIT_NOTICE && !prescription_acknowledges(&asked, l->id))
            tighten_total(rules, false, l, a, &session->history);
        if (l->class == LIMIT_HARD && l->quantity == QUANTITY_rms_current_sum_ua && l->has_max)
            tighten_by(rules, BOUND_rms_sum, &rules->rms_sum_max_ua, less(l->max, session->history.rms_sum_ua), l);
    }
    free(findings);
    return 0;
}

static void tighten_temperature(struct supervise_rules *rules, const struct assessment *a)
{
    const int index = a->plan.dose.treatment.applicator;
    take_max(rules, BOUND_temperature, &rules->temperature_max_millic,
             limit_of(a, QUANTITY_applicator_temperature_millic, LIMIT_HARD, false));
    if (index < 0)
        return;
    const struct applicator *head = &a->plan.dose.tables->applicators[index];
    const struct limit own = {.id = head->id, .origin = head->origin, .max = head->max_temperature_millic};
    if (own.max > 0)
        take_max(rules, BOUND_temperature, &rules->temperature_max_millic, &own);
}

/* The device's timer may be off by a time, and by a share of the set time, whichever is less. */
static void tighten_timer(struct supervise_rules *rules, const struct assessment *a)
{
    const struct limit *time = limit_of(a, QUANTITY_timer_error_ms, LIMIT_HARD, false);
    const struct limit *shares[] = {limit_of(a, QUANTITY_timer_error_permille, LIMIT_HARD, false),
                                    limit_of(a, QUANTITY_timer_error_permille, LIMIT_DEVICE, false)};
    take_max(rules, BOUND_timer, &rules->timer_tolerance_ms, time);
    if (!time)
        tighten(&rules->timer_tolerance_ms, TIMER_TOLERANCE_MS);
    for (size_t i = 0; i < 2; i++) {
        int64_t most;
        if (shares[i] && wide_mul_div_down(a->plan.dose.treatment.duration_ms, shares[i]->max, 1000, &most) == 0)
            tighten_by(rules, BOUND_timer, &rules->timer_tolerance_ms, most, shares[i]);
    }
}

int rules_tighten(struct session *session, const struct assessment *a)
{
    struct supervise_rules *rules = &session->rules;
    tighten_temperature(rules, a);
    tighten_timer(rules, a);
    for (size_t i = 0; i < rules->n_channels; i++)
        tighten_channel(rules, a, i);
    kept_meet(&session->kept, &a->picture);
    const int r = tighten_totals(session, a);
    return r < 0 ? r : rules_put_limits(session);
}

int rules_make(const struct sessions *s, struct session *session, const struct assessment *a)
{
    struct supervise_rules *rules = &session->rules;
    const struct modality_device *d = &a->plan.unit->info.device;
    *rules = (struct supervise_rules){
        .modality = a->plan.dose.treatment.modality,
        .n_channels = (uint32_t)a->plan.dose.treatment.n_channels,
        .stale_ns =
            (int64_t)(STALE_PERIODS * s->settings.telemetry_ms + s->settings.grace_ms + d->slice_ms) * NS_PER_MS,
        .timer_tolerance_ms = NOT_BOUNDED,
        .temperature_max_millic = NOT_BOUNDED,
        .totals_max = endless,
        .totals_notice = endless,
        .treatment = &session->treatment,
        .course = a->picture.course,
        .rms_sum_max_ua = NOT_BOUNDED};
    for (size_t i = 0; i < rules->n_channels; i++) {
        struct supervise_channel_rules *c = &rules->channels[i];
        c->channel = a->plan.channels[i];
        c->waveform = a->plan.dose.treatment.channels[i].waveform;
        c->values = a->plan.dose.treatment.channels[i].start;
        put_measurement(c, a, i);
        put_applicator(c, a);
        loosest_channel(c);
        put_timer(rules, readable(a->plan.device[i], QUANTITY_duration_ms));
    }
    return rules_tighten(session, a);
}
