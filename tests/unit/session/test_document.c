/* SPDX-License-Identifier: Apache-2.0 */
/* The shapes that clients and records see; names and places bind. */
#include "fixture.h"

static const json_t *at(const json_t *o, const char *key)
{
    const json_t *value = json_object_get(o, key);
    if (!value)
        fail_msg("member %s is missing", key);
    return value;
}

static void a_snapshot_has_every_field(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    room_run(r, STIM, 1000);
    json_t *s = session_get(r->sessions, r->session_id, &r->now);
    static const char *const members[] = {"state",           "since",   "phase_index", "seq",          "planned_ms",
                                          "delivered_ms",    "held_ms", "paused_ms",   "remaining_ms", "origin",
                                          "may_touch_leads", "lease",   "simulated",   "channels",     "sheet"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        at(s, members[i]);
    assert_true(json_is_false(at(s, "may_touch_leads")));
    assert_true(json_is_true(at(s, "simulated")));
    assert_int_equal(json_integer_value(at(s, "delivered_ms")), 1050);
    const json_t *c = json_array_get(at(s, "channels"), 0);
    static const char *const channel[] = {"target",
                                          "level",
                                          "measured",
                                          "basis",
                                          "reference",
                                          "unit",
                                          "contact",
                                          "impedance_ohm",
                                          "above_10ma_10v",
                                          "density_ua_rms_cm2",
                                          "density_attention",
                                          "output",
                                          "evidence",
                                          "age_ms"};
    for (size_t i = 0; i < sizeof channel / sizeof channel[0]; i++)
        at(c, channel[i]);
    assert_int_equal(json_integer_value(at(c, "level")), 10000);
    assert_int_equal(json_integer_value(at(c, "measured")), 10000);
    assert_string_equal(json_string_value(at(c, "output")), "on");
    assert_string_equal(json_string_value(at(c, "unit")), "uA");
    assert_int_equal(json_integer_value(at(c, "density_ua_rms_cm2")), 80); /* 2 mA r.m.s. on 25 cm2 */
    json_decref(s);
}

static void a_progress_event_comes_five_times_a_second(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    room_forget(r);
    room_run(r, STIM, 1000);
    size_t n = 0, i;
    json_t *event;
    json_array_foreach(r->events, i, event) n +=
        strcmp(json_string_value(json_object_get(event, "type")), "session.progress") == 0;
    assert_in_range(n, 4, 6);
}

static void a_record_holds_the_treatment(void **state)
{
    struct room *r = *state;
    struct session_request q = room_tens();
    q.document = json_pack("{s:s,s:i}", "request_id", "r1", "x", 5);
    room_open(r);
    room_running(r, &q);
    json_decref(q.document);
    room_run(r, STIM, 60000); /* 1200 samples: thinned */
    const struct session_actor actor = room_actor();
    json_t *pain = json_pack("{s:s,s:i}", "kind", "pain_after", "value", 3);
    session_observe(r->sessions, r->session_id, pain, &actor, &r->now, room_reply(r));
    assert_answered(r);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_END_TIME, EVIDENCE_MEASURED);
    room_flush(r);
    json_t *d = room_record(r, r->session_id);
    assert_int_equal(json_integer_value(at(d, "schema_version")), 1);
    assert_string_equal(json_string_value(at(at(d, "request"), "request_id")), "r1");
    assert_string_equal(json_string_value(at(at(d, "target"), "side")), "left");
    assert_string_equal(json_string_value(at(at(d, "identity"), "serial")), "S1");
    assert_true(json_array_size(at(d, "limits")) > 0);
    at(json_array_get(at(d, "limits"), 0), "origin");
    assert_int_equal(json_array_size(at(d, "observations")), 1);
    const json_t *channel = json_array_get(at(d, "channels"), 0);
    assert_in_range(json_array_size(at(channel, "series")), 300, 600);
    assert_int_equal(json_integer_value(at(at(channel, "peak_level"), "value")), 10000);
    const json_t *delivered = at(at(d, "summary"), "delivered");
    assert_in_range(json_integer_value(at(delivered, "duration_ms")), 60000, 60100);
    assert_in_range(json_integer_value(at(delivered, "session_charge_uc")), 23900, 24100); /* 10 mA x 40 us/ms x 60 s */
    assert_string_equal(json_string_value(at(at(d, "end"), "evidence")), "measured");
    at(d, "config_hash");
    at(d, "sheet");
    json_decref(d);
    assert_in_range(room_history(r).duration_ms, 60000, 60100);
    json_decref(pain);
}

