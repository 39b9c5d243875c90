/* SPDX-License-Identifier: Apache-2.0 */
/* Treatments that a dose ends: iontophoresis by its charge, a laser point by point; and when treatment time begins. */
#include "fixture.h"

static const char *reason(struct room *r)
{
    return session_end_reason(room_session(r));
}

static json_t *snapshot(struct room *r)
{
    return session_get(r->sessions, r->session_id, &r->now);
}

static int64_t number(const json_t *o, const char *a, const char *b)
{
    const json_t *value = b ? json_object_get(json_object_get(o, a), b) : json_object_get(o, a);
    assert_non_null(value);
    return json_integer_value(value);
}

static void rest(struct room *r)
{
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
}

static void adjust(struct room *r, enum modality_quantity q, int64_t target, int64_t seen)
{
    const struct session_actor actor = room_actor();
    const struct session_adjust_request adjusting = {.session_id = r->session_id,
                                                     .lease_key = r->lease_key,
                                                     .quantity = q,
                                                     .target = target,
                                                     .has_expect = true,
                                                     .expect = seen};
    session_adjust(r->sessions, &adjusting, &actor, &r->now, room_reply(r));
    assert_answered(r);
}

/* --- iontophoresis: 1 mA.min, 30 s at 2 mA --- */

static void iontophoresis_ends_at_its_dose(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    room_running(r, &q);
    room_run(r, GALVANIC, 29900);
    assert_state(r, "running");
    json_t *o = snapshot(r);
    assert_string_equal(json_string_value(json_object_get(o, "end_by")), "dose");
    assert_int_equal(number(o, "dose", "target"), 1000);
    assert_in_range(number(o, "dose", "delivered"), 990, 999);
    assert_in_range(number(o, "remaining_ms", NULL), 0, 100);
    assert_int_equal(number(o, "planned_ms", NULL), 1800000); /* the longest */
    json_decref(o);
    room_run(r, GALVANIC, 100);
    assert_state(r, "stopping");
    assert_string_equal(reason(r), "complete");
    rest(r);
    assert_state(r, "ended");
    assert_in_range(room_session(r)->supervised.delivered.iontophoresis_dose_ua_min, 1000, 1005);
    room_flush(r);
    assert_in_range(room_history(r).iontophoresis_dose_ua_min, 1000, 1005);
}

static void a_request_that_means_another_end_is_refused(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    q.end_by = "time";
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q.end_by = "dose";
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    q = room_laser();
    q.end_by = "count";
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    q = room_tens();
    q.end_by = "count";
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

/* The dose takes a minute at 2 mA; while the current rises to it, half of that time gives nothing. */
static void the_walk_to_the_level_needs_time_too(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    q.output.parameters[1].start = 2000;
    q.output.phase_duration_ms = 60000;
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "more to walk to them"));
    room_check(r, &q);
    const json_t *course = json_object_get(json_object_get(r->result, "sheet"), "course");
    const int64_t walk_ms = json_integer_value(json_object_get(course, "walk_ms"));
    assert_int_equal(json_integer_value(json_object_get(course, "expected_ms")), 60000);
    assert_in_range(walk_ms, 1, 10000);
    const int64_t cases[] = {60000 + walk_ms - 1, 60000 + walk_ms, 60000 + walk_ms + 1};
    for (size_t i = 0; i < 3; i++) {
        q.output.phase_duration_ms = cases[i];
        room_check(r, &q);
        assert_int_equal(json_is_true(json_object_get(r->result, "allowed")), i > 0);
    }
}

static void a_raised_current_gives_the_same_dose_sooner(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    room_running(r, &q);
    room_run(r, GALVANIC, 15000);
    adjust(r, QUANTITY_amplitude_ua, 4000, 2000);
    host_levels(r, GALVANIC, 4000);
    json_t *o = snapshot(r);
    assert_in_range(number(o, "remaining_ms", NULL), 7400, 7600);
    json_decref(o);
    int64_t ms = 0;
    for (; ms < 20000 && strcmp(room_state(r), "stopping") != 0; ms += 50)
        room_run(r, GALVANIC, 50);
    assert_in_range(ms, 7400, 7600);
    assert_string_equal(reason(r), "complete");
    rest(r);
    assert_in_range(room_session(r)->supervised.delivered.iontophoresis_dose_ua_min, 1000, 1010);
}

static bool in_time(struct room *r)
{
    json_t *o = snapshot(r);
    const json_t *told = json_object_get(json_object_get(o, "dose"), "in_time");
    assert_true(json_is_boolean(told));
    const bool is = json_is_true(told);
    json_decref(o);
    return is;
}

