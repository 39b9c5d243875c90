/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request names is what is judged: every site of an electrode, every channel of a group, nothing in a place
 * where it would be dropped; and how a latched stop is cleared. Each test breaks one thing of a good request.
 */
#include "fixture.h"

static struct question questions[3];

static void prepare(struct room *r, const struct session_request *q)
{
    const struct session_actor actor = room_actor();
    session_prepare(r->sessions, q, &actor, &r->now, room_reply(r));
}

static void check(struct room *r, const struct session_request *q)
{
    const struct session_actor actor = room_actor();
    session_check(r->sessions, q, &actor, &r->now, room_reply(r));
    assert_answered(r);
}

/* How many violations have this token and text in their message. */
static size_t told(const struct room *r, enum modality_token token, const char *text)
{
    const json_t *list = json_object_get(r->result, "refusals");
    size_t n = 0, i;
    json_t *item;
    if (!list)
        list = json_object_get(r->data, "violations");
    json_array_foreach((json_t *)(uintptr_t)list, i, item)
    {
        n += strcmp(json_string_value(json_object_get(item, "token")), modality_token_id(token)) == 0 &&
             strstr(json_string_value(json_object_get(item, "message")), text) != NULL;
    }
    return n;
}

static bool asked(const struct room *r, const char *question)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(r->result, "questions"), i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), question) == 0)
            return true;
    }
    return false;
}

/* A chest, where one more thing is asked: whether current passes across it. */
static void open_with_chest(struct room *r)
{
    r->sites[2] = (struct site){.id = "chest", .label = "Chest", .origin = "sites.ini:9"};
    r->tables.screening.n_sites = 3;
    memcpy(questions, r->questions, sizeof r->questions);
    questions[2] = (struct question){.id = "across_chest",
                                     .text = "Does current pass across the chest?",
                                     .n_answers = 2,
                                     .answers = {{"no", -1, false}, {"yes", 0, true}},
                                     .restrictive = 1,
                                     .columns = (1u << COLUMN_COUNT) - 1,
                                     .sites = 1u << 2,
                                     .always = true,
                                     .origin = "screening.ini:40"};
    r->tables.screening.n_questions = 3;
    r->tables.screening.questions = questions;
    room_open(r);
}

static void an_electrodes_site_must_exist(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.electrodes[1].skin_site = "eye";
    prepare(r, &q);
    assert_refused(r, TOKEN_NOT_FOUND);
    assert_non_null(strstr(r->message, "eye"));
    q.output.electrodes[1].skin_site = "knee";
    prepare(r, &q);
    assert_answered(r);
}

