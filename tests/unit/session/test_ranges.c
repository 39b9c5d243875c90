/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device can be given, and when: rates whose periods it counts in steps, and values that it takes at rest alone.
 * Nothing is rounded: a person is told the neighbours and chooses.
 */
#include "fixture.h"

static void ask_rate(struct session_request *q, int64_t millihz)
{
    q->output.n_parameters = 2;
    q->output.parameters[1] =
        (struct prescription_parameter){.quantity = QUANTITY_pulse_rate_millihz, .start = millihz, .ceiling = millihz};
}

static void count_periods(struct room *r)
{
    struct modality_range *rate = &r->units[STIM].device.channels[0].ranges[2];
    rate->resolution = 1;
    rate->period_step_us = 500;
    rate->min = 976;
    rate->max = 125000;
}

static void a_rate_without_a_whole_period_is_refused_with_both_neighbours(void **state)
{
    struct room *r = *state;
    count_periods(r);
    room_open(r);
    struct session_request q = room_tens();
    ask_rate(&q, 30000);
    room_check(r, &q);
    assert_true(json_is_false(json_object_get(r->result, "allowed")));
    assert_true(room_refuses(r, TOKEN_OUT_OF_RANGE, "pulse_rate_millihz"));
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "30.304 Hz"));
    assert_non_null(strstr(r->message, "29.851 Hz"));
    const json_t *near = json_object_get(r->data, "near");
    assert_int_equal(json_array_size(near), 2);
    assert_int_equal(json_integer_value(json_array_get(near, 0)), 29851);
    assert_int_equal(json_integer_value(json_array_get(near, 1)), 30304);
    assert_string_equal(json_string_value(json_object_get(r->data, "quantity")), "pulse_rate_millihz");
    assert_null(strstr(r->message, "protocol")); /* it allows both */
    ask_rate(&q, 29851);
    room_try(r, &q);
    assert_answered(r);
}

/* Beyond the ends of the range there is one neighbour. */
static void a_rate_beside_the_end_has_one_neighbour(void **state)
{
    struct room *r = *state;
    count_periods(r);
    r->units[STIM].device.channels[0].ranges[2].max = 120000;
    room_open(r);
    struct session_request q = room_tens();
    ask_rate(&q, 119000);
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "are 117.648 Hz ("));
    assert_int_equal(json_array_size(json_object_get(r->data, "near")), 1);
}

/* What the protocol does not allow is no way out, and is said to be none. */
static void neighbours_that_the_protocol_does_not_allow_are_told_as_such(void **state)
{
    struct room *r = *state;
    count_periods(r);
    struct protocol_parameter *rate = &r->protocols[0].parameters[2];
    assert_int_equal(rate->quantity, QUANTITY_pulse_rate_millihz);
    rate->min = rate->initial = 110000;
    rate->max = 112000;
    room_open(r);
    struct session_request q = room_tens();
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "105.264 Hz and 111.112 Hz, of which protocol tens allows 111.112 Hz"));
    rate->max = 110000;
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "protocol tens allows none of them"));
}

static void the_device_tells_its_steps_to_clients(void **state)
{
    struct room *r = *state;
    count_periods(r);
    r->units[STIM].device.channels[0].ranges[2].only_at_rest = true;
    room_open(r);
    json_t *d = device_get(r->sessions, "stim1", &r->now);
    const json_t *ranges = json_object_get(json_array_get(json_object_get(d, "channels"), 0), "ranges");
    const json_t *rate = json_object_get(ranges, "pulse_rate_millihz");
    assert_int_equal(json_integer_value(json_object_get(rate, "period_step_us")), 500);
    assert_true(json_is_true(json_object_get(rate, "only_at_rest")));
    const json_t *level = json_object_get(ranges, "amplitude_ua");
    assert_null(json_object_get(level, "period_step_us"));
    assert_true(json_is_false(json_object_get(level, "only_at_rest")));
    json_decref(d);
}

/* ---- in a treatment ---- */

static void adjust(struct room *r, enum modality_quantity q, int64_t target, int64_t expect)
{
    const struct session_actor actor = room_actor();
    const struct session_adjust_request a = {.session_id = r->session_id,
                                             .lease_key = r->lease_key,
                                             .quantity = q,
                                             .target = target,
                                             .has_expect = true,
                                             .expect = expect};
    session_adjust(r->sessions, &a, &actor, &r->now, room_reply(r));
}

static void run_with_room_for_the_rate(struct room *r)
{
    struct session_request q = room_tens();
    q.output.n_parameters = 2;
    q.output.parameters[1] =
        (struct prescription_parameter){.quantity = QUANTITY_pulse_rate_millihz, .start = 50000, .ceiling = 100000};
    room_open(r);
    room_running(r, &q);
    room_forget(r);
}

