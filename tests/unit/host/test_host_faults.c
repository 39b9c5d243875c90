/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device or its plugin does wrong, and that the output rests without the daemon's help. A sane session first,
 * then one thing breaks.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <string.h>

#include "rig.h"

static struct rig *ready(const struct rig_options *options)
{
    struct rig *r = rig_start(options);
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    return r;
}

static struct rig *running(const struct rig_options *options)
{
    struct rig *r = ready(options);
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    return r;
}

static int64_t ms_between(int64_t a, int64_t b)
{
    return (b - a) / NS_PER_MS;
}

static void ends(struct rig *r, enum link_reason reason)
{
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, reason);
    assert_true(rig_at_rest(r, 0));
    rig_end(r);
}

static void a_device_fault_stops_on_one_sample(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].fault = 1;
    ends(r, LINK_REASON_DEVICE_FAULT);
}

static void the_patients_stop_stops(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].patient_stop = 1;
    ends(r, LINK_REASON_PATIENT_STOP);
}

static void a_tripped_watchdog_stops_and_is_cleared_by_make_safe(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    unsigned from = r->world->n_trace;
    r->world->units[0].tripped = 1;
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    assert_true(rig_trace(r, from, 0, FAKE_MAKE_SAFE, 0) >= 0);
    ends(r, LINK_REASON_WATCHDOG);
}

static void over_output_stops_on_one_sample(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].over_permille = 1550; /* 3100 uA at 2000 set; the bound is 3000 + noise 200 */
    rig_pass(r, 100);
    assert_null(rig_session(r, 1, LINK_SESSION_STOPPING));
    r->world->units[0].over_permille = 1610;
    ends(r, LINK_REASON_OVER_OUTPUT);
}

static void an_output_that_vanishes_is_lost(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].running[0] = 0;
    ends(r, LINK_REASON_OUTPUT_LOST);
}

/* It has stopped for an electrode: that is the reason, and what clears it is in the unit's own words. */
static void an_output_that_the_device_ends_for_a_contact_is_contact_lost(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].contact_lost = 1;
    rig_pass(r, 100);
    assert_null(rig_session(r, 1, LINK_SESSION_STOPPING)); /* while it is on, the daemon judges */
    r->world->units[0].running[0] = 0;
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_non_null(strstr(rig_session(r, 1, LINK_SESSION_RESTED)->detail, "contact of ch1"));
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    assert_non_null(strstr(r->presence[0].detail, "electrodes"));
    ends(r, LINK_REASON_CONTACT_LOST);
}

/* One electrode, and the device stops both sessions: both end by its name. */
static void a_device_that_stops_all_for_one_contact_ends_all_by_it(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    struct link_arm other = rig_arm_make(2, 0, 1, 2000);
    rig_arm(r, &other, true);
    rig_wait(r, 2000, rig_has_session, 200 + LINK_SESSION_STARTED);
    rig_pass(r, 300);                               /* away from rest */
    r->world->units[0].fail[FAKE_STATUS] = -EAGAIN; /* it is not seen half-way */
    r->world->units[0].n_fail[FAKE_STATUS] = 1;
    r->world->units[0].contact_lost = 2;
    r->world->units[0].running[0] = r->world->units[0].running[1] = 0;
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(r, 2000, rig_has_session, 200 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 2, LINK_SESSION_RESTED)->reason, LINK_REASON_CONTACT_LOST);
    assert_non_null(strstr(rig_session(r, 1, LINK_SESSION_RESTED)->detail, "contact of ch2"));
    ends(r, LINK_REASON_CONTACT_LOST);
}

/* Before a level is up nobody asks for contact, and a refused start has a name. */
static void a_start_that_is_refused_for_a_contact_is_contact_lost(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    r->world->units[0].contact_lost = 1;
    r->world->units[0].fail[FAKE_START] = -EACCES;
    r->world->units[0].n_fail[FAKE_START] = 1;
    rig_arm(r, &arm, true);
    ends(r, LINK_REASON_CONTACT_LOST);
}

static void an_output_on_a_channel_that_nobody_holds_stops_the_unit(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].running[1] = 1;
    ends(r, LINK_REASON_OVER_OUTPUT);
}

static void a_restart_stops_and_is_identified_anew(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    uint64_t epoch = r->presence[0].epoch;
    r->world->units[0].restarted = 1;
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(r, 2000, rig_unit_state, UNIT_READY);
    assert_true(r->presence[0].epoch > epoch);
    ends(r, LINK_REASON_DEVICE_RESTARTED);
}

