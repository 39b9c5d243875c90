/* SPDX-License-Identifier: Apache-2.0 */
/* What a person may say of a dose that nobody knows, what is refused, and where it is written. */
#include "fixture.h"

struct doubt {
    struct dose_amounts worst, seen;
};

/* A session whose device was lost in mid-treatment, and of which a person has said that it is over. */
static struct doubt unbounded(struct room *r)
{
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    struct doubt d;
    room_open(r);
    room_running(r, &q);
    room_run(r, STIM, 2000);
    sessions_host_gone(r->sessions, STIM, "exited", &r->now);
    device_reset(r->sessions, "stim1", "patient is disconnected", &actor, &r->now, room_reply(r));
    assert_answered(r);
    room_flush(r);
    host_presence(r, STIM, UNIT_READY);
    assert_int_equal(record_unbounded(r->record, r->session_id, &d.worst, &d.seen), 0);
    assert_true(d.seen.duration_ms > 0 && d.seen.session_charge_uc > 0);
    assert_true(d.worst.duration_ms > d.seen.duration_ms && d.worst.session_charge_uc > d.seen.session_charge_uc);
    return d;
}

static struct dose_review_request review_of(struct room *r, int64_t duration_ms, int64_t session_charge_uc)
{
    struct dose_review_request rq = {.session_id = r->session_id, .statement = "judged by the device's log"};
    quantity_put(&rq.delivered, QUANTITY_duration_ms, duration_ms);
    quantity_put(&rq.delivered, QUANTITY_session_charge_uc, session_charge_uc);
    quantity_put(&rq.delivered, QUANTITY_energy_uj, 0);
    return rq;
}

static void review(struct room *r, const struct dose_review_request *rq)
{
    const struct session_actor actor = room_actor();
    dose_review(r->sessions, rq, &actor, &r->now, room_reply(r));
    if (!r->answered)
        room_flush(r);
}

/* The person's charge: what was seen, or the worst, and so much more. */
static const struct {
    enum { SEEN, WORST } of;
    int64_t more;
    bool exceeds_worst;
    enum modality_token token;
} cases[] = {
    {SEEN, -1, false, TOKEN_OUT_OF_RANGE}, {SEEN, -1, true, TOKEN_OUT_OF_RANGE},  {SEEN, 0, false, TOKEN_NONE},
    {SEEN, 1, false, TOKEN_NONE},          {WORST, -1, false, TOKEN_NONE},        {WORST, 0, false, TOKEN_NONE},
    {WORST, 0, true, TOKEN_NONE},          {WORST, 1, false, TOKEN_OUT_OF_RANGE}, {WORST, 1, true, TOKEN_NONE},
};

static void judge_case(struct room *r, size_t i)
{
    const struct doubt d = unbounded(r);
    const int64_t session_charge_uc = (cases[i].of == SEEN ? d.seen : d.worst).session_charge_uc + cases[i].more;
    struct dose_review_request rq = review_of(r, d.worst.duration_ms, session_charge_uc);
    rq.exceeds_worst = cases[i].exceeds_worst;
    review(r, &rq);
    if (cases[i].token != TOKEN_NONE) {
        assert_refused(r, cases[i].token);
        assert_string_equal(json_string_value(json_object_get(r->data, "quantity")), "session_charge_uc");
        assert_int_equal(room_history(r).session_charge_uc, d.worst.session_charge_uc); /* still unknown: still worst */
        return;
    }
    assert_answered(r);
    assert_int_equal(json_array_size(json_object_get(r->result, "above_worst")),
                     session_charge_uc > d.worst.session_charge_uc);
    assert_int_equal(room_history(r).session_charge_uc, session_charge_uc);
}

static void a_review_takes_away_nothing_that_was_seen_and_means_what_exceeds(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        judge_case(*state, i);
        room_teardown(state);
        room_setup(state);
    }
    room_open(*state);
}

static void what_a_review_does_not_say_counts_as_worst(void **state)
{
    struct room *r = *state;
    const struct doubt d = unbounded(r);
    struct dose_review_request rq = {.session_id = r->session_id, .statement = "the clock on the wall"};
    quantity_put(&rq.delivered, QUANTITY_duration_ms, d.seen.duration_ms);
    review(r, &rq);
    assert_answered(r);
    assert_int_equal(room_history(r).duration_ms, d.seen.duration_ms);
    assert_int_equal(room_history(r).session_charge_uc, d.worst.session_charge_uc);
}

