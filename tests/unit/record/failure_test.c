/* SPDX-License-Identifier: Apache-2.0 */
/* Disks that are full, failing, stuck or gone; queues that overflow; a second daemon on one database. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "faulty_disk.h"

#include "modality/clock.h"

static int setup(void **state)
{
    faulty_disk_set(DISK_WORKS);
    return fixture_setup(state);
}

static int teardown(void **state)
{
    faulty_disk_set(DISK_WORKS);
    return fixture_teardown(state);
}

static void assert_verified(struct fixture *f)
{
    int error;
    json_t *result = fixture_ask(f, "audit.verify", NULL, &error);

    assert_int_equal(error, 0);
    assert_true(json_is_true(json_object_get(result, "ok")));
    json_decref(result);
}

static int64_t events(struct fixture *f, const char *event)
{
    char sql[160];

    fixture_flush(f);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit WHERE event = '%s'", event);
    return fixture_sql_integer(f, sql);
}

static void reservation_fails_and_writing_recovers(struct fixture *f, enum disk disk, const char *reason)
{
    struct ledger_entry e = fixture_entry("s1", "p1", "left"), again = fixture_entry("s2", "p1", "left");
    struct waited waited = {0};
    char why[256];

    assert_int_equal(fixture_open(f), 0);
    faulty_disk_set(disk);
    assert_int_equal(record_reserve(f->record, &e, waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, -EIO);
    assert_int_equal(record_health(f->record, why, sizeof(why)), RECORD_FAILED);
    assert_non_null(strstr(why, reason));
    assert_memory_equal(why, "failed: ", 8); /* not late: whoever reads the alarm looks at the disk, not at the load */
    assert_null(fixture_blocking(f, "p1", "knee", "left"));
    assert_int_equal(fixture_history(f, "p1", "left").session_count, 0);
    /* Another one is tried at once, not after the retry's time. */
    assert_int_equal(record_reserve(f->record, &again, waited_done, &waited), 0);
    fixture_wait(f, &waited, 2);
    assert_int_equal(waited.error, -EIO);
    faulty_disk_set(DISK_WORKS);
    fixture_wait_health(f, RECORD_OK);
    assert_int_equal(events(f, "dose.reserved"), 0);
    assert_int_equal(events(f, "records.recovered"), 1);
    fixture_reserve(f, &again);
    assert_verified(f);
}

static void full_disk_fails_reservations_and_recovers(void **state)
{
    reservation_fails_and_writing_recovers(*state, DISK_FULL, "full");
}

static void write_error_fails_reservations_and_recovers(void **state)
{
    reservation_fails_and_writing_recovers(*state, DISK_WRITE_ERROR, "I/O");
}

static void sync_error_fails_reservations_and_recovers(void **state)
{
    reservation_fails_and_writing_recovers(*state, DISK_SYNC_ERROR, "I/O");
}

static void facts_wait_in_order_for_the_disk(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct dose_amounts amounts = {.duration_ms = 800};
    struct waited settled = {0}, finished = {0};

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &e);
    faulty_disk_set(DISK_FULL);
    assert_int_equal(record_audit(f->record, "first", NULL, "s1", NULL), 0);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_SETTLED, &amounts, waited_done, &settled), 0);
    assert_int_equal(record_audit(f->record, "second", NULL, "s1", NULL), 0);
    assert_int_equal(record_finish(f->record, "s1", json_pack("{s:s}", "patient_ref", "p1"), waited_done, &finished),
                     0);
    assert_int_equal(record_audit(f->record, "third", NULL, "s1", NULL), 0);
    fixture_wait_health(f, RECORD_FAILED);
    assert_int_equal(settled.told, 0);
    faulty_disk_set(DISK_WORKS);
    fixture_wait(f, &finished, 1);
    assert_int_equal(settled.told, 1);
    assert_int_equal(settled.error, 0);
    assert_int_equal(finished.error, 0);
    fixture_flush(f);
    assert_int_equal(fixture_sql_integer(f, "SELECT group_concat(event) = 'dose.reserved,first,dose.settled,second,"
                                            "record.finished,third' FROM (SELECT event FROM audit WHERE event <> "
                                            "'records.recovered' ORDER BY seq)"),
                     1);
    assert_verified(f);
    fixture_reopen(f);
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 800);
}

static void addition_is_told_of_failure_and_not_written_later(void **state)
{
    struct fixture *f = *state;
    struct audit_actor actor = {.uid = 1000, .operator_id = "op-1"};
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct waited waited = {0};

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &e);
    faulty_disk_set(DISK_FULL);
    assert_int_equal(
        record_append(f->record, "s1", "note", &actor, json_pack("{s:s}", "text", "x"), waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, -EIO);
    faulty_disk_set(DISK_WORKS);
    fixture_wait_health(f, RECORD_OK);
    assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM appended"), 0);
}

