/* SPDX-License-Identifier: Apache-2.0 */
/* The ultrasound unit under a fake clock: regulated power, coupling, contact, and the head's temperature. */
#include "bench.h"
#include "model/ultrasound.h"

#include <errno.h>

static int setup(void **state)
{
    return bench_new(state, &us_kind);
}

static struct bench *us_running(void **state, int32_t satp_uw_cm2)
{
    struct bench *b = *state;
    assert_int_equal(model_setting_write(b->model, 0, US_DUTY, 1000), 0);
    assert_int_equal(model_setting_write(b->model, 0, US_SATP, satp_uw_cm2), 0);
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    assert_int_equal(model_run(b->model, 1, 0), 0);
    return b;
}

static void radiated_power_is_satp_times_duty_times_era(void **state)
{
    struct bench *b = us_running(state, 1000000);
    assert_int_equal(b->seen.output[0].value, 5000000); /* 1 W/cm2 x 5 cm2 */
    model_setting_write(b->model, 0, US_DUTY, 200);
    assert_int_equal(b->seen.output[0].value, 1000000);
    assert_int_equal(b->seen.output[0].set, 1000000);
}

static void power_is_regulated_until_the_drive_ends(void **state)
{
    struct bench *b = us_running(state, 1000000);
    struct us_measured m;
    inject(b, FAULT_coupling, ARG_permille, 650);
    assert_int_equal(b->seen.output[0].value, 5000000);
    inject(b, FAULT_coupling, ARG_permille, 325);
    assert_int_equal(b->seen.output[0].value, 2500000);
    us_measure(b->model, &m);
    assert_int_equal(m.contact, US_CONTACT_POOR);
    inject(b, FAULT_contact_lost, ARG_COUNT, 0);
    assert_int_equal(b->seen.output[0].value, 0);
    assert_true(b->seen.output[0].on); /* it keeps running */
    us_measure(b->model, &m);
    assert_int_equal(m.contact, US_CONTACT_LOST);
    clear(b, FAULT_contact_lost);
    assert_int_equal(b->seen.output[0].value, 5000000);
}

static void contact_is_judged_from_50_mw_cm2_on(void **state)
{
    struct bench *b = us_running(state, 49000);
    struct us_measured m;
    us_measure(b->model, &m);
    assert_int_equal(m.contact, US_CONTACT_UNJUDGED);
    model_setting_write(b->model, 0, US_SATP, 50000);
    us_measure(b->model, &m);
    assert_int_equal(m.contact, US_CONTACT_GOOD);
    model_run(b->model, 0, 1);
    us_measure(b->model, &m);
    assert_int_equal(m.contact, US_CONTACT_UNJUDGED);
}

static void coupled_head_stays_below_its_trip_at_full_power(void **state)
{
    struct bench *b = us_running(state, 3000000);
    struct us_measured m;
    model_advance(b->model, MS(30 * 60 * 1000));
    us_measure(b->model, &m);
    assert_in_range(m.head_millic, 38000, 44900);
    assert_true(b->seen.output[0].on);
}

static void dry_head_overheats_and_rests(void **state)
{
    struct bench *b = us_running(state, 3000000);
    inject(b, FAULT_contact_lost, ARG_COUNT, 0);
    model_advance(b->model, MS(120 * 1000));
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_fault);
    assert_int_equal(b->model->guard.fault_code, 2);
}

static void head_above_45_is_fault_2_until_it_cooled(void **state)
{
    struct bench *b = us_running(state, 100000);
    inject(b, FAULT_head_temperature, ARG_millic, 45000);
    assert_true(b->seen.output[0].on);
    inject(b, FAULT_head_temperature, ARG_millic, 45001);
    assert_false(b->seen.output[0].on);
    assert_int_equal(b->seen.cause[0], CAUSE_fault);
    assert_int_equal(b->model->guard.fault_code, 2);
    model_clear_latches(b->model);
    assert_int_equal(model_run(b->model, 1, 0), -EPERM);
    model_advance(b->model, MS(600 * 1000));
    model_clear_latches(b->model);
    assert_int_equal(model_run(b->model, 1, 0), 0);
}

static void only_the_three_frequencies_are_taken(void **state)
{
    struct bench *b = *state;
    static const int32_t refused[] = {999, 1001, 2000, 3001, 0};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_int_equal(model_setting_write(b->model, 0, US_FREQUENCY, refused[i]), -ERANGE);
    assert_int_equal(model_setting_write(b->model, 0, US_FREQUENCY, 1500), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(radiated_power_is_satp_times_duty_times_era),
        T(power_is_regulated_until_the_drive_ends),
        T(contact_is_judged_from_50_mw_cm2_on),
        T(coupled_head_stays_below_its_trip_at_full_power),
        T(dry_head_overheats_and_rests),
        T(head_above_45_is_fault_2_until_it_cooled),
        T(only_the_three_frequencies_are_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
