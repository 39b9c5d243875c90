/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit engine: every scope at bound-1, bound and bound+1; sums over channels; history and rest; classes and uses;
 * and what is shown of a limit that does not refuse.
 */
#include "limit_fixture.h"

/* Holds the picture against the value as bound and one to either side of it. */
static void bound_is_sharp(enum modality_quantity q, enum limit_scope scope, int64_t value,
                           const struct dose_history *history)
{
    for (int64_t d = -1; d <= 1; d++) {
        struct limit l = fixture_limit(q, scope, value + d);
        assert_int_equal(check(&l, 1, history), d < 0 ? -EPERM : 0);
        assert_int_equal(verdict.refused.n, d < 0 ? 1 : 0);
        l = fixture_least(q, scope, value + d);
        assert_int_equal(check(&l, 1, history), d > 0 ? -EPERM : 0);
    }
}

static void a_bound_is_sharp_in_every_scope(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    t.channels[0].start = t.channels[0].ceiling;
    pictured(&t);
    struct dose_history history = {.duration_ms = 1000,
                                   .session_count = 2,
                                   .has_last_end = true,
                                   .since_last_end_ms = 3600000,
                                   .session_charge_uc = 50};
    bound_is_sharp(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 30000, NULL);
    bound_is_sharp(QUANTITY_phase_charge_nc, SCOPE_PER_PULSE, 3000, NULL);
    bound_is_sharp(QUANTITY_pulse_rate_millihz, SCOPE_CONFIGURATION, 100000, NULL);
    bound_is_sharp(QUANTITY_duration_ms, SCOPE_PER_SESSION, 1800000, &history);
    bound_is_sharp(QUANTITY_duration_ms, SCOPE_PER_24H, 1801000, &history);
    bound_is_sharp(QUANTITY_session_count, SCOPE_PER_SESSION, 1, &history);
    bound_is_sharp(QUANTITY_session_count, SCOPE_PER_24H, 3, &history);
    bound_is_sharp(QUANTITY_rest_interval_ms, SCOPE_PER_24H, 3600000, &history);
    int64_t charge = picture.whole.value[QUANTITY_session_charge_uc];
    bound_is_sharp(QUANTITY_session_charge_uc, SCOPE_PER_SESSION, charge, &history);
    bound_is_sharp(QUANTITY_session_charge_uc, SCOPE_PER_24H, charge + 50, &history);
}

static void a_maximum_is_judged_at_the_worse_end_and_a_minimum_at_the_other(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    pictured(&t);
    struct limit most = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 29999);
    assert_int_equal(check(&most, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.items[0].value, 30000);
    struct limit least = fixture_least(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 10001);
    assert_int_equal(check(&least, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.items[0].value, 10000);
    assert_true(verdict.refused.items[0].is_min);

    t = fixture_cold(); /* the ceiling of cold is the lower temperature */
    pictured(&t);
    least = fixture_least(QUANTITY_temperature_millic, SCOPE_INSTANTANEOUS, 12000);
    assert_int_equal(check(&least, 1, NULL), 0);
    least.min = 12001;
    assert_int_equal(check(&least, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.items[0].value, 12000);
}

static void no_session_before_means_no_rest_is_owed(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, 3600000);
    struct dose_history history = {0};
    pictured(&t);
    assert_int_equal(check(&l, 1, &history), 0);
    assert_int_equal(check(&l, 1, NULL), 0);
    history.has_last_end = true;
    assert_int_equal(check(&l, 1, &history), -EPERM);
    assert_int_equal(verdict.refused.items[0].token, TOKEN_REST_INTERVAL);
}

/* The rest that a limit asks for after the therapies of the mask, held against what the history says. */
static void rest_after_is_sharp(uint32_t after, const struct dose_history *history, int64_t elapsed)
{
    for (int64_t d = -1; d <= 1; d++) {
        struct limit l = fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, elapsed + d);
        l.when.after = after;
        assert_int_equal(check(&l, 1, history), d > 0 ? -EPERM : 0);
        if (d > 0) {
            assert_int_equal(verdict.refused.items[0].token, TOKEN_REST_INTERVAL);
            assert_int_equal(verdict.refused.items[0].value, elapsed);
        }
    }
}

