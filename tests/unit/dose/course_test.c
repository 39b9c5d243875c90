/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ends a treatment: by time as ever, by the dose of iontophoresis, or point by point. The dose is the total
 * whatever the level; what the start values do not reach in time, and what contradicts itself, is refused.
 */
#include "dose/derive.h"
#include "limit_fixture.h"

static int made(const struct dose_treatment *t)
{
    refusals.n = refusals.dropped = 0;
    return dose_picture_make(t, &picture, &refusals);
}

static void refused(const struct dose_treatment *t, enum modality_token token, enum modality_quantity q)
{
    assert_int_equal(made(t), -EINVAL);
    assert_int_equal(refusals.n, 1);
    assert_int_equal(refusals.items[0].token, token);
    assert_true(refusals.items[0].has_quantity);
    assert_int_equal(refusals.items[0].quantity, q);
}

static void without(struct dose_channel *c, enum modality_quantity q)
{
    c->start.present[q / 64] &= ~(UINT64_C(1) << (q % 64));
    c->ceiling.present[q / 64] &= ~(UINT64_C(1) << (q % 64));
}

static int64_t whole(enum modality_quantity q)
{
    assert_true(quantity_has(&picture.whole, q));
    return picture.whole.value[q];
}

static void a_treatment_without_a_dose_ends_by_its_time(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    pictured(&t);
    assert_int_equal(picture.course.end, COURSE_TIME);
    assert_int_equal(picture.course.turns, 1);
    assert_int_equal(picture.course.amount, t.duration_ms);
    assert_int_equal(picture.course.time_ms, t.duration_ms);
    assert_int_equal(picture.course.fastest_ms, t.duration_ms);
    assert_int_equal(picture.course.longest_ms, t.duration_ms);
    t = fixture_ionto();
    without(&t.channels[0], QUANTITY_iontophoresis_dose_ua_min);
    pictured(&t); /* by time: the dose is what the ceiling carries in it */
    assert_int_equal(picture.course.end, COURSE_TIME);
    assert_int_equal(whole(QUANTITY_iontophoresis_dose_ua_min), 4000 * 30);
    t = fixture_laser();
    without(&t.channels[0], QUANTITY_point_energy_uj);
    BOTH(t.channels[0], point_duration_ms, 60000);
    pictured(&t); /* points by time */
    assert_int_equal(picture.course.end, COURSE_TIME);
    assert_int_equal(whole(QUANTITY_energy_uj), 200000 * 600);
}

static void iontophoresis_ends_at_its_dose(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ionto();
    pictured(&t);
    assert_int_equal(picture.course.end, COURSE_ION_DOSE);
    assert_int_equal(picture.course.turns, 1);
    assert_int_equal(picture.course.amount, 40000);
    assert_int_equal(picture.course.time_ms, 20 * 60000);
    assert_int_equal(picture.course.fastest_ms, 10 * 60000);
    assert_int_equal(picture.course.longest_ms, 30 * 60000);
    /* the dose is the total at either end, not the longest time at the ceiling */
    assert_int_equal(whole(QUANTITY_iontophoresis_dose_ua_min), 40000);
    assert_int_equal(whole(QUANTITY_session_charge_uc), 2400000);
    assert_int_equal(picture.start[0].value[QUANTITY_iontophoresis_dose_ua_min], 40000);
    assert_int_equal(whole(QUANTITY_duration_ms), 30 * 60000); /* what limits on time are held against */
    BOTH(t.channels[0], iontophoresis_dose_ua_min, 40001);
    pictured(&t);
    assert_int_equal(picture.course.time_ms, 1200030);
    assert_int_equal(picture.course.fastest_ms, 600015);
    BOTH(t.channels[0], amplitude_ua, 3000);
    pictured(&t);
    assert_int_equal(picture.course.time_ms, 800020);
    PUT(t.channels[0].start, amplitude_ua, 2999);
    pictured(&t);
    assert_int_equal(picture.course.time_ms, 800287); /* 800286.7 */
    assert_int_equal(picture.course.fastest_ms, 800020);
}

static void a_laser_ends_at_the_energy_of_its_points(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_laser();
    pictured(&t);
    assert_int_equal(picture.course.end, COURSE_POINTS);
    assert_int_equal(picture.course.turns, 4);
    assert_int_equal(picture.course.amount, 6000000);
    assert_int_equal(picture.course.time_ms, 240000);
    assert_int_equal(picture.course.fastest_ms, 120000);
    assert_int_equal(whole(QUANTITY_energy_uj), 24000000); /* and not 200 mW for 10 min */
    assert_int_equal(picture.ceiling[0].value[QUANTITY_radiant_exposure_uj_cm2], 12000000);
    assert_int_equal(picture.start[0].value[QUANTITY_point_duration_ms], 60000);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_point_duration_ms], 30000);
    /* each point rounds up by itself: 6 J at 70 mW are 85714.3 ms */
    PUT(t.channels[0].start, power_uw, 70000);
    pictured(&t);
    assert_int_equal(picture.course.time_ms, 4 * 85715);
}

static void a_superpulsed_laser_ends_by_its_mean_power(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_laser();
    struct dose_channel *c = &t.channels[0];
    c->waveform = WAVEFORM_laser_pulsed;
    without(c, QUANTITY_power_uw);
    BOTH(*c, peak_power_uw, 10000000);
    BOTH(*c, pulse_width_ns, 200);
    BOTH(*c, pulse_repetition_millihz, 10000000); /* 20 mW */
    BOTH(*c, point_energy_uj, 1000000);
    pictured(&t);
    assert_int_equal(picture.course.time_ms, 200000);
    assert_int_equal(whole(QUANTITY_energy_uj), 4000000);
}

