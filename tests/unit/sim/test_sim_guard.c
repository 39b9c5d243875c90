/* SPDX-License-Identifier: Apache-2.0 */
/* What every kind keeps around its outputs, on a stimulator under a fake clock: watchdog, timer, latches, restarts. */
#include "bench.h"
#include "model/stim.h"

#include <errno.h>

static int setup(void **state)
{
    return bench_new(state, &stim_kind);
}

/* Channel 1 on with 10 mA (stimulator) at T0. */
static struct bench *stim_running(void **state)
{
    struct bench *b = *state;
    assert_int_equal(model_setting_write(b->model, 0, STIM_AMPLITUDE, 10000), 0);
    assert_int_equal(model_run(b->model, 1, 0), 0);
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].value, 10000);
    return b;
}

static void unfed_watchdog_trips_at_1000_ms_not_at_999(void **state)
{
    struct bench *b = stim_running(state);
    model_advance(b->model, MS(999));
    assert_true(b->seen.output[0].on);
    assert_int_equal(model_next_ns(b->model), MS(1000));
    model_advance(b->model, MS(1001));
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_watchdog);
    assert_int_equal(b->seen.t_ns[0], MS(1000)); /* when it happened, not when it was looked at */
    assert_true(b->model->guard.tripped);
    assert_int_equal(b->model->setting[0][STIM_AMPLITUDE], 10000); /* set points survive */
}

static void fed_watchdog_counts_from_the_last_feed(void **state)
{
    struct bench *b = stim_running(state);
    model_advance(b->model, MS(999));
    model_feed(b->model, 7);
    model_advance(b->model, MS(1998));
    assert_true(b->seen.output[0].on);
    model_advance(b->model, MS(1999));
    assert_false(b->seen.output[0].on);
}

static void watchdog_does_not_run_at_rest(void **state)
{
    struct bench *b = *state;
    model_feed(b->model, 1);
    model_advance(b->model, MS(60000));
    assert_false(b->model->guard.tripped);
    assert_int_equal(model_run(b->model, 1, 0), 0);
    model_advance(b->model, MS(60999));
    assert_true(b->seen.output[0].on);
}

static void second_output_does_not_restart_the_watchdog(void **state)
{
    struct bench *b = stim_running(state);
    model_advance(b->model, MS(500));
    assert_int_equal(model_run(b->model, 2, 0), 0);
    model_advance(b->model, MS(1000));
    assert_false(b->seen.output[0].on);
    assert_false(b->seen.output[1].on);
}

static void trip_refuses_start_until_cleared_and_never_a_stop(void **state)
{
    struct bench *b = stim_running(state);
    model_advance(b->model, MS(1000));
    assert_int_equal(model_run(b->model, 1, 0), -EPERM);
    assert_int_equal(model_run(b->model, 0, 3), 0);
    model_feed(b->model, 1); /* feeding late changes nothing */
    assert_false(b->seen.output[0].on);
    assert_int_equal(model_run(b->model, 1, 0), -EPERM);
    model_clear_latches(b->model);
    assert_false(b->seen.output[0].on);
    assert_int_equal(model_run(b->model, 1, 0), 0);
    assert_true(b->seen.output[0].on);
}

static void device_variant_resumes_when_fed_late(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_resume_when_fed, ARG_COUNT, 0);
    model_advance(b->model, MS(1500));
    assert_false(b->seen.output[0].on);
    model_feed(b->model, 1);
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_resumed);
    assert_false(b->seen.output[1].on);
}

static void timer_rests_outputs_at_its_end_and_latches_nothing(void **state)
{
    struct bench *b = *state;
    b->model->guard.timer_preset_ms = 300;
    b = stim_running(state);
    model_advance(b->model, MS(299));
    assert_true(b->seen.output[0].on);
    assert_int_equal(guard_timer_left_ms(&b->model->guard, MS(299)), 1);
    model_advance(b->model, MS(300));
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_timer);
    assert_int_equal(guard_timer_left_ms(&b->model->guard, MS(300)), 0);
    assert_int_equal(model_run(b->model, 1, 0), 0);
}

static void timer_is_loaded_only_when_all_were_at_rest(void **state)
{
    struct bench *b = *state;
    b->model->guard.timer_preset_ms = 300;
    b = stim_running(state);
    b->model->guard.timer_preset_ms = 900;
    model_advance(b->model, MS(200));
    assert_int_equal(model_run(b->model, 2, 0), 0);
    model_advance(b->model, MS(300));
    assert_false(b->seen.output[0].on);
    assert_false(b->seen.output[1].on);
}

