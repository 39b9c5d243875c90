/* SPDX-License-Identifier: Apache-2.0 */
/* What refuses a treatment: each test breaks one thing of a good request, room or device. */
#include "fixture.h"

static void a_good_request_is_allowed_and_shows_its_sheet(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    const json_t *sheet = json_object_get(r->result, "sheet");
    assert_string_equal(json_string_value(json_object_get(sheet, "side")), "left");
    assert_string_equal(json_string_value(json_object_get(json_object_get(sheet, "device"), "label")), "Stimulator");
    assert_int_equal(json_integer_value(json_object_get(sheet, "dead_man_ms")), 500);
    assert_true(json_is_true(json_object_get(sheet, "simulated")));
    assert_string_equal(json_string_value(json_object_get(sheet, "evidence")), "measured");
    const json_t *output = json_array_get(json_object_get(sheet, "outputs"), 0);
    const json_t *channel = json_array_get(json_object_get(output, "channels"), 0);
    const json_t *amplitude = json_object_get(json_object_get(channel, "parameters"), "amplitude_ua");
    assert_int_equal(json_integer_value(json_object_get(amplitude, "start")), 10000);
    assert_int_equal(json_integer_value(json_object_get(amplitude, "ceiling")), 30000);
    assert_string_equal(json_string_value(json_object_get(amplitude, "ceiling_text")), "30 mA");
    const json_t *rms = json_object_get(json_object_get(channel, "derived"), "rms_current_ua");
    assert_int_equal(json_integer_value(json_object_get(rms, "value")), 6000); /* 30 mA x sqrt(2 x 200 us x 100 Hz) */
    assert_true(json_array_size(json_object_get(sheet, "limits")) > 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(sheet, "planned"), "duration_ms")), 1200000);
    assert_true(json_integer_value(json_object_get(json_object_get(sheet, "worst"), "session_charge_uc")) >
                json_integer_value(json_object_get(json_object_get(sheet, "planned"), "session_charge_uc")));
    assert_int_equal(json_array_size(json_object_get(r->result, "questions")), 2);
    assert_int_equal(r->sessions->n_sessions, 0); /* a check claims nothing */
}

static void what_is_not_given_is_the_protocols_initial(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.n_parameters = 0;
    room_prepare(r, &q);
    room_start(r);
    const struct link_arm *arm = &room_last(r, LINK_ARM)->arm;
    assert_int_equal(arm->targets[0], 10000);
    assert_int_equal(arm->envelope.channels[0].level_ceiling, 10000);
    assert_int_equal(arm->envelope.channels[0].rules.step, 1000);
    assert_int_equal(arm->envelope.channels[0].rules.slew_per_s, 5000);
    assert_int_equal(arm->envelope.total_ms, 1200000);
}

static void a_ceiling_above_a_limit_is_refused_with_its_origin(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.parameters[0].ceiling = 50000;
    q.acknowledged[q.n_acknowledged++] = "own_notice";
    room_try(r, &q);
    assert_answered(r);
    q.output.group = "ch2";
    q.output.channels[0] = "ch2";
    q.output.electrodes[0].channel = q.output.electrodes[1].channel = "ch2";
    q.output.parameters[0].ceiling = 50100;
    q.patient_ref = "P2";
    room_try(r, &q);
    assert_refused(r, TOKEN_LIMIT_EXCEEDED);
    assert_string_equal(json_string_value(json_object_get(r->data, "quantity")), "amplitude_ua");
    assert_int_equal(json_integer_value(json_object_get(r->data, "value")), 50100);
    assert_int_equal(json_integer_value(json_object_get(r->data, "max")), 50000);
    assert_string_equal(json_string_value(json_object_get(r->data, "origin")), "limits.ini:41");
    assert_string_equal(json_string_value(json_object_get(r->data, "layer")), "installation");
}

