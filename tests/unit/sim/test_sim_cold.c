/* SPDX-License-Identifier: Apache-2.0 */
/* The cold unit under a fake clock: its set point is its output, the pad follows it, the skin follows the pad. */
#include "bench.h"
#include "model/cold.h"

#include <errno.h>

static int setup(void **state)
{
    return bench_new(state, &cold_kind);
}

static int set_to(struct bench *b, int32_t millic)
{
    return model_setting_write(b->model, 0, COLD_SET_POINT, millic);
}

/* Cooling to 10 degC since T0, the watchdog out of the way. */
static struct bench *cooling(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    assert_int_equal(set_to(b, 10000), 0);
    assert_true(b->seen.output[0].on);
    return b;
}

static struct bench *cold_for_a_minute(void **state)
{
    struct bench *b = cooling(state);
    model_advance(b->model, MS(60000));
    assert_int_equal(b->seen.output[0].value, 10000);
    return b;
}

static struct cold_measured measured(const struct bench *b)
{
    struct cold_measured m;
    cold_measure(b->model, &m);
    return m;
}

static void switched_on_pad_is_at_rest_at_25_degc(void **state)
{
    struct bench *b = *state;
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].value, 25000);
    assert_int_equal(b->seen.output[0].set, 25000);
    model_advance(b->model, MS(60000));
    assert_int_equal(b->seen.output[0].value, 25000);
    assert_false(b->model->guard.tripped);
}

static void pad_moves_one_kelvin_a_second_and_arrives(void **state)
{
    struct bench *b = cooling(state);
    assert_int_equal(b->seen.output[0].value, 25000);
    assert_int_equal(b->seen.output[0].set, 10000);
    model_advance(b->model, MS(5000));
    assert_int_equal(b->seen.output[0].value, 20000);
    assert_int_equal(b->seen.cause[0], CAUSE_load);
    assert_int_equal(measured(b).cooling_permille, 1000);
    model_advance(b->model, MS(15100));
    assert_int_equal(b->seen.output[0].value, 10000);
    assert_int_equal(measured(b).cooling_permille, 450);
    assert_int_equal(model_next_ns(b->model), INT64_MAX);
}

static void stop_is_seen_at_once_and_the_pad_warms_after_it(void **state)
{
    struct bench *b = cold_for_a_minute(state);
    assert_int_equal(set_to(b, 25000), 0);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].set, 25000);
    assert_int_equal(b->seen.output[0].value, 10000);
    model_advance(b->model, MS(70000));
    assert_int_equal(b->seen.output[0].value, 20000);
    model_advance(b->model, MS(75100));
    assert_int_equal(b->seen.output[0].value, 25000);
}

static void pad_of_10_degc_gives_skin_of_12_8_after_20_minutes(void **state)
{
    struct bench *b = cooling(state);
    model_advance(b->model, MS(20 * 60 * 1000));
    assert_in_range(bench_state(b, 1, "skin_millic"), 12700, 12900);
    assert_in_range(measured(b).skin_millic, 12700, 12900);
    assert_int_equal(measured(b).sensor, COLD_SENSOR_ON_SKIN);
}

static void skin_keeps_its_time_constant_and_takes_another(void **state)
{
    struct bench *b = cooling(state);
    /* One time constant after the pad arrived: 33 - 20.3 x (1 - 1/e), and a little for the 15 s the pad took. */
    model_advance(b->model, MS(255000));
    assert_in_range(bench_state(b, 1, "skin_millic"), 19700, 20900);
    assert_int_equal(model_tune(b->model, COLD_SKIN_TAU_MS, 1000), 0);
    model_advance(b->model, MS(265000));
    assert_in_range(bench_state(b, 1, "skin_millic"), 12690, 12710);
    assert_int_equal(model_tune(b->model, COLD_SKIN_TAU_MS, 0), -ERANGE);
}

static void cold_dose_counts_degrees_below_15(void **state)
{
    struct bench *b = cooling(state);
    model_tune(b->model, COLD_SKIN_TAU_MS, 10);
    model_advance(b->model, MS(60000));
    int64_t before = bench_state(b, 1, "cold_dose_millic_min");
    model_advance(b->model, MS(120000));
    assert_in_range(bench_state(b, 1, "cold_dose_millic_min") - before, 2290, 2310); /* (15 - 12.7) K x 1 min */
    set_to(b, 14000);                                                                /* skin 16.3 degC: no dose */
    model_advance(b->model, MS(180000));
    before = bench_state(b, 1, "cold_dose_millic_min");
    model_advance(b->model, MS(240000));
    assert_int_equal(bench_state(b, 1, "cold_dose_millic_min"), before);
}

