/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated P24 by itself, from frames as the documents print them: what it answers, what it refuses, and what
 * truly comes out of it as time goes by. Time is the test's own.
 */
#include "hex.h"

#include <string.h>

#include "device.h"
#include "front/p24_codec.h"
#include "front/p24_command.h"
#include "front/p24_front.h"
#include "modality/clock.h"
#include "model/p24.h"

#define START_NS (1000 * NS_PER_S)

struct heard {
    struct model *model;
    enum cause cause[P24_CHANNELS];
};

static void take_change(void *ctx, unsigned channel, const struct model_output *output, enum cause cause, int64_t t_ns)
{
    struct heard *h = ctx;
    (void)output;
    (void)t_ns;
    h->cause[channel] = cause;
}

static int setup(void **state)
{
    static struct heard h;
    h = (struct heard){0};
    h.model = model_new(&p24_kind, (struct model_sink){take_change, &h}, START_NS);
    assert_non_null(h.model);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    model_free(((struct heard *)*state)->model);
    return 0;
}

static void later(struct model *m, int64_t ms)
{
    model_advance(m, m->now_ns + ms * NS_PER_MS);
}

static struct p24_pulse pulse(int32_t ua)
{
    return (struct p24_pulse){.points = 2, .point = {{200, ua}, {200, -ua}}, .period_us = 20000};
}

static enum p24_result update(struct model *m, uint32_t mask, int32_t ua)
{
    struct p24_pulse pulses[P24_CHANNELS];
    for (int i = 0; i < P24_CHANNELS; i++)
        pulses[i] = pulse(ua);
    return p24_mid_update(m, mask, pulses);
}

static bool on(const struct model *m, unsigned channel)
{
    return m->last[channel].on;
}

static int64_t value(const struct model *m, unsigned channel)
{
    return m->last[channel].value;
}

struct asked {
    unsigned channel;
    const char *name;
    int64_t value;
};

static void take_state(void *ctx, unsigned channel, const char *name, int64_t v)
{
    struct asked *a = ctx;
    if (channel == a->channel && strcmp(name, a->name) == 0)
        a->value = v;
}

static int64_t state_of(const struct model *m, unsigned channel, const char *name)
{
    struct asked a = {channel, name, -1};
    model_state(m, take_state, &a);
    return a.value;
}

/* ---- levels ---- */

static void levels_exclude_each_other(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct p24_pulse p = pulse(20000);
    assert_int_equal(p24_mode(m), P24_NOTHING);
    assert_int_equal(update(m, 1, 20000), P24_NOT_INITIALISED);
    assert_int_equal(p24_low_pulse(m, 0, true, &p), P24_NOT_INITIALISED);
    assert_int_equal(p24_low_init(m, true), P24_OK);
    assert_int_equal(p24_mode(m), P24_LOW_LEVEL);
    assert_int_equal(p24_mid_init(m, true), P24_NOT_INITIALISED);
    assert_int_equal(p24_mid_stop(m), P24_NOT_INITIALISED);
    assert_true(p24_voltage(m));
    assert_int_equal(p24_low_stop(m), P24_OK);
    assert_false(p24_voltage(m));
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(p24_low_init(m, true), P24_NOT_INITIALISED);
    assert_int_equal(p24_low_stop(m), P24_NOT_INITIALISED);
    assert_int_equal(p24_mode(m), P24_MID_LEVEL);
    assert_int_equal(p24_mid_stop(m), P24_OK);
    assert_int_equal(p24_mode(m), P24_NOTHING);
}

static void one_low_level_pulse_ends_by_itself(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct p24_pulse p = {.points = 2, .point = {{4000, 20000}, {4000, -20000}}};
    assert_int_equal(p24_low_init(m, true), P24_OK);
    assert_int_equal(p24_low_pulse(m, 3, false, &p), P24_OK);
    assert_false(on(m, 3));
    assert_int_equal(p24_low_pulse(m, 3, true, &p), P24_OK);
    assert_true(on(m, 3));
    assert_int_equal(value(m, 3), 20000);
    later(m, 30);
    assert_false(on(m, 3));
    assert_true(p24_voltage(m)); /* nothing takes that away but a stop */
    later(m, 60000);
    assert_true(p24_voltage(m));
}

