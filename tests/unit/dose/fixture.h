/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sane treatments for the tests of dose: each passes every compiled ceiling, and a test breaks one thing of it.
 */
#ifndef DOSE_FIXTURE_H
#define DOSE_FIXTURE_H

#include "dose/limit.h"

#define PUT(set, quantity, value) quantity_put(&(set), QUANTITY_##quantity, value)

/* Sets start and ceiling of a channel to the same value. */
static inline void fixture_both(struct dose_channel *c, enum modality_quantity q, int64_t value)
{
    quantity_put(&c->start, q, value);
    quantity_put(&c->ceiling, q, value);
}
#define BOTH(channel, quantity, value) fixture_both(&(channel), QUANTITY_##quantity, value)

/* TENS: 10 to 30 mA, 100 us, 100 Hz, 25 cm2, 30 min. */
static inline struct dose_treatment fixture_tens(void)
{
    struct dose_treatment t = {
        .modality = MODALITY_ESTIM,
        .therapy = THERAPY_tens,
        .site = 3,
        .applicator = -1,
        .duration_ms = 30 * 60000,
        .n_channels = 1,
    };
    struct dose_channel *c = &t.channels[0];
    c->waveform = WAVEFORM_biphasic_symmetric;
    BOTH(*c, phase_width_us, 100);
    BOTH(*c, pulse_rate_millihz, 100000);
    BOTH(*c, electrode_area_mm2, 2500);
    PUT(c->start, amplitude_ua, 10000);
    PUT(c->ceiling, amplitude_ua, 30000);
    return t;
}

/* True interferential: two sine channels of 20 to 35 mA at 4 kHz. */
static inline struct dose_treatment fixture_ifc(void)
{
    struct dose_treatment t = {
        .modality = MODALITY_ESTIM,
        .therapy = THERAPY_ifc,
        .site = 3,
        .applicator = -1,
        .duration_ms = 20 * 60000,
        .n_channels = 2,
    };
    for (size_t i = 0; i < 2; i++) {
        struct dose_channel *c = &t.channels[i];
        c->waveform = WAVEFORM_sine;
        BOTH(*c, carrier_frequency_millihz, 4000000 + (int64_t)i * 100000);
        BOTH(*c, electrode_area_mm2, 2500);
        PUT(c->start, amplitude_ua, 20000);
        PUT(c->ceiling, amplitude_ua, 35000);
    }
    return t;
}

/* Continuous ultrasound: 0.5 to 1 W/cm2 at 1 MHz on a head of 5 cm2 and BNR 5, 8 min. */
static inline struct dose_treatment fixture_ultrasound(void)
{
    struct dose_treatment t = {
        .modality = MODALITY_ULTRASOUND,
        .therapy = THERAPY_us_thermal,
        .site = 3,
        .applicator = 0,
        .duration_ms = 8 * 60000,
        .n_channels = 1,
    };
    struct dose_channel *c = &t.channels[0];
    c->waveform = WAVEFORM_us_continuous;
    BOTH(*c, duty_permille, 1000);
    BOTH(*c, us_frequency_khz, 1000);
    BOTH(*c, era_mm2, 500);
    BOTH(*c, bnr_permille, 5000);
    BOTH(*c, treated_area_mm2, 1000);
    PUT(c->start, intensity_satp_uw_cm2, 500000);
    PUT(c->ceiling, intensity_satp_uw_cm2, 1000000);
    return t;
}

/* Iontophoresis until 40 mA.min have flowed: 2 mA, which may be raised to 4, on 10 cm2, 30 min at the longest. */
static inline struct dose_treatment fixture_ionto(void)
{
    struct dose_treatment t = {
        .modality = MODALITY_ESTIM,
        .therapy = THERAPY_ionto,
        .site = 3,
        .applicator = -1,
        .duration_ms = 30 * 60000,
        .n_channels = 1,
    };
    struct dose_channel *c = &t.channels[0];
    c->waveform = WAVEFORM_iontophoresis;
    BOTH(*c, active_polarity, 2);
    BOTH(*c, electrode_area_mm2, 1000);
    BOTH(*c, iontophoresis_dose_ua_min, 40000);
    PUT(c->start, amplitude_ua, 2000);
    PUT(c->ceiling, amplitude_ua, 4000);
    return t;
}

/* Laser point by point: 4 points of 6 J at 100 mW, which may be raised to 200, on 0.5 cm2, 10 min at the longest. */
static inline struct dose_treatment fixture_laser(void)
{
    struct dose_treatment t = {
        .modality = MODALITY_LASER,
        .therapy = THERAPY_pbm,
        .site = 3,
        .applicator = 0,
        .duration_ms = 10 * 60000,
        .n_channels = 1,
    };
    struct dose_channel *c = &t.channels[0];
    c->waveform = WAVEFORM_laser_continuous;
    BOTH(*c, spot_area_mm2, 50);
    BOTH(*c, wavelength_nm, 830);
    BOTH(*c, point_energy_uj, 6000000);
    BOTH(*c, point_count, 4);
    PUT(c->start, power_uw, 100000);
    PUT(c->ceiling, power_uw, 200000);
    return t;
}

/* Cold: 13 degC, which may be lowered to 12, 20 min. */
static inline struct dose_treatment fixture_cold(void)
{
    struct dose_treatment t = {
        .modality = MODALITY_COLD,
        .therapy = THERAPY_cryo,
        .site = 3,
        .applicator = -1,
        .duration_ms = 20 * 60000,
        .n_channels = 1,
    };
    t.channels[0].waveform = WAVEFORM_cold_contact;
    PUT(t.channels[0].start, temperature_millic, 13000);
    PUT(t.channels[0].ceiling, temperature_millic, 12000);
    return t;
}

/* A hard installation limit without conditions: max only. */
static inline struct limit fixture_limit(enum modality_quantity q, enum limit_scope scope, int64_t max)
{
    struct limit l = {
        .id = "under_test",
        .modality = MODALITY_ANY,
        .quantity = q,
        .has_max = true,
        .max = max,
        .scope = scope,
        .class = LIMIT_HARD,
        .layer = LAYER_INSTALLATION,
        .use = limit_use_of(q),
        .verified = VERIFIED_YES,
        .source = "test",
        .origin = "limits.ini:41",
    };
    return l;
}

static inline struct limit fixture_least(enum modality_quantity q, enum limit_scope scope, int64_t min)
{
    struct limit l = fixture_limit(q, scope, 0);
    l.has_max = false;
    l.has_min = true;
    l.min = min;
    return l;
}

#endif
