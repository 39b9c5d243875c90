/* SPDX-License-Identifier: Apache-2.0 */
/* The stimulator under a fake clock: watchdog, timer, latches, output stage, and the faults put into them. */
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

static void switched_on_device_is_at_rest_with_minimum_settings(void **state)
{
    struct bench *b = *state;
    assert_int_equal(b->seen.changes, 2);
    for (unsigned c = 0; c < 2; c++) {
        assert_false(b->seen.output[c].on);
        assert_int_equal(b->seen.cause[c], CAUSE_switch_on);
        for (unsigned i = 0; i < STIM_SETTINGS; i++)
            assert_int_equal(b->model->setting[c][i], stim_kind.channel[c].setting[i].least);
    }
    assert_int_equal(model_next_ns(b->model), INT64_MAX);
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

static void current_is_limited_by_compliance(void **state)
{
    struct bench *b = stim_running(state);
    struct stim_measured m;
    inject(b, FAULT_impedance, ARG_ohm, 10000); /* 100 V / 10 kohm = 10 mA: just enough */
    assert_int_equal(b->seen.output[0].value, 10000);
    inject(b, FAULT_impedance, ARG_ohm, 20000);
    assert_int_equal(b->seen.output[0].value, 5000);
    assert_true(b->seen.output[0].on); /* the device does not rest by itself */
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.voltage_mv, 100000);
    assert_int_equal(m.contact, LOAD_CONTACT_LOST);
}

static void contact_follows_impedance(void **state)
{
    static const struct {
        int ohm;
        enum load_contact contact;
    } cases[] = {{200, LOAD_CONTACT_GOOD},   {3000, LOAD_CONTACT_GOOD},  {3001, LOAD_CONTACT_POOR},
                 {10000, LOAD_CONTACT_POOR}, {10001, LOAD_CONTACT_LOST}, {100000, LOAD_CONTACT_LOST}};
    struct bench *b = stim_running(state);
    struct stim_measured m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        inject(b, FAULT_impedance, ARG_ohm, cases[i].ohm);
        stim_measure(b->model, 0, &m);
        assert_int_equal(m.impedance_ohm, cases[i].ohm);
        assert_int_equal(m.contact, cases[i].contact);
    }
    inject(b, FAULT_short, ARG_COUNT, 0);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.contact, LOAD_CONTACT_SHORTED);
    clear(b, FAULT_short);
    inject(b, FAULT_half_lift, ARG_COUNT, 0);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.contact, LOAD_CONTACT_POOR);
    clear(b, FAULT_half_lift);
    model_run(b->model, 0, 1);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.contact, LOAD_CONTACT_UNKNOWN);
    assert_int_equal(m.impedance_ohm, 0);
}

static void open_electrode_of_one_channel_leaves_the_other(void **state)
{
    struct bench *b = stim_running(state);
    model_setting_write(b->model, 1, STIM_AMPLITUDE, 10000);
    model_run(b->model, 2, 0);
    inject(b, FAULT_open, ARG_channel, 2);
    assert_int_equal(b->seen.output[0].value, 10000);
    assert_int_equal(b->seen.output[1].value, 100); /* 100 V / 1 Mohm */
    assert_int_equal(b->seen.cause[1], CAUSE_injected);
}

static void impedance_ramp_goes_on_in_small_steps(void **state)
{
    struct bench *b = stim_running(state);
    struct fault_args args = {.present = 1u << ARG_ohm | 1u << ARG_ramp_ms};
    args.value[ARG_ohm] = 3000;
    args.value[ARG_ramp_ms] = 400;
    struct stim_measured m;
    assert_int_equal(model_inject(b->model, FAULT_impedance, &args), 0);
    model_advance(b->model, MS(200));
    stim_measure(b->model, 0, &m);
    assert_in_range(m.impedance_ohm, 1990, 2010);
    model_advance(b->model, MS(400));
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.impedance_ohm, 3000);
    model_advance(b->model, MS(800));
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.impedance_ohm, 3000);
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

static void hidden_stuck_output_is_reported_at_rest(void **state)
{
    struct bench *b = stim_running(state);
    struct stim_measured m;
    inject(b, FAULT_stuck, ARG_hidden, 1);
    model_run(b->model, 0, 1);
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].value, 10000);
    assert_false(guard_reported_on(&b->model->guard, 0));
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.current_ua, 0);
}

static void over_delivery_and_misreport_are_independent(void **state)
{
    struct bench *b = stim_running(state);
    struct stim_measured m;
    inject(b, FAULT_deliver, ARG_permille, 1300);
    assert_int_equal(b->seen.output[0].value, 13000);
    assert_int_equal(b->seen.output[0].set, 10000);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.current_ua, 13000);
    clear(b, FAULT_deliver);
    inject(b, FAULT_misreport, ARG_permille, 1300);
    assert_int_equal(b->seen.output[0].value, 10000);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.current_ua, 13000);
}

