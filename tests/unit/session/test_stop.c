/* SPDX-License-Identifier: Apache-2.0 */
/* Every way to rest: who asks, what is sent, what proves, what is recorded. */
#include "fixture.h"

static void running(struct room *r)
{
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    room_forget(r);
}

static void proved(struct room *r)
{
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    assert_state(r, "ended");
    room_answered(r);
}

static void ended_by(struct room *r, const char *reason, const char *by)
{
    json_t *record = room_record(r, r->session_id);
    const json_t *end = json_object_get(record, "end");
    assert_string_equal(json_string_value(json_object_get(end, "reason")), reason);
    assert_string_equal(json_string_value(json_object_get(end, "by")), by);
    json_decref(record);
}

static void a_stop_sends_at_once_and_ends_only_by_proof(void **state)
{
    struct room *r = *state;
    running(r);
    session_stop_now(r->sessions, r->session_id, &r->now);
    assert_int_equal(room_count(r, LINK_STOP), 1);
    assert_int_equal(room_last(r, LINK_STOP)->stop.session, room_session(r)->number);
    assert_state(r, "stopping");
    assert_int_equal(json_array_size(r->events), 0); /* told afterwards, not on the way */
    assert_int_equal(sessions_next_ns(r->sessions), 0);
    room_tick(r);
    assert_true(json_array_size(r->events) > 0);
    room_run(r, STIM, 200);
    assert_state(r, "stopping");
    proved(r);
    ended_by(r, "stopped", "operator");
}

static void a_stop_gives_no_more_permits(void **state)
{
    struct room *r = *state;
    running(r);
    session_stop_now(r->sessions, r->session_id, &r->now);
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_int_equal(room_count(r, LINK_PERMIT), 0);
}

static void one_line_sends_one_stop_and_asking_again_another(void **state)
{
    struct room *r = *state;
    running(r);
    const struct session_actor nobody = {.uid = 1000};
    session_stop_now(r->sessions, r->session_id, &r->now); /* the line is scanned, then answered */
    session_stop(r->sessions, r->session_id, NULL, NULL, &nobody, &r->now, room_reply(r));
    assert_int_equal(room_count(r, LINK_STOP), 1);
    room_advance(r, 19);
    session_stop_now(r->sessions, r->session_id, &r->now);
    assert_int_equal(room_count(r, LINK_STOP), 1);
    room_advance(r, 1);
    session_stop_now(r->sessions, r->session_id, &r->now);
    assert_int_equal(room_count(r, LINK_STOP), 2);
    room_advance(r, 5);
    session_stop_now(r->sessions, NULL, &r->now);
    assert_int_equal(room_count(r, LINK_STOP), 3);
}

static size_t events_of(const struct room *r, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(r->events); i++)
        n += strcmp(json_string_value(json_object_get(json_array_get(r->events, i), "type")), type) == 0;
    return n;
}

static void the_proof_is_told_before_the_record_is_made(void **state)
{
    struct room *r = *state;
    running(r);
    host_session(r, LINK_SESSION_STOPPING, LINK_REASON_END_TIME, EVIDENCE_NONE);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_END_TIME, EVIDENCE_MEASURED);
    assert_state(r, "ended");
    assert_int_equal(events_of(r, "session.state"), 2);
    assert_int_equal(events_of(r, "session.ended"), 0);
    assert_false(sessions_idle(r->sessions));
    assert_int_equal(sessions_next_ns(r->sessions), r->now.monotonic_ns + 5 * NS_PER_MS);
    room_advance(r, 5);
    room_tick(r);
    assert_int_equal(events_of(r, "session.ended"), 1);
    room_flush(r);
    ended_by(r, "complete", "daemon");
    assert_true(sessions_idle(r->sessions));
}

static void who_asks_finds_the_record_made(void **state)
{
    struct room *r = *state;
    running(r);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_END_TIME, EVIDENCE_MEASURED);
    assert_int_equal(events_of(r, "session.ended"), 0);
    sessions_catch_up(r->sessions, &r->now);
    assert_int_equal(events_of(r, "session.ended"), 1);
    sessions_catch_up(r->sessions, &r->now);
    room_flush(r);
    assert_int_equal(events_of(r, "session.ended"), 1);
}

static void a_stop_answers_who_and_why(void **state)
{
    struct room *r = *state;
    running(r);
    const struct session_actor nobody = {.uid = 1000};
    session_stop_now(r->sessions, r->session_id, &r->now); /* as the scanner does */
    session_stop(r->sessions, r->session_id, "it hurts", "patient", &nobody, &r->now, room_reply(r));
    assert_answered(r);
    assert_int_equal(json_array_size(json_object_get(r->result, "stopping")), 1);
    proved(r);
    ended_by(r, "stopped", "patient");
    session_stop(r->sessions, "no such", NULL, NULL, &nobody, &r->now, room_reply(r));
    assert_refused(r, TOKEN_NOT_FOUND);
}

