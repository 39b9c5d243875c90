/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running integral. Rates are taken over one second and multiplied by the time in ns; what is left over stays in
 * nC, nJ, nK and ns, so that rounding up happens once per session and not once per sample.
 */
#include "supervise/dose.h"

#include <errno.h>

#include "dose/derive.h"
#include "dose/wide.h"
#include "modality/clock.h"
#include "supervise/judge.h"

/* An hour of the same output: what dose_totals rounds up on it is nothing on one sample of it. */
#define HOUR_MS 3600000
#define HOUR_NS (3600 * NS_PER_S)
#define NK_PER_MILLIK 1000000
/* What cannot be counted is more than any bound, and still has room for more. */
#define ENDLESS (INT64_MAX / 4)

static int derive_at(const struct supervise_channel_rules *c, int64_t level, struct quantity_set *values)
{
    enum modality_quantity missing;
    *values = c->values;
    quantity_put(values, c->level, level);
    return dose_derive(c->waveform, values, &missing);
}

int supervise_expect(const struct supervise_channel_rules *c, int64_t level, int64_t *expected)
{
    if (c->actual == c->level || level == c->rest_value) {
        *expected = level;
        return 0;
    }
    struct quantity_set values;
    const int r = derive_at(c, level, &values);
    if (r < 0)
        return r;
    if (!quantity_has(&values, c->actual))
        return -EINVAL;
    *expected = values.value[c->actual];
    return 0;
}

/* The level that counts: the farthest that was in force, or what was measured of it if that is farther. */
static int64_t level_of(const struct supervise_channel_rules *c, const struct link_sample *sample)
{
    const int64_t level = supervise_farthest(c, sample);
    int64_t actual;
    if (!c->has_actual || c->actual != c->level ||
        !supervise_reading(&sample->status.channels[c->channel], c->actual, &actual))
        return level;
    return supervise_distance(c, actual) > supervise_distance(c, level) ? actual : level;
}

/*
 * The level that limits hold on: a measurement counts as more than what was set once it is more than its resolution and
 * noise can make of it. What is delivered counts in full.
 */
static int64_t level_beyond_noise(const struct supervise_channel_rules *c, const struct link_sample *sample)
{
    const int64_t level = supervise_farthest(c, sample), counted = level_of(c, sample);
    const int64_t margin = c->noise > 2 * c->resolution ? c->noise : 2 * c->resolution;
    return supervise_distance(c, counted) - supervise_distance(c, level) > margin ? counted : level;
}

static bool measured_power(const struct supervise_channel_rules *c, const struct link_sample *sample, int64_t *power)
{
    return c->has_actual && c->actual == QUANTITY_power_uw && c->level != QUANTITY_power_uw &&
           supervise_reading(&sample->status.channels[c->channel], QUANTITY_power_uw, power) && *power >= 0;
}

/* What a measured mean power means: SATA over the calibrated ERA, irradiance over the spot. mm2 are hundredths of cm2.
 */
static void put_power(struct quantity_set *values, int64_t power)
{
    const struct {
        enum modality_quantity area, over;
    } each[] = {{QUANTITY_era_mm2, QUANTITY_intensity_sata_uw_cm2},
                {QUANTITY_spot_area_mm2, QUANTITY_irradiance_uw_cm2}};
    int64_t intensity;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++) {
        if (quantity_or_zero(values, each[i].area) > 0 &&
            wide_mul_div_up(power, 100, values->value[each[i].area], &intensity) == 0)
            quantity_put(values, each[i].over, intensity);
    }
}

/* The bound on tissue that the heat so far gives: the base comes from the same totals as the rise. */
static void put_heat(const struct supervise_channel_rules *c, const struct supervise_channel_state *cs,
                     struct quantity_set *values)
{
    struct quantity_set totals = *values;
    if (modality_waveform_modality(c->waveform) != MODALITY_ULTRASOUND || dose_totals(c->waveform, &totals, 0) < 0)
        return;
    const int64_t rise = (cs->heat_nk + NK_PER_MILLIK - 1) / NK_PER_MILLIK;
    quantity_put(values, QUANTITY_temperature_rise_millik, rise);
    quantity_put(values, QUANTITY_tissue_temperature_millic, totals.value[QUANTITY_tissue_temperature_millic] + rise);
}

