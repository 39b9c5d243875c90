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
/* Where no limit says so: 21 CFR 1040.11 and 1050.10 give a fifth. */
#define ACCURACY_PERMILLE 200
/* Where no limit says so: 21 CFR 1050.10(c)(2) gives half a minute to short treatments. */
#define TIMER_TOLERANCE_MS 30000
/* A sample is stale when this many telemetry periods, one slice and the grace have passed without a reply. */
#define STALE_PERIODS 3

#define NOT_BOUNDED INT64_MAX
static const struct dose_amounts endless = {NOT_BOUNDED, NOT_BOUNDED, NOT_BOUNDED, NOT_BOUNDED,
                                            NOT_BOUNDED, NOT_BOUNDED, NOT_BOUNDED};

static const struct limit *bound(const struct assessment *a, enum modality_quantity q, enum limit_class class,
                                 bool want_min)
{
    const struct dose_tables *t = a->plan.dose.tables;
    return limit_tightest(t->limits, t->n_limits, &a->picture, q, class, want_min);
}

static int64_t max_or(const struct assessment *a, enum modality_quantity q, enum limit_class class, int64_t otherwise)
{
    const struct limit *l = bound(a, q, class, false);
    return l ? l->max : otherwise;
}

static void tighten(int64_t *value, int64_t max)
{
    if (max < *value)
        *value = max;
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
    }
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

static void tighten_channel(struct supervise_channel_rules *c, const struct assessment *a, size_t i)
{
    const int64_t floor = max_or(a, QUANTITY_accuracy_floor_permille, LIMIT_INFO, FLOOR_PERMILLE);
    const struct limit *closed = bound(a, QUANTITY_impedance_ohm, LIMIT_HARD, true);
    const struct limit *skin = bound(a, QUANTITY_skin_temperature_millic, LIMIT_HARD, true);
    tighten(&c->accuracy_permille, max_or(a, QUANTITY_delivery_error_permille, LIMIT_HARD, ACCURACY_PERMILLE));
    tighten(&c->floor, span_of(c, a->plan.device[i]) / 1000 * floor);
    tighten(&c->impedance_open_ohm, max_or(a, QUANTITY_impedance_ohm, LIMIT_HARD, NOT_BOUNDED));
    tighten(&c->impedance_trend_permille, max_or(a, QUANTITY_impedance_rise_permille, LIMIT_NOTICE, NOT_BOUNDED));
    tighten(&c->readback_permille, max_or(a, QUANTITY_readback_ratio_permille, LIMIT_HARD, NOT_BOUNDED));
    tighten(&c->static_max_uw_cm2, max_or(a, QUANTITY_intensity_static_uw_cm2, LIMIT_NOTICE, NOT_BOUNDED));
    tighten(&c->static_max_uw_cm2, max_or(a, QUANTITY_intensity_static_uw_cm2, LIMIT_HARD, NOT_BOUNDED));
    if (closed && closed->min > c->impedance_short_ohm)
        c->impedance_short_ohm = closed->min;
    if (skin && skin->min > c->skin_min_millic)
        c->skin_min_millic = skin->min;
}

static void loosest_channel(struct supervise_channel_rules *c)
{
    c->accuracy_permille = c->floor = c->impedance_open_ohm = c->impedance_trend_permille = NOT_BOUNDED;
    c->readback_permille = c->static_max_uw_cm2 = NOT_BOUNDED;
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

/* Anew out of what is kept: a limit that was replaced there is pointed to no more. */
static int put_limits(struct session *session)
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

static void tighten_total(struct dose_amounts *totals, const struct limit *l, const struct assessment *a,
                          const struct dose_history *h)
{
    const bool day = l->scope == SCOPE_PER_24H;
    if (!l->has_max || (!day && l->scope != SCOPE_PER_SESSION))
        return;
    switch ((int)l->quantity) {
    case QUANTITY_duration_ms:
        tighten(&totals->duration_ms, less(l->max, day ? h->duration_ms : 0));
        break;
    case QUANTITY_energy_uj:
        tighten(&totals->energy_uj, less(l->max, day ? h->energy_uj : 0));
        break;
    case QUANTITY_energy_density_uj_cm2:
        tighten(&totals->energy_uj, energy_over_area(a, l->max));
        break;
    case QUANTITY_session_charge_uc:
        tighten(&totals->session_charge_uc, less(l->max, day ? h->session_charge_uc : 0));
        break;
    case QUANTITY_iontophoresis_dose_ua_min:
        tighten(&totals->iontophoresis_dose_ua_min, less(l->max, day ? h->iontophoresis_dose_ua_min : 0));
        break;
    case QUANTITY_contraction_count:
        tighten(&totals->contraction_count, l->max);
        break;
    case QUANTITY_cem43_ms:
        tighten(&totals->cem43_ms, less(l->max, day ? h->cem43_ms : 0));
        break;
    case QUANTITY_cold_dose_millic_min:
        tighten(&totals->cold_dose_millic_min, less(l->max, day ? h->cold_dose_millic_min : 0));
        break;
    default:
        break;
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
            tighten_total(&rules->totals_max, l, a, &session->history);
        else if (l->class == LIMIT_NOTICE && !prescription_acknowledges(&asked, l->id))
            tighten_total(&rules->totals_notice, l, a, &session->history);
        if (l->class == LIMIT_HARD && l->quantity == QUANTITY_rms_current_sum_ua && l->has_max)
            tighten(&rules->rms_sum_max_ua, less(l->max, session->history.rms_sum_ua));
    }
    free(findings);
    return 0;
}

static int64_t temperature_bound(const struct assessment *a)
{
    int64_t max = max_or(a, QUANTITY_applicator_temperature_millic, LIMIT_HARD, NOT_BOUNDED);
    const int applicator = a->plan.dose.treatment.applicator;
    if (applicator >= 0 && a->plan.dose.tables->applicators[applicator].max_temperature_millic > 0)
        tighten(&max, a->plan.dose.tables->applicators[applicator].max_temperature_millic);
    return max;
}

/* The device's timer may be off by a time, and by a share of the set time, whichever is less. */
static int64_t timer_bound(const struct assessment *a)
{
    int64_t max = max_or(a, QUANTITY_timer_error_ms, LIMIT_HARD, TIMER_TOLERANCE_MS), share;
    int64_t permille = max_or(a, QUANTITY_timer_error_permille, LIMIT_HARD, NOT_BOUNDED);
    tighten(&permille, max_or(a, QUANTITY_timer_error_permille, LIMIT_DEVICE, NOT_BOUNDED));
    if (permille != NOT_BOUNDED && wide_mul_div_down(a->plan.dose.treatment.duration_ms, permille, 1000, &share) == 0)
        tighten(&max, share);
    return max;
}

int rules_tighten(struct session *session, const struct assessment *a)
{
    struct supervise_rules *rules = &session->rules;
    tighten(&rules->temperature_max_millic, temperature_bound(a));
    tighten(&rules->timer_tolerance_ms, timer_bound(a));
    for (size_t i = 0; i < rules->n_channels; i++)
        tighten_channel(&rules->channels[i], a, i);
    kept_meet(&session->kept, &a->picture);
    const int r = tighten_totals(session, a);
    return r < 0 ? r : put_limits(session);
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
        rules->device_timer = rules->device_timer || readable(a->plan.device[i], QUANTITY_duration_ms);
    }
    return rules_tighten(session, a);
}
