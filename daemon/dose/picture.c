/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From an intended treatment to its picture: everything derived at both ends of the envelope, and the worst of what
 * lies between them; what channels add up to is picture_sum.c. What is missing, contradictory or impossible becomes a
 * refusal here, so that the engine after it only compares.
 */
#include "dose/picture_parts.h"

#include "dose/derive.h"
#include "dose/value.h"
#include "dose/wide.h"

#include <errno.h>
#include <stdio.h>

/* Formats one refusal about a quantity of a channel. */
static void refuse(struct refusals *r, enum modality_token token, int channel, enum modality_quantity q,
                   const char *what)
{
    struct refusal *item = refusal_add(r, token, modality_quantity_info(q)->id, "%s in channel %d %s",
                                       modality_quantity_info(q)->id, channel + 1, what);
    item->has_quantity = true;
    item->quantity = q;
    item->channel = channel;
}

/* Whether a value can be negative: only temperatures below freezing. */
static bool may_be_negative(enum modality_quantity q)
{
    return modality_quantity_info(q)->dimension == DIMENSION_TEMPERATURE;
}

/* One quantity at both ends: there, possible, the ceiling not on the safer side, a property the same at both. */
static void check_ends(const struct dose_channel *c, int channel, enum modality_quantity q, struct refusals *r)
{
    const struct modality_quantity_info *info = modality_quantity_info(q);
    if (quantity_has(&c->start, q) != quantity_has(&c->ceiling, q)) {
        refuse(r, TOKEN_INCOMPLETE, channel, q, "needs both a start value and a ceiling");
        return;
    }
    int64_t start = c->start.value[q], ceiling = c->ceiling.value[q];
    if ((start < 0 || ceiling < 0) && !may_be_negative(q)) {
        refuse(r, TOKEN_OUT_OF_RANGE, channel, q, "cannot be negative");
    } else if ((info->safer == SAFER_DOWN && ceiling < start) || (info->safer == SAFER_UP && ceiling > start)) {
        char what[160], low[64], high[64];
        snprintf(what, sizeof what, "has a ceiling (%s) that is safer than its start value (%s)",
                 value_format(q, ceiling, low, sizeof low), value_format(q, start, high, sizeof high));
        refuse(r, TOKEN_OUT_OF_RANGE, channel, q, what);
    } else if (start != ceiling &&
               (info->basis == BASIS_PROPERTY || q == QUANTITY_us_frequency_khz || course_names(q))) {
        refuse(r, TOKEN_OUT_OF_RANGE, channel, q, "cannot change during a treatment");
    }
}

static void check_channel(const struct dose_treatment *t, int channel, struct refusals *r)
{
    const struct dose_channel *c = &t->channels[channel];
    if (c->waveform >= WAVEFORM_COUNT || modality_waveform_modality(c->waveform) != t->modality) {
        refuse(r, TOKEN_OUT_OF_RANGE, channel, QUANTITY_waveform_class, "is not of the treatment's modality");
        return;
    }
    if (c->shares >> t->n_channels != 0) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, NULL, "channel %d shares an electrode with one that is not there",
                    channel + 1);
    }
    for (unsigned q = quantity_next(&c->start, 0); q < QUANTITY_COUNT; q = quantity_next(&c->start, q + 1)) {
        check_ends(c, channel, (enum modality_quantity)q, r);
    }
    for (unsigned q = quantity_next(&c->ceiling, 0); q < QUANTITY_COUNT; q = quantity_next(&c->ceiling, q + 1)) {
        if (!quantity_has(&c->start, (enum modality_quantity)q)) {
            check_ends(c, channel, (enum modality_quantity)q, r);
        }
    }
}

static void check_treatment(const struct dose_treatment *t, struct refusals *r)
{
    if (t->n_channels < 1 || t->n_channels > DOSE_CHANNELS_MAX) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, NULL, "a treatment has 1 to %d channels, not %zu", DOSE_CHANNELS_MAX,
                    t->n_channels);
        return;
    }
    if (t->duration_ms <= 0 || t->duration_ms > DOSE_INPUT_MAX) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, "duration_ms", "duration_ms must be more than 0");
    }
    if (t->site >= DOSE_SITES_MAX || t->therapy >= THERAPY_COUNT) {
        refusal_add(r, TOKEN_NOT_FOUND, NULL, "the treatment names no known body site or therapy");
    }
    for (size_t c = 0; c < t->n_channels && c < DOSE_CHANNELS_MAX; c++) {
        check_channel(t, (int)c, r);
    }
}

