/* SPDX-License-Identifier: Apache-2.0 */
/* Laser: key and door, photodiode against what is set, and what a measured power means on the spot. */
#include "bench.h"

static void a_good_laser_raises_nothing(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 0);
    bench_feed_well(&b, 200);
    assert_true(supervise_may_permit(&b.rules, &b.state, b.sample.taken_ns));
    assert_int_equal(b.state.delivered.energy_uj, 1000000);
}

static void an_open_interlock_stops_on_one_sample_and_is_the_reason(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 0);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_interlock_closed, 0);
    b.sample.status.fault = true; /* the device calls it a fault as well */
    bench_expect(&b, FAULT_interlock_open, 1);
    assert_int_equal(b.outcome.findings[0].fault, FAULT_interlock_open);
    assert_int_equal(supervise_fault_alarm(FAULT_interlock_open), ALARM_KIND_interlock_open);
}

static void of_key_and_door_one_is_enough(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 0);
    struct modality_channel_status *s = bench_channel(&b);
    s->readings[s->n_readings++] = (struct modality_reading){QUANTITY_interlock_closed, 1};
    bench_feed_well(&b, 5);
    s->readings[s->n_readings - 1].value = 0;
    bench_expect(&b, FAULT_interlock_open, 1);
}

static void the_photodiode_trips_on_two_samples(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 0);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_power_uw, 120000); /* exactly 1.2 x set */
    bench_feed_well(&b, 10);
    bench_put(&b, QUANTITY_power_uw, 120001);
    bench_expect(&b, FAULT_readback_over, 2);
    bench_laser(&b, 0);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_power_uw, 130000);
    bench_expect(&b, FAULT_readback_over, 2);
    bench_put(&b, QUANTITY_power_uw, 150300); /* and grossly on one */
    bench_expect(&b, FAULT_over_output_gross, 1);
}

static void a_photodiode_that_shows_too_little_is_under_output(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 0);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_power_uw, 79999);
    bench_expect(&b, FAULT_under_output, 6);
}

static void a_power_that_was_lowered_is_not_taken_for_too_much(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 0);
    bench_feed_well(&b, 5);
    bench_level(&b, 50000);
    b.sample.settled = 0;
    bench_feed_well(&b, 1); /* still the power of before */
    b.sample.settled = 1;
    bench_put(&b, QUANTITY_power_uw, 50000);
    bench_feed_well(&b, 5);
}

/* 10 W peak, 200 ns, 10 kHz: 20 mW mean. */
static void superpulsed(struct bench *b)
{
    bench_laser(b, 0);
    struct supervise_channel_rules *c = &b->rules.channels[0];
    c->waveform = WAVEFORM_laser_pulsed;
    c->level = QUANTITY_peak_power_uw;
    c->actual = QUANTITY_power_uw;
    quantity_put(&c->values, QUANTITY_pulse_width_ns, 200);
    quantity_put(&c->values, QUANTITY_pulse_repetition_millihz, 10000000);
    bench_level(b, 10000000);
    bench_put(b, QUANTITY_power_uw, 20000);
}

static void the_mean_of_a_superpulsed_laser_is_what_counts(void **unused)
{
    struct bench b;
    (void)unused;
    superpulsed(&b);
    bench_feed_well(&b, SAMPLES_PER_S);
    assert_int_equal(b.state.delivered.energy_uj, 20000);
    bench_put(&b, QUANTITY_power_uw, 23000); /* more than it should be, and within its ratio */
    bench_feed_well(&b, SAMPLES_PER_S);
    assert_int_equal(b.state.delivered.energy_uj, 43000);
    bench_put(&b, QUANTITY_power_uw, 24400);
    bench_expect(&b, FAULT_readback_over, 2);
}

static void irradiance_follows_the_measured_power(void **unused)
{
    static const struct limit tendon = {.id = "lz_irr_tendon_max",
                                        .quantity = QUANTITY_irradiance_uw_cm2,
                                        .has_max = true,
                                        .max = 44000, /* 20 mW over 50 mm2 are 40 mW/cm2 */
                                        .origin = "limits.ini:1"};
    struct bench b;
    (void)unused;
    superpulsed(&b);
    b.rules.channels[0].limits[0] = &tendon;
    b.rules.channels[0].n_limits = 1;
    bench_put(&b, QUANTITY_power_uw, 22000);
    bench_feed_well(&b, 5);
    bench_put(&b, QUANTITY_power_uw, 22001);
    bench_expect(&b, FAULT_over_limit, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_laser_raises_nothing),
        cmocka_unit_test(an_open_interlock_stops_on_one_sample_and_is_the_reason),
        cmocka_unit_test(of_key_and_door_one_is_enough),
        cmocka_unit_test(the_photodiode_trips_on_two_samples),
        cmocka_unit_test(a_photodiode_that_shows_too_little_is_under_output),
        cmocka_unit_test(a_power_that_was_lowered_is_not_taken_for_too_much),
        cmocka_unit_test(the_mean_of_a_superpulsed_laser_is_what_counts),
        cmocka_unit_test(irradiance_follows_the_measured_power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
