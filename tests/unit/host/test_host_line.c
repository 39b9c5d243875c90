/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presence of devices, several units on one line, and who owns it.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/owner.h"
#include "rig.h"

static struct rig *ready(const struct rig_options *options)
{
    struct rig *r = rig_start(options);
    for (unsigned u = 0; u < (options->units ? options->units : 1); u++)
        rig_wait(r, 3000, rig_unit_state, u * 100 + UNIT_READY);
    return r;
}

static int64_t ms_between(int64_t a, int64_t b)
{
    return (b - a) / NS_PER_MS;
}

/* ---- presence ---- */

static void be_silent(struct fake_world *world)
{
    world->units[0].silent = 1;
}

static void be_down(struct fake_world *world)
{
    world->link_down = 1;
}

static void be_foreign(struct fake_world *world)
{
    world->units[0].foreign = 1;
}

static void be_stuck(struct fake_world *world)
{
    world->units[0].stuck = 1;
    world->units[0].running[1] = 1;
}

static void an_absent_device_comes_when_it_comes(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_silent});
    rig_wait(r, 2000, rig_unit_state, UNIT_ABSENT);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, false);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_REFUSED);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE), 0);
    unsigned from = r->world->n_trace;
    rig_pass(r, 1500);
    assert_in_range(rig_trace_count(r, from, 0, FAKE_IDENTIFY), 1, 8); /* backed off */
    r->world->units[0].silent = 0;
    rig_wait(r, 1500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void a_link_that_cannot_be_opened_is_absence(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_down});
    rig_wait(r, 2000, rig_unit_state, UNIT_ABSENT);
    r->world->link_down = 0;
    rig_wait(r, 1500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void another_device_is_never_written_to(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_foreign});
    rig_wait(r, 2000, rig_unit_state, UNIT_WRONG_IDENTITY);
    rig_pass(r, 200);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE), 0);
    r->world->units[0].foreign = 0;
    rig_wait(r, 2500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void another_device_in_the_place_of_one_that_may_be_on_is_output_unknown(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.replacement = true, .prepare = be_foreign});
    rig_wait(r, 2000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    unsigned safe = rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE);
    rig_pass(r, 200);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE), safe); /* blind once, then no more */
    r->world->units[0].foreign = 0;
    rig_wait(r, 2500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void an_idle_device_that_vanishes_returns_with_a_new_epoch(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    uint64_t epoch = r->presence[0].epoch;
    r->world->units[0].silent = 1;
    rig_wait(r, 1000, rig_unit_state, UNIT_ABSENT);
    unsigned from = r->world->n_trace;
    r->world->units[0].silent = 0;
    rig_wait(r, 1500, rig_unit_state, UNIT_READY);
    assert_true(r->presence[0].epoch > epoch);
    int identify = rig_trace(r, from, 0, FAKE_IDENTIFY, 0), safe = rig_trace(r, from, 0, FAKE_MAKE_SAFE, 0);
    assert_true(identify >= 0 && safe > identify);
    rig_end(r);
}

static void an_answering_device_that_does_not_rest_is_output_unknown(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_stuck});
    rig_wait(r, 2000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    r->world->units[0].stuck = 0;
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void make_safe_on_order_is_done_and_answered(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    unsigned said = r->n_presence[0], from = r->world->n_trace;
    struct link_unit_ref order = {.unit = 0};
    link_message_head(&order, LINK_MAKE_SAFE, sizeof(order));
    rig_send(r, &order);
    rig_pass(r, 100);
    assert_true(rig_trace(r, from, 0, FAKE_MAKE_SAFE, 0) >= 0);
    assert_true(r->n_presence[0] > said);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

/* ---- the gate ---- */

static void refused(struct rig *r, struct link_arm *arm, enum link_reason reason)
{
    unsigned from = r->world->n_trace;
    uint64_t key = arm->ref.session * 100 + LINK_SESSION_REFUSED;
    rig_arm(r, arm, false);
    rig_wait(r, 1000, rig_has_session, key);
    const struct link_session *s = rig_session(r, arm->ref.session, LINK_SESSION_REFUSED);
    assert_int_equal(s->reason, reason);
    assert_true(strlen(s->detail) > 10);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 0);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_START), 0);
}

