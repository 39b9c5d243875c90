/* SPDX-License-Identifier: Apache-2.0 */
/* Output that nobody proves to be at rest: unknown, latched, and what clears it. */
#include "fixture.h"

static void running(struct room *r)
{
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    room_forget(r);
}

static void ended_by(struct room *r, const char *reason, const char *by)
{
    json_t *record = room_record(r, r->session_id);
    const json_t *end = json_object_get(record, "end");
    assert_string_equal(json_string_value(json_object_get(end, "reason")), reason);
    assert_string_equal(json_string_value(json_object_get(end, "by")), by);
    json_decref(record);
}

/* A sample of a host that knows of no session, with every channel at rest. */
static void idle_sample(struct room *r)
{
    struct link_sample *m = &r->sample[STIM];
    host_levels(r, STIM, 0);
    for (size_t i = 0; i < 2; i++)
        m->status.channels[i].output = OUTPUT_REST;
    room_advance(r, 50);
    link_message_head(m, LINK_SAMPLE, sizeof *m);
    m->seq = ++r->seq[STIM];
    m->session = 0;
    m->taken_ns = r->now.monotonic_ns;
    sessions_host_message(r->sessions, STIM, &m->header, &r->now);
}

static void a_stop_that_nobody_proves_is_unknown_and_replaces_the_host(void **state)
{
    struct room *r = *state;
    running(r);
    session_stop_now(r->sessions, r->session_id, &r->now);
    room_advance(r, 999); /* dead-man 500 ms and half a second for the proof */
    room_tick(r);
    assert_state(r, "stopping");
    room_advance(r, 1);
    room_tick(r);
    assert_state(r, "output_unknown");
    assert_int_equal(r->replaced, 1);
    assert_true(room_alarm(r, ALARM_KIND_output_unknown));
    assert_true(alarms_active(sessions_alarms(r->sessions), ALARM_KIND_output_unknown, "stim1"));
}

/* Running on a device that goes on without its host, which sends no sample any more: told to stop since then. */
static void silent(struct room *r, enum modality_link_loss on_link_loss)
{
    running(r);
    r->sessions->units[STIM].info.device.on_link_loss = on_link_loss;
    room_advance(r, r->sessions->list[0]->rules.stale_ns / NS_PER_MS + 1);
    room_tick(r);
    assert_state(r, "stopping");
}

static void a_host_that_neither_reports_nor_hears_is_replaced_within_a_slice(void **state)
{
    struct room *r = *state;
    silent(r, LINK_LOSS_CONTINUES);
    const uint32_t slice_ms = r->sessions->units[STIM].info.device.slice_ms;
    assert_true(sessions_next_ns(r->sessions) <= r->now.monotonic_ns + slice_ms * NS_PER_MS + 1);
    room_advance(r, slice_ms);
    room_tick(r);
    assert_state(r, "stopping");
    room_advance(r, 1);
    room_tick(r);
    assert_state(r, "output_unknown");
    assert_int_equal(r->replaced, 1);
    assert_true(room_alarm(r, ALARM_KIND_output_unknown));
}

static void a_host_that_hears_has_its_time(void **state)
{
    struct room *r = *state;
    silent(r, LINK_LOSS_CONTINUES);
    struct link_stop heard = r->sessions->list[0]->stop;
    link_message_head(&heard, LINK_HEARD, sizeof heard);
    sessions_host_message(r->sessions, STIM, &heard.header, &r->now);
    room_advance(r, 999);
    room_tick(r);
    assert_state(r, "stopping");
    room_advance(r, 1);
    room_tick(r);
    assert_int_equal(r->replaced, 1);
}

static void a_device_that_stops_by_itself_leaves_its_host_its_time(void **state)
{
    struct room *r = *state;
    silent(r, LINK_LOSS_STOPS);
    room_advance(r, 999);
    room_tick(r);
    assert_state(r, "stopping");
}

static void a_host_that_reports_is_not_replaced_for_an_answer(void **state)
{
    struct room *r = *state;
    running(r);
    r->sessions->units[STIM].info.device.on_link_loss = LINK_LOSS_CONTINUES;
    session_stop_now(r->sessions, r->session_id, &r->now);
    const struct session *s = r->sessions->list[0];
    while (r->now.monotonic_ns + 50 * NS_PER_MS < s->stop_until_ns) {
        room_advance(r, 50);
        host_sample(r, STIM);
        room_tick(r);
        assert_state(r, "stopping");
    }
    assert_int_equal(r->replaced, 0);
}

static void a_host_that_does_not_read_is_replaced(void **state)
{
    struct room *r = *state;
    running(r);
    r->send_result = -EAGAIN;
    session_stop_now(r->sessions, r->session_id, &r->now);
    assert_int_equal(r->replaced, 1);
    assert_state(r, "output_unknown");
    room_tick(r);
    assert_true(room_alarm(r, ALARM_KIND_output_unknown));
}

