/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session on one device: it starts from rest, walks, and rests when permit, end time, daemon or order say so.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <poll.h>

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

static void a_cold_start_identifies_before_it_writes(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.grace_ms = 50});
    assert_int_equal(r->hellos, 1);
    assert_int_equal(r->units, 1);
    assert_int_equal(r->dead_man_ms, 50 + 5 * 50 + 100);
    int identify = rig_trace(r, 0, 0, FAKE_IDENTIFY, 0), safe = rig_trace(r, 0, 0, FAKE_MAKE_SAFE, 0);
    assert_true(identify >= 0 && identify < safe);
    assert_true(rig_trace(r, 0, 0, FAKE_STATUS, 0) > safe);
    assert_true(r->presence[0].epoch > 0);
    assert_string_equal(r->presence[0].identity.maker, "fake");
    rig_end(r);
}

static void a_replacement_makes_safe_before_it_identifies_and_is_quarantined(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.replacement = true, .quarantine_ms = 200});
    rig_wait(r, 3000, rig_unit_has_been, UNIT_QUARANTINE);
    assert_true(rig_trace(r, 0, 0, FAKE_MAKE_SAFE, 0) < rig_trace(r, 0, 0, FAKE_IDENTIFY, 0));
    struct link_arm arm = rig_arm_make(7, 0, 0, 5000);
    rig_arm(r, &arm, false);
    rig_wait(r, 1000, rig_has_session, 700 + LINK_SESSION_REFUSED);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    assert_true(rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE) >= 5);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_START), 0);
    rig_end(r);
}

static void a_start_applies_settings_then_starts_then_walks_within_step_and_slew(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    unsigned from = r->world->n_trace;
    rig_arm_and_run(r, 1, 0, 3000);
    rig_wait(r, 4000, rig_level_is, 3000);
    int start = rig_trace(r, from, 0, FAKE_START, 0);
    assert_int_equal(r->world->units[0].timer_ms, 10000); /* 9999 ms rounded up to the timer's second */
    assert_int_equal(r->world->units[0].width[0], 200);
    assert_int_equal(r->world->units[0].waveform[0], WAVEFORM_biphasic_symmetric);
    int64_t level = 0, begun = r->world->trace[start].at_ns;
    for (unsigned i = from; i < r->world->n_trace; i++) {
        const struct fake_entry *e = &r->world->trace[i];
        if (e->call != FAKE_APPLY || e->quantity != QUANTITY_amplitude_ua)
            continue;
        if ((int)i < start) {
            assert_int_equal(e->value, 0);
            continue;
        }
        assert_true(e->value > level && e->value - level <= 500);
        assert_true(e->value <= 2000 * (e->end_ns - begun) / NS_PER_S + 100);
        level = e->value;
    }
    rig_wait(r, 1000, rig_unit_state, UNIT_ENERGISED);
    assert_int_equal(r->sample[0].session, 1);
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_end(r);
}

static void a_stop_is_proved_by_a_sample_taken_after_it(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 20000);
    unsigned from = r->world->n_trace;
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    const struct link_session *rested = rig_session(r, 1, LINK_SESSION_RESTED);
    const struct link_session *stopping = rig_session(r, 1, LINK_SESSION_STOPPING);
    assert_non_null(stopping);
    assert_true(stopping < rested);
    assert_int_equal(rested->reason, LINK_REASON_TOLD);
    assert_int_equal(rested->evidence, EVIDENCE_MEASURED);
    int stop = rig_trace(r, from, 0, FAKE_STOP, 0), status = rig_trace(r, (unsigned)stop, 0, FAKE_STATUS, 0);
    assert_true(stop >= 0 && status > stop);
    assert_true(rested->at_ns >= r->world->trace[status].end_ns);
    assert_int_equal(rig_trace(r, (unsigned)stop, 0, FAKE_APPLY, 0), -1);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void the_permit_runs_out_and_the_output_rests(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 20000);
    r->permit_ms = 600;
    rig_pass(r, 1200); /* those that were longer are over */
    assert_false(rig_at_rest(r, 0));
    rig_stop_permits(r);
    int64_t last = r->permit_sent_ns;
    unsigned from = r->world->n_trace;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_PERMIT);
    const struct fake_entry *stop = &r->world->trace[rig_trace(r, from, 0, FAKE_STOP, 0)];
    assert_in_range(ms_between(last, stop->end_ns), 599, rig_soon(800)); /* 600 from the last one, and a stop */
    rig_end(r);
}

