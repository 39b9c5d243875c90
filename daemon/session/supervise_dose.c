/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running integral. Rates are taken from dose_increment over one second and multiplied by the time in ns; what is
 * left over stays in nC and nJ, so that rounding up happens once per session and not once per sample.
 */
#include "session/supervise_dose.h"

#include <errno.h>

#include "dose/derive.h"
#include "dose/wide.h"
#include "modality/clock.h"

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

int supervise_measure(const struct supervise_channel_rules *c, const struct modality_channel_status *status,
                      bool has_actual, int64_t actual, int64_t level, struct quantity_set *out)
{
    const bool actual_is_level = has_actual && c->actual == c->level;
    const int r = derive_at(c, actual_is_level && actual > level ? actual : level, out);
    if (r < 0)
        return r;
    for (size_t i = 0; i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity < QUANTITY_COUNT && status->readings[i].quantity != c->level)
            quantity_put(out, status->readings[i].quantity, status->readings[i].value);
    }
    /* SATA from measured power and calibrated ERA: mm2 are hundredths of cm2 */
    int64_t sata;
    if (has_actual && c->actual == QUANTITY_power_uw && quantity_or_zero(out, QUANTITY_era_mm2) > 0 && actual >= 0 &&
        wide_mul_div_up(actual, 100, out->value[QUANTITY_era_mm2], &sata) == 0)
        quantity_put(out, QUANTITY_intensity_sata_uw_cm2, sata);
    return 0;
}

/* rate per second x ns, in thousandths of the rate's unit (uJ/s -> nJ) or in its unit (nC/s -> nC); rounded up. */
static int64_t over_time(int64_t rate, int64_t ns, int64_t per)
{
    int64_t amount;
    if (rate <= 0 || ns <= 0)
        return 0;
    return wide_mul_div_up(rate, ns, per, &amount) == 0 ? amount : INT64_MAX / 4;
}

static void integrate_channel(const struct supervise_channel_rules *c, struct supervise_channel_state *cs,
                              const struct modality_channel_status *status, int64_t level, int64_t ns)
{
    struct quantity_set values;
    int64_t actual = 0, energy_uj = 0, charge_nc = 0;
    bool has_actual = false;
    for (size_t i = 0; status && c->has_actual && i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity == c->actual) {
            actual = status->readings[i].value;
            has_actual = true;
        }
    }
    if (has_actual && c->actual == c->level && actual > level)
        level = actual;
    if (level == c->rest_value && actual <= 0)
        return;
    if (derive_at(c, level, &values) < 0 || dose_increment(c->waveform, &values, 1000, &energy_uj, &charge_nc) < 0) {
        energy_uj = 0;
        charge_nc = 0;
    }
    if (has_actual && c->actual == QUANTITY_power_uw && actual > energy_uj)
        energy_uj = actual; /* uW are uJ per second */
    cs->energy_nj += over_time(energy_uj, ns, NS_PER_S / 1000);
    cs->charge_nc += over_time(charge_nc, ns, NS_PER_S);
}

/* Whole units from what the channels have gathered, rounded up. */
static void carry(const struct supervise_rules *rules, struct supervise_state *state)
{
    int64_t energy_nj = 0, charge_nc = 0, ion_nc = 0;
    for (size_t i = 0; i < rules->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        energy_nj += state->channels[i].energy_nj;
        charge_nc += state->channels[i].charge_nc;
        if (rules->channels[i].waveform == WAVEFORM_iontophoresis)
            ion_nc += state->channels[i].charge_nc;
    }
    state->delivered.energy_uj = (energy_nj + 999) / 1000;
    state->delivered.charge_uc = (charge_nc + 999) / 1000;
    state->delivered.ion_dose_ua_min = (ion_nc + 59999) / 60000; /* 1 uA.min = 60 uC */
}

static void add_duration(struct supervise_state *state, int64_t ns)
{
    state->duration_ns += ns;
    state->delivered.duration_ms = (state->duration_ns + NS_PER_MS - 1) / NS_PER_MS;
}

void supervise_integrate(const struct supervise_rules *rules, struct supervise_state *state,
                         const struct link_sample *sample, int64_t since_ns)
{
    for (size_t i = 0; i < rules->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        const struct supervise_channel_rules *c = &rules->channels[i];
        if (c->channel < MODALITY_CHANNELS_MAX)
            integrate_channel(c, &state->channels[i], &sample->status.channels[c->channel],
                              sample->level_max[c->channel], since_ns);
    }
    if (state->started)
        add_duration(state, since_ns);
    state->delivered.contractions = state->surges_before + sample->surges;
    carry(rules, state);
}

void supervise_settle(const struct supervise_rules *rules, struct supervise_state *state, int64_t rested_ns)
{
    const int64_t ns = rested_ns - state->last_taken_ns;
    if (ns <= 0)
        return;
    for (size_t i = 0; i < rules->n_channels && i < DOSE_CHANNELS_MAX; i++)
        integrate_channel(&rules->channels[i], &state->channels[i], NULL, state->channels[i].last_level, ns);
    if (state->started)
        add_duration(state, ns);
    state->last_taken_ns = rested_ns;
    carry(rules, state);
}
