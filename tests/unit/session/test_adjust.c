/* SPDX-License-Identifier: Apache-2.0 */
/* Changing what is commanded: inside the envelope, on a fresh view, never clamped; toward rest always. */
#include "fixture.h"

static void running(struct room *r)
{
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q); /* 10 mA, ceiling 30 mA */
    room_forget(r);
}

static void adjust_as(struct room *r, int64_t target, bool has_expect, int64_t expect, enum modality_quantity q)
{
    const struct session_actor actor = room_actor();
    const struct session_adjust_request a = {.session_id = r->session_id,
                                             .lease_key = r->lease_key,
                                             .quantity = q,
                                             .target = target,
                                             .has_expect = has_expect,
                                             .expect = expect};
    session_adjust(r->sessions, &a, &actor, &r->now, room_reply(r));
}

static void adjust(struct room *r, int64_t target, int64_t expect)
{
    adjust_as(r, target, true, expect, QUANTITY_amplitude_ua);
}

static void an_increase_on_the_target_in_force_is_sent(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 18000, 10000);
    assert_answered(r);
    assert_int_equal(json_integer_value(json_object_get(r->result, "target")), 18000);
    const struct link_target *t = &room_last(r, LINK_TARGET)->target;
    assert_int_equal(t->value, 18000);
    assert_int_equal(t->quantity, QUANTITY_amplitude_ua);
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_state(r, "ramping");
    host_levels(r, STIM, 18000);
    room_advance(r, 50);
    host_sample(r, STIM);
    assert_state(r, "running");
}

static void the_ceiling_is_the_bound_and_nothing_is_clamped(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 29900, 10000);
    assert_answered(r);
    adjust(r, 30100, 29900);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_int_equal(json_integer_value(json_object_get(r->data, "max")), 30000);
    assert_int_equal(room_session(r)->present[0].value[QUANTITY_amplitude_ua], 29900);
    adjust(r, 30000, 29900);
    assert_answered(r);
    adjust(r, -100, 30000);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_int_equal(room_count(r, LINK_TARGET), 2);
}

static void an_increase_on_a_stale_view_is_refused(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 12000, 11000);
    assert_refused(r, TOKEN_STALE_VIEW);
    assert_int_equal(json_integer_value(json_object_get(r->data, "target")), 10000);
    adjust_as(r, 12000, false, 0, QUANTITY_amplitude_ua);
    assert_refused(r, TOKEN_STALE_VIEW);
    assert_int_equal(room_count(r, LINK_TARGET), 0);
}

static void a_decrease_is_accepted_whatever_was_seen(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 5000, 77);
    assert_answered(r);
    adjust_as(r, 4000, false, 0, QUANTITY_amplitude_ua);
    assert_answered(r);
    adjust(r, 0, 4000);
    assert_answered(r);
    assert_int_equal(room_last(r, LINK_TARGET)->target.value, 0);
}

static void a_decrease_between_two_steps_goes_on_toward_rest_and_says_so(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 5050, 10000);
    assert_answered(r);
    assert_int_equal(json_integer_value(json_object_get(r->result, "target")), 5000);
    adjust(r, 5050, 5000); /* upward it is refused */
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

static void the_lease_is_needed(void **state)
{
    struct room *r = *state;
    running(r);
    snprintf(r->lease_key, sizeof r->lease_key, "0123");
    adjust(r, 5000, 10000);
    assert_refused(r, TOKEN_LEASE_INVALID);
}

static void settings_move_only_where_they_were_given_room(void **state)
{
    struct room *r = *state;
    struct session_request q = room_tens();
    q.output.parameters[q.output.n_parameters++] =
        (struct prescription_parameter){.quantity = QUANTITY_phase_width_us, .start = 100, .ceiling = 200};
    room_open(r);
    room_running(r, &q);
    room_forget(r);
    adjust_as(r, 150, true, 100, QUANTITY_phase_width_us);
    assert_answered(r);
    assert_int_equal(room_last(r, LINK_TARGET)->target.quantity, QUANTITY_phase_width_us);
    assert_int_equal(room_session(r)->rules.channels[0].values.value[QUANTITY_phase_width_us], 150);
    adjust_as(r, 210, true, 150, QUANTITY_phase_width_us);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    adjust_as(r, 120000, true, 100000, QUANTITY_pulse_rate_millihz);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    adjust_as(r, 1, true, 1, QUANTITY_duty_permille);
    assert_refused(r, TOKEN_NOT_FOUND);
}

