/* SPDX-License-Identifier: Apache-2.0 */
/* The second act: token, comparison, reservation, arm; and what the host's answers do. */
#include "fixture.h"

static void start(struct room *r, const char *token, const struct session_actor *actor)
{
    const struct session_confirmation confirmed = {.token = token};
    session_start(r->sessions, r->session_id, &confirmed, actor, &r->now, room_reply(r));
}

static void prepared(struct room *r)
{
    const struct session_request q = room_tens();
    room_open(r);
    room_prepare(r, &q);
}

static void nothing_is_armed_before_the_reservation_is_durable(void **state)
{
    struct room *r = *state;
    prepared(r);
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    assert_false(r->answered);
    assert_null(room_last(r, LINK_ARM));
    assert_state(r, "starting");
    room_flush(r);
    assert_answered(r);
    assert_string_equal(json_string_value(json_object_get(r->result, "state")), "accepted");
    assert_non_null(room_last(r, LINK_ARM));
    assert_true(r->energised);
    assert_int_equal(room_history(r).duration_ms, 1200000 + 500); /* counts as worst while it is open */
}

static void an_arm_carries_envelope_permit_and_end(void **state)
{
    struct room *r = *state;
    prepared(r);
    room_start(r);
    const struct link_arm *arm = &room_last(r, LINK_ARM)->arm;
    char reason[LINK_TEXT_MAX];
    assert_int_equal(envelope_check(&arm->envelope, reason, sizeof reason), 0);
    assert_int_equal(arm->ref.turn, 1);
    assert_int_equal(arm->end_boot_ns, r->now.boot_ns + 1200 * NS_PER_S);
    assert_int_equal(arm->permit_boot_ns, r->now.boot_ns + 400 * NS_PER_MS);
    assert_int_equal(arm->envelope.channels[0].level_ceiling, 30000);
    assert_int_equal(arm->envelope.channels[0].n_settings, 2);
    assert_int_equal(arm->targets[0], 10000);
}

static void a_wrong_token_or_another_peer_is_refused(void **state)
{
    struct room *r = *state;
    prepared(r);
    struct session_actor actor = room_actor();
    start(r, "00000000000000000000000000000000", &actor);
    assert_refused(r, TOKEN_TOKEN_INVALID);
    start(r, "", &actor);
    assert_refused(r, TOKEN_TOKEN_INVALID);
    actor.uid = 1001;
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_TOKEN_INVALID);
    actor = room_actor();
    start(r, r->token_text, &actor); /* the good one still works */
    room_flush(r);
    assert_answered(r);
}

/* Two identifiers and the place: what a start says of them must be what was prepared, or nothing is armed. */
static void a_start_for_another_patient_or_place_ends_it(void **state)
{
    static const struct {
        struct session_confirmation said;
        const char *field; /* NULL = it is started */
    } rows[] = {
        {{.patient_ref = "P-1"}, NULL},
        {{.patient_check = "1961-04-12"}, NULL},
        {{.patient_ref = "P-1", .patient_check = "1961-04-12", .site = "knee", .side = "left"}, NULL},
        {{.patient_check = "1961-04-21"}, "patient_check"},
        {{.patient_ref = "P-2"}, "patient_ref"},
        {{.site = "lumbar", .side = "midline"}, "target"},
        {{.site = "knee", .side = "right"}, "target"},
    };
    struct room *r = *state;
    room_open(r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct session_request q = room_tens();
        struct session_confirmation said = rows[i].said;
        const struct session_actor actor = room_actor();
        q.patient_check = "1961-04-12";
        room_prepare(r, &q);
        assert_string_equal(json_string_value(json_object_get(json_object_get(r->result, "sheet"), "patient_check")),
                            "1961-04-12");
        said.token = r->token_text;
        session_start(r->sessions, r->session_id, &said, &actor, &r->now, room_reply(r));
        if (rows[i].field) {
            assert_refused(r, TOKEN_IDENTITY_MISMATCH);
            assert_string_equal(json_string_value(json_object_get(r->data, "field")), rows[i].field);
            assert_state(r, "ended");
            continue;
        }
        session_stop(r->sessions, NULL, "enough", "operator", &actor, &r->now, room_reply(r));
        room_flush(r);
    }
}

/* The same reference with another second identifier: one of the two is somebody else. */
static void one_reference_has_one_second_identifier(void **state)
{
    struct room *r = *state;
    const struct session_actor actor = room_actor();
    struct session_request q = room_tens();
    room_open(r);
    q.patient_check = "1961-04-12";
    room_prepare(r, &q);
    q.patient_check = "1988-01-30";
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
    session_stop(r->sessions, r->session_id, "wrong", "operator", &actor, &r->now, room_reply(r));
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_answered(r);
}

