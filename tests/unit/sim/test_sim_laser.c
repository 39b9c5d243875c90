/* SPDX-License-Identifier: Apache-2.0 */
/* The laser under a fake clock: emission delay, interlocks, exclusion of the probes, true power against the photodiode.
 */
#include "bench.h"
#include "model/laser.h"

#include <errno.h>

static int setup(void **state)
{
    return bench_new(state, &laser_kind);
}

/* cw told to run with 100 mW at T0, the watchdog out of the way. */
static struct bench *laser_told(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    assert_int_equal(model_setting_write(b->model, LASER_CW, LASER_POWER, 100000), 0);
    assert_int_equal(model_run(b->model, 1u << LASER_CW, 0), 0);
    return b;
}

static struct bench *laser_emitting(void **state)
{
    struct bench *b = laser_told(state);
    model_advance(b->model, MS(2000));
    assert_true(b->seen.output[LASER_CW].on);
    return b;
}

static void emission_begins_2000_ms_after_the_command_not_at_1999(void **state)
{
    struct bench *b = laser_told(state);
    assert_true(guard_reported_on(&b->model->guard, LASER_CW));
    assert_true(guard_waiting(&b->model->guard, LASER_CW));
    model_advance(b->model, MS(1999));
    assert_false(b->seen.output[LASER_CW].on);
    assert_int_equal(b->seen.output[LASER_CW].value, 0);
    assert_int_equal(laser_photodiode_uw(b->model, LASER_CW), 0);
    assert_int_equal(model_next_ns(b->model), MS(2000));
    model_advance(b->model, MS(2100));
    assert_true(b->seen.output[LASER_CW].on);
    assert_int_equal(b->seen.output[LASER_CW].value, 100000);
    assert_int_equal(b->seen.cause[LASER_CW], CAUSE_emission);
    assert_int_equal(b->seen.t_ns[LASER_CW], MS(2000));
    assert_int_equal(laser_photodiode_uw(b->model, LASER_CW), 100000);
}

static void stop_in_the_delay_never_emits_and_the_next_start_waits_again(void **state)
{
    struct bench *b = laser_told(state);
    model_advance(b->model, MS(1900));
    assert_int_equal(model_run(b->model, 0, 1), 0);
    model_advance(b->model, MS(3000));
    assert_false(b->seen.output[LASER_CW].on);
    assert_int_equal(model_run(b->model, 1, 0), 0);
    model_advance(b->model, MS(4999));
    assert_false(b->seen.output[LASER_CW].on);
    model_advance(b->model, MS(5000));
    assert_true(b->seen.output[LASER_CW].on);
}

static void run_command_while_it_waits_does_not_begin_the_delay_anew(void **state)
{
    struct bench *b = laser_told(state);
    model_advance(b->model, MS(1000));
    assert_int_equal(model_run(b->model, 1, 0), 0);
    model_advance(b->model, MS(2000));
    assert_true(b->seen.output[LASER_CW].on);
}

static void watchdog_runs_in_the_delay(void **state)
{
    struct bench *b = *state;
    assert_int_equal(model_run(b->model, 1, 0), 0);
    model_advance(b->model, MS(1000));
    assert_true(b->model->guard.tripped);
    model_advance(b->model, MS(5000));
    assert_false(b->seen.output[LASER_CW].on);
}

static void device_timer_counts_emission(void **state)
{
    struct bench *b = *state;
    b->model->guard.timer_preset_ms = 500;
    b = laser_told(state);
    assert_int_equal(guard_timer_left_ms(&b->model->guard, MS(0)), 0);
    model_advance(b->model, MS(2000));
    assert_int_equal(guard_timer_left_ms(&b->model->guard, MS(2000)), 500);
    model_advance(b->model, MS(2499));
    assert_true(b->seen.output[LASER_CW].on);
    model_advance(b->model, MS(2500));
    assert_false(b->seen.output[LASER_CW].on);
    assert_int_equal(b->seen.cause[LASER_CW], CAUSE_timer);
}

