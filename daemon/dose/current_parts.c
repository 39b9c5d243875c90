/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From peak, rate and mean square to what limits are stated in: r.m.s. values, charges, direct parts, energies and
 * densities. Instantaneous values are those of the worst second, over the smaller electrode, and rounded up.
 */
#include "dose/current_parts.h"

uint64_t current_worst_second(uint64_t millihz)
{
    return (millihz + 999) / 1000 * 1000;
}

/* An electrode that says its polarity is no smaller than the smaller one. */
static int need_areas(const struct derive *d, struct current *c)
{
    int r = derive_need(d, QUANTITY_electrode_area_mm2, 1, DERIVE_AREA_MAX, &c->area);
    if (r < 0) {
        return r;
    }
    c->anode = c->cathode = c->area;
    r = derive_may(d, QUANTITY_anode_area_mm2, (int64_t)c->area, DERIVE_AREA_MAX, &c->anode);
    return r < 0 ? r : derive_may(d, QUANTITY_cathode_area_mm2, (int64_t)c->area, DERIVE_AREA_MAX, &c->cathode);
}

int current_need_peak(const struct derive *d, struct current *c, bool volts)
{
    int r = need_areas(d, c);
    if (r == 0) {
        enum modality_quantity level = volts ? QUANTITY_amplitude_mv : QUANTITY_amplitude_ua;
        r = derive_need(d, level, 0, DOSE_INPUT_MAX, &c->peak);
    }
    if (r < 0) {
        return r;
    }
    c->volts = volts;
    c->peak *= volts ? HVPC_UA_PER_MV : 1;
    c->peak2 = wide_product(c->peak, c->peak);
    return 0;
}

int current_need_rate(const struct derive *d, struct current *c, uint64_t flow_us)
{
    uint64_t gap = 0;
    int r = derive_need(d, QUANTITY_pulse_rate_millihz, 1, DOSE_INPUT_MAX, &c->rate);
    if (r == 0) {
        r = derive_may(d, QUANTITY_interphase_us, 0, DOSE_INPUT_MAX, &gap);
    }
    if (r < 0) {
        return r;
    }
    struct wide occupied = wide_product(flow_us + gap, c->rate);
    if (occupied.hi != 0 || occupied.lo > DUTY_ONE) {
        return derive_impossible(d, QUANTITY_pulse_rate_millihz);
    }
    c->worst_rate = current_worst_second(c->rate);
    quantity_put(d->values, QUANTITY_limit_frequency_millihz, (int64_t)c->rate);
    return derive_put(d, QUANTITY_pulse_duty_permille, (uint64_t[]){occupied.lo}, 1, DUTY_ONE / PERMILLE);
}

int current_square(const struct derive *d, struct current *c, const uint64_t *factors, size_t n, uint64_t divisor)
{
    if (wide_ratio(factors, n, divisor, &c->square) < 0) {
        return derive_impossible(d, QUANTITY_amplitude_ua);
    }
    if (wide_compare(c->square, c->peak2) > 0) {
        c->square = c->peak2;
    }
    return 0;
}

int current_put_square(const struct derive *d, const struct current *c)
{
    uint64_t rms = wide_sqrt_up(c->square);
    if (rms > (uint64_t)DOSE_INPUT_MAX) {
        return derive_impossible(d, QUANTITY_rms_current_ua);
    }
    quantity_put(d->values, QUANTITY_rms_current_ua, (int64_t)rms);
    /* 1 uA into 1 kohm is 1 mV; a source of voltage keeps its volts, which are half a mV for each uA into 500 ohm */
    quantity_put(d->values, QUANTITY_rms_voltage_mv,
                 (int64_t)(c->volts ? (rms + HVPC_UA_PER_MV - 1) / HVPC_UA_PER_MV : rms));
    int r = derive_put(d, QUANTITY_rms_density_ua_cm2, (uint64_t[]){rms, HUNDREDTHS_CM2}, 2, c->area);
    if (r < 0) {
        return r;
    }
    return derive_put_over(d, QUANTITY_power_density_uw_cm2, c->square, UA2_PER_UW / HUNDREDTHS_CM2 * c->area);
}