int supervise_measure(const struct supervise_channel_rules *c, const struct supervise_channel_state *cs,
                      const struct link_sample *sample, struct quantity_set *out)
{
    const struct modality_channel_status *status = &sample->status.channels[c->channel];
    const int r = derive_at(c, level_beyond_noise(c, sample), out);
    if (r < 0)
        return r;
    for (size_t i = 0; i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity < QUANTITY_COUNT && status->readings[i].quantity != c->level)
            quantity_put(out, status->readings[i].quantity, status->readings[i].value);
    }
    int64_t power;
    if (measured_power(c, sample, &power))
        put_power(out, power);
    put_heat(c, cs, out);
    return 0;
}

/* rate per second x ns, in thousandths of the rate's unit (uJ/s -> nJ) or in its unit (nC/s -> nC); rounded up. */
static int64_t over_time(int64_t rate, int64_t ns, int64_t per)
{
    int64_t amount;
    if (rate <= 0 || ns <= 0)
        return 0;
    return wide_mul_div_up(rate, ns, per, &amount) == 0 && amount < ENDLESS ? amount : ENDLESS;
}

static void add(int64_t *sum, int64_t amount)
{
    *sum = amount < ENDLESS - *sum ? *sum + amount : ENDLESS;
}

/* Energy in uJ and charge in nC of one second at this level. */
static void rates_at(const struct supervise_channel_rules *c, int64_t level, int64_t *energy_uj, int64_t *charge_nc)
{
    struct quantity_set values;
    *energy_uj = *charge_nc = 0;
    if (level != c->rest_value &&
        (derive_at(c, level, &values) < 0 || dose_increment(c->waveform, &values, 1000, energy_uj, charge_nc) < 0))
        *energy_uj = *charge_nc = 0; /* FAULT_over_limit stops what cannot be derived */
}

/* Energy in nJ and charge in nC per second of what the sample shows: the larger of commanded and measured. */
static void take_rates(const struct supervise_channel_rules *c, struct supervise_channel_state *cs,
                       const struct link_sample *sample)
{
    int64_t energy_uj, charge_nc, power = 0;
    rates_at(c, level_of(c, sample), &energy_uj, &charge_nc);
    if (measured_power(c, sample, &power) && power > energy_uj)
        energy_uj = power; /* uW are uJ per second */
    cs->energy_rate_nj = energy_uj < ENDLESS / 1000 ? energy_uj * 1000 : ENDLESS;
    cs->charge_rate_nc = charge_nc;
}

/*
 * Heat that the power of the sample gives to tissue, nothing taken off for blood or air. The rate is that of an hour at
 * these values; the intensity is the larger of commanded and measured.
 */
static void add_heat(const struct supervise_channel_rules *c, struct supervise_channel_state *cs,
                     const struct link_sample *sample, int64_t ns)
{
    struct quantity_set values;
    int64_t power, applicator = INT64_MIN, thermal = 0, heat = 0;
    if (derive_at(c, level_of(c, sample), &values) < 0)
        return;
    const int64_t set = values.value[QUANTITY_intensity_sata_uw_cm2];
    if (measured_power(c, sample, &power))
        put_power(&values, power);
    if (values.value[QUANTITY_intensity_sata_uw_cm2] < set)
        quantity_put(&values, QUANTITY_intensity_sata_uw_cm2, set);
    if (dose_totals(c->waveform, &values, HOUR_MS) < 0 ||
        wide_mul_div_up(values.value[QUANTITY_temperature_rise_millik] * NK_PER_MILLIK, ns, HOUR_NS, &heat) < 0)
        heat = ENDLESS;
    add(&cs->heat_nk, heat);
    supervise_reading(&sample->status.channels[c->channel], QUANTITY_applicator_temperature_millic, &applicator);
    put_heat(c, cs, &values);
    const int64_t tissue = values.value[QUANTITY_tissue_temperature_millic];
    if (dose_cem43_ns(tissue > applicator ? tissue : applicator, ns, &thermal) < 0)
        thermal = ENDLESS;
    add(&cs->cem43_ns, thermal);
}

/* Of the skin where it is measured, else of the pad, which is colder. */
static void take_skin(const struct supervise_channel_rules *c, struct supervise_channel_state *cs,
                      const struct link_sample *sample)
{
    cs->skin_or_pad_millic = level_of(c, sample);
    supervise_reading(&sample->status.channels[c->channel], QUANTITY_temperature_millic, &cs->skin_or_pad_millic);
    supervise_reading(&sample->status.channels[c->channel], QUANTITY_skin_temperature_millic, &cs->skin_or_pad_millic);
}

