/* SPDX-License-Identifier: Apache-2.0 */
/* The stimulator under a fake clock: output stage, load, charge, and the faults put into them. */
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

static void jitter_is_in_the_measurement_alone_and_stays_within_its_share(void **state)
{
    struct bench *b = stim_running(state);
    struct stim_measured m;
    bool above = false, below = false;
    inject(b, FAULT_jitter, ARG_permille, 400);
    for (int i = 1; i < 100; i++) { /* within its watchdog */
        model_advance(b->model, MS(10 * i));
        stim_measure(b->model, 0, &m);
        assert_in_range(m.current_ua, 6000, 14000);
        above = above || m.current_ua > 12000;
        below = below || m.current_ua < 8000;
        assert_int_equal(b->seen.output[0].value, 10000);
    }
    assert_true(above && below);
    clear(b, FAULT_jitter);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.current_ua, 10000);
}

static void a_set_point_that_alters_is_what_comes_out(void **state)
{
    struct bench *b = stim_running(state);
    inject(b, FAULT_alter_set, ARG_permille, 1100);
    assert_int_equal(b->seen.output[0].set, 11000);
    assert_int_equal(b->seen.output[0].value, 11000);
    assert_int_equal(b->model->setting[0][STIM_AMPLITUDE], 11000);
    inject(b, FAULT_alter_set, ARG_permille, 100000);
    assert_int_equal(b->seen.output[0].set, 100000); /* no further than the device goes */
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

static void channel_that_is_not_there_is_refused(void **state)
{
    struct bench *b = *state;
    struct fault_args args = {.present = 1u << ARG_channel};
    args.value[ARG_channel] = 3;
    assert_int_equal(model_inject(b->model, FAULT_open, &args), -EINVAL);
    args.present = 0;
    assert_int_equal(model_inject(b->model, FAULT_dry, &args), -ENOTSUP);
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
    assert_int_equal(m.net_permille, 1000);
    clear(b, FAULT_drop_phase);
    stim_measure(b->model, 0, &m);
    assert_int_equal(m.net_permille, 0);
    model_advance(b->model, MS(20000));
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), 1250);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(switched_on_device_is_at_rest_with_minimum_settings),
        T(current_is_limited_by_compliance),
        T(contact_follows_impedance),
        T(open_electrode_of_one_channel_leaves_the_other),
        T(impedance_ramp_goes_on_in_small_steps),
        T(hidden_stuck_output_is_reported_at_rest),
        T(over_delivery_and_misreport_are_independent),
        T(jitter_is_in_the_measurement_alone_and_stays_within_its_share),
        T(a_set_point_that_alters_is_what_comes_out),
        T(held_level_ignores_set_points_but_not_rest),
        T(channel_that_is_not_there_is_refused),
        T(charge_follows_the_shape_of_the_pulse),
        T(missing_second_phase_leaves_a_net_charge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
