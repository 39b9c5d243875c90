/* SPDX-License-Identifier: Apache-2.0 */
/* What adds up: delivered dose, thermal and cold dose, bounds on them, and treatments that a dose ends. */
#include "bench.h"

#include "record/amounts.h"

static void totals_stop_at_their_bound(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.totals_max.energy_uj = 5000000; /* 5 J: one second at 5 W */
    for (int i = 0; i < 20; i++)
        bench_feed_well(&b, 1);
    assert_int_equal(b.state.delivered.energy_uj, 5000000);
    bench_expect(&b, FAULT_total_reached, 1);
}

static void delivered_is_the_larger_of_commanded_and_measured(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 20); /* 1 s: 20 mA x 200 us x 2 x 100 Hz = 800 uC */
    assert_int_equal(b.state.delivered.session_charge_uc, 800);
    assert_int_equal(b.state.delivered.duration_ms, 1000);
    bench_put(&b, QUANTITY_amplitude_ua, 22000);
    bench_feed_well(&b, 20);
    assert_int_equal(b.state.delivered.session_charge_uc, 800 + 880);
    bench_put(&b, QUANTITY_amplitude_ua, 18000);
    bench_feed_well(&b, 20);
    assert_int_equal(b.state.delivered.session_charge_uc, 800 + 880 + 800);
    supervise_settle(&b.rules, &b.state, b.sample.taken_ns + NS_PER_S);
    assert_int_equal(b.state.delivered.session_charge_uc, 800 + 880 + 800 + 800);
    assert_int_equal(b.state.delivered.duration_ms, 4000);
}

static void a_new_turn_keeps_what_was_delivered(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 20);
    b.sample.taken_ns += 60 * NS_PER_S; /* a pause */
    supervise_begin(&b.state, b.sample.taken_ns);
    bench_feed_well(&b, 20);
    assert_int_equal(b.state.delivered.session_charge_uc, 1600);
    assert_int_equal(b.state.delivered.duration_ms, 2000);
}

static void a_notice_on_a_total_is_told_and_does_not_stop(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.totals_notice.energy_uj = 5000000;
    bench_feed_well(&b, 20);
    bench_expect(&b, FAULT_total_noticed, 1);
    assert_int_equal(b.outcome.action, ACTION_NOTE);
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
}

/* Every amount, one unit over its bound, with nothing else wrong. */
static void every_amount_is_held_against_its_bound(void **unused)
{
    (void)unused;
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        struct bench b;
        const enum modality_quantity q = amount_quantity(i);
        if (q == QUANTITY_cold_dose_millic_min) {
            bench_cold(&b);
            bench_put(&b, QUANTITY_skin_temperature_millic, 12000);
        } else if (q == QUANTITY_cem43_ms || q == QUANTITY_energy_uj)
            bench_ultrasound(&b);
        else if (q == QUANTITY_iontophoresis_dose_ua_min)
            bench_galvanic(&b, 1000000);
        else
            bench_stimulator(&b);
        b.sample.surges = 1;
        amount_set(&b.rules.totals_max, i, 0);
        bench_expect(&b, FAULT_total_reached, 1);
        assert_int_equal(b.outcome.findings[0].quantity, q);
        char why[160];
        assert_true(supervise_totals_exceeded(&b.rules, &b.state, why, sizeof why));
        assert_non_null(strstr(why, amount_name(i)));
    }
}

static void contractions_are_counted_over_turns_and_never_back(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    for (uint32_t surge = 1; surge <= 3; surge++) {
        b.sample.surges = surge;
        bench_feed_well(&b, 10);
    }
    b.sample.surges = 0; /* told to rest */
    bench_feed_well(&b, 2);
    assert_int_equal(b.state.delivered.contraction_count, 3);
    supervise_begin(&b.state, b.sample.taken_ns);
    b.sample.surges = 1;
    bench_feed_well(&b, 2);
    assert_int_equal(b.state.delivered.contraction_count, 4);
}

/* --- heat --- */

