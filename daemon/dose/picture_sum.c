/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What channels add up to: currents through an electrode they share, and the totals of the treatment as a whole. Sums
 * are linear, whatever the phases of the currents, and saturate: the largest number exceeds every bound.
 */
#include "dose/picture_parts.h"

#include "dose/derive.h"
#include "dose/wide.h"

void picture_raise(struct quantity_set *set, const struct quantity_set *other, enum modality_quantity q)
{
    if (quantity_has(other, q) && (!quantity_has(set, q) || other->value[q] > set->value[q])) {
        quantity_put(set, q, other->value[q]);
    }
}

/* Sum of a quantity over the channels of a mask. */
static int64_t sum_of(const struct quantity_set *sets, size_t n, unsigned channels, enum modality_quantity q)
{
    int64_t sum = 0;
    for (size_t c = 0; c < n && c < DOSE_CHANNELS_MAX; c++) {
        if ((channels >> c & 1u) != 0 && wide_add(sum, quantity_or_zero(&sets[c], q), &sum) < 0) {
            return INT64_MAX;
        }
    }
    return sum;
}

/* The channels whose current an electrode of this one carries: true interferential crosses one tissue with all. */
static unsigned carried_by(const struct dose_treatment *t, size_t channel)
{
    if (t->therapy == THERAPY_ifc) {
        return ~0u;
    }
    unsigned carried = t->channels[channel].shares | 1u << channel;
    for (size_t c = 0; c < t->n_channels && c < DOSE_CHANNELS_MAX; c++) {
        if ((t->channels[c].shares >> channel & 1u) != 0) {
            carried |= 1u << c;
        }
    }
    return carried;
}

/* current x 100 / mm2 as q; what cannot be counted exceeds every bound. */
static void put_density(struct quantity_set *set, enum modality_quantity q, int64_t current, int64_t area)
{
    int64_t density = INT64_MAX;
    if (area <= 0 || wide_mul_div_up(current, 100, area, &density) < 0) {
        density = INT64_MAX;
    }
    quantity_put(set, q, density);
}

static int64_t area_of(const struct quantity_set *set, enum modality_quantity polarity)
{
    return quantity_has(set, polarity) ? set->value[polarity] : set->value[QUANTITY_electrode_area_mm2];
}

static void share_channel(struct quantity_set *set, int64_t rms, int64_t direct)
{
    int64_t area = set->value[QUANTITY_electrode_area_mm2], power = INT64_MAX;
    put_density(set, QUANTITY_rms_density_ua_cm2, rms, area);
    put_density(set, QUANTITY_dc_density_ua_cm2, direct, area);
    put_density(set, QUANTITY_anode_density_ua_cm2, direct, area_of(set, QUANTITY_anode_area_mm2));
    put_density(set, QUANTITY_cathode_density_ua_cm2, direct, area_of(set, QUANTITY_cathode_area_mm2));
    if (wide_ratio_up((uint64_t[]){(uint64_t)rms, (uint64_t)rms, DOSE_LOAD_OHM}, 3, 10000 * (uint64_t)area, &power) <
        0) {
        power = INT64_MAX;
    }
    quantity_put(set, QUANTITY_power_density_uw_cm2, power);
}

void picture_share(const struct dose_treatment *t, struct quantity_set *sets)
{
    for (size_t c = 0; c < t->n_channels && c < DOSE_CHANNELS_MAX; c++) {
        unsigned carried = carried_by(t, c);
        if (carried == 1u << c) {
            continue;
        }
        share_channel(&sets[c], sum_of(sets, t->n_channels, carried, QUANTITY_rms_current_ua),
                      sum_of(sets, t->n_channels, carried, QUANTITY_dc_current_ua));
    }
}

/* The sum of a quantity, where any channel has it. */
static void put_sum(struct dose_picture *p, enum modality_quantity q)
{
    for (size_t c = 0; c < p->treatment.n_channels && c < DOSE_CHANNELS_MAX; c++) {
        if (quantity_has(&p->ceiling[c], q)) {
            quantity_put(&p->whole, q, sum_of(p->ceiling, p->treatment.n_channels, ~0u, q));
            return;
        }
    }
}

void picture_sum(struct dose_picture *p)
{
    static const enum modality_quantity added[] = {
        QUANTITY_energy_uj, QUANTITY_session_charge_uc,    QUANTITY_iontophoresis_dose_ua_min,
        QUANTITY_cem43_ms,  QUANTITY_cold_dose_millic_min,
    };
    for (size_t i = 0; i < sizeof added / sizeof added[0]; i++) {
        put_sum(p, added[i]);
    }
    for (size_t c = 0; c < p->treatment.n_channels && c < DOSE_CHANNELS_MAX; c++) {
        picture_raise(&p->whole, &p->ceiling[c], QUANTITY_contraction_count);
    }
    if (p->treatment.modality == MODALITY_ESTIM) {
        quantity_put(&p->whole, QUANTITY_rms_current_sum_ua,
                     sum_of(p->ceiling, p->treatment.n_channels, ~0u, QUANTITY_rms_current_ua));
    }
    quantity_put(&p->whole, QUANTITY_duration_ms, p->treatment.duration_ms);
    quantity_put(&p->whole, QUANTITY_session_count, 1);
}
