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

/* Reloads with one of the installation's limits changed; the old tables stay as they are. */
static void reload_with(struct room *r, const char *id, int64_t max)
{
    static struct limit changed[4][256];
    static struct dose_tables tables[4];
    static unsigned next;
    const unsigned n = next++ % 4;
    memcpy(changed[n], r->tables.limits, r->tables.n_limits * sizeof changed[0][0]);
    tables[n] = r->tables;
    tables[n].limits = changed[n];
    for (size_t i = 0; i < tables[n].n_limits; i++) {
        if (strcmp(changed[n][i].id, id) == 0)
            changed[n][i].max = max;
    }
    r->settings.config_generation++;
    r->settings.tables = &tables[n];
    assert_int_equal(sessions_reload(r->sessions, &r->settings, &r->now), 0);
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
    assert_in_range(ceiling, 19900, 20000);
    adjust(r, 20100, 10000);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    adjust(r, 19900, 10000);
    assert_answered(r);
    reload_with(r, "own_peak", 50000); /* raised again: what was taken is not given back */
    adjust(r, 20100, 19900);
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

static void a_fifth_configuration_is_refused_while_a_session_runs(void **state)
{
    struct room *r = *state;
    running(r);
    for (int i = 0; i < SESSION_GENERATIONS_MAX - 1; i++)
        reload_with(r, "own_peak", 50000);
    assert_int_equal(sessions_reload(r->sessions, &r->settings, &r->now), -EBUSY);
    assert_int_equal(sessions_oldest_generation(r->sessions), 1);
    session_stop_now(r->sessions, NULL, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_answered(r);
    assert_int_equal(sessions_oldest_generation(r->sessions), r->settings.config_generation);
    assert_int_equal(sessions_reload(r->sessions, &r->settings, &r->now), 0);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

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
        TEST(a_fifth_configuration_is_refused_while_a_session_runs),
        TEST(a_protocol_that_is_gone_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
