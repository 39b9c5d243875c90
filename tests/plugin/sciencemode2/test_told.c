/* SPDX-License-Identifier: Apache-2.0 */
/* What the device says by itself: electrodes, the emergency switch, faults, a new start. */
#include "unit_calls.h"

#include <errno.h>

static void an_electrode_that_comes_off_ends_stimulation_and_shows_as_lost(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    bench_prepare(b, 1);
    assert_int_equal(start(b), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 10000), 0);
    bench_fault(b, FAULT_open, ARG_channel, 1, -1);
    bench_wait_rest(b, clock_monotonic_ns(), BENCH_REST_MS);
    struct modality_status s = bench_status(b);
    assert_true(!s.fault && !s.patient_stop && !s.restarted);
    for (size_t c = 0; c < 8; c++) {
        assert_int_equal(s.channels[c].output, OUTPUT_REST);
        assert_int_equal(s.channels[c].contact, c < 2 ? CONTACT_LOST : CONTACT_UNKNOWN);
    }
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 5000), -EACCES);
    assert_int_equal(stop(b), 0);
    bench_clear_one(b, FAULT_open);
    bench_run(b, 0, 10000); /* contact is back, and it was started by somebody */
    assert_int_equal(bench_status(b).channels[0].contact, CONTACT_GOOD);
}

static void the_emergency_switch_is_the_patients_stop_until_made_safe(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_patient_stop, -1);
    assert_true(bench_all_rest(b));
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 12000), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.patient_stop);
    assert_false(s.fault);
    rests(&s, CONTACT_UNKNOWN);
    assert_int_equal(stop(b), 0);
    assert_true(bench_status(b).patient_stop); /* a stop clears nothing */
    bench_prepare(b, 0);
    assert_int_equal(start(b), -EACCES);
    assert_int_equal(bench_received(b, SM2_INIT_LIST), 1); /* that of bench_run */
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

/* Still pressed, or never plugged in: the device accepts the start, and says so before or behind its answer. */
static void a_start_with_the_switch_open_starts_nothing(void **state)
{
    struct bench *b = *state;
    bench_fault(b, FAULT_patient_stop, -1);
    bench_prepare(b, 0);
    assert_int_equal(start(b), 0);
    assert_true(bench_all_rest(b));
    pass(20);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 1000), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.patient_stop);
    rests(&s, CONTACT_UNKNOWN);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 1000), -EACCES);
}

static void what_it_says_while_it_is_made_safe_is_told_before_it_is_forgotten(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_complain_on(b, SM2_STOP_LIST, REHASTIM2_SWITCH);
    assert_int_equal(make_safe(b), 0);
    assert_int_equal(make_safe(b), 0);
    assert_true(bench_status(b).patient_stop);
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void a_module_that_fails_is_a_fault_until_made_safe(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_complain(b, REHASTIM2_MODULE);
    assert_true(bench_all_rest(b));
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 3);
    assert_string_equal(s.fault_text, "stimulation module error");
    assert_int_equal(stop(b), 0);
    assert_true(bench_status(b).fault);
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void an_error_that_nobody_knows_is_a_fault(void **state)
{
    struct bench *b = *state;
    bench_say(b, "F0 81 66 81 56 07 26 F9 0F"); /* -7, with another CRC: nothing */
    rests_in_peace(b);
    bench_complain(b, -7);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 7);
    assert_string_equal(s.fault_text, "unknown stimulation error");
}

static void a_device_that_starts_anew_is_told_once_and_is_at_rest(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_reboot, ARG_ms, 100, -1);
    assert_true(bench_all_rest(b));
    bench_wait_state(b, "down", 0, BENCH_LONG_MS);
    bench_await_words(b);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 12000), -EACCES);
    assert_int_equal(keepalive(b), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.restarted);
    assert_false(s.watchdog_tripped);
    rests(&s, CONTACT_UNKNOWN);
    rests_in_peace(b);
    assert_int_equal(stop(b), 0);
    bench_run(b, 0, 5000);
}

static void what_an_identify_has_seen_is_not_told_again(void **state)
{
    struct bench *b = *state;
    bench_fault(b, FAULT_reboot, ARG_ms, 20, -1);
    bench_wait_state(b, "down", 0, BENCH_LONG_MS);
    bench_await_words(b);
    assert_int_equal(identify(b), 0);
    rests_in_peace(b);
}

/* The ergometer's packets, and answers to nobody. */
static void what_is_not_about_stimulation_is_passed_over(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_say(b, "F0 81 D7 81 56 07 1F 00 0F F0 81 52 81 56 07 03 63 0F");
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    assert_int_equal(b->link.dialog.unmatched, 2);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 9000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_electrode_that_comes_off_ends_stimulation_and_shows_as_lost),
        TEST(the_emergency_switch_is_the_patients_stop_until_made_safe),
        TEST(a_start_with_the_switch_open_starts_nothing),
        TEST(what_it_says_while_it_is_made_safe_is_told_before_it_is_forgotten),
        TEST(a_module_that_fails_is_a_fault_until_made_safe),
        TEST(an_error_that_nobody_knows_is_a_fault),
        TEST(a_device_that_starts_anew_is_told_once_and_is_at_rest),
        TEST(what_an_identify_has_seen_is_not_told_again),
        TEST(what_is_not_about_stimulation_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
