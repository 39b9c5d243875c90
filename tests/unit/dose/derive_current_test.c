/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formulas of electrical stimulation against vectors worked out by hand: each result is no smaller than the exact
 * value, and agrees with it to the digits that the vectors print.
 */
#include "derive_fixture.h"

struct golden {
    int64_t ma, us, hz, cm2;
    int64_t duty_permille;
    double rms_ua, density_ua, charge_nc, charge_density_nc, power_density_uw, energy_uj;
    int64_t shannon_low, shannon_high; /* the printed two digits, in thousandths, as an interval */
};

static void biphasic_pulses_match_the_vectors(void **state)
{
    (void)state;
    static const struct golden vectors[] = {
        {30, 80, 100, 25, 16, 3794.733, 151.789, 2400, 96, 288, 72, -645, -635},
        {60, 200, 100, 25, 40, 12000, 480, 12000, 480, 2880, 720, 755, 765},
        {60, 250, 4, 25, 2, 2683.282, 107.331, 15000, 600, 144, 900, 945, 956},
        {60, 250, 150, 25, 75, 16431.677, 657.267, 15000, 600, 5400, 900, 945, 956},
        {80, 300, 50, 25, 30, 13856.406, 554.256, 24000, 960, 3840, 1920, 1355, 1365},
        {80, 300, 50, 5, 30, 13856.406, 2771.281, 24000, 4800, 19200, 1920, 2055, 2065},
        {100, 400, 80, 25, 64, 25298.221, 1011.929, 40000, 1600, 12800, 4000, 1805, 1815},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct golden *g = &vectors[i];
        struct quantity_set s = pulses(g->ma, g->us, g->hz, g->cm2);
        derived(WAVEFORM_biphasic_symmetric, &s);
        assert_int_equal(GET(s, pulse_duty_permille), g->duty_permille);
        rounded_up(GET(s, rms_current_ua), g->rms_ua);
        rounded_up(GET(s, rms_density_ua_cm2), g->density_ua);
        rounded_up(GET(s, phase_charge_nc), g->charge_nc);
        rounded_up(GET(s, charge_density_nc_cm2), g->charge_density_nc);
        rounded_up(GET(s, power_density_uw_cm2), g->power_density_uw);
        rounded_up(GET(s, pulse_energy_uj), g->energy_uj);
        assert_in_range(GET(s, shannon_k_milli) + 10000, g->shannon_low + 10000, g->shannon_high + 10000);
        assert_int_equal(GET(s, dc_current_ua), 0);
        assert_int_equal(GET(s, net_charge_permille), 0);
        assert_int_equal(GET(s, limit_frequency_millihz), g->hz * 1000);
        assert_int_equal(GET(s, amplitude_p2p_ua), 2000 * g->ma);
    }
}

static void monophasic_pulses_have_a_direct_part(void **state)
{
    (void)state;
    struct quantity_set s = pulses(100, 100, 100, 25);
    derived(WAVEFORM_monophasic, &s);
    assert_int_equal(GET(s, dc_current_ua), 1000);
    assert_int_equal(GET(s, rms_current_ua), 10000);
    assert_int_equal(GET(s, dc_density_ua_cm2), 40);
    assert_false(quantity_has(&s, QUANTITY_net_charge_permille));
}

