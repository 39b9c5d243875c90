/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit engine: every scope at bound-1, bound and bound+1; what applies when; sums over channels; history; order,
 * text and completeness of refusals; and how two limits compare.
 */
#include "dose_test.h"

#include <errno.h>
#include <stdio.h>

#include "fixture.h"

static struct dose_picture picture;
static struct limit_verdict verdict;
static struct refusals refusals;

static void pictured(const struct dose_treatment *t)
{
    refusals.n = refusals.dropped = 0;
    if (dose_picture_make(t, &picture, &refusals) != 0) {
        fail_msg("%s", refusals.n > 0 ? refusals.items[0].message : "no picture and no reason");
    }
}

static int check(const struct limit *l, size_t n, const struct dose_history *history)
{
    return limit_check(l, n, &picture, history, &verdict);
}

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
    struct dose_history history = {
        .duration_ms = 1000, .session_count = 2, .has_last_end = true, .since_last_end_ms = 3600000, .charge_uc = 50};
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

static void a_condition_that_does_not_hold_takes_the_limit_away(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    t.applicator = 2;
    t.conditions = 4;
    pictured(&t);
    struct limit base = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 1);
    struct limit meets = base, misses = base;
#define MEETS_MISSES(field, hit, miss)                                                                                 \
    meets = misses = base;                                                                                             \
    meets.field = (hit);                                                                                               \
    misses.field = (miss);                                                                                             \
    assert_int_equal(check(&meets, 1, NULL), -EPERM);                                                                  \
    assert_int_equal(check(&misses, 1, NULL), 0)
    MEETS_MISSES(modality, MODALITY_ESTIM, MODALITY_LASER);
    MEETS_MISSES(when.waveforms, 1u << WAVEFORM_biphasic_symmetric, 1u << WAVEFORM_dc);
    MEETS_MISSES(when.therapies, 1u << THERAPY_tens, 1u << THERAPY_ifc);
    MEETS_MISSES(when.sites, 1u << 3, 1u << 4);
    MEETS_MISSES(when.conditions, 4 | 1, 8 | 1);
    MEETS_MISSES(when.applicators, 1u << 2, 1u << 1);
    MEETS_MISSES(class, LIMIT_HARD, LIMIT_TARGET);
    MEETS_MISSES(class, LIMIT_HARD, LIMIT_INFO);
#undef MEETS_MISSES
    base.when.unless_thermal = true;
    assert_int_equal(check(&base, 1, NULL), -EPERM);
    t.thermal = true;
    t.applicator = -1;
    pictured(&t);
    assert_int_equal(check(&base, 1, NULL), 0);
    base.when.unless_thermal = false;
    base.when.applicators = 1;
    assert_int_equal(check(&base, 1, NULL), 0); /* no applicator is not this applicator */
}

static void a_band_is_open_below_and_closed_above(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_limit(QUANTITY_rms_current_ua, SCOPE_INSTANTANEOUS, 1);
    l.when.n_ranges = 1;
    l.when.ranges[0] = (struct limit_range){.quantity = QUANTITY_limit_frequency_millihz,
                                            .has_above = true,
                                            .has_upto = true,
                                            .above = 400000,
                                            .upto = 1500000};
    struct {
        int64_t start, ceiling;
        bool applies;
    } cases[] = {{400000, 400000, false},  {400000, 400001, true},    {1500000, 1500000, true},
                 {1500000, 1600000, true}, {1500001, 1600000, false}, {100000, 2000000, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        BOTH(t.channels[0], phase_width_us, 50);
        PUT(t.channels[0].start, pulse_rate_millihz, cases[i].start);
        PUT(t.channels[0].ceiling, pulse_rate_millihz, cases[i].ceiling);
        pictured(&t);
        assert_int_equal(check(&l, 1, NULL), cases[i].applies ? -EPERM : 0);
    }
}

static void a_band_over_something_absent(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    pictured(&t);
    struct limit l = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 1);
    l.when.n_ranges = 1;
    /* a property that nobody knows: the limit holds */
    l.when.ranges[0] = (struct limit_range){.quantity = QUANTITY_era_mm2, .has_upto = true, .upto = 100};
    assert_int_equal(check(&l, 1, NULL), -EPERM);
    /* a commanded value that is not commanded: there are no bursts */
    l.when.ranges[0] = (struct limit_range){.quantity = QUANTITY_burst_rate_millihz, .has_upto = true, .upto = 100};
    assert_int_equal(check(&l, 1, NULL), 0);
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
    assert_int_equal(limit_use_of(QUANTITY_output_voltage_mv), USE_TREATMENT);
    assert_int_equal(check(limits, 3, NULL), 0);
    struct limit_finding f[3];
    limit_explain(limits, 3, &picture, NULL, f);
    assert_true(f[0].applies && !f[0].has_value && !f[0].exceeded);
}

