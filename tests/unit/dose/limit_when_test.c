/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a limit applies, and how two limits compare: conditions that take a limit away, bands and their edges, what
 * covers what, and what is looser.
 */
#include "limit_fixture.h"

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

static void a_site_is_met_wherever_the_treatment_touches_it(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens(); /* at site 3 */
    struct limit l = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 1);
    struct {
        uint64_t touched, limited;
        bool applies;
    } cases[] = {{0, 1u << 3, true},
                 {0, 1u << 4, false},
                 {1u << 3 | 1u << 5, 1u << 5, true},
                 {1u << 3 | 1u << 5, 1u << 3 | 1u << 7, true},
                 {1u << 3 | 1u << 5, 1u << 4 | 1u << 6, false},
                 {1u << 5, 1u << 3, true}, /* the target is touched whether its bit is set or not */
                 {UINT64_C(1) << 63, UINT64_C(1) << 63, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        t.sites = cases[i].touched;
        l.when.sites = cases[i].limited;
        pictured(&t);
        assert_int_equal(check(&l, 1, NULL), cases[i].applies ? -EPERM : 0);
    }
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
    one = two = estim;
    one.when.no_indicator = true; /* fewer devices than all */
    assert_true(limit_when_covers(&two, &one));
    assert_false(limit_when_covers(&one, &two));
    assert_true(limit_when_covers(&one, &one));
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
    outer.class = LIMIT_HARD;
    inner.class = LIMIT_DEVICE; /* refuses like a hard one, so it must not be looser */
    assert_true(limit_looser(&inner, &outer));
    inner.has_max = false; /* without a bound there is nothing to be looser */
    assert_false(limit_looser(&inner, &outer));
    outer = fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, 3600000);
    inner = fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, 60000);
    assert_true(limit_looser(&inner, &outer));
    inner.when.after = 1u << THERAPY_cryo; /* rest after another therapy is another interval */
    assert_false(limit_looser(&inner, &outer));
    outer.when.after = 1u << THERAPY_cryo | 1u << THERAPY_tens;
    assert_false(limit_looser(&inner, &outer));
    outer.when.after = 1u << THERAPY_cryo;
    assert_true(limit_looser(&inner, &outer));
    outer = fixture_least(QUANTITY_temperature_millic, SCOPE_INSTANTANEOUS, 10000);
    inner = fixture_least(QUANTITY_temperature_millic, SCOPE_INSTANTANEOUS, 9999);
    assert_true(limit_looser(&inner, &outer));
    assert_false(limit_looser(&outer, &inner));
    inner = fixture_limit(QUANTITY_temperature_millic, SCOPE_INSTANTANEOUS, 99999);
    assert_false(limit_looser(&inner, &outer)); /* a maximum is not looser than a minimum */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_condition_that_does_not_hold_takes_the_limit_away),
        cmocka_unit_test(a_site_is_met_wherever_the_treatment_touches_it),
        cmocka_unit_test(a_band_is_open_below_and_closed_above),
        cmocka_unit_test(a_band_over_something_absent),
        cmocka_unit_test(a_limit_covers_what_its_conditions_cover),
        cmocka_unit_test(a_band_covers_a_band_inside_it),
        cmocka_unit_test(looser_means_further_from_safe),
    };
    return DOSE_TESTS(tests);
}