/* Quantities without a safer direction whose worst value is the smaller or the larger one of the two ends. */
static const enum modality_quantity worst_low[] = {
    QUANTITY_carrier_frequency_millihz, /* longer half cycles carry more charge */
    QUANTITY_beat_frequency_millihz,    /* longer beats carry more energy */
    QUANTITY_burst_rate_millihz,        /* longer bursts too, and more of one fits the worst second */
    QUANTITY_surge_off_ms,
    QUANTITY_treated_area_mm2,
};
static const enum modality_quantity worst_high[] = {
    QUANTITY_interphase_us,
    QUANTITY_surge_on_ms,
    QUANTITY_ramp_up_ms,
    QUANTITY_ramp_down_ms,
};
/* What makes the mean power of a laser from its peak. Ultrasound pulses have their duty, and that has a direction. */
static const enum modality_quantity laser_high[] = {
    QUANTITY_pulse_repetition_millihz,
    QUANTITY_burst_width_us,
    QUANTITY_pulse_width_ns,
};

static void pick(struct quantity_set *corner, const struct quantity_set *start, const enum modality_quantity *list,
                 size_t n, bool high)
{
    for (size_t i = 0; i < n; i++) {
        enum modality_quantity q = list[i];
        if (quantity_has(corner, q) && (start->value[q] > corner->value[q]) == high) {
            corner->value[q] = start->value[q];
        }
    }
}

#define PICK(corner, start, list, high) pick(corner, start, list, sizeof(list) / sizeof(list)[0], high)

/* The ceiling with everything that has no direction at its worst end. */
static void worst_corner(enum modality modality, const struct dose_channel *c, struct quantity_set *corner)
{
    *corner = c->ceiling;
    PICK(corner, &c->start, worst_low, false);
    PICK(corner, &c->start, worst_high, true);
    if (modality == MODALITY_LASER) {
        PICK(corner, &c->start, laser_high, true);
    }
}

/* Derives set and its totals; a failure becomes a refusal. */
static int derive_set(const struct dose_channel *c, int channel, int64_t duration_ms, struct quantity_set *set,
                      struct refusals *r)
{
    enum modality_quantity fault = QUANTITY_waveform_class;
    int error = dose_derive(c->waveform, set, &fault);
    if (error == -EINVAL) {
        refuse(r, TOKEN_INCOMPLETE, channel, fault, "is missing");
        return error;
    }
    if (error == 0) {
        fault = QUANTITY_duration_ms;
        error = dose_totals(c->waveform, set, duration_ms);
    }
    if (error < 0) {
        refuse(r, TOKEN_OUT_OF_RANGE, channel, fault, "is not possible with the other values");
    }
    return error;
}

/*
 * The phases of an asymmetric pulse balance each other: the worst imbalance lies where one phase is at its ceiling and
 * the other still at its start. Its net charge and direct part go into the ceiling.
 */
static int add_imbalance(const struct dose_channel *c, int channel, int64_t duration_ms, struct quantity_set *ceiling,
                         struct refusals *r)
{
    static const enum modality_quantity unbalanced[] = {
        QUANTITY_net_charge_permille,  QUANTITY_dc_current_ua,          QUANTITY_dc_density_ua_cm2,
        QUANTITY_anode_density_ua_cm2, QUANTITY_cathode_density_ua_cm2,
    };
    struct quantity_set first = c->ceiling, second = c->ceiling;
    second.value[QUANTITY_phase_width_us] = c->start.value[QUANTITY_phase_width_us];
    first.value[QUANTITY_phase2_width_us] = c->start.value[QUANTITY_phase2_width_us];
    first.value[QUANTITY_amplitude2_permille] = c->start.value[QUANTITY_amplitude2_permille];
    struct quantity_set *corners[] = {&first, &second};
    for (size_t i = 0; i < 2; i++) {
        int error = derive_set(c, channel, duration_ms, corners[i], r);
        if (error < 0) {
            return error;
        }
        for (size_t k = 0; k < sizeof unbalanced / sizeof unbalanced[0]; k++) {
            picture_raise(ceiling, corners[i], unbalanced[k]);
        }
    }
    return 0;
}