static void the_gate_refuses_what_is_outside_envelope_or_device(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    struct link_arm arm = rig_arm_make(1, 0, 0, 20001); /* target above the ceiling */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(2, 0, 0, 2000);
    arm.envelope.channels[0].level_ceiling = 60001; /* above the device's range */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(3, 0, 0, 2000);
    arm.envelope.channels[0].settings[0].start = 19; /* below the device's range */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(4, 0, 0, 2000);
    arm.envelope.channels[0].waveform = WAVEFORM_russian; /* the device cannot */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(5, 0, 0, 2000);
    arm.envelope.channels[0].channel = 1; /* of another group */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(6, 0, 0, 2000);
    arm.envelope.total_ms = 3600001; /* longer than the device's timer */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(7, 0, 0, 2000);
    arm.permit_boot_ns = clock_boot_ns() - 1;
    refused(r, &arm, LINK_REASON_NOT_READY);
    arm = rig_arm_make(8, 3, 0, 2000); /* no such unit */
    refused(r, &arm, LINK_REASON_NOT_READY);
    arm = rig_arm_make(9, 0, 0, 2000);
    arm.envelope.channels[0].n_settings = 3; /* the device has no burst rate */
    arm.envelope.channels[0].settings[2] = (struct envelope_setting){QUANTITY_burst_rate_millihz, 0, 1000, 1000};
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    rig_end(r);
}

static void a_target_outside_the_envelope_stops(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 1000);
    struct link_session_ref ref = {1, 1, 0};
    rig_target(r, &ref, 0, QUANTITY_phase_width_us, 301);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_OUTSIDE_ENVELOPE);
    assert_int_equal(r->world->units[0].width[0], 200);
    rig_end(r);
}

static void groups_that_exclude_each_other_are_not_energised_together(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 1000);
    struct link_arm pair = rig_arm_make(2, 0, 2, 1000);
    rig_arm(r, &pair, false);
    rig_wait(r, 1000, rig_has_session, 200 + LINK_SESSION_REFUSED);
    struct link_arm other = rig_arm_make(3, 0, 1, 1000);
    rig_arm(r, &other, true);
    rig_wait(r, 1000, rig_has_session, 300 + LINK_SESSION_STARTED);
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_pass(r, 100);
    assert_int_equal(r->world->units[0].running[1], 1); /* the other group goes on */
    rig_end(r);
}

static void a_device_that_goes_on_without_its_link_needs_acceptance(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"link_loss=continues"}});
    struct link_arm arm = rig_arm_make(1, 0, 0, 1000);
    refused(r, &arm, LINK_REASON_NOT_READY);
    arm = rig_arm_make(2, 0, 0, 1000);
    arm.accepted_link_loss = 1;
    rig_arm(r, &arm, true);
    rig_wait(r, 1000, rig_has_session, 200 + LINK_SESSION_STARTED);
    rig_end(r);
}

/* ---- a shared line ---- */

static void stop_all_writes_rest_to_every_unit_before_it_reads_back(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 3});
    for (uint32_t u = 0; u < 3; u++)
        rig_arm_and_run(r, 10 + u, u, 1000);
    unsigned from = r->world->n_trace;
    rig_stop(r, 0);
    for (uint64_t u = 0; u < 3; u++)
        rig_wait(r, 1000, rig_has_session, (10 + u) * 100 + LINK_SESSION_RESTED);
    int last_stop = -1, first_read = -1;
    int first_stop = rig_trace(r, from, 0, FAKE_STOP, 0);
    for (uint32_t u = 0; u < 3; u++) {
        int stop = rig_trace(r, from, u, FAKE_STOP, 0);
        assert_true(stop >= 0);
        int read = rig_trace(r, (unsigned)first_stop, u, FAKE_STATUS, 0);
        last_stop = stop > last_stop ? stop : last_stop;
        first_read = first_read < 0 || read < first_read ? read : first_read;
    }
    assert_true(first_read > last_stop);
    rig_end(r);
}

