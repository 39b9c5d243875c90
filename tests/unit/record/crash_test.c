/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A writer that is killed in the middle of its work, many times: whatever it acknowledged is there afterwards, and the
 * chain verifies. Reservations are acknowledged through a pipe by a child that uses the real clocks.
 */
#include "fixture.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

#include "modality/clock.h"

#define ROUNDS 20
#define ACKS_MAX 60

struct child {
    struct record *record;
    int pipe;
    int round, reserved, acknowledged;
};

static void child_done(void *userdata, int error)
{
    struct child *c = userdata;
    int number = c->acknowledged++;

    if (error != 0 || write(c->pipe, &number, sizeof(number)) != (ssize_t)sizeof(number))
        _exit(3);
}

static void child_reserve(struct child *c)
{
    struct ledger_entry e = fixture_entry("", "p1", "left");
    struct dose_amounts amounts = {.duration_ms = 1};
    char before[40];

    snprintf(e.session_id, sizeof(e.session_id), "r%d-%d", c->round, c->reserved);
    if (record_reserve(c->record, &e, child_done, c) < 0)
        return;
    /* Every third is settled at once: acknowledged reservations may be found settled as well. */
    snprintf(before, sizeof(before), "r%d-%d", c->round, c->reserved - 1);
    if (c->reserved % 3 == 2)
        record_settle(c->record, before, LEDGER_SETTLED, &amounts, NULL, NULL);
    record_audit(c->record, "set_point", NULL, e.session_id, json_pack("{s:i}", "to", c->reserved));
    if (c->reserved % 7 == 6)
        record_audit_head(c->record);
    c->reserved++;
}

static void child_main(struct fixture *f, int round, int out)
{
    struct record_settings settings = {.path = f->path, .head_path = f->head, .late_ms = 2000, .queue_max = 1000};
    struct child c = {.pipe = out, .round = round};

    if (record_open(&settings, &c.record, f->error, sizeof(f->error)) < 0)
        _exit(2);
    for (;;) {
        struct pollfd ready = {.fd = record_fd(c.record), .events = POLLIN};
        while (c.reserved - c.acknowledged < 3)
            child_reserve(&c);
        poll(&ready, 1, 100);
        record_dispatch(c.record);
    }
}

/* Kills the child after its n-th acknowledgement; returns how many it has given by then. */
static int run_and_kill(struct fixture *f, int round, int n)
{
    int ends[2], got = 0, number;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        close(ends[0]);
        child_main(f, round, ends[1]);
    }
    assert_true(child > 0);
    close(ends[1]);
    while (got < n) {
        assert_int_equal(read(ends[0], &number, sizeof(number)), sizeof(number));
        got++;
    }
    kill(child, SIGKILL);
    while (read(ends[0], &number, sizeof(number)) == (ssize_t)sizeof(number))
        got++;
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return got;
}

static void assert_all_there(struct fixture *f, int round, int acknowledged)
{
    char sql[160];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM ledger WHERE session_id GLOB 'r%d-*' AND "
             "CAST(substr(session_id, instr(session_id, '-') + 1) AS INTEGER) < %d",
             round, acknowledged);
    assert_int_equal(fixture_sql_integer(f, sql), acknowledged);
}

static void acknowledged_reservations_survive_kill_9(void **state)
{
    struct fixture *f = *state;
    struct record_settings settings = {.path = f->path, .head_path = f->head, .late_ms = 2000, .queue_max = 1000};

    for (int round = 0; round < ROUNDS; round++) {
        int acknowledged = run_and_kill(f, round, 1 + (round * 37) % ACKS_MAX), error;
        json_t *verified;
        size_t n;

        assert_int_equal(record_open(&settings, &f->record, f->error, sizeof(f->error)), 0);
        assert_false(record_audit_broken(f->record));
        assert_all_there(f, round, acknowledged);
        verified = fixture_ask(f, "audit.verify", NULL, &error);
        assert_true(json_is_true(json_object_get(verified, "ok")));
        json_decref(verified);
        assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM ledger WHERE state = 'open'"),
                         (record_open_entries(f->record, &n), n));
        /* Every reservation in the ledger is in the chain, and the other way round. */
        assert_int_equal(fixture_sql_integer(f, "SELECT (SELECT count(*) FROM ledger) - "
                                                "(SELECT count(*) FROM audit WHERE event = 'dose.reserved')"),
                         0);
        fixture_close(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(acknowledged_reservations_survive_kill_9, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
