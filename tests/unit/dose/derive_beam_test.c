/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formulas of ultrasound and laser against vectors worked out by hand, and what must not be said twice.
 */
#include "derive_fixture.h"

static void ultrasound_matches_the_vectors(void **state)
{
    (void)state;
    struct quantity_set s = head(1000, 1000, 500, 1000);
    PUT(s, treated_area_mm2, 1000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_continuous, &s, 8 * 60000), 0);
    assert_int_equal(GET(s, power_uw), 5000000);
    assert_int_equal(GET(s, energy_uj), INT64_C(2400000000));
    assert_int_equal(GET(s, energy_density_uj_cm2), 240000000);
    assert_int_equal(GET(s, area_ratio_permille), 2000);
    assert_int_equal(GET(s, hot_spot_uw_cm2), 5000000);
    assert_int_equal(GET(s, intensity_static_uw_cm2), 1000000);

    s = head(500, 200, 500, 3000);
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_pulsed, &s, 5 * 60000), 0);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 100000);
    assert_int_equal(GET(s, intensity_static_uw_cm2), 100000);
    assert_int_equal(GET(s, power_uw), 500000);
    assert_int_equal(GET(s, energy_uj), 150000000);

    s = head(150, 200, 388, 1500);
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_pulsed, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 30000);
    assert_int_equal(GET(s, power_uw), 116400);
    assert_int_equal(GET(s, energy_uj), 139680000);
    assert_int_equal(GET(s, energy_density_uj_cm2), 36000000); /* a still head: over its own ERA */
}

static void the_mechanical_index_is_that_of_the_hot_spot(void **state)
{
    (void)state;
    struct quantity_set s = head(3000, 1000, 500, 1000);
    PUT(s, bnr_permille, 1000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(GET(s, mechanical_index_milli), 300);
    PUT(s, bnr_permille, 8000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(GET(s, mechanical_index_milli), 849);
}

static void a_duty_can_come_from_burst_and_rate_but_not_contradict_them(void **state)
{
    (void)state;
    struct quantity_set s = head(150, 200, 388, 1500);
    PUT(s, burst_width_us, 200);
    PUT(s, pulse_repetition_millihz, 1000000);
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 30000);
    s.present[QUANTITY_duty_permille / 64] &= ~(UINT64_C(1) << (QUANTITY_duty_permille % 64));
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 30000);
    PUT(s, duty_permille, 100);
    refused(WAVEFORM_us_pulsed, s, -ERANGE, QUANTITY_duty_permille);
    PUT(s, duty_permille, 200);
    PUT(s, pulse_repetition_millihz, 6000000);
    refused(WAVEFORM_us_pulsed, s, -ERANGE, QUANTITY_burst_width_us);
    s = head(150, 200, 388, 1500);
    refused(WAVEFORM_us_continuous, s, -ERANGE, QUANTITY_duty_permille);
}

static void a_superpulsed_laser_has_the_mean_of_its_pulses(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, peak_power_uw, 10000000);
    PUT(s, pulse_width_ns, 200);
    PUT(s, pulse_repetition_millihz, 10000000);
    PUT(s, spot_area_mm2, 100);
    PUT(s, point_duration_ms, 50000);
    PUT(s, point_count, 4);
    derived(WAVEFORM_laser_pulsed, &s);
    assert_int_equal(GET(s, power_uw), 20000);
    assert_int_equal(GET(s, irradiance_uw_cm2), 20000);
    assert_int_equal(GET(s, point_energy_uj), 1000000);
    assert_int_equal(dose_totals(WAVEFORM_laser_pulsed, &s, 200000), 0);
    assert_int_equal(GET(s, energy_uj), 4000000);
    assert_int_equal(GET(s, radiant_exposure_uj_cm2), 1000000);
    PUT(s, power_uw, 5000); /* commanded lower than the pulses make: the pulses count */
    derived(WAVEFORM_laser_pulsed, &s);
    assert_int_equal(GET(s, power_uw), 20000);
    PUT(s, pulse_width_ns, 200000);
    refused(WAVEFORM_laser_pulsed, s, -ERANGE, QUANTITY_pulse_repetition_millihz);
}

static void a_laser_takes_its_time_on_a_point_from_the_energy(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, power_uw, 30000);
    PUT(s, spot_area_mm2, 100);
    PUT(s, point_energy_uj, 4000000);
    derived(WAVEFORM_laser_continuous, &s);
    assert_int_equal(GET(s, point_duration_ms), 133334); /* 4 J by 30 mW */
    assert_int_equal(GET(s, point_energy_uj), 4000000);
    PUT(s, point_duration_ms, 200000); /* longer than the energy asks for: the time counts */
    derived(WAVEFORM_laser_continuous, &s);
    assert_int_equal(GET(s, point_energy_uj), 6000000);
    assert_int_equal(GET(s, point_duration_ms), 200000);
    PUT(s, point_energy_uj, 4000000);
    PUT(s, point_duration_ms, 100000); /* shorter: the energy counts */
    derived(WAVEFORM_laser_continuous, &s);
    assert_int_equal(GET(s, point_energy_uj), 4000000);
    assert_int_equal(GET(s, point_duration_ms), 133334);
    s = (struct quantity_set){0};
    PUT(s, power_uw, 0);
    PUT(s, spot_area_mm2, 100);
    PUT(s, point_energy_uj, 4000000);
    derived(WAVEFORM_laser_continuous, &s); /* never reached: there is no time to say */
    assert_false(quantity_has(&s, QUANTITY_point_duration_ms));
    PUT(s, point_count, 1000001);
    refused(WAVEFORM_laser_continuous, s, -ERANGE, QUANTITY_point_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ultrasound_matches_the_vectors),
        cmocka_unit_test(the_mechanical_index_is_that_of_the_hot_spot),
        cmocka_unit_test(a_duty_can_come_from_burst_and_rate_but_not_contradict_them),
        cmocka_unit_test(a_laser_takes_its_time_on_a_point_from_the_energy),
        cmocka_unit_test(a_superpulsed_laser_has_the_mean_of_its_pulses),
    };
    return DOSE_TESTS(tests);
}
