/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What adds up over time: energy, charge, iontophoresis dose, contractions, cold dose and the open-loop bound on the
 * heating of tissue by ultrasound. Everything rounds up.
 */
#include "dose/derive.h"

#include "dose/derive_parts.h"
#include "dose/wide.h"

#include <errno.h>

#define MINUTE_MS 60000
#define COLD_DOSE_FROM_MILLIC 15000 /* the cold dose counts degrees below this */
#define TISSUE_BASE_MILLIC 36000    /* muscle at rest, from which the heating bound starts */
#define CEM43_MILLIC 43000

/*
 * The fastest heating of tissue that has been published, mK per minute for each W/cm2 SATA: at 1 MHz, and at 3 MHz,
 * where the 2004 measurement was 30 % faster than the 1995 table. Between them the faster one is taken, above 3 MHz
 * absorption grows with frequency. Never a control law: a pessimistic bound on a plan.
 */
#define HEATING_1_MHZ 200
#define HEATING_3_MHZ 1200

static uint64_t heating_rate(int64_t khz)
{
    if (khz <= 1000) {
        return HEATING_1_MHZ;
    }
    return khz <= 3000 ? HEATING_3_MHZ : HEATING_3_MHZ * (uint64_t)khz / 3000 + 1;
}

/* 2^(k/20) in millionths, rounded up. */
static const uint64_t twentieth_powers[20] = {
    1000000, 1035265, 1071774, 1109570, 1148699, 1189208, 1231145, 1274561, 1319508, 1366041,
    1414214, 1464086, 1515717, 1569169, 1624505, 1681793, 1741102, 1802501, 1866066, 1931873,
};

/* dt and result in one unit, whichever it is. */
static int cem43(int64_t temperature_millic, int64_t dt, int64_t *out)
{
    if (dt < 0 || temperature_millic < -DOSE_INPUT_MAX || temperature_millic > DOSE_INPUT_MAX) {
        return -ERANGE;
    }
    int64_t exponent = temperature_millic - CEM43_MILLIC; /* of 2, in thousandths */
    exponent *= exponent < 0 ? 2 : 1;
    int64_t twentieths = exponent >= 0 ? (exponent + 49) / 50 : -(-exponent / 50);
    int64_t part = twentieths % 20;
    part += part < 0 ? 20 : 0;
    int64_t whole = (twentieths - part) / 20;
    uint64_t power = twentieth_powers[part];
    if (whole > 40 && dt > 0) {
        return -ERANGE;
    }
    if (whole < -40) {
        whole = -40; /* rounding up: never less than this */
    }
    uint64_t up = whole > 0 && whole <= 40 ? UINT64_C(1) << whole : 1;
    uint64_t down = whole < 0 ? UINT64_C(1) << -whole : 1;
    return wide_ratio_up((uint64_t[]){(uint64_t)dt, power, up}, 3, UINT64_C(1000000) * down, out);
}

int dose_cem43_ms(int64_t temperature_millic, int64_t dt_ms, int64_t *cem43_ms)
{
    return cem43(temperature_millic, dt_ms, cem43_ms);
}

int dose_cem43_ns(int64_t temperature_millic, int64_t dt_ns, int64_t *cem43_ns)
{
    return cem43(temperature_millic, dt_ns, cem43_ns);
}

int dose_cold_millic_ns(int64_t temperature_millic, int64_t dt_ns, int64_t *dose)
{
    if (dt_ns < 0 || temperature_millic < -DOSE_INPUT_MAX || temperature_millic > DOSE_INPUT_MAX) {
        return -ERANGE;
    }
    int64_t below = COLD_DOSE_FROM_MILLIC - temperature_millic;
    return wide_mul_div_up(below > 0 ? below : 0, dt_ns, 1, dose);
}

/* A time as derived sets hold it; what lies outside is none. */
static int64_t time_of(const struct quantity_set *v, enum modality_quantity q)
{
    int64_t ms = quantity_or_zero(v, q);
    return ms > 0 && ms <= DOSE_INPUT_MAX ? ms : 0;
}