static void rest_after_other_therapies_counts_from_the_latest_of_them(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ultrasound();
    pictured(&t);
    struct dose_history history = {.has_last_end = true, .since_last_end_ms = 5, .ended = 1u << THERAPY_cryo};
    history.since_end_ms[THERAPY_cryo] = 1800000;
    history.since_end_ms[THERAPY_tens] = 7; /* never ended: its bit is not set */
    rest_after_is_sharp(1u << THERAPY_cryo, &history, 1800000);
    rest_after_is_sharp(1u << THERAPY_cryo | 1u << THERAPY_tens, &history, 1800000);
    history.ended |= 1u << THERAPY_tens;
    rest_after_is_sharp(1u << THERAPY_cryo | 1u << THERAPY_tens, &history, 7);
    rest_after_is_sharp(1u << THERAPY_cryo, &history, 1800000);
    rest_after_is_sharp(0, &history, 5); /* none named: the last session of this modality */
    struct limit l = fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, INT64_MAX);
    l.when.after = 1u << THERAPY_nmes; /* never given: nothing is owed */
    assert_int_equal(check(&l, 1, &history), 0);
    assert_int_equal(check(&l, 1, NULL), 0);
    struct limit_finding f;
    limit_explain(&l, 1, &picture, &history, &f);
    assert_true(f.applies && !f.has_value && !f.exceeded);
}

static void thermal_and_cold_dose_add_up_over_a_day(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ultrasound();
    struct dose_history history = {.cem43_ms = 1000, .cold_dose_millic_min = 500};
    pictured(&t);
    int64_t cem43 = picture.ceiling[0].value[QUANTITY_cem43_ms];
    assert_true(cem43 > 0);
    bound_is_sharp(QUANTITY_cem43_ms, SCOPE_PER_SESSION, cem43, &history);
    bound_is_sharp(QUANTITY_cem43_ms, SCOPE_PER_24H, cem43 + 1000, &history);
    t = fixture_cold();
    pictured(&t);
    bound_is_sharp(QUANTITY_cold_dose_millic_min, SCOPE_PER_SESSION, 60000, &history); /* 3 K below 15 for 20 min */
    bound_is_sharp(QUANTITY_cold_dose_millic_min, SCOPE_PER_24H, 60500, &history);
}

static void history_that_overflows_exceeds_every_bound(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_limit(QUANTITY_duration_ms, SCOPE_PER_24H, INT64_MAX - 1);
    struct dose_history history = {.duration_ms = INT64_MAX};
    pictured(&t);
    assert_int_equal(check(&l, 1, &history), -EPERM);
    assert_int_equal(verdict.refused.items[0].value, INT64_MAX);
}

static void channels_on_one_site_add_up(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ifc();
    pictured(&t);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_rms_current_ua], 24749); /* 35 mA / sqrt 2 */
    bound_is_sharp(QUANTITY_rms_current_sum_ua, SCOPE_INSTANTANEOUS, 2 * 24749, NULL);
    /* both cross one tissue: each electrode counts with both currents, 49.498 mA on 25 cm2 */
    assert_int_equal(picture.ceiling[0].value[QUANTITY_rms_density_ua_cm2], 1980);
    assert_int_equal(picture.ceiling[1].value[QUANTITY_rms_density_ua_cm2], 1980);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_power_density_uw_cm2], 49002);
    /* two TENS channels have electrodes of their own: their currents add, their densities do not */
    struct dose_treatment two = fixture_tens();
    two.n_channels = 2;
    two.channels[1] = two.channels[0];
    pictured(&two);
    int64_t rms = picture.ceiling[0].value[QUANTITY_rms_current_ua];
    assert_int_equal(picture.whole.value[QUANTITY_rms_current_sum_ua], 2 * rms);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_rms_density_ua_cm2], (rms * 100 + 2499) / 2500);
    assert_int_equal(picture.whole.value[QUANTITY_session_charge_uc],
                     2 * picture.ceiling[0].value[QUANTITY_session_charge_uc]);
}

