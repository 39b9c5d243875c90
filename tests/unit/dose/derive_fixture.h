/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of values for the tests of formulas: pulses, carriers and heads in the units people use, and a sane set for
 * every waveform class.
 */
#ifndef DERIVE_FIXTURE_H
#define DERIVE_FIXTURE_H

#include "dose_test.h"

#include <errno.h>
#include <stdbool.h>

#include "dose/derive.h"

#define PUT(set, quantity, value) quantity_put(&(set), QUANTITY_##quantity, value)
#define GET(set, quantity) (quantity_has(&(set), QUANTITY_##quantity) ? (set).value[QUANTITY_##quantity] : INT64_MIN)

static inline void derived(enum modality_waveform waveform, struct quantity_set *set)
{
    enum modality_quantity missing;
    assert_int_equal(dose_derive(waveform, set, &missing), 0);
}

static inline void refused(enum modality_waveform waveform, struct quantity_set set, int error,
                           enum modality_quantity fault)
{
    enum modality_quantity missing = QUANTITY_COUNT;
    assert_int_equal(dose_derive(waveform, &set, &missing), error);
    assert_int_equal(missing, fault);
}

/* Amplitude mA, phase width us, rate Hz, area cm2. */
static inline struct quantity_set pulses(int64_t ma, int64_t us, int64_t hz, int64_t cm2)
{
    struct quantity_set s = {0};
    PUT(s, amplitude_ua, ma * 1000);
    PUT(s, phase_width_us, us);
    PUT(s, pulse_rate_millihz, hz * 1000);
    PUT(s, electrode_area_mm2, cm2 * 100);
    return s;
}

static inline struct quantity_set carrier(int64_t ma, int64_t khz)
{
    struct quantity_set s = {0};
    PUT(s, amplitude_ua, ma * 1000);
    PUT(s, carrier_frequency_millihz, khz * 1000000);
    PUT(s, electrode_area_mm2, 2500);
    return s;
}

static inline struct quantity_set head(int64_t satp_mw, int64_t duty, int64_t era_mm2, int64_t khz)
{
    struct quantity_set s = {0};
    PUT(s, intensity_satp_uw_cm2, satp_mw * 1000);
    PUT(s, duty_permille, duty);
    PUT(s, era_mm2, era_mm2);
    PUT(s, bnr_permille, 5000);
    PUT(s, us_frequency_khz, khz);
    return s;
}

/* value is exact / per rounded up: not below it, and less than one above. */
static inline void rounded_up(int64_t value, double exact)
{
    if ((double)value < exact - 1e-6 || (double)value >= exact + 1) {
        fail_msg("%lld is not %.6f rounded up", (long long)value, exact);
    }
}

/* A sane set for every waveform, in the order of the table. */
static inline struct quantity_set sane(enum modality_waveform w)
{
    struct quantity_set s = pulses(30, 100, 50, 25);
    PUT(s, phase2_width_us, 200);
    PUT(s, amplitude2_permille, 500);
    PUT(s, amplitude_mv, 150000);
    PUT(s, carrier_frequency_millihz, 4000000);
    PUT(s, burst_rate_millihz, 50000);
    PUT(s, burst_duty_permille, 500);
    if (modality_waveform_modality(w) == MODALITY_ULTRASOUND) {
        return head(500, w == WAVEFORM_us_pulsed ? 200 : 1000, 500, 1000);
    }
    if (modality_waveform_modality(w) == MODALITY_LASER) {
        s = (struct quantity_set){0};
        PUT(s, power_uw, 100000);
        PUT(s, spot_area_mm2, 100);
    }
    if (modality_waveform_modality(w) == MODALITY_COLD) {
        s = (struct quantity_set){0};
        PUT(s, temperature_millic, 12000);
    }
    return s;
}

#endif
