/* SPDX-License-Identifier: Apache-2.0 */
/* What supervision is given to hold samples against: bounds out of the tables, and tighter ones by a reload. */
#include "fixture.h"

#include "record/amounts.h"

static struct limit all[300];

/* One more limit of the installation, in force from the start. */
static struct limit *limit(struct room *r, const char *id, enum modality m, enum modality_quantity q,
                           enum limit_class class, enum limit_scope scope, int64_t max)
{
    if (r->tables.limits != all)
        memcpy(all, r->tables.limits, r->tables.n_limits * sizeof all[0]);
    r->tables.limits = all;
    struct limit *l = &all[r->tables.n_limits++];
    *l = (struct limit){.id = id,
                        .modality = m,
                        .quantity = q,
                        .has_max = true,
                        .max = max,
                        .scope = scope,
                        .class = class,
                        .layer = LAYER_INSTALLATION,
                        .use = limit_use_of(q),
                        .verified = VERIFIED_YES,
                        .origin = "limits.ini:90"};
    return l;
}

static const struct supervise_rules *running(struct room *r, struct session_request q)
{
    room_open(r);
    room_running(r, &q);
    return &room_session(r)->rules;
}

/* New tables in which one limit has another bound. */
static void reload(struct room *r, const char *id, int64_t max)
{
    static struct limit changed[300];
    static struct dose_tables tables;
    memcpy(changed, r->tables.limits, r->tables.n_limits * sizeof changed[0]);
    tables = r->tables;
    tables.limits = changed;
    for (size_t i = 0; i < tables.n_limits; i++) {
        if (strcmp(changed[i].id, id) == 0 && changed[i].has_max)
            changed[i].max = max;
        else if (strcmp(changed[i].id, id) == 0)
            changed[i].min = max;
    }
    struct session_settings settings = r->settings;
    settings.tables = &tables;
    settings.config_generation++;
    assert_int_equal(sessions_reload(r->sessions, &settings, &r->now), 0);
}

static void accuracy_is_judged_above_the_floor_of_the_tables(void **state)
{
    struct room *r = *state;
    limit(r, "us_accuracy_floor", MODALITY_ULTRASOUND, QUANTITY_accuracy_floor_permille, LIMIT_INFO,
          SCOPE_CONFIGURATION, 50);
    r->units[SOUND].device.channels[0].level_measured = true;
    const struct supervise_rules *rules = running(r, room_sound());
    assert_int_equal(rules->channels[0].floor, 100000); /* 5 % of 2 W/cm2 */
    reload(r, "us_accuracy_floor", 20);
    assert_int_equal(rules->channels[0].floor, 40000);
    reload(r, "us_accuracy_floor", 200);
    assert_int_equal(rules->channels[0].floor, 40000);
}

static void without_a_floor_in_the_tables_it_is_a_tenth(void **state)
{
    struct room *r = *state;
    r->units[SOUND].device.channels[0].level_measured = true;
    assert_int_equal(running(r, room_sound())->channels[0].floor, 200000);
}

static void the_timer_may_be_off_by_a_time_and_by_a_share(void **state)
{
    struct room *r = *state;
    limit(r, "us_timer_tol_iec", MODALITY_ULTRASOUND, QUANTITY_timer_error_permille, LIMIT_DEVICE, SCOPE_PER_SESSION,
          100);
    struct limit *lt5 = limit(r, "us_timer_tol_lt5", MODALITY_ULTRASOUND, QUANTITY_timer_error_ms, LIMIT_HARD,
                              SCOPE_PER_SESSION, 40000);
    (void)lt5;
    const struct supervise_rules *rules = running(r, room_sound()); /* 5 min */
    assert_int_equal(rules->timer_tolerance_ms, 30000);
    reload(r, "us_timer_tol_iec", 50);
    assert_int_equal(rules->timer_tolerance_ms, 15000);
    reload(r, "us_timer_tol_lt5", 9000);
    assert_int_equal(rules->timer_tolerance_ms, 9000);
}

/* A hard bound ends what runs; a notice only tells. */
static void a_rise_of_impedance_is_bounded_by_twice_or_by_its_limit(void **state)
{
    struct room *r = *state;
    limit(r, "es_load_trend", MODALITY_ESTIM, QUANTITY_impedance_rise_permille, LIMIT_NOTICE, SCOPE_PER_SESSION, 500);
    const struct supervise_rules *rules = running(r, room_tens());
    assert_int_equal(rules->channels[0].impedance_trend_permille, 500);
    assert_int_equal(rules->channels[0].impedance_rise_permille, 1000);
    assert_int_equal(rules->channels[0].level_resolution, 100);
    limit(r, "es_load_rise", MODALITY_ESTIM, QUANTITY_impedance_rise_permille, LIMIT_HARD, SCOPE_PER_SESSION, 800);
    reload(r, "es_load_rise", 800);
    assert_int_equal(rules->channels[0].impedance_rise_permille, 800);
    assert_int_equal(rules->channels[0].impedance_trend_permille, 500);
}

static void a_still_head_is_bounded_by_its_notice(void **state)
{
    struct room *r = *state;
    limit(r, "us_static_max", MODALITY_ULTRASOUND, QUANTITY_intensity_static_uw_cm2, LIMIT_NOTICE, SCOPE_INSTANTANEOUS,
          500000);
    const struct supervise_rules *rules = running(r, room_sound());
    assert_int_equal(rules->channels[0].static_max_uw_cm2, 500000);
    reload(r, "us_static_max", 300000);
    assert_int_equal(rules->channels[0].static_max_uw_cm2, 300000);
}