static void output_on_another_channel_stops(void **state)
{
    struct room *r = *state;
    running(r);
    r->sample[STIM].status.channels[1].output = OUTPUT_ON;
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_state(r, "stopping");
    assert_true(room_alarm(r, ALARM_KIND_output_while_off));
}

static void output_on_an_idle_unit_is_made_safe(void **state)
{
    struct room *r = *state;
    room_open(r);
    room_forget(r);
    r->sample[STIM].status.channels[0].output = OUTPUT_ON;
    for (int i = 0; i < 30; i++) { /* 1.5 s: asked for at once and again after a second */
        room_advance(r, 50);
        host_sample(r, STIM);
    }
    assert_int_equal(room_count(r, LINK_MAKE_SAFE), 2);
    assert_true(room_alarm(r, ALARM_KIND_output_while_off));
    assert_true(room_alarm(r, ALARM_KIND_output_unknown));
    r->sample[STIM].status.channels[0].output = OUTPUT_REST;
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_false(r->sessions->units[STIM].unproved);
    assert_true(room_alarm(r, ALARM_KIND_output_while_off)); /* latched until acknowledged */
}

static void a_lost_host_leaves_the_output_unknown_until_its_successor_proves_rest(void **state)
{
    struct room *r = *state;
    running(r);
    room_run(r, STIM, 1000);
    sessions_host_gone(r->sessions, STIM, "exited", &r->now);
    assert_state(r, "output_unknown");
    assert_true(room_alarm(r, ALARM_KIND_host_lost));
    room_advance(r, 200);
    host_presence(r, STIM, UNIT_QUARANTINE);
    assert_state(r, "output_unknown");
    idle_sample(r);
    assert_state(r, "ended");
    room_flush(r);
    ended_by(r, "host_lost", "daemon");
    assert_true(room_alarm(r, ALARM_KIND_host_lost));         /* latched */
    assert_in_range(room_history(r).duration_ms, 1300, 1310); /* counted until rest was proved */
}

static void cannot_be_opened(struct room *r, const char *words)
{
    struct link_presence m = {.unit = 0, .state = UNIT_OUTPUT_UNKNOWN, .epoch = r->epoch[STIM]};
    link_message_head(&m, LINK_PRESENCE, sizeof m);
    snprintf(m.detail, sizeof m.detail, "%s", words);
    sessions_host_message(r->sessions, STIM, &m.header, &r->now);
}

static void what_stands_in_the_way_is_told_beside_the_first_reason(void **state)
{
    struct room *r = *state;
    running(r);
    sessions_host_gone(r->sessions, STIM, "exited", &r->now);
    room_tick(r);
    const char *const words[] = {"2 devices are S1: unplug one", "S1 is not plugged in", "S1 is not plugged in"};
    for (size_t i = 0; i < 3; i++) {
        char text[128];
        cannot_be_opened(r, words[i]);
        room_tick(r);
        snprintf(text, sizeof text, "%s (first: exited)", words[i]);
        json_t *device = device_get(r->sessions, "stim1", &r->now);
        assert_string_equal(json_string_value(json_object_get(device, "detail")), text);
        json_decref(device);
        json_t *alarms = alarms_list(sessions_alarms(r->sessions)), *alarm;
        size_t k, n = 0;
        json_array_foreach(alarms, k, alarm) n +=
            strcmp(json_string_value(json_object_get(alarm, "detail")), text) == 0;
        assert_int_equal(n, 1);
        json_decref(alarms);
    }
    host_presence(r, STIM, UNIT_READY);
    assert_false(r->sessions->units[STIM].unproved);
    assert_state(r, "ended");
}

static void another_device_proves_nothing(void **state)
{
    struct room *r = *state;
    running(r);
    sessions_host_gone(r->sessions, STIM, "exited", &r->now);
    snprintf(r->serial[STIM], sizeof r->serial[STIM], "S9");
    room_advance(r, 100);
    host_presence(r, STIM, UNIT_READY);
    assert_state(r, "output_unknown");
    assert_true(r->sessions->units[STIM].unproved);
}

/* The host proves rest of whatever it finds in the port; whose it is, it has said just before. */
static void rest_of_a_device_in_its_place_is_not_its_rest(void **state)
{
    struct room *r = *state;
    char own[sizeof r->serial[STIM]];
    running(r);
    memcpy(own, r->serial[STIM], sizeof own);
    host_session(r, LINK_SESSION_UNPROVED, LINK_REASON_LINK_LOST, EVIDENCE_NONE);
    assert_state(r, "output_unknown");
    snprintf(r->serial[STIM], sizeof r->serial[STIM], "S9");
    room_advance(r, 100);
    host_presence(r, STIM, UNIT_READY);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_LINK_LOST, EVIDENCE_REPORTED);
    assert_state(r, "output_unknown");
    assert_true(r->sessions->units[STIM].unproved);
    assert_true(alarms_active(sessions_alarms(r->sessions), ALARM_KIND_output_unknown, "stim1"));
    idle_sample(r); /* the newcomer's */
    assert_state(r, "output_unknown");
    memcpy(r->serial[STIM], own, sizeof own);
    host_presence(r, STIM, UNIT_READY);
    idle_sample(r);
    assert_state(r, "ended");
    assert_false(r->sessions->units[STIM].unproved);
}

