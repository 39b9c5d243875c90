/* SPDX-License-Identifier: Apache-2.0 */
/* Who is there, and how a conversation with it begins. */
#include "unit_calls.h"

#include <errno.h>

static void opening_says_nothing_to_the_device(void **state)
{
    struct bench *b = *state;
    pass(20);
    for (int c = 0; c < 128; c++)
        assert_int_equal(bench_received(b, (enum sm2_command)c), 0);
}

static void a_device_that_waits_is_accepted_and_then_asked(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
    assert_string_equal(identity.maker, "HASOMED");
    assert_string_equal(identity.model, "RehaStim 2");
    assert_string_equal(identity.serial, "FT1");
    assert_string_equal(identity.firmware, "");
    assert_int_equal(bench_received(b, SM2_INIT_ACK), 1);
    assert_int_equal(bench_state(b, 0, "connected"), 1);
    rests_in_peace(b);
}

/* The first Init was said before anybody listened; the next comes half a second later. */
static void a_device_that_says_init_later_is_waited_for_over_calls(void **state)
{
    struct bench *b = *state;
    int64_t end = bench_in_ms(BENCH_LONG_MS);
    int r = -ETIMEDOUT;
    struct modality_identity identity;
    lose_words(b);
    while (r < 0 && clock_monotonic_ns() < end) {
        r = unit_identify(&b->link, 0, bench_in_ms(CALL_MS), &identity);
        if (r < 0) {
            assert_int_equal(r, -ETIMEDOUT);
            assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
            pass(100);
        }
    }
    assert_int_equal(r, 0);
    assert_int_equal(bench_state(b, 0, "connected"), 1);
}

/* Another process had it, and was replaced: it does not say Init, and what it does is not known. */
static void a_device_that_is_connected_already_is_known_by_its_answer(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_reconnect(b);
    assert_int_equal(identify(b), 0);
    assert_int_equal(bench_received(b, SM2_INIT_ACK), 0);
    assert_true(bench_on(b, 0));
    struct modality_status s;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s), -EAGAIN); /* nobody may feed it */
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void another_version_is_refused_and_told_as_another_device(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    lose_words(b);
    bench_version(b, 2);
    bench_await_words(b);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), -ENODEV);
    assert_int_equal(bench_received(b, SM2_INIT_ACK), 1);
    assert_int_equal(bench_state(b, 0, "connected"), 0);
    assert_int_equal(bench_received(b, SM2_GET_MODE), 0);
}

static void somebody_else_on_the_line_is_not_identified(void **state)
{
    struct bench *b = *state;
    int64_t patience = bench_in_ms(BENCH_LONG_MS), begun;
    int r;
    do {
        assert_true(clock_monotonic_ns() < patience);
        bench_free(b);
        begun = clock_monotonic_ns();
        *state = b = bench_open();
        lose_words(b);
        bench_say(b, "41 54 0D 0A F0 0F F0 81 00 0F");
        r = identify_within(b, CALL_MS);
    } while (clock_monotonic_ns() - begun >= BENCH_INIT_MS * NS_PER_MS); /* it has said Init again meanwhile */
    assert_int_equal(r, -ETIMEDOUT);
    bench_fault_on(b, SM2_GET_MODE, FAULT_silent, -1);
    bench_say(b, "F0 81 76 81 57 01 0A 0F"); /* a frame, and none of a device's */
    assert_int_equal(identify(b), -EIO);     /* in doubt since */
}

/* An Init that crossed the answer to the one before it. */
static void an_init_that_is_said_twice_is_no_restart(void **state)
{
    struct bench *b = *state;
    pass(20);
    bench_say(b, "F0 81 2C 81 56 01 01 01 0F");
    assert_int_equal(identify(b), 0);
    rests_in_peace(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(opening_says_nothing_to_the_device),
        FRESH(a_device_that_waits_is_accepted_and_then_asked),
        FRESH(a_device_that_says_init_later_is_waited_for_over_calls),
        TEST(a_device_that_is_connected_already_is_known_by_its_answer),
        FRESH(another_version_is_refused_and_told_as_another_device),
        FRESH(somebody_else_on_the_line_is_not_identified),
        FRESH(an_init_that_is_said_twice_is_no_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