static void thirty_five_milliampere_of_interferential_is_the_most_that_passes(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ifc();
    struct limit limits[] = {fixture_limit(QUANTITY_rms_current_sum_ua, SCOPE_INSTANTANEOUS, 50000),
                             fixture_limit(QUANTITY_rms_density_ua_cm2, SCOPE_INSTANTANEOUS, 2000)};
    pictured(&t);
    assert_int_equal(check(limits, 2, NULL), 0);
    PUT(t.channels[0].ceiling, amplitude_ua, 36000);
    PUT(t.channels[1].ceiling, amplitude_ua, 36000);
    pictured(&t);
    assert_int_equal(check(limits, 2, NULL), -EPERM);
    assert_int_equal(verdict.refused.n, 2);
}

static void the_worst_channel_is_named(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    t.n_channels = 3;
    t.channels[1] = t.channels[2] = t.channels[0];
    PUT(t.channels[1].ceiling, amplitude_ua, 50000);
    pictured(&t);
    struct limit l = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 20000);
    assert_int_equal(check(&l, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.n, 1);
    assert_int_equal(verdict.refused.items[0].channel, 1);
    assert_int_equal(verdict.refused.items[0].value, 50000);
}

static void several_limits_on_one_quantity_all_hold(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit limits[] = {fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 40000),
                             fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 25000),
                             fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 20000)};
    pictured(&t);
    assert_int_equal(check(limits, 3, NULL), -EPERM);
    assert_int_equal(verdict.refused.n, 2);
    assert_int_equal(verdict.refused.items[0].bound, 20000);
    assert_int_equal(verdict.refused.items[1].bound, 25000);
}

