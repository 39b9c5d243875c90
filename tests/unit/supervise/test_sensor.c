/* SPDX-License-Identifier: Apache-2.0 */
/* A head that rests on one spot, a head that is another one, and electrodes and currents that add up. */
#include "bench.h"

/* --- a head that does not move --- */

static void a_head_that_rests_above_its_bound_stops_after_three_seconds(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.channels[0].static_max_uw_cm2 = 500000;
    bench_put(&b, QUANTITY_head_moving, 0);
    bench_feed_well(&b, 3 * SAMPLES_PER_S);
    bench_expect(&b, FAULT_head_still, 1);
}

static void it_is_time_that_counts_and_not_samples(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.channels[0].static_max_uw_cm2 = 500000;
    bench_put(&b, QUANTITY_head_moving, 0);
    bench_feed_well(&b, 1);
    b.sample.taken_ns += 2950 * NS_PER_MS; /* a slow line: the next sample comes late */
    bench_expect(&b, FAULT_head_still, 1);
}

static void a_move_begins_the_time_anew(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.channels[0].static_max_uw_cm2 = 500000;
    for (int i = 0; i < 5; i++) {
        bench_put(&b, QUANTITY_head_moving, 0);
        bench_feed_well(&b, 2 * SAMPLES_PER_S);
        bench_put(&b, QUANTITY_head_moving, 1);
        bench_feed_well(&b, 1);
    }
}

static void a_head_may_rest_at_or_below_its_bound_and_where_nobody_bounds_it(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    b.rules.channels[0].static_max_uw_cm2 = 1000000; /* what is set and measured, exactly */
    bench_put(&b, QUANTITY_head_moving, 0);
    bench_feed_well(&b, 5 * SAMPLES_PER_S);
    bench_ultrasound(&b);
    bench_put(&b, QUANTITY_head_moving, 0);
    bench_feed_well(&b, 5 * SAMPLES_PER_S);
}

/* --- which head --- */

static void another_applicator_stops_on_one_sample(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    strcpy(b.rules.channels[0].applicator, "700");
    b.rules.channels[0].applicator_told = true;
    strcpy(bench_channel(&b)->applicator, "700");
    bench_feed_well(&b, 5);
    strcpy(bench_channel(&b)->applicator, "701");
    bench_expect(&b, FAULT_applicator_changed, 1);
    assert_int_equal(b.outcome.action, ACTION_STOP);
}

static void an_applicator_that_is_pulled_out_stops_too(void **unused)
{
    struct bench b;
    (void)unused;
    bench_laser(&b, 0);
    bench_feed_well(&b, 5);
    bench_channel(&b)->applicator[0] = '\0';
    bench_expect(&b, FAULT_applicator_changed, 1);
}

static void a_device_that_never_says_is_not_asked(void **unused)
{
    struct bench b;
    (void)unused;
    bench_ultrasound(&b);
    strcpy(b.rules.channels[0].applicator, "700");
    bench_feed_well(&b, 20);
}

/* --- channels together --- */

static void two_channels(struct bench *b)
{
    bench_stimulator(b);
    b->rules.n_channels = 2;
    b->rules.channels[1] = b->rules.channels[0];
    b->rules.channels[1].channel = 1;
    b->sample.settled = 3;
    b->sample.status.n_channels = 2;
    b->sample.status.channels[1] = b->sample.status.channels[0];
    b->sample.level[1] = b->sample.level_min[1] = b->sample.level_max[1] = 20000;
}

/* 20 mA, 2 x 200 us, 100 Hz: 4 mA r.m.s. each. */
static void currents_of_all_channels_add_up(void **unused)
{
    struct bench b;
    (void)unused;
    two_channels(&b);
    b.rules.rms_sum_max_ua = 8000;
    bench_feed_well(&b, 5);
    b.rules.rms_sum_max_ua = 7999;
    bench_expect(&b, FAULT_over_limit, 1);
    assert_int_equal(b.outcome.findings[0].quantity, QUANTITY_rms_current_sum_ua);
}

static void a_shared_electrode_carries_the_current_of_both(void **unused)
{
    static const struct limit density = {.id = "es_jrms_notice",
                                         .quantity = QUANTITY_rms_density_ua_cm2,
                                         .has_max = true,
                                         .max = 200, /* 4 mA over 25 cm2 are 160 */
                                         .origin = "limits.ini:1"};
    static struct dose_treatment treatment;
    struct bench b;
    (void)unused;
    two_channels(&b);
    treatment = (struct dose_treatment){.modality = MODALITY_ESTIM, .therapy = THERAPY_tens, .n_channels = 2};
    b.rules.treatment = &treatment;
    b.rules.channels[0].limits[0] = b.rules.channels[1].limits[0] = &density;
    b.rules.channels[0].n_limits = b.rules.channels[1].n_limits = 1;
    bench_feed_well(&b, 5);
    treatment.channels[0].shares = 2;
    bench_expect(&b, FAULT_over_limit, 1);
    assert_int_equal(b.outcome.findings[0].value, 320);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_that_rests_above_its_bound_stops_after_three_seconds),
        cmocka_unit_test(it_is_time_that_counts_and_not_samples),
        cmocka_unit_test(a_move_begins_the_time_anew),
        cmocka_unit_test(a_head_may_rest_at_or_below_its_bound_and_where_nobody_bounds_it),
        cmocka_unit_test(another_applicator_stops_on_one_sample),
        cmocka_unit_test(an_applicator_that_is_pulled_out_stops_too),
        cmocka_unit_test(a_device_that_never_says_is_not_asked),
        cmocka_unit_test(currents_of_all_channels_add_up),
        cmocka_unit_test(a_shared_electrode_carries_the_current_of_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
