/* SPDX-License-Identifier: Apache-2.0 */
/* New limits under a running session: the smaller of old and new holds, in the daemon and in the host. */
#include "fixture.h"

static void running(struct room *r)
{
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q); /* 10 mA, ceiling 30 mA, own_peak 50 mA */
    room_forget(r);
}

/* The tables of the newest reload; those before it are freed, since nothing may look at them any more. */
static struct owned {
    struct dose_tables tables;
    struct limit limits[];
} * newest;

static void take_tables(struct room *r, struct owned *next)
{
    r->settings.config_generation++;
    r->settings.tables = &next->tables;
    assert_int_equal(sessions_reload(r->sessions, &r->settings, &r->now), 0);
    free(newest);
    newest = next;
}

static struct owned *copy_tables(const struct room *r)
{
    struct owned *next = calloc(1, sizeof *next + r->tables.n_limits * sizeof next->limits[0]);
    assert_non_null(next);
    memcpy(next->limits, r->tables.limits, r->tables.n_limits * sizeof next->limits[0]);
    next->tables = r->tables;
    next->tables.limits = next->limits;
    return next;
}

static struct limit *limit_of(struct owned *tables, const char *id)
{
    for (size_t i = 0; i < tables->tables.n_limits; i++) {
        if (strcmp(tables->limits[i].id, id) == 0)
            return &tables->limits[i];
    }
    fail_msg("no limit %s", id);
    return NULL;
}

/* Reloads with one of the installation's limits changed; those of the room stay as they are. */
static void reload_with(struct room *r, const char *id, int64_t max)
{
    struct owned *next = copy_tables(r);
    limit_of(next, id)->max = max;
    take_tables(r, next);
}

static int teardown(void **state)
{
    const int result = room_teardown(state);
    free(newest);
    newest = NULL;
    return result;
}

static void adjust(struct room *r, int64_t target, int64_t expect)
{
    const struct session_actor actor = room_actor();
    const struct session_adjust_request a = {.session_id = r->session_id,
                                             .lease_key = r->lease_key,
                                             .quantity = QUANTITY_amplitude_ua,
                                             .target = target,
                                             .has_expect = true,
                                             .expect = expect};
    session_adjust(r->sessions, &a, &actor, &r->now, room_reply(r));
}

static void a_looser_limit_gives_a_running_session_nothing(void **state)
{
    struct room *r = *state;
    running(r);
    reload_with(r, "own_peak", 80000);
    assert_state(r, "running");
    assert_int_equal(room_count(r, LINK_TIGHTEN), 0);
    adjust(r, 30100, 10000);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

static void a_tighter_limit_lowers_the_ceiling_here_and_in_the_host(void **state)
{
    struct room *r = *state;
    running(r);
    reload_with(r, "own_peak", 20000);
    assert_state(r, "running");
    assert_int_equal(room_count(r, LINK_TIGHTEN), 1);
    const int64_t ceiling = room_last(r, LINK_TIGHTEN)->arm.envelope.channels[0].level_ceiling;
    assert_int_equal(ceiling, 20000);
    adjust(r, 20100, 10000);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "(at most 20 mA, since the reload by limit own_peak, limits.ini:"));
    adjust(r, 30100, 10000); /* never prepared */
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_null(strstr(r->message, "own_peak"));
    adjust(r, 20000, 10000);
    assert_answered(r);
    reload_with(r, "own_peak", 50000); /* raised again: what was taken is not given back */
    adjust(r, 20100, 20000);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

static void a_limit_at_the_present_value_keeps_it_running(void **state)
{
    struct room *r = *state;
    running(r);
    reload_with(r, "own_peak", 10000);
    assert_state(r, "running");
    assert_int_equal(room_last(r, LINK_TIGHTEN)->arm.envelope.channels[0].level_ceiling, 10000);
}

static void a_limit_below_the_present_value_stops(void **state)
{
    struct room *r = *state;
    running(r);
    reload_with(r, "own_peak", 9999);
    assert_state(r, "stopping");
    assert_int_equal(room_count(r, LINK_STOP), 1);
    assert_true(room_alarm(r, ALARM_KIND_over_limit));
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_answered(r);
    json_decref(room_record(r, r->session_id)); /* with the limits that were in force at its end */
}

static void a_total_that_is_passed_stops(void **state)
{
    struct room *r = *state;
    running(r);
    room_run(r, STIM, 10000);
    reload_with(r, "own_day", 9000);
    assert_state(r, "stopping");
}

static void a_total_still_ahead_stops_when_it_is_reached(void **state)
{
    struct room *r = *state;
    running(r);
    room_run(r, STIM, 1000);
    reload_with(r, "own_day", 5000);
    assert_state(r, "running");
    room_run(r, STIM, 3800);
    assert_state(r, "running");
    room_run(r, STIM, 400);
    assert_state(r, "stopping");
    assert_true(room_alarm(r, ALARM_KIND_over_limit));
}

