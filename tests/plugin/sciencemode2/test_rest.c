/* SPDX-License-Identifier: Apache-2.0 */
/* How the device comes to rest: by a stop in every mode, by make_safe, and by its watchdog alone. */
#include "unit_calls.h"

#include <errno.h>

/* ---- rest ---- */

static void a_stop_works_in_every_mode(void **state)
{
    struct bench *b = *state;
    assert_int_equal(stop(b), 0); /* start */
    rests_in_peace(b);
    bench_prepare(b, 0);
    bench_fault_on(b, SM2_START_LIST, FAULT_exception, ARG_code, 0xf8, ARG_count, 1, -1);
    assert_int_equal(start(b), -EACCES);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_INITIALISED);
    assert_int_equal(stop(b), 0);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_START);
    bench_run(b, 0, 10000); /* started */
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void a_stop_that_finds_nothing_to_stop_is_done(void **state)
{
    struct bench *b = *state;
    bench_fault_on(b, SM2_STOP_LIST, FAULT_exception, ARG_code, 0xfd, ARG_count, 2, -1);
    assert_int_equal(stop(b), 0);
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

/* Nobody has spoken to it yet: its Init waits, or is still to come. */
static void make_safe_begins_the_conversation(void **state)
{
    struct bench *b = *state;
    assert_int_equal(make_safe(b), 0);
    assert_int_equal(bench_state(b, 0, "connected"), 1);
    rests_in_peace(b);
}

static void make_safe_finds_a_device_that_runs_for_nobody(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_reconnect(b);
    assert_int_equal(make_safe(b), 0);
    assert_true(bench_all_rest(b));
    for (int i = 0; i < 3; i++)
        assert_int_equal(make_safe(b), 0);
    assert_int_equal(identify(b), 0);
    rests_in_peace(b);
}

static void an_init_in_place_of_a_stops_answer_is_answered_and_the_stop_said_again(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_reboot_on(b, SM2_STOP_LIST);
    int r = stop(b);
    assert_true(bench_all_rest(b));
    assert_true(r == 0 || r == -ETIMEDOUT); /* it is back within the call, or after it */
    bench_wait_state(b, "down", 0, BENCH_LONG_MS);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(stop(b), 0);
    assert_true(bench_status(b).restarted);
}

/* ---- watchdog ---- */

/* For the time of two watchdogs, by the plan. False: the machine has let the device starve. */
static bool poll_and_feed(struct bench *b)
{
    int64_t end = bench_in_ms(2 * WATCHDOG_MS), fed = clock_monotonic_ns(), longest = 0;
    bool runs = true;
    for (int64_t now = fed; runs && now < end; now = clock_monotonic_ns()) {
        if (now - fed >= WATCHDOG_MS / 3 * NS_PER_MS) {
            runs = keepalive(b) == 0;
            longest = clock_monotonic_ns() - fed > longest ? clock_monotonic_ns() - fed : longest;
            fed = now;
        }
        struct modality_status s = bench_status(b);
        runs = runs && s.channels[0].output == OUTPUT_ON && !s.watchdog_tripped && !s.restarted;
        pass(50);
    }
    assert_true(runs || longest > (WATCHDOG_MS - 100) * NS_PER_MS);
    return runs;
}

static void polls_and_feeds_keep_it_running(void **state)
{
    struct bench *b = *state;
    int64_t patience = bench_in_ms(BENCH_LONG_MS);
    for (bench_run(b, 0, 10000); !poll_and_feed(b); bench_run(b, 0, 10000)) {
        assert_true(clock_monotonic_ns() < patience);
        assert_int_equal(make_safe(b), 0);
        (void)bench_status(b);
    }
    assert_int_equal(bench_output(b, 0), 10000);
}

static void polls_alone_do_not(void **state)
{
    struct bench *b = *state;
    struct modality_status s = {0};
    bench_run(b, 0, 10000);
    int64_t since = clock_monotonic_ns(), end = bench_in_ms(BENCH_LONG_MS);
    int r = 0;
    while (!bench_all_rest(b)) {
        assert_true(clock_monotonic_ns() < end);
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
        pass(20);
    }
    int64_t took = clock_monotonic_ns() - since;
    assert_true(took < (2 * WATCHDOG_MS + BENCH_SLACK_MS) * NS_PER_MS);
    while (r < 0 && clock_monotonic_ns() < end)
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
    assert_int_equal(r, 0);
    rests(&s, CONTACT_UNKNOWN);
    assert_true(s.watchdog_tripped);
    assert_false(s.restarted);
    rests_in_peace(b); /* told once */
}

static void a_device_that_was_left_alone_has_tripped_and_stays_off(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    pass(WATCHDOG_MS + 100);
    assert_true(bench_all_rest(b));
    assert_int_equal(keepalive(b), -EACCES);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 5000), -EACCES);
    assert_int_equal(start(b), -EACCES);
    assert_true(bench_all_rest(b));
    struct modality_status s = bench_status(b);
    assert_true(s.watchdog_tripped);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 5000), -EACCES); /* it ended by itself */
    assert_int_equal(stop(b), 0);
    rests_in_peace(b);
}

/* It answers every stop as done and goes on: only silence ends it. */
static void a_device_that_heeds_no_stop_is_left_to_its_watchdog(void **state)
{
    struct bench *b = *state;
    struct modality_status s = {0};
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_stuck, ARG_ignores, STUCK_COMMANDS, -1);
    int64_t end = bench_in_ms(BENCH_LONG_MS);
    while (!bench_all_rest(b)) {
        assert_true(clock_monotonic_ns() < end);
        int r = stop(b);
        assert_true(r == 0 || r == -EAGAIN);
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
        assert_true(r == -EAGAIN || s.channels[0].output == OUTPUT_ON || bench_all_rest(b));
        pass(10);
    }
    assert_true(bench_received(b, SM2_STOP_LIST) >= 3);
    int r = -EAGAIN;
    for (int i = 0; i < 10 && r < 0; i++)
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
    assert_int_equal(r, 0);
    rests(&s, CONTACT_UNKNOWN);
    assert_int_equal(stop(b), 0);
}

/* Neither stop nor watchdog: it never shows as rest, and stops go on. */
static void a_device_that_nothing_ends_never_looks_at_rest(void **state)
{
    struct bench *b = *state;
    struct modality_status s = {0};
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_stuck, ARG_ignores, STUCK_ALL, -1);
    int64_t end = bench_in_ms(3 * WATCHDOG_MS);
    while (clock_monotonic_ns() < end) {
        (void)stop(b);
        if (unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s) == 0)
            assert_int_equal(s.channels[0].output, OUTPUT_ON);
        (void)unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS));
    }
    assert_true(bench_received(b, SM2_STOP_LIST) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stop_works_in_every_mode),
        TEST(a_stop_that_finds_nothing_to_stop_is_done),
        FRESH(make_safe_begins_the_conversation),
        TEST(make_safe_finds_a_device_that_runs_for_nobody),
        TEST(an_init_in_place_of_a_stops_answer_is_answered_and_the_stop_said_again),
        TEST(polls_and_feeds_keep_it_running),
        TEST(polls_alone_do_not),
        TEST(a_device_that_was_left_alone_has_tripped_and_stays_off),
        TEST(a_device_that_heeds_no_stop_is_left_to_its_watchdog),
        TEST(a_device_that_nothing_ends_never_looks_at_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
