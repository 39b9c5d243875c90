/* SPDX-License-Identifier: Apache-2.0 */
/* The table of transitions, walked whole; and the way of a session through it. */
#include "fixture.h"

/* What the design allows, said a second time: from, event, to. */
static const char *const allowed[][3] = {
    {"prepared", "begin", "starting"},
    {"prepared", "end", "ended"},
    {"starting", "started", "ramping"},
    {"starting", "hold", "holding"},
    {"starting", "stop", "stopping"},
    {"starting", "unproved", "output_unknown"},
    {"ramping", "reached", "running"},
    {"ramping", "pause", "pausing"},
    {"ramping", "hold", "holding"},
    {"ramping", "stop", "stopping"},
    {"ramping", "unproved", "output_unknown"},
    {"running", "walk", "ramping"},
    {"running", "pause", "pausing"},
    {"running", "hold", "holding"},
    {"running", "stop", "stopping"},
    {"running", "unproved", "output_unknown"},
    {"pausing", "rested", "paused"},
    {"pausing", "stop", "stopping"},
    {"pausing", "unproved", "output_unknown"},
    {"paused", "resume", "starting"},
    {"paused", "unproved", "output_unknown"},
    {"paused", "end", "ended"},
    {"holding", "rested", "held"},
    {"holding", "pause", "pausing"},
    {"holding", "stop", "stopping"},
    {"holding", "unproved", "output_unknown"},
    {"held", "resume", "starting"},
    {"held", "pause", "paused"},
    {"held", "unproved", "output_unknown"},
    {"held", "end", "ended"},
    {"stopping", "rested", "ended"},
    {"stopping", "unproved", "output_unknown"},
    {"stopping", "end", "ended"},
    {"output_unknown", "rested", "ended"},
    {"output_unknown", "end", "ended"},
};

static const char *expected(const char *from, const char *event)
{
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        if (strcmp(allowed[i][0], from) == 0 && strcmp(allowed[i][1], event) == 0)
            return allowed[i][2];
    }
    return NULL;
}

static void every_move_of_the_table_and_no_other(void **state)
{
    (void)state;
    for (enum session_state from = 0; from < SESSION_STATE_COUNT; from++) {
        for (enum session_event event = 0; event < EVENT_COUNT; event++) {
            const char *to = expected(session_state_id(from), session_event_id(event));
            const int next = state_next(from, event);
            if (!to)
                assert_int_equal(next, -1);
            else
                assert_string_equal(session_state_id((enum session_state)next), to);
        }
    }
}

static void a_move_that_is_not_in_the_table_changes_nothing(void **state)
{
    (void)state;
    const struct session_time now = {0};
    for (enum session_state from = 0; from < SESSION_STATE_COUNT; from++) {
        for (enum session_event event = 0; event < EVENT_COUNT; event++) {
            struct session session = {.state = from};
            const int next = state_next(from, event);
            assert_int_equal(state_apply(&session, event, &now), next < 0 ? -EPROTO : 0);
            assert_int_equal(session.state, next < 0 ? (int)from : next);
            assert_int_equal(session.n_news, next < 0 ? 0 : 1);
        }
    }
}

/* Whatever a session does, a stop or the loss of proof has a way out of it. */
static void every_state_with_output_can_be_stopped_and_lost(void **state)
{
    (void)state;
    for (enum session_state s = 0; s < SESSION_STATE_COUNT; s++) {
        if (!session_state_output(s) || s == SESSION_output_unknown)
            continue;
        assert_true(s == SESSION_stopping || state_next(s, EVENT_stop) == SESSION_stopping);
        assert_int_equal(state_next(s, EVENT_unproved), SESSION_output_unknown);
    }
    assert_int_equal(state_next(SESSION_output_unknown, EVENT_stop), -1);
    for (enum session_event e = 0; e < EVENT_COUNT; e++)
        assert_int_equal(state_next(SESSION_ended, e), -1);
}

static void a_treatment_goes_from_prepared_to_ended(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    room_prepare(r, &q);
    assert_state(r, "prepared");
    room_start(r);
    assert_state(r, "starting");
    host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
    assert_state(r, "ramping");
    host_levels(r, STIM, 10000);
    room_run(r, STIM, 1000);
    assert_state(r, "running");
    host_session(r, LINK_SESSION_STOPPING, LINK_REASON_END_TIME, EVIDENCE_NONE);
    assert_state(r, "stopping");
    host_session(r, LINK_SESSION_RESTED, LINK_REASON_END_TIME, EVIDENCE_MEASURED);
    assert_state(r, "ended");
    assert_true(room_alarm(r, ALARM_KIND_session_complete));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_move_of_the_table_and_no_other),
        cmocka_unit_test(a_move_that_is_not_in_the_table_changes_nothing),
        cmocka_unit_test(every_state_with_output_can_be_stopped_and_lost),
        cmocka_unit_test_setup_teardown(a_treatment_goes_from_prepared_to_ended, room_setup, room_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
