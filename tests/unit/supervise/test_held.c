/* SPDX-License-Identifier: Apache-2.0 */
/* What the device holds beside what was commanded, and a measurement that does not stay where it is. */
#include "bench.h"

static void hold(struct bench *b, int64_t set_point)
{
    bench_channel(b)->setpoint_known = true;
    bench_channel(b)->setpoint = set_point;
}

static void bench_held(struct bench *b)
{
    bench_stimulator(b);
    b->rules.channels[0].level_resolution = 100;
    hold(b, 20000);
    bench_feed_well(b, 20);
}

/* One bit of it, and the current follows within its tolerance: nothing else would see it. */
static void a_set_point_that_changes_by_itself_stops(void **unused)
{
    struct bench b;
    (void)unused;
    bench_held(&b);
    hold(&b, 20100); /* a step, which rounding may make */
    bench_feed_well(&b, 20);
    hold(&b, 20101);
    bench_expect(&b, FAULT_setpoint_differs, 2);
    assert_int_equal(b.outcome.findings[0].value, 20101);
    assert_int_equal(b.outcome.findings[0].bound, 20000);
    assert_int_equal(supervise_fault_alarm(FAULT_setpoint_differs), ALARM_KIND_monitor_disagreement);
    bench_held(&b);
    hold(&b, 19899);
    bench_expect(&b, FAULT_setpoint_differs, 2);
}

static void one_torn_reading_is_not_enough(void **unused)
{
    struct bench b;
    (void)unused;
    bench_held(&b);
    for (int i = 0; i < 10; i++) {
        hold(&b, 52768);
        bench_feed_well(&b, 1);
        hold(&b, 20000);
        bench_feed_well(&b, 1);
    }
}

/* What was in force a moment ago may still be read; more than that never. */
static void a_set_point_on_its_way_is_read_late(void **unused)
{
    struct bench b;
    (void)unused;
    bench_held(&b);
    bench_level(&b, 10000);
    bench_put(&b, QUANTITY_amplitude_ua, 10000);
    b.sample.settled = 0;
    bench_feed_well(&b, 5); /* still 20 mA, within the time to settle */
    hold(&b, 10000);
    b.sample.settled = 1;
    bench_feed_well(&b, 20);
    bench_level(&b, 12000);
    b.sample.settled = 0;
    hold(&b, 10000);
    bench_feed_well(&b, 5);
    hold(&b, 12101); /* beyond the higher of both */
    bench_expect(&b, FAULT_setpoint_differs, 2);
}

static void a_set_point_that_nobody_tells_or_that_rests_is_not_judged(void **unused)
{
    struct bench b;
    (void)unused;
    bench_held(&b);
    bench_channel(&b)->setpoint_known = false;
    bench_channel(&b)->setpoint = 52768;
    bench_feed_well(&b, 20);
    hold(&b, 0);
    bench_feed_well(&b, 20);
}

/* Colder is more: a pad that is set colder than it was told. */
static void of_a_pad_colder_is_more(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    b.rules.channels[0].level_resolution = 100;
    hold(&b, 13000);
    bench_feed_well(&b, 20);
    hold(&b, 12899);
    bench_expect(&b, FAULT_setpoint_differs, 2);
    bench_cold(&b);
    hold(&b, 25000);
    bench_feed_well(&b, 20);
}

static void command(struct bench *b, int64_t level)
{
    b->rules.channels[0].has_commanded = true;
    b->rules.channels[0].commanded = level;
}

/* One bit of it on its way: within the envelope, so the host takes it, and within what the device is asked for. */
static void a_host_that_goes_beyond_what_was_commanded_stops(void **unused)
{
    struct bench b;
    (void)unused;
    bench_held(&b);
    command(&b, 20000);
    bench_feed_well(&b, 40);
    command(&b, 19900); /* the first sample may have been on its way; from then on it stands */
    bench_feed_well(&b, 1);
    bench_expect(&b, FAULT_host_differs, 10);
    assert_int_equal(b.outcome.findings[0].value, 20000);
    assert_int_equal(b.outcome.findings[0].bound, 19900);
    assert_int_equal(supervise_fault_alarm(FAULT_host_differs), ALARM_KIND_monitor_disagreement);
    bench_cold(&b); /* at 13 degC: warmer was commanded */
    command(&b, 13500);
    bench_feed_well(&b, 1);
    bench_expect(&b, FAULT_host_differs, 10);
}

static void a_host_on_its_way_to_what_was_commanded_is_let_go(void **unused)
{
    struct bench b;
    (void)unused;
    bench_held(&b);
    command(&b, 30000);
    bench_feed_well(&b, 40);
    for (int64_t level = 20000; level > 10000; level -= 100) { /* lowered all the time, and always one step behind */
        command(&b, level - 100);
        bench_level(&b, level);
        hold(&b, level);
        bench_put(&b, QUANTITY_amplitude_ua, level);
        bench_feed_well(&b, 1);
    }
}

static void put_by_turns(struct bench *b, const int64_t *values, int n, int samples)
{
    for (int i = 0; i < samples; i++) {
        bench_put(b, QUANTITY_amplitude_ua, values[i % n]);
        bench_feed_well(b, 1);
    }
}

/* A diathermy unit beside it: now above, now below, and neither often enough in a row. */
static void a_disturbed_measurement_stops(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 20);
    put_by_turns(&b, (const int64_t[]){25000, 20000, 15000, 20000}, 4, 4);
    bench_put(&b, QUANTITY_amplitude_ua, 25000);
    bench_expect(&b, FAULT_output_unsteady, 1);
    assert_int_equal(b.outcome.action, ACTION_STOP);
}

static void seldom_or_small_disturbance_is_borne(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    put_by_turns(&b, (const int64_t[]){24000, 16000}, 2, 200); /* exactly the tolerance, up and down */
    bench_stimulator(&b);
    put_by_turns(&b, (const int64_t[]){25000, 20000, 20000, 20000, 20000, 20000, 20000, 20000, 20000, 20000}, 10, 400);
}

/* The level moves, and the measurement with it: that is no disturbance. */
static void a_level_that_moves_is_no_disturbance(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    for (int i = 0; i < 100; i++) {
        b.sample.settled = 0;
        bench_level(&b, i % 2 ? 20000 : 14000);
        bench_put(&b, QUANTITY_amplitude_ua, i % 2 ? 14000 : 20000);
        bench_feed_well(&b, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_set_point_that_changes_by_itself_stops),
        cmocka_unit_test(one_torn_reading_is_not_enough),
        cmocka_unit_test(a_set_point_on_its_way_is_read_late),
        cmocka_unit_test(a_set_point_that_nobody_tells_or_that_rests_is_not_judged),
        cmocka_unit_test(of_a_pad_colder_is_more),
        cmocka_unit_test(a_host_that_goes_beyond_what_was_commanded_stops),
        cmocka_unit_test(a_host_on_its_way_to_what_was_commanded_is_let_go),
        cmocka_unit_test(a_disturbed_measurement_stops),
        cmocka_unit_test(seldom_or_small_disturbance_is_borne),
        cmocka_unit_test(a_level_that_moves_is_no_disturbance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