static void a_current_too_small_for_the_dose_is_told(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    room_running(r, &q);
    room_run(r, GALVANIC, 3000);
    assert_true(in_time(r));
    adjust(r, QUANTITY_amplitude_ua, 20, 2000); /* the rest would take 45 min of the 30 */
    assert_false(in_time(r));
    host_levels(r, GALVANIC, 20);
    room_run(r, GALVANIC, 1000);
    session_stop_now(r->sessions, r->session_id, &r->now);
    rest(r);
    json_t *o = snapshot(r);
    assert_null(json_object_get(json_object_get(o, "dose"), "in_time"));
    json_decref(o);
}

/* The end lies between two samples: the room's own clock finds it. */
static void the_end_does_not_wait_for_the_next_sample(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    room_running(r, &q);
    room_run(r, GALVANIC, 29900);
    const int64_t due = sessions_next_ns(r->sessions);
    assert_true(due <= session_course_due_ns(room_session(r)));
    while (r->now.monotonic_ns < session_course_due_ns(room_session(r)) - NS_PER_MS)
        room_advance(r, 1);
    room_tick(r);
    assert_state(r, "running");
    room_advance(r, 2);
    room_tick(r);
    assert_state(r, "stopping");
}

static void the_longest_time_reached_first_is_an_incomplete_treatment(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    room_running(r, &q);
    room_run(r, GALVANIC, 1000);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_END_TIME, EVIDENCE_MEASURED);
    assert_state(r, "ended");
    assert_string_equal(reason(r), "time_over");
    room_flush(r);
    assert_true(room_alarm(r, ALARM_KIND_dose_not_reached)); /* it stands when the record is made */
    assert_int_equal(alarm_kind_priority(ALARM_KIND_dose_not_reached), ALARM_LOW);
}

static void a_pause_keeps_what_was_delivered(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_actor actor = room_actor();
    struct session_request q = room_ions();
    room_running(r, &q);
    room_run(r, GALVANIC, 15000);
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    rest(r);
    json_t *o = snapshot(r);
    assert_string_equal(json_string_value(json_object_get(json_object_get(o, "pause"), "reason")), "operator");
    json_decref(o);
    room_run(r, GALVANIC, 5000);
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_answered(r);
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    host_levels(r, GALVANIC, 2000);
    int64_t ms = 0;
    for (; ms < 30000 && strcmp(room_state(r), "stopping") != 0; ms += 50)
        room_run(r, GALVANIC, 50);
    assert_in_range(ms, 14800, 15100);
}

/* --- laser: three points of 1 J at 100 mW, 10 s each --- */

static void begin_point(struct room *r)
{
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    host_levels(r, LASER, 100000);
}

static void resume(struct room *r)
{
    const struct session_actor actor = room_actor();
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_answered(r);
    assert_state(r, "starting");
}

static void point_to_its_end(struct room *r, const char *then)
{
    int64_t ms = 0;
    for (; ms < 20000 && strcmp(room_state(r), then) != 0; ms += 50)
        room_run(r, LASER, 50);
    assert_state(r, then);
}

static void each_point_ends_at_its_energy_with_the_output_at_rest(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_running(r, &q);
    room_run(r, LASER, 9850);
    assert_state(r, "running");
    point_to_its_end(r, "pausing");
    assert_non_null(room_last(r, LINK_STOP));
    rest(r);
    assert_state(r, "paused");
    json_t *o = snapshot(r);
    assert_string_equal(json_string_value(json_object_get(o, "end_by")), "count");
    assert_int_equal(number(o, "points", "done"), 1);
    assert_int_equal(number(o, "points", "of"), 3);
    assert_int_equal(number(o, "points", "energy_uj"), 1000000);
    assert_int_equal(number(o, "points", "delivered_uj"), 0);
    assert_string_equal(json_string_value(json_object_get(json_object_get(o, "pause"), "reason")), "point 1 of 3 done");
    assert_in_range(number(o, "remaining_ms", NULL), 19900, 20000);
    json_decref(o);
    for (int point = 2; point <= 3; point++) {
        room_run(r, LASER, 3000); /* to the next spot */
        resume(r);
        begin_point(r);
        point_to_its_end(r, point < 3 ? "pausing" : "stopping");
        rest(r);
    }
    assert_state(r, "ended");
    assert_string_equal(reason(r), "complete");
    assert_in_range(room_session(r)->supervised.delivered.energy_uj, 3000000, 3030000);
    room_flush(r);
    json_t *record = room_record(r, r->session_id);
    const json_t *summary = json_object_get(record, "summary");
    assert_int_equal(number(summary, "turns", NULL), 3);
    assert_int_equal(number(summary, "points", "done"), 3);
    assert_in_range(number(summary, "delivered", "energy_uj"), 3000000, 3030000);
    json_decref(record);
}

