/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that takes its time from the accepted start to its output, and one with an interlock: what the host does
 * until the output shows, and when the interlock opens.
 */
#include "cmocka_includes.h"

#include <string.h>

#include "rig.h"

static struct rig *ready(const struct rig_options *options)
{
    struct rig *r = rig_start(options);
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    return r;
}

static int64_t ms_between(int64_t a, int64_t b)
{
    return (b - a) / NS_PER_MS;
}

static void begin_slowly(struct fake_world *world)
{
    world->units[0].slow_start = 2;
}

static const struct rig_options slow = {.extra = {"start_ms=600", "watchdog_ms=300"}, .prepare = begin_slowly};

static void the_level_stays_at_rest_until_the_output_shows(void **state)
{
    (void)state;
    struct rig *r = ready(&slow);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    unsigned from = r->world->n_trace;
    rig_arm(r, &arm, true);
    rig_pass(r, 500);
    assert_null(rig_session(r, 1, LINK_SESSION_STARTED));
    assert_null(rig_session(r, 1, LINK_SESSION_STOPPING));
    assert_true(rig_level_is(r, 0));
    assert_int_equal(r->sample[0].level[0], 0);
    assert_true(rig_trace_count(r, from, 0, FAKE_KEEPALIVE) >= 4); /* fed all the while, each third of 300 ms */
    r->world->units[0].running[0] = 1;
    rig_wait(r, 500, rig_has_session, 100 + LINK_SESSION_STARTED);
    rig_wait(r, 3000, rig_level_is, 2000);
    rig_end(r);
}

static void an_output_that_never_shows_is_stopped_after_the_devices_own_time(void **state)
{
    (void)state;
    struct rig *r = ready(&slow);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, true);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_OUTPUT_LOST);
    int start = rig_trace(r, 0, 0, FAKE_START, 0), stop = rig_trace(r, 0, 0, FAKE_STOP, 0);
    assert_in_range(ms_between(r->world->trace[start].end_ns, r->world->trace[stop].at_ns), 600, rig_soon(800));
    rig_end(r);
}

/* Near its end time an output that vanishes has ended on time; one that never came has not. */
static void an_output_that_never_shows_is_lost_even_near_the_end(void **state)
{
    (void)state;
    struct rig *r = ready(&slow);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    arm.envelope.total_ms = 500;
    arm.end_boot_ns = clock_boot_ns() + 1100 * NS_PER_MS;
    rig_arm(r, &arm, true);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_OUTPUT_LOST);
    rig_end(r);
}

static void the_wait_is_stopped_like_any_output(void **state)
{
    (void)state;
    struct rig *r = ready(&slow);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, true);
    rig_pass(r, 200);
    int64_t told = clock_monotonic_ns();
    unsigned from = r->world->n_trace;
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_true(ms_between(told, r->world->trace[rig_trace(r, from, 0, FAKE_STOP, 0)].end_ns) < rig_soon(50));
    rig_end(r);
}

static void the_permit_must_last_through_the_wait(void **state)
{
    (void)state;
    struct rig *r = ready(&slow);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    arm.permit_boot_ns = clock_boot_ns() + 300 * NS_PER_MS;
    rig_arm(r, &arm, false);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_PERMIT);
    rig_end(r);
}

/* The end time that the daemon gives allows for the wait; the treatment itself is no longer for that. */
static void treatment_time_counts_from_the_output(void **state)
{
    (void)state;
    struct rig *r = ready(&slow);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    arm.envelope.total_ms = 500;
    arm.end_boot_ns = clock_boot_ns() + 1100 * NS_PER_MS;
    rig_arm(r, &arm, true);
    rig_pass(r, 200);
    int64_t on = clock_monotonic_ns();
    r->world->units[0].running[0] = 1;
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_END_TIME);
    const struct fake_entry *stop = &r->world->trace[rig_trace(r, 0, 0, FAKE_STOP, 0)];
    assert_in_range(ms_between(on, stop->at_ns), 495, rig_soon(600));
    rig_end(r);
}

static void output_before_its_time_is_over_output(void **state)
{
    (void)state;
    struct rig *r = ready(&slow);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, true);
    rig_pass(r, 200);
    r->world->units[0].level[0] = 5000; /* it emits by itself what nobody has set */
    r->world->units[0].running[0] = 1;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_OVER_OUTPUT);
    assert_null(rig_session(r, 1, LINK_SESSION_STARTED));
    rig_end(r);
}

/* ---- interlock ---- */

static void close_interlock(struct fake_world *world)
{
    world->units[0].interlock = 1;
}

static void an_open_interlock_stops_on_one_sample(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.prepare = close_interlock});
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    int64_t opened = clock_monotonic_ns();
    unsigned from = r->world->n_trace;
    r->world->units[0].interlock = 2;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_INTERLOCK);
    assert_true(ms_between(opened, r->world->trace[rig_trace(r, from, 0, FAKE_STOP, 0)].end_ns) < rig_soon(60));
    r->world->units[0].interlock = 1;
    rig_pass(r, 200);
    assert_true(rig_at_rest(r, 0)); /* nothing goes on by itself */
    rig_end(r);
}

static void an_open_interlock_is_not_armed(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.prepare = close_interlock});
    r->world->units[0].interlock = 2;
    rig_pass(r, 100);
    unsigned from = r->world->n_trace;
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, true);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_REFUSED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_REFUSED)->reason, LINK_REASON_INTERLOCK);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_START), 0);
    rig_end(r);
}

static bool opens_are(struct rig *r, uint64_t n)
{
    return rig_trace_count(r, 0, 0, FAKE_OPEN) >= n;
}

static void link_is_down(struct fake_world *world)
{
    world->link_down = 1;
}

/* Twelve looks take 2.2 s with the pause that a plug may be kept waiting, and 9.5 s with that of a network. */
static void a_plug_is_looked_for_often_enough(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.link = "usb:0483:5740,port=1-1", .prepare = link_is_down});
    rig_wait(r, 6000, opens_are, 12);
    rig_wait(r, 1000, rig_unit_state, UNIT_ABSENT);
    r->world->link_down = 0;
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(the_level_stays_at_rest_until_the_output_shows),
        rig_test(an_output_that_never_shows_is_stopped_after_the_devices_own_time),
        rig_test(an_output_that_never_shows_is_lost_even_near_the_end),
        rig_test(the_wait_is_stopped_like_any_output),
        rig_test(the_permit_must_last_through_the_wait),
        rig_test(treatment_time_counts_from_the_output),
        rig_test(output_before_its_time_is_over_output),
        rig_test(an_open_interlock_stops_on_one_sample),
        rig_test(an_open_interlock_is_not_armed),
        rig_test(a_plug_is_looked_for_often_enough),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
