/* SPDX-License-Identifier: Apache-2.0 */
/* What an earlier run left open: unknown until proved, worst when proved, unbounded when not. */
#include "fixture.h"

/* A session was running when the daemon was killed; a new one has come up on the same records. */
static void crashed(struct room *r)
{
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    room_crash(r);
}

static const char *device_state(struct room *r)
{
    static char text[64];
    json_t *device = device_get(r->sessions, "stim1", &r->now);
    snprintf(text, sizeof text, "%s", json_string_value(json_object_get(device, "state")));
    json_decref(device);
    return text;
}

static void prove(struct room *r)
{
    host_describe(r, STIM);
    room_advance(r, 100);
    host_sample(r, STIM);
    host_presence(r, STIM, UNIT_READY);
    room_flush(r);
}

static void a_device_with_an_open_dose_is_unknown_not_absent(void **state)
{
    struct room *r = *state;
    crashed(r);
    room_tick(r);
    assert_string_equal(device_state(r), "output_unknown");
    assert_true(room_alarm(r, ALARM_KIND_output_unknown));
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_OUTPUT_UNKNOWN);
}

static void proof_on_the_same_serial_settles_to_worst(void **state)
{
    struct room *r = *state;
    crashed(r);
    prove(r);
    assert_string_equal(device_state(r), "ready");
    assert_int_equal(room_history(r).duration_ms, 1200500);
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_answered(r);
    room_crash(r); /* settled stays settled */
    room_tick(r);
    assert_string_not_equal(device_state(r), "output_unknown");
}

static void another_serial_leaves_the_dose_unbounded(void **state)
{
    struct room *r = *state;
    crashed(r);
    snprintf(r->serial[STIM], sizeof r->serial[STIM], "S9");
    prove(r);
    assert_true(room_alarm(r, ALARM_KIND_dose_unbounded));
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_DOSE_UNBOUNDED);
}

static void an_unbounded_dose_is_remembered_across_restarts(void **state)
{
    struct room *r = *state;
    crashed(r);
    snprintf(r->serial[STIM], sizeof r->serial[STIM], "S9");
    prove(r);
    room_crash(r);
    prove(r);
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_DOSE_UNBOUNDED);
}

static void a_statement_clears_the_device_and_leaves_the_dose_to_a_review(void **state)
{
    struct room *r = *state;
    crashed(r);
    const struct session_actor actor = room_actor();
    device_reset(r->sessions, "stim1", "the patient is disconnected", &actor, &r->now, room_reply(r));
    assert_answered(r);
    room_flush(r);
    assert_string_not_equal(device_state(r), "output_unknown");
    assert_true(room_alarm(r, ALARM_KIND_dose_unbounded));
}

static void the_lost_session_gets_a_record(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    char id[64];
    snprintf(id, sizeof id, "%s", r->session_id);
    room_crash(r);
    prove(r);
    json_t *record = room_record(r, id);
    const json_t *end = json_object_get(record, "end");
    assert_string_equal(json_string_value(json_object_get(end, "reason")), "daemon_lost");
    assert_string_equal(json_string_value(json_object_get(end, "dose")), "worst");
    assert_string_equal(json_string_value(json_object_get(end, "evidence")), "measured");
    json_decref(record);
}

static void the_patients_site_stays_blocked_until_it_is_known(void **state)
{
    struct room *r = *state;
    crashed(r);
    struct session_request q = room_tens(); /* on the other device, same patient and site */
    q = room_sound();
    host_describe(r, SOUND);
    host_presence(r, SOUND, UNIT_READY);
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_DOSE_RESERVED);
    q.side = "right";
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_answered(r);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_device_with_an_open_dose_is_unknown_not_absent),
        TEST(proof_on_the_same_serial_settles_to_worst),
        TEST(another_serial_leaves_the_dose_unbounded),
        TEST(an_unbounded_dose_is_remembered_across_restarts),
        TEST(a_statement_clears_the_device_and_leaves_the_dose_to_a_review),
        TEST(the_lost_session_gets_a_record),
        TEST(the_patients_site_stays_blocked_until_it_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