static struct session_request tested_on(struct room *r, int64_t day)
{
    struct session_request q = room_tens();
    q.answers[0].has_on = true;
    q.answers[0].on_day = day;
    r->questions[0].valid_days = 2;
    return q;
}

/* The civil day of the room, not that of Greenwich, and the day of the start as well as that of the sheet. */
static void a_test_must_be_young_enough_when_it_starts(void **state)
{
    struct room *r = *state;
    const struct session_actor actor = room_actor();
    room_open(r);
    const int64_t today = civil_day(r->now.wall_ms);
    struct session_request q = tested_on(r, today + 1);
    room_try(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    q = tested_on(r, today - 3);
    room_try(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    q.answers[0].has_on = false;
    room_try(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    q = tested_on(r, today - 2);
    room_prepare(r, &q);
    r->now.wall_ms += 24 * 3600 * INT64_C(1000); /* midnight passes between sheet and start */
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    assert_state(r, "ended");
    assert_null(room_last(r, LINK_ARM));
}

static void a_token_is_good_for_its_time(void **state)
{
    struct room *r = *state;
    prepared(r);
    const struct session_actor actor = room_actor();
    room_advance(r, 119999);
    room_tick(r);
    assert_state(r, "prepared");
    room_advance(r, 1);
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_TOKEN_EXPIRED);
    room_tick(r);
    assert_state(r, "ended"); /* and the claim is gone */
    const struct session_request q = room_tens();
    room_prepare(r, &q);
}

static void a_repeated_start_gets_the_same_session(void **state)
{
    struct room *r = *state;
    prepared(r);
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    start(r, r->token_text, &actor); /* while the first is being written */
    room_flush(r);
    assert_answered(r);
    char key[64];
    snprintf(key, sizeof key, "%s", json_string_value(json_object_get(r->result, "lease_key")));
    start(r, r->token_text, &actor);
    assert_answered(r);
    assert_string_equal(json_string_value(json_object_get(r->result, "lease_key")), key);
    assert_int_equal(room_count(r, LINK_ARM), 1);
    struct session_actor other = room_actor();
    other.uid = 1001;
    start(r, r->token_text, &other);
    assert_refused(r, TOKEN_TOKEN_INVALID);
}

static void an_unsubscribed_connection_cannot_start(void **state)
{
    struct room *r = *state;
    prepared(r);
    struct session_actor actor = room_actor();
    actor.subscribed = false;
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_NOT_SUBSCRIBED);
    assert_state(r, "prepared");
}

static void a_changed_limit_changes_the_sheet(void **state)
{
    struct room *r = *state;
    prepared(r);
    struct session_settings settings = r->settings;
    settings.config_generation = 2;
    settings.config_hash = "beef";
    assert_int_equal(sessions_reload(r->sessions, &settings, &r->now), 0);
    assert_state(r, "prepared");
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_SHEET_CHANGED);
    const json_t *changed = json_object_get(r->data, "changed");
    assert_int_equal(json_array_size(changed), 2); /* config_generation, config_hash */
    assert_state(r, "ended");
    assert_null(room_last(r, LINK_ARM));
}

static void another_device_behind_the_name_changes_the_sheet(void **state)
{
    struct room *r = *state;
    prepared(r);
    r->epoch[STIM] = 2;
    snprintf(r->serial[STIM], sizeof r->serial[STIM], "S9");
    host_presence(r, STIM, UNIT_READY);
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_SHEET_CHANGED);
    assert_string_equal(json_string_value(json_array_get(json_object_get(r->data, "changed"), 0)), "device");
}

static void what_would_be_refused_now_does_not_start(void **state)
{
    struct room *r = *state;
    prepared(r);
    host_presence(r, STIM, UNIT_ABSENT);
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_DEVICE_ABSENT);
    assert_state(r, "ended");
}

/* Nothing is done before the record has answered: what is due at once, again and again, is all that a loop serves. */
static void nothing_is_due(struct room *r)
{
    room_tick(r);
    assert_true(sessions_next_ns(r->sessions) > r->now.monotonic_ns);
}

static void a_stop_before_durability_ends_with_nothing_delivered(void **state)
{
    struct room *r = *state;
    prepared(r);
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    session_stop_now(r->sessions, r->session_id, &r->now);
    assert_state(r, "stopping");
    for (int i = 0; i < 5; i++) {
        nothing_is_due(r);
        room_advance(r, 1000);
    }
    room_flush(r);
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_state(r, "ended");
    assert_null(room_last(r, LINK_ARM));
    assert_int_equal(room_history(r).duration_ms, 0);
    room_answered(r);
    json_t *record = room_record(r, r->session_id);
    assert_string_equal(json_string_value(json_object_get(json_object_get(record, "end"), "reason")), "stopped");
    json_decref(record);
}