static void every_site_of_an_electrode_is_screened(void **state)
{
    struct room *r = *state;
    open_with_chest(r);
    struct session_request q = room_tens(); /* target: knee */
    check(r, &q);
    assert_false(asked(r, "across_chest"));
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    q.output.electrodes[1].skin_site = "chest";
    check(r, &q);
    assert_true(asked(r, "across_chest"));
    assert_int_equal(told(r, TOKEN_CONTRAINDICATED, "chest"), 1);
    prepare(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    q.answers[q.n_answers++] = (struct given_answer){.question = "across_chest", .answer = "yes"};
    prepare(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    q.answers[q.n_answers - 1].answer = "no";
    prepare(r, &q);
    assert_answered(r);
}

/* Booked at the knee, given elsewhere: the wrong place, or the wrong patient. */
static void an_electrode_lies_where_the_target_is(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.electrodes[0].skin_site = q.output.electrodes[1].skin_site = "lumbar";
    prepare(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
    assert_non_null(strstr(r->message, "knee"));
    q.output.electrodes[1].skin_site = "knee";
    prepare(r, &q);
    assert_answered(r);
}

static void what_holds_at_every_site_is_told_once(void **state)
{
    struct room *r = *state;
    open_with_chest(r);
    struct session_request q = room_tens();
    q.output.electrodes[0].skin_site = "chest";
    q.answers[q.n_answers++] = (struct given_answer){.question = "across_chest", .answer = "no"};
    q.answers[0].answer = "yes";
    q.answers[1].answer = "reduced";
    prepare(r, &q);
    assert_refused(r, TOKEN_CONTRAINDICATED);
    assert_int_equal(told(r, TOKEN_CONTRAINDICATED, "Pacemaker"), 1);
    assert_int_equal(told(r, TOKEN_PRECAUTION, "Numbness"), 1);
}

static void the_sheet_shows_where_every_electrode_lies(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.electrodes[1].skin_site = "lumbar";
    q.output.electrodes[1].side = NULL;
    check(r, &q);
    const json_t *output = json_array_get(json_object_get(json_object_get(r->result, "sheet"), "outputs"), 0);
    const json_t *list = json_object_get(json_array_get(json_object_get(output, "channels"), 0), "electrodes");
    assert_int_equal(json_array_size(list), 2);
    const json_t *first = json_array_get(list, 0), *second = json_array_get(list, 1);
    assert_string_equal(json_string_value(json_object_get(first, "skin_site")), "knee");
    assert_string_equal(json_string_value(json_object_get(first, "label")), "A");
    assert_string_equal(json_string_value(json_object_get(second, "skin_site")), "lumbar");
    assert_string_equal(json_string_value(json_object_get(second, "side")), "left");
    assert_int_equal(json_integer_value(json_object_get(second, "area_mm2")), 2500);
}

static void a_group_is_named_with_all_its_channels(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.output.group = "pair"; /* drives ch2 as well */
    prepare(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    assert_non_null(strstr(r->message, "pair"));
    assert_non_null(strstr(r->message, "ch2"));
}

static void a_part_in_another_place_is_refused_and_not_dropped(void **state)
{
    static const enum modality_quantity misplaced[] = {QUANTITY_duration_ms, QUANTITY_electrode_area_mm2,
                                                       QUANTITY_treated_area_mm2, QUANTITY_era_mm2};
    struct room *r = *state;
    room_open(r);
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        struct session_request q = room_tens();
        q.output.parameters[q.output.n_parameters++] =
            (struct prescription_parameter){.quantity = misplaced[i], .start = 600000, .ceiling = 600000};
        prepare(r, &q);
        assert_refused(r, TOKEN_OUT_OF_RANGE);
        assert_int_equal(told(r, TOKEN_OUT_OF_RANGE, "is not one of the parameters"), 1);
    }
}

static void what_is_for_another_modality_is_refused(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.treated_area_mm2 = 1000;
    prepare(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q = room_tens();
    q.output.applicator_ref = "head5";
    prepare(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH); /* it belongs to another device, too */
    assert_int_equal(told(r, TOKEN_OUT_OF_RANGE, "has no applicator"), 1);
    q = room_sound();
    q.output.n_electrodes = 1;
    q.output.electrodes[0] = (struct prescription_electrode){.label = "A", .channel = "head", .area_mm2 = 2500};
    prepare(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

static void only_a_limit_can_be_acknowledged(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    q.acknowledged[q.n_acknowledged++] = "own_notice";
    check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    q.acknowledged[q.n_acknowledged++] = "everything";
    prepare(r, &q);
    assert_refused(r, TOKEN_NOT_FOUND);
    assert_non_null(strstr(r->message, "everything"));
}

static void a_side_is_one_that_the_site_has(void **state)
{
    static const struct {
        const char *site, *side;
        enum modality_token token;
    } cases[] = {{"knee", "midline", TOKEN_OUT_OF_RANGE},
                 {"knee", "front", TOKEN_INCOMPLETE},
                 {"lumbar", "left", TOKEN_OUT_OF_RANGE},
                 {"lumbar", "both", TOKEN_OUT_OF_RANGE},
                 {"knee", "both", TOKEN_NONE},
                 {"lumbar", "midline", TOKEN_NONE}};
    struct room *r = *state;
    room_open(r);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct session_request q = room_tens();
        q.site = cases[i].site;
        q.side = cases[i].side;
        q.output.electrodes[0].side = q.output.electrodes[1].side = NULL;
        check(r, &q);
        assert_int_equal(json_is_true(json_object_get(r->result, "allowed")), cases[i].token == TOKEN_NONE);
        if (cases[i].token != TOKEN_NONE)
            assert_int_equal(told(r, cases[i].token, "side"), 1);
    }
}

static void a_prepared_dose_on_the_site_is_told_before_the_start(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    room_prepare(r, &q);
    q.output.group = q.output.channels[0] = "ch2";
    q.output.electrodes[0].channel = q.output.electrodes[1].channel = "ch2";
    check(r, &q);
    assert_int_equal(told(r, TOKEN_DOSE_RESERVED, "prepared"), 1);
    q.side = q.output.electrodes[0].side = q.output.electrodes[1].side = "right";
    check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    room_start(r); /* the one that is prepared does not stand in its own way */
}

static uint64_t number_of(struct room *r, enum alarm_kind kind)
{
    return alarms_unacknowledged(sessions_alarms(r->sessions), kind, "stim1");
}

static void a_latched_stop_names_its_alarm_and_is_cleared_by_its_acknowledgement(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    r->sample[STIM].status.patient_stop = true;
    room_advance(r, 50);
    host_sample(r, STIM);
    const uint64_t number = number_of(r, ALARM_KIND_patient_stop);
    assert_int_not_equal(number, 0);
    room_forget(r);
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_PATIENT_STOP, EVIDENCE_MEASURED);
    room_answered(r);
    host_presence(r, STIM, UNIT_READY);
    host_sample(r, STIM);
    prepare(r, &q);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
    char sentence[64];
    snprintf(sentence, sizeof sentence, "release it and acknowledge alarm %llu", (unsigned long long)number);
    assert_non_null(strstr(r->message, sentence));
    assert_int_equal(room_count(r, LINK_MAKE_SAFE), 0);
    assert_int_equal(alarms_acknowledge(sessions_alarms(r->sessions), number, "anna", r->now.wall_ms), 0);
    assert_int_equal(room_count(r, LINK_MAKE_SAFE), 1);
    host_sample(r, STIM); /* still pressed: it stays so, and another way is named */
    prepare(r, &q);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
    assert_non_null(strstr(r->message, "device.reset"));
    r->sample[STIM].status.patient_stop = false;
    host_sample(r, STIM);
    prepare(r, &q);
    assert_answered(r);
}

static void an_acknowledgement_touches_no_device_in_a_treatment(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    room_running(r, &q);
    const uint64_t number =
        alarms_raise(sessions_alarms(r->sessions), ALARM_KIND_patient_stop, "stim1", NULL, "of before", r->now.wall_ms);
    assert_int_equal(alarms_acknowledge(sessions_alarms(r->sessions), number, "anna", r->now.wall_ms), 0);
    assert_int_equal(room_count(r, LINK_MAKE_SAFE), 0);
}

static void a_device_in_a_treatment_does_not_say_that_it_is_at_rest(void **state)
{
    struct room *r = *state;
    const struct session_request q = room_tens();
    room_open(r);
    snprintf(r->sessions->units[STIM].detail, sizeof r->sessions->units[STIM].detail, "proved at rest");
    room_running(r, &q);
    snprintf(r->sessions->units[STIM].detail, sizeof r->sessions->units[STIM].detail, "proved at rest");
    json_t *device = device_get(r->sessions, "stim1", &r->now);
    assert_string_equal(json_string_value(json_object_get(device, "state")), "energised");
    assert_null(strstr(json_string_value(json_object_get(device, "detail")), "rest"));
    json_decref(device);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_electrodes_site_must_exist),
        TEST(every_site_of_an_electrode_is_screened),
        TEST(an_electrode_lies_where_the_target_is),
        TEST(what_holds_at_every_site_is_told_once),
        TEST(the_sheet_shows_where_every_electrode_lies),
        TEST(a_group_is_named_with_all_its_channels),
        TEST(a_part_in_another_place_is_refused_and_not_dropped),
        TEST(what_is_for_another_modality_is_refused),
        TEST(only_a_limit_can_be_acknowledged),
        TEST(a_side_is_one_that_the_site_has),
        TEST(a_prepared_dose_on_the_site_is_told_before_the_start),
        TEST(a_latched_stop_names_its_alarm_and_is_cleared_by_its_acknowledgement),
        TEST(an_acknowledgement_touches_no_device_in_a_treatment),
        TEST(a_device_in_a_treatment_does_not_say_that_it_is_at_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