static void everything_that_is_wrong_is_told_at_once(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.parameters[0].ceiling = 90000; /* own limit, protocol and device */
    q.answers[0].answer = "yes";
    q.output.electrodes[1].label = "A";
    q.output.electrodes[0].side = "right";
    room_try(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED); /* first: what can never be */
    assert_true(room_refuses(r, TOKEN_LIMIT_EXCEEDED, "amplitude_ua"));
    assert_true(room_refuses(r, TOKEN_OUT_OF_RANGE, "amplitude_ua"));
    assert_true(room_refuses(r, TOKEN_IDENTITY_MISMATCH, NULL));
    const json_t *list = json_object_get(r->data, "violations");
    int64_t last = INT64_MAX;
    for (size_t i = 0; i < json_array_size(list); i++) { /* limits: the most restrictive first */
        const json_t *item = json_array_get(list, i);
        if (strcmp(json_string_value(json_object_get(item, "token")), "LIMIT_EXCEEDED") != 0)
            continue;
        const int64_t ratio = json_integer_value(json_object_get(item, "value")) * 1000 /
                              json_integer_value(json_object_get(item, "max"));
        assert_true(ratio <= last);
        last = ratio;
    }
}

static void the_devices_range_and_step_bind_too(void **state)
{
    struct room *r = *state;
    r->protocols[0].parameters[0].max = 90000;
    r->units[0].device.channels[0].ranges[0].max = 20000;
    room_open(r);
    struct session_request q = room_tens();
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_string_equal(json_string_value(json_object_get(r->data, "layer")), "device");
    assert_int_equal(json_integer_value(json_object_get(r->data, "max")), 20000);
    q.output.parameters[0].ceiling = 20000;
    q.output.parameters[0].start = 10050;
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q.output.parameters[0].start = 10000;
    room_try(r, &q);
    assert_answered(r);
}

