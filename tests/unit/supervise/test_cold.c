/* SPDX-License-Identifier: Apache-2.0 */
/* Cold: warmer is safer, the pad follows slowly, and the skin has the last word. */
#include "bench.h"

static void a_good_pad_raises_nothing(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_feed_well(&b, 200);
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
}

/* Set 12 K from rest: the tolerance is a fifth of it. */
static void colder_than_set_is_over_output(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    b.rules.channels[0].skin_min_millic = INT64_MIN;
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_temperature_millic, 10600);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_temperature_millic, 10599);
    bench_expect(&b, FAULT_over_output, 3);
    bench_cold(&b);
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_temperature_millic, 6799); /* beyond 1.5 x 12 K, and what two steps or noise allow */
    bench_expect(&b, FAULT_over_output_gross, 1);
}

static void slow_cooling_is_told_and_no_fault(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    b.sample.settled = 0; /* within its time nothing is said */
    bench_put(&b, QUANTITY_temperature_millic, 24000);
    bench_feed_well(&b, 20);
    b.sample.settled = 1;
    bench_put(&b, QUANTITY_temperature_millic, 23900);
    bench_expect(&b, FAULT_slow_cooling, 6);
    assert_int_equal(b.outcome.action, ACTION_NOTE);
    assert_false(bench_found(&b, FAULT_under_output));
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
    bench_put(&b, QUANTITY_temperature_millic, 13000);
    bench_feed_well(&b, 5);
}

static void a_set_point_that_was_warmed_lets_the_pad_follow(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_feed_well(&b, 10);
    bench_level(&b, 24000); /* 1 K from rest, the pad still at 12 K */
    b.sample.settled = 0;
    for (int64_t pad = 13000; pad < 24000; pad += 50) { /* 1 K/s: 11 s of its 20 */
        bench_put(&b, QUANTITY_temperature_millic, pad);
        bench_feed_well(&b, 1);
    }
    b.sample.settled = 1;
    bench_feed_well(&b, 20);
}

static void a_pad_that_does_not_follow_in_its_time_is_over_output(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_feed_well(&b, 10);
    bench_level(&b, 24000);
    b.sample.settled = 0;
    bench_feed_well(&b, 20 * SAMPLES_PER_S);
    bench_expect(&b, FAULT_over_output_gross, 1);
}

static void a_pad_that_is_cold_from_before_may_be_so_at_the_start(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_level(&b, 24500);
    b.sample.settled = 0;
    bench_put(&b, QUANTITY_temperature_millic, 15000);
    bench_feed_well(&b, 10 * SAMPLES_PER_S);
}

/* --- the skin --- */

static void skin_below_its_floor_stops_within_two_samples(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_put(&b, QUANTITY_skin_temperature_millic, 10000);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_skin_temperature_millic, 9999);
    bench_expect(&b, FAULT_skin_cold, 2);
    assert_int_equal(b.outcome.action, ACTION_STOP);
    assert_int_equal(supervise_fault_alarm(FAULT_skin_cold), ALARM_KIND_skin_cold);
}

static void where_no_sensor_sees_the_skin_the_pad_stands_for_it(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    b.rules.channels[0].has_skin = false;
    bench_remove(&b, QUANTITY_skin_temperature_millic);
    bench_feed_well(&b, 5);
    b.rules.channels[0].skin_min_millic = 13001;
    bench_expect(&b, FAULT_skin_cold, 2);
}

static void a_missing_sensor_stops(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_feed_well(&b, 5);
    bench_remove(&b, QUANTITY_skin_temperature_millic);
    bench_expect(&b, FAULT_sensor_lost, 2);
}

static void a_sensor_off_the_skin_stops(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_feed_well(&b, 5);
    bench_channel(&b)->contact = CONTACT_LOST;
    bench_expect(&b, FAULT_sensor_lost, 2);
    assert_int_equal(b.outcome.action, ACTION_STOP);
}

static void a_temperature_that_skin_cannot_have_stops(void **unused)
{
    static const int64_t possible[] = {-10000, 45000}, impossible[] = {-10001, 45001};
    (void)unused;
    for (size_t i = 0; i < 2; i++) {
        struct bench b;
        bench_cold(&b);
        b.rules.channels[0].skin_min_millic = INT64_MIN;
        bench_put(&b, QUANTITY_skin_temperature_millic, possible[i]);
        bench_feed_well(&b, 5);
        bench_put(&b, QUANTITY_skin_temperature_millic, impossible[i]);
        bench_expect(&b, FAULT_sensor_implausible, 2);
    }
}

static void the_same_skin_for_a_minute_under_a_cold_pad_is_a_stuck_sensor(void **unused)
{
    struct bench b;
    (void)unused;
    bench_cold(&b);
    bench_put(&b, QUANTITY_skin_temperature_millic, 20000);
    bench_feed_well(&b, 60 * SAMPLES_PER_S);
    bench_expect(&b, FAULT_sensor_frozen, 1);
    assert_int_equal(supervise_fault_alarm(FAULT_sensor_frozen), ALARM_KIND_sensor_stuck);
    bench_cold(&b);
    bench_put(&b, QUANTITY_skin_temperature_millic, 20000);
    for (int i = 0; i < 4; i++) { /* it moves by its last digit now and then */
        bench_feed_well(&b, 50 * SAMPLES_PER_S);
        bench_put(&b, QUANTITY_skin_temperature_millic, 20000 + i % 2 * 10 + 10);
    }
    bench_cold(&b);
    bench_put(&b, QUANTITY_skin_temperature_millic, 17999); /* not 5 K warmer than the pad: it may have settled */
    bench_feed_well(&b, 90 * SAMPLES_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_pad_raises_nothing),
        cmocka_unit_test(colder_than_set_is_over_output),
        cmocka_unit_test(slow_cooling_is_told_and_no_fault),
        cmocka_unit_test(a_set_point_that_was_warmed_lets_the_pad_follow),
        cmocka_unit_test(a_pad_that_does_not_follow_in_its_time_is_over_output),
        cmocka_unit_test(a_pad_that_is_cold_from_before_may_be_so_at_the_start),
        cmocka_unit_test(skin_below_its_floor_stops_within_two_samples),
        cmocka_unit_test(where_no_sensor_sees_the_skin_the_pad_stands_for_it),
        cmocka_unit_test(a_missing_sensor_stops),
        cmocka_unit_test(a_sensor_off_the_skin_stops),
        cmocka_unit_test(a_temperature_that_skin_cannot_have_stops),
        cmocka_unit_test(the_same_skin_for_a_minute_under_a_cold_pad_is_a_stuck_sensor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