/* log10 of q x d in thousandths, q and d in nC and nC/cm2 made uC, rounded up. Advisory, hence absent for no charge. */
static void put_shannon(const struct derive *d, int64_t charge, int64_t density)
{
    struct wide product = wide_product((uint64_t)charge, (uint64_t)density);
    if (product.hi != 0 || product.lo == 0) {
        return;
    }
    uint64_t mantissa = product.lo;
    int64_t log2 = 63;
    for (int shift = 0; shift < 63 && mantissa >> 63 == 0; shift++) {
        mantissa <<= 1;
        log2--;
    }
    for (int bit = 0; bit < 16; bit++) {
        mantissa = wide_product(mantissa, mantissa).hi;
        log2 *= 2;
        if (mantissa >> 63 != 0) {
            log2++;
        } else {
            mantissa <<= 1;
        }
    }
    int64_t log10_milli = ((log2 + 1) * 30103 + 6553599) / 6553600; /* x log10(2) x 1000 / 2^16 */
    quantity_put(d->values, QUANTITY_shannon_k_milli, log10_milli - 6000);
}

int current_put_charge(const struct derive *d, const struct current *c, const uint64_t *factors, size_t n,
                       uint64_t divisor)
{
    int r = derive_put(d, QUANTITY_phase_charge_nc, factors, n, divisor);
    if (r < 0) {
        return r;
    }
    uint64_t charge = (uint64_t)d->values->value[QUANTITY_phase_charge_nc];
    r = derive_put(d, QUANTITY_charge_density_nc_cm2, (uint64_t[]){charge, HUNDREDTHS_CM2}, 2, c->area);
    if (r < 0) {
        return r;
    }
    put_shannon(d, (int64_t)charge, d->values->value[QUANTITY_charge_density_nc_cm2]);
    return 0;
}

int current_put_direct(const struct derive *d, const struct current *c, const uint64_t *factors, size_t n,
                       uint64_t divisor)
{
    int r = derive_put(d, QUANTITY_dc_current_ua, factors, n, divisor);
    if (r < 0) {
        return r;
    }
    uint64_t direct = (uint64_t)d->values->value[QUANTITY_dc_current_ua];
    if (direct > c->peak) {
        direct = c->peak;
        quantity_put(d->values, QUANTITY_dc_current_ua, (int64_t)direct);
    }
    const uint64_t per_cm2[] = {direct, HUNDREDTHS_CM2};
    r = derive_put(d, QUANTITY_dc_density_ua_cm2, per_cm2, 2, c->area);
    if (r == 0) {
        r = derive_put(d, QUANTITY_anode_density_ua_cm2, per_cm2, 2, c->anode);
    }
    return r < 0 ? r : derive_put(d, QUANTITY_cathode_density_ua_cm2, per_cm2, 2, c->cathode);
}

void current_put_balanced(const struct derive *d)
{
    quantity_put(d->values, QUANTITY_dc_current_ua, 0);
    quantity_put(d->values, QUANTITY_dc_density_ua_cm2, 0);
    quantity_put(d->values, QUANTITY_anode_density_ua_cm2, 0);
    quantity_put(d->values, QUANTITY_cathode_density_ua_cm2, 0);
    quantity_put(d->values, QUANTITY_net_charge_permille, 0);
}

int current_put_energy(const struct derive *d, bool volts, const uint64_t *factors, size_t n, uint64_t divisor)
{
    struct wide product = {0};
    if (wide_factors(factors, n, &product) < 0) {
        return derive_impossible(d, QUANTITY_pulse_energy_uj);
    }
    int r = derive_put_over(d, QUANTITY_pulse_energy_uj, product, divisor);
    /* twice the load: twice the energy of a current, half of that of a voltage */
    return r < 0 ? r : derive_put_over(d, QUANTITY_pulse_energy_1k_uj, product, volts ? divisor * 2 : divisor / 2);
}