static void held_level_ignores_set_points_but_not_rest(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_hold_level, ARG_channel, 1);
    model_setting_write(b->model, 0, STIM_AMPLITUDE, 1000);
    assert_int_equal(b->seen.output[0].value, 10000);
    assert_int_equal(b->seen.output[0].set, 1000);
    model_run(b->model, 0, 1);
    assert_false(b->seen.output[0].on);
    clear(b, FAULT_hold_level);
    model_run(b->model, 1, 0);
    assert_int_equal(b->seen.output[0].value, 1000);
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

static void channel_that_is_not_there_is_refused(void **state)
{
    struct bench *b = *state;
    struct fault_args args = {.present = 1u << ARG_channel};
    args.value[ARG_channel] = 3;
    assert_int_equal(model_inject(b->model, FAULT_open, &args), -EINVAL);
    args.present = 0;
    assert_int_equal(model_inject(b->model, FAULT_dry, &args), -ENOTSUP);
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

/* 10 mA, 500 us at 100 Hz for 10 s: 5000 uC each way while pulses come. */
static struct bench *pulsing(void **state, enum stim_waveform waveform)
{
    struct bench *b = *state;
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    model_setting_write(b->model, 0, STIM_PHASE_WIDTH, 500);
    model_setting_write(b->model, 0, STIM_PULSE_RATE, 100000);
    model_setting_write(b->model, 0, STIM_PHASE2_WIDTH, 1000);
    model_setting_write(b->model, 0, STIM_AMPLITUDE2, 500);
    model_setting_write(b->model, 0, STIM_BURST_DUTY, 250);
    assert_int_equal(model_setting_write(b->model, 0, STIM_WAVEFORM, (int32_t)waveform), 0);
    return stim_running(state);
}

static void charge_follows_the_shape_of_the_pulse(void **state)
{
    static const struct {
        enum stim_waveform waveform;
        int64_t charge_uc;
        int64_t net_uc;
    } cases[] = {{STIM_SYMMETRIC, 10000, 0}, {STIM_ASYMMETRIC, 10000, 0}, {STIM_MONOPHASIC, 5000, 5000},
                 {STIM_SINE, 63662, 0},      {STIM_RUSSIAN, 15915, 0},    {STIM_BURSTS, 2500, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(bench_free(state), 0);
        assert_int_equal(setup(state), 0);
        struct bench *b = pulsing(state, cases[i].waveform);
        model_advance(b->model, MS(10000));
        assert_int_equal(bench_state(b, 1, "charge_uc"), cases[i].charge_uc);
        assert_int_equal(bench_state(b, 1, "net_charge_uc"), cases[i].net_uc);
    }
}

static void missing_second_phase_leaves_a_net_charge(void **state)
{
    struct bench *b = pulsing(state, STIM_BURSTS);
    struct stim_measured m;
    inject(b, FAULT_drop_phase, ARG_channel, 1);
    model_advance(b->model, MS(10000));
    assert_int_equal(bench_state(b, 1, "charge_uc"), 1250);
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), 1250);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.current_ua, 10000);
    clear(b, FAULT_drop_phase);
    model_advance(b->model, MS(20000));
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), 1250);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(switched_on_device_is_at_rest_with_minimum_settings),
        T(unfed_watchdog_trips_at_1000_ms_not_at_999),
        T(fed_watchdog_counts_from_the_last_feed),
        T(watchdog_does_not_run_at_rest),
        T(second_output_does_not_restart_the_watchdog),
        T(trip_refuses_start_until_cleared_and_never_a_stop),
        T(device_variant_resumes_when_fed_late),
        T(timer_rests_outputs_at_its_end_and_latches_nothing),
        T(timer_is_loaded_only_when_all_were_at_rest),
        T(stalled_timer_stands_still_and_goes_on_when_cleared),
        T(current_is_limited_by_compliance),
        T(contact_follows_impedance),
        T(open_electrode_of_one_channel_leaves_the_other),
        T(impedance_ramp_goes_on_in_small_steps),
        T(stuck_output_ignores_every_way_to_rest),
        T(output_stuck_against_commands_falls_to_the_watchdog),
        T(hidden_stuck_output_is_reported_at_rest),
        T(over_delivery_and_misreport_are_independent),
        T(held_level_ignores_set_points_but_not_rest),
        T(device_fault_rests_and_stays_until_its_cause_is_gone),
        T(patient_stop_stays_latched_after_release),
        T(reboot_returns_at_rest_with_minimum_settings),
        T(reboot_with_bad_memory_returns_with_its_output),
        T(self_started_output_is_under_the_watchdog),
        T(channel_that_is_not_there_is_refused),
        T(late_look_runs_every_event_at_its_own_time),
        T(charge_follows_the_shape_of_the_pulse),
        T(missing_second_phase_leaves_a_net_charge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