static void a_device_lost_while_reserving_is_not_armed(void **state)
{
    struct room *r = *state;
    prepared(r);
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    host_presence(r, STIM, UNIT_ABSENT);
    nothing_is_due(r);
    room_flush(r);
    assert_null(room_last(r, LINK_ARM));
    room_flush(r);
    assert_state(r, "ended");
    assert_int_equal(room_history(r).duration_ms, 0);
}

static void an_arm_that_the_host_refuses_ends_with_nothing_delivered(void **state)
{
    struct room *r = *state;
    prepared(r);
    room_start(r);
    host_session(r, LINK_SESSION_REFUSED, LINK_REASON_OUTSIDE_ENVELOPE, EVIDENCE_NONE);
    room_tick(r);
    assert_state(r, "ended");
    assert_true(room_alarm(r, ALARM_KIND_monitor_disagreement));
    room_flush(r);
    assert_int_equal(room_history(r).duration_ms, 0);
    assert_int_equal(room_count(r, LINK_STOP), 0);
}

static void a_start_that_is_never_acknowledged_is_stopped(void **state)
{
    struct room *r = *state;
    prepared(r);
    room_start(r);
    room_run(r, STIM, 4950);
    assert_state(r, "starting");
    room_run(r, STIM, 100);
    assert_state(r, "stopping");
    assert_int_equal(room_count(r, LINK_STOP), 1);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_REPORTED);
    assert_state(r, "ended");
}

static void a_reservation_that_is_refused_refuses_the_start(void **state)
{
    struct room *r = *state;
    prepared(r);
    /* an entry of this session's id is there already: the ledger takes no second one */
    struct ledger_entry e = {.modality = MODALITY_ESTIM, .planned = {.duration_ms = 1}, .worst = {.duration_ms = 1}};
    snprintf(e.session_id, sizeof e.session_id, "%s", r->session_id);
    snprintf(e.patient_ref, sizeof e.patient_ref, "P9");
    assert_int_equal(ledger_places_add(&e.places, "knee", "left"), 0);
    snprintf(e.therapy, sizeof e.therapy, "tens");
    snprintf(e.protocol, sizeof e.protocol, "tens");
    snprintf(e.device, sizeof e.device, "stim1");
    assert_int_equal(record_reserve(r->record, &e, NULL, NULL), 0);
    const struct session_actor actor = room_actor();
    start(r, r->token_text, &actor);
    assert_refused(r, TOKEN_RECORDS_UNAVAILABLE);
    assert_null(room_last(r, LINK_ARM));
    room_tick(r);
    assert_state(r, "ended");
}

static void permits_follow_only_judged_samples(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    room_forget(r);
    room_tick(r);
    assert_int_equal(room_count(r, LINK_PERMIT), 0);
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_int_equal(room_count(r, LINK_PERMIT), 1);
    assert_int_equal(room_last(r, LINK_PERMIT)->permit.until_boot_ns, r->now.boot_ns + 400 * NS_PER_MS);
    room_advance(r, 300); /* beyond freshness */
    r->seq[STIM]--;       /* the same sample again is no proof of anything */
    host_sample(r, STIM);
    assert_int_equal(room_count(r, LINK_PERMIT), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_armed_before_the_reservation_is_durable),
        TEST(an_arm_carries_envelope_permit_and_end),
        TEST(a_wrong_token_or_another_peer_is_refused),
        TEST(a_start_for_another_patient_or_place_ends_it),
        TEST(one_reference_has_one_second_identifier),
        TEST(a_test_must_be_young_enough_when_it_starts),
        TEST(a_token_is_good_for_its_time),
        TEST(a_repeated_start_gets_the_same_session),
        TEST(an_unsubscribed_connection_cannot_start),
        TEST(a_changed_limit_changes_the_sheet),
        TEST(another_device_behind_the_name_changes_the_sheet),
        TEST(what_would_be_refused_now_does_not_start),
        TEST(a_stop_before_durability_ends_with_nothing_delivered),
        TEST(a_device_lost_while_reserving_is_not_armed),
        TEST(an_arm_that_the_host_refuses_ends_with_nothing_delivered),
        TEST(a_start_that_is_never_acknowledged_is_stopped),
        TEST(a_reservation_that_is_refused_refuses_the_start),
        TEST(permits_follow_only_judged_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