static void stuck_disk_is_late_then_well(void **state)
{
    struct fixture *f = *state;
    char why[256];

    f->late_ms = 50;
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(record_health(f->record, why, sizeof(why)), RECORD_OK);
    assert_string_equal(why, "");
    faulty_disk_set(DISK_STUCK);
    record_audit(f->record, "x", NULL, NULL, NULL);
    fixture_wait_health(f, RECORD_LATE);
    faulty_disk_set(DISK_WORKS);
    fixture_wait_health(f, RECORD_OK);
}

static void nothing_is_acknowledged_before_it_is_synced(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct waited waited = {0};

    f->late_ms = 50;
    assert_int_equal(fixture_open(f), 0);
    faulty_disk_set(DISK_STUCK);
    assert_int_equal(record_reserve(f->record, &e, waited_done, &waited), 0);
    fixture_wait_health(f, RECORD_LATE);
    assert_int_equal(waited.told, 0);
    faulty_disk_set(DISK_WORKS);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, 0);
}

static void full_queue_keeps_room_for_facts_and_counts_what_is_lost(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct waited waited = {0};
    int taken = 0, lost = 0;
    char why[256];

    f->queue_max = 40;
    assert_int_equal(fixture_open(f), 0);
    faulty_disk_set(DISK_STUCK);
    while (record_health(f->record, why, sizeof(why)) != RECORD_FULL) {
        assert_int_equal(record_audit(f->record, "x", NULL, NULL, NULL), 0);
        taken++;
    }
    assert_int_equal(taken, 30);
    assert_int_equal(record_reserve(f->record, &e, waited_done, &waited), -EAGAIN);
    assert_int_equal(fixture_history(f, "p1", "left").session_count, 0);
    while (record_audit(f->record, "x", NULL, NULL, NULL) == 0)
        taken++;
    assert_int_equal(taken, 40);
    for (lost = 1; lost < 5; lost++)
        assert_int_equal(record_audit(f->record, "x", NULL, NULL, NULL), -EAGAIN);
    faulty_disk_set(DISK_WORKS);
    fixture_wait_health(f, RECORD_OK);
    assert_int_equal(record_audit(f->record, "after", NULL, NULL, NULL), 0);
    assert_int_equal(events(f, "x"), taken);
    assert_int_equal(fixture_sql_integer(f, "SELECT json_extract(detail, '$.count') FROM audit WHERE event = "
                                            "'audit.lost'"),
                     lost);
    assert_int_equal(fixture_sql_integer(f, "SELECT event = 'after' FROM audit ORDER BY seq DESC LIMIT 1"), 1);
    assert_verified(f);
}

static void byte_cap_of_the_queue_holds(void **state)
{
    struct fixture *f = *state;
    char *text = calloc(1, 200001);
    int taken = 0;

    assert_non_null(text);
    memset(text, 'a', 200000);
    assert_int_equal(fixture_open(f), 0);
    faulty_disk_set(DISK_STUCK);
    while (record_audit(f->record, "x", NULL, NULL, json_pack("{s:s}", "t", text)) == 0)
        taken++;
    assert_in_range(taken, 40, 42); /* 8 MiB of 200 kB */
    free(text);
    text = calloc(1, 300001);
    assert_non_null(text);
    memset(text, 'a', 300000);
    assert_int_equal(record_audit(f->record, "x", NULL, NULL, json_pack("{s:s}", "t", text)), -E2BIG);
    free(text);
}

static void head_that_cannot_be_written_is_a_failure(void **state)
{
    struct fixture *f = *state;
    char folder[128], why[256];

    snprintf(folder, sizeof(folder), "%s/heads", f->folder);
    snprintf(f->head, sizeof(f->head), "%s/audit.head", folder);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(unlink(f->head), 0);
    assert_int_equal(rmdir(folder), 0);
    record_audit(f->record, "x", NULL, NULL, NULL);
    assert_int_equal(record_audit_head(f->record), 0);
    fixture_wait_health(f, RECORD_FAILED);
    record_health(f->record, why, sizeof(why));
    assert_non_null(strstr(why, "audit.head"));
    assert_int_equal(mkdir(folder, 0700), 0);
    fixture_wait_health(f, RECORD_OK);
    fixture_flush(f);
    assert_int_equal(access(f->head, R_OK), 0);
    assert_int_equal(events(f, "x"), 1);
}