/* 1 kohm: a current keeps its amperes and has twice the energy, a voltage keeps its volts and has half. */
static void an_output_indicator_is_asked_for_into_1_kohm(void **state)
{
    (void)state;
    struct quantity_set s = pulses(60, 200, 100, 25);
    derived(WAVEFORM_biphasic_symmetric, &s);
    assert_int_equal(GET(s, rms_voltage_mv), 12000); /* 12 mA x 1 kohm */
    assert_int_equal(GET(s, pulse_energy_1k_uj), 1440);
    s = pulses(1, 1, 1, 25); /* 1e-6 A2 x 1 kohm x 2 us: 0.002 uJ, rounded up once */
    derived(WAVEFORM_biphasic_symmetric, &s);
    assert_int_equal(GET(s, pulse_energy_1k_uj), 1);
    s = pulses(40, 200, 100, 25);
    PUT(s, phase2_width_us, 800);
    PUT(s, amplitude2_permille, 250);
    derived(WAVEFORM_biphasic_asymmetric, &s);
    assert_int_equal(GET(s, rms_voltage_mv), 6325);
    assert_int_equal(GET(s, pulse_energy_1k_uj), 400); /* 1.6e-3 x 200e-6 + 1e-4 x 800e-6, x 1 kohm */
    s = (struct quantity_set){0};
    PUT(s, amplitude_mv, 200000);
    PUT(s, phase_width_us, 20);
    PUT(s, pulse_rate_millihz, 100000);
    PUT(s, electrode_area_mm2, 2500);
    derived(WAVEFORM_hvpc, &s);
    rounded_up(GET(s, rms_voltage_mv), 12649.111); /* 200 V x sqrt(4e-3) */
    assert_int_equal(GET(s, pulse_energy_uj), 3200);
    assert_int_equal(GET(s, pulse_energy_1k_uj), 1600); /* 200 V squared over 1 kohm x 40 us */
    s = carrier(80, 2);
    PUT(s, burst_rate_millihz, 50000);
    PUT(s, burst_duty_permille, 500);
    derived(WAVEFORM_russian, &s);
    assert_int_equal(GET(s, rms_voltage_mv), 40000);
    assert_int_equal(GET(s, pulse_energy_1k_uj), 32000);
    PUT(s, amplitude_ua, 2000);
    derived(WAVEFORM_dc, &s);
    assert_int_equal(GET(s, rms_voltage_mv), 2000);
}

/* 4 mA by a cathode of 20 cm2 and an anode of 10, and by electrodes that say less. */
static void either_polarity_has_its_density(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, amplitude_ua, 4000);
    PUT(s, electrode_area_mm2, 1000);
    derived(WAVEFORM_iontophoresis, &s);
    assert_int_equal(GET(s, anode_density_ua_cm2), 400);
    assert_int_equal(GET(s, cathode_density_ua_cm2), 400);
    PUT(s, cathode_area_mm2, 2000);
    derived(WAVEFORM_iontophoresis, &s);
    assert_int_equal(GET(s, anode_density_ua_cm2), 400);
    assert_int_equal(GET(s, cathode_density_ua_cm2), 200);
    assert_int_equal(GET(s, dc_density_ua_cm2), 400); /* the smaller electrode, whichever it is */
    PUT(s, anode_area_mm2, 3000);
    derived(WAVEFORM_iontophoresis, &s);
    assert_int_equal(GET(s, anode_density_ua_cm2), 134);
    s = pulses(100, 100, 100, 25);
    PUT(s, cathode_area_mm2, 5000);
    derived(WAVEFORM_monophasic, &s);
    assert_int_equal(GET(s, anode_density_ua_cm2), 40);
    assert_int_equal(GET(s, cathode_density_ua_cm2), 20);
    derived(WAVEFORM_biphasic_symmetric, &s);
    assert_int_equal(GET(s, anode_density_ua_cm2), 0);
    assert_int_equal(GET(s, cathode_density_ua_cm2), 0);
}

static struct quantity_set bursts(int64_t burst_millihz, int64_t permille)
{
    struct quantity_set s = pulses(40, 100, 100, 25);
    PUT(s, burst_rate_millihz, burst_millihz);
    PUT(s, burst_duty_permille, permille);
    return s;
}