static void a_review_is_answered_once_it_is_durable_and_unblocks(void **state)
{
    struct room *r = *state;
    const struct doubt d = unbounded(r);
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    const struct dose_review_request rq = review_of(r, d.worst.duration_ms, d.worst.session_charge_uc);
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_DOSE_UNBOUNDED);
    dose_review(r->sessions, &rq, &actor, &r->now, room_reply(r));
    assert_false(r->answered);
    room_flush(r);
    assert_answered(r);
    assert_string_equal(json_string_value(json_object_get(r->result, "statement")), rq.statement);
    session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_answered(r);
    dose_review(r->sessions, &rq, &actor, &r->now, room_reply(r));
    assert_refused(r, TOKEN_WRONG_STATE); /* a dose is settled once */
}

static void who_and_why_stand_beside_the_record(void **state)
{
    struct room *r = *state;
    const struct doubt d = unbounded(r);
    const struct dose_review_request rq = review_of(r, d.worst.duration_ms, d.worst.session_charge_uc);
    review(r, &rq);
    assert_answered(r);
    size_t found = 0;
    json_t *stored = room_stored(r, r->session_id), *appended = json_object_get(stored, "appended");
    for (size_t i = 0; i < json_array_size(appended); i++) {
        const json_t *item = json_array_get(appended, i);
        const json_t *said = json_object_get(json_object_get(item, "body"), "dose_review");
        found += said && strcmp(json_string_value(json_object_get(said, "statement")), rq.statement) == 0 &&
                 strcmp(json_string_value(json_object_get(item, "operator_id")), room_actor().operator_id) == 0;
    }
    assert_int_equal(found, 1);
    json_decref(stored);
}

static void a_review_needs_a_statement_a_person_and_an_unknown_dose(void **state)
{
    struct room *r = *state;
    const struct doubt d = unbounded(r);
    struct dose_review_request rq = review_of(r, d.worst.duration_ms, d.worst.session_charge_uc);
    struct session_actor nobody = room_actor();
    rq.statement = "";
    review(r, &rq);
    assert_refused(r, TOKEN_INCOMPLETE);
    rq.statement = "x";
    nobody.operator_name = NULL;
    dose_review(r->sessions, &rq, &nobody, &r->now, room_reply(r));
    assert_true(r->answered);
    assert_int_not_equal(r->token, TOKEN_NONE);
    rq.session_id = "nobody";
    review(r, &rq);
    assert_refused(r, TOKEN_NOT_FOUND);
    rq.session_id = NULL;
    review(r, &rq);
    assert_refused(r, TOKEN_NOT_FOUND);
}

static void what_is_unbounded_is_told_again_after_a_restart(void **state)
{
    struct room *r = *state;
    const struct doubt d = unbounded(r);
    struct dose_review_request rq = review_of(r, d.worst.duration_ms, d.worst.session_charge_uc);
    char session_id[64];
    memcpy(session_id, r->session_id, sizeof session_id);
    rq.session_id = session_id; /* the room forgets its own with every answer */
    const struct session_request q = room_tens();
    const struct session_actor actor = room_actor();
    room_crash(r);
    room_tick(r);
    assert_true(room_alarm(r, ALARM_KIND_dose_unbounded));
    session_check(r->sessions, &q, &actor, &r->now, room_reply(r));
    assert_answered(r);
    assert_true(json_is_false(json_object_get(r->result, "allowed")));
    review(r, &rq);
    assert_answered(r);
    room_crash(r);
    room_tick(r);
    assert_false(room_alarm(r, ALARM_KIND_dose_unbounded));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_review_takes_away_nothing_that_was_seen_and_means_what_exceeds),
        TEST(what_a_review_does_not_say_counts_as_worst),
        TEST(a_review_is_answered_once_it_is_durable_and_unblocks),
        TEST(who_and_why_stand_beside_the_record),
        TEST(a_review_needs_a_statement_a_person_and_an_unknown_dose),
        TEST(what_is_unbounded_is_told_again_after_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