static int64_t ceiling_of(struct room *r)
{
    return room_session(r)->arm.envelope.channels[0].level_ceiling;
}

static void fifty_reloads_only_ever_tighten(void **state)
{
    struct room *r = *state;
    running(r);
    for (int64_t i = 0; i < 25; i++) {
        reload_with(r, "own_peak", 29000 - 500 * i);
        assert_int_equal(ceiling_of(r), 29000 - 500 * i);
        const int64_t before = ceiling_of(r);
        reload_with(r, "own_peak", 60000);
        assert_int_equal(ceiling_of(r), before);
        assert_state(r, "running");
        room_run(r, STIM, 50);
        adjust(r, 29100 - 500 * i, 10000);
        assert_refused(r, TOKEN_OUT_OF_RANGE);
    }
    assert_in_range(room_session(r)->kept.n, 1, 100);
    reload_with(r, "own_peak", 9900);
    assert_state(r, "stopping");
    assert_true(room_alarm(r, ALARM_KIND_over_limit));
    assert_non_null(strstr(room_session(r)->end_detail, "own_peak"));
}

/* Each time another band: what is kept stays bounded, and is tighter where there is no room for one more. */
static void a_thousand_bands_are_held_in_bounded_room(void **state)
{
    struct room *r = *state;
    running(r);
    for (int64_t i = 0; i < 1000; i++) {
        struct owned *next = copy_tables(r);
        struct limit *l = limit_of(next, "own_peak");
        l->max = 25000;
        l->when.n_ranges = 1;
        l->when.ranges[0] = (struct limit_range){.quantity = QUANTITY_pulse_rate_millihz,
                                                 .has_above = true,
                                                 .has_upto = true,
                                                 .above = 120000 + i,
                                                 .upto = 140000 + i};
        take_tables(r, next);
    }
    assert_state(r, "running");
    assert_in_range(room_session(r)->kept.n, 1, KEPT_MAX);
    reload_with(r, "own_peak", 24000);
    assert_int_equal(ceiling_of(r), 24000);
}

/* A limit of a configuration that came and went holds on where a setting is moved to later. */
static void a_band_that_was_in_force_once_holds_on(void **state)
{
    struct room *r = *state;
    running(r);
    struct owned *next = copy_tables(r);
    struct limit *l = limit_of(next, "own_peak");
    l->max = 20000;
    l->when.n_ranges = 1;
    l->when.ranges[0] = (struct limit_range){.quantity = QUANTITY_phase_width_us, .has_upto = true, .upto = 150};
    take_tables(r, next);
    reload_with(r, "own_peak", 50000);
    const struct kept_limits *kept = &room_session(r)->kept;
    bool held = false;
    for (size_t i = 0; i < kept->n; i++)
        held = held || (strcmp(kept->items[i]->limit.id, "own_peak") == 0 && kept->items[i]->limit.max == 20000);
    assert_true(held);
}

static void what_waits_for_proof_holds_no_configuration(void **state)
{
    struct room *r = *state;
    running(r);
    session_stop_now(r->sessions, NULL, &r->now);
    assert_state(r, "stopping");
    for (int i = 0; i < 20; i++)
        reload_with(r, "own_peak", 50000 - i);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_answered(r);
    assert_state(r, "ended");
    json_decref(room_record(r, r->session_id));
}

static void a_protocol_that_is_gone_stops(void **state)
{
    struct room *r = *state;
    running(r);
    static struct dose_tables tables;
    tables = r->tables;
    tables.n_protocols = 0;
    r->settings.tables = &tables;
    assert_int_equal(sessions_reload(r->sessions, &r->settings, &r->now), 0);
    assert_state(r, "stopping");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, teardown)

/* What was young enough at the start is not asked again: midnight and a reload stop nobody. */
static void a_test_does_not_grow_old_under_a_running_session(void **state)
{
    struct room *r = *state;
    struct session_request q = room_tens();
    room_open(r);
    r->questions[0].valid_days = 1;
    q.answers[0].has_on = true;
    q.answers[0].on_day = civil_day(r->now.wall_ms) - 1;
    room_running(r, &q);
    r->now.wall_ms += 24 * 3600 * INT64_C(1000);
    reload_with(r, "own_peak", 40000);
    assert_state(r, "running");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_test_does_not_grow_old_under_a_running_session),
        TEST(a_looser_limit_gives_a_running_session_nothing),
        TEST(a_tighter_limit_lowers_the_ceiling_here_and_in_the_host),
        TEST(a_limit_at_the_present_value_keeps_it_running),
        TEST(a_limit_below_the_present_value_stops),
        TEST(a_total_that_is_passed_stops),
        TEST(a_total_still_ahead_stops_when_it_is_reached),
        TEST(fifty_reloads_only_ever_tighten),
        TEST(a_thousand_bands_are_held_in_bounded_room),
        TEST(a_band_that_was_in_force_once_holds_on),
        TEST(what_waits_for_proof_holds_no_configuration),
        TEST(a_protocol_that_is_gone_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