static void the_open_loop_bound_grows_with_the_power(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    bench_feed_well(&b, 60 * SAMPLES_PER_S); /* 0.2 K per minute and W/cm2 at 1 MHz */
    assert_in_range(b.state.channels[0].heat_nk, 200000000, 200010000);
    bench_put(&b, QUANTITY_power_uw, 6000000); /* 1.2 W/cm2 measured counts as such */
    bench_feed_well(&b, 60 * SAMPLES_PER_S);
    assert_in_range(b.state.channels[0].heat_nk, 440000000, 440020000);
    const int64_t before = b.state.delivered.cem43_ms;
    supervise_begin(&b.state, b.sample.taken_ns + 10 * NS_PER_S);
    b.sample.taken_ns += 10 * NS_PER_S;
    assert_in_range(b.state.channels[0].heat_nk, 440000000, 440020000); /* a pause takes nothing off */
    bench_feed(&b);
    assert_true(b.state.delivered.cem43_ms >= before);
}

static void a_bound_on_the_rise_stops_when_it_is_reached(void **unused)
{
    static const struct limit rise = {.id = "us_temp_rise_max",
                                      .quantity = QUANTITY_temperature_rise_millik,
                                      .has_max = true,
                                      .max = 100,
                                      .origin = "limits.ini:1"};
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.channels[0].limits[0] = &rise;
    b.rules.channels[0].n_limits = 1;
    bench_feed_well(&b, 30 * SAMPLES_PER_S - 2); /* 0.1 K at 0.2 K per minute */
    for (int i = 0; i < 4 && !bench_found(&b, FAULT_over_limit); i++)
        bench_feed(&b);
    assert_true(bench_found(&b, FAULT_over_limit));
}

static void thermal_dose_is_that_of_the_hotter_of_bound_and_measurement(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.temperature_max_millic = INT64_MAX;
    bench_put(&b, QUANTITY_applicator_temperature_millic, 44000);
    bench_feed_well(&b, 5 * 60 * SAMPLES_PER_S);
    assert_int_equal(b.state.delivered.cem43_ms, 10 * 60000); /* 5 min at 44 degC */
    bench_ultrasound(&b);
    bench_feed_well(&b, 60 * SAMPLES_PER_S); /* 36.2 degC at most: less than a ten-thousandth of the time */
    assert_in_range(b.state.delivered.cem43_ms, 1, 6);
}

/* --- cold --- */

static void cold_dose_is_that_of_the_skin_else_of_the_pad(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_put(&b, QUANTITY_skin_temperature_millic, 13000);
    bench_feed_well(&b, 30 * SAMPLES_PER_S);
    assert_int_equal(b.state.delivered.cold_dose_millic_min, 1000); /* 2 K below 15 for half a minute */
    bench_put(&b, QUANTITY_skin_temperature_millic, 15001);
    bench_feed_well(&b, 30 * SAMPLES_PER_S);
    assert_int_equal(b.state.delivered.cold_dose_millic_min, 1000);
    bench_cold(&b);
    b.rules.channels[0].has_skin = false;
    bench_remove(&b, QUANTITY_skin_temperature_millic);
    bench_put(&b, QUANTITY_temperature_millic, 12900);
    bench_feed_well(&b, 60 * SAMPLES_PER_S);
    assert_int_equal(b.state.delivered.cold_dose_millic_min, 2100);
    supervise_settle(&b.rules, &b.state, b.sample.taken_ns + 60 * NS_PER_S);
    assert_int_equal(b.state.delivered.cold_dose_millic_min, 4200);
}

/* --- a dose that ends the treatment --- */