static void a_stop_that_was_proved_before_it_is_answered_names_its_session(void **state)
{
    struct room *r = *state;
    running(r);
    const struct session_actor nobody = {.uid = 1000};
    session_stop_now(r->sessions, r->session_id, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_advance(r, 299);
    room_tick(r);
    session_stop(r->sessions, r->session_id, "enough", "patient", &nobody, &r->now, room_reply(r));
    assert_answered(r);
    room_flush(r);
    ended_by(r, "stopped", "patient");
    assert_int_equal(json_array_size(json_object_get(r->result, "stopping")), 1);
    session_stop(r->sessions, r->session_id, "enough", "operator", &nobody, &r->now, room_reply(r));
    assert_int_equal(json_array_size(json_object_get(r->result, "stopping")), 0);
}

static void stop_all_stops_every_session(void **state)
{
    struct room *r = *state;
    running(r);
    char first[64];
    snprintf(first, sizeof first, "%s", r->session_id);
    struct session_request other = room_sound();
    other.patient_ref = "P2";
    room_running(r, &other);
    const struct session_actor nobody = {.uid = 1000};
    session_stop(r->sessions, NULL, NULL, "operator", &nobody, &r->now, room_reply(r));
    assert_answered(r);
    assert_int_equal(json_array_size(json_object_get(r->result, "stopping")), 2);
    assert_int_equal(room_count(r, LINK_STOP), 2);
    assert_int_equal(session_find(r->sessions, first)->state, SESSION_stopping);
}

static void a_prepared_session_just_ends(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_prepare(r, &q);
    session_stop_now(r->sessions, NULL, &r->now);
    assert_state(r, "ended");
    assert_int_equal(room_count(r, LINK_STOP), 0);
    room_tick(r);
    room_prepare(r, &q); /* the claim is gone */
}

static void rest_without_evidence_proves_nothing(void **state)
{
    struct room *r = *state;
    running(r);
    session_stop_now(r->sessions, r->session_id, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_PRESUMED);
    assert_state(r, "output_unknown");
}

static void a_late_word_about_an_earlier_turn_changes_nothing(void **state)
{
    struct room *r = *state;
    running(r);
    room_session(r)->arm.ref.turn++;
    const uint32_t turn = room_session(r)->arm.ref.turn;
    struct link_session m = {
        .ref = room_session(r)->arm.ref, .event = LINK_SESSION_RESTED, .evidence = EVIDENCE_MEASURED};
    link_message_head(&m, LINK_SESSION, sizeof m);
    m.ref.turn = turn - 1;
    sessions_host_message(r->sessions, STIM, &m.header, &r->now);
    assert_state(r, "running");
}

/* Each reason with which a host ends by itself: end, who, alarm. */
static void every_reason_of_a_host_has_its_end_and_alarm(void **state)
{
    static const struct {
        enum link_reason reason;
        const char *end, *by;
        enum alarm_kind alarm;
    } reasons[] = {
        {LINK_REASON_END_TIME, "complete", "daemon", ALARM_KIND_session_complete},
        {LINK_REASON_PERMIT, "dead_man", "daemon", ALARM_KIND_dead_man},
        {LINK_REASON_WATCHDOG, "dead_man", "daemon", ALARM_KIND_dead_man},
        {LINK_REASON_DEVICE_FAULT, "device_fault", "device", ALARM_KIND_device_fault},
        {LINK_REASON_OUTPUT_LOST, "device_fault", "device", ALARM_KIND_device_fault},
        {LINK_REASON_PATIENT_STOP, "patient_stop", "patient", ALARM_KIND_patient_stop},
        {LINK_REASON_OVER_OUTPUT, "over_output", "daemon", ALARM_KIND_over_output},
        {LINK_REASON_DEVICE_RESTARTED, "device_restarted", "device", ALARM_KIND_device_restarted},
        {LINK_REASON_LINK_LOST, "link_lost", "daemon", ALARM_KIND_link_lost},
        {LINK_REASON_PLUGIN_HUNG, "link_lost", "daemon", ALARM_KIND_link_lost},
        {LINK_REASON_OUTSIDE_ENVELOPE, "outside_envelope", "daemon", ALARM_KIND_monitor_disagreement},
        {LINK_REASON_HOST_STOPPING, "shutdown", "daemon", ALARM_KIND_COUNT},
        {LINK_REASON_INTERLOCK, "interlock_open", "device", ALARM_KIND_interlock_open},
        {LINK_REASON_CONTACT_LOST, "contact_lost", "device", ALARM_KIND_electrode_open},
    };
    struct room *r = *state;
    room_open(r);
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        char patient[16];
        struct session_request q = room_tens();
        snprintf(patient, sizeof patient, "P%zu", 100 + i);
        q.patient_ref = patient;
        room_running(r, &q);
        host_session(r, LINK_SESSION_STOPPING, reasons[i].reason, EVIDENCE_NONE);
        assert_state(r, "stopping");
        host_session(r, LINK_SESSION_RESTED, reasons[i].reason, EVIDENCE_REPORTED);
        assert_state(r, "ended");
        room_flush(r);
        ended_by(r, reasons[i].end, reasons[i].by);
        if (reasons[i].alarm != ALARM_KIND_COUNT)
            assert_true(room_alarm(r, reasons[i].alarm));
        room_forget(r);
    }
}

