/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps that a device does not take: one that it cannot take just now is tried again and is no fault until its bound;
 * one that it refuses ends the session by what the device itself says of it.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <string.h>

#include "rig.h"

#define NEVER 1000000

/* A slice as long as a loaded machine needs. */
static struct rig *ready(const char *extra)
{
    struct rig *r = rig_start(&(struct rig_options){.extra = {"slice_ms=400", extra}});
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    return r;
}

static struct rig *running(void)
{
    struct rig *r = ready(NULL);
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    return r;
}

static void answer(struct rig *r, enum fake_call call, int error, int times)
{
    r->world->units[0].fail[call] = error;
    r->world->units[0].n_fail[call] = times;
}

static void target(struct rig *r, int64_t ua)
{
    struct link_session_ref ref = {1, 1, 0};
    rig_target(r, &ref, 0, QUANTITY_amplitude_ua, ua);
}

static const struct link_session *ended(struct rig *r, enum link_reason reason)
{
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    const struct link_session *m = rig_session(r, 1, LINK_SESSION_RESTED);
    assert_int_equal(m->reason, reason);
    assert_true(rig_at_rest(r, 0));
    return m;
}

/* ---- not now ---- */

static void a_set_point_that_is_not_taken_yet_is_tried_again(void **state)
{
    (void)state;
    struct rig *r = running();
    answer(r, FAKE_APPLY, -EAGAIN, 2);
    target(r, 2500);
    rig_wait(r, 2000, rig_level_is, 2500);
    rig_pass(r, 100);
    assert_null(rig_session(r, 1, LINK_SESSION_STOPPING));
    rig_end(r);
}

static void a_start_and_a_setting_that_are_not_taken_yet_are_tried_again(void **state)
{
    (void)state;
    struct rig *r = ready(NULL);
    answer(r, FAKE_APPLY, -EAGAIN, 1);
    answer(r, FAKE_START, -EAGAIN, 2);
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_START), 3);
    rig_end(r);
}

static void a_feed_that_is_not_taken_yet_is_tried_again(void **state)
{
    (void)state;
    struct rig *r = ready("watchdog_ms=3000");
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    answer(r, FAKE_KEEPALIVE, -EAGAIN, 2);
    rig_pass(r, 1500); /* fed each third of 3 s */
    assert_null(rig_session(r, 1, LINK_SESSION_STOPPING));
    assert_int_equal(r->world->units[0].n_fail[FAKE_KEEPALIVE], 0);
    rig_end(r);
}

/* The bound is the time until a set point is in force (20 ms) and a slice (400 ms). */
static void a_set_point_that_is_never_taken_stops_at_its_bound(void **state)
{
    (void)state;
    struct rig *r = running();
    unsigned from = r->world->n_trace;
    answer(r, FAKE_APPLY, -EAGAIN, NEVER);
    target(r, 2500);
    const struct link_session *m = ended(r, LINK_REASON_DEVICE_FAULT);
    assert_non_null(strstr(m->detail, "set point"));
    assert_non_null(strstr(m->detail, "nothing was sent"));
    int first = rig_trace(r, from, 0, FAKE_APPLY, 0), stop = rig_trace(r, from, 0, FAKE_STOP, 0);
    assert_true(r->world->trace[stop].at_ns - r->world->trace[first].at_ns >=
                50 * NS_PER_MS);                                     /* of both times, as the test sees them */
    assert_in_range(rig_trace_count(r, from, 0, FAKE_APPLY), 2, 45); /* every 10 ms, not as fast as it can */
    rig_end(r);
}

/* Less is waited for no longer than a call: then the whole goes to rest. */
static void a_decrease_that_is_never_taken_stops(void **state)
{
    (void)state;
    struct rig *r = running();
    unsigned from = r->world->n_trace;
    answer(r, FAKE_APPLY, -EAGAIN, NEVER);
    target(r, 1000);
    (void)ended(r, LINK_REASON_DEVICE_FAULT);
    assert_in_range(rig_trace_count(r, from, 0, FAKE_APPLY), 2, 45);
    rig_end(r);
}

static void a_stop_does_not_wait_for_what_is_tried_again(void **state)
{
    (void)state;
    struct rig *r = running();
    answer(r, FAKE_APPLY, -EAGAIN, NEVER);
    target(r, 2500);
    rig_stop(r, 1);
    (void)ended(r, LINK_REASON_TOLD);
    rig_end(r);
}

/* ---- no ---- */

static void a_refused_set_point_ends_by_what_the_device_says(void **state)
{
    (void)state;
    struct rig *r = running();
    r->world->units[0].pressed_at_refusal = 1;
    answer(r, FAKE_APPLY, -EACCES, 1);
    target(r, 2500);
    (void)ended(r, LINK_REASON_PATIENT_STOP);
    rig_end(r);
}

static void a_refusal_that_nothing_explains_is_told_as_one(void **state)
{
    (void)state;
    struct rig *r = running();
    answer(r, FAKE_APPLY, -EACCES, NEVER);
    unsigned from = r->world->n_trace;
    target(r, 2500);
    const struct link_session *m = ended(r, LINK_REASON_DEVICE_FAULT);
    assert_non_null(strstr(m->detail, "refused"));
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 1); /* one status, and nothing else away from rest */
    rig_end(r);
}

static void a_refused_start_ends_by_what_the_device_says(void **state)
{
    (void)state;
    struct rig *r = ready(NULL);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    answer(r, FAKE_START, -EACCES, 1);
    rig_arm(r, &arm, true);
    const struct link_session *m = ended(r, LINK_REASON_DEVICE_FAULT);
    assert_non_null(strstr(m->detail, "start"));
    rig_end(r);
}

/* The question is not answered either: the refusal is the reason, and the stop does not wait for an answer. */
static void a_refusal_without_an_answer_to_why_stops_all_the_same(void **state)
{
    (void)state;
    struct rig *r = running();
    answer(r, FAKE_STATUS, -ETIMEDOUT, 1);
    answer(r, FAKE_APPLY, -EACCES, 1);
    target(r, 2500);
    (void)ended(r, LINK_REASON_DEVICE_FAULT);
    rig_end(r);
}

static void a_refused_decrease_stops_at_once(void **state)
{
    (void)state;
    struct rig *r = running();
    unsigned from = r->world->n_trace;
    answer(r, FAKE_APPLY, -EACCES, 1);
    target(r, 1000);
    (void)ended(r, LINK_REASON_DEVICE_FAULT);
    int refused = rig_trace(r, from, 0, FAKE_APPLY, 0), stop = rig_trace(r, from, 0, FAKE_STOP, 0);
    assert_int_equal(stop, refused + 1);
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_set_point_that_is_not_taken_yet_is_tried_again),
        rig_test(a_start_and_a_setting_that_are_not_taken_yet_are_tried_again),
        rig_test(a_feed_that_is_not_taken_yet_is_tried_again),
        rig_test(a_set_point_that_is_never_taken_stops_at_its_bound),
        rig_test(a_decrease_that_is_never_taken_stops),
        rig_test(a_stop_does_not_wait_for_what_is_tried_again),
        rig_test(a_refused_set_point_ends_by_what_the_device_says),
        rig_test(a_refusal_that_nothing_explains_is_told_as_one),
        rig_test(a_refused_start_ends_by_what_the_device_says),
        rig_test(a_refusal_without_an_answer_to_why_stops_all_the_same),
        rig_test(a_refused_decrease_stops_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
