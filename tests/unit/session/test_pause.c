/* SPDX-License-Identifier: Apache-2.0 */
/* Pause and resume, the lease, and ultrasound contact. */
#include "fixture.h"

static void running(struct room *r, const char *protocol)
{
    struct session_request q = room_tens();
    q.protocol = protocol;
    room_open(r);
    room_running(r, &q);
    room_forget(r);
}

static void pause(struct room *r)
{
    const struct session_actor actor = room_actor();
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
}

static void resume(struct room *r)
{
    const struct session_actor actor = room_actor();
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
}

static void rested(struct room *r)
{
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
}

static void a_pause_rests_the_output_and_keeps_the_time(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    room_run(r, STIM, 9950); /* and 50 ms before */
    pause(r);
    assert_answered(r);
    assert_state(r, "pausing");
    assert_int_equal(room_count(r, LINK_STOP), 1);
    rested(r);
    assert_state(r, "paused");
    room_run(r, STIM, 5000);
    assert_state(r, "paused");
    json_t *snapshot = session_get(r->sessions, r->session_id, &r->now);
    assert_int_equal(json_integer_value(json_object_get(snapshot, "remaining_ms")), 1200000 - 10000);
    assert_int_equal(json_integer_value(json_object_get(snapshot, "paused_ms")), 5000);
    assert_true(json_is_true(json_object_get(snapshot, "may_touch_leads")));
    json_decref(snapshot);
    room_forget(r);
    resume(r);
    assert_answered(r);
    assert_state(r, "starting");
    const struct link_arm *arm = &room_last(r, LINK_ARM)->arm;
    assert_int_equal(arm->ref.turn, 2);
    assert_int_equal(arm->end_boot_ns, r->now.boot_ns + 1190 * NS_PER_S);
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    assert_state(r, "ramping");
}

static void a_resume_needs_a_ready_device(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    pause(r);
    rested(r);
    host_presence(r, STIM, UNIT_QUARANTINE);
    resume(r);
    assert_refused(r, TOKEN_WRONG_STATE);
    r->epoch[STIM]++; /* identified anew: another one may answer */
    host_presence(r, STIM, UNIT_READY);
    resume(r);
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_state(r, "paused");
}

static void a_device_that_treats_with_another_group_can_go_on_with_this(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    pause(r);
    rested(r);
    host_presence(r, STIM, UNIT_ENERGISED);
    resume(r);
    assert_answered(r);
    assert_state(r, "starting");
}

static void a_fault_while_pausing_ends_it(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    pause(r);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_DEVICE_FAULT, EVIDENCE_MEASURED);
    assert_state(r, "ended");
    assert_true(room_alarm(r, ALARM_KIND_device_fault));
}

static void output_while_paused_ends_it(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    pause(r);
    rested(r);
    r->sample[STIM].status.channels[0].output = OUTPUT_ON;
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_state(r, "ended");
    assert_true(room_alarm(r, ALARM_KIND_output_while_off));
    assert_int_equal(room_count(r, LINK_MAKE_SAFE), 1);
}

static void a_paused_session_does_not_outlive_its_host(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    pause(r);
    rested(r);
    sessions_host_gone(r->sessions, STIM, "exited", &r->now);
    assert_state(r, "ended");
    assert_false(r->sessions->units[STIM].unproved);
}

/* --- lease --- */

static void silent(struct room *r, int64_t ms)
{
    for (int64_t t = 0; t < ms; t += 50) {
        room_advance(r, 50);
        host_sample(r, STIM);
        room_tick(r);
    }
}

static void a_lost_lease_ends_the_session(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    silent(r, 2900);
    assert_state(r, "running");
    silent(r, 100);
    assert_state(r, "stopping");
    assert_true(room_alarm(r, ALARM_KIND_lease_lost));
}

static void the_lease_counts_from_when_the_line_was_read(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    const int64_t read_ns = r->now.monotonic_ns;
    silent(r, 2000);
    session_keepalive(r->sessions, r->session_id, r->lease_key, read_ns + 1000 * NS_PER_MS, room_reply(r));
    assert_answered(r);
    assert_int_equal(json_integer_value(json_object_get(r->result, "lease_ms")), 3000);
    session_keepalive(r->sessions, r->session_id, r->lease_key, read_ns, room_reply(r)); /* never moves it back */
    silent(r, 1950);
    assert_state(r, "running");
    silent(r, 50);
    assert_state(r, "stopping");
}

static void a_wrong_key_renews_nothing(void **state)
{
    struct room *r = *state;
    running(r, "tens");
    session_keepalive(r->sessions, r->session_id, "beef", r->now.monotonic_ns + NS_PER_S, room_reply(r));
    assert_refused(r, TOKEN_LEASE_INVALID);
    session_keepalive(r->sessions, "none", r->lease_key, r->now.monotonic_ns, room_reply(r));
    assert_refused(r, TOKEN_NOT_FOUND);
}