static void add_cold(struct supervise_channel_state *cs, int64_t ns)
{
    int64_t dose = 0;
    if (dose_cold_millic_ns(cs->skin_or_pad_millic, ns, &dose) < 0)
        dose = ENDLESS;
    add(&cs->cold_millic_ns, dose);
}

/* Whole units from what the channels have gathered, rounded up. */
static void carry(const struct supervise_rules *rules, struct supervise_state *state)
{
    int64_t energy_nj = 0, charge_nc = 0, ion_nc = 0, cem43_ns = 0, cold = 0;
    for (size_t i = 0; i < rules->n_channels; i++) {
        const struct supervise_channel_state *cs = &state->channels[i];
        add(&energy_nj, cs->energy_nj);
        add(&charge_nc, cs->charge_nc);
        add(&cem43_ns, cs->cem43_ns);
        add(&cold, cs->cold_millic_ns);
        if (rules->channels[i].waveform == WAVEFORM_iontophoresis)
            add(&ion_nc, cs->charge_nc);
    }
    struct dose_amounts *d = &state->delivered;
    d->energy_uj = (energy_nj + 999) / 1000;
    d->session_charge_uc = (charge_nc + 999) / 1000;
    d->iontophoresis_dose_ua_min = (ion_nc + 59999) / 60000; /* 1 uA.min = 60 uC */
    d->cem43_ms = (cem43_ns + NS_PER_MS - 1) / NS_PER_MS;
    d->cold_dose_millic_min = (cold + DOSE_COLD_PER_MILLIC_MIN - 1) / DOSE_COLD_PER_MILLIC_MIN;
}

static void add_duration(struct supervise_state *state, int64_t ns)
{
    state->duration_ns += ns;
    state->delivered.duration_ms = (state->duration_ns + NS_PER_MS - 1) / NS_PER_MS;
}

static void flow(struct supervise_channel_state *cs, int64_t ns)
{
    add(&cs->energy_nj, over_time(cs->energy_rate_nj, ns, NS_PER_S));
    add(&cs->charge_nc, over_time(cs->charge_rate_nc, ns, NS_PER_S));
}

void supervise_integrate(const struct supervise_rules *rules, struct supervise_state *state,
                         const struct link_sample *sample, int64_t since_ns)
{
    for (size_t i = 0; i < rules->n_channels; i++) {
        const struct supervise_channel_rules *c = &rules->channels[i];
        struct supervise_channel_state *cs = &state->channels[i];
        take_rates(c, cs, sample);
        flow(cs, since_ns);
        if (rules->modality == MODALITY_ULTRASOUND && state->began)
            add_heat(c, cs, sample, since_ns);
        if (rules->modality == MODALITY_COLD)
            take_skin(c, cs, sample);
        if (rules->modality == MODALITY_COLD && state->began)
            add_cold(cs, since_ns);
    }
    if (state->began)
        add_duration(state, since_ns);
    const int64_t surges = state->surges_before + sample->surges;
    if (surges > state->delivered.contraction_count) /* on its way to rest the host counts no more */
        state->delivered.contraction_count = surges;
    carry(rules, state);
}

void supervise_commanded(const struct supervise_rules *rules, struct supervise_state *state, const int64_t *levels)
{
    for (size_t i = 0; i < rules->n_channels; i++) {
        const struct supervise_channel_rules *c = &rules->channels[i];
        struct supervise_channel_state *cs = &state->channels[i];
        int64_t energy_uj, charge_nc;
        rates_at(c, levels[i], &energy_uj, &charge_nc);
        const int64_t energy_nj = energy_uj < ENDLESS / 1000 ? energy_uj * 1000 : ENDLESS;
        if (energy_nj > cs->energy_rate_nj)
            cs->energy_rate_nj = energy_nj;
        if (charge_nc > cs->charge_rate_nc)
            cs->charge_rate_nc = charge_nc;
        if (!state->started)
            cs->skin_or_pad_millic = levels[i];
    }
    state->began = true;
}

void supervise_settle(const struct supervise_rules *rules, struct supervise_state *state, int64_t rested_ns)
{
    const int64_t ns = rested_ns - state->last_taken_ns;
    if (ns <= 0)
        return;
    for (size_t i = 0; i < rules->n_channels; i++) {
        flow(&state->channels[i], ns);
        if (rules->modality == MODALITY_COLD && state->began)
            add_cold(&state->channels[i], ns);
    }
    if (state->began)
        add_duration(state, ns);
    state->last_taken_ns = rested_ns;
    carry(rules, state);
}