static void stalled_timer_stands_still_and_goes_on_when_cleared(void **state)
{
    struct bench *b = *state;
    b->model->guard.timer_preset_ms = 300;
    b = stim_running(state);
    model_advance(b->model, MS(100));
    inject(b, FAULT_stall_timer, ARG_COUNT, 0);
    model_advance(b->model, MS(700));
    assert_true(b->seen.output[0].on);
    assert_int_equal(guard_timer_left_ms(&b->model->guard, MS(700)), 200);
    clear(b, FAULT_stall_timer);
    model_advance(b->model, MS(899));
    assert_true(b->seen.output[0].on);
    model_advance(b->model, MS(900));
    assert_int_equal(b->seen.cause[0], CAUSE_timer);
}

static void stuck_output_ignores_every_way_to_rest(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_stuck, ARG_COUNT, 0);
    model_run(b->model, 0, 1);
    assert_true(b->seen.output[0].on);
    assert_true(guard_reported_on(&b->model->guard, 0));
    inject(b, FAULT_patient_stop, ARG_COUNT, 0);
    assert_true(b->seen.output[0].on);
    model_advance(b->model, MS(5000));
    assert_true(b->seen.output[0].on);
    clear(b, FAULT_stuck);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_injected);
}

static void output_stuck_against_commands_falls_to_the_watchdog(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_stuck, ARG_ignores, STUCK_COMMANDS);
    model_run(b->model, 0, 1);
    assert_true(b->seen.output[0].on);
    model_advance(b->model, MS(1000));
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_watchdog);
}

static void device_fault_rests_and_stays_until_its_cause_is_gone(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_device_fault, ARG_code, 3);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_fault);
    model_clear_latches(b->model);
    assert_int_equal(b->model->guard.fault_code, 3);
    assert_int_equal(model_run(b->model, 1, 0), -EPERM);
    clear(b, FAULT_device_fault);
    assert_int_equal(b->model->guard.fault_code, 3);
    model_clear_latches(b->model);
    assert_int_equal(b->model->guard.fault_code, 0);
}

static void patient_stop_stays_latched_after_release(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_patient_stop, ARG_COUNT, 0);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_patient_stop);
    model_clear_latches(b->model);
    assert_true(b->model->guard.patient_latched);
    clear(b, FAULT_patient_stop);
    assert_true(b->model->guard.patient_latched);
    model_clear_latches(b->model);
    assert_false(b->model->guard.patient_latched);
}

static void reboot_returns_at_rest_with_minimum_settings(void **state)
{
    struct bench *b = stim_running(state);
    model_advance(b->model, MS(100));
    inject(b, FAULT_reboot, ARG_ms, 200);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_reboot);
    assert_true(model_is_down(b->model));
    model_advance(b->model, MS(299));
    assert_true(model_is_down(b->model));
    model_advance(b->model, MS(310));
    assert_false(model_is_down(b->model));
    assert_int_equal(guard_uptime_ms(&b->model->guard, MS(310)), 10);
    assert_int_equal(b->model->setting[0][STIM_AMPLITUDE], 0);
}

static void reboot_with_bad_memory_returns_with_its_output(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_reboot, ARG_restart, RESTART_OUTPUT);
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].value, 10000);
    assert_false(b->seen.output[1].on);
    assert_int_equal(guard_uptime_ms(&b->model->guard, T0), 0);
}

static void self_started_output_is_under_the_watchdog(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_self_start, ARG_channel, 2);
    assert_true(b->seen.output[1].on);
    assert_false(b->seen.output[0].on);
    model_advance(b->model, MS(1000));
    assert_false(b->seen.output[1].on);
}

static void late_look_runs_every_event_at_its_own_time(void **state)
{
    struct bench *b = *state;
    b->model->guard.timer_preset_ms = 400;
    b = stim_running(state);
    model_advance(b->model, MS(10000));
    assert_int_equal(b->seen.cause[0], CAUSE_timer);
    assert_int_equal(b->seen.t_ns[0], MS(400));
    assert_false(b->model->guard.tripped); /* at rest the watchdog does not run */
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unfed_watchdog_trips_at_1000_ms_not_at_999),
        T(fed_watchdog_counts_from_the_last_feed),
        T(watchdog_does_not_run_at_rest),
        T(second_output_does_not_restart_the_watchdog),
        T(trip_refuses_start_until_cleared_and_never_a_stop),
        T(device_variant_resumes_when_fed_late),
        T(timer_rests_outputs_at_its_end_and_latches_nothing),
        T(timer_is_loaded_only_when_all_were_at_rest),
        T(stalled_timer_stands_still_and_goes_on_when_cleared),
        T(stuck_output_ignores_every_way_to_rest),
        T(output_stuck_against_commands_falls_to_the_watchdog),
        T(device_fault_rests_and_stays_until_its_cause_is_gone),
        T(patient_stop_stays_latched_after_release),
        T(reboot_returns_at_rest_with_minimum_settings),
        T(reboot_with_bad_memory_returns_with_its_output),
        T(self_started_output_is_under_the_watchdog),
        T(late_look_runs_every_event_at_its_own_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