static void an_idle_output_is_made_safe_at_once(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_pass(r, 100);
    unsigned from = r->world->n_trace;
    int64_t on = clock_monotonic_ns();
    r->world->units[0].running[0] = 1;
    rig_pass(r, 100);
    int safe = rig_trace(r, from, 0, FAKE_MAKE_SAFE, 0);
    assert_true(safe >= 0 && rig_at_rest(r, 0));
    assert_true(ms_between(on, r->world->trace[safe].end_ns) < rig_soon(50));
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void a_write_of_unknown_outcome_reopens_stops_and_quarantines(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){.quarantine_ms = 300});
    struct fake_unit *u = &r->world->units[0];
    u->fail[FAKE_APPLY] = -ETIMEDOUT;
    u->done_anyway = 1;
    u->n_fail[FAKE_APPLY] = 1;
    unsigned from = r->world->n_trace;
    struct link_session_ref ref = {1, 1, 0};
    rig_target(r, &ref, 0, QUANTITY_amplitude_ua, 1000);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    int apply = rig_trace(r, from, 0, FAKE_APPLY, 0), reopen = rig_trace(r, from, 0, FAKE_REOPEN, 0);
    int stop = rig_trace(r, from, 0, FAKE_STOP, 0);
    assert_true(apply >= 0 && reopen > apply && stop > reopen);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 1);
    int64_t rested = rig_session(r, 1, LINK_SESSION_RESTED)->at_ns;
    rig_wait(r, 1000, rig_unit_has_been, UNIT_QUARANTINE);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    assert_true(ms_between(rested, clock_monotonic_ns()) >= 299);
    assert_true(rig_trace_count(r, from, 0, FAKE_MAKE_SAFE) >= 3);
    ends(r, LINK_REASON_LINK_LOST);
}

static void a_failed_start_runs_stop(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    r->world->units[0].fail[FAKE_START] = -EPROTO;
    r->world->units[0].n_fail[FAKE_START] = 1;
    r->world->units[0].done_anyway = 1;
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, true);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_null(rig_session(r, 1, LINK_SESSION_STARTED));
    ends(r, LINK_REASON_LINK_LOST);
}

static void a_stop_of_unknown_outcome_is_reopened_and_written_again(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].fail[FAKE_STOP] = -ETIMEDOUT;
    r->world->units[0].n_fail[FAKE_STOP] = 1;
    unsigned from = r->world->n_trace;
    rig_stop(r, 1);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    int first = rig_trace(r, from, 0, FAKE_STOP, 0), second = rig_trace(r, from, 0, FAKE_STOP, 1);
    int reopen = rig_trace(r, from, 0, FAKE_REOPEN, 0);
    assert_true(first >= 0 && reopen > first && second > reopen);
    assert_int_equal(rig_trace(r, (unsigned)first, 0, FAKE_STATUS, 0) > second, 1);
    ends(r, LINK_REASON_TOLD);
}

static bool stops_are(struct rig *r, uint64_t n)
{
    return rig_trace_count(r, 0, 0, FAKE_STOP) >= n;
}

static bool make_safes_are(struct rig *r, uint64_t n)
{
    return rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE) >= n;
}

static void an_output_that_does_not_rest_is_unproved_and_tried_for_ever(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].stuck = 1;
    int64_t told = clock_monotonic_ns();
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_UNPROVED);
    assert_in_range(ms_between(told, rig_session(r, 1, LINK_SESSION_UNPROVED)->at_ns), 195, rig_soon(600));
    rig_wait(r, 1000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    rig_wait(r, 3000, stops_are, rig_trace_count(r, 0, 0, FAKE_STOP) + 6);
    rig_wait(r, 3000, make_safes_are, rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE) + 6);
    r->world->units[0].stuck = 0;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void silence_while_energised_stops_after_the_second_poll(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    int64_t begun = clock_monotonic_ns();
    r->world->units[0].silent = 1;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_STOPPING);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_STOPPING)->reason, LINK_REASON_LINK_LOST);
    assert_true(ms_between(begun, rig_session(r, 1, LINK_SESSION_STOPPING)->at_ns) < rig_soon(250));
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_UNPROVED);
    rig_wait(r, 1000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    uint64_t epoch = r->presence[0].epoch;
    r->world->units[0].silent = 0;
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    assert_true(r->presence[0].epoch > epoch);
    rig_end(r);
}

static void a_cut_link_is_opened_again_and_the_stop_goes_first(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].fail[FAKE_STATUS] = -EIO;
    r->world->units[0].n_fail[FAKE_STATUS] = 1;
    r->world->link_down = 1;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_STOPPING);
    rig_pass(r, 100);
    assert_false(rig_at_rest(r, 0));
    unsigned from = r->world->n_trace;
    r->world->link_down = 0;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    int open = rig_trace(r, from, 0, FAKE_OPEN, 0);
    while (r->world->trace[open].result < 0)
        open = rig_trace(r, (unsigned)open + 1, 0, FAKE_OPEN, 0);
    assert_true(rig_trace(r, (unsigned)open, 0, FAKE_STOP, 0) == open + 1);
    ends(r, LINK_REASON_LINK_LOST);
}

/* A plug that was out: how long ago anything was made safe before says nothing about how long a stop takes now. */
static void a_stop_that_fails_on_a_new_link_is_repeated_soon(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){0});
    r->world->units[0].fail[FAKE_STATUS] = -EIO;
    r->world->units[0].n_fail[FAKE_STATUS] = 1;
    r->world->link_down = 1;
    rig_wait(r, 3000, rig_has_session, 100 + LINK_SESSION_UNPROVED);
    rig_pass(r, 1000); /* the plug is out for a while */
    r->world->units[0].fail[FAKE_STOP] = r->world->units[0].fail[FAKE_MAKE_SAFE] = -ETIMEDOUT;
    r->world->units[0].n_fail[FAKE_STOP] = r->world->units[0].n_fail[FAKE_MAKE_SAFE] = 2;
    r->world->link_down = 0;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    ends(r, LINK_REASON_LINK_LOST);
}

