/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions of one patient: electrodes lie on one body, currents add up, and a part and its whole are one place. */
#include "fixture.h"

/* Knee to lower back is across the heart here. */
static void knee_to_back_is_forbidden(struct room *r)
{
    r->conditions[0].n_paths = 1;
    r->conditions[0].paths[0] = (struct screening_path){.from = 1u << 0, .to = 1u << 1};
}

/* The same patient's back, on a device of its own. */
static struct session_request on_the_back(void)
{
    struct session_request q = room_ions();
    q.site = "lumbar";
    q.side = "midline";
    q.output.electrodes[0].side = q.output.electrodes[1].side = "midline";
    return q;
}

/* The other output of the stimulator, for the back. */
static struct session_request second_output(void)
{
    struct session_request q = room_tens();
    q.site = "lumbar";
    q.side = "midline";
    q.output.group = "ch2";
    q.output.channels[0] = "ch2";
    for (int i = 0; i < 2; i++) {
        q.output.electrodes[i].channel = "ch2";
        q.output.electrodes[i].side = "midline";
    }
    return q;
}

static bool names_session(const struct room *r, enum modality_token token, const char *session)
{
    const json_t *list = json_object_get(r->result, "refusals");
    if (!list)
        list = json_object_get(r->data, "violations");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        const char *said = json_string_value(json_object_get(item, "token"));
        if (said && strcmp(said, modality_token_id(token)) == 0 &&
            strstr(json_string_value(json_object_get(item, "message")), session))
            return true;
    }
    return false;
}

static bool allowed(struct room *r, const struct session_request *q)
{
    room_check(r, q);
    return json_is_true(json_object_get(r->result, "allowed"));
}

