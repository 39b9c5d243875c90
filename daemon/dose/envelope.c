/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second gate. The host holds every arm against the compiled ceilings, deriving again from the envelope alone what
 * the daemon should have derived, and every set point against the envelope. It trusts no number because the daemon sent
 * it.
 */
#include "dose/envelope.h"

#include "dose/derive.h"
#include "dose/limit_when.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define OVER_PERMILLE_MAX 2000 /* an over-delivery of twice the set value is judged whatever the daemon says */
#define BNR_WORST 8000         /* the compiled ceiling of BNR: what the gate takes when the envelope does not say */
#define AREA_UNKNOWN 1000000   /* mm2: so large that no density is judged by it */
#define FREQUENCY_WORST 1000   /* kHz: the lowest of common heads gives the largest mechanical index */

/* Writes the reason; always -EPERM. */
static int __attribute__((format(printf, 3, 4))) refuse(char *reason, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(reason, size, format, arguments) < 0 && size > 0) {
        reason[0] = '\0';
    }
    va_end(arguments);
    return -EPERM;
}

bool envelope_is_setting(enum modality_quantity q)
{
    switch ((int)q) {
    case QUANTITY_duration_ms:
    case QUANTITY_soft_start_ms:
    case QUANTITY_waveform_class:
    case QUANTITY_surge_on_ms:
    case QUANTITY_surge_off_ms:
    case QUANTITY_ramp_up_ms:
    case QUANTITY_ramp_down_ms:
    case QUANTITY_treated_area_mm2:
    case QUANTITY_point_energy_uj:
    case QUANTITY_point_count:
    case QUANTITY_point_duration_ms:
        return false;
    default:
        return modality_quantity_info(q)->basis == BASIS_COMMANDED;
    }
}

bool envelope_needs_range(enum modality_quantity q)
{
    return q != QUANTITY_burst_width_us && envelope_is_setting(q);
}

static bool is_ordered(enum modality_safer safer, int64_t start, int64_t ceiling)
{
    switch (safer) {
    case SAFER_DOWN:
        return start <= ceiling;
    case SAFER_UP:
        return start >= ceiling;
    case SAFER_NONE:
        return true;
    }
    return false;
}

/* The row of a quantity; of the first one for a number that names none, which is refused before its row counts. */
static const struct modality_quantity_info *info_of(uint32_t quantity)
{
    return modality_quantity_info((enum modality_quantity)(quantity < QUANTITY_COUNT ? quantity : 0));
}

/* Whether a number from a message names a quantity of this modality that can be set. */
static bool is_settable(uint32_t quantity, uint32_t modality)
{
    if (quantity >= QUANTITY_COUNT) {
        return false;
    }
    const struct modality_quantity_info *info = info_of(quantity);
    return (info->modalities & modality) != 0 && info->basis == BASIS_COMMANDED;
}

static int check_settings(const struct envelope *e, const struct envelope_channel *c, char *reason, size_t size)
{
    if (c->n_settings > ENVELOPE_SETTINGS_MAX) {
        return refuse(reason, size, "channel %u has %u settings, at most %d are possible", c->channel, c->n_settings,
                      ENVELOPE_SETTINGS_MAX);
    }
    for (uint32_t i = 0; i < c->n_settings && i < ENVELOPE_SETTINGS_MAX; i++) {
        const struct envelope_setting *s = &c->settings[i];
        if (!is_settable(s->quantity, e->modality) || s->quantity == c->level_quantity) {
            return refuse(reason, size, "setting %u of channel %u is no setting of this modality", i, c->channel);
        }
        const struct modality_quantity_info *info = info_of(s->quantity);
        if (!is_ordered(info->safer, s->start, s->ceiling)) {
            return refuse(reason, size, "%s of channel %u has a ceiling on the safer side of its start", info->id,
                          c->channel);
        }
        if ((s->start < 0 || s->ceiling < 0) && info->dimension != DIMENSION_TEMPERATURE) {
            return refuse(reason, size, "%s of channel %u is negative", info->id, c->channel);
        }
        for (uint32_t k = 0; k < i; k++) {
            if (c->settings[k].quantity == s->quantity) {
                return refuse(reason, size, "%s of channel %u is set twice", info->id, c->channel);
            }
        }
    }
    return 0;
}

static int check_level(const struct envelope *e, const struct envelope_channel *c, char *reason, size_t size)
{
    if (!is_settable(c->level_quantity, e->modality)) {
        return refuse(reason, size, "the level of channel %u is no setting of this modality", c->channel);
    }
    const struct modality_quantity_info *info = info_of(c->level_quantity);
    bool zero = info->rest == REST_ZERO && c->rest_value == 0;
    if (info->rest == REST_NONE || (info->rest == REST_ZERO && !zero)) {
        return refuse(reason, size, "%s of channel %u cannot rest at %lld", info->id, c->channel,
                      (long long)c->rest_value);
    }
    if (!is_ordered(info->safer, c->rest_value, c->level_start) ||
        !is_ordered(info->safer, c->level_start, c->level_ceiling)) {
        return refuse(reason, size, "%s of channel %u: rest, start and ceiling are out of order", info->id, c->channel);
    }
    if (walk_rules_check(&c->rules) < 0) {
        return refuse(reason, size, "the step, slew, resolution or surge of channel %u cannot be walked", c->channel);
    }
    return 0;
}