static void the_most_restrictive_refusal_comes_first(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    pictured(&t);
    struct dose_history history = {.has_last_end = true, .since_last_end_ms = 60000};
    struct limit limits[] = {
        fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 25000),     /* x 1.2 */
        fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, 60 * 60000),  /* x 60 */
        fixture_limit(QUANTITY_session_count, SCOPE_PER_24H, 0),              /* nothing allowed: first */
        fixture_limit(QUANTITY_duration_ms, SCOPE_PER_SESSION, 15 * 60000),   /* x 2 */
        fixture_limit(QUANTITY_phase_charge_nc, SCOPE_PER_PULSE, 1000),       /* x 3 */
        fixture_limit(QUANTITY_pulse_rate_millihz, SCOPE_CONFIGURATION, 1000) /* x 100 */
    };
    assert_int_equal(check(limits, 6, &history), -EPERM);
    static const enum modality_quantity order[] = {QUANTITY_session_count,    QUANTITY_pulse_rate_millihz,
                                                   QUANTITY_rest_interval_ms, QUANTITY_phase_charge_nc,
                                                   QUANTITY_duration_ms,      QUANTITY_amplitude_ua};
    assert_int_equal(verdict.refused.n, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(verdict.refused.items[i].quantity, order[i]);
    }
}

static void a_full_list_keeps_the_most_restrictive_and_counts_the_rest(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit limits[REFUSALS_MAX + 20];
    size_t n = sizeof limits / sizeof limits[0];
    uint64_t seed = 5;
    pictured(&t);
    for (int round = 0; round < 50; round++) {
        int64_t tightest = INT64_MAX;
        for (size_t i = 0; i < n; i++) {
            limits[i] = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, random_between(&seed, 1, 29999));
            tightest = limits[i].max < tightest ? limits[i].max : tightest;
        }
        assert_int_equal(check(limits, n, NULL), -EPERM);
        assert_int_equal(verdict.refused.n, REFUSALS_MAX);
        assert_int_equal(verdict.refused.dropped, 20);
        assert_int_equal(verdict.refused.items[0].bound, tightest);
        for (size_t i = 1; i < REFUSALS_MAX; i++) {
            assert_true(verdict.refused.items[i].bound >= verdict.refused.items[i - 1].bound);
        }
        for (size_t i = 0; i < n; i++) { /* whatever was left out is no tighter than the last one kept */
            size_t kept = 0;
            while (kept < REFUSALS_MAX && verdict.refused.items[kept].bound != limits[i].max) {
                kept++;
            }
            assert_true(kept < REFUSALS_MAX || limits[i].max >= verdict.refused.items[REFUSALS_MAX - 1].bound);
        }
    }
}

static void a_refusal_says_subject_value_bound_and_origin(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 20000);
    pictured(&t);
    check(&l, 1, NULL);
    const struct refusal *r = &verdict.refused.items[0];
    assert_int_equal(r->token, TOKEN_LIMIT_EXCEEDED);
    assert_string_equal(r->subject, "under_test");
    assert_string_equal(r->origin, "limits.ini:41");
    assert_int_equal(r->layer, LAYER_INSTALLATION);
    assert_true(r->has_quantity && r->has_value && r->has_bound && !r->is_min);
    assert_string_equal(
        r->message, "amplitude_ua would be 30 mA in channel 1; limit under_test allows at most 20 mA (limits.ini:41)");
    struct dose_history history = {.session_count = 1};
    l = fixture_limit(QUANTITY_session_count, SCOPE_PER_24H, 1);
    check(&l, 1, &history);
    assert_string_equal(r->message,
                        "session_count would be 2 over 24 h; limit under_test allows at most 1 (limits.ini:41)");
}

