/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled ceilings: every sane treatment passes them, each is sharp, and every modality has what it must have.
 */
#include "limit_fixture.h"

static int held_against_ceilings(void)
{
    size_t n = 0;
    const struct limit *limits = limit_compiled(&n);
    return limit_check(limits, n, &picture, NULL, &verdict);
}

/* What a single broken value comes to: refused by this ceiling before all others that it breaks. */
static void refused_by(const char *id)
{
    assert_int_equal(held_against_ceilings(), -EPERM);
    for (size_t i = 0; i < verdict.refused.n; i++) {
        if (strcmp(verdict.refused.items[i].subject, id) == 0) {
            assert_string_equal(verdict.refused.items[i].origin, "compiled");
            assert_int_equal(verdict.refused.items[i].layer, LAYER_COMPILED);
            return;
        }
    }
    fail_msg("%s did not refuse", id);
}

static void every_fixture_passes_the_compiled_ceilings(void **state)
{
    (void)state;
    struct dose_treatment all[] = {fixture_tens(), fixture_ifc(),   fixture_ultrasound(),
                                   fixture_cold(), fixture_ionto(), fixture_laser()};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        pictured(&all[i]);
        if (held_against_ceilings() != 0) {
            fail_msg("%s", verdict.refused.items[0].message);
        }
    }
}

/* One value of a fixture at the bound of a ceiling, and one beyond it. */
static void ceiling_is_sharp(struct dose_treatment t, enum modality_quantity q, int64_t bound, int64_t beyond,
                             const char *id)
{
    quantity_put(&t.channels[0].ceiling, q, bound);
    if (modality_quantity_info(q)->basis == BASIS_PROPERTY || modality_quantity_info(q)->safer == SAFER_UP) {
        quantity_put(&t.channels[0].start, q, bound);
    }
    pictured(&t);
    if (held_against_ceilings() != 0) {
        fail_msg("%s", verdict.refused.items[0].message);
    }
    quantity_put(&t.channels[0].ceiling, q, bound + beyond);
    if (modality_quantity_info(q)->basis == BASIS_PROPERTY) {
        quantity_put(&t.channels[0].start, q, bound + beyond);
    }
    pictured(&t);
    refused_by(id);
}

static void ceilings_of_stimulation_are_sharp(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    BOTH(t.channels[0], electrode_area_mm2, 20000);
    BOTH(t.channels[0], phase_width_us, 500);
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 100000, 1, "ceiling_es_phase_charge");
    BOTH(t.channels[0], phase_width_us, 100);
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 150000, 1, "ceiling_es_peak");
    BOTH(t.channels[0], pulse_rate_millihz, 400000);
    BOTH(t.channels[0], phase_width_us, 312);
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 100080, 10, "ceiling_es_irms_le400"); /* d = 0.2496 */
    t = fixture_tens();
    t.channels[0].waveform = WAVEFORM_iontophoresis;
    t.therapy = THERAPY_ionto;
    t.duration_ms = 60000;
    PUT(t.channels[0].start, amplitude_ua, 1000);
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 4000, 1, "ceiling_ion_current");
    t = fixture_tens();
    t.therapy = THERAPY_microcurrent;
    PUT(t.channels[0].start, amplitude_ua, 100);
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 1000, 1, "ceiling_microcurrent");
    t = fixture_tens();
    t.therapy = THERAPY_nmes;
    BOTH(t.channels[0], surge_on_ms, 10000);
    BOTH(t.channels[0], surge_off_ms, 50000);
    BOTH(t.channels[0], ramp_up_ms, 1000);
    BOTH(t.channels[0], ramp_down_ms, 1000);
    ceiling_is_sharp(t, QUANTITY_surge_on_ms, 60000, 1, "ceiling_es_surge_on");
    ceiling_is_sharp(t, QUANTITY_surge_off_ms, 1000, -1, "ceiling_es_surge_rest");
    t = fixture_tens();
    t.therapy = THERAPY_hvpc_pain;
    t.channels[0].waveform = WAVEFORM_hvpc;
    BOTH(t.channels[0], phase_width_us, 20);
    BOTH(t.channels[0], pulse_rate_millihz, 10000);
    PUT(t.channels[0].start, amplitude_mv, 1000);
    ceiling_is_sharp(t, QUANTITY_amplitude_mv, 500000, 1, "ceiling_hvpc_voltage");
}

static void pulses_in_bursts_have_the_ceilings_of_pulses(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    t.channels[0].waveform = WAVEFORM_biphasic_burst;
    BOTH(t.channels[0], burst_rate_millihz, 2000);
    BOTH(t.channels[0], burst_duty_permille, 250);
    BOTH(t.channels[0], electrode_area_mm2, 100);
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 28284, 1, "ceiling_es_rms_density"); /* 4 mA / sqrt(0.02) */
}