static void put(struct quantity_set *set, uint32_t quantity, int64_t value)
{
    if (quantity < QUANTITY_COUNT) {
        quantity_put(set, (enum modality_quantity)quantity, value);
    }
}

/* One end of a channel's envelope as a set of values. */
static void set_of(const struct envelope *e, const struct envelope_channel *c, bool ceiling, struct quantity_set *set)
{
    *set = (struct quantity_set){0};
    for (uint32_t i = 0; i < c->n_settings && i < ENVELOPE_SETTINGS_MAX; i++) {
        const struct envelope_setting *s = &c->settings[i];
        put(set, s->quantity, ceiling ? s->ceiling : s->start);
    }
    put(set, c->level_quantity, ceiling ? c->level_ceiling : c->level_start);
    if (e->modality == MODALITY_ESTIM) { /* without an area the ceilings that need none are still judged */
        quantity_put(set, QUANTITY_electrode_area_mm2, c->area_mm2 > 0 ? c->area_mm2 : AREA_UNKNOWN);
    }
    if (c->area_mm2 > 0 && e->modality == MODALITY_ULTRASOUND) {
        quantity_put(set, QUANTITY_era_mm2, c->area_mm2);
        quantity_put(set, QUANTITY_bnr_permille, BNR_WORST);
        if (!quantity_has(set, QUANTITY_us_frequency_khz)) {
            quantity_put(set, QUANTITY_us_frequency_khz, FREQUENCY_WORST);
        }
    }
    if (c->area_mm2 > 0 && e->modality == MODALITY_LASER) {
        quantity_put(set, QUANTITY_spot_area_mm2, c->area_mm2);
    }
    quantity_put(set, QUANTITY_duration_ms, e->total_ms);
}

/* A ceiling that needs a patient, a site or a therapy cannot be judged here; the daemon has judged it. */
static bool is_judged_here(const struct limit *l, const struct envelope *e)
{
    return l->use == USE_TREATMENT && l->class == LIMIT_HARD && l->scope != SCOPE_PER_24H &&
           ((unsigned)l->modality & e->modality) != 0 && l->when.therapies == 0 && l->when.sites == 0 &&
           l->when.conditions == 0 && l->when.applicators == 0 && !l->when.unless_thermal && !l->when.no_indicator;
}

static int check_ceilings(const struct envelope *e, const struct envelope_channel *c, char *reason, size_t size)
{
    struct quantity_set start, ceiling;
    enum modality_quantity fault = QUANTITY_waveform_class;
    enum modality_waveform waveform = (enum modality_waveform)c->waveform;
    set_of(e, c, false, &start);
    set_of(e, c, true, &ceiling);
    /* -EINVAL: the device fixes a value the envelope does not carry; what is known is still judged */
    if (dose_derive(waveform, &start, &fault) == -ERANGE || dose_derive(waveform, &ceiling, &fault) == -ERANGE) {
        return refuse(reason, size, "%s of channel %u is not possible with the other values",
                      modality_quantity_info(fault)->id, c->channel);
    }
    size_t n = 0;
    const struct limit *limits = limit_compiled(&n);
    for (size_t i = 0; i < n; i++) {
        const struct limit *l = &limits[i];
        if (!is_judged_here(l, e) || !quantity_has(&ceiling, l->quantity) || !quantity_has(&start, l->quantity) ||
            !limit_meets_channel(l, waveform, &start, &ceiling)) {
            continue;
        }
        int64_t a = limit_judged(l, start.value[l->quantity]), b = limit_judged(l, ceiling.value[l->quantity]);
        int64_t low = a < b ? a : b, high = a < b ? b : a;
        bool over = l->has_max && high > l->max;
        if (over || (l->has_min && low < l->min)) {
            char value[VALUE_TEXT_MAX], bound[VALUE_TEXT_MAX];
            return refuse(reason, size, "%s of channel %u would be %s; %s allows at %s %s",
                          modality_quantity_info(l->quantity)->id, c->channel,
                          value_format(l->quantity, over ? high : low, value, sizeof value), l->id,
                          over ? "most" : "least",
                          value_format(l->quantity, over ? l->max : l->min, bound, sizeof bound));
        }
    }
    return 0;
}