static void a_hot_head_is_bounded_by_limit_and_by_itself(void **state)
{
    struct room *r = *state;
    r->applicators[0].max_temperature_millic = 39000;
    assert_int_equal(running(r, room_sound())->temperature_max_millic, 39000);
}

static void laser_and_cold_have_their_bounds_and_reloads_tighten_them(void **state)
{
    struct room *r = *state;
    const struct supervise_rules *rules = running(r, room_laser());
    assert_int_equal(rules->channels[0].readback_permille, 1200);
    assert_string_equal(rules->channels[0].applicator, "700");
    assert_true(rules->channels[0].applicator_told);
    assert_int_equal(rules->course.end, COURSE_POINTS);
    assert_int_equal(rules->course.amount, 1000000);
    reload(r, "lz_readback_max", 1100);
    assert_int_equal(rules->channels[0].readback_permille, 1100);
}

static void the_floor_of_the_skin_is_raised_by_a_reload(void **state)
{
    struct room *r = *state;
    limit(r, "cr_skin_min", MODALITY_COLD, QUANTITY_skin_temperature_millic, LIMIT_HARD, SCOPE_INSTANTANEOUS, 0);
    struct limit *l = &all[r->tables.n_limits - 1];
    l->has_max = false;
    l->has_min = true;
    l->min = 10500;
    const struct supervise_rules *rules = running(r, room_cold());
    assert_int_equal(rules->channels[0].skin_min_millic, 10500);
    assert_int_equal(rules->channels[0].lag_ns, 20 * NS_PER_S);
    assert_true(rules->channels[0].has_skin);
    assert_true(rules->channels[0].safer_up);
    reload(r, "cr_skin_min", 17000); /* the skin is at 16 */
    assert_int_equal(rules->channels[0].skin_min_millic, 17000);
    for (int i = 0; i < 2; i++) {
        room_advance(r, 50);
        host_sample(r, COLD);
    }
    assert_string_equal(session_end_reason(room_session(r)), "skin_cold");
}

/* Every amount of the table: what a hard limit leaves of it, less what the day had. */
static void every_total_is_bounded_by_its_limits(void **state)
{
    struct room *r = *state;
    const int64_t max = INT64_C(1000000000); /* more than this treatment, less than a compiled ceiling of energy */
    for (size_t i = 0; i < AMOUNT_COUNT; i++)
        limit(r, "hard", MODALITY_ANY, amount_quantity(i), LIMIT_HARD, SCOPE_PER_SESSION, max);
    const struct supervise_rules *rules = running(r, room_tens());
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        if (i != AMOUNT_duration_ms && i != AMOUNT_iontophoresis_dose_ua_min)
            assert_int_equal(amount_get(&rules->totals_max, i), max);
        else
            assert_true(amount_get(&rules->totals_max, i) <= max); /* compiled ceilings are lower */
    }
}

static void a_notice_on_a_total_binds_who_has_not_acknowledged_it(void **state)
{
    struct room *r = *state;
    limit(r, "us_cem43_bone", MODALITY_ULTRASOUND, QUANTITY_cem43_ms, LIMIT_NOTICE, SCOPE_PER_24H, 960000);
    limit(r, "us_energy_density_max", MODALITY_ULTRASOUND, QUANTITY_energy_density_uj_cm2, LIMIT_NOTICE,
          SCOPE_PER_SESSION, 300000000);
    struct session_request q = room_sound();
    q.n_acknowledged = 1;
    q.acknowledged[0] = "us_cem43_bone";
    const struct supervise_rules *rules = running(r, q);
    assert_int_equal(rules->totals_notice.cem43_ms, INT64_MAX);
    assert_int_equal(rules->totals_notice.energy_uj, 1500000000); /* 300 J/cm2 over an ERA of 5 cm2 */
}

static void a_total_lowered_below_what_was_delivered_stops(void **state)
{
    struct room *r = *state;
    limit(r, "own_ion_dose", MODALITY_ESTIM, QUANTITY_iontophoresis_dose_ua_min, LIMIT_HARD, SCOPE_PER_SESSION, 70000);
    running(r, room_ions());
    room_run(r, GALVANIC, 15000); /* 500 uA.min */
    reload(r, "own_ion_dose", 510);
    assert_state(r, "running");
    room_run(r, GALVANIC, 500);
    assert_string_equal(session_end_reason(room_session(r)), "over_limit");
}

static void a_device_limit_stops_who_is_over_it_after_a_reload(void **state)
{
    struct room *r = *state;
    limit(r, "es_ind_current", MODALITY_ESTIM, QUANTITY_rms_current_ua, LIMIT_DEVICE, SCOPE_INSTANTANEOUS, 10000);
    running(r, room_tens()); /* 10 mA, 2 x 200 us, 100 Hz: 2 mA r.m.s. */
    reload(r, "es_ind_current", 1999);
    assert_state(r, "stopping");
    assert_string_equal(session_end_reason(room_session(r)), "limit");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(accuracy_is_judged_above_the_floor_of_the_tables),
        TEST(without_a_floor_in_the_tables_it_is_a_tenth),
        TEST(the_timer_may_be_off_by_a_time_and_by_a_share),
        TEST(a_still_head_is_bounded_by_its_notice),
        TEST(a_rise_of_impedance_is_bounded_by_twice_or_by_its_limit),
        TEST(a_hot_head_is_bounded_by_limit_and_by_itself),
        TEST(laser_and_cold_have_their_bounds_and_reloads_tighten_them),
        TEST(the_floor_of_the_skin_is_raised_by_a_reload),
        TEST(every_total_is_bounded_by_its_limits),
        TEST(a_notice_on_a_total_binds_who_has_not_acknowledged_it),
        TEST(a_total_lowered_below_what_was_delivered_stops),
        TEST(a_device_limit_stops_who_is_over_it_after_a_reload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