/* Its successor stands still before its first word: it is asked, and replaced, and so is the next one, later. */
static void a_host_that_is_not_heard_while_rest_is_owed_is_replaced(void **state)
{
    struct room *r = *state;
    running(r);
    r->hosts_silent = 1u << STIM;
    sessions_host_gone(r->sessions, STIM, "exited", &r->now);
    room_forget(r);
    room_advance(r, 1000);
    room_tick(r);
    assert_int_equal(room_count(r, LINK_ASK), ROOM_DEVICES);
    room_advance(r, 2999);
    room_tick(r);
    assert_int_equal(r->replaced, 0);
    room_advance(r, 1);
    room_tick(r);
    assert_int_equal(r->replaced, 1);
    room_advance(r, 1000);
    room_tick(r);
    room_advance(r, 5000);
    room_tick(r);
    assert_int_equal(r->replaced, 1);
    room_advance(r, 1000);
    room_tick(r);
    assert_int_equal(r->replaced, 2);
    assert_state(r, "output_unknown");
}

static void an_idle_host_that_is_not_heard_is_replaced_later(void **state)
{
    struct room *r = *state;
    room_open(r);
    r->hosts_silent = 1u << STIM;
    room_advance(r, 1000);
    room_tick(r);
    room_advance(r, 9999);
    room_tick(r);
    assert_int_equal(r->replaced, 0);
    assert_int_equal(r->sessions->units[STIM].presence, UNIT_READY);
    room_advance(r, 1);
    room_tick(r);
    assert_int_equal(r->replaced, 1);
    assert_int_equal(r->sessions->units[STIM].presence, UNIT_PROBING);
    assert_false(r->sessions->units[STIM].unproved);
}

static void a_host_that_is_heard_is_asked_again_and_left_alone(void **state)
{
    struct room *r = *state;
    room_open(r);
    room_forget(r);
    for (int i = 0; i < 20; i++) {
        room_advance(r, 1000);
        room_tick(r);
    }
    assert_in_range(room_count(r, LINK_ASK), 10 * ROOM_DEVICES, 20 * ROOM_DEVICES);
    assert_int_equal(r->replaced, 0);
}

static void a_statement_ends_the_unknown_and_leaves_the_dose_unbounded(void **state)
{
    struct room *r = *state;
    running(r);
    sessions_host_gone(r->sessions, STIM, "exited", &r->now);
    const struct session_actor actor = room_actor();
    device_reset(r->sessions, "stim1", "", &actor, &r->now, room_reply(r));
    assert_answered(r);
    assert_state(r, "output_unknown"); /* without a statement only make_safe is asked for */
    assert_int_equal(room_count(r, LINK_MAKE_SAFE), 1);
    device_reset(r->sessions, "stim1", "patient is disconnected", &actor, &r->now, room_reply(r));
    assert_answered(r);
    assert_state(r, "ended");
    room_flush(r);
    assert_true(room_alarm(r, ALARM_KIND_dose_unbounded));
    host_presence(r, STIM, UNIT_READY);
    const struct session_request q = room_tens();
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_DOSE_UNBOUNDED);
}

static void a_device_in_a_session_is_not_reset(void **state)
{
    struct room *r = *state;
    running(r);
    const struct session_actor actor = room_actor();
    device_reset(r->sessions, "stim1", "x", &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_WRONG_STATE);
    device_reset(r->sessions, "stim9", "x", &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stop_that_nobody_proves_is_unknown_and_replaces_the_host),
        TEST(a_host_that_neither_reports_nor_hears_is_replaced_within_a_slice),
        TEST(a_host_that_hears_has_its_time),
        TEST(a_device_that_stops_by_itself_leaves_its_host_its_time),
        TEST(a_host_that_reports_is_not_replaced_for_an_answer),
        TEST(a_host_that_does_not_read_is_replaced),
        TEST(output_on_another_channel_stops),
        TEST(output_on_an_idle_unit_is_made_safe),
        TEST(a_lost_host_leaves_the_output_unknown_until_its_successor_proves_rest),
        TEST(what_stands_in_the_way_is_told_beside_the_first_reason),
        TEST(another_device_proves_nothing),
        TEST(rest_of_a_device_in_its_place_is_not_its_rest),
        TEST(a_host_that_is_not_heard_while_rest_is_owed_is_replaced),
        TEST(an_idle_host_that_is_not_heard_is_replaced_later),
        TEST(a_host_that_is_heard_is_asked_again_and_left_alone),
        TEST(a_statement_ends_the_unknown_and_leaves_the_dose_unbounded),
        TEST(a_device_in_a_session_is_not_reset),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