static void either_polarity_of_iontophoresis_has_a_ceiling(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ionto();
    BOTH(t.channels[0], electrode_area_mm2, 300);
    PUT(t.channels[0].start, amplitude_ua, 2000);
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 3000, 1, "ceiling_ion_density_anode");
    ceiling_is_sharp(t, QUANTITY_amplitude_ua, 3000, 1, "ceiling_ion_density_cathode");
}

static void what_a_device_reports_of_itself_has_ceilings(void **state)
{
    (void)state;
    ceiling_is_sharp(fixture_tens(), QUANTITY_patient_leakage_ua, 100, 1, "ceiling_es_leakage");
    ceiling_is_sharp(fixture_tens(), QUANTITY_patient_leakage_fault_ua, 500, 1, "ceiling_es_leakage_fault");
    ceiling_is_sharp(fixture_tens(), QUANTITY_minimum_setting_permille, 100, 1, "ceiling_es_minimum_setting");
    ceiling_is_sharp(fixture_tens(), QUANTITY_diathermy_distance_mm, 1000, -1, "ceiling_es_diathermy");
    ceiling_is_sharp(fixture_ultrasound(), QUANTITY_unwanted_radiation_uw_cm2, 100000, 1,
                     "ceiling_us_unwanted_radiation");
    ceiling_is_sharp(fixture_ultrasound(), QUANTITY_supply_variation_permille, 200, 1, "ceiling_us_supply");
}

static void ceilings_of_supervision_are_found_and_refuse_no_request(void **state)
{
    (void)state;
    size_t n = 0;
    const struct limit *limits = limit_compiled(&n);
    struct dose_treatment t = fixture_laser();
    BOTH(t.channels[0], interlock_closed, 0); /* what is measured is no part of a request */
    pictured(&t);
    assert_int_equal(held_against_ceilings(), 0);
    assert_int_equal(limit_tightest(limits, n, &picture, QUANTITY_interlock_closed, LIMIT_HARD, true)->min, 1);
    assert_int_equal(limit_tightest(limits, n, &picture, QUANTITY_readback_ratio_permille, LIMIT_HARD, false)->max,
                     1500);
    assert_int_equal(limit_tightest(limits, n, &picture, QUANTITY_timer_error_permille, LIMIT_HARD, false)->max, 200);
}

static void ceilings_of_ultrasound_are_sharp(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ultrasound();
    t.duration_ms = 60000;
    ceiling_is_sharp(t, QUANTITY_intensity_satp_uw_cm2, 2500000, 1, "ceiling_us_satp");
    ceiling_is_sharp(t, QUANTITY_bnr_permille, 8000, 1, "ceiling_us_bnr");
    ceiling_is_sharp(t, QUANTITY_intensity_satp_uw_cm2, 2500000, 1, "ceiling_us_sata");
    BOTH(t.channels[0], bnr_permille, 8000);
    ceiling_is_sharp(t, QUANTITY_intensity_satp_uw_cm2, 2500000, 1, "ceiling_us_hot_spot");
    ceiling_is_sharp(t, QUANTITY_intensity_satp_uw_cm2, 2500000, 1, "ceiling_us_static");
    /* non-thermal is on for half of the time at most, as set or as the widths make it */
    t = fixture_ultrasound();
    t.duration_ms = 60000;
    t.channels[0].waveform = WAVEFORM_us_pulsed;
    BOTH(t.channels[0], duty_permille, 200);
    for (unsigned i = 0; i < 2; i++) {
        t.therapy = i == 0 ? THERAPY_us_nonthermal : THERAPY_lipus;
        ceiling_is_sharp(t, QUANTITY_duty_permille, 500, 1, "ceiling_us_duty");
    }
    t = fixture_ultrasound();
    t.therapy = THERAPY_us_nonthermal;
    t.channels[0].waveform = WAVEFORM_us_pulsed;
    t.channels[0].start.present[QUANTITY_duty_permille / 64] &= ~(UINT64_C(1) << QUANTITY_duty_permille % 64);
    t.channels[0].ceiling.present[QUANTITY_duty_permille / 64] &= ~(UINT64_C(1) << QUANTITY_duty_permille % 64);
    BOTH(t.channels[0], pulse_repetition_millihz, 100000);
    BOTH(t.channels[0], burst_width_us, 2000);
    ceiling_is_sharp(t, QUANTITY_burst_width_us, 5000, 1, "ceiling_us_duty");
    /* energy: 1 W/cm2 x 5 cm2 for 12 min is the bound */
    t = fixture_ultrasound();
    t.duration_ms = 720000;
    ceiling_is_sharp(t, QUANTITY_intensity_satp_uw_cm2, 1000000, 1, "ceiling_us_energy_session");
}