static void a_parameter_the_protocol_does_not_have_is_refused(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.parameters[q.output.n_parameters++] =
        (struct prescription_parameter){.quantity = QUANTITY_interphase_us, .start = 10, .ceiling = 10};
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

static void a_notice_asks_for_its_acknowledgement(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.parameters[0].ceiling = 40100;
    room_try(r, &q);
    assert_refused(r, TOKEN_NOTICE_REQUIRED);
    room_check(r, &q);
    const json_t *notice = json_array_get(json_object_get(r->result, "notices"), 0);
    assert_string_equal(json_string_value(json_object_get(notice, "id")), "own_notice");
    assert_true(json_is_false(json_object_get(notice, "acknowledged")));
    q.acknowledged[q.n_acknowledged++] = "own_notice";
    room_try(r, &q);
    assert_answered(r);
}

static void a_missing_answer_is_the_restrictive_one(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.answers[0] = q.answers[1];
    q.n_answers = 1;
    room_try(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
}

static void a_precaution_needs_a_named_override(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.answers[1].answer = "reduced";
    room_try(r, &q);
    assert_refused(r, TOKEN_PRECAUTION);
    q.overrides[q.n_overrides++] = (struct given_override){"numbness", "Dr. B", "watched closely"};
    room_try(r, &q);
    assert_answered(r);
}

static void electrodes_need_area_place_and_number(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.electrodes[1].area_mm2 = 0;
    room_try(r, &q);
    assert_refused(r, TOKEN_INCOMPLETE);
    q = room_tens();
    q.output.n_electrodes = 1;
    room_try(r, &q);
    assert_refused(r, TOKEN_INCOMPLETE);
    q = room_tens();
    q.output.electrodes[1].label = "A";
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q = room_tens();
    q.output.electrodes[1].channel = "ch2";
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q = room_tens();
    q.output.electrodes[0].side = "right";
    room_try(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
}

static void the_smaller_pad_decides_the_density(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.electrodes[1].area_mm2 = 400;
    room_check(r, &q);
    const json_t *output = json_array_get(json_object_get(json_object_get(r->result, "sheet"), "outputs"), 0);
    const json_t *channel = json_array_get(json_object_get(output, "channels"), 0);
    const json_t *area = json_object_get(json_object_get(channel, "properties"), "electrode_area_mm2");
    assert_int_equal(json_integer_value(json_object_get(area, "value")), 400);
}

static void sites_and_sides_must_exist(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.site = "elbow";
    room_try(r, &q);
    assert_refused(r, TOKEN_NOT_FOUND);
    q = room_tens();
    q.site = "lumbar"; /* has no left */
    q.output.electrodes[0].side = q.output.electrodes[1].side = NULL;
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q.side = "midline";
    room_try(r, &q);
    assert_answered(r);
}

static void a_protocol_that_changed_is_not_the_one_that_was_meant(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.protocol_revision = "2";
    room_try(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
    q = room_tens();
    q.protocol_hash = "zz";
    room_try(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
    q = room_tens();
    q.protocol = "nope";
    room_try(r, &q);
    assert_refused(r, TOKEN_NOT_FOUND);
}

static void an_unverified_limit_locks_until_it_is_accepted(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct limit *limit = (struct limit *)(uintptr_t)&r->tables.limits[r->tables.n_limits - r->n_own];
    limit->verified = VERIFIED_NO;
    const struct session_request q = room_tens();
    room_try(r, &q);
    assert_refused(r, TOKEN_LIMIT_NOT_ACCEPTED);
    assert_string_equal(json_string_value(json_object_get(r->data, "subject")), "own_peak");
    limit->accepted = true;
    room_try(r, &q);
    assert_answered(r);
}

static void an_operator_must_be_named_and_may_not_be_another(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    struct session_actor actor = room_actor();
    actor.operator_name = NULL;
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_INCOMPLETE);
    actor = room_actor();
    actor.operator_id = "berta";
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_NOT_ACTING_FOR);
    actor.may_act_for = true;
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_answered(r);
}

static void the_days_dose_and_the_days_sessions_bind(void **state)
{
    struct room *r = *state;
    r->protocols[0].sessions_per_day = 1;
    room_open(r);
    const struct session_request q = room_tens();
    room_running(r, &q);
    room_run(r, STIM, 500);
    session_stop_now(r->sessions, r->session_id, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_answered(r);
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_string_equal(json_string_value(json_object_get(r->data, "quantity")), "session_count");
    r->protocols[0].sessions_per_day = 4;
    r->protocols[0].rest_min_ms = 600000;
    room_try(r, &q);
    assert_refused(r, TOKEN_REST_INTERVAL);
    room_advance(r, 600000);
    room_try(r, &q);
    assert_answered(r);
}

static void an_open_dose_on_the_site_blocks(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    room_running(r, &q);
    struct session_request other = room_tens();
    other.output.group = other.output.channels[0] = "ch2";
    other.output.electrodes[0].channel = other.output.electrodes[1].channel = "ch2";
    room_try(r, &other);
    assert_refused(r, TOKEN_DOSE_RESERVED);
    other.patient_ref = "P2";
    room_try(r, &other);
    assert_answered(r);
}

static void nothing_begins_while_the_daemon_stops(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    sessions_shutdown(r->sessions, &r->now);
    room_try(r, &q);
    assert_refused(r, TOKEN_SHUTTING_DOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_request_is_allowed_and_shows_its_sheet),
        TEST(what_is_not_given_is_the_protocols_initial),
        TEST(a_ceiling_above_a_limit_is_refused_with_its_origin),
        TEST(everything_that_is_wrong_is_told_at_once),
        TEST(the_devices_range_and_step_bind_too),
        TEST(a_parameter_the_protocol_does_not_have_is_refused),
        TEST(a_notice_asks_for_its_acknowledgement),
        TEST(a_missing_answer_is_the_restrictive_one),
        TEST(a_precaution_needs_a_named_override),
        TEST(electrodes_need_area_place_and_number),
        TEST(the_smaller_pad_decides_the_density),
        TEST(sites_and_sides_must_exist),
        TEST(a_protocol_that_changed_is_not_the_one_that_was_meant),
        TEST(an_unverified_limit_locks_until_it_is_accepted),
        TEST(an_operator_must_be_named_and_may_not_be_another),
        TEST(the_days_dose_and_the_days_sessions_bind),
        TEST(an_open_dose_on_the_site_blocks),
        TEST(nothing_begins_while_the_daemon_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