static void moved_database_is_a_failure(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct waited waited = {0};
    char elsewhere[160];

    snprintf(elsewhere, sizeof(elsewhere), "%s.moved", f->path);
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(rename(f->path, elsewhere), 0);
    assert_int_equal(record_reserve(f->record, &e, waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, -EIO);
    assert_int_equal(rename(elsewhere, f->path), 0);
    fixture_wait_health(f, RECORD_OK);
}

static void closing_on_a_dead_disk_is_bounded(void **state)
{
    struct fixture *f = *state;
    int64_t from_ns;

    assert_int_equal(fixture_open(f), 0);
    faulty_disk_set(DISK_FULL);
    record_audit(f->record, "to_the_journal", NULL, NULL, NULL);
    from_ns = clock_monotonic_ns();
    fixture_close(f);
    assert_in_range(clock_monotonic_ns() - from_ns, 1 * NS_PER_S, 3 * NS_PER_S);
}

/* In a process of its own: the thread that hangs in the disk is left behind, with all that it uses. */
static void closing_on_a_stuck_disk_is_bounded(void **state)
{
    struct fixture *f = *state;
    int64_t from_ns = clock_monotonic_ns();
    pid_t child = fork();
    int status;

    assert_true(child >= 0);
    if (child == 0) {
        if (fixture_open(f) < 0)
            _exit(1);
        faulty_disk_set(DISK_STUCK);
        record_audit(f->record, "x", NULL, NULL, NULL);
        fixture_close(f);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_in_range(clock_monotonic_ns() - from_ns, 2 * NS_PER_S, 5 * NS_PER_S);
    /* The lock went with the process. */
    assert_int_equal(fixture_open(f), 0);
}

static void closing_flushes_what_waits(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    for (int i = 0; i < 500; i++)
        assert_int_equal(record_audit(f->record, "x", NULL, NULL, NULL), 0);
    fixture_reopen(f);
    assert_int_equal(events(f, "x"), 500);
}

static void second_daemon_is_refused_with_the_first_ones_pid(void **state)
{
    struct fixture *f = *state;
    struct fixture second = *f;
    char pid[32];

    assert_int_equal(fixture_open(f), 0);
    second.clock.userdata = &second;
    assert_int_equal(fixture_open(&second), -EADDRINUSE);
    snprintf(pid, sizeof(pid), "process %d", (int)getpid());
    assert_non_null(strstr(second.error, pid));
    assert_non_null(strstr(second.error, f->path));
    fixture_close(f);
    second.record = NULL;
    assert_int_equal(fixture_open(&second), 0);
    fixture_close(&second);
}

static void open_says_what_is_wrong(void **state)
{
    struct fixture *f = *state;
    FILE *file;

    snprintf(f->path, sizeof(f->path), "%s/nowhere/db", f->folder);
    assert_int_equal(fixture_open(f), -ENOENT);
    assert_non_null(strstr(f->error, "nowhere"));
    snprintf(f->path, sizeof(f->path), "%s/garbage", f->folder);
    file = fopen(f->path, "w");
    assert_non_null(file);
    for (int i = 0; i < 500; i++)
        fputs("this is not a database\n", file);
    fclose(file);
    assert_int_equal(fixture_open(f), -EIO);
    assert_non_null(strstr(f->error, "not a database"));
}

static void newer_schema_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    fixture_close(f);
    fixture_sql(f, "PRAGMA user_version = 99");
    assert_int_equal(fixture_open(f), -EPROTO);
    assert_non_null(strstr(f->error, "99"));
}

/* A real file system with no room, where this user may mount one. */
static void full_file_system_fails_and_recovers(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct waited waited = {0};
    char ballast[128], data[4096] = {1};
    int fd;

    if (mount("none", f->folder, "tmpfs", 0, "size=1m") < 0)
        skip();
    snprintf(ballast, sizeof(ballast), "%s/ballast", f->folder);
    assert_int_equal(fixture_open(f), 0);
    fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    while (write(fd, data, sizeof(data)) > 0)
        continue;
    close(fd);
    assert_int_equal(record_reserve(f->record, &e, waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, -EIO);
    assert_int_equal(record_audit(f->record, "kept", NULL, NULL, NULL), 0);
    fixture_wait_health(f, RECORD_FAILED);
    assert_int_equal(unlink(ballast), 0);
    fixture_wait_health(f, RECORD_OK);
    fixture_reserve(f, &e);
    assert_int_equal(events(f, "kept"), 1);
    assert_verified(f);
    fixture_close(f);
    /* Mounted again read-only: the refusal says so. */
    assert_int_equal(mount("none", f->folder, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m"), 0);
    assert_int_equal(fixture_open(f), -EROFS);
    assert_int_equal(umount(f->folder), 0);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        IT(full_disk_fails_reservations_and_recovers),
        IT(write_error_fails_reservations_and_recovers),
        IT(sync_error_fails_reservations_and_recovers),
        IT(facts_wait_in_order_for_the_disk),
        IT(addition_is_told_of_failure_and_not_written_later),
        IT(stuck_disk_is_late_then_well),
        IT(nothing_is_acknowledged_before_it_is_synced),
        IT(full_queue_keeps_room_for_facts_and_counts_what_is_lost),
        IT(byte_cap_of_the_queue_holds),
        IT(head_that_cannot_be_written_is_a_failure),
        IT(moved_database_is_a_failure),
        IT(closing_on_a_dead_disk_is_bounded),
        IT(closing_on_a_stuck_disk_is_bounded),
        IT(closing_flushes_what_waits),
        IT(second_daemon_is_refused_with_the_first_ones_pid),
        IT(open_says_what_is_wrong),
        IT(newer_schema_is_refused),
        IT(full_file_system_fails_and_recovers),
    };
    faulty_disk_install();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