static void time_follows_the_current(void **unused)
{
    struct bench b;
    (void)unused;
    bench_galvanic(&b, 100); /* 3 s at 2 mA */
    bench_feed_well(&b, 30);
    assert_int_equal(supervise_course_due_ns(&b.rules, &b.state), 3 * NS_PER_S);
    bench_level(&b, 4000); /* raised in mid-session: the same dose sooner */
    bench_put(&b, QUANTITY_amplitude_ua, 4000);
    bench_feed_well(&b, 14);
    assert_false(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    assert_int_equal(supervise_course_due_ns(&b.rules, &b.state), 2250 * NS_PER_MS);
    assert_int_equal(supervise_course_done(&b.rules, &b.state), 96);
    bench_feed_well(&b, 1);
    assert_true(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    assert_int_equal(b.state.delivered.iontophoresis_dose_ua_min, 100);
}

static void the_dose_is_the_larger_of_commanded_and_measured(void **unused)
{
    struct bench b;
    (void)unused;
    bench_galvanic(&b, 100);
    bench_put(&b, QUANTITY_amplitude_ua, 2200);
    bench_feed_well(&b, 54);
    assert_false(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    bench_feed_well(&b, 1);
    assert_true(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    bench_galvanic(&b, 100);
    bench_put(&b, QUANTITY_amplitude_ua, 1700);
    bench_feed_well(&b, 59);
    assert_false(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    bench_feed_well(&b, 1);
    assert_true(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
}

static void only_a_level_that_stands_still_tells_when(void **unused)
{
    struct bench b;
    (void)unused;
    bench_galvanic(&b, 100);
    b.sample.level_min[0] = 1000; /* it is walked */
    bench_feed_well(&b, 30);
    assert_int_equal(supervise_course_due_ns(&b.rules, &b.state), INT64_MAX);
    bench_level(&b, 0);
    bench_put(&b, QUANTITY_amplitude_ua, 0);
    bench_feed_well(&b, 1);
    assert_int_equal(supervise_course_due_ns(&b.rules, &b.state), INT64_MAX);
}

static void each_point_counts_from_its_own_begin(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 1000000); /* 1 J at 100 mW: 10 s */
    bench_feed_well(&b, 10 * SAMPLES_PER_S);
    assert_true(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    supervise_settle(&b.rules, &b.state, b.sample.taken_ns + PERIOD); /* what came out until rest is this point's */
    supervise_begin(&b.state, b.sample.taken_ns + 60 * NS_PER_S);
    supervise_begin_point(&b.state);
    b.sample.taken_ns += 60 * NS_PER_S;
    assert_int_equal(supervise_course_done(&b.rules, &b.state), 0);
    bench_feed_well(&b, 4 * SAMPLES_PER_S);
    supervise_begin(&b.state, b.sample.taken_ns); /* a pause in mid-point */
    assert_int_equal(supervise_course_done(&b.rules, &b.state), 400000);
    bench_feed_well(&b, 6 * SAMPLES_PER_S - 1);
    assert_false(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    bench_feed_well(&b, 1);
    assert_true(supervise_course_reached(&b.rules, &b.state, b.sample.taken_ns));
    assert_int_equal(b.state.delivered.energy_uj, 2005000);
}

static void a_treatment_by_time_is_never_reached_by_dose(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 20);
    assert_int_equal(supervise_course_due_ns(&b.rules, &b.state), INT64_MAX);
    assert_false(supervise_course_reached(&b.rules, &b.state, INT64_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_stop_at_their_bound),
        cmocka_unit_test(delivered_is_the_larger_of_commanded_and_measured),
        cmocka_unit_test(a_new_turn_keeps_what_was_delivered),
        cmocka_unit_test(a_notice_on_a_total_is_told_and_does_not_stop),
        cmocka_unit_test(every_amount_is_held_against_its_bound),
        cmocka_unit_test(contractions_are_counted_over_turns_and_never_back),
        cmocka_unit_test(the_open_loop_bound_grows_with_the_power),
        cmocka_unit_test(a_bound_on_the_rise_stops_when_it_is_reached),
        cmocka_unit_test(thermal_dose_is_that_of_the_hotter_of_bound_and_measurement),
        cmocka_unit_test(cold_dose_is_that_of_the_skin_else_of_the_pad),
        cmocka_unit_test(time_follows_the_current),
        cmocka_unit_test(the_dose_is_the_larger_of_commanded_and_measured),
        cmocka_unit_test(only_a_level_that_stands_still_tells_when),
        cmocka_unit_test(each_point_counts_from_its_own_begin),
        cmocka_unit_test(a_treatment_by_time_is_never_reached_by_dose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