int64_t dose_on_ms(const struct quantity_set *values, int64_t duration_ms)
{
    int64_t on = time_of(values, QUANTITY_surge_on_ms), off = time_of(values, QUANTITY_surge_off_ms), flows = 0;
    if (on == 0 || off == 0 || duration_ms <= 0 || duration_ms > DOSE_INPUT_MAX) {
        return duration_ms;
    }
    int64_t rest = duration_ms % (on + off);
    int64_t last = rest < on ? rest : on;
    if (wide_mul_div_down(duration_ms - rest, on, on + off, &flows) < 0 || flows > duration_ms - last) {
        return duration_ms;
    }
    return flows + last;
}

static int totals_current(enum modality_waveform waveform, struct quantity_set *v, int64_t duration_ms)
{
    int64_t charge = 0;
    int64_t on = dose_on_ms(v, duration_ms);
    int r = current_charge_nc(waveform, v, on, &charge);
    if (r < 0) {
        return r;
    }
    quantity_put(v, QUANTITY_session_charge_uc, charge / 1000 + (charge % 1000 != 0 ? 1 : 0));
    if (waveform == WAVEFORM_iontophoresis) { /* uA x min; the charge is uA x ms */
        quantity_put(v, QUANTITY_iontophoresis_dose_ua_min, charge / MINUTE_MS + (charge % MINUTE_MS != 0 ? 1 : 0));
    }
    int64_t period = time_of(v, QUANTITY_surge_on_ms) + time_of(v, QUANTITY_surge_off_ms);
    if (quantity_has(v, QUANTITY_surge_on_ms) && period > 0) {
        quantity_put(v, QUANTITY_contraction_count, duration_ms / period + (duration_ms % period != 0 ? 1 : 0));
    }
    return 0;
}

static int totals_heating(struct quantity_set *v, int64_t duration_ms)
{
    int64_t rise = 0, thermal = 0;
    uint64_t sata = (uint64_t)quantity_or_zero(v, QUANTITY_intensity_sata_uw_cm2);
    uint64_t rate = heating_rate(quantity_or_zero(v, QUANTITY_us_frequency_khz));
    int r = wide_ratio_up((uint64_t[]){rate, sata, (uint64_t)duration_ms}, 3, UINT64_C(1000000) * MINUTE_MS, &rise);
    if (r < 0 || rise > DOSE_INPUT_MAX) {
        return -ERANGE;
    }
    if (dose_cem43_ms(TISSUE_BASE_MILLIC + rise, duration_ms, &thermal) < 0) {
        thermal = INT64_MAX; /* hotter than any bound: the largest number exceeds them all */
    }
    quantity_put(v, QUANTITY_temperature_rise_millik, rise);
    quantity_put(v, QUANTITY_tissue_temperature_millic, TISSUE_BASE_MILLIC + rise);
    quantity_put(v, QUANTITY_cem43_ms, thermal);
    return 0;
}

/* Energy over the area that is treated; a head whose area is not said counts as held still. */
static int totals_ultrasound(struct quantity_set *v, int64_t duration_ms)
{
    int64_t energy = 0, density = 0;
    uint64_t power = (uint64_t)quantity_or_zero(v, QUANTITY_power_uw);
    enum modality_quantity over =
        quantity_has(v, QUANTITY_treated_area_mm2) ? QUANTITY_treated_area_mm2 : QUANTITY_era_mm2;
    int64_t area = quantity_or_zero(v, over);
    if (area <= 0) {
        return -ERANGE;
    }
    int r = wide_ratio_up((uint64_t[]){power, (uint64_t)duration_ms}, 2, 1000, &energy);
    if (r == 0) {
        r = wide_ratio_up((uint64_t[]){(uint64_t)energy, HUNDREDTHS_CM2}, 2, (uint64_t)area, &density);
    }
    if (r < 0) {
        return r;
    }
    quantity_put(v, QUANTITY_energy_uj, energy);
    quantity_put(v, QUANTITY_energy_density_uj_cm2, density);
    return totals_heating(v, duration_ms);
}