static void pulses_in_bursts_are_judged_as_if_they_never_paused(void **state)
{
    (void)state;
    struct quantity_set s = bursts(2000, 250), plain = pulses(40, 100, 100, 25);
    derived(WAVEFORM_biphasic_burst, &s);
    derived(WAVEFORM_biphasic_symmetric, &plain);
    for (unsigned q = 0; q < QUANTITY_COUNT; q++) {
        if (q != QUANTITY_burst_rate_millihz && q != QUANTITY_burst_duty_permille) {
            assert_int_equal(quantity_has(&s, q), quantity_has(&plain, q));
            assert_int_equal(s.value[q], plain.value[q]);
        }
    }
    /* only what adds up knows of the pauses: 8 uC x 100 Hz x 60 s, a quarter of it */
    assert_int_equal(dose_totals(WAVEFORM_biphasic_burst, &s, 60000), 0);
    assert_int_equal(GET(s, session_charge_uc), 12000);
    int64_t energy = 0, charge = 0;
    assert_int_equal(dose_increment(WAVEFORM_biphasic_burst, &s, 1, &energy, &charge), 0);
    assert_int_equal(charge, 200);
    PUT(s, burst_duty_permille, 251);
    PUT(s, phase_width_us, 1);
    assert_int_equal(dose_increment(WAVEFORM_biphasic_burst, &s, 1, &energy, &charge), 0);
    assert_int_equal(charge, 3); /* 2.008 rounded up */
}

static void a_burst_holds_a_whole_pulse_and_there_are_no_more_bursts_than_pulses(void **state)
{
    (void)state;
    struct quantity_set s = bursts(100000, 20); /* 100 bursts of 200 us: just one pulse each */
    derived(WAVEFORM_biphasic_burst, &s);
    PUT(s, interphase_us, 1);
    refused(WAVEFORM_biphasic_burst, s, -ERANGE, QUANTITY_burst_duty_permille);
    s = bursts(100000, 19);
    refused(WAVEFORM_biphasic_burst, s, -ERANGE, QUANTITY_burst_duty_permille);
    s = bursts(100001, 1000);
    refused(WAVEFORM_biphasic_burst, s, -ERANGE, QUANTITY_burst_rate_millihz);
    s = bursts(2000, 1001);
    refused(WAVEFORM_biphasic_burst, s, -ERANGE, QUANTITY_burst_duty_permille);
    s = bursts(1, 1000); /* one endless burst */
    derived(WAVEFORM_biphasic_burst, &s);
}

static void twin_peaks_are_volts_over_500_ohm(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, amplitude_mv, 200000); /* 0.4 A */
    PUT(s, phase_width_us, 20);
    PUT(s, pulse_rate_millihz, 100000);
    PUT(s, electrode_area_mm2, 2500);
    derived(WAVEFORM_hvpc, &s);
    assert_int_equal(GET(s, dc_current_ua), 1600);
    rounded_up(GET(s, rms_current_ua), 25298.221);
    assert_int_equal(GET(s, phase_charge_nc), 8000);
    assert_int_equal(GET(s, output_voltage_mv), 200000);
    int64_t energy = 0, charge = 0;
    assert_int_equal(dose_increment(WAVEFORM_hvpc, &s, 10, &energy, &charge), 0);
    assert_int_equal(charge, 16000); /* one pair of peaks */
    assert_int_equal(energy, 0);
}

static void carriers_match_the_vectors(void **state)
{
    (void)state;
    struct quantity_set s = carrier(80, 2);
    PUT(s, carrier_frequency_millihz, 2500000);
    PUT(s, burst_rate_millihz, 50000);
    PUT(s, burst_duty_permille, 500);
    derived(WAVEFORM_russian, &s);
    assert_int_equal(GET(s, rms_current_ua), 40000);
    assert_int_equal(GET(s, limit_frequency_millihz), 2500000);
    assert_int_equal(GET(s, pulse_energy_uj), 16000);

    s = carrier(50, 4);
    derived(WAVEFORM_sine, &s);
    rounded_up(GET(s, rms_current_ua), 35355.339);
    rounded_up(GET(s, phase_charge_nc), 3978.9);
    assert_int_equal(GET(s, dc_current_ua), 0);

    s = carrier(50, 4);
    PUT(s, beat_frequency_millihz, 100000);
    derived(WAVEFORM_premod_two_tone, &s);
    assert_int_equal(GET(s, rms_current_ua), 25000);
    assert_int_equal(GET(s, pulse_energy_uj), 3125);

    s = carrier(50, 4); /* a beat of 99.98 ms is a pulse, one of 0.1 s is none */
    PUT(s, beat_frequency_millihz, 10002);
    derived(WAVEFORM_premod_two_tone, &s);
    assert_true(quantity_has(&s, QUANTITY_pulse_energy_uj));
    s = carrier(50, 4);
    PUT(s, beat_frequency_millihz, 10000);
    derived(WAVEFORM_premod_two_tone, &s);
    assert_false(quantity_has(&s, QUANTITY_pulse_energy_uj));

    s = carrier(50, 4);
    derived(WAVEFORM_premod_raised_cosine, &s);
    rounded_up(GET(s, rms_current_ua), 30618.622);
}