static void a_silent_unit_does_not_delay_the_others_stop(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 3});
    for (uint32_t u = 0; u < 3; u++)
        rig_arm_and_run(r, 10 + u, u, 1000);
    r->world->units[1].silent = 1;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_STOPPING);
    unsigned from = r->world->n_trace;
    rig_stop(r, 0);
    rig_wait(r, 1000, rig_has_session, 1000 + LINK_SESSION_RESTED);
    rig_wait(r, 1000, rig_has_session, 1200 + LINK_SESSION_RESTED);
    const struct fake_entry *a = &r->world->trace[rig_trace(r, from, 0, FAKE_STOP, 0)];
    const struct fake_entry *b = &r->world->trace[rig_trace(r, from, 2, FAKE_STOP, 0)];
    /* At most the one call to the silent unit that was running when the stop came, and its reopening. */
    assert_true(ms_between(a->at_ns, b->end_ns) < 30);
    assert_true(ms_between(r->world->trace[from].at_ns, b->end_ns) < 90);
    r->world->units[1].silent = 0;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_RESTED);
    rig_end(r);
}

static void a_tenth_at_most(struct rig *r)
{
    rig_pass(r, 300);
    unsigned from = r->world->n_trace;
    int64_t begun = clock_monotonic_ns(), busy = 0, polls = 0;
    rig_pass(r, 2000);
    for (unsigned i = from; i < r->world->n_trace; i++) {
        const struct fake_entry *e = &r->world->trace[i];
        if (e->unit == 1 && e->end_ns > 0)
            busy += e->end_ns - e->at_ns;
        if (e->unit == 0 && e->call == FAKE_STATUS)
            polls++;
    }
    assert_true(busy * 100 / (clock_monotonic_ns() - begun) <= 12);
    assert_true(polls > 75); /* of 100 */
}

static void a_silent_unit_gets_a_tenth_of_the_line(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 2});
    r->world->units[1].silent = 1;
    rig_wait(r, 1000, rig_unit_state, 100 + UNIT_ABSENT);
    a_tenth_at_most(r);
    rig_end(r);
}

/* One that may have output is tried hardest, and the others still have the line. */
static void a_silent_unit_that_may_be_on_gets_no_more(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 2});
    rig_arm_and_run(r, 11, 1, 1000);
    rig_arm_and_run(r, 10, 0, 1000);
    r->world->units[1].silent = 1;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_UNPROVED);
    a_tenth_at_most(r);
    assert_null(rig_session(r, 10, LINK_SESSION_STOPPING));
    r->world->units[1].silent = 0;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_RESTED);
    rig_end(r);
}

/* ---- one owner ---- */

static void a_new_host_waits_for_the_link_and_begins_blind(void **state)
{
    (void)state;
    struct rig *first = ready(&(struct rig_options){0});
    rig_arm_and_run(first, 1, 0, 1000);
    struct rig *second =
        rig_start(&(struct rig_options){.state_dir = first->dir, .world = first->world, .script = first->script});
    rig_pass(second, 50);
    assert_int_equal(second->n_presence[0], 0);
    unsigned from = first->world->n_trace;
    rig_close_socket(first);
    rig_wait(second, 1000, rig_unit_state, UNIT_QUARANTINE);
    assert_int_equal(rig_wait_exit(first, 1000), 0);
    int open = rig_trace(first, from, 0, FAKE_OPEN, 0);
    assert_int_equal(first->world->trace[open + 1].call, FAKE_MAKE_SAFE);
    rig_wait(second, 1000, rig_unit_state, UNIT_READY);
    rig_end(second);
    rig_end(first);
}