static void the_end_time_rests_it_although_permits_go_on(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    struct link_arm arm = rig_arm_make(1, 0, 0, 20000);
    arm.end_boot_ns = clock_boot_ns() + 500 * NS_PER_MS;
    int64_t sent = clock_monotonic_ns();
    rig_arm(r, &arm, true);
    rig_wait(r, 1500, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_END_TIME);
    const struct fake_entry *stop = &r->world->trace[rig_trace(r, 0, 0, FAKE_STOP, 0)];
    assert_in_range(ms_between(sent, stop->at_ns), 495, rig_soon(600));
    rig_end(r);
}

static void end_of_file_rests_it_proved_and_the_host_exits(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 20000);
    unsigned from = r->world->n_trace;
    int64_t closed = clock_monotonic_ns();
    rig_close_socket(r);
    assert_int_equal(rig_wait_exit(r, 2000), 0);
    int stop = rig_trace(r, from, 0, FAKE_STOP, 0);
    assert_true(stop >= 0 && rig_at_rest(r, 0));
    assert_true(ms_between(closed, r->world->trace[stop].end_ns) < rig_soon(150));
    assert_true(rig_trace(r, (unsigned)stop, 0, FAKE_STATUS, 0) > stop);
    rig_end(r);
}

static void sigterm_means_make_safe_then_exit(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 20000);
    spawned_kill(&r->host, 15);
    assert_int_equal(rig_wait_exit(r, 2000), 0);
    assert_true(rig_at_rest(r, 0));
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_HOST_STOPPING);
    rig_end(r);
}

static void a_lower_target_is_immediate_a_higher_one_is_walked(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    struct link_session_ref ref = {1, 1, 0};
    unsigned from = r->world->n_trace;
    rig_target(r, &ref, 0, QUANTITY_amplitude_ua, 700);
    rig_wait(r, 200, rig_level_is, 700);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 1);
    rig_target(r, &ref, 0, QUANTITY_amplitude_ua, 1500);
    rig_wait(r, 2000, rig_level_is, 1500);
    assert_true(rig_trace_count(r, from, 0, FAKE_APPLY) > 2);
    rig_target(r, &ref, 0, QUANTITY_phase_width_us, 300);
    rig_pass(r, 100);
    assert_int_equal(r->world->units[0].width[0], 300);
    rig_end(r);
}

static void a_stop_goes_before_set_points_that_wait(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 2000);
    struct link_session_ref ref = {1, 1, 0};
    for (int i = 0; i < 5; i++)
        rig_target(r, &ref, 0, QUANTITY_amplitude_ua, 2000 + i * 100);
    rig_stop(r, 1);
    unsigned from = r->world->n_trace;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    int stop = rig_trace(r, 0, 0, FAKE_STOP, 0);
    assert_true((unsigned)stop <= from + 1);
    assert_int_equal(rig_trace(r, (unsigned)stop, 0, FAKE_APPLY, 0), -1);
    rig_end(r);
}

static void a_stop_takes_back_a_start_that_has_not_begun(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    struct fake_unit *u = &r->world->units[0];
    unsigned from = r->world->n_trace;
    u->fail[FAKE_STATUS] = -ETIMEDOUT; /* a poll that takes its whole slice: both orders come while it runs */
    u->n_fail[FAKE_STATUS] = 1;
    while (u->n_fail[FAKE_STATUS] > 0)
        rig_pass(r, 1);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, true);
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_REFUSED);
    rig_pass(r, 200);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 0);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_START), 0);
    rig_end(r);
}

/* The socket's own queue holds ten messages; everything but samples must come, and in order. */
static void a_daemon_that_reads_late_loses_no_word(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 2000);
    int64_t deadline = clock_monotonic_ns() + 4 * NS_PER_S;
    unsigned from = r->world->n_trace;
    while ((rig_trace_count(r, from, 0, FAKE_STATUS) < 30 || !rig_at_rest(r, 0)) && clock_monotonic_ns() < deadline)
        poll(NULL, 0, 5); /* nothing is read, no permit is sent: the host has stopped by then */
    assert_true(rig_at_rest(r, 0));
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_true(rig_session(r, 1, LINK_SESSION_STOPPING) < rig_session(r, 1, LINK_SESSION_RESTED));
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void tightening_below_the_present_level_stops(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 2000);
    rig_wait(r, 3000, rig_level_is, 2000);
    struct link_arm tighter = rig_arm_make(1, 0, 0, 0);
    link_message_head(&tighter, LINK_TIGHTEN, sizeof(tighter));
    tighter.envelope.channels[0].level_ceiling = 2000;
    rig_send(r, &tighter);
    rig_pass(r, 100);
    assert_null(rig_session(r, 1, LINK_SESSION_STOPPING));
    tighter.envelope.channels[0].level_ceiling = 1900;
    rig_send(r, &tighter);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_OUTSIDE_ENVELOPE);
    rig_end(r);
}