/* The compiled walking rules for a level in this unit, where there are any. */
static int check_rule(const struct envelope_channel *c, enum modality_quantity rule, int64_t value, char *reason,
                      size_t size)
{
    size_t n = 0;
    const struct limit *limits = limit_compiled(&n);
    for (size_t i = 0; i < n; i++) {
        const struct limit *l = &limits[i];
        if (l->use == USE_WALK && l->quantity == rule && l->has_max && value > l->max) {
            char text[VALUE_TEXT_MAX], bound[VALUE_TEXT_MAX];
            return refuse(reason, size, "%s of channel %u would be %s; %s allows at most %s",
                          modality_quantity_info(rule)->id, c->channel, value_format(rule, value, text, sizeof text),
                          l->id, value_format(rule, l->max, bound, sizeof bound));
        }
    }
    return 0;
}

static int check_walk(const struct envelope_channel *c, char *reason, size_t size)
{
    bool volts = c->level_quantity == QUANTITY_amplitude_mv;
    if (c->level_quantity != QUANTITY_amplitude_ua && !volts) {
        return 0;
    }
    enum modality_quantity step = volts ? QUANTITY_amplitude_step_mv : QUANTITY_amplitude_step_ua;
    enum modality_quantity slew = volts ? QUANTITY_amplitude_slew_mv_s : QUANTITY_amplitude_slew_ua_s;
    int r = check_rule(c, step, c->rules.step, reason, size);
    return r < 0 ? r : check_rule(c, slew, c->rules.slew_per_s, reason, size);
}

static int check_channel(const struct envelope *e, uint32_t index, char *reason, size_t size)
{
    const struct envelope_channel *c = &e->channels[index];
    for (uint32_t k = 0; k < index; k++) {
        if (e->channels[k].channel == c->channel) {
            return refuse(reason, size, "channel %u is in the envelope twice", c->channel);
        }
    }
    if (c->waveform >= WAVEFORM_COUNT ||
        (uint32_t)modality_waveform_modality((enum modality_waveform)c->waveform) != e->modality) {
        return refuse(reason, size, "the waveform of channel %u is not of the envelope's modality", c->channel);
    }
    int r = check_level(e, c, reason, size);
    if (r == 0) {
        r = check_settings(e, c, reason, size);
    }
    if (r == 0) {
        r = check_walk(c, reason, size);
    }
    return r < 0 ? r : check_ceilings(e, c, reason, size);
}

int envelope_check(const struct envelope *e, char *reason, size_t size)
{
    if (e->n_channels < 1 || e->n_channels > DOSE_CHANNELS_MAX) {
        return refuse(reason, size, "an envelope has 1 to %d channels, not %u", DOSE_CHANNELS_MAX, e->n_channels);
    }
    if (modality_id((enum modality)e->modality)[0] == '\0') {
        return refuse(reason, size, "%u is no modality", e->modality);
    }
    if (e->total_ms <= 0 || e->total_ms > DOSE_INPUT_MAX) {
        return refuse(reason, size, "the treatment time of %lld ms is not possible", (long long)e->total_ms);
    }
    if (e->over_permille <= 1000 || e->over_permille > OVER_PERMILLE_MAX) {
        return refuse(reason, size, "over-delivery is judged at %u permille; it must be above 1000 and at most %d",
                      e->over_permille, OVER_PERMILLE_MAX);
    }
    for (uint32_t i = 0; i < e->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        int r = check_channel(e, i, reason, size);
        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static bool between(int64_t a, int64_t b, int64_t value)
{
    return a < b ? value >= a && value <= b : value >= b && value <= a;
}

static int gate_channel(const struct envelope_channel *c, enum modality_quantity q, int64_t value, char *reason,
                        size_t size)
{
    char text[VALUE_TEXT_MAX], bound[VALUE_TEXT_MAX];
    const char *id = modality_quantity_info(q)->id;
    if (c->level_quantity == q) {
        if (between(c->rest_value, c->level_ceiling, value)) {
            return 0;
        }
        return refuse(reason, size, "%s %s of channel %u is not between rest and its ceiling of %s", id,
                      value_format(q, value, text, sizeof text), c->channel,
                      value_format(q, c->level_ceiling, bound, sizeof bound));
    }
    for (uint32_t i = 0; i < c->n_settings && i < ENVELOPE_SETTINGS_MAX; i++) {
        const struct envelope_setting *s = &c->settings[i];
        if (s->quantity != q) {
            continue;
        }
        if (between(s->start, s->ceiling, value)) {
            return 0;
        }
        return refuse(reason, size, "%s %s of channel %u is not between its start and its ceiling of %s", id,
                      value_format(q, value, text, sizeof text), c->channel,
                      value_format(q, s->ceiling, bound, sizeof bound));
    }
    return refuse(reason, size, "%s is not in the envelope of channel %u", id, c->channel);
}

int envelope_gate(const struct envelope *e, uint32_t channel, enum modality_quantity q, int64_t value, char *reason,
                  size_t size)
{
    if (q >= QUANTITY_COUNT) {
        return refuse(reason, size, "%u is no quantity", (unsigned)q);
    }
    for (uint32_t i = 0; i < e->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        if (e->channels[i].channel == channel) {
            return gate_channel(&e->channels[i], q, value, reason, size);
        }
    }
    return refuse(reason, size, "channel %u is not in the envelope", channel);
}