static void ultrasound_that_would_burn_is_refused_by_the_heating_bound(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ultrasound(); /* 3 MHz, 2 W/cm2, 10 min */
    BOTH(t.channels[0], us_frequency_khz, 3000);
    PUT(t.channels[0].ceiling, intensity_satp_uw_cm2, 2000000);
    t.duration_ms = 600000;
    pictured(&t);
    refused_by("ceiling_us_temperature_rise");
    t.thermal = true; /* vigorous heating may be meant, a burn may not */
    pictured(&t);
    refused_by("ceiling_us_temperature_rise_thermal");
    refused_by("ceiling_us_tissue_temperature");
    refused_by("ceiling_us_thermal_dose");
}

static void ceilings_of_laser_and_cold_are_sharp(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    t.modality = MODALITY_LASER;
    t.therapy = THERAPY_pbm;
    t.duration_ms = 60000;
    t.channels[0] = (struct dose_channel){.waveform = WAVEFORM_laser_continuous};
    BOTH(t.channels[0], spot_area_mm2, 100);
    BOTH(t.channels[0], power_uw, 100000);
    ceiling_is_sharp(t, QUANTITY_power_uw, 500000, 1, "ceiling_lz_power");
    t = fixture_laser();
    t.duration_ms = 3600000;
    BOTH(t.channels[0], point_count, 3);
    BOTH(t.channels[0], point_energy_uj, 30000000);
    pictured(&t);
    assert_int_equal(held_against_ceilings(), 0);
    BOTH(t.channels[0], point_energy_uj, 30000001);
    pictured(&t);
    refused_by("ceiling_lz_point_energy");
    t = fixture_cold();
    ceiling_is_sharp(t, QUANTITY_temperature_millic, 10000, -1, "ceiling_cr_set_point");
    t.duration_ms = 30 * 60000 + 1;
    pictured(&t);
    refused_by("ceiling_cr_time");
}

static void every_ceiling_is_well_formed(void **state)
{
    (void)state;
    size_t n = 0;
    const struct limit *limits = limit_compiled(&n);
    for (size_t i = 0; i < n; i++) {
        const struct limit *l = &limits[i];
        const struct modality_quantity_info *info = modality_quantity_info(l->quantity);
        assert_true(l->has_max || l->has_min);
        assert_int_equal(l->use, limit_use_of(l->quantity));
        assert_int_equal(l->layer, LAYER_COMPILED);
        assert_int_equal(l->class, LIMIT_HARD);
        assert_int_not_equal(l->verified, VERIFIED_NO); /* it would lock therapies by itself */
        assert_true((info->modalities & (unsigned)l->modality) != 0);
        assert_string_equal(l->origin, "compiled");
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(l->id, limits[k].id);
        }
    }
}

static void every_modality_has_ceilings_on_output_and_time(void **state)
{
    (void)state;
    struct dose_treatment all[] = {fixture_tens(), fixture_ifc(),   fixture_ultrasound(),
                                   fixture_cold(), fixture_ionto(), fixture_laser()};
    static const enum modality_quantity outputs[] = {QUANTITY_amplitude_ua,          QUANTITY_amplitude_ua,
                                                     QUANTITY_intensity_satp_uw_cm2, QUANTITY_temperature_millic,
                                                     QUANTITY_amplitude_ua,          QUANTITY_power_uw};
    size_t n = 0;
    const struct limit *limits = limit_compiled(&n);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        pictured(&all[i]);
        bool want_min = modality_quantity_info(outputs[i])->safer == SAFER_UP;
        assert_non_null(limit_tightest(limits, n, &picture, outputs[i], LIMIT_HARD, want_min));
        assert_non_null(limit_tightest(limits, n, &picture, QUANTITY_duration_ms, LIMIT_HARD, false));
        assert_non_null(limit_tightest(limits, n, &picture, QUANTITY_session_count, LIMIT_HARD, false));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_passes_the_compiled_ceilings),
        cmocka_unit_test(ceilings_of_stimulation_are_sharp),
        cmocka_unit_test(pulses_in_bursts_have_the_ceilings_of_pulses),
        cmocka_unit_test(either_polarity_of_iontophoresis_has_a_ceiling),
        cmocka_unit_test(what_a_device_reports_of_itself_has_ceilings),
        cmocka_unit_test(ceilings_of_supervision_are_found_and_refuse_no_request),
        cmocka_unit_test(ceilings_of_ultrasound_are_sharp),
        cmocka_unit_test(ultrasound_that_would_burn_is_refused_by_the_heating_bound),
        cmocka_unit_test(ceilings_of_laser_and_cold_are_sharp),
        cmocka_unit_test(every_ceiling_is_well_formed),
        cmocka_unit_test(every_modality_has_ceilings_on_output_and_time),
    };
    return DOSE_TESTS(tests);
}
