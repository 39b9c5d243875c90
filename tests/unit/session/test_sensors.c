/* SPDX-License-Identifier: Apache-2.0 */
/* What a device senses, before the start and while it runs: its head or probe, key and door, the skin under a pad. */
#include "fixture.h"

static bool ended_by(struct room *r, const char *reason)
{
    return strcmp(session_end_reason(room_session(r)), reason) == 0;
}

static void sample(struct room *r, size_t link)
{
    room_advance(r, 50);
    host_sample(r, link);
}

/* --- which probe --- */

static void another_probe_than_the_named_one_is_refused(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    snprintf(r->sample[LASER].status.channels[0].applicator, MODALITY_NAME_MAX, "701");
    host_sample(r, LASER);
    room_try(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
    assert_non_null(strstr(r->message, "701"));
    assert_non_null(strstr(r->message, "700"));
    q.output.applicator_ref = NULL;
    room_try(r, &q);
    assert_true(room_refuses(r, TOKEN_IDENTITY_MISMATCH, NULL));
    r->applicators[1].serial = NULL; /* without a number nobody can tell */
    q.output.applicator_ref = "probe";
    room_try(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
}

static void a_probe_that_is_changed_before_the_start_is_refused_there(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_prepare(r, &q);
    snprintf(r->sample[LASER].status.channels[0].applicator, MODALITY_NAME_MAX, "701");
    host_sample(r, LASER);
    const struct session_actor actor = room_actor();
    const struct session_confirmation confirmed = {.token = r->token_text};
    session_start(r->sessions, r->session_id, &confirmed, &actor, &r->now, room_reply(r));
    room_flush(r);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
    assert_null(room_last(r, LINK_ARM));
}

static void a_probe_that_is_changed_while_it_runs_stops(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_running(r, &q);
    snprintf(r->sample[LASER].status.channels[0].applicator, MODALITY_NAME_MAX, "701");
    sample(r, LASER);
    assert_state(r, "stopping");
    assert_true(ended_by(r, "applicator_changed"));
    assert_true(room_alarm(r, ALARM_KIND_applicator_changed));
    assert_non_null(room_last(r, LINK_STOP));
}

/* --- key and door --- */

static void an_open_interlock_is_not_ready_and_names_its_limit(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    host_reading(r, LASER, QUANTITY_interlock_closed, 0);
    host_sample(r, LASER);
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
    assert_string_equal(json_string_value(json_object_get(r->data, "subject")), "lz_interlock");
    assert_string_equal(json_string_value(json_object_get(r->data, "origin")), "limits.ini:41");
    assert_non_null(strstr(r->message, "device.reset")); /* no alarm stands that could be acknowledged */
    host_reading(r, LASER, QUANTITY_interlock_closed, 1);
    host_sample(r, LASER);
    room_prepare(r, &q);
}

static void an_interlock_that_opens_in_emission_stops_on_that_sample(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    room_running(r, &q);
    host_reading(r, LASER, QUANTITY_interlock_closed, 0);
    sample(r, LASER);
    assert_state(r, "stopping");
    assert_true(ended_by(r, "interlock_open"));
    assert_true(room_alarm(r, ALARM_KIND_interlock_open));
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_INTERLOCK, EVIDENCE_MEASURED);
    assert_state(r, "ended");
    host_levels(r, LASER, 0);
    sample(r, LASER); /* closed again: nothing goes on by itself */
    assert_int_equal(room_count(r, LINK_ARM), 1);
}

static void an_interlock_that_is_open_in_a_pause_is_not_resumed(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_laser();
    const struct session_actor actor = room_actor();
    room_running(r, &q);
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    assert_state(r, "paused");
    host_reading(r, LASER, QUANTITY_interlock_closed, 0);
    sample(r, LASER);
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_non_null(strstr(r->message, "interlock"));
    host_reading(r, LASER, QUANTITY_interlock_closed, 1);
    snprintf(r->sample[LASER].status.channels[0].applicator, MODALITY_NAME_MAX, "701");
    sample(r, LASER);
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_non_null(strstr(r->message, "701"));
}

/* --- skin --- */

static void a_sensor_off_the_skin_is_refused_at_the_start_and_not_before(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_cold();
    r->sample[COLD].status.channels[0].contact = CONTACT_LOST;
    host_sample(r, COLD);
    room_prepare(r, &q);
    const struct session_actor actor = room_actor();
    const struct session_confirmation confirmed = {.token = r->token_text};
    session_start(r->sessions, r->session_id, &confirmed, &actor, &r->now, room_reply(r));
    room_flush(r);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
    assert_null(room_last(r, LINK_ARM));
}

static void a_sensor_that_fell_off_in_a_pause_is_not_resumed_with(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_actor actor = room_actor();
    struct session_request q = room_cold();
    room_running(r, &q);
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    r->sample[COLD].status.channels[0].contact = CONTACT_LOST;
    sample(r, COLD);
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_non_null(strstr(r->message, "skin sensor"));
    r->sample[COLD].status.channels[0].contact = CONTACT_GOOD;
    sample(r, COLD);
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_answered(r);
}

static void cold_skin_stops_with_its_alarm(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_cold();
    room_running(r, &q);
    host_reading(r, COLD, QUANTITY_skin_temperature_millic, 8000);
    sample(r, COLD);
    sample(r, COLD);
    assert_state(r, "stopping");
    assert_true(ended_by(r, "skin_cold"));
    assert_true(room_alarm(r, ALARM_KIND_skin_cold));
}

static void a_pad_that_nobody_watches_keeps_above_the_skins_floor(void **state)
{
    struct room *r = *state;
    r->units[COLD].device.channels[0].n_ranges = 1;
    r->protocols[4].parameters[0].min = 5000;
    static struct limit all[256];
    memcpy(all, r->tables.limits, r->tables.n_limits * sizeof all[0]);
    for (size_t i = 0; i < r->tables.n_limits; i++) {
        if (all[i].quantity == QUANTITY_skin_temperature_millic)
            all[i].min = 12500;
    }
    r->tables.limits = all;
    room_open(r);
    struct session_request q = room_cold();
    room_try(r, &q);
    assert_refused(r, TOKEN_LIMIT_EXCEEDED);
    assert_non_null(strstr(r->message, "does not measure the skin"));
    q.output.parameters[0].ceiling = 12500;
    room_prepare(r, &q);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_probe_than_the_named_one_is_refused),
        TEST(a_probe_that_is_changed_before_the_start_is_refused_there),
        TEST(a_probe_that_is_changed_while_it_runs_stops),
        TEST(an_open_interlock_is_not_ready_and_names_its_limit),
        TEST(an_interlock_that_opens_in_emission_stops_on_that_sample),
        TEST(an_interlock_that_is_open_in_a_pause_is_not_resumed),
        TEST(a_sensor_off_the_skin_is_refused_at_the_start_and_not_before),
        TEST(a_sensor_that_fell_off_in_a_pause_is_not_resumed_with),
        TEST(cold_skin_stops_with_its_alarm),
        TEST(a_pad_that_nobody_watches_keeps_above_the_skins_floor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
