/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin makes of that which the device does by itself: electrodes, faults, restarts, its watchdog, outputs
 * that nobody started or that do not end.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static void electrode_that_comes_off_is_told(void **state)
{
    struct bench *b = *state;
    bench_run(b, 1, 20000);
    bench_run(b, 2, 20000);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[1].contact, CONTACT_GOOD);
    bench_fault(b, FAULT_open, ARG_channel, 2, -1);
    s = bench_status(b);
    assert_int_equal(s.channels[1].contact, CONTACT_LOST);
    assert_int_equal(s.channels[2].contact, CONTACT_UNKNOWN);
    bench_assert_rest(&s, 1); /* one electrode stops all channels */
    bench_assert_rest(&s, 2);
    assert_false(s.fault); /* a contact, not a fault: nobody has to clear it */
    assert_false(s.watchdog_tripped);
    assert_false(s.restarted);
}

static void contact_is_not_judged_below_15_ma(void **state)
{
    struct bench *b = *state;
    bench_run(b, 1, 14500);
    assert_int_equal(bench_status(b).channels[1].contact, CONTACT_UNKNOWN);
    bench_fault(b, FAULT_open, ARG_channel, 2, -1);
    assert_int_equal(bench_status(b).channels[1].contact, CONTACT_UNKNOWN);
    assert_int_equal(bench_status(b).channels[1].output, OUTPUT_ON);
}

/* A set point after the device has stopped by itself must not start it again. */
static void set_point_does_not_restart_what_has_stopped(void **state)
{
    struct bench *b = *state;
    bench_run(b, 1, 20000);
    bench_run(b, 2, 20000);
    bench_fault(b, FAULT_open, ARG_channel, 2, -1);
    assert_true(bench_all_rest(b));
    bench_clear(b);
    assert_int_equal(bench_set(b, 2, QUANTITY_amplitude_ua, 19500), -EACCES);
    assert_int_equal(bench_set(b, 2, QUANTITY_amplitude_ua, 20500), -EACCES);
    bench_prepare(b, 3);
    assert_int_equal(bench_start(b, 3), -EACCES);
    assert_true(bench_all_rest(b));
    /* Nor does the stop of one channel start the others. */
    assert_int_equal(bench_stop(b, 1), 0);
    assert_true(bench_all_rest(b));
    assert_int_equal(bench_status(b).channels[1].contact, CONTACT_LOST); /* seen in passing */
    bench_assert_all_rest(b);
}

static void low_current_is_a_fault(void **state)
{
    struct bench *b = *state;
    bench_run(b, 4, 60000);
    bench_fault(b, FAULT_impedance, ARG_ohm, 5000, ARG_channel, 5, -1);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_PULSE_LOW_CURRENT);
    assert_string_equal(s.fault_text, "ch5: pulse low current");
    bench_assert_rest(&s, 4);
}

/* What a keepalive or a set point saw is not lost for the status after it. */
static void fault_seen_in_passing_is_told(void **state)
{
    struct bench *b = *state;
    bench_run(b, 4, 60000);
    bench_fault(b, FAULT_impedance, ARG_ohm, 5000, ARG_channel, 5, -1);
    assert_int_equal(bench_keepalive(b), 0);
    assert_int_equal(bench_stop(b, 4), 0);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_PULSE_LOW_CURRENT);
    s = bench_status(b);
    assert_false(s.fault);
}

static void general_error_is_a_fault_until_made_safe(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_device_fault, ARG_code, SM4_HIGH_VOLTAGE, -1);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_HIGH_VOLTAGE);
    assert_string_equal(s.fault_text, "high voltage error");
    bench_assert_rest(&s, 0);
    assert_int_equal(bench_stop(b, 0), 0);
    assert_true(bench_status(b).fault); /* it was said once and stays until somebody has seen to it */
    bench_clear(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_assert_all_rest(b);
    bench_run(b, 0, 1000);
}

static void restart_of_the_device_is_told_once(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_reboot, -1);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 20500), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.restarted);
    s = bench_status(b);
    assert_false(s.restarted);
    bench_assert_all_rest(b);
    assert_int_equal(bench_start(b, 0), -EINVAL); /* nothing of before is left */
}