static void an_observation_after_the_end_is_added_to_the_record(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    session_stop_now(r->sessions, NULL, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_answered(r);
    const struct session_actor actor = room_actor();
    json_t *skin = json_pack("{s:s}", "kind", "skin_after");
    session_observe(r->sessions, r->session_id, skin, &actor, &r->now, room_reply(r));
    room_flush(r);
    assert_answered(r);
    json_decref(skin);
}

static void an_observation_of_nothing_is_not_said_to_be_recorded(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_actor actor = room_actor();
    json_t *note = json_pack("{s:s}", "kind", "note");
    session_observe(r->sessions, "nobody", note, &actor, &r->now, room_reply(r));
    room_flush(r);
    assert_refused(r, TOKEN_NOT_FOUND);
    json_decref(note);
}

static void a_device_shows_what_it_is_and_does(void **state)
{
    struct room *r = *state;
    r->devices[0].has_calibration_due = true;
    r->devices[0].calibration_due_day = 30000;
    room_open(r);
    const struct session_request q = room_tens();
    room_prepare(r, &q);
    json_t *d = device_get(r->sessions, "stim1", &r->now);
    assert_string_equal(json_string_value(at(d, "state")), "ready");
    assert_string_equal(json_string_value(at(d, "calibration_due")), "2052-02-20");
    assert_string_equal(json_string_value(at(d, "service")), "ok");
    assert_string_equal(json_string_value(at(d, "serial")), "S1");
    const json_t *group = json_array_get(at(d, "groups"), 0);
    assert_string_equal(json_string_value(at(group, "holder")), r->session_id);
    const json_t *c = at(d, "capabilities");
    assert_int_equal(json_integer_value(at(c, "dead_man_ms")), 500);
    assert_int_equal(json_integer_value(at(c, "watchdog_ms")), 1000);
    assert_string_equal(json_string_value(at(c, "on_link_loss")), "stops");
    const json_t *channel = json_array_get(at(d, "channels"), 0);
    assert_string_equal(json_string_value(at(channel, "output")), "rest");
    at(at(at(channel, "ranges"), "amplitude_ua"), "max");
    json_decref(d);
    assert_null(device_get(r->sessions, "none", &r->now));
    json_t *list = device_list(r->sessions, &r->now);
    assert_int_equal(json_array_size(list), ROOM_DEVICES);
    json_decref(list);
}

static void an_ended_session_stays_in_the_list_for_a_while(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_prepare(r, &q);
    session_stop_now(r->sessions, NULL, &r->now);
    room_tick(r);
    room_advance(r, 599000);
    room_tick(r);
    json_t *list = session_list(r->sessions, &r->now);
    assert_int_equal(json_array_size(list), 1);
    json_decref(list);
    room_advance(r, 1000);
    room_tick(r);
    list = session_list(r->sessions, &r->now);
    assert_int_equal(json_array_size(list), 0);
    json_decref(list);
}

static void bytes_of_a_device_that_are_not_text_do_no_harm(void **state)
{
    struct room *r = *state;
    snprintf(r->serial[STIM], sizeof r->serial[STIM],
             "S\xff\xfe"
             "1");
    room_open(r);
    json_t *d = device_get(r->sessions, "stim1", &r->now);
    assert_string_equal(json_string_value(at(d, "serial")), "S??1");
    json_decref(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_snapshot_has_every_field),
        TEST(a_progress_event_comes_five_times_a_second),
        TEST(a_record_holds_the_treatment),
        TEST(an_observation_after_the_end_is_added_to_the_record),
        TEST(an_observation_of_nothing_is_not_said_to_be_recorded),
        TEST(a_device_shows_what_it_is_and_does),
        TEST(an_ended_session_stays_in_the_list_for_a_while),
        TEST(bytes_of_a_device_that_are_not_text_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
