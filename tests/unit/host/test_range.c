/* SPDX-License-Identifier: Apache-2.0 */
/* Which values a range takes: steps of a value, and rates whose period is a whole number of steps. */
#include "cmocka_includes.h"

#include "modality/range.h"

static void a_rate_of_the_grid_is_the_period_rounded_up_to_a_whole_millihertz(void **state)
{
    (void)state;
    for (int64_t steps = 1; steps <= 40000; steps++) {
        int64_t millihz = modality_period_rate(steps, 500);
        assert_true(millihz * steps * 500 >= MODALITY_US_MILLIHZ);
        assert_true((millihz - 1) * steps * 500 < MODALITY_US_MILLIHZ);
        assert_true(modality_period_has(millihz, 500));
        assert_true(modality_period_steps(millihz, 500) <= steps); /* of equal rates the shortest period */
    }
}

static void what_is_not_of_the_grid_lies_between_its_neighbours(void **state)
{
    (void)state;
    static const struct {
        int64_t millihz, below, above;
        uint32_t step_us;
    } rows[] = {{30000, 29851, 30304, 500},      {110000, 108109, 111112, 250}, {35000, 34783, 35088, 250},
                {35000, 34483, 35088, 500},      {50000, 50000, 50000, 500},    {1999999, 1000000, 2000000, 500},
                {3000000, 2000000, 2000000, 500}}; /* faster than one step: the fastest there is */
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t below = 0, above = 0;
        modality_period_near(rows[i].millihz, rows[i].step_us, &below, &above);
        assert_int_equal(below, rows[i].below);
        assert_int_equal(above, rows[i].above);
        assert_int_equal(modality_period_has(rows[i].millihz, rows[i].step_us), below == rows[i].millihz);
    }
}

static void what_is_out_of_reason_is_not_taken(void **state)
{
    (void)state;
    assert_false(modality_period_has(0, 500));
    assert_false(modality_period_has(-1, 500));
    assert_false(modality_period_has(INT64_MIN, 500));
    assert_false(modality_period_has(INT64_MAX, 500));
    assert_false(modality_period_has(50000, 0));
    assert_true(modality_period_has(1, UINT32_MAX)); /* 4295 s round up to it */
}

static void a_range_takes_its_ends_and_its_steps(void **state)
{
    (void)state;
    const struct modality_range r = {.quantity = QUANTITY_phase_width_us, .min = 50, .max = 400, .resolution = 20};
    assert_true(modality_range_takes(&r, 50)); /* counted from the least, or from 0 */
    assert_true(modality_range_takes(&r, 60));
    assert_true(modality_range_takes(&r, 400));
    assert_false(modality_range_takes(&r, 49));
    assert_false(modality_range_takes(&r, 55));
    assert_false(modality_range_takes(&r, 401));
    const struct modality_range p = {
        .quantity = QUANTITY_pulse_rate_millihz, .min = 976, .max = 125000, .resolution = 1, .period_step_us = 500};
    assert_true(modality_range_takes(&p, 976));
    assert_true(modality_range_takes(&p, 125000));
    assert_true(modality_range_takes(&p, 30304));
    assert_false(modality_range_takes(&p, 30303));
    assert_false(modality_range_takes(&p, 133334)); /* of the grid, out of the range */
}

static void a_channel_takes_what_it_can_set(void **state)
{
    (void)state;
    const struct modality_channel c = {
        .n_ranges = 2,
        .ranges = {{.quantity = QUANTITY_amplitude_ua, .max = 1000, .resolution = 100, .settable = true},
                   {.quantity = QUANTITY_impedance_ohm, .max = 1000, .resolution = 1, .readable = true}}};
    assert_true(modality_channel_takes(&c, QUANTITY_amplitude_ua, 300));
    assert_false(modality_channel_takes(&c, QUANTITY_amplitude_ua, 350));
    assert_false(modality_channel_takes(&c, QUANTITY_impedance_ohm, 300));
    assert_false(modality_channel_takes(&c, QUANTITY_duty_permille, 300));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_of_the_grid_is_the_period_rounded_up_to_a_whole_millihertz),
        cmocka_unit_test(what_is_not_of_the_grid_lies_between_its_neighbours),
        cmocka_unit_test(what_is_out_of_reason_is_not_taken),
        cmocka_unit_test(a_range_takes_its_ends_and_its_steps),
        cmocka_unit_test(a_channel_takes_what_it_can_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