/* ---- updates ---- */

static void update_starts_changes_and_stops(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(update(m, 0x81, 20000), P24_OK);
    assert_int_equal(p24_mode(m), P24_MID_LEVEL_RUNNING);
    assert_int_equal(value(m, 0), 20000);
    assert_int_equal(value(m, 7), 20000);
    assert_int_equal(update(m, 0x80, 10000), P24_OK);
    assert_false(on(m, 0));
    assert_int_equal(value(m, 7), 10000);
    assert_int_equal(update(m, 0, 0), P24_OK);
    assert_false(on(m, 7));
    assert_int_equal(p24_mode(m), P24_MID_LEVEL);
    assert_true(p24_voltage(m));
}

static void what_is_out_of_range_is_refused_whole(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct p24_pulse pulses[P24_CHANNELS] = {pulse(130000), pulse(20000)};
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_OK);
    pulses[0].point[0].current_ua = 130500;
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_PARAMETER_ERROR);
    pulses[0].point[0].current_ua = 131000;
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_PARAMETER_ERROR);
    pulses[0].point[0].current_ua = -130500;
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_PARAMETER_ERROR);
    pulses[0] = pulse(20000);
    pulses[0].period_us = 250;
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_PARAMETER_ERROR);
    pulses[0].period_us = 16383250;
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_PARAMETER_ERROR);
    pulses[0] = pulse(20000);
    pulses[0].points = 0;
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_PARAMETER_ERROR);
    assert_int_equal(value(m, 0), 130000); /* nothing of them acted */
}

static void more_than_a_second_of_each_second_is_refused(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct p24_pulse pulses[P24_CHANNELS] = {pulse(0), pulse(0), pulse(0)};
    for (int i = 0; i < 3; i++)
        pulses[i].period_us = 1380; /* 460 us: a third of it */
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(p24_mid_update(m, 7, pulses), P24_PULSE_TIMEOUT);
    assert_int_equal(p24_mid_update(m, 3, pulses), P24_OK);
}

static void ramp_rises_pulse_by_pulse(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct p24_pulse pulses[P24_CHANNELS] = {pulse(20000)};
    pulses[0].ramp = 3;
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(p24_mid_update(m, 1, pulses), P24_OK);
    assert_int_equal(value(m, 0), 5000);
    later(m, 30);
    assert_int_equal(value(m, 0), 10000);
    later(m, 20);
    assert_int_equal(value(m, 0), 15000);
    later(m, 20);
    assert_int_equal(value(m, 0), 20000);
    assert_int_equal(p24_mid_update(m, 1, pulses), P24_OK); /* only where a channel is switched on */
    assert_int_equal(value(m, 0), 20000);
}

static void charge_is_counted_each_way(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(update(m, 1, 20000), P24_OK);
    later(m, 1000); /* 50 pulses of 2 x 4 uC */
    assert_in_range(state_of(m, 1, "charge_uc"), 399, 401);
    assert_int_equal(state_of(m, 1, "net_charge_uc"), 0);
    assert_int_equal(model_inject(m, FAULT_drop_phase, &(struct fault_args){0}), 0);
    later(m, 500);
    assert_in_range(state_of(m, 1, "net_charge_uc"), 99, 101);
}

/* ---- the watchdog ---- */

static void watchdog_pauses_after_two_seconds(void **state)
{
    struct heard *h = *state;
    struct model *m = h->model;
    struct p24_report report;
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(update(m, 1, 20000), P24_OK);
    later(m, 1999);
    assert_true(on(m, 0));
    assert_int_equal(p24_mid_data(m, &report), P24_OK); /* a question feeds it */
    later(m, 1999);
    assert_true(on(m, 0));
    later(m, 1);
    assert_false(on(m, 0));
    assert_int_equal(h->cause[0], CAUSE_watchdog);
    assert_int_equal(p24_mode(m), P24_MID_LEVEL);
    assert_true(p24_voltage(m));
    assert_int_equal(p24_mid_data(m, &report), P24_OK);
    assert_int_equal(report.active, 0);
    later(m, 10);
    assert_false(on(m, 0)); /* a late feed does not bring it back, an update does */
    assert_int_equal(update(m, 1, 20000), P24_OK);
    assert_true(on(m, 0));
}