static void either_interlock_ends_emission_and_latches(void **state)
{
    static const enum fault_id interlocks[] = {FAULT_key_off, FAULT_door_open};
    struct bench *b = laser_emitting(state);
    for (unsigned i = 0; i < 2; i++) {
        inject(b, interlocks[i], ARG_COUNT, 0);
        assert_false(b->seen.output[LASER_CW].on);
        assert_int_equal(b->seen.cause[LASER_CW], CAUSE_interlock);
        assert_false(b->model->guard.channel[LASER_CW].run);
        assert_int_equal(laser_key_on(b->model), interlocks[i] != FAULT_key_off);
        assert_int_equal(laser_door_closed(b->model), interlocks[i] != FAULT_door_open);
        model_clear_latches(b->model); /* still open */
        assert_int_equal(model_run(b->model, 1, 0), -EPERM);
        clear(b, interlocks[i]);
        assert_int_equal(model_run(b->model, 1, 0), -EPERM); /* closed, still latched */
        model_clear_latches(b->model);
        assert_int_equal(model_run(b->model, 1, 0), 0);
        model_advance(b->model, b->model->now_ns + 2 * NS_PER_S);
        assert_true(b->seen.output[LASER_CW].on);
    }
}

static void interlock_in_the_delay_never_emits(void **state)
{
    struct bench *b = laser_told(state);
    model_advance(b->model, MS(1000));
    inject(b, FAULT_door_open, ARG_COUNT, 0);
    clear(b, FAULT_door_open);
    model_advance(b->model, MS(5000));
    assert_false(b->seen.output[LASER_CW].on);
    assert_true(b->model->guard.interlock_latched);
}

static void both_interlocks_must_be_closed(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_key_off, ARG_COUNT, 0);
    inject(b, FAULT_door_open, ARG_COUNT, 0);
    clear(b, FAULT_key_off);
    model_clear_latches(b->model);
    assert_true(b->model->guard.interlock_latched);
    clear(b, FAULT_door_open);
    model_clear_latches(b->model);
    assert_false(b->model->guard.interlock_latched);
}

static void open_interlock_survives_a_reboot_as_a_latch(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_door_open, ARG_COUNT, 0);
    inject(b, FAULT_reboot, ARG_COUNT, 0);
    assert_true(b->model->guard.interlock_latched);
    assert_int_equal(model_run(b->model, 1, 0), -EPERM);
}

static void probes_exclude_each_other(void **state)
{
    struct bench *b = laser_told(state);
    assert_int_equal(model_run(b->model, 2, 0), -EPERM);
    assert_int_equal(model_run(b->model, 2, 1), 0); /* one goes, the other comes */
    assert_int_equal(model_run(b->model, 3, 0), -EPERM);
    assert_false(b->model->guard.channel[LASER_CW].run);
}

static void superpulsed_mean_is_peak_times_width_times_rate(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    model_setting_write(b->model, LASER_SP, LASER_POWER, 50000000);
    model_setting_write(b->model, LASER_SP, LASER_SHAPE, 200);
    model_setting_write(b->model, LASER_SP, LASER_RATE, 10000000);
    assert_int_equal(model_run(b->model, 2, 0), 0);
    model_advance(b->model, MS(2000));
    assert_int_equal(b->seen.output[LASER_SP].value, 100000); /* 50 W x 200 ns x 10 kHz */
    assert_int_equal(b->seen.output[LASER_SP].set, 100000);
}

static void chopping_leaves_the_mean(void **state)
{
    struct bench *b = laser_emitting(state);
    assert_int_equal(model_setting_write(b->model, LASER_CW, LASER_SHAPE, 500), 0);
    assert_int_equal(b->seen.output[LASER_CW].value, 100000);
}

static void energy_is_power_over_the_time_of_emission(void **state)
{
    struct bench *b = laser_emitting(state);
    model_advance(b->model, MS(12000));
    assert_int_equal(bench_state(b, 1, "energy_uj"), 1000000); /* 100 mW for 10 s */
    assert_int_equal(bench_state(b, 1, "on_ms"), 10000);
    assert_int_equal(bench_state(b, 2, "energy_uj"), 0);
}

