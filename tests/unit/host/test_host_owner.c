/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One host owns a link and its device node: a second one waits, a holder that hangs is killed, another node is another
 * device.
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
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    return r;
}

static int64_t ms_between(int64_t a, int64_t b)
{
    return (b - a) / NS_PER_MS;
}

static bool rig_has_described(struct rig *r, uint64_t units)
{
    return r->units >= units;
}

static void a_new_host_waits_for_the_link_and_begins_blind(void **state)
{
    (void)state;
    /* a dead-man long enough that even a slow machine has let the first one end by itself */
    struct rig *first = ready(&(struct rig_options){.extra = {"stop_ms=3000"}});
    rig_arm_and_run(first, 1, 0, 1000);
    struct rig *second = rig_start(&(struct rig_options){
        .state_dir = first->dir, .world = first->world, .script = first->script, .extra = {"stop_ms=3000"}});
    rig_wait(second, 3000, rig_has_described, 1);
    rig_pass(second, 50); /* what it does next is to ask for the link */
    assert_int_equal(second->n_presence[0], 0);
    unsigned from = first->world->n_trace;
    rig_close_socket(first);
    rig_wait(second, 3000, rig_unit_has_been, UNIT_QUARANTINE);
    assert_int_equal(rig_wait_exit(first, 3000), 0);
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
    assert_true(ms_between(begun, clock_monotonic_ns()) >= 200); /* the dead-man */
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
    struct owner lock = {.lock_fd = -1, .node_fd = -1, .holder_fd = -1};
    assert_int_equal(owner_path(holder->dir, "tcp:127.0.0.1:1", path, sizeof(path)), 0);
    assert_int_equal(owner_open(&lock, holder->dir, "tcp:127.0.0.1:1"), 0);
    assert_int_equal(owner_try(&lock), 0);
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
    assert_int_equal(rig_wait_exit(first, 3000), 0);
    rig_wait(second, 2000, rig_unit_state, UNIT_READY);
    rig_end(second);
    rig_end(first);
    close(terminal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(a_new_host_waits_for_the_link_and_begins_blind),
        rig_test(a_holder_that_does_not_let_go_is_killed),
        rig_test(a_link_that_never_frees_is_output_unknown),
        rig_test(a_name_that_points_at_another_terminal_is_opened_there),
        rig_test(a_transport_in_doubt_is_not_re_established_on_another_terminal),
        rig_test(a_terminal_that_another_host_holds_is_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
