/* SPDX-License-Identifier: Apache-2.0 */
/* What lasts longer than one call, and what comes when nobody waits for it any more. */
#include "operations.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define FIRST_MS 150

/* The device hears and says nothing: a stop rests it all the same, and says that it does not know. */
static void stop_rests_a_device_that_never_answers(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_drop, -1);
    int64_t since = clock_monotonic_ns();
    assert_int_equal(op_call_in_time(b, OP_STOP), -ETIMEDOUT);
    bench_wait_rest(b, since, BENCH_REST_MS);
    assert_int_equal(op_call_in_time(b, OP_MAKE_SAFE), -ETIMEDOUT);
    assert_int_equal(op_call_in_time(b, OP_MAKE_SAFE), -ETIMEDOUT);
    bench_clear(b);
    op_assert_healed(b);
}

static void calls_end_in_time_on_a_line_that_never_falls_silent(void **state)
{
    struct bench *b = *state;
    uint8_t flood[4096];
    memset(flood, 0xaa, sizeof flood);
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_drop, -1);
    for (int i = 0; i < 8; i++)
        bench_say(b, flood, sizeof flood);
    assert_int_equal(op_call_in_time(b, OP_STATUS_RUNNING), -ETIMEDOUT);
    for (int i = 0; i < 8; i++)
        bench_say(b, flood, sizeof flood);
    int64_t since = clock_monotonic_ns();
    assert_int_equal(op_call_in_time(b, OP_STOP), -ETIMEDOUT);
    bench_wait_rest(b, since, BENCH_REST_MS);
    bench_clear(b);
    op_assert_healed(b);
}

/* Begins a call whose answer comes FIRST_MS later, and gives it up before that. */
static void give_up_on_an_answer(struct bench *b)
{
    int64_t patience = bench_in_ms(BENCH_LONG_MS), begun;
    struct modality_status s;
    int r;
    do {
        assert_true(clock_monotonic_ns() < patience);
        begun = clock_monotonic_ns();
        bench_fault_on(b, SM4_GET_STIM_STATUS, FAULT_delay, ARG_ms, FIRST_MS, ARG_count, 1, -1);
        r = unit_status(&b->link, 0, bench_in_ms(10), &s);
        sm4_port_resume(&b->link.port); /* as if nothing had to be drained */
        /* The answer is not here yet, unless the machine has held all this up. */
    } while (clock_monotonic_ns() - begun >= FIRST_MS * NS_PER_MS);
    assert_int_equal(r, -ETIMEDOUT);
}

/* An answer that comes when somebody else is waiting is nobody's. */
static void late_answer_is_not_taken_for_the_next(void **state)
{
    struct bench *b = *state;
    struct modality_status s;
    give_up_on_an_answer(b);
    bench_fault_on(b, SM4_GET_STIM_STATUS, FAULT_delay, ARG_ms, FIRST_MS, ARG_count, 1, -1);
    uint64_t discarded = b->link.port.discarded;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s), 0);
    assert_int_equal(b->link.port.discarded, discarded + 1);
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
}

/* The call is not answered in its time: step acts LATE_MS after it was sent. */
static void call_that_acts_late(struct bench *b, enum op op, enum sm4_command step)
{
    int64_t patience = bench_in_ms(BENCH_LONG_MS);
    int r = 0;
    for (;;) {
        op_prepare(b, op);
        bench_fault_on(b, step, FAULT_delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE, ARG_count, 1, -1);
        if (op_try(b, op, &r) || r != 0)
            break;
        assert_true(clock_monotonic_ns() < patience);
        assert_int_equal(bench_stop(b, BENCH_ALL), 0);
    }
    assert_int_equal(r, -ETIMEDOUT);
}

/* A start that acts after the stop finds the level gone: the device refuses it. */
static void update_that_acts_after_the_stop_does_nothing(void **state)
{
    struct bench *b = *state;
    call_that_acts_late(b, OP_APPLY, SM4_ML_UPDATE);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_true(bench_all_rest(b));
    int64_t until = bench_in_ms(2 * LATE_MS);
    while (clock_monotonic_ns() < until) {
        assert_true(bench_all_rest(b));
        (void)poll(NULL, 0, 5);
    }
    op_assert_healed(b);
}

/* The same with a connection in between: what the old one had left acts when the new one is at work. */
static void update_of_a_dead_connection_does_nothing(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM4_ML_UPDATE, FAULT_late_write, ARG_ms, 50, ARG_count, 1, -1);
    assert_int_equal(op_call_in_time(b, OP_APPLY), -ETIMEDOUT);
    bench_reconnect(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    int64_t until = bench_in_ms(LATE_MS);
    while (clock_monotonic_ns() < until) {
        assert_true(bench_all_rest(b));
        (void)poll(NULL, 0, 5);
    }
    op_assert_healed(b);
}

/* A level that begins after the stop has no output, but its high voltage is no proof of rest. */
static void level_that_begins_after_the_stop_is_seen(void **state)
{
    struct bench *b = *state;
    struct modality_status s;
    call_that_acts_late(b, OP_START, SM4_ML_INIT);
    assert_int_equal(unit_stop(&b->link, 0, 4, bench_in_ms(BENCH_LONG_MS)), 0);
    int64_t until = bench_in_ms(BENCH_LONG_MS);
    while (!bench_voltage(b)) {
        assert_true(clock_monotonic_ns() < until);
        (void)poll(NULL, 0, 5);
    }
    assert_true(bench_all_rest(b));
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s), 0);
    assert_int_equal(s.channels[4].output, OUTPUT_UNKNOWN);
    assert_int_equal(s.channels[4].evidence, EVIDENCE_NONE);
    assert_int_equal(unit_stop(&b->link, 0, 4, bench_in_ms(BENCH_LONG_MS)), 0);
    op_assert_healed(b);
}

/* A good echo is all that the device can give: what it does is asked of it, and shows at the next status. */
static void update_that_was_echoed_and_not_done_shows(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 4);
    bench_fault_on(b, SM4_ML_UPDATE, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(op_call_patiently(b, OP_START), 0);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[4].output, OUTPUT_REST);
    bench_clear(b);
    assert_int_equal(unit_stop(&b->link, 0, 4, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM4_ML_UPDATE, FAULT_echo_only, ARG_count, 1, -1);
    bench_fault_on(b, SM4_ML_STOP, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(op_call_patiently(b, OP_STOP), 0);
    s = bench_status(b);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
    bench_clear(b);
    assert_int_equal(op_call_patiently(b, OP_STOP), 0);
    op_assert_healed(b);
}

static void error_told_between_two_answers_is_kept(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    static const uint8_t high_voltage[] = {0xf0, 0x81, 0x55, 0x81, 0x58, 0x81, 0xbf,
                                           0x81, 0xf3, 0x00, 0x42, 0x08, 0x0f};
    bench_say(b, high_voltage, sizeof high_voltage);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 19500), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_HIGH_VOLTAGE);
    assert_int_equal(op_call_patiently(b, OP_STOP), 0);
    assert_true(bench_all_rest(b));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, op_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(stop_rests_a_device_that_never_answers),    TEST(calls_end_in_time_on_a_line_that_never_falls_silent),
        TEST(late_answer_is_not_taken_for_the_next),     TEST(update_that_acts_after_the_stop_does_nothing),
        TEST(update_of_a_dead_connection_does_nothing),  TEST(level_that_begins_after_the_stop_is_seen),
        TEST(update_that_was_echoed_and_not_done_shows), TEST(error_told_between_two_answers_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