/* Nobody feeds: polling alone must not keep the output alive. */
static void watchdog_strikes_although_the_device_is_polled(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    int64_t began = clock_monotonic_ns();
    struct modality_status s = bench_status(b);
    while (!s.watchdog_tripped) {
        assert_true(clock_monotonic_ns() - began < BENCH_LONG_MS * NS_PER_MS);
        (void)poll(NULL, 0, 20);
        s = bench_status(b);
    }
    int64_t took = clock_monotonic_ns() - began;
    assert_true(took > 2 * NS_PER_S && took < SM4_GRANT_NS + SM4_WATCHDOG_NS + BENCH_SLACK_MS * NS_PER_MS);
    assert_true(bench_all_rest(b));
    bench_assert_rest(&s, 0);
    assert_true(bench_voltage(b)); /* the pause leaves it on */
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 20500), -EACCES);
    assert_int_equal(bench_keepalive(b), 0); /* and feeding does not bring it back */
    assert_true(bench_all_rest(b));
    assert_int_equal(bench_stop(b, 0), 0);
    bench_assert_all_rest(b);
}

static void fed_device_goes_on(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    int64_t began = clock_monotonic_ns();
    while (clock_monotonic_ns() - began < 2500 * NS_PER_MS) {
        assert_int_equal(bench_keepalive(b), 0);
        (void)poll(NULL, 0, 600);
    }
    assert_int_equal(bench_output(b, 0), 20000);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
    assert_int_equal(s.channels[0].contact, CONTACT_GOOD);
    assert_int_equal(s.channels[1].output, OUTPUT_REST);
}

static void output_that_nobody_started_is_seen(void **state)
{
    struct bench *b = *state;
    bench_fault(b, FAULT_self_start, ARG_channel, 3, -1);
    struct modality_status s = bench_status(b);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        assert_int_equal(s.channels[c].output, OUTPUT_ON); /* which one it is, asking would feed its watchdog */
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_assert_all_rest(b);
}

static void output_beside_what_was_started_is_seen(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_self_start, ARG_channel, 3, -1);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[2].output, OUTPUT_ON);
    bench_assert_rest(&s, 1);
}

static void output_that_does_not_stop_is_seen(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_stuck, ARG_channel, 1, -1);
    assert_int_equal(bench_stop(b, 0), 0);
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    bench_clear(b);
    assert_int_equal(bench_stop(b, 0), 0);
    bench_assert_all_rest(b);
}

static void make_safe_ends_whatever_somebody_left(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_run(b, 6, 20000);
    struct modality_link *link = &b->link;
    link->memory = (struct sm4_memory){0}; /* another process comes, and knows nothing */
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    assert_int_equal(unit_make_safe(link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_assert_all_rest(b);
    assert_int_equal(unit_make_safe(link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_assert_all_rest(b);
    struct sm4_answer a;
    const struct sm4_request low = {.command = SM4_LL_INIT};
    assert_int_equal(sm4_port_exchange(&link->port, &low, bench_in_ms(BENCH_LONG_MS), &a), 0);
    assert_true(bench_voltage(b));
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_UNKNOWN); /* the high voltage is no rest */
    assert_int_equal(unit_make_safe(link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_assert_all_rest(b);
    assert_int_equal(b->rests, 3);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(electrode_that_comes_off_is_told),
        T(contact_is_not_judged_below_15_ma),
        T(set_point_does_not_restart_what_has_stopped),
        T(low_current_is_a_fault),
        T(fault_seen_in_passing_is_told),
        T(general_error_is_a_fault_until_made_safe),
        T(restart_of_the_device_is_told_once),
        T(watchdog_strikes_although_the_device_is_polled),
        T(fed_device_goes_on),
        T(output_that_nobody_started_is_seen),
        T(output_beside_what_was_started_is_seen),
        T(output_that_does_not_stop_is_seen),
        T(make_safe_ends_whatever_somebody_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