static void supervision_that_finds_a_fault_stops_on_that_sample(void **state)
{
    struct room *r = *state;
    running(r);
    r->sample[STIM].status.fault = true;
    r->sample[STIM].status.fault_code = 7;
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_int_equal(room_count(r, LINK_STOP), 1);
    assert_int_equal(room_count(r, LINK_PERMIT), 0);
    assert_state(r, "stopping");
    assert_true(room_alarm(r, ALARM_KIND_device_fault));
    proved(r);
    ended_by(r, "device_fault", "daemon");
}

static void the_patients_switch_is_the_patients_stop(void **state)
{
    struct room *r = *state;
    running(r);
    r->sample[STIM].status.patient_stop = true;
    room_advance(r, 50);
    host_sample(r, STIM);
    proved(r);
    ended_by(r, "patient_stop", "patient");
    assert_true(room_alarm(r, ALARM_KIND_patient_stop));
}

static void a_stale_sample_stops(void **state)
{
    struct room *r = *state;
    running(r);
    room_advance(r, 250);
    room_tick(r);
    assert_state(r, "running");
    room_advance(r, 1);
    room_tick(r);
    assert_state(r, "stopping");
    assert_true(room_alarm(r, ALARM_KIND_sample_stale));
}

static void sleep_stops_everything(void **state)
{
    struct room *r = *state;
    running(r);
    room_tick(r);
    r->now.boot_ns += NS_PER_S; /* exactly a second is none yet */
    room_tick(r);
    assert_state(r, "running");
    r->now.boot_ns += NS_PER_S + 1;
    room_tick(r);
    assert_state(r, "stopping");
    assert_true(room_alarm(r, ALARM_KIND_suspended));
}

static void a_stepped_wall_clock_is_told_and_stops_nothing(void **state)
{
    struct room *r = *state;
    running(r);
    room_tick(r);
    r->now.wall_ms -= 86400000;
    room_tick(r);
    assert_state(r, "running");
    assert_true(room_alarm(r, ALARM_KIND_clock_stepped));
}

static void shutdown_stops_and_is_idle_when_all_is_proved(void **state)
{
    struct room *r = *state;
    running(r);
    sessions_shutdown(r->sessions, &r->now);
    assert_state(r, "stopping");
    assert_false(sessions_idle(r->sessions));
    proved(r);
    assert_true(sessions_idle(r->sessions));
    ended_by(r, "shutdown", "daemon");
}

static void a_tick_is_a_supervision_pass(void **state)
{
    struct room *r = *state;
    room_open(r);
    assert_true(sessions_supervised(r->sessions));
    assert_false(sessions_supervised(r->sessions));
    room_tick(r);
    assert_true(sessions_supervised(r->sessions));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_stop_sends_at_once_and_ends_only_by_proof),
        TEST(a_stop_gives_no_more_permits),
        TEST(one_line_sends_one_stop_and_asking_again_another),
        TEST(the_proof_is_told_before_the_record_is_made),
        TEST(who_asks_finds_the_record_made),
        TEST(a_stop_answers_who_and_why),
        TEST(a_stop_that_was_proved_before_it_is_answered_names_its_session),
        TEST(stop_all_stops_every_session),
        TEST(a_prepared_session_just_ends),
        TEST(rest_without_evidence_proves_nothing),
        TEST(a_late_word_about_an_earlier_turn_changes_nothing),
        TEST(every_reason_of_a_host_has_its_end_and_alarm),
        TEST(supervision_that_finds_a_fault_stops_on_that_sample),
        TEST(the_patients_switch_is_the_patients_stop),
        TEST(a_stale_sample_stops),
        TEST(sleep_stops_everything),
        TEST(a_stepped_wall_clock_is_told_and_stops_nothing),
        TEST(shutdown_stops_and_is_idle_when_all_is_proved),
        TEST(a_tick_is_a_supervision_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