static void failed_regulation_gives_2_3_times_the_set_power(void **state)
{
    struct bench *b = laser_emitting(state);
    inject(b, FAULT_diode, ARG_COUNT, 0);
    assert_int_equal(b->seen.output[LASER_CW].value, 230000);
    assert_int_equal(laser_photodiode_uw(b->model, LASER_CW), 230000);
    inject(b, FAULT_diode, ARG_hidden, 1);
    assert_int_equal(b->seen.output[LASER_CW].value, 230000);
    assert_int_equal(laser_photodiode_uw(b->model, LASER_CW), 100000);
    clear(b, FAULT_diode);
    assert_int_equal(b->seen.output[LASER_CW].value, 100000);
}

static void deliver_misreport_and_hold_do_what_they_do_elsewhere(void **state)
{
    struct bench *b = laser_emitting(state);
    inject(b, FAULT_deliver, ARG_permille, 1300);
    assert_int_equal(b->seen.output[LASER_CW].value, 130000);
    assert_int_equal(laser_photodiode_uw(b->model, LASER_CW), 130000);
    clear(b, FAULT_deliver);
    inject(b, FAULT_misreport, ARG_permille, 500);
    assert_int_equal(b->seen.output[LASER_CW].value, 100000);
    assert_int_equal(laser_photodiode_uw(b->model, LASER_CW), 50000);
    clear(b, FAULT_misreport);
    inject(b, FAULT_hold_level, ARG_COUNT, 0);
    model_setting_write(b->model, LASER_CW, LASER_POWER, 1000);
    assert_int_equal(b->seen.output[LASER_CW].value, 100000);
    model_run(b->model, 0, 1);
    assert_int_equal(b->seen.output[LASER_CW].value, 0);
}

static void stuck_emission_goes_on_and_hidden_shows_none(void **state)
{
    struct bench *b = laser_emitting(state);
    inject(b, FAULT_stuck, ARG_hidden, 1);
    inject(b, FAULT_key_off, ARG_COUNT, 0);
    assert_int_equal(b->seen.output[LASER_CW].value, 100000);
    assert_int_equal(laser_photodiode_uw(b->model, LASER_CW), 0);
    clear(b, FAULT_stuck);
    assert_false(b->seen.output[LASER_CW].on);
}

static void emission_stuck_against_commands_falls_to_the_interlock(void **state)
{
    struct bench *b = laser_emitting(state);
    inject(b, FAULT_stuck, ARG_ignores, STUCK_COMMANDS);
    model_run(b->model, 0, 1);
    assert_true(b->seen.output[LASER_CW].on);
    inject(b, FAULT_key_off, ARG_COUNT, 0);
    assert_false(b->seen.output[LASER_CW].on);
}

static void emission_that_starts_by_itself_knows_no_delay(void **state)
{
    struct bench *b = *state;
    model_setting_write(b->model, LASER_CW, LASER_POWER, 100000);
    inject(b, FAULT_self_start, ARG_channel, 1);
    assert_true(b->seen.output[LASER_CW].on);
    assert_int_equal(b->seen.output[LASER_CW].value, 100000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(emission_begins_2000_ms_after_the_command_not_at_1999),
        T(stop_in_the_delay_never_emits_and_the_next_start_waits_again),
        T(run_command_while_it_waits_does_not_begin_the_delay_anew),
        T(watchdog_runs_in_the_delay),
        T(device_timer_counts_emission),
        T(either_interlock_ends_emission_and_latches),
        T(interlock_in_the_delay_never_emits),
        T(both_interlocks_must_be_closed),
        T(open_interlock_survives_a_reboot_as_a_latch),
        T(probes_exclude_each_other),
        T(superpulsed_mean_is_peak_times_width_times_rate),
        T(chopping_leaves_the_mean),
        T(energy_is_power_over_the_time_of_emission),
        T(failed_regulation_gives_2_3_times_the_set_power),
        T(deliver_misreport_and_hold_do_what_they_do_elsewhere),
        T(stuck_emission_goes_on_and_hidden_shows_none),
        T(emission_stuck_against_commands_falls_to_the_interlock),
        T(emission_that_starts_by_itself_knows_no_delay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