static void a_rate_is_adjusted_from_period_to_period(void **state)
{
    struct room *r = *state;
    count_periods(r);
    run_with_room_for_the_rate(r);
    adjust(r, QUANTITY_pulse_rate_millihz, 60000, 50000);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "of its period"));
    adjust(r, QUANTITY_pulse_rate_millihz, 80000, 50000);
    assert_answered(r);
    adjust(r, QUANTITY_pulse_rate_millihz, 60000, 80000); /* less goes on toward rest, and says so */
    assert_answered(r);
    assert_int_equal(json_integer_value(json_object_get(r->result, "target")), 58824);
    assert_int_equal(room_last(r, LINK_TARGET)->target.value, 58824);
}

static void what_is_taken_before_a_start_is_not_adjusted(void **state)
{
    struct room *r = *state;
    r->units[STIM].device.channels[0].ranges[2].only_at_rest = true;
    run_with_room_for_the_rate(r);
    adjust(r, QUANTITY_pulse_rate_millihz, 60000, 50000);
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_non_null(strstr(r->message, "at rest alone"));
    assert_true(json_is_true(json_object_get(r->data, "only_at_rest")));
    adjust(r, QUANTITY_pulse_rate_millihz, 50000, 50000); /* as it is */
    assert_answered(r);
    assert_int_equal(room_count(r, LINK_TARGET), 0);
    assert_state(r, "running");
}

static void run_at_rest_alone(struct room *r)
{
    struct session_request q = room_sound();
    q.output.n_parameters = 1;
    q.output.parameters[0] =
        (struct prescription_parameter){.quantity = QUANTITY_intensity_satp_uw_cm2, .start = 400000, .ceiling = 600000};
    r->units[SOUND].device.channels[0].ranges[0].only_at_rest = true;
    room_open(r);
    room_running(r, &q);
    const struct envelope_channel *e = &room_session(r)->arm.envelope.channels[0];
    assert_true(e->rules.step >= e->level_ceiling && e->rules.slew_per_s >= e->level_ceiling); /* the device ramps */
    room_forget(r);
}

static int64_t level_of(struct room *r)
{
    return room_session(r)->present[0].value[QUANTITY_intensity_satp_uw_cm2];
}

static void a_current_is_never_given_in_one_piece(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    r->units[STIM].device.channels[0].ranges[0].only_at_rest = true;
    room_open(r);
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "in one piece"));
}

static void a_level_that_is_taken_at_rest_is_not_raised_from_another(void **state)
{
    struct room *r = *state;
    run_at_rest_alone(r);
    const int64_t level = level_of(r);
    adjust(r, QUANTITY_intensity_satp_uw_cm2, level + 10000, level);
    assert_refused(r, TOKEN_WRONG_STATE);
    assert_non_null(strstr(r->message, "lower the level to rest first"));
    assert_int_equal(room_count(r, LINK_TARGET), 0);
}

/* Toward rest is always taken: less is rest, and only from there more. */
static void a_level_that_is_taken_at_rest_is_lowered_to_rest(void **state)
{
    struct room *r = *state;
    run_at_rest_alone(r);
    const int64_t level = level_of(r);
    adjust(r, QUANTITY_intensity_satp_uw_cm2, level - 10000, level);
    assert_answered(r);
    assert_int_equal(json_integer_value(json_object_get(r->result, "target")), 0);
    assert_int_equal(room_last(r, LINK_TARGET)->target.value, 0);
    adjust(r, QUANTITY_intensity_satp_uw_cm2, level, 0); /* the device was not seen at rest yet */
    assert_refused(r, TOKEN_WRONG_STATE);
    room_advance(r, 50);
    host_levels(r, SOUND, 0);
    host_sample(r, SOUND);
    adjust(r, QUANTITY_intensity_satp_uw_cm2, level, 0);
    assert_answered(r);
    assert_int_equal(room_last(r, LINK_TARGET)->target.value, level);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_rate_without_a_whole_period_is_refused_with_both_neighbours),
        TEST(a_rate_beside_the_end_has_one_neighbour),
        TEST(neighbours_that_the_protocol_does_not_allow_are_told_as_such),
        TEST(the_device_tells_its_steps_to_clients),
        TEST(a_rate_is_adjusted_from_period_to_period),
        TEST(what_is_taken_before_a_start_is_not_adjusted),
        TEST(a_current_is_never_given_in_one_piece),
        TEST(a_level_that_is_taken_at_rest_is_not_raised_from_another),
        TEST(a_level_that_is_taken_at_rest_is_lowered_to_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
