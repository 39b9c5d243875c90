/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What holds for the formulas of every waveform class: what each cannot do without, what is impossible, and that more
 * of an input is never less of a dose.
 */
#include "derive_fixture.h"

static const enum modality_quantity none = QUANTITY_COUNT;
static const enum modality_quantity needs[WAVEFORM_COUNT][7] = {
    [WAVEFORM_biphasic_symmetric] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                                     QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_biphasic_asymmetric] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_phase2_width_us,
                                      QUANTITY_amplitude2_permille, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_monophasic] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                             QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_sine] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_premod_two_tone] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz,
                                  QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_premod_raised_cosine] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz,
                                       QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_russian] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz, QUANTITY_burst_rate_millihz,
                          QUANTITY_burst_duty_permille, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_hvpc] = {QUANTITY_amplitude_mv, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                       QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_dc] = {QUANTITY_amplitude_ua, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_iontophoresis] = {QUANTITY_amplitude_ua, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_us_continuous] = {QUANTITY_intensity_satp_uw_cm2, QUANTITY_us_frequency_khz, QUANTITY_era_mm2,
                                QUANTITY_bnr_permille, none},
    [WAVEFORM_us_pulsed] = {QUANTITY_intensity_satp_uw_cm2, QUANTITY_duty_permille, QUANTITY_us_frequency_khz,
                            QUANTITY_era_mm2, QUANTITY_bnr_permille, none},
    [WAVEFORM_laser_continuous] = {QUANTITY_power_uw, QUANTITY_spot_area_mm2, none},
    [WAVEFORM_laser_pulsed] = {QUANTITY_power_uw, QUANTITY_spot_area_mm2, none},
    [WAVEFORM_cold_contact] = {QUANTITY_temperature_millic, none},
    [WAVEFORM_biphasic_burst] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                                 QUANTITY_electrode_area_mm2, QUANTITY_burst_rate_millihz, QUANTITY_burst_duty_permille,
                                 none},
};

static void what_a_waveform_cannot_do_without_is_named(void **state)
{
    (void)state;
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        struct quantity_set s = sane((enum modality_waveform)w);
        struct quantity_set whole = s;
        derived((enum modality_waveform)w, &whole);
        for (size_t i = 0; needs[w][i] != none; i++) {
            enum modality_quantity q = needs[w][i];
            struct quantity_set without = s;
            without.present[q / 64] &= ~(UINT64_C(1) << (q % 64));
            refused((enum modality_waveform)w, without, -EINVAL, q);
        }
    }
    refused(WAVEFORM_COUNT, (struct quantity_set){0}, -EINVAL, QUANTITY_waveform_class);
}

static void impossible_values_are_named(void **state)
{
    (void)state;
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        for (size_t i = 0; needs[w][i] != none; i++) {
            enum modality_quantity q = needs[w][i];
            struct quantity_set s = sane((enum modality_waveform)w);
            if (w != WAVEFORM_cold_contact) {
                quantity_put(&s, q, -1);
                refused((enum modality_waveform)w, s, -ERANGE, q);
            }
            quantity_put(&s, q, INT64_MAX);
            refused((enum modality_waveform)w, s, -ERANGE, q);
        }
    }
    struct quantity_set s = pulses(30, 300, 2000, 25); /* 600 us of pulse in 500 us */
    refused(WAVEFORM_biphasic_symmetric, s, -ERANGE, QUANTITY_pulse_rate_millihz);
    s = pulses(30, 100, 4000, 25); /* 200 us in 250 us */
    derived(WAVEFORM_biphasic_symmetric, &s);
    PUT(s, interphase_us, 50);
    derived(WAVEFORM_biphasic_symmetric, &s);
    PUT(s, interphase_us, 51);
    refused(WAVEFORM_biphasic_symmetric, s, -ERANGE, QUANTITY_pulse_rate_millihz);
    s = pulses(30, 100, 50, 25);
    PUT(s, anode_area_mm2, 2499); /* below the smaller electrode */
    refused(WAVEFORM_iontophoresis, s, -ERANGE, QUANTITY_anode_area_mm2);
    PUT(s, anode_area_mm2, 2500);
    PUT(s, cathode_area_mm2, 2499);
    refused(WAVEFORM_iontophoresis, s, -ERANGE, QUANTITY_cathode_area_mm2);
    s = head(500, 1000, 500, 1000);
    PUT(s, bnr_permille, 5); /* 5 written without its unit */
    refused(WAVEFORM_us_continuous, s, -ERANGE, QUANTITY_bnr_permille);
    s = pulses(30, 100, 50, 25);
    PUT(s, surge_on_ms, 1000);
    PUT(s, ramp_up_ms, 600);
    PUT(s, ramp_down_ms, 401);
    refused(WAVEFORM_biphasic_symmetric, s, -ERANGE, QUANTITY_surge_on_ms);
}

static void more_is_never_derived_as_less(void **state)
{
    (void)state;
    uint64_t seed = 99;
    static const enum modality_quantity grows[] = {QUANTITY_rms_current_ua,       QUANTITY_phase_charge_nc,
                                                   QUANTITY_power_density_uw_cm2, QUANTITY_pulse_energy_uj,
                                                   QUANTITY_rms_density_ua_cm2,   QUANTITY_session_charge_uc};
    static const enum modality_quantity raised[] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us,
                                                    QUANTITY_pulse_rate_millihz};
    for (int i = 0; i < 2000; i++) {
        struct quantity_set a = pulses(random_between(&seed, 0, 140), random_between(&seed, 20, 600),
                                       random_between(&seed, 1, 300), random_between(&seed, 1, 200));
        struct quantity_set b = a;
        b.value[raised[i % 3]] += random_between(&seed, 1, 100);
        derived(WAVEFORM_biphasic_symmetric, &a);
        derived(WAVEFORM_biphasic_symmetric, &b);
        assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &a, 1000000), 0);
        assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &b, 1000000), 0);
        for (size_t k = 0; k < sizeof grows / sizeof grows[0]; k++) {
            assert_true(b.value[grows[k]] >= a.value[grows[k]]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_waveform_cannot_do_without_is_named),
        cmocka_unit_test(impossible_values_are_named),
        cmocka_unit_test(more_is_never_derived_as_less),
    };
    return DOSE_TESTS(tests);
}