static void a_full_list_of_added_refusals_spills(void **state)
{
    (void)state;
    struct refusals r;
    r.n = r.dropped = 0;
    for (int i = 0; i < REFUSALS_MAX + 3; i++) {
        struct refusal *item = refusal_add(&r, TOKEN_NOT_FOUND, "x", "number %d", i);
        item->channel = i;
    }
    assert_int_equal(r.n, REFUSALS_MAX);
    assert_int_equal(r.dropped, 3);
    assert_string_equal(r.items[REFUSALS_MAX - 1].message, "number 31");
    assert_int_equal(r.items[REFUSALS_MAX - 1].channel, REFUSALS_MAX - 1);
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

static void a_limit_covers_what_its_conditions_cover(void **state)
{
    (void)state;
    struct limit any = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 10);
    struct limit estim = any, one = any, two = any;
    estim.modality = MODALITY_ESTIM;
    assert_true(limit_when_covers(&any, &estim));
    assert_false(limit_when_covers(&estim, &any));
    assert_true(limit_when_covers(&estim, &estim));
#define NARROWER(field, narrow, wide)                                                                                  \
    one = two = estim;                                                                                                 \
    one.field = (narrow);                                                                                              \
    two.field = (wide);                                                                                                \
    assert_true(limit_when_covers(&two, &one));                                                                        \
    assert_false(limit_when_covers(&one, &two));                                                                       \
    assert_true(limit_when_covers(&estim, &one));                                                                      \
    assert_false(limit_when_covers(&one, &estim))
    NARROWER(when.waveforms, 1u << WAVEFORM_dc, 1u << WAVEFORM_dc | 1u << WAVEFORM_sine);
    NARROWER(when.therapies, 1u << THERAPY_tens, 1u << THERAPY_tens | 1u << THERAPY_ifc);
    NARROWER(when.sites, 2, 6);
    NARROWER(when.conditions, 2, 6);
    NARROWER(when.applicators, 2, 6);
#undef NARROWER
    one = two = estim;
    one.when.unless_thermal = true;
    assert_true(limit_when_covers(&two, &one));
    assert_false(limit_when_covers(&one, &two));
    /* naming every waveform of the modality is naming none */
    one = two = estim;
    for (unsigned w = WAVEFORM_biphasic_symmetric; w <= WAVEFORM_iontophoresis; w++) {
        one.when.waveforms |= 1u << w;
    }
    one.when.waveforms |= 1u << WAVEFORM_biphasic_burst;
    assert_true(limit_when_covers(&one, &two));
}

