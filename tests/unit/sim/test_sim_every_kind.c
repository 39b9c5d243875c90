/* SPDX-License-Identifier: Apache-2.0 */
/* The faults that every reference kind has, on every one of them: no kind may escape a way to rest or keep one back. */
#include "bench.h"
#include "model/cold.h"
#include "model/galvanic.h"
#include "model/laser.h"
#include "model/stim.h"
#include "model/ultrasound.h"

static const struct model_kind *const kinds[] = {&stim_kind, &us_kind, &laser_kind, &cold_kind, &galv_kind};
#define KINDS (sizeof kinds / sizeof *kinds)

/* Told to run, as its page does it. */
static void start(struct bench *b)
{
    if (b->model->kind == &cold_kind)
        assert_int_equal(model_setting_write(b->model, 0, COLD_SET_POINT, 10000), 0);
    else
        assert_int_equal(model_run(b->model, 1, 0), 0);
}

static void stop(struct bench *b)
{
    if (b->model->kind == &cold_kind)
        assert_int_equal(model_setting_write(b->model, 0, COLD_SET_POINT, COLD_REST_MILLIC), 0);
    else
        assert_int_equal(model_run(b->model, 0, 1), 0);
}

/* After ms, fed so that the watchdog has no reason to strike. */
static void fed(struct bench *b, int64_t ms)
{
    int64_t end_ns = b->model->now_ns + ms * NS_PER_MS;
    while (b->model->now_ns < end_ns) {
        int64_t next_ns = b->model->now_ns + 500 * NS_PER_MS;
        model_advance(b->model, next_ns < end_ns ? next_ns : end_ns);
        model_feed(b->model, 1);
    }
}

static struct bench *kind_new(void **state, size_t kind, uint32_t timer_ms)
{
    assert_int_equal(bench_new(state, kinds[kind]), 0);
    struct bench *b = *state;
    b->model->guard.timer_preset_ms = timer_ms;
    return b;
}

/* Its output on. */
static struct bench *kind_running(void **state, size_t kind, uint32_t timer_ms)
{
    struct bench *b = kind_new(state, kind, timer_ms);
    start(b);
    fed(b, b->model->guard.start_delay_ns / NS_PER_MS);
    assert_true(b->seen.output[0].on);
    return b;
}

static void watchdog_rests_every_kind_and_refuses_until_cleared(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_running(state, i, 0);
        int64_t begun_ns = b->model->now_ns;
        model_feed(b->model, 1);
        model_advance(b->model, begun_ns + 999 * NS_PER_MS);
        assert_true(b->seen.output[0].on);
        model_advance(b->model, begun_ns + 1000 * NS_PER_MS);
        assert_false(b->seen.output[0].on);
        assert_int_equal(b->seen.t_ns[0], begun_ns + 1000 * NS_PER_MS);
        assert_true(guard_latched(&b->model->guard));
        model_clear_latches(b->model);
        start(b);
        bench_free(state);
    }
}

static void watchdog_taken_away_never_strikes(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_running(state, i, 0);
        inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
        model_advance(b->model, b->model->now_ns + 60 * NS_PER_S);
        assert_true(b->seen.output[0].on);
        bench_free(state);
    }
}

static void late_feed_resumes_the_variant(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_running(state, i, 0);
        inject(b, FAULT_resume_when_fed, ARG_COUNT, 0);
        model_advance(b->model, b->model->now_ns + 2 * NS_PER_S);
        assert_false(b->seen.output[0].on);
        model_feed(b->model, 1);
        assert_true(b->seen.output[0].on);
        assert_int_equal(b->seen.cause[0], CAUSE_resumed);
        bench_free(state);
    }
}

static void device_timer_ends_every_output_and_can_stall(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_running(state, i, 700);
        assert_int_equal(guard_timer_left_ms(&b->model->guard, b->model->now_ns), 700);
        fed(b, 699);
        assert_true(b->seen.output[0].on);
        fed(b, 1);
        assert_false(b->seen.output[0].on);
        assert_false(guard_latched(&b->model->guard));
        bench_free(state);

        b = kind_running(state, i, 700);
        inject(b, FAULT_stall_timer, ARG_COUNT, 0);
        fed(b, 5000);
        assert_true(b->seen.output[0].on);
        assert_int_equal(guard_timer_left_ms(&b->model->guard, b->model->now_ns), 700);
        bench_free(state);
    }
}

static void hand_switch_and_device_fault_rest_every_kind(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_running(state, i, 0);
        inject(b, FAULT_patient_stop, ARG_COUNT, 0);
        assert_false(b->seen.output[0].on);
        assert_int_equal(b->seen.cause[0], CAUSE_patient_stop);
        bench_free(state);

        b = kind_running(state, i, 0);
        inject(b, FAULT_device_fault, ARG_code, 1);
        assert_false(b->seen.output[0].on);
        assert_int_equal(b->seen.cause[0], CAUSE_fault);
        bench_free(state);
    }
}

static void stuck_output_of_every_kind_stays_on(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_running(state, i, 0);
        inject(b, FAULT_stuck, ARG_COUNT, 0);
        stop(b);
        inject(b, FAULT_patient_stop, ARG_COUNT, 0);
        model_advance(b->model, b->model->now_ns + 5 * NS_PER_S);
        assert_true(b->seen.output[0].on);
        clear(b, FAULT_stuck);
        assert_false(b->seen.output[0].on);
        bench_free(state);
    }
}

static void output_of_every_kind_can_start_by_itself(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_new(state, i, 0);
        inject(b, FAULT_self_start, ARG_channel, 1);
        assert_true(b->seen.output[0].on);
        assert_true(guard_reported_on(&b->model->guard, 0));
        clear(b, FAULT_self_start);
        assert_false(b->seen.output[0].on);
        bench_free(state);
    }
}

static void reboot_rests_every_kind_or_brings_it_back(void **state)
{
    for (size_t i = 0; i < KINDS; i++) {
        struct bench *b = kind_running(state, i, 0);
        inject(b, FAULT_reboot, ARG_ms, 100);
        assert_false(b->seen.output[0].on);
        assert_true(model_is_down(b->model));
        model_advance(b->model, b->model->now_ns + NS_PER_S);
        assert_false(b->seen.output[0].on);
        start(b);
        fed(b, b->model->guard.start_delay_ns / NS_PER_MS);
        inject(b, FAULT_reboot, ARG_restart, RESTART_OUTPUT);
        assert_true(b->seen.output[0].on);
        bench_free(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(watchdog_rests_every_kind_and_refuses_until_cleared),
        cmocka_unit_test(watchdog_taken_away_never_strikes),
        cmocka_unit_test(late_feed_resumes_the_variant),
        cmocka_unit_test(device_timer_ends_every_output_and_can_stall),
        cmocka_unit_test(hand_switch_and_device_fault_rest_every_kind),
        cmocka_unit_test(stuck_output_of_every_kind_stays_on),
        cmocka_unit_test(output_of_every_kind_can_start_by_itself),
        cmocka_unit_test(reboot_rests_every_kind_or_brings_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