/* The larger of power x time and points x energy per point; the exposure of one point, or of all on one spot. */
static int totals_laser(struct quantity_set *v, int64_t duration_ms)
{
    int64_t energy = 0, by_points = 0, exposure = 0;
    uint64_t power = (uint64_t)quantity_or_zero(v, QUANTITY_power_uw);
    int64_t spot = quantity_or_zero(v, QUANTITY_spot_area_mm2);
    int64_t points = quantity_or_zero(v, QUANTITY_point_count);
    int64_t point = quantity_or_zero(v, QUANTITY_point_energy_uj);
    int r = wide_ratio_up((uint64_t[]){power, (uint64_t)duration_ms}, 2, 1000, &energy);
    if (r < 0 || spot <= 0 || points < 0 || wide_mul(points, point, &by_points) < 0) {
        return -ERANGE;
    }
    energy = energy > by_points ? energy : by_points;
    uint64_t exposed = (uint64_t)(quantity_has(v, QUANTITY_point_energy_uj) ? point : energy);
    r = wide_ratio_up((uint64_t[]){exposed, HUNDREDTHS_CM2}, 2, (uint64_t)spot, &exposure);
    if (r < 0) {
        return r;
    }
    quantity_put(v, QUANTITY_energy_uj, energy);
    quantity_put(v, QUANTITY_radiant_exposure_uj_cm2, exposure);
    return 0;
}

static int totals_cold(struct quantity_set *v, int64_t duration_ms)
{
    int64_t dose = 0, temperature = quantity_or_zero(v, QUANTITY_temperature_millic);
    if (temperature < -DOSE_INPUT_MAX || temperature > DOSE_INPUT_MAX) {
        return -ERANGE;
    }
    int64_t below = COLD_DOSE_FROM_MILLIC - temperature;
    int r = wide_ratio_up((uint64_t[]){below > 0 ? (uint64_t)below : 0, (uint64_t)duration_ms}, 2, MINUTE_MS, &dose);
    if (r == 0) {
        quantity_put(v, QUANTITY_cold_dose_millic_min, dose);
    }
    return r;
}

int dose_totals(enum modality_waveform waveform, struct quantity_set *values, int64_t duration_ms)
{
    if (waveform >= WAVEFORM_COUNT || duration_ms < 0 || duration_ms > DOSE_INPUT_MAX) {
        return -ERANGE;
    }
    quantity_put(values, QUANTITY_duration_ms, duration_ms);
    switch (modality_waveform_modality(waveform)) {
    case MODALITY_ESTIM:
        return totals_current(waveform, values, duration_ms);
    case MODALITY_ULTRASOUND:
        return totals_ultrasound(values, duration_ms);
    case MODALITY_LASER:
        return totals_laser(values, duration_ms);
    case MODALITY_COLD:
        return totals_cold(values, duration_ms);
    }
    return -ERANGE;
}

int dose_increment(enum modality_waveform waveform, const struct quantity_set *values, int64_t dt_ms,
                   int64_t *energy_uj, int64_t *charge_nc)
{
    int64_t energy = 0, charge = 0;
    int64_t power = quantity_or_zero(values, QUANTITY_power_uw);
    if (waveform >= WAVEFORM_COUNT || dt_ms < 0 || power < 0) {
        return -ERANGE;
    }
    int r = wide_ratio_up((uint64_t[]){(uint64_t)power, (uint64_t)dt_ms}, 2, 1000, &energy);
    if (r == 0) {
        r = current_charge_nc(waveform, values, dt_ms, &charge);
    }
    if (r < 0) {
        return r;
    }
    *energy_uj = energy;
    *charge_nc = charge;
    return 0;
}

int dose_worst(int64_t planned, int64_t accuracy_permille, int64_t duration_ms, int64_t stop_bound_ms, int64_t *worst)
{
    int64_t share = 0, most = 0, tail = 0;
    if (duration_ms <= 0 || wide_add(1000, accuracy_permille, &share) < 0) {
        return -ERANGE;
    }
    int r = wide_mul_div_up(planned, share, 1000, &most);
    if (r == 0) {
        r = wide_mul_div_up(most, stop_bound_ms, duration_ms, &tail);
    }
    return r < 0 ? r : wide_add(most, tail, worst);
}