static void a_holder_that_does_not_let_go_is_killed(void **state)
{
    (void)state;
    struct rig *first = ready(&(struct rig_options){0});
    rig_arm_and_run(first, 1, 0, 1000);
    first->world->units[0].stuck = 1; /* it never comes to its end */
    rig_close_socket(first);
    int64_t begun = clock_monotonic_ns();
    struct rig *second =
        rig_start(&(struct rig_options){.state_dir = first->dir, .world = first->world, .script = first->script});
    assert_int_equal(rig_wait_exit(first, 2000), 128 + SIGKILL);
    assert_in_range(ms_between(begun, clock_monotonic_ns()), 200, 700); /* dead-man 200 ms, and its own start */
    first->world->units[0].stuck = 0;
    rig_wait(second, 2000, rig_unit_state, UNIT_READY);
    rig_end(second);
    rig_end(first);
}

static void a_link_that_never_frees_is_output_unknown(void **state)
{
    (void)state;
    char path[256];
    struct rig *holder = ready(&(struct rig_options){.link = "tcp:holder"}); /* only for its directory */
    struct owner lock = {.lock_fd = -1, .node_fd = -1};
    assert_int_equal(owner_path(holder->dir, "tcp:127.0.0.1:1", path, sizeof(path)), 0);
    assert_int_equal(owner_try(&lock, holder->dir, "tcp:127.0.0.1:1"), 0);
    /* The record names a process that has its pid from another one, which began at another time. */
    pid_t bystander = fork();
    if (bystander == 0)
        for (;;)
            pause();
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%d 1\n", (int)bystander);
    fclose(f);
    struct rig *r = rig_start(&(struct rig_options){.state_dir = holder->dir});
    rig_wait(r, 3000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    assert_int_equal(r->world->n_trace, 0);
    assert_int_equal(waitpid(bystander, NULL, WNOHANG), 0);
    kill(bystander, SIGKILL);
    waitpid(bystander, NULL, 0);
    rig_end(r);
    rig_end(holder);
}

static int terminal_make(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(terminal >= 0);
    assert_int_equal(grantpt(terminal), 0);
    assert_int_equal(unlockpt(terminal), 0);
    return terminal;
}

static bool terminal_is_locked(int terminal)
{
    int fd = open(ptsname(terminal), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    bool locked = flock(fd, LOCK_EX | LOCK_NB) < 0;
    close(fd);
    return locked;
}

static void name_point_at(const char *name, int terminal)
{
    unlink(name);
    assert_int_equal(symlink(ptsname(terminal), name), 0);
}

/* An adapter that was plugged in again: the same name, another node. */
static void a_name_that_points_at_another_terminal_is_opened_there(void **state)
{
    (void)state;
    char name[64], link[80];
    int before = terminal_make(), after = terminal_make();
    snprintf(name, sizeof(name), "/tmp/modality-host-tty-%d", (int)getpid());
    snprintf(link, sizeof(link), "serial:%s", name);
    name_point_at(name, before);
    struct rig *r = ready(&(struct rig_options){.link = link});
    uint64_t epoch = r->presence[0].epoch;
    assert_true(terminal_is_locked(before));
    rig_arm_and_run(r, 1, 0, 1000);
    unsigned from = r->world->n_trace;
    unlink(name);
    r->world->units[0].fail[FAKE_STATUS] = -EIO;
    r->world->units[0].n_fail[FAKE_STATUS] = 1;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_STOPPING);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_STOPPING)->reason, LINK_REASON_LINK_LOST);
    rig_pass(r, 200);
    assert_int_equal(rig_trace(r, from, 0, FAKE_OPEN, 0), -1);
    assert_false(terminal_is_locked(before)); /* held, it would keep its number from the one that returns */
    name_point_at(name, after);
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    assert_true(r->presence[0].epoch > epoch);
    assert_true(terminal_is_locked(after));
    int open = rig_trace(r, from, 0, FAKE_OPEN, 0);
    assert_true(open >= 0 && rig_trace(r, (unsigned)open, 0, FAKE_MAKE_SAFE, 0) > open);
    assert_int_equal(rig_trace(r, from, 0, FAKE_START, 0), -1);
    assert_true(rig_at_rest(r, 0));
    rig_end(r);
    unlink(name);
    close(before);
    close(after);
}