static void every_point_is_told(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_running(r, &q);
    room_run(r, LASER, 5000);
    point_to_its_end(r, "pausing");
    rest(r);
    size_t told = 0, i;
    json_t *event;
    json_array_foreach(r->events, i, event)
    {
        const json_t *params = json_object_get(event, "params");
        const char *type = json_string_value(json_object_get(event, "type"));
        if (strcmp(type, "session.point") == 0) {
            told++;
            assert_int_equal(number(params, "done", NULL), 1);
            assert_int_equal(number(params, "of", NULL), 3);
            assert_in_range(number(params, "energy_uj", NULL), 995000, 1005000);
        }
        if (strcmp(type, "session.state") == 0 &&
            strcmp(json_string_value(json_object_get(params, "to")), "paused") == 0)
            assert_string_equal(json_string_value(json_object_get(params, "reason")), "point 1 of 3 done");
    }
    assert_int_equal(told, 1);
}

static void a_pause_in_mid_point_goes_on_with_that_point(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_actor actor = room_actor();
    struct session_request q = room_laser();
    room_running(r, &q);
    room_run(r, LASER, 4000);
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    rest(r);
    assert_state(r, "paused");
    json_t *o = snapshot(r);
    assert_int_equal(number(o, "points", "done"), 0);
    assert_in_range(number(o, "points", "delivered_uj"), 400000, 410000);
    json_decref(o);
    resume(r);
    begin_point(r);
    int64_t ms = 0;
    for (; ms < 20000 && strcmp(room_state(r), "pausing") != 0; ms += 50)
        room_run(r, LASER, 50);
    assert_in_range(ms, 5800, 6050); /* what was left of it */
    assert_int_equal(room_session(r)->points_done, 1);
}

static void a_stop_between_points_ends_with_what_was_done(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_running(r, &q);
    point_to_its_end(r, "pausing");
    rest(r);
    session_stop_now(r->sessions, r->session_id, &r->now);
    assert_state(r, "ended");
    assert_string_equal(reason(r), "stopped");
    assert_int_equal(room_session(r)->points_done, 1);
}

static void the_lease_must_be_kept_between_points(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_running(r, &q);
    point_to_its_end(r, "pausing");
    rest(r);
    room_advance(r, 3001);
    room_tick(r);
    assert_state(r, "ended");
    assert_string_equal(reason(r), "lease_lost");
}

/* --- the emission delay: 2 s from the start to the output --- */

static void the_delay_is_no_treatment_time(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_prepare(r, &q);
    room_start(r);
    const struct link_arm *arm = &room_last(r, LINK_ARM)->arm;
    assert_int_equal(arm->end_boot_ns - r->now.boot_ns, (120000 + 2000) * NS_PER_MS + 0);
    assert_int_equal(arm->envelope.total_ms, 120000);
    room_forget(r);
    room_run(r, LASER, 1950);
    assert_state(r, "starting");
    assert_true(room_count(r, LINK_PERMIT) >= 30); /* permits go on */
    json_t *o = snapshot(r);
    assert_int_equal(number(o, "delivered_ms", NULL), 0);
    assert_int_equal(number(o, "delivered", "energy_uj"), 0);
    assert_int_equal(number(o, "delivered", "duration_ms"), 0);
    json_decref(o);
    begin_point(r);
    assert_int_equal(room_session(r)->arm.end_boot_ns, r->now.boot_ns + 120000 * NS_PER_MS);
    room_run(r, LASER, 1000);
    o = snapshot(r);
    assert_int_equal(number(o, "delivered_ms", NULL), 1000);
    json_decref(o);
}

static void an_output_that_never_comes_is_not_waited_for_without_end(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_prepare(r, &q);
    room_start(r);
    room_run(r, LASER, 6900);
    assert_state(r, "starting");
    room_run(r, LASER, 200);
    assert_state(r, "stopping");
    assert_string_equal(reason(r), "not_started");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(iontophoresis_ends_at_its_dose),
        TEST(a_request_that_means_another_end_is_refused),
        TEST(the_walk_to_the_level_needs_time_too),
        TEST(a_raised_current_gives_the_same_dose_sooner),
        TEST(the_end_does_not_wait_for_the_next_sample),
        TEST(the_longest_time_reached_first_is_an_incomplete_treatment),
        TEST(a_pause_keeps_what_was_delivered),
        TEST(each_point_ends_at_its_energy_with_the_output_at_rest),
        TEST(every_point_is_told),
        TEST(a_pause_in_mid_point_goes_on_with_that_point),
        TEST(a_current_too_small_for_the_dose_is_told),
        TEST(a_stop_between_points_ends_with_what_was_done),
        TEST(the_lease_must_be_kept_between_points),
        TEST(the_delay_is_no_treatment_time),
        TEST(an_output_that_never_comes_is_not_waited_for_without_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