static void a_start_that_takes_time_is_polled_until_it_runs(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){0});
    r->world->units[0].slow_start = 2;
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, true);
    rig_pass(r, 300);
    assert_null(rig_session(r, 1, LINK_SESSION_STARTED));
    assert_true(rig_level_is(r, 0));
    r->world->units[0].running[0] = 1;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_STARTED);
    rig_wait(r, 3000, rig_level_is, 2000);
    rig_end(r);
}

static void the_watchdog_is_fed_at_a_third_of_its_time_only_while_energised(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"watchdog_ms=300"}});
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_KEEPALIVE), 0);
    rig_arm_and_run(r, 1, 0, 1000);
    rig_pass(r, 1000);
    unsigned n = rig_trace_count(r, 0, 0, FAKE_KEEPALIVE);
    assert_in_range(n, rig_soon(0) > 0 ? 2 : 9, 12);
    for (unsigned i = 1; i < n; i++) {
        int64_t gap = r->world->trace[rig_trace(r, 0, 0, FAKE_KEEPALIVE, i)].at_ns -
                      r->world->trace[rig_trace(r, 0, 0, FAKE_KEEPALIVE, i - 1)].at_ns;
        assert_true(gap < rig_soon(200) * NS_PER_MS);
    }
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    unsigned after = r->world->n_trace;
    rig_pass(r, 300);
    assert_int_equal(rig_trace_count(r, after, 0, FAKE_KEEPALIVE), 0);
    rig_end(r);
}

static void a_stop_for_a_session_that_never_was_is_answered(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_stop(r, 99);
    rig_wait(r, 1000, rig_has_session, 9900 + LINK_SESSION_REFUSED);
    rig_arm_and_run(r, 1, 0, 1000);
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    unsigned n = r->n_sessions;
    rig_stop(r, 1);
    rig_pass(r, 100);
    assert_int_equal(r->n_sessions, n + 1);
    assert_int_equal(r->sessions[n].event, LINK_SESSION_RESTED);
    rig_end(r);
}

static bool heard(struct rig *r, uint64_t n)
{
    return r->heard >= n;
}

static void a_stop_is_heard_while_a_call_to_the_device_is_under_way(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 2000);
    r->world->units[0].hang[FAKE_STATUS] = 1;
    rig_pass(r, 100);
    rig_stop(r, 1);
    rig_wait(r, 2000, heard, 1);
    rig_wait(r, 5000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_true(rig_at_rest(r, 0));
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_cold_start_identifies_before_it_writes),
        rig_test(a_replacement_makes_safe_before_it_identifies_and_is_quarantined),
        rig_test(a_start_applies_settings_then_starts_then_walks_within_step_and_slew),
        rig_test(a_stop_is_proved_by_a_sample_taken_after_it),
        rig_test(the_permit_runs_out_and_the_output_rests),
        rig_test(the_end_time_rests_it_although_permits_go_on),
        rig_test(end_of_file_rests_it_proved_and_the_host_exits),
        rig_test(sigterm_means_make_safe_then_exit),
        rig_test(a_lower_target_is_immediate_a_higher_one_is_walked),
        rig_test(a_stop_goes_before_set_points_that_wait),
        rig_test(a_stop_takes_back_a_start_that_has_not_begun),
        rig_test(a_daemon_that_reads_late_loses_no_word),
        rig_test(tightening_below_the_present_level_stops),
        rig_test(a_start_that_takes_time_is_polled_until_it_runs),
        rig_test(the_watchdog_is_fed_at_a_third_of_its_time_only_while_energised),
        rig_test(a_stop_for_a_session_that_never_was_is_answered),
        rig_test(a_stop_is_heard_while_a_call_to_the_device_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