static void by_protocol_a_lost_lease_pauses_and_then_ends(void **state)
{
    struct room *r = *state;
    running(r, "tens_pausing");
    silent(r, 3000);
    assert_state(r, "pausing");
    rested(r);
    assert_state(r, "paused");
    resume(r);
    assert_refused(r, TOKEN_WRONG_STATE); /* the lease is still lost */
    silent(r, 59900);
    assert_state(r, "paused");
    silent(r, 100);
    assert_state(r, "ended");
}

static void a_lease_that_comes_back_lets_a_person_resume(void **state)
{
    struct room *r = *state;
    running(r, "tens_pausing");
    silent(r, 3000);
    rested(r);
    session_keepalive(r->sessions, r->session_id, r->lease_key, r->now.monotonic_ns, room_reply(r));
    assert_answered(r);
    room_tick(r);
    assert_state(r, "paused"); /* nothing resumes by itself */
    resume(r);
    assert_answered(r);
}

/* --- contact --- */

static void sounding(struct room *r)
{
    const struct session_request q = room_sound();
    room_open(r);
    room_running(r, &q);
    room_forget(r);
}

static void lose_contact(struct room *r)
{
    r->sample[SOUND].status.channels[0].contact = CONTACT_LOST;
    room_run(r, SOUND, 50);
    assert_state(r, "running"); /* one sample is none */
    room_run(r, SOUND, 50);
    assert_state(r, "holding");
    assert_int_equal(room_count(r, LINK_STOP), 1);
    rested(r);
    assert_state(r, "held");
}

static void contact_that_returns_goes_on_by_itself(void **state)
{
    struct room *r = *state;
    sounding(r);
    lose_contact(r);
    assert_true(room_alarm(r, ALARM_KIND_coupling_lost));
    room_run(r, SOUND, 5000);
    assert_state(r, "held");
    json_t *snapshot = session_get(r->sessions, r->session_id, &r->now);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(snapshot, "hold"), "limit_ms")), 10000);
    assert_true(json_integer_value(json_object_get(snapshot, "held_ms")) >= 5000);
    json_decref(snapshot);
    r->sample[SOUND].status.channels[0].contact = CONTACT_GOOD;
    room_run(r, SOUND, 50);
    assert_state(r, "held");
    room_run(r, SOUND, 50);
    assert_state(r, "starting");
    assert_int_equal(room_last(r, LINK_ARM)->arm.ref.turn, 2);
    assert_false(room_alarm(r, ALARM_KIND_coupling_lost));
}

static void contact_that_stays_away_ends_it(void **state)
{
    struct room *r = *state;
    sounding(r);
    lose_contact(r);
    room_run(r, SOUND, 9900);
    assert_state(r, "held");
    room_run(r, SOUND, 150);
    assert_state(r, "ended");
    assert_true(room_alarm(r, ALARM_KIND_contact_hold_expired));
}

static void a_head_that_senses_nothing_at_rest_goes_on_by_the_operator(void **state)
{
    struct room *r = *state;
    sounding(r);
    lose_contact(r);
    r->sample[SOUND].status.channels[0].contact = CONTACT_NOT_MONITORED;
    room_run(r, SOUND, 2000);
    assert_state(r, "held");
    resume(r);
    assert_answered(r);
    assert_state(r, "starting");
}

static void without_a_hold_lost_contact_ends_it(void **state)
{
    struct room *r = *state;
    r->protocols[2].contact_hold_ms = 0;
    sounding(r);
    r->sample[SOUND].status.channels[0].contact = CONTACT_LOST;
    room_run(r, SOUND, 100);
    assert_state(r, "stopping");
}

static void a_hold_does_not_outlive_the_lease(void **state)
{
    struct room *r = *state;
    sounding(r);
    lose_contact(r);
    r->sample[SOUND].status.channels[0].contact = CONTACT_NOT_MONITORED;
    for (int t = 0; t < 3050; t += 50) {
        room_advance(r, 50);
        host_sample(r, SOUND);
        room_tick(r);
    }
    assert_state(r, "ended");
    assert_true(room_alarm(r, ALARM_KIND_lease_lost));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pause_rests_the_output_and_keeps_the_time),
        TEST(a_resume_needs_a_ready_device),
        TEST(a_device_that_treats_with_another_group_can_go_on_with_this),
        TEST(a_fault_while_pausing_ends_it),
        TEST(output_while_paused_ends_it),
        TEST(a_paused_session_does_not_outlive_its_host),
        TEST(a_lost_lease_ends_the_session),
        TEST(the_lease_counts_from_when_the_line_was_read),
        TEST(a_wrong_key_renews_nothing),
        TEST(by_protocol_a_lost_lease_pauses_and_then_ends),
        TEST(a_lease_that_comes_back_lets_a_person_resume),
        TEST(contact_that_returns_goes_on_by_itself),
        TEST(contact_that_stays_away_ends_it),
        TEST(a_head_that_senses_nothing_at_rest_goes_on_by_the_operator),
        TEST(without_a_hold_lost_contact_ends_it),
        TEST(a_hold_does_not_outlive_the_lease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