/* The last acknowledged feed is too far back: nothing is fed any more, the output rests. */
static void a_late_feed_is_never_sent(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){.extra = {"watchdog_ms=600", "slice_ms=800"}});
    r->world->units[0].fail[FAKE_STATUS] = -ETIMEDOUT; /* one poll that takes the whole slice, longer than 80 % */
    r->world->units[0].n_fail[FAKE_STATUS] = 1;
    unsigned from = r->world->n_trace;
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    int status = rig_trace(r, from, 0, FAKE_STATUS, 0);
    while (r->world->trace[status].result == 0)
        status = rig_trace(r, (unsigned)status + 1, 0, FAKE_STATUS, 0);
    assert_int_equal(rig_trace(r, (unsigned)status, 0, FAKE_KEEPALIVE, 0), -1);
    ends(r, LINK_REASON_WATCHDOG);
}

/* ---- hanging ---- */

static void a_hang_replaces_the_host_and_rests(enum fake_call call)
{
    struct rig *r = running(&(struct rig_options){.quarantine_ms = 200, .grace_ms = 50});
    int64_t begun = clock_monotonic_ns();
    unsigned from = r->world->n_trace;
    r->world->units[0].hang[call] = 1;
    if (call == FAKE_APPLY) {
        struct link_session_ref ref = {1, 1, 0};
        rig_target(r, &ref, 0, QUANTITY_amplitude_ua, 1000);
    }
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_PLUGIN_HUNG);
    assert_int_equal(r->reexecuted, 1);
    int safe = rig_trace(r, from, 0, FAKE_STOP, 0);
    assert_true(safe >= 0 && rig_at_rest(r, 0));
    assert_true(ms_between(begun, r->world->trace[safe].end_ns) < rig_soon(600));
    assert_true(safe < rig_trace(r, from, 0, FAKE_IDENTIFY, 0)); /* blind */
    rig_wait(r, 1000, rig_unit_has_been, UNIT_QUARANTINE);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_stop_permits(r);
    rig_arm_and_run(r, 2, 0, 1000); /* it continues as a full host */
    rig_end(r);
}

static void a_hang_in_status_replaces_the_host_and_rests(void **state)
{
    (void)state;
    a_hang_replaces_the_host_and_rests(FAKE_STATUS);
}

static void a_hang_in_a_set_point_replaces_the_host_and_rests(void **state)
{
    (void)state;
    a_hang_replaces_the_host_and_rests(FAKE_APPLY);
}

static void a_hang_without_a_daemon_still_rests(void **state)
{
    (void)state;
    struct rig *r = running(&(struct rig_options){.grace_ms = 50});
    r->world->units[0].hang[FAKE_STOP] = 1; /* the very stop that the end of file asks for */
    int64_t closed = clock_monotonic_ns();
    rig_close_socket(r);
    assert_int_equal(rig_wait_exit(r, 3000), 0);
    assert_true(rig_at_rest(r, 0));
    int safe = rig_trace(r, 0, 0, FAKE_STOP, 1);
    assert_true(ms_between(closed, r->world->trace[safe].end_ns) < rig_soon(600));
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_device_fault_stops_on_one_sample),
        rig_test(the_patients_stop_stops),
        rig_test(a_tripped_watchdog_stops_and_is_cleared_by_make_safe),
        rig_test(over_output_stops_on_one_sample),
        rig_test(an_output_that_vanishes_is_lost),
        rig_test(an_output_that_the_device_ends_for_a_contact_is_contact_lost),
        rig_test(a_device_that_stops_all_for_one_contact_ends_all_by_it),
        rig_test(a_start_that_is_refused_for_a_contact_is_contact_lost),
        rig_test(an_output_on_a_channel_that_nobody_holds_stops_the_unit),
        rig_test(a_restart_stops_and_is_identified_anew),
        rig_test(an_idle_output_is_made_safe_at_once),
        rig_test(a_write_of_unknown_outcome_reopens_stops_and_quarantines),
        rig_test(a_failed_start_runs_stop),
        rig_test(a_stop_of_unknown_outcome_is_reopened_and_written_again),
        rig_test(an_output_that_does_not_rest_is_unproved_and_tried_for_ever),
        rig_test(silence_while_energised_stops_after_the_second_poll),
        rig_test(a_cut_link_is_opened_again_and_the_stop_goes_first),
        rig_test(a_stop_that_fails_on_a_new_link_is_repeated_soon),
        rig_test(a_late_feed_is_never_sent),
        rig_test(a_hang_in_status_replaces_the_host_and_rests),
        rig_test(a_hang_in_a_set_point_replaces_the_host_and_rests),
        rig_test(a_hang_without_a_daemon_still_rests),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
