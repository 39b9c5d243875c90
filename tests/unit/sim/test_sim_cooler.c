/* SPDX-License-Identifier: Apache-2.0 */
/* The laboratory cooler under a fake clock: it cools whenever it has power, and nothing but its set point rests it. */
#include "bench.h"
#include "model/cooler.h"

static int setup(void **state)
{
    int r = bench_new(state, &cooler_kind);
    struct bench *b = *state;
    return r < 0 ? r : model_tune(b->model, COOLER_BLOCK_MS_PER_K, 1000);
}

static int set_to(struct bench *b, int32_t millic)
{
    return model_setting_write(b->model, 0, COOLER_SET_POINT, millic);
}

static void power_alone_makes_it_cool_to_its_set_point(void **state)
{
    struct bench *b = *state;
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_switch_on);
    assert_int_equal(b->seen.output[0].set, 5000);
    assert_int_equal(b->seen.output[0].value, 25000);
    model_advance(b->model, MS(20100));
    assert_int_equal(b->seen.output[0].value, 5000);
    model_advance(b->model, MS(3600 * 1000)); /* nobody speaks to it: it goes on */
    assert_true(b->seen.output[0].on);
}

static void warmest_set_point_is_rest(void **state)
{
    struct bench *b = *state;
    model_advance(b->model, MS(30000));
    assert_int_equal(set_to(b, 19999), 0);
    assert_true(b->seen.output[0].on);
    assert_int_equal(set_to(b, 20000), 0);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].value, 5000);
    model_advance(b->model, MS(60000));
    assert_int_equal(b->seen.output[0].value, 20000);
}

static void set_point_outlasts_a_loss_of_power(void **state)
{
    struct bench *b = *state;
    set_to(b, 12000);
    inject(b, FAULT_reboot, ARG_ms, 1000);
    assert_false(b->seen.output[0].on);
    model_advance(b->model, MS(1100));
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].set, 12000);
}

static void error_stops_cooling_and_its_end_resumes_it(void **state)
{
    struct bench *b = *state;
    model_advance(b->model, MS(30000));
    inject(b, FAULT_device_fault, ARG_code, 1);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].set, 5000);
    model_advance(b->model, MS(60000));
    assert_int_equal(b->seen.output[0].value, 25000);
    clear(b, FAULT_device_fault);
    assert_true(b->seen.output[0].on);
}

static void stuck_cooler_ignores_the_set_point(void **state)
{
    struct bench *b = *state;
    struct cooler_measured m;
    model_advance(b->model, MS(30000));
    inject(b, FAULT_stuck, ARG_COUNT, 0);
    set_to(b, 20000);
    model_advance(b->model, MS(60000));
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].value, 5000);
    cooler_measure(b->model, &m);
    assert_int_equal(m.block_millic, 5000);
    clear(b, FAULT_stuck);
    assert_false(b->seen.output[0].on);
}

static void cooler_that_starts_by_itself_can_be_rested(void **state)
{
    struct bench *b = *state;
    set_to(b, 20000);
    model_advance(b->model, MS(10000));
    inject(b, FAULT_self_start, ARG_COUNT, 0);
    assert_true(b->seen.output[0].on);
    assert_int_equal(b->seen.output[0].set, 20000);
    model_advance(b->model, MS(40000));
    assert_int_equal(b->seen.output[0].value, 5000); /* what it was set to last */
    set_to(b, 20000);
    assert_false(b->seen.output[0].on);
}

static void deliver_and_misreport_count_from_rest(void **state)
{
    struct bench *b = *state;
    struct cooler_measured m;
    set_to(b, 10000);
    inject(b, FAULT_deliver, ARG_permille, 1500);
    model_advance(b->model, MS(60000));
    assert_int_equal(b->seen.output[0].value, 5000);
    inject(b, FAULT_misreport, ARG_permille, 200);
    cooler_measure(b->model, &m);
    assert_int_equal(m.block_millic, 17000);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(power_alone_makes_it_cool_to_its_set_point), T(warmest_set_point_is_rest),
        T(set_point_outlasts_a_loss_of_power),         T(error_stops_cooling_and_its_end_resumes_it),
        T(stuck_cooler_ignores_the_set_point),         T(cooler_that_starts_by_itself_can_be_rested),
        T(deliver_and_misreport_count_from_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