static void a_dose_that_takes_too_long_is_refused_with_both_times(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ionto();
    t.duration_ms = 20 * 60000;
    pictured(&t);
    t.duration_ms--;
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_duration_ms);
    assert_int_equal(refusals.items[0].value, 1200000);
    assert_int_equal(refusals.items[0].bound, 1199999);
    assert_non_null(strstr(refusals.items[0].message, "20 min"));
    assert_non_null(strstr(refusals.items[0].message, "1199.999 s"));
    t = fixture_laser();
    t.duration_ms = 240000;
    pictured(&t);
    t.duration_ms--;
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_duration_ms);
    assert_int_equal(refusals.items[0].value, 240000);
}

static void a_dose_is_never_reached_from_rest(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ionto();
    PUT(t.channels[0].start, amplitude_ua, 0);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_duration_ms);
    assert_int_equal(refusals.items[0].value, INT64_MAX);
    assert_non_null(strstr(refusals.items[0].message, "never reached"));
    assert_non_null(strstr(refusals.items[0].message, "30 min"));
    t = fixture_laser();
    PUT(t.channels[0].start, power_uw, 0);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_duration_ms);
    PUT(t.channels[0].start, power_uw, 1); /* longer than anyone can count: 6 million s and four of them */
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_duration_ms);
    assert_int_equal(refusals.items[0].value, INT64_C(24000000000));
}

static void a_dose_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ionto();
    PUT(t.channels[0].ceiling, iontophoresis_dose_ua_min, 40001); /* one figure ends it */
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_iontophoresis_dose_ua_min);
    t = fixture_ionto();
    BOTH(t.channels[0], iontophoresis_dose_ua_min, 0);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_iontophoresis_dose_ua_min);
    t = fixture_ionto();
    t.channels[0].waveform = WAVEFORM_dc;
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_waveform_class);
    t = fixture_ionto();
    BOTH(t.channels[0], surge_on_ms, 5000);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_surge_on_ms);
    t = fixture_ionto();
    t.n_channels = 2;
    t.channels[1] = t.channels[0];
    assert_int_equal(made(&t), -EINVAL);
    assert_non_null(strstr(refusals.items[0].message, "one channel"));
    t = fixture_laser();
    without(&t.channels[0], QUANTITY_point_count);
    refused(&t, TOKEN_INCOMPLETE, QUANTITY_point_count);
    BOTH(t.channels[0], point_count, 0);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_point_count);
    t = fixture_laser();
    BOTH(t.channels[0], point_duration_ms, 60000);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_point_duration_ms);
    t = fixture_laser();
    PUT(t.channels[0].ceiling, point_count, 5);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_point_count);
    t = fixture_tens();
    BOTH(t.channels[0], point_energy_uj, 1);
    refused(&t, TOKEN_OUT_OF_RANGE, QUANTITY_waveform_class);
}

static void limits_on_the_dose_are_held_against_the_dose_and_those_on_time_against_the_longest(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ionto();
    struct dose_history history = {.iontophoresis_dose_ua_min = 30000};
    pictured(&t);
    struct {
        enum modality_quantity q;
        enum limit_scope scope;
        int64_t value;
    } cases[] = {{QUANTITY_iontophoresis_dose_ua_min, SCOPE_PER_SESSION, 40000},
                 {QUANTITY_iontophoresis_dose_ua_min, SCOPE_PER_24H, 70000},
                 {QUANTITY_session_charge_uc, SCOPE_PER_SESSION, 2400000},
                 {QUANTITY_duration_ms, SCOPE_PER_SESSION, 1800000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int64_t d = -1; d <= 1; d++) {
            struct limit l = fixture_limit(cases[i].q, cases[i].scope, cases[i].value + d);
            assert_int_equal(check(&l, 1, &history), d < 0 ? -EPERM : 0);
        }
    }
}

/* What stands between one dose and the worst of it: each turn ends with a stop of its own. */
static void the_worst_of_a_dose_follows_from_its_fastest_course(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_laser();
    int64_t worst = 0;
    pictured(&t);
    const struct course *c = &picture.course;
    assert_int_equal(dose_worst(24000000, 200, c->fastest_ms, 500 * c->turns, &worst), 0);
    assert_int_equal(worst, 28800000 + 4 * 120000); /* 240 mW for half a second, four times */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_treatment_without_a_dose_ends_by_its_time),
        cmocka_unit_test(iontophoresis_ends_at_its_dose),
        cmocka_unit_test(a_laser_ends_at_the_energy_of_its_points),
        cmocka_unit_test(a_superpulsed_laser_ends_by_its_mean_power),
        cmocka_unit_test(a_dose_that_takes_too_long_is_refused_with_both_times),
        cmocka_unit_test(a_dose_is_never_reached_from_rest),
        cmocka_unit_test(a_dose_that_contradicts_itself_is_refused),
        cmocka_unit_test(limits_on_the_dose_are_held_against_the_dose_and_those_on_time_against_the_longest),
        cmocka_unit_test(the_worst_of_a_dose_follows_from_its_fastest_course),
    };
    return DOSE_TESTS(tests);
}