static void assert_across(struct room *r, const char *first)
{
    const struct session_request q = on_the_back();
    assert_false(allowed(r, &q));
    assert_true(names_session(r, TOKEN_CONTRAINDICATED, first));
    room_try(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    assert_true(names_session(r, TOKEN_CONTRAINDICATED, first));
}

static void electrodes_of_two_sessions_lie_on_one_body(void **state)
{
    struct room *r = *state;
    const struct session_actor actor = room_actor();
    knee_to_back_is_forbidden(r);
    room_open(r);
    const struct session_request q = room_tens();
    struct session_request back = on_the_back();
    assert_true(allowed(r, &back));
    room_prepare(r, &q);
    const char *first = r->session_id;
    assert_across(r, first);
    back.patient_ref = "P2";
    assert_true(allowed(r, &back));
    room_start(r);
    assert_across(r, first);
    host_presence(r, STIM, UNIT_ENERGISED);
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    assert_across(r, first);
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_state(r, "pausing");
    assert_across(r, first);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    assert_state(r, "paused");
    assert_across(r, first);
    session_stop(r->sessions, r->session_id, NULL, "operator", &actor, &r->now, room_reply(r));
    room_answered(r);
    back = on_the_back();
    assert_true(allowed(r, &back));
}

static void an_output_that_is_not_proved_at_rest_still_counts(void **state)
{
    struct room *r = *state;
    knee_to_back_is_forbidden(r);
    room_open(r);
    const struct session_request q = room_tens();
    room_running(r, &q);
    host_session(r, LINK_SESSION_UNPROVED, LINK_REASON_TOLD, EVIDENCE_NONE);
    assert_state(r, "output_unknown");
    assert_across(r, r->session_id);
}

static void a_start_and_a_resume_look_again(void **state)
{
    struct room *r = *state;
    const struct session_actor actor = room_actor();
    room_open(r);
    struct session_request q = room_tens();
    room_running(r, &q);
    char first[64], lease[64];
    snprintf(first, sizeof first, "%s", r->session_id);
    snprintf(lease, sizeof lease, "%s", r->lease_key);
    session_pause(r->sessions, first, lease, &actor, &r->now, room_reply(r));
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    assert_state(r, "paused");
    q = on_the_back();
    room_prepare(r, &q);
    knee_to_back_is_forbidden(r); /* as if another configuration had come, and both had stood it */
    session_find(r->sessions, first)->reloaded = true;
    session_resume(r->sessions, first, lease, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_non_null(strstr(r->message, r->session_id));
    const struct session_confirmation confirmed = {.token = r->token_text};
    session_start(r->sessions, r->session_id, &confirmed, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_CONTRAINDICATED);
    assert_true(names_session(r, TOKEN_CONTRAINDICATED, first));
}

static void a_head_or_pad_has_no_electrodes(void **state)
{
    struct room *r = *state;
    knee_to_back_is_forbidden(r);
    room_open(r);
    struct session_request q = room_sound();
    room_prepare(r, &q);
    q = on_the_back();
    assert_true(allowed(r, &q));
    room_prepare(r, &q);
    q = room_cold();
    q.side = "right";
    assert_true(allowed(r, &q));
}

static void the_precaution_of_either_treatment_is_asked(void **state)
{
    struct room *r = *state;
    r->conditions[1].n_paths = 1; /* a precaution, and for iontophoresis a contraindication */
    r->conditions[1].paths[0] = (struct screening_path){.from = 1u << 0, .to = 1u << 1};
    r->conditions[1].codes[COLUMN_ION] = SCREEN_CONTRAINDICATED;
    room_open(r);
    struct session_request q = on_the_back();
    room_prepare(r, &q);
    q = room_tens();
    q.overrides[q.n_overrides++] = (struct given_override){"numbness", "Dr. Berg", "seen"};
    assert_false(allowed(r, &q));
    assert_true(names_session(r, TOKEN_CONTRAINDICATED, r->session_id));
}

static void bound_the_sum(struct room *r, int64_t max)
{
    struct limit *limits = (struct limit *)(uintptr_t)r->tables.limits;
    for (size_t i = 0; i < r->tables.n_limits; i++) {
        if (limits[i].quantity == QUANTITY_rms_current_sum_ua)
            limits[i].max = max;
    }
}

static void currents_of_two_sessions_add_up(void **state)
{
    struct room *r = *state;
    bound_the_sum(r, 12000); /* 6 mA r.m.s. each, at the ceilings */
    room_open(r);
    struct session_request q = room_tens();
    room_running(r, &q);
    q = second_output();
    assert_true(allowed(r, &q));
    q.output.parameters[0].ceiling = 30100;
    assert_false(allowed(r, &q));
    assert_true(room_refuses(r, TOKEN_LIMIT_EXCEEDED, "rms_current_sum_ua"));
    assert_true(names_session(r, TOKEN_LIMIT_EXCEEDED, r->session_id));
    q.patient_ref = "P2";
    assert_true(allowed(r, &q));
    q.patient_ref = "P1";
    room_try(r, &q);
    assert_refused(r, TOKEN_LIMIT_EXCEEDED);
}

static void what_an_earlier_run_left_behind_is_waited_for(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    room_running(r, &q);
    room_crash(r);
    host_describe(r, GALVANIC);
    host_presence(r, GALVANIC, UNIT_READY);
    q = on_the_back();
    assert_false(allowed(r, &q));
    assert_true(names_session(r, TOKEN_OUTPUT_UNKNOWN, r->session_id));
    q.patient_ref = "P2";
    assert_true(allowed(r, &q));
    q.patient_ref = "P1";
    host_describe(r, STIM);
    room_advance(r, 100);
    host_sample(r, STIM);
    host_presence(r, STIM, UNIT_READY);
    room_flush(r);
    assert_true(allowed(r, &q));
}

static void capitals_do_not_make_another_patient(void **state)
{
    struct room *r = *state;
    const struct session_actor actor = room_actor();
    room_open(r);
    struct session_request q = room_tens();
    q.patient_ref = "Ward-3/P1";
    room_prepare(r, &q);
    q = room_ions();
    q.patient_ref = "ward-3/p1";
    assert_false(allowed(r, &q));
    assert_true(names_session(r, TOKEN_DOSE_RESERVED, r->session_id));
    const struct session_confirmation confirmed = {.token = r->token_text, .patient_ref = "WARD-3/p1"};
    session_start(r->sessions, r->session_id, &confirmed, &actor, &r->now, room_reply(r));
    room_flush(r);
    assert_answered(r);
    assert_false(allowed(r, &q));
    assert_true(names_session(r, TOKEN_DOSE_RESERVED, r->session_id));
    q.patient_ref = "ward-3/p12";
    assert_true(allowed(r, &q));
}

/* --- a part of a site, and the whole of it --- */

/* The kneecap lies in the knee, and so does the back of the knee. */
static void configure_parts(struct room *r)
{
    r->sites[0].meets = 7u;
    r->sites[1] = (struct site){.id = "patella", .has_sides = true, .part_of = 1, .meets = 3u, .origin = "sites.ini:9"};
    r->sites[2] =
        (struct site){.id = "popliteal", .has_sides = true, .part_of = 1, .meets = 5u, .origin = "sites.ini:9"};
    r->tables.screening.n_sites = 3;
}

static struct session_request at(struct session_request q, const char *site, const char *side)
{
    q.site = site;
    q.side = side;
    for (size_t i = 0; i < q.output.n_electrodes; i++)
        q.output.electrodes[i].side = side;
    return q;
}

static void a_part_is_reserved_with_its_whole(void **state)
{
    struct room *r = *state;
    configure_parts(r);
    room_open(r);
    struct session_request q = at(room_tens(), "patella", "left");
    room_prepare(r, &q);
    for (int started = 0; started < 2; started++) {
        q = at(room_ions(), "knee", "left");
        assert_false(allowed(r, &q));
        assert_true(names_session(r, TOKEN_DOSE_RESERVED, r->session_id));
        q = at(room_sound(), "patella", "left");
        assert_false(allowed(r, &q));
        q = at(room_ions(), "knee", "right");
        assert_true(allowed(r, &q));
        q = at(room_ions(), "popliteal", "left");
        assert_true(allowed(r, &q));
        if (!started)
            room_start(r);
    }
}

static void doses_of_a_part_and_its_whole_are_one_dose(void **state)
{
    struct room *r = *state;
    const struct session_actor actor = room_actor();
    configure_parts(r);
    r->protocols[0].rest_min_ms = 3600000;
    room_open(r);
    struct session_request q = at(room_tens(), "patella", "left");
    room_running(r, &q);
    session_stop(r->sessions, r->session_id, NULL, "operator", &actor, &r->now, room_reply(r));
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    host_presence(r, STIM, UNIT_READY);
    room_answered(r);
    static const struct {
        const char *site, *side;
        bool met;
    } rows[] = {{"patella", "left", true},
                {"knee", "left", true},
                {"knee", "right", false},
                {"knee", "both", true},
                {"popliteal", "left", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        q = at(room_tens(), rows[i].site, rows[i].side);
        assert_int_equal(allowed(r, &q), !rows[i].met);
        assert_int_equal(room_refuses(r, TOKEN_REST_INTERVAL, "rest_interval_ms"), rows[i].met);
    }
}

static void an_electrode_on_a_part_lies_at_the_target(void **state)
{
    struct room *r = *state;
    configure_parts(r);
    room_open(r);
    struct session_request q = at(room_tens(), "knee", "left");
    q.output.electrodes[0].skin_site = q.output.electrodes[1].skin_site = "patella";
    assert_true(allowed(r, &q));
    q = at(q, "popliteal", "left");
    assert_false(allowed(r, &q));
    assert_true(room_refuses(r, TOKEN_IDENTITY_MISMATCH, NULL));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(electrodes_of_two_sessions_lie_on_one_body),
        TEST(an_output_that_is_not_proved_at_rest_still_counts),
        TEST(a_start_and_a_resume_look_again),
        TEST(a_head_or_pad_has_no_electrodes),
        TEST(the_precaution_of_either_treatment_is_asked),
        TEST(currents_of_two_sessions_add_up),
        TEST(what_an_earlier_run_left_behind_is_waited_for),
        TEST(capitals_do_not_make_another_patient),
        TEST(a_part_is_reserved_with_its_whole),
        TEST(doses_of_a_part_and_its_whole_are_one_dose),
        TEST(an_electrode_on_a_part_lies_at_the_target),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