static void every_way_to_rest_writes_rest_into_the_set_point(void **state)
{
    struct bench *b = *state;
    assert_int_equal(set_to(b, 10000), 0);
    model_advance(b->model, MS(1000));
    assert_int_equal(b->seen.output[0].set, 25000);
    assert_int_equal(b->model->setting[0][COLD_SET_POINT], 25000);
    assert_true(b->model->guard.tripped);
    assert_int_equal(set_to(b, 24900), -EPERM);
    assert_int_equal(set_to(b, 30000), 0); /* warmer always */
    assert_int_equal(set_to(b, 25000), 0);
    model_clear_latches(b->model);
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);

    b->model->guard.timer_preset_ms = 300;
    assert_int_equal(set_to(b, 10000), 0);
    model_advance(b->model, MS(1300));
    assert_int_equal(b->seen.output[0].set, 25000);
    assert_false(guard_latched(&b->model->guard));
    b->model->guard.timer_preset_ms = 0;

    assert_int_equal(set_to(b, 10000), 0);
    inject(b, FAULT_patient_stop, ARG_COUNT, 0);
    assert_int_equal(b->seen.output[0].set, 25000);
    assert_int_equal(b->seen.cause[0], CAUSE_patient_stop);
    clear(b, FAULT_patient_stop);
    model_clear_latches(b->model);

    assert_int_equal(set_to(b, 10000), 0);
    inject(b, FAULT_device_fault, ARG_code, 2);
    assert_int_equal(b->seen.output[0].set, 25000);
}

static void colder_set_point_does_not_restart_the_watchdog(void **state)
{
    struct bench *b = *state;
    set_to(b, 20000);
    model_advance(b->model, MS(900));
    set_to(b, 10000);
    model_advance(b->model, MS(1000));
    assert_true(b->model->guard.tripped);
}

static void set_point_keeps_its_range(void **state)
{
    struct bench *b = *state;
    assert_int_equal(set_to(b, 4900), -ERANGE);
    assert_int_equal(set_to(b, 30100), -ERANGE);
    assert_int_equal(set_to(b, 5000), 0);
    assert_int_equal(set_to(b, 30000), 0);
    assert_false(b->seen.output[0].on);
}

static void stuck_pad_goes_on_cooling_whatever_the_set_point_says(void **state)
{
    struct bench *b = cold_for_a_minute(state);
    inject(b, FAULT_stuck, ARG_COUNT, 0);
    set_to(b, 25000);
    model_advance(b->model, MS(120000));
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].set, 25000);
    assert_int_equal(b->seen.output[0].value, 10000);
    assert_int_equal(measured(b).pad_millic, 10000);
    inject(b, FAULT_stuck, ARG_hidden, 1);
    assert_int_equal(measured(b).pad_millic, 25000);
    assert_int_equal(measured(b).skin_millic, bench_state(b, 1, "skin_millic")); /* this sensor still tells the truth */
    clear(b, FAULT_stuck);
    assert_false(b->seen.output[0].on);
    model_advance(b->model, MS(140000));
    assert_int_equal(b->seen.output[0].value, 25000);
}

static void deliver_and_misreport_are_shares_of_the_degrees_below_rest(void **state)
{
    struct bench *b = cold_for_a_minute(state);
    inject(b, FAULT_deliver, ARG_permille, 1200);
    model_advance(b->model, MS(70000));
    assert_int_equal(b->seen.output[0].value, 7000);
    assert_int_equal(measured(b).pad_millic, 7000);
    inject(b, FAULT_misreport, ARG_permille, 500);
    assert_int_equal(b->seen.output[0].value, 7000);
    assert_int_equal(measured(b).pad_millic, 16000);
    clear(b, FAULT_deliver);
    clear(b, FAULT_misreport);
    model_advance(b->model, MS(80000));
    assert_int_equal(b->seen.output[0].value, 10000);
}

static void held_pad_ignores_set_points_but_not_rest(void **state)
{
    struct bench *b = cold_for_a_minute(state);
    inject(b, FAULT_hold_level, ARG_COUNT, 0);
    set_to(b, 20000);
    model_advance(b->model, MS(90000));
    assert_int_equal(b->seen.output[0].value, 10000);
    set_to(b, 25000);
    model_advance(b->model, MS(120000));
    assert_int_equal(b->seen.output[0].value, 25000);
}