static void a_band_covers_a_band_inside_it(void **state)
{
    (void)state;
    struct limit outer = fixture_limit(QUANTITY_rms_current_ua, SCOPE_INSTANTANEOUS, 10), inner = outer, plain = outer;
    outer.when.n_ranges = inner.when.n_ranges = 1;
    outer.when.ranges[0] = (struct limit_range){
        .quantity = QUANTITY_limit_frequency_millihz, .has_above = true, .above = 100, .has_upto = true, .upto = 200};
    struct {
        bool has_above, has_upto;
        int64_t above, upto;
        bool covered;
    } cases[] = {{true, true, 100, 200, true},  {true, true, 150, 160, true}, {true, true, 99, 200, false},
                 {true, true, 100, 201, false}, {false, true, 0, 200, false}, {true, false, 150, 0, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        inner.when.ranges[0] = (struct limit_range){QUANTITY_limit_frequency_millihz, cases[i].has_above,
                                                    cases[i].has_upto, cases[i].above, cases[i].upto};
        assert_int_equal(limit_when_covers(&outer, &inner), cases[i].covered);
    }
    assert_false(limit_when_covers(&outer, &plain));
    assert_true(limit_when_covers(&plain, &outer));
}

static void looser_means_further_from_safe(void **state)
{
    (void)state;
    struct limit outer = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 100), inner = outer;
    inner.max = 101;
    assert_true(limit_looser(&inner, &outer));
    inner.max = 100;
    assert_false(limit_looser(&inner, &outer));
    inner.max = 101;
    inner.scope = SCOPE_PER_PULSE;
    assert_false(limit_looser(&inner, &outer));
    inner.scope = SCOPE_INSTANTANEOUS;
    inner.class = LIMIT_INFO;
    assert_false(limit_looser(&inner, &outer));
    inner.class = LIMIT_NOTICE;
    assert_true(limit_looser(&inner, &outer));
    outer.class = LIMIT_NOTICE; /* a notice binds nobody */
    assert_false(limit_looser(&inner, &outer));
    outer = fixture_least(QUANTITY_temperature_millic, SCOPE_INSTANTANEOUS, 10000);
    inner = fixture_least(QUANTITY_temperature_millic, SCOPE_INSTANTANEOUS, 9999);
    assert_true(limit_looser(&inner, &outer));
    assert_false(limit_looser(&outer, &inner));
    inner = fixture_limit(QUANTITY_temperature_millic, SCOPE_INSTANTANEOUS, 99999);
    assert_false(limit_looser(&inner, &outer)); /* a maximum is not looser than a minimum */
}

static void words_are_those_of_the_ini(void **state)
{
    (void)state;
    static const char *const scopes[] = {"per-pulse", "instantaneous", "per-session", "per-24h", "configuration"};
    static const char *const classes[] = {"hard", "notice", "target", "info"};
    static const char *const layers[] = {"compiled", "installation", "protocol", "prescription", "device"};
    static const char *const verified[] = {"no", "yes", "choice"};
    for (unsigned i = 0; i < 5; i++) {
        assert_string_equal(limit_scope_id((enum limit_scope)i), scopes[i]);
        assert_string_equal(limit_layer_id((enum limit_layer)i), layers[i]);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_string_equal(limit_class_id((enum limit_class)i), classes[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(limit_verified_id((enum limit_verified)i), verified[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bound_is_sharp_in_every_scope),
        cmocka_unit_test(a_maximum_is_judged_at_the_worse_end_and_a_minimum_at_the_other),
        cmocka_unit_test(no_session_before_means_no_rest_is_owed),
        cmocka_unit_test(history_that_overflows_exceeds_every_bound),
        cmocka_unit_test(channels_on_one_site_add_up),
        cmocka_unit_test(thirty_five_milliampere_of_interferential_is_the_most_that_passes),
        cmocka_unit_test(the_worst_channel_is_named),
        cmocka_unit_test(several_limits_on_one_quantity_all_hold),
        cmocka_unit_test(a_condition_that_does_not_hold_takes_the_limit_away),
        cmocka_unit_test(a_band_is_open_below_and_closed_above),
        cmocka_unit_test(a_band_over_something_absent),
        cmocka_unit_test(an_ultrasound_display_may_be_wrong_by_a_fifth),
        cmocka_unit_test(notices_ask_and_do_not_refuse),
        cmocka_unit_test(walking_and_fault_bounds_are_not_bounds_on_a_request),
        cmocka_unit_test(the_most_restrictive_refusal_comes_first),
        cmocka_unit_test(a_full_list_keeps_the_most_restrictive_and_counts_the_rest),
        cmocka_unit_test(a_refusal_says_subject_value_bound_and_origin),
        cmocka_unit_test(a_full_list_of_added_refusals_spills),
        cmocka_unit_test(explain_agrees_with_check),
        cmocka_unit_test(the_tightest_applying_limit_is_found),
        cmocka_unit_test(a_limit_covers_what_its_conditions_cover),
        cmocka_unit_test(a_band_covers_a_band_inside_it),
        cmocka_unit_test(looser_means_further_from_safe),
        cmocka_unit_test(words_are_those_of_the_ini),
    };
    return DOSE_TESTS(tests);
}