static void nothing_is_increased_at_rest(void **state)
{
    struct room *r = *state;
    running(r);
    const struct session_actor actor = room_actor();
    session_pause(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    adjust(r, 11000, 10000);
    assert_refused(r, TOKEN_WRONG_STATE);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    adjust(r, 11000, 10000);
    assert_refused(r, TOKEN_WRONG_STATE);
    room_forget(r);
    adjust(r, 8000, 10000);
    assert_answered(r);
    assert_int_equal(room_count(r, LINK_TARGET), 0); /* nothing is armed: it counts when it is */
    session_resume(r->sessions, r->session_id, r->lease_key, &actor, &r->now, room_reply(r));
    assert_answered(r);
    assert_int_equal(room_last(r, LINK_ARM)->arm.targets[0], 8000);
}

static void adjustments_are_told_and_recorded(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 12000, 10000);
    bool told = false;
    size_t i;
    json_t *event;
    json_array_foreach(r->events, i, event) told =
        told || strcmp(json_string_value(json_object_get(event, "type")), "session.adjusted") == 0;
    assert_true(told);
    for (int n = 0; n < 500; n++)
        adjust(r, n % 2 ? 5000 : 4000, 0);
    session_stop_now(r->sessions, r->session_id, &r->now);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
    room_answered(r);
    json_t *record = room_record(r, r->session_id);
    assert_true(json_array_size(json_object_get(record, "adjustments")) > 1);
    assert_true(json_array_size(json_object_get(record, "adjustments")) <= SESSION_NOTES_MAX);
    json_decref(record);
}

static size_t adjusted_events(const struct room *r)
{
    size_t n = 0, i;
    json_t *event;
    json_array_foreach(r->events, i, event) n +=
        strcmp(json_string_value(json_object_get(event, "type")), "session.adjusted") == 0;
    return n;
}

static void what_changes_nothing_is_accepted_and_not_told(void **state)
{
    struct room *r = *state;
    running(r);
    for (int n = 0; n < 100; n++) {
        adjust(r, 10000, 10000);
        assert_answered(r);
        assert_int_equal(json_integer_value(json_object_get(r->result, "target")), 10000);
    }
    assert_int_equal(adjusted_events(r), 0);
    assert_int_equal(room_count(r, LINK_TARGET), 0);
    adjust(r, 10100, 10000); /* and it has cost nothing */
    assert_answered(r);
    assert_int_equal(adjusted_events(r), 1);
}

static void increases_are_limited_in_rate_and_decreases_are_not(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 0, 10000);
    for (int n = 0; n < 10; n++) {
        adjust(r, (n + 1) * 100, n * 100);
        assert_answered(r);
    }
    adjust(r, 1100, 1000);
    assert_refused(r, TOKEN_OVERLOADED);
    assert_non_null(strstr(r->message, "20 increases per second"));
    assert_int_equal(room_session(r)->present[0].value[QUANTITY_amplitude_ua], 1000);
    for (int n = 9; n >= 0; n--) {
        adjust(r, n * 100, 0);
        assert_answered(r);
    }
    adjust(r, 100, 0);
    assert_refused(r, TOKEN_OVERLOADED);
    room_advance(r, 50);
    adjust(r, 100, 0);
    assert_answered(r);
    adjust(r, 200, 100);
    assert_refused(r, TOKEN_OVERLOADED);
}

static void a_value_between_two_steps_is_told_with_the_step(void **state)
{
    struct room *r = *state;
    running(r);
    adjust(r, 10050, 10000);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "10.05 mA"));
    assert_non_null(strstr(r->message, "steps of 0.1 mA"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_increase_on_the_target_in_force_is_sent),
        TEST(the_ceiling_is_the_bound_and_nothing_is_clamped),
        TEST(an_increase_on_a_stale_view_is_refused),
        TEST(a_decrease_is_accepted_whatever_was_seen),
        TEST(a_decrease_between_two_steps_goes_on_toward_rest_and_says_so),
        TEST(the_lease_is_needed),
        TEST(settings_move_only_where_they_were_given_room),
        TEST(nothing_is_increased_at_rest),
        TEST(adjustments_are_told_and_recorded),
        TEST(what_changes_nothing_is_accepted_and_not_told),
        TEST(increases_are_limited_in_rate_and_decreases_are_not),
        TEST(a_value_between_two_steps_is_told_with_the_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
