/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is counted between the newest sample and rest, and what no sample shows: found by the walk, each with the one
 * step that it needs.
 */
#include "fixture.h"

static const struct dose_amounts *delivered(struct room *r)
{
    return &room_session(r)->supervised.delivered;
}

static void rested(struct room *r)
{
    session_stop_now(r->sessions, r->session_id, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
}

static void a_laser_at_100_mw(struct room *r)
{
    const struct session_request q = room_laser();
    room_open(r);
    room_running(r, &q);
}

static void output_that_no_sample_has_seen_is_counted(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_prepare(r, &q);
    room_start(r);
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    room_advance(r, 40);
    rested(r);
    assert_int_equal(delivered(r)->duration_ms, 40);
    assert_true(delivered(r)->session_charge_uc > 0);
}

static void a_start_that_was_never_acknowledged_counts_nothing(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_prepare(r, &q);
    room_start(r);
    room_advance(r, 40);
    rested(r);
    assert_int_equal(delivered(r)->duration_ms, 0);
    assert_int_equal(delivered(r)->session_charge_uc, 0);
}

/* Up and down again between two samples. */
static void the_farthest_level_since_the_newest_sample_counts(void **state)
{
    struct room *r = *state;
    const struct session_actor actor = room_actor();
    a_laser_at_100_mw(r);
    const int64_t before = delivered(r)->energy_uj;
    const struct session_adjust_request less = {
        .session_id = r->session_id, .lease_key = r->lease_key, .quantity = QUANTITY_power_uw, .target = 50000};
    session_adjust(r->sessions, &less, &actor, &r->now, room_reply(r));
    assert_answered(r);
    host_levels(r, LASER, 50000);
    host_sample(r, LASER); /* the level is lower, and the one that comes next is higher again */
    struct session_adjust_request more = less;
    more.target = 100000;
    more.has_expect = true;
    more.expect = 50000;
    session_adjust(r->sessions, &more, &actor, &r->now, room_reply(r));
    assert_answered(r);
    session_adjust(r->sessions, &less, &actor, &r->now, room_reply(r));
    assert_answered(r);
    room_advance(r, 40);
    rested(r);
    assert_true(delivered(r)->energy_uj - before >= 40 * 100);
}

/* 50 mW in the sample, 100 mW on its way. */
static void a_level_on_its_way_counts_as_there(void **state)
{
    struct room *r = *state;
    a_laser_at_100_mw(r);
    host_levels(r, LASER, 50000);
    room_advance(r, 50);
    host_sample(r, LASER);
    const int64_t before = delivered(r)->energy_uj;
    room_advance(r, 40);
    rested(r);
    assert_int_equal(delivered(r)->energy_uj - before, 40 * 100);
}

static void sleep_for(struct room *r, int64_t ms)
{
    r->now.boot_ns += ms * NS_PER_MS;
    r->now.wall_ms += ms;
}

static void a_sleep_counts_until_the_watchdog(void **state)
{
    struct room *r = *state;
    a_laser_at_100_mw(r);
    const struct dose_amounts before = *delivered(r);
    sleep_for(r, 20000);
    host_levels(r, LASER, 0); /* by then it is at rest */
    host_sample(r, LASER);
    room_tick(r);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_WATCHDOG, EVIDENCE_MEASURED);
    assert_int_equal(delivered(r)->duration_ms - before.duration_ms, 1000);
    assert_int_equal(delivered(r)->energy_uj - before.energy_uj, 100000);
    assert_state(r, "ended");
}

/* us1 has none, and nothing tells it that the machine sleeps. */
static void without_a_watchdog_all_of_it_counts(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_sound();
    room_open(r);
    room_running(r, &q);
    const int64_t before = delivered(r)->duration_ms;
    sleep_for(r, 20000);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_PERMIT, EVIDENCE_MEASURED);
    assert_int_equal(delivered(r)->duration_ms - before, 20000);
}

/* --- what outlasts its reservation --- */

static void crash_of_stim(struct room *r)
{
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q); /* 1200 s, 1200.5 at worst */
    room_crash(r);
    host_describe(r, STIM);
}

/* It is on, whatever is done, for so long. */
static void stays_on(struct room *r, int64_t ms)
{
    for (int64_t t = 0; t <= ms; t += 100000) {
        host_levels(r, STIM, 0);
        r->sample[STIM].status.channels[0].output = OUTPUT_ON;
        host_sample(r, STIM);
        room_advance(r, 100000);
    }
    host_levels(r, STIM, 0);
    host_sample(r, STIM);
    host_presence(r, STIM, UNIT_READY);
    room_flush(r);
}

static void an_output_that_outlasts_its_reservation_is_unbounded(void **state)
{
    struct room *r = *state;
    crash_of_stim(r);
    stays_on(r, 1300000);
    assert_true(room_alarm(r, ALARM_KIND_dose_unbounded));
}

static void an_output_that_ends_within_it_is_the_worst(void **state)
{
    struct room *r = *state;
    crash_of_stim(r);
    stays_on(r, 900000);
    assert_false(room_alarm(r, ALARM_KIND_dose_unbounded));
    assert_int_equal(room_history(r).duration_ms, 1200500);
}

/* --- bounds --- */

/* A stop in a pause that is not proved does not begin the bound anew. */
static void to_end_a_pause_gives_the_host_no_more_time(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    room_open(r);
    room_running(r, &q);
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_state(r, "pausing");
    room_advance(r, room_session(r)->dead_man_ms + 450);
    session_stop_now(r->sessions, r->session_id, &r->now);
    assert_state(r, "stopping");
    room_advance(r, 50); /* the dead-man's bound and half a second after the pause */
    room_tick(r);
    assert_state(r, "output_unknown");
    assert_int_equal(r->replaced, 1);
}

/* The host has said that it stops, and that it rests; the first of them comes once more. */
static void a_late_word_of_stopping_does_not_end_a_pause(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    room_open(r);
    room_running(r, &q);
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    host_session(r, LINK_SESSION_STOPPING, LINK_REASON_TOLD, EVIDENCE_NONE);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    assert_state(r, "paused");
    host_session(r, LINK_SESSION_STOPPING, LINK_REASON_TOLD, EVIDENCE_NONE);
    assert_state(r, "paused");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(output_that_no_sample_has_seen_is_counted),
        TEST(a_start_that_was_never_acknowledged_counts_nothing),
        TEST(the_farthest_level_since_the_newest_sample_counts),
        TEST(a_level_on_its_way_counts_as_there),
        TEST(a_sleep_counts_until_the_watchdog),
        TEST(without_a_watchdog_all_of_it_counts),
        TEST(an_output_that_outlasts_its_reservation_is_unbounded),
        TEST(an_output_that_ends_within_it_is_the_worst),
        TEST(to_end_a_pause_gives_the_host_no_more_time),
        TEST(a_late_word_of_stopping_does_not_end_a_pause),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
