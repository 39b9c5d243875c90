/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ultrasound and laser: intensities, power and the beam's hot spot from what is commanded and what the calibration of
 * the head or probe says. An uncalibrated head is no input: its ERA and BNR are needed, never assumed.
 */
#include "dose/derive_parts.h"

#include "dose/wide.h"

#include <errno.h>

#define PERMILLE UINT64_C(1000)
#define POINTS_MAX 1000000 /* treated points; keeps what they add up to in 64 bits */

/*
 * The duty of pulsed ultrasound: as commanded, or from burst width and repetition rate. Where both are given they must
 * say the same; two answers to one question are refused, not reconciled. Where only widths are given the duty that they
 * make is put, so that no limit on it is missed.
 */
static int ultrasound_duty(const struct derive *d, uint64_t *duty)
{
    uint64_t width = 0, rate = 0;
    int64_t product = 0;
    int r = derive_may(d, QUANTITY_burst_width_us, 1, DOSE_INPUT_MAX, &width);
    if (r == 0) {
        r = derive_may(d, QUANTITY_pulse_repetition_millihz, 1, DOSE_INPUT_MAX, &rate);
    }
    if (r < 0) {
        return r;
    }
    if (width == 0 || rate == 0) {
        return derive_need(d, QUANTITY_duty_permille, 1, PERMILLE, duty);
    }
    if (wide_ratio_up((uint64_t[]){width, rate}, 2, 1000000, &product) < 0 || product > (int64_t)PERMILLE) {
        return derive_impossible(d, QUANTITY_burst_width_us);
    }
    *duty = (uint64_t)product;
    r = derive_may(d, QUANTITY_duty_permille, 1, PERMILLE, duty);
    if (r == 0 && (*duty > (uint64_t)product + 1 || *duty + 1 < (uint64_t)product)) {
        r = derive_impossible(d, QUANTITY_duty_permille);
    }
    if (r == 0 && !quantity_has(d->values, QUANTITY_duty_permille)) {
        quantity_put(d->values, QUANTITY_duty_permille, product);
    }
    return r;
}

/* Continuous is a duty of 1; a smaller one given beside it is a contradiction. */
static int continuous_duty(const struct derive *d, uint64_t *duty)
{
    *duty = PERMILLE;
    return derive_may(d, QUANTITY_duty_permille, PERMILLE, PERMILLE, duty);
}

/* MI = rarefaction pressure [MPa] / sqrt(f [MHz]), from p2 = 2 rho c I of the hot spot during the burst. */
static int put_mechanical_index(const struct derive *d, uint64_t satp, uint64_t bnr, uint64_t khz)
{
    int64_t index = 0;
    if (wide_root_up((uint64_t[]){3, satp, bnr}, 3, 100 * khz, &index) < 0) {
        return derive_impossible(d, QUANTITY_mechanical_index_milli);
    }
    quantity_put(d->values, QUANTITY_mechanical_index_milli, index);
    return 0;
}

int derive_ultrasound(const struct derive *d, bool pulsed)
{
    uint64_t satp = 0, duty = 0, khz = 0, era = 0, bnr = 0, treated = 0;
    int r = derive_need(d, QUANTITY_intensity_satp_uw_cm2, 0, DOSE_INPUT_MAX, &satp);
    if (r == 0) {
        r = pulsed ? ultrasound_duty(d, &duty) : continuous_duty(d, &duty);
    }
    if (r == 0) {
        r = derive_need(d, QUANTITY_us_frequency_khz, 1, 1000000, &khz);
    }
    if (r == 0) {
        r = derive_need(d, QUANTITY_era_mm2, 1, DERIVE_AREA_MAX, &era);
    }
    if (r == 0) { /* the peak is never below the mean: a BNR under 1 is a slip of the unit */
        r = derive_need(d, QUANTITY_bnr_permille, PERMILLE, 1000000, &bnr);
    }
    if (r == 0) {
        r = derive_may(d, QUANTITY_treated_area_mm2, 1, DERIVE_AREA_MAX, &treated);
    }
    if (r == 0) {
        r = derive_put(d, QUANTITY_intensity_sata_uw_cm2, (uint64_t[]){satp, duty}, 2, PERMILLE);
    }
    if (r == 0) { /* what a head that is not moved gives to one spot: bounded apart, hence a quantity of its own */
        quantity_put(d->values, QUANTITY_intensity_static_uw_cm2, d->values->value[QUANTITY_intensity_sata_uw_cm2]);
        r = derive_put(d, QUANTITY_power_uw, (uint64_t[]){satp, duty, era}, 3, PERMILLE * HUNDREDTHS_CM2);
    }
    if (r == 0) {
        r = derive_put(d, QUANTITY_hot_spot_uw_cm2, (uint64_t[]){satp, duty, bnr}, 3, PERMILLE * PERMILLE);
    }
    if (r == 0 && treated > 0) {
        r = derive_put(d, QUANTITY_area_ratio_permille, (uint64_t[]){treated, PERMILLE}, 2, era);
    }
    return r < 0 ? r : put_mechanical_index(d, satp, bnr, khz);
}