static void direct_current_is_its_own_mean(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, amplitude_ua, 2000);
    PUT(s, electrode_area_mm2, 900);
    derived(WAVEFORM_iontophoresis, &s);
    assert_int_equal(GET(s, rms_current_ua), 2000);
    assert_int_equal(GET(s, dc_current_ua), 2000);
    assert_int_equal(GET(s, dc_density_ua_cm2), 223);
    assert_int_equal(GET(s, limit_frequency_millihz), 0);
    assert_int_equal(dose_totals(WAVEFORM_iontophoresis, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, iontophoresis_dose_ua_min), 40000);
    assert_int_equal(GET(s, session_charge_uc), 2400000); /* 40 mA.min x 0.06 = 2.4 C */
}

static void an_asymmetric_pulse_balances_by_its_second_phase(void **state)
{
    (void)state;
    struct quantity_set s = pulses(40, 200, 100, 25);
    PUT(s, phase2_width_us, 800);
    PUT(s, amplitude2_permille, 250);
    derived(WAVEFORM_biphasic_asymmetric, &s);
    assert_int_equal(GET(s, net_charge_permille), 0);
    assert_int_equal(GET(s, dc_current_ua), 0);
    assert_int_equal(GET(s, phase_charge_nc), 8000);
    assert_int_equal(GET(s, rms_current_ua), 6325); /* sqrt(100 x (1600 x 200 + 100 x 800) x 1e-6) mA */
    assert_int_equal(GET(s, amplitude_p2p_ua), 50000);

    PUT(s, phase2_width_us, 760); /* 5 % short of balance */
    derived(WAVEFORM_biphasic_asymmetric, &s);
    assert_int_equal(GET(s, net_charge_permille), 50);
    assert_int_equal(GET(s, dc_current_ua), 40); /* 0.4 uC x 100 Hz */

    PUT(s, phase2_width_us, 880); /* too long: as bad as too short, and the second phase is the larger charge */
    derived(WAVEFORM_biphasic_asymmetric, &s);
    assert_int_equal(GET(s, net_charge_permille), 100);
    assert_int_equal(GET(s, phase_charge_nc), 8800);
}

static void equal_phases_of_an_asymmetric_pulse_are_a_symmetric_one(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 500; i++) {
        struct quantity_set a = pulses(random_between(&seed, 1, 140), random_between(&seed, 20, 600),
                                       random_between(&seed, 1, 150), random_between(&seed, 1, 200));
        struct quantity_set b = a;
        PUT(b, phase2_width_us, a.value[QUANTITY_phase_width_us]);
        PUT(b, amplitude2_permille, 1000);
        derived(WAVEFORM_biphasic_symmetric, &a);
        derived(WAVEFORM_biphasic_asymmetric, &b);
        static const enum modality_quantity same[] = {QUANTITY_rms_current_ua,  QUANTITY_phase_charge_nc,
                                                      QUANTITY_pulse_energy_uj, QUANTITY_net_charge_permille,
                                                      QUANTITY_dc_current_ua,   QUANTITY_amplitude_p2p_ua};
        for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
            assert_int_equal(a.value[same[k]], b.value[same[k]]);
        }
    }
}

