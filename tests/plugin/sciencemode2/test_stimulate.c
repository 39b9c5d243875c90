/* SPDX-License-Identifier: Apache-2.0 */
/* What reaches the device when it is started, set and stopped, and what is refused before anything is sent. */
#include "unit_calls.h"

#include <errno.h>

static void set_points_reach_the_device_when_it_is_started_and_with_every_change(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    bench_prepare(b, 3);
    assert_int_equal(bench_set(b, 3, QUANTITY_phase_width_us, 350), 0);
    assert_int_equal(bench_received(b, SM2_INIT_LIST) + bench_received(b, SM2_START_LIST), 0);
    assert_int_equal(start(b), 0);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_STARTED);
    assert_int_equal(bench_state(b, 0, "interval_us"), 20000);
    assert_true(bench_on(b, 0) && bench_on(b, 3) && !bench_on(b, 1));
    assert_int_equal(bench_output(b, 0), 0);
    assert_int_equal(bench_state(b, 4, "phase_width_us"), 350);
    assert_int_equal(bench_set(b, 3, QUANTITY_amplitude_ua, 17000), 0);
    assert_int_equal(bench_output(b, 3), 17000);
    assert_int_equal(bench_output(b, 0), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 126000), 0);
    assert_int_equal(bench_output(b, 0), 126000);
    assert_int_equal(bench_output(b, 3), 17000);
    assert_int_equal(bench_set(b, 3, QUANTITY_phase_width_us, 100), 0);
    assert_int_equal(bench_state(b, 4, "phase_width_us"), 100);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 0), 0);
    assert_int_equal(bench_output(b, 0), 0);
    assert_int_equal(stop(b), 0);
    rests_in_peace(b);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_START);
}

static void a_status_tells_channels_of_the_list_from_the_others(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 1);
    bench_prepare(b, 6);
    assert_int_equal(start(b), 0);
    assert_int_equal(bench_set(b, 6, QUANTITY_amplitude_ua, 5000), 0);
    struct modality_status s = bench_status(b);
    for (size_t c = 0; c < 8; c++) {
        bool on = c == 1 || c == 6;
        assert_int_equal(s.channels[c].output, on ? OUTPUT_ON : OUTPUT_REST);
        assert_int_equal(s.channels[c].evidence, EVIDENCE_REPORTED);
        assert_int_equal(s.channels[c].contact, c == 6 ? CONTACT_GOOD : CONTACT_UNKNOWN);
    }
}

/* The device has one list: only the channels of the group are in it, and any group's stop ends it. */
static void a_group_is_started_by_itself_and_stopped_with_all(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    bench_prepare(b, 1);
    assert_int_equal(unit_start(&b->link, 0, 1, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_true(bench_on(b, 1) && !bench_on(b, 0));
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_REST);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 1000), -EINVAL);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_true(bench_all_rest(b));
}

static void nothing_outlives_a_stop(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    assert_int_equal(stop(b), 0);
    assert_int_equal(start(b), -EINVAL); /* no channel is asked for any more */
    bench_prepare(b, 2);
    assert_int_equal(start(b), 0);
    assert_true(bench_on(b, 2) && !bench_on(b, 0));
    assert_int_equal(bench_output(b, 2), 0);
}

static void what_cannot_be_started_is_refused_and_nothing_is_sent(void **state)
{
    struct bench *b = *state;
    assert_int_equal(start(b), -EINVAL);
    bench_prepare(b, 0);
    assert_int_equal(unit_start(&b->link, 0, 1, bench_in_ms(BENCH_LONG_MS)), -EINVAL); /* another channel's group */
    assert_int_equal(unit_start(&b->link, 0, 2, bench_in_ms(BENCH_LONG_MS)), -EINVAL); /* none */
    assert_int_equal(unit_start(&b->link, 1, 0, bench_in_ms(BENCH_LONG_MS)), -EINVAL);
    bench_prepare(b, 1);
    assert_int_equal(bench_set(b, 1, QUANTITY_pulse_rate_millihz, 40000), 0);
    assert_int_equal(start(b), -EINVAL); /* two rates */
    for (uint32_t c = 0; c < 8; c++)
        bench_prepare(b, c);
    assert_int_equal(start(b), -EINVAL); /* 50 Hz on eight channels */
    assert_int_equal(bench_received(b, SM2_INIT_LIST) + bench_received(b, SM2_START_LIST), 0);
    for (uint32_t c = 0; c < 8; c++)
        assert_int_equal(bench_set(b, c, QUANTITY_pulse_rate_millihz, 40000), 0);
    assert_int_equal(start(b), 0);
}

static void what_cannot_be_set_is_refused_and_nothing_is_sent(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    (void)bench_received(b, SM2_START_LIST);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 127000), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 20500), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_phase_width_us, 501), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_interphase_us, 100), -EINVAL);
    assert_int_equal(bench_set(b, 8, QUANTITY_amplitude_ua, 1000), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 40000), -EINVAL); /* not while it runs */
    assert_int_equal(bench_set(b, 1, QUANTITY_amplitude_ua, 1000), -EINVAL);        /* not started */
    assert_int_equal(bench_received(b, SM2_START_LIST), 0);
    assert_int_equal(bench_output(b, 0), 20000);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 50000), 0); /* what it is */
}

static void calls_for_another_unit_or_group_are_refused(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    struct modality_status status;
    const struct modality_setting setting = {0, QUANTITY_amplitude_ua, 0};
    int64_t deadline = bench_in_ms(BENCH_LONG_MS);
    assert_int_equal(unit_identify(&b->link, 1, deadline, &identity), -EINVAL);
    assert_int_equal(unit_status(&b->link, 1, deadline, &status), -EINVAL);
    assert_int_equal(unit_apply(&b->link, 1, &setting, deadline), -EINVAL);
    assert_int_equal(unit_stop(&b->link, 1, 0, deadline), -EINVAL);
    assert_int_equal(unit_stop(&b->link, 0, 2, deadline), -EINVAL);
    assert_int_equal(unit_make_safe(&b->link, 1, deadline), -EINVAL);
    assert_int_equal(unit_keepalive(&b->link, 1, deadline), -EINVAL);
}

/* 256 commands and more: the number runs over, and is stuffed on its way. */
static void numbers_run_over(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 300; i++)
        rests_in_peace(b);
    bench_run(b, 0, 15000);
    for (int i = 0; i < 260; i++)
        assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, (i % 126) * 1000), 0);
}

/* Nobody has looked between the stop and the start. */
static void a_stop_before_a_start_is_not_held_against_the_device(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(make_safe(b), 0);
    bench_run(b, 0, 10000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(set_points_reach_the_device_when_it_is_started_and_with_every_change),
        TEST(a_status_tells_channels_of_the_list_from_the_others),
        TEST(a_group_is_started_by_itself_and_stopped_with_all),
        TEST(nothing_outlives_a_stop),
        TEST(what_cannot_be_started_is_refused_and_nothing_is_sent),
        TEST(what_cannot_be_set_is_refused_and_nothing_is_sent),
        TEST(calls_for_another_unit_or_group_are_refused),
        TEST(numbers_run_over),
        TEST(a_stop_before_a_start_is_not_held_against_the_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