/* Surges begun at most: with the shortest period that the ends allow. */
static void count_contractions(const struct dose_channel *c, int64_t duration_ms, struct quantity_set *ceiling)
{
    if (!quantity_has(ceiling, QUANTITY_contraction_count)) {
        return;
    }
    int64_t on_start = c->start.value[QUANTITY_surge_on_ms], on = c->ceiling.value[QUANTITY_surge_on_ms];
    int64_t off_start = quantity_or_zero(&c->start, QUANTITY_surge_off_ms);
    int64_t off = quantity_or_zero(&c->ceiling, QUANTITY_surge_off_ms);
    int64_t period = 0, count = INT64_MAX;
    if (wide_add(on < on_start ? on : on_start, off < off_start ? off : off_start, &period) < 0 ||
        wide_mul_div_up(duration_ms, 1, period, &count) < 0) {
        count = INT64_MAX;
    }
    quantity_put(ceiling, QUANTITY_contraction_count, count);
}

static bool has_carrier(enum modality_waveform waveform)
{
    return waveform == WAVEFORM_sine || waveform == WAVEFORM_premod_two_tone ||
           waveform == WAVEFORM_premod_raised_cosine || waveform == WAVEFORM_russian;
}

/* Both ends of one channel. */
static int derive_channel(const struct dose_treatment *t, int channel, struct dose_picture *out, struct refusals *r)
{
    const struct dose_channel *c = &t->channels[channel];
    struct quantity_set *start = &out->start[channel], *ceiling = &out->ceiling[channel];
    *start = c->start;
    worst_corner(t->modality, c, ceiling);
    int error = derive_set(c, channel, t->duration_ms, start, r);
    if (error == 0) {
        error = derive_set(c, channel, t->duration_ms, ceiling, r);
    }
    if (error == 0 && c->waveform == WAVEFORM_biphasic_asymmetric) {
        error = add_imbalance(c, channel, t->duration_ms, ceiling, r);
    }
    if (error < 0) {
        return error;
    }
    count_contractions(c, t->duration_ms, ceiling);
    /* what was commanded is shown as commanded; only what follows from it was taken at the worst corner */
    for (unsigned q = quantity_next(&c->ceiling, 0); q < QUANTITY_COUNT; q = quantity_next(&c->ceiling, q + 1)) {
        if (q != QUANTITY_power_uw && q != QUANTITY_point_energy_uj) {
            ceiling->value[q] = c->ceiling.value[q];
        }
    }
    if (has_carrier(c->waveform)) {
        quantity_put(ceiling, QUANTITY_limit_frequency_millihz, c->ceiling.value[QUANTITY_carrier_frequency_millihz]);
    }
    return 0;
}

int dose_picture_make(const struct dose_treatment *t, struct dose_picture *out, struct refusals *r)
{
    size_t refused_before = r->n + r->dropped;
    check_treatment(t, r);
    if (r->n + r->dropped > refused_before) {
        return -EINVAL;
    }
    /* only the channels that there are: a treatment is 13 KiB, and a check has two microseconds */
    memcpy(&out->treatment, t, offsetof(struct dose_treatment, channels));
    out->whole = (struct quantity_set){0};
    for (size_t c = 0; c < t->n_channels && c < DOSE_CHANNELS_MAX; c++) {
        out->treatment.channels[c] = t->channels[c];
        derive_channel(t, (int)c, out, r); /* a failure is a refusal: all channels are judged before it counts */
    }
    if (r->n + r->dropped > refused_before) {
        return -EINVAL;
    }
    if (course_make(t, &out->start[0], &out->ceiling[0], &out->course, r) < 0) {
        return -EINVAL;
    }
    course_put_totals(&out->course, &out->start[0]);
    course_put_totals(&out->course, &out->ceiling[0]);
    if (t->modality == MODALITY_ESTIM && t->n_channels > 1) {
        picture_share(t, out->start);
        picture_share(t, out->ceiling);
    }
    picture_sum(out);
    return 0;
}
