/* SPDX-License-Identifier: Apache-2.0 */
/* Output, load, contact and the unit itself, sample by sample: each test breaks one thing. */
#include "bench.h"

static void a_good_treatment_raises_nothing_and_may_be_permitted(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 200);
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
    bench_ultrasound(&b);
    bench_feed_well(&b, 200);
}

static void status_faults_act_on_one_sample(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    b.sample.status.fault = true;
    bench_expect(&b, FAULT_device_fault, 1);
    assert_false(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
    bench_stimulator(&b);
    b.sample.status.patient_stop = true;
    bench_expect(&b, FAULT_patient_stop, 1);
    bench_stimulator(&b);
    b.sample.status.restarted = true;
    bench_expect(&b, FAULT_device_restarted, 1);
    bench_stimulator(&b);
    b.sample.status.watchdog_tripped = true;
    bench_expect(&b, FAULT_watchdog_tripped, 1);
}

static void over_output_acts_by_its_size(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_amplitude_ua, 24000); /* exactly the tolerance */
    bench_feed_well(&b, 10);
    bench_put(&b, QUANTITY_amplitude_ua, 24001);
    bench_expect(&b, FAULT_over_output, 3);
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_amplitude_ua, 30201); /* 1.5 x and two resolutions */
    bench_expect(&b, FAULT_over_output_gross, 1);
}

static void a_decrease_is_not_taken_for_over_output(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    b.sample.level[0] = b.sample.level_min[0] = b.sample.level_max[0] = 5000;
    b.sample.settled = 0; /* the device still shows what it measured before */
    bench_feed_well(&b, 1);
    b.sample.settled = 1;
    bench_put(&b, QUANTITY_amplitude_ua, 5000);
    bench_feed_well(&b, 5);
}

/* A slider that is never still: more than the higher of its levels allows is too much, whenever it is measured. */
static void a_level_that_moves_all_the_time_excuses_nothing(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    b.sample.settled = 0;
    for (int i = 0; i < 20; i++) {
        bench_level(&b, i % 2 ? 20000 : 19800);
        bench_put(&b, QUANTITY_amplitude_ua, 24000);
        bench_feed_well(&b, 1);
    }
    bench_put(&b, QUANTITY_amplitude_ua, 24001);
    bench_level(&b, 20000);
    bench_feed_well(&b, 1);
    bench_level(&b, 19800);
    bench_feed_well(&b, 1);
    bench_level(&b, 20000);
    bench_expect(&b, FAULT_over_output, 1);
}

static void under_output_acts_after_six_samples(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_amplitude_ua, 15999);
    bench_expect(&b, FAULT_under_output, 6);
}

static void electrode_faults(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_impedance_ohm, 10001);
    bench_expect(&b, FAULT_electrode_open, 2);
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_channel(&b)->contact = CONTACT_LOST;
    bench_expect(&b, FAULT_electrode_open, 2);
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_impedance_ohm, 99);
    bench_expect(&b, FAULT_electrode_short, 2);
    bench_stimulator(&b);
    bench_feed_well(&b, 20);
    bench_put(&b, QUANTITY_impedance_ohm, 2000); /* a half-lifted pad doubles it */
    bench_expect(&b, FAULT_impedance_step, 3);
}

static void a_slow_rise_of_impedance_is_only_noted(void **unused)
{
    struct bench b;
    bool noted = false;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    for (int64_t ohm = 1000; ohm < 1800; ohm += 2) {
        bench_put(&b, QUANTITY_impedance_ohm, ohm);
        bench_feed(&b);
        assert_true(b.outcome.action <= ACTION_NOTE);
        noted |= b.outcome.action == ACTION_NOTE;
    }
    assert_true(noted);
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
}