/* The plugin re-establishes by name: with the name on another node that would be one that nobody has locked. */
static void a_transport_in_doubt_is_not_re_established_on_another_terminal(void **state)
{
    (void)state;
    char name[64], link[80];
    int before = terminal_make(), after = terminal_make();
    snprintf(name, sizeof(name), "/tmp/modality-host-tty-%d", (int)getpid());
    snprintf(link, sizeof(link), "serial:%s", name);
    name_point_at(name, before);
    struct rig *r = ready(&(struct rig_options){.link = link});
    unsigned from = r->world->n_trace;
    name_point_at(name, after);
    r->world->units[0].fail[FAKE_STATUS] = -EPROTO;
    r->world->units[0].n_fail[FAKE_STATUS] = 1;
    rig_wait(r, 1000, rig_unit_state, UNIT_ABSENT);
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    assert_int_equal(rig_trace(r, from, 0, FAKE_REOPEN, 0), -1);
    assert_true(rig_trace(r, from, 0, FAKE_OPEN, 0) >= 0);
    assert_true(terminal_is_locked(after));
    assert_false(terminal_is_locked(before));
    rig_end(r);
    unlink(name);
    close(before);
    close(after);
}

/* Two daemons with a state directory each: the node itself is what they have in common. */
static void a_terminal_that_another_host_holds_is_not_opened(void **state)
{
    (void)state;
    char link[64];
    int terminal = terminal_make();
    snprintf(link, sizeof(link), "serial:%s", ptsname(terminal));
    struct rig *first = ready(&(struct rig_options){.link = link});
    struct rig *second = rig_start(&(struct rig_options){.link = link});
    rig_wait(second, 2000, rig_unit_state, UNIT_ABSENT);
    assert_non_null(strstr(second->presence[0].detail, "another process holds it"));
    assert_int_equal(second->world->n_trace, 0);
    rig_close_socket(first);
    assert_int_equal(rig_wait_exit(first, 1000), 0);
    rig_wait(second, 2000, rig_unit_state, UNIT_READY);
    rig_end(second);
    rig_end(first);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(an_absent_device_comes_when_it_comes),
        rig_test(a_link_that_cannot_be_opened_is_absence),
        rig_test(another_device_is_never_written_to),
        rig_test(another_device_in_the_place_of_one_that_may_be_on_is_output_unknown),
        rig_test(an_idle_device_that_vanishes_returns_with_a_new_epoch),
        rig_test(an_answering_device_that_does_not_rest_is_output_unknown),
        rig_test(make_safe_on_order_is_done_and_answered),
        rig_test(the_gate_refuses_what_is_outside_envelope_or_device),
        rig_test(a_target_outside_the_envelope_stops),
        rig_test(groups_that_exclude_each_other_are_not_energised_together),
        rig_test(a_device_that_goes_on_without_its_link_needs_acceptance),
        rig_test(stop_all_writes_rest_to_every_unit_before_it_reads_back),
        rig_test(a_silent_unit_does_not_delay_the_others_stop),
        rig_test(a_silent_unit_gets_a_tenth_of_the_line),
        rig_test(a_silent_unit_that_may_be_on_gets_no_more),
        rig_test(a_new_host_waits_for_the_link_and_begins_blind),
        rig_test(a_holder_that_does_not_let_go_is_killed),
        rig_test(a_link_that_never_frees_is_output_unknown),
        rig_test(a_name_that_points_at_another_terminal_is_opened_there),
        rig_test(a_transport_in_doubt_is_not_re_established_on_another_terminal),
        rig_test(a_terminal_that_another_host_holds_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