static void runaway_cools_below_the_set_point_until_it_is_rested(void **state)
{
    struct bench *b = cold_for_a_minute(state);
    inject(b, FAULT_runaway, ARG_COUNT, 0);
    model_advance(b->model, MS(65000));
    assert_int_equal(b->seen.output[0].value, 5000);
    model_advance(b->model, MS(90000));
    assert_int_equal(b->seen.output[0].value, 0);
    assert_int_equal(measured(b).pad_millic, 0);
    set_to(b, 25000);
    model_advance(b->model, MS(120000));
    assert_int_equal(b->seen.output[0].value, 25000);
}

static void unit_that_starts_by_itself_cools(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    inject(b, FAULT_self_start, ARG_COUNT, 0);
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].set, 5000);
    model_advance(b->model, MS(10000));
    assert_int_equal(b->seen.output[0].value, 15000);
    clear(b, FAULT_self_start);
    assert_int_equal(b->seen.output[0].set, 25000);
}

static void variant_resumes_its_set_point_when_fed_late(void **state)
{
    struct bench *b = *state;
    inject(b, FAULT_resume_when_fed, ARG_COUNT, 0);
    set_to(b, 12000);
    model_advance(b->model, MS(1500));
    assert_int_equal(b->seen.output[0].set, 25000);
    model_feed(b->model, 1);
    assert_int_equal(b->seen.output[0].set, 12000);
    assert_int_equal(b->seen.cause[0], CAUSE_resumed);
}

static void reboot_rests_or_comes_back_as_it_was(void **state)
{
    struct bench *b = cold_for_a_minute(state);
    inject(b, FAULT_reboot, ARG_ms, 100);
    assert_int_equal(b->seen.output[0].set, 25000);
    model_advance(b->model, MS(60200));
    assert_false(b->seen.output[0].on);
    set_to(b, 10000);
    inject(b, FAULT_reboot, ARG_restart, RESTART_OUTPUT);
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].set, 10000);
}

static void skin_sensor_can_lie_hang_in_the_air_or_be_missing(void **state)
{
    struct bench *b = cold_for_a_minute(state);
    int64_t skin = bench_state(b, 1, "skin_millic");
    inject(b, FAULT_skin_temperature, ARG_COUNT, 0); /* frozen */
    model_advance(b->model, MS(300000));
    assert_int_equal(measured(b).skin_millic, skin);
    assert_true(bench_state(b, 1, "skin_millic") < skin - 5000);
    inject(b, FAULT_skin_temperature, ARG_millic, 8000);
    assert_int_equal(measured(b).skin_millic, 8000);
    assert_int_equal(measured(b).sensor, COLD_SENSOR_ON_SKIN);
    clear(b, FAULT_skin_temperature);
    inject(b, FAULT_skin_off, ARG_COUNT, 0);
    assert_int_equal(measured(b).skin_millic, 25000);
    assert_int_equal(measured(b).sensor, COLD_SENSOR_OFF);
    clear(b, FAULT_skin_off);
    inject(b, FAULT_skin_none, ARG_COUNT, 0);
    assert_false(measured(b).skin_known);
    assert_int_equal(measured(b).sensor, COLD_SENSOR_OFF);
    clear(b, FAULT_skin_none);
    assert_int_equal(measured(b).skin_millic, bench_state(b, 1, "skin_millic"));
}

static void faults_of_other_kinds_are_refused(void **state)
{
    struct bench *b = *state;
    struct fault_args none = {0};
    assert_int_equal(model_inject(b->model, FAULT_open, &none), -ENOTSUP);
    assert_int_equal(model_inject(b->model, FAULT_key_off, &none), -ENOTSUP);
    assert_int_equal(model_clear(b->model, FAULT_polarity, &none), -ENOTSUP);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(switched_on_pad_is_at_rest_at_25_degc),
        T(pad_moves_one_kelvin_a_second_and_arrives),
        T(stop_is_seen_at_once_and_the_pad_warms_after_it),
        T(pad_of_10_degc_gives_skin_of_12_8_after_20_minutes),
        T(skin_keeps_its_time_constant_and_takes_another),
        T(cold_dose_counts_degrees_below_15),
        T(every_way_to_rest_writes_rest_into_the_set_point),
        T(colder_set_point_does_not_restart_the_watchdog),
        T(set_point_keeps_its_range),
        T(stuck_pad_goes_on_cooling_whatever_the_set_point_says),
        T(deliver_and_misreport_are_shares_of_the_degrees_below_rest),
        T(held_pad_ignores_set_points_but_not_rest),
        T(runaway_cools_below_the_set_point_until_it_is_rested),
        T(unit_that_starts_by_itself_cools),
        T(variant_resumes_its_set_point_when_fed_late),
        T(reboot_rests_or_comes_back_as_it_was),
        T(skin_sensor_can_lie_hang_in_the_air_or_be_missing),
        T(faults_of_other_kinds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