static void instantaneous_means_the_worst_second(void **state)
{
    (void)state;
    /* half a hertz of one-second pulses: the worst second is all pulse */
    struct quantity_set s = pulses(1, 1000000, 1, 25);
    PUT(s, pulse_rate_millihz, 500);
    derived(WAVEFORM_monophasic, &s);
    assert_int_equal(GET(s, rms_current_ua), 1000);
    assert_int_equal(GET(s, dc_current_ua), 1000);
    /* two pulses of 0.6 s would be more than a second: the peak itself is the bound */
    PUT(s, phase_width_us, 600000);
    PUT(s, pulse_rate_millihz, 1500);
    derived(WAVEFORM_monophasic, &s);
    assert_int_equal(GET(s, rms_current_ua), 1000);
    assert_int_equal(GET(s, dc_current_ua), 1000);
    /* 1.5 Hz puts two pulses into a second */
    s = pulses(60, 250, 1, 25);
    PUT(s, pulse_rate_millihz, 1500);
    struct quantity_set two = pulses(60, 250, 2, 25);
    derived(WAVEFORM_biphasic_symmetric, &s);
    derived(WAVEFORM_biphasic_symmetric, &two);
    assert_int_equal(GET(s, rms_current_ua), GET(two, rms_current_ua));
    /* a burst of two seconds is a carrier without pauses */
    s = carrier(80, 2);
    PUT(s, burst_rate_millihz, 250);
    PUT(s, burst_duty_permille, 500);
    derived(WAVEFORM_russian, &s);
    rounded_up(GET(s, rms_current_ua), 56568.542);
    assert_false(quantity_has(&s, QUANTITY_pulse_energy_uj));
}

static void the_pauses_of_a_surge_do_not_dilute_its_plateau(void **state)
{
    (void)state;
    struct quantity_set plain = pulses(80, 300, 50, 25), surged = plain;
    PUT(surged, surge_on_ms, 10000);
    PUT(surged, surge_off_ms, 50000);
    PUT(surged, ramp_up_ms, 2000);
    PUT(surged, ramp_down_ms, 1000);
    derived(WAVEFORM_biphasic_symmetric, &plain);
    derived(WAVEFORM_biphasic_symmetric, &surged);
    assert_int_equal(GET(plain, rms_current_ua), GET(surged, rms_current_ua));
    assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &plain, 600000), 0);
    assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &surged, 600000), 0);
    assert_int_equal(GET(plain, session_charge_uc), 1440000); /* 24 uC x 2 x 50 Hz x 600 s */
    assert_int_equal(GET(surged, session_charge_uc), 240000);
    assert_int_equal(GET(surged, contraction_count), 10);
    assert_int_equal(dose_on_ms(&surged, 65000), 15000);
    assert_int_equal(dose_on_ms(&surged, 75000), 20000);
    assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &surged, 600001), 0);
    assert_int_equal(GET(surged, contraction_count), 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(biphasic_pulses_match_the_vectors),
        cmocka_unit_test(monophasic_pulses_have_a_direct_part),
        cmocka_unit_test(an_output_indicator_is_asked_for_into_1_kohm),
        cmocka_unit_test(either_polarity_has_its_density),
        cmocka_unit_test(pulses_in_bursts_are_judged_as_if_they_never_paused),
        cmocka_unit_test(a_burst_holds_a_whole_pulse_and_there_are_no_more_bursts_than_pulses),
        cmocka_unit_test(twin_peaks_are_volts_over_500_ohm),
        cmocka_unit_test(carriers_match_the_vectors),
        cmocka_unit_test(direct_current_is_its_own_mean),
        cmocka_unit_test(an_asymmetric_pulse_balances_by_its_second_phase),
        cmocka_unit_test(equal_phases_of_an_asymmetric_pulse_are_a_symmetric_one),
        cmocka_unit_test(instantaneous_means_the_worst_second),
        cmocka_unit_test(the_pauses_of_a_surge_do_not_dilute_its_plateau),
    };
    return DOSE_TESTS(tests);
}