static void an_ultrasound_display_may_be_wrong_by_a_fifth(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ultrasound();
    t.thermal = true;
    t.duration_ms = 60000;
    PUT(t.channels[0].ceiling, intensity_satp_uw_cm2, 2500000);
    pictured(&t);
    struct limit l = fixture_limit(QUANTITY_intensity_satp_uw_cm2, SCOPE_INSTANTANEOUS, 3000000);
    assert_int_equal(check(&l, 1, NULL), 0);
    PUT(t.channels[0].ceiling, intensity_satp_uw_cm2, 2500001);
    pictured(&t);
    assert_int_equal(check(&l, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.items[0].value, 3000002); /* 3000001.2 rounded up */
    assert_non_null(strstr(verdict.refused.items[0].message, "set value x 1.2"));
    PUT(t.channels[0].ceiling, intensity_satp_uw_cm2, 3000000);
    pictured(&t);
    assert_int_equal(check(&l, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.items[0].value, 3600000);
    l.quantity = QUANTITY_intensity_static_uw_cm2; /* an intensity too */
    assert_int_equal(check(&l, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.items[0].value, 3600000);
    l.quantity = QUANTITY_intensity_satp_uw_cm2;
    l.scope = SCOPE_PER_SESSION; /* only instantaneous limits have it */
    assert_int_equal(check(&l, 1, NULL), 0);
    l.scope = SCOPE_INSTANTANEOUS;
    l.layer = LAYER_PROTOCOL; /* a protocol speaks of set values */
    assert_int_equal(check(&l, 1, NULL), 0);
    struct limit power = fixture_limit(QUANTITY_power_uw, SCOPE_INSTANTANEOUS, 15000000);
    assert_int_equal(check(&power, 1, NULL), 0); /* power is not an intensity */
    struct limit_finding f;
    l.layer = LAYER_INSTALLATION;
    limit_explain(&l, 1, &picture, NULL, &f);
    assert_true(f.applies && f.has_value && f.exceeded);
    assert_int_equal(f.value, 3600000);
    l.class = LIMIT_TARGET; /* a window of set values */
    limit_explain(&l, 1, &picture, NULL, &f);
    assert_int_equal(f.value, 3000000);
}

static void notices_ask_and_do_not_refuse(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 20000);
    l.class = LIMIT_NOTICE;
    pictured(&t);
    assert_int_equal(check(&l, 1, NULL), 0);
    assert_int_equal(verdict.refused.n, 0);
    assert_int_equal(verdict.notices.n, 1);
    assert_int_equal(verdict.notices.items[0].token, TOKEN_NOTICE_REQUIRED);
}

static void a_device_is_refused_by_what_it_reports_and_not_by_silence(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_limit(QUANTITY_patient_leakage_ua, SCOPE_CONFIGURATION, 100);
    struct limit_finding f;
    l.class = LIMIT_DEVICE;
    pictured(&t);
    assert_int_equal(check(&l, 1, NULL), 0); /* not reported */
    limit_explain(&l, 1, &picture, NULL, &f);
    assert_true(f.applies && !f.has_value && !f.exceeded);
    for (int64_t reported = 99; reported <= 101; reported++) {
        BOTH(t.channels[0], patient_leakage_ua, reported);
        pictured(&t);
        assert_int_equal(check(&l, 1, NULL), reported > 100 ? -EPERM : 0);
        assert_int_equal(verdict.notices.n, 0);
        limit_explain(&l, 1, &picture, NULL, &f);
        assert_true(f.applies && f.has_value && f.exceeded == (reported > 100));
        assert_int_equal(f.value, reported);
    }
    assert_int_equal(check(&l, 1, NULL), -EPERM);
    assert_int_equal(verdict.refused.items[0].token, TOKEN_LIMIT_EXCEEDED);
}

static void an_output_that_asks_for_an_indicator_needs_one(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    pictured(&t);
    struct limit l = fixture_limit(QUANTITY_rms_current_ua, SCOPE_INSTANTANEOUS,
                                   picture.ceiling[0].value[QUANTITY_rms_current_ua] - 1);
    l.class = LIMIT_DEVICE;
    l.when.no_indicator = true;
    assert_int_equal(check(&l, 1, NULL), 0);
    t.no_indicator = true;
    pictured(&t);
    assert_int_equal(check(&l, 1, NULL), -EPERM);
    l.max++;
    assert_int_equal(check(&l, 1, NULL), 0);
}

static void a_limit_without_a_bound_shows_the_largest_value(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_limit(QUANTITY_phase_charge_nc, SCOPE_PER_PULSE, 0);
    struct limit_finding f;
    l.has_max = false;
    pictured(&t);
    for (int class = LIMIT_HARD; class <= LIMIT_DEVICE; class ++) {
        l.class = (enum limit_class) class;
        assert_int_equal(check(&l, 1, NULL), 0);
        assert_int_equal(verdict.notices.n, 0);
        limit_explain(&l, 1, &picture, NULL, &f);
        assert_true(f.applies && f.has_value && !f.exceeded && !f.is_min);
        assert_int_equal(f.value, 3000); /* at the ceiling: 30 mA x 100 us */
    }
}

static void walking_and_fault_bounds_are_not_bounds_on_a_request(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit limits[] = {fixture_limit(QUANTITY_amplitude_step_ua, SCOPE_INSTANTANEOUS, 0),
                             fixture_limit(QUANTITY_delivery_error_permille, SCOPE_INSTANTANEOUS, 0),
                             fixture_limit(QUANTITY_impedance_ohm, SCOPE_INSTANTANEOUS, 0)};
    pictured(&t);
    assert_int_equal(limits[0].use, USE_WALK);
    assert_int_equal(limits[1].use, USE_FAULT);
    assert_int_equal(limits[2].use, USE_FAULT);
    static const enum modality_quantity faults[] = {
        QUANTITY_head_moving,       QUANTITY_interlock_closed,        QUANTITY_readback_ratio_permille,
        QUANTITY_timer_error_ms,    QUANTITY_timer_error_permille,    QUANTITY_accuracy_floor_permille,
        QUANTITY_coupling_permille, QUANTITY_impedance_rise_permille, QUANTITY_skin_temperature_millic,
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        assert_int_equal(limit_use_of(faults[i]), USE_FAULT);
    }
    assert_int_equal(limit_use_of(QUANTITY_output_voltage_mv), USE_TREATMENT);
    assert_int_equal(limit_use_of(QUANTITY_patient_leakage_ua), USE_TREATMENT);
    assert_int_equal(check(limits, 3, NULL), 0);
    struct limit_finding f[3];
    limit_explain(limits, 3, &picture, NULL, f);
    assert_true(f[0].applies && !f[0].has_value && !f[0].exceeded);
}

static void explain_agrees_with_check(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    size_t n = 0;
    const struct limit *compiled = limit_compiled(&n);
    struct limit_finding findings[128];
    uint64_t seed = 3;
    for (int round = 0; round < 200; round++) {
        PUT(t.channels[0].ceiling, amplitude_ua, random_between(&seed, 10000, 200000));
        BOTH(t.channels[0], phase_width_us, random_between(&seed, 50, 900));
        t.duration_ms = random_between(&seed, 1, 7200000);
        pictured(&t);
        int allowed = check(compiled, n, NULL);
        limit_explain(compiled, n, &picture, NULL, findings);
        size_t exceeded = 0;
        for (size_t i = 0; i < n; i++) {
            exceeded += findings[i].exceeded ? 1 : 0;
        }
        assert_int_equal(exceeded, verdict.refused.n + verdict.refused.dropped);
        assert_int_equal(allowed, exceeded > 0 ? -EPERM : 0);
    }
}

static void the_tightest_applying_limit_is_found(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit limits[] = {fixture_limit(QUANTITY_impedance_ohm, SCOPE_INSTANTANEOUS, 20000),
                             fixture_limit(QUANTITY_impedance_ohm, SCOPE_INSTANTANEOUS, 10000),
                             fixture_limit(QUANTITY_impedance_ohm, SCOPE_INSTANTANEOUS, 5000),
                             fixture_least(QUANTITY_impedance_ohm, SCOPE_INSTANTANEOUS, 50),
                             fixture_least(QUANTITY_impedance_ohm, SCOPE_INSTANTANEOUS, 100)};
    limits[2].when.therapies = 1u << THERAPY_ifc;
    pictured(&t);
    assert_ptr_equal(limit_tightest(limits, 5, &picture, QUANTITY_impedance_ohm, LIMIT_HARD, false), &limits[1]);
    assert_ptr_equal(limit_tightest(limits, 5, &picture, QUANTITY_impedance_ohm, LIMIT_HARD, true), &limits[4]);
    assert_null(limit_tightest(limits, 5, &picture, QUANTITY_impedance_ohm, LIMIT_NOTICE, false));
    assert_null(limit_tightest(limits, 5, &picture, QUANTITY_amplitude_step_ua, LIMIT_HARD, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_is_sharp_in_every_scope),
        cmocka_unit_test(a_maximum_is_judged_at_the_worse_end_and_a_minimum_at_the_other),
        cmocka_unit_test(no_session_before_means_no_rest_is_owed),
        cmocka_unit_test(rest_after_other_therapies_counts_from_the_latest_of_them),
        cmocka_unit_test(thermal_and_cold_dose_add_up_over_a_day),
        cmocka_unit_test(history_that_overflows_exceeds_every_bound),
        cmocka_unit_test(channels_on_one_site_add_up),
        cmocka_unit_test(thirty_five_milliampere_of_interferential_is_the_most_that_passes),
        cmocka_unit_test(the_worst_channel_is_named),
        cmocka_unit_test(several_limits_on_one_quantity_all_hold),
        cmocka_unit_test(an_ultrasound_display_may_be_wrong_by_a_fifth),
        cmocka_unit_test(notices_ask_and_do_not_refuse),
        cmocka_unit_test(a_device_is_refused_by_what_it_reports_and_not_by_silence),
        cmocka_unit_test(an_output_that_asks_for_an_indicator_needs_one),
        cmocka_unit_test(a_limit_without_a_bound_shows_the_largest_value),
        cmocka_unit_test(walking_and_fault_bounds_are_not_bounds_on_a_request),
        cmocka_unit_test(explain_agrees_with_check),
        cmocka_unit_test(the_tightest_applying_limit_is_found),
    };
    return DOSE_TESTS(tests);
}
