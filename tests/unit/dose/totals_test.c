/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What adds up over time: heating and its thermal dose, cold, the running integral, and what a session may have
 * delivered at worst.
 */
#include "derive_fixture.h"

static void heating_takes_the_faster_rate_between_the_known_ones(void **state)
{
    (void)state;
    struct {
        int64_t khz, rise;
    } cases[] = {{800, 2000}, {1000, 2000}, {1001, 12000}, {1500, 12000}, {3000, 12000}, {3300, 13210}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct quantity_set s = head(1000, 1000, 500, cases[i].khz);
        derived(WAVEFORM_us_continuous, &s);
        assert_int_equal(dose_totals(WAVEFORM_us_continuous, &s, 600000), 0);
        assert_int_equal(GET(s, temperature_rise_millik), cases[i].rise);
        assert_int_equal(GET(s, tissue_temperature_millic), 36000 + cases[i].rise);
    }
    /* absurdly hot is the largest thermal dose there is, not an error that hides the others */
    struct quantity_set s = head(3000, 1000, 500, 3000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_continuous, &s, 1800000), 0);
    assert_int_equal(GET(s, cem43_ms), INT64_MAX);
}

static void thermal_dose_doubles_and_quarters(void **state)
{
    (void)state;
    struct {
        int64_t millic, minutes, cem43_ms;
    } cases[] = {{41000, 10, 37500}, {42000, 10, 150000}, {43000, 1, 60000}, {44000, 5, 600000}, {45000, 5, 1200000}};
    int64_t out = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(dose_cem43_ms(cases[i].millic, cases[i].minutes * 60000, &out), 0);
        assert_int_equal(out, cases[i].cem43_ms);
    }
    int64_t before = 0;
    for (int64_t t = 30000; t < 50000; t += 7) { /* it never falls with temperature */
        assert_int_equal(dose_cem43_ms(t, 60000, &out), 0);
        assert_true(out >= before);
        before = out;
    }
    assert_int_equal(dose_cem43_ms(20000, 60000, &out), 0);
    assert_int_equal(out, 1);
    assert_int_equal(dose_cem43_ms(90000, 60000, &out), -ERANGE);
    assert_int_equal(dose_cem43_ms(43000, -1, &out), -ERANGE);
}

static void cold_adds_up_below_15_degrees(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, temperature_millic, 13000);
    derived(WAVEFORM_cold_contact, &s);
    assert_int_equal(dose_totals(WAVEFORM_cold_contact, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, cold_dose_millic_min), 40000);
    PUT(s, temperature_millic, 18000);
    assert_int_equal(dose_totals(WAVEFORM_cold_contact, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, cold_dose_millic_min), 0);
}

/* Twenty minutes in samples of 50 ms: each is rounded up, and together they are the plan. */
static void thermal_and_cold_dose_add_up_in_small_steps(void **state)
{
    (void)state;
    const int64_t step_ns = 50000000, steps = 24000;
    int64_t cold = 0, warm = 0, thermal = 0, part = 0, planned = 0;
    for (int64_t i = 0; i < steps; i++) {
        assert_int_equal(dose_cold_millic_ns(13000, step_ns, &part), 0);
        cold += part;
        assert_int_equal(dose_cold_millic_ns(15000 + i, step_ns, &part), 0);
        warm += part;
        assert_int_equal(dose_cem43_ns(37350, step_ns, &part), 0);
        thermal += part;
    }
    assert_int_equal(cold, 40000 * DOSE_COLD_PER_MILLIC_MIN);
    assert_int_equal(warm, 0);
    assert_int_equal(dose_cem43_ms(37350, 20 * 60000, &planned), 0);
    assert_in_range(thermal, (planned - 1) * 1000000, planned * 1000000 + steps);
    part = 4711;
    assert_int_equal(dose_cold_millic_ns(13000, -1, &part), -ERANGE);
    assert_int_equal(dose_cold_millic_ns(INT64_MIN, 1, &part), -ERANGE);
    assert_int_equal(dose_cold_millic_ns(-40000, INT64_MAX, &part), -ERANGE);
    assert_int_equal(dose_cem43_ns(43000, -1, &part), -ERANGE);
    assert_int_equal(part, 4711);
}

static void the_running_integral_is_no_less_than_the_plan(void **state)
{
    (void)state;
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        struct quantity_set s = sane((enum modality_waveform)w);
        derived((enum modality_waveform)w, &s);
        assert_int_equal(dose_totals((enum modality_waveform)w, &s, 60000), 0);
        int64_t energy_sum = 0, charge_sum = 0;
        for (int i = 0; i < 60; i++) {
            int64_t energy = 0, charge = 0;
            assert_int_equal(dose_increment((enum modality_waveform)w, &s, 1000, &energy, &charge), 0);
            energy_sum += energy;
            charge_sum += charge;
        }
        assert_true(energy_sum >= quantity_or_zero(&s, QUANTITY_energy_uj));
        assert_true((charge_sum + 999) / 1000 >= quantity_or_zero(&s, QUANTITY_session_charge_uc));
        assert_true(charge_sum / 1000 <= quantity_or_zero(&s, QUANTITY_session_charge_uc) + 1);
    }
    struct quantity_set s = sane(WAVEFORM_dc);
    int64_t energy = 4711, charge = 4711;
    assert_int_equal(dose_increment(WAVEFORM_dc, &s, -1, &energy, &charge), -ERANGE);
    assert_int_equal(dose_totals(WAVEFORM_dc, &s, -1), -ERANGE);
    assert_true(energy == 4711 && charge == 4711);
}

static void the_worst_dose_has_accuracy_and_a_tail(void **state)
{
    (void)state;
    int64_t worst = 4711;
    assert_int_equal(dose_worst(1000000, 200, 600000, 400, &worst), 0);
    assert_int_equal(worst, 1200000 + 800);
    assert_int_equal(dose_worst(0, 200, 600000, 400, &worst), 0);
    assert_int_equal(worst, 0);
    assert_int_equal(dose_worst(1, 200, 600000, 400, &worst), 0);
    assert_int_equal(worst, 3);
    worst = 4711;
    assert_int_equal(dose_worst(1000, 200, 0, 400, &worst), -ERANGE);
    assert_int_equal(dose_worst(-1, 200, 1, 400, &worst), -ERANGE);
    assert_int_equal(dose_worst(INT64_MAX, 200, 1, 400, &worst), -ERANGE);
    assert_int_equal(worst, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heating_takes_the_faster_rate_between_the_known_ones),
        cmocka_unit_test(thermal_dose_doubles_and_quarters),
        cmocka_unit_test(cold_adds_up_below_15_degrees),
        cmocka_unit_test(thermal_and_cold_dose_add_up_in_small_steps),
        cmocka_unit_test(the_running_integral_is_no_less_than_the_plan),
        cmocka_unit_test(the_worst_dose_has_accuracy_and_a_tail),
    };
    return DOSE_TESTS(tests);
}