/* It takes minutes to lift, and leaves half of the pad to carry the current. */
static void impedance_at_twice_its_start_stops_however_slowly_it_came(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    b.rules.channels[0].impedance_rise_permille = 1000;
    for (int64_t ohm = 1000; ohm <= 2000; ohm += 2) {
        bench_put(&b, QUANTITY_impedance_ohm, ohm);
        bench_feed(&b);
        assert_true(b.outcome.action <= ACTION_NOTE);
    }
    bench_put(&b, QUANTITY_impedance_ohm, 2001);
    bench_expect(&b, FAULT_impedance_risen, 10);
    assert_int_equal(b.outcome.action, ACTION_STOP);
}

static void lost_coupling_holds(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    bench_feed_well(&b, 3);
    bench_channel(&b)->contact = CONTACT_LOST;
    bench_expect(&b, FAULT_coupling_lost, 2);
    assert_int_equal(b.outcome.action, ACTION_HOLD);
    assert_false(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
}

static void contact_is_not_judged_below_where_it_is_monitored(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.sample.level[0] = b.sample.level_min[0] = b.sample.level_max[0] = 49000;
    bench_put(&b, QUANTITY_power_uw, 245000);
    bench_channel(&b)->contact = CONTACT_LOST;
    bench_feed_well(&b, 10);
}

static void a_hot_applicator_stops(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    bench_put(&b, QUANTITY_applicator_temperature_millic, 41000);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_applicator_temperature_millic, 41001);
    bench_expect(&b, FAULT_over_temperature, 2);
}

static void a_hard_limit_holds_on_what_is_measured(void **unused)
{
    static const struct limit sata = {.id = "us_ieff_max",
                                      .quantity = QUANTITY_intensity_sata_uw_cm2,
                                      .has_max = true,
                                      .max = 1050000,
                                      .origin = "limits.ini:1"};
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.channels[0].limits[0] = &sata;
    b.rules.channels[0].n_limits = 1;
    bench_feed_well(&b, 3);
    bench_put(&b, QUANTITY_power_uw, 5300000); /* 1.06 W/cm2 over 5 cm2, within accuracy */
    bench_expect(&b, FAULT_over_limit, 1);
}

/* A current that is set to its very limit, and measured with the noise that every measurement has. */
static void a_level_at_its_limit_may_show_noise(void **unused)
{
    static const struct limit peak = {
        .id = "own_peak", .quantity = QUANTITY_amplitude_ua, .has_max = true, .max = 20000, .origin = "limits.ini:1"};
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    b.rules.channels[0].limits[0] = &peak;
    b.rules.channels[0].n_limits = 1;
    bench_put(&b, QUANTITY_amplitude_ua, 20200); /* two resolutions */
    bench_feed_well(&b, 20);
    assert_int_equal(b.state.delivered.session_charge_uc, 808); /* and counts as delivered */
    bench_put(&b, QUANTITY_amplitude_ua, 20201);
    bench_expect(&b, FAULT_over_limit, 1);
    bench_stimulator(&b);
    b.rules.channels[0].limits[0] = &peak;
    b.rules.channels[0].n_limits = 1;
    bench_level(&b, 20100); /* set above it: no noise explains that */
    bench_put(&b, QUANTITY_amplitude_ua, 20000);
    bench_expect(&b, FAULT_over_limit, 1);
}

static void a_stuck_measurement_is_found(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    b.rules.channels[0].accuracy_permille = 2000; /* so that only the stuck value is at fault */
    bench_feed_well(&b, 3);
    b.sample.level[0] = b.sample.level_min[0] = b.sample.level_max[0] = 28000;
    bench_expect(&b, FAULT_sensor_stuck, 40);
}

static void a_decrease_that_was_measured_at_once_is_no_stuck_measurement(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_level(&b, 5000);
    b.sample.level_max[0] = 20000; /* it was there since the sample before, too */
    bench_put(&b, QUANTITY_amplitude_ua, 5000);
    bench_feed_well(&b, 1);
    bench_level(&b, 5000);
    bench_feed_well(&b, 100);
}

static void output_lost_needs_two_samples(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    bench_channel(&b)->output = OUTPUT_REST;
    bench_expect(&b, FAULT_output_lost, 2);
}

