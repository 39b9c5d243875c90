/* SPDX-License-Identifier: Apache-2.0 */
/* What lasts longer than one call, and what comes when nobody waits for it any more. */
#include "operations.h"

#include <errno.h>
#include <poll.h>

/* Both before the plugin gives an answer up, the second behind the first. */
#define FIRST_MS 80
#define SECOND_MS 100

static void no_call_sends_anything_without_time(void **state)
{
    struct bench *b = *state;
    for (int op = 0; op < OPS; op++) {
        op_prepare(b, (enum op)op);
        bench_slip(b, SLIP_NONE, 0, 0);
        assert_int_equal(op_call(b, (enum op)op, clock_monotonic_ns() - 1), -EAGAIN);
        assert_int_equal(b->line.written, 0);
        assert_false(b->link.dialog.doubt);
        assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
        (void)bench_status(b);
    }
}

/* The device hears and says nothing: a stop rests it all the same, and says that it does not know. */
static void a_stop_rests_a_device_that_never_answers(void **state)
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

/* It neither hears nor speaks: so many stops, then silence in which its watchdog ends what it can. */
static void a_device_that_hears_nothing_is_ended_by_its_watchdog(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    int64_t end = bench_in_ms(BENCH_LONG_MS);
    bench_fault(b, FAULT_silent, -1);
    while (!bench_all_rest(b)) {
        assert_true(clock_monotonic_ns() < end);
        int r = op_call_in_time(b, OP_STOP);
        assert_true(r == -ETIMEDOUT || r == -EAGAIN || r == -EPROTO);
    }
    bench_clear(b);
    (void)op_call_patiently(b, OP_STOP);
    op_assert_healed(b);
}

static void calls_end_in_time_on_a_line_that_never_falls_silent(void **state)
{
    struct bench *b = *state;
    static const char words[] = "AA AA AA F0 81 00 0F AA AA 55 F0 AA AA AA AA AA AA AA AA AA AA AA AA AA AA AA AA AA";
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_drop, -1);
    for (int i = 0; i < 400; i++)
        bench_say(b, words);
    int r = op_call_in_time(b, OP_STATUS_RUNNING);
    assert_true(r == -ETIMEDOUT || r == -EPROTO);
    for (int i = 0; i < 400; i++)
        bench_say(b, words);
    int64_t since = clock_monotonic_ns();
    r = op_call_in_time(b, OP_STOP);
    assert_true(r == -ETIMEDOUT || r == -EPROTO);
    bench_wait_rest(b, since, BENCH_REST_MS);
    bench_clear(b);
    op_assert_healed(b);
}

static void assert_answers(struct bench *b, int64_t patience)
{
    while (op_call_patiently(b, OP_STATUS) != 0) {
        assert_true(clock_monotonic_ns() < patience);
        assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    }
}

/* Begins a call whose answer comes FIRST_MS later, and gives it up before that. False: the machine was slower. */
static bool give_up_on_an_answer(struct bench *b)
{
    struct modality_status s;
    unsigned recovered = b->recovered;
    int64_t begun = clock_monotonic_ns();
    bench_fault_on(b, SM2_GET_MODE, FAULT_delay, ARG_ms, FIRST_MS, ARG_count, 1, -1);
    int r = unit_status(&b->link, 0, bench_in_ms(20), &s);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0); /* it is not here yet */
    assert_int_equal(b->recovered, recovered);
    if (clock_monotonic_ns() - begun >= FIRST_MS * NS_PER_MS)
        return false;
    assert_int_equal(r, -ETIMEDOUT);
    return true;
}

/* An answer that comes when somebody else is waiting is nobody's. */
static void a_late_answer_is_not_taken_for_the_next(void **state)
{
    struct bench *b = *state;
    int64_t patience = bench_in_ms(BENCH_LONG_MS);
    struct modality_status s = {0};
    uint64_t unmatched = 0;
    int r = -ETIMEDOUT;
    bench_run(b, 0, 20000);
    while (r == -ETIMEDOUT) {
        assert_answers(b, patience);
        if (!give_up_on_an_answer(b))
            continue;
        bench_fault_on(b, SM2_GET_MODE, FAULT_delay, ARG_ms, SECOND_MS, ARG_count, 1, -1);
        unmatched = b->link.dialog.unmatched;
        r = unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s);
        (void)unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS));
    }
    assert_int_equal(r, 0);
    assert_int_equal(b->link.dialog.unmatched, unmatched + 1);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
}

/* One answer that fails to come is no fault of the line; a second one is. */
static void a_line_that_goes_on_failing_is_recovered(void **state)
{
    struct bench *b = *state;
    bench_fault_on(b, SM2_GET_MODE, FAULT_drop, ARG_count, 2, -1);
    assert_int_equal(op_call_in_time(b, OP_STATUS), -ETIMEDOUT);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(b->recovered, 0);
    assert_int_equal(op_call_in_time(b, OP_STATUS), -ETIMEDOUT);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(b->recovered, 1);
    assert_int_equal(op_call_patiently(b, OP_STATUS), 0);
}

/* A set point that acts after the stop finds no list: the device refuses it. */
static void a_set_point_that_acts_after_the_stop_does_nothing(void **state)
{
    struct bench *b = *state;
    int64_t patience = bench_in_ms(BENCH_LONG_MS);
    int r = 0;
    bench_run(b, 0, 20000);
    do {
        assert_true(clock_monotonic_ns() < patience);
        bench_fault_on(b, SM2_START_LIST, FAULT_delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE, ARG_count, 1, -1);
    } while (!op_try(b, OP_APPLY, &r) && r == 0);
    assert_int_equal(r, -ETIMEDOUT);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    for (int64_t until = bench_in_ms(2 * LATE_MS); clock_monotonic_ns() < until; (void)poll(NULL, 0, 5))
        assert_true(bench_all_rest(b));
    op_assert_healed(b);
}

/* The same with a connection in between: what the old one had left acts when the new one is at work. */
static void a_set_point_of_a_dead_connection_does_nothing(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM2_START_LIST, FAULT_late_write, ARG_ms, 50, ARG_count, 1, -1);
    assert_int_equal(op_call_in_time(b, OP_APPLY), -ETIMEDOUT);
    bench_reconnect(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    for (int64_t until = bench_in_ms(LATE_MS); clock_monotonic_ns() < until; (void)poll(NULL, 0, 5))
        assert_true(bench_all_rest(b));
    op_assert_healed(b);
}

/* A good answer is all that the device can give: what it does shows at the next status. */
static void what_is_answered_and_not_done_shows(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 4);
    bench_fault_on(b, SM2_START_LIST, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(op_call_patiently(b, OP_START), 0);
    assert_int_equal(bench_status(b).channels[4].output, OUTPUT_REST);
    assert_int_equal(bench_set(b, 4, QUANTITY_amplitude_ua, 1000), -EACCES);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM2_STOP_LIST, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(op_call_patiently(b, OP_STOP), 0);
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    assert_int_equal(op_call_patiently(b, OP_STOP), 0);
    op_assert_healed(b);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(no_call_sends_anything_without_time),
        TEST(a_stop_rests_a_device_that_never_answers),
        TEST(a_device_that_hears_nothing_is_ended_by_its_watchdog),
        TEST(calls_end_in_time_on_a_line_that_never_falls_silent),
        TEST(a_late_answer_is_not_taken_for_the_next),
        TEST(a_line_that_goes_on_failing_is_recovered),
        TEST(a_set_point_that_acts_after_the_stop_does_nothing),
        TEST(a_set_point_of_a_dead_connection_does_nothing),
        TEST(what_is_answered_and_not_done_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