/* ---- loads ---- */

static void electrode_stops_all_or_one(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct fault_args args = {.present = 1u << ARG_channel};
    struct p24_report report;
    args.value[ARG_channel] = 2;
    for (int all = 0; all < 2; all++) {
        assert_int_equal(p24_mid_init(m, all), P24_OK);
        assert_int_equal(update(m, 3, 15000), P24_OK);
        assert_int_equal(model_inject(m, FAULT_open, &args), 0);
        assert_false(on(m, 1));
        assert_int_equal(on(m, 0), !all);
        assert_int_equal(p24_mid_data(m, &report), P24_OK);
        assert_int_equal(report.state[1], P24_STATE_ELECTRODE);
        assert_int_equal(report.state[0], P24_STATE_OK);
        assert_int_equal(report.active, all ? 0 : 1);
        assert_int_equal(model_clear(m, FAULT_open, &args), 0);
        assert_int_equal(update(m, 3, 15000), P24_OK);
        assert_int_equal(p24_mid_data(m, &report), P24_OK);
        assert_int_equal(report.state[1], P24_STATE_OK);
    }
}

static void electrode_is_not_found_below_15_ma(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(update(m, 1, 14500), P24_OK);
    assert_int_equal(model_inject(m, FAULT_open, &(struct fault_args){0}), 0);
    assert_true(on(m, 0));
    assert_int_equal(value(m, 0), 150); /* 150 V over what is left */
}

static void load_beyond_150_v_is_low_current(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct fault_args args = {.present = 1u << ARG_ohm};
    struct p24_report report;
    args.value[ARG_ohm] = 3000;
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(model_inject(m, FAULT_impedance, &args), 0);
    assert_int_equal(update(m, 1, 50000), P24_OK); /* exactly 150 V */
    assert_true(on(m, 0));
    assert_int_equal(update(m, 1, 50500), P24_OK);
    assert_false(on(m, 0));
    assert_int_equal(p24_mid_data(m, &report), P24_OK);
    assert_int_equal(report.state[0], P24_STATE_LOW_CURRENT);
}

/* ---- power ---- */

static void power_takes_everything(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    struct fault_args args = {.present = 1u << ARG_ms};
    args.value[ARG_ms] = 100;
    assert_int_equal(p24_mid_init(m, true), P24_OK);
    assert_int_equal(update(m, 1, 20000), P24_OK);
    model_reboot(m, &args);
    assert_false(on(m, 0));
    assert_true(model_is_down(m));
    later(m, 100);
    assert_false(model_is_down(m));
    assert_int_equal(p24_mode(m), P24_NOTHING);
    assert_false(p24_voltage(m));
    assert_int_equal(update(m, 1, 20000), P24_NOT_INITIALISED);
}

static void faults_it_cannot_have_are_refused(void **state)
{
    struct model *m = ((struct heard *)*state)->model;
    const struct fault_args none = {0};
    assert_true(model_inject(m, FAULT_patient_stop, &none) < 0);
    assert_true(model_inject(m, FAULT_stall_timer, &none) < 0);
    assert_true(model_inject(m, FAULT_contact_lost, &none) < 0);
    assert_int_equal(model_inject(m, FAULT_no_watchdog, &none), 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(levels_exclude_each_other),
        T(one_low_level_pulse_ends_by_itself),
        T(update_starts_changes_and_stops),
        T(what_is_out_of_range_is_refused_whole),
        T(more_than_a_second_of_each_second_is_refused),
        T(ramp_rises_pulse_by_pulse),
        T(charge_is_counted_each_way),
        T(watchdog_pauses_after_two_seconds),
        T(electrode_stops_all_or_one),
        T(electrode_is_not_found_below_15_ma),
        T(load_beyond_150_v_is_low_current),
        T(power_takes_everything),
        T(faults_it_cannot_have_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