/* Mean power of a pulsed laser from its peak, the largest that duty or widths allow; 0 where they say nothing. */
static int laser_mean(const struct derive *d, int64_t *mean)
{
    uint64_t peak = 0, duty = 0, rate = 0, ns = 0, us = 0;
    int64_t by_duty = 0, by_width = 0;
    int r = derive_may(d, QUANTITY_peak_power_uw, 0, DOSE_INPUT_MAX, &peak);
    if (r == 0) {
        r = derive_may(d, QUANTITY_duty_permille, 1, PERMILLE, &duty);
    }
    if (r == 0) {
        r = derive_may(d, QUANTITY_pulse_repetition_millihz, 1, DOSE_INPUT_MAX, &rate);
    }
    if (r == 0) {
        r = derive_may(d, QUANTITY_pulse_width_ns, 1, DOSE_INPUT_MAX, &ns);
    }
    if (r == 0) {
        r = derive_may(d, QUANTITY_burst_width_us, 1, DOSE_INPUT_MAX, &us);
    }
    if (r < 0) {
        return r;
    }
    struct wide on = wide_product(us == 0 ? ns : 1000 * us, rate); /* ns x mHz: 10^12 fill the period */
    if (on.hi != 0 || on.lo > UINT64_C(1000000000000)) {
        return derive_impossible(d, QUANTITY_pulse_repetition_millihz);
    }
    if (wide_ratio_up((uint64_t[]){peak, duty}, 2, PERMILLE, &by_duty) < 0 ||
        wide_ratio_up((uint64_t[]){peak, on.lo}, 2, UINT64_C(1000000000000), &by_width) < 0) {
        return derive_impossible(d, QUANTITY_peak_power_uw);
    }
    *mean = by_duty > by_width ? by_duty : by_width;
    return 0;
}

/*
 * Energy of a point and the time on it, each from the other at this power. Where both are given the larger energy
 * counts; without power no energy is ever reached, and no time is put.
 */
static int laser_point(const struct derive *d, uint64_t power)
{
    uint64_t ms = 0, uj = 0;
    int64_t by_time = 0, by_energy = 0;
    int r = derive_may(d, QUANTITY_point_duration_ms, 0, DOSE_INPUT_MAX, &ms);
    if (r == 0) {
        r = derive_may(d, QUANTITY_point_energy_uj, 0, DOSE_INPUT_MAX, &uj);
    }
    if (r < 0) {
        return r;
    }
    if (wide_ratio_up((uint64_t[]){power, ms}, 2, 1000, &by_time) < 0) {
        return derive_impossible(d, QUANTITY_point_duration_ms);
    }
    if (by_time > (int64_t)uj) {
        quantity_put(d->values, QUANTITY_point_energy_uj, by_time);
        return 0;
    }
    if (power == 0 || uj == 0) {
        return 0;
    }
    if (wide_ratio_up((uint64_t[]){uj, 1000}, 2, power, &by_energy) < 0) {
        return derive_impossible(d, QUANTITY_point_energy_uj);
    }
    if (by_energy > (int64_t)ms) {
        quantity_put(d->values, QUANTITY_point_duration_ms, by_energy);
    }
    return 0;
}

int derive_laser(const struct derive *d)
{
    uint64_t power = 0, spot = 0, points = 0;
    int64_t mean = 0;
    int r = laser_mean(d, &mean);
    if (r == 0) {
        r = mean > 0 ? derive_may(d, QUANTITY_power_uw, 0, DOSE_INPUT_MAX, &power)
                     : derive_need(d, QUANTITY_power_uw, 0, DOSE_INPUT_MAX, &power);
    }
    if (r == 0) {
        r = derive_need(d, QUANTITY_spot_area_mm2, 1, DERIVE_AREA_MAX, &spot);
    }
    if (r == 0) {
        r = derive_may(d, QUANTITY_point_count, 0, POINTS_MAX, &points);
    }
    if (r < 0) {
        return r;
    }
    if (mean > (int64_t)power) { /* what is commanded as mean and what the pulses make of it: the larger counts */
        power = (uint64_t)mean;
        quantity_put(d->values, QUANTITY_power_uw, mean);
    }
    r = laser_point(d, power);
    return r < 0 ? r : derive_put(d, QUANTITY_irradiance_uw_cm2, (uint64_t[]){power, HUNDREDTHS_CM2}, 2, spot);
}