static void a_stalled_device_timer_is_found(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    b.rules.device_timer = true;
    b.sample.status.remaining_known = true;
    b.sample.status.remaining_ms = 600000;
    for (int i = 0; i < 20; i++) {
        b.sample.status.remaining_ms -= 50;
        bench_feed_well(&b, 1);
    }
    bench_expect(&b, FAULT_device_timer, (int)(2 * NS_PER_S / PERIOD) + 3);
}

/* One that counts minutes stands still for a minute, and is off by as much when it is read first. */
static void a_coarse_device_timer_is_given_its_steps(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    b.rules.device_timer = true;
    b.rules.timer_step_ms = 60000;
    b.rules.timer_tolerance_ms = 1000;
    b.sample.status.remaining_known = true;
    b.sample.status.remaining_ms = 600000;
    bench_feed_well(&b, 5 * SAMPLES_PER_S); /* it was about to count down when it was read first */
    b.sample.status.remaining_ms = 540000;
    bench_feed_well(&b, 60 * SAMPLES_PER_S);
    b.sample.status.remaining_ms = 480000;
    bench_feed_well(&b, 1 + 116 * SAMPLES_PER_S);
    bench_expect(&b, FAULT_device_timer, 3); /* a step and the tolerance behind */
}

static void staleness_comes_from_samples_alone(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    supervise_tick(&b.rules, &b.state, b.sample.taken_ns + 200 * NS_PER_MS, &b.outcome);
    assert_int_equal(b.outcome.action, ACTION_NONE);
    supervise_tick(&b.rules, &b.state, b.sample.taken_ns + 200 * NS_PER_MS + 1, &b.outcome);
    assert_int_equal(b.outcome.action, ACTION_STOP);
    assert_int_equal(b.outcome.findings[0].fault, FAULT_stale);
    assert_false(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns + 200 * NS_PER_MS + 1));
}

static void a_replayed_sample_is_no_proof(void **unused)
{
    struct bench b;
    (void)unused;
    bench_stimulator(&b);
    bench_feed_well(&b, 3);
    const int64_t fresh = b.state.last_taken_ns;
    b.sample.taken_ns += PERIOD; /* same sequence number */
    supervise_sample(&b.rules, &b.state, &b.sample, &b.outcome);
    assert_int_equal(b.state.last_taken_ns, fresh);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_treatment_raises_nothing_and_may_be_permitted),
        cmocka_unit_test(status_faults_act_on_one_sample),
        cmocka_unit_test(over_output_acts_by_its_size),
        cmocka_unit_test(a_decrease_is_not_taken_for_over_output),
        cmocka_unit_test(a_level_that_moves_all_the_time_excuses_nothing),
        cmocka_unit_test(under_output_acts_after_six_samples),
        cmocka_unit_test(electrode_faults),
        cmocka_unit_test(a_slow_rise_of_impedance_is_only_noted),
        cmocka_unit_test(impedance_at_twice_its_start_stops_however_slowly_it_came),
        cmocka_unit_test(lost_coupling_holds),
        cmocka_unit_test(contact_is_not_judged_below_where_it_is_monitored),
        cmocka_unit_test(a_hot_applicator_stops),
        cmocka_unit_test(a_hard_limit_holds_on_what_is_measured),
        cmocka_unit_test(a_level_at_its_limit_may_show_noise),
        cmocka_unit_test(a_stuck_measurement_is_found),
        cmocka_unit_test(a_decrease_that_was_measured_at_once_is_no_stuck_measurement),
        cmocka_unit_test(output_lost_needs_two_samples),
        cmocka_unit_test(a_stalled_device_timer_is_found),
        cmocka_unit_test(a_coarse_device_timer_is_given_its_steps),
        cmocka_unit_test(staleness_comes_from_samples_alone),
        cmocka_unit_test(a_replayed_sample_is_no_proof),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
