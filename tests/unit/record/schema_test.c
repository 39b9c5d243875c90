/* SPDX-License-Identifier: Apache-2.0 */
/* A database of the first release under this daemon: nothing is lost, and a migration that is cut leaves a whole file.
 */
#include "fixture.h"

#include <signal.h>
#include <sys/wait.h>

#include "record/schema.h"

/* The head file of version1.sql. */
#define VERSION1_HEAD                                                                                                  \
    "{\"seq\":12,\"hash\":\"de844a74348bd8a17af263b4cec1d27cdcc35c5b0e09afe47f5b94c60e203fc4\",\"accepted_seq\":0,"    \
    "\"wall_ms\":1700000000000}\n"

static char *file_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text;
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    text = calloc(1, (size_t)size + 1);
    assert_int_equal(fread(text, 1, (size_t)size, file), (size_t)size);
    fclose(file);
    return text;
}

static void write_version1(struct fixture *f)
{
    char *sql = file_text(VERSION1_SQL);
    FILE *head = fopen(f->head, "we");

    unlink(f->path);
    fixture_sql(f, sql);
    free(sql);
    assert_non_null(head);
    fputs(VERSION1_HEAD, head);
    assert_int_equal(fclose(head), 0);
    assert_int_equal(fixture_sql_integer(f, "PRAGMA user_version"), 1);
}

static bool verified(struct fixture *f)
{
    int error;
    json_t *result = fixture_ask(f, "audit.verify", NULL, &error);
    bool ok = json_is_true(json_object_get(result, "ok"));

    json_decref(result);
    return ok;
}

#define NEW_COLUMNS                                                                                                    \
    "planned_cem43_ms + planned_cold_dose_millic_min + worst_cem43_ms + worst_cold_dose_millic_min + "                 \
    "delivered_cem43_ms + delivered_cold_dose_millic_min"

static void rows_of_version_1_are_kept(void **state)
{
    struct fixture *f = *state;
    struct dose_history h;
    size_t n;

    write_version1(f);
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(fixture_sql_integer(f, "PRAGMA user_version"), 4);
    assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM ledger"), 5);
    assert_int_equal(fixture_sql_integer(f, "SELECT sum(" NEW_COLUMNS ") FROM ledger"), 0);
    assert_int_equal(fixture_sql_integer(f, "SELECT sum(worst_duration_ms) FROM ledger"), 5 * 1200);
    assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM record") +
                         fixture_sql_integer(f, "SELECT count(*) FROM appended"),
                     2);
    assert_false(record_audit_broken(f->record));
    assert_true(verified(f));
    h = fixture_history(f, "p1", "left");
    assert_int_equal(h.session_count, 1);
    assert_int_equal(h.duration_ms, 900);
    assert_int_equal(h.cem43_ms, 0);
    record_open_entries(f->record, &n);
    assert_int_equal(n, 2);
    assert_string_equal(fixture_blocking(f, "p1", "elbow", "left"), "open");
    assert_string_equal(fixture_blocking(f, "p1", "hip", "left"), "unbounded");
}

static void rows_of_version_1_are_found_and_settled(void **state)
{
    struct fixture *f = *state;
    json_t *page;
    int error;

    write_version1(f);
    assert_int_equal(fixture_open(f), 0);
    fixture_settle(f, "open", LEDGER_CRASHED, -1);
    fixture_settle(f, "unbounded", LEDGER_REVIEWED, 1000);
    page = fixture_ask(f, "dose.history", json_pack("{s:s, s:s}", "patient_ref", "p1", "site", "hip"), &error);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
    json_decref(page);
    page = fixture_ask(f, "record.list", json_pack("{s:s}", "site", "knee"), &error);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 1);
    json_decref(page);
    assert_true(verified(f));
    fixture_reopen(f);
    assert_true(verified(f));
}

static void new_columns_are_guarded_like_the_old_ones(void **state)
{
    struct fixture *f = *state;
    static const char *const forbidden[] = {
        "UPDATE ledger SET places = 'thigh:left' WHERE session_id = 'open'",
        "UPDATE ledger SET worst_cem43_ms = 1 WHERE session_id = 'open'",
        "UPDATE ledger SET planned_cold_dose_millic_min = 1 WHERE session_id = 'open'",
        "UPDATE ledger SET worst_session_charge_uc = 1 WHERE session_id = 'open'",
        "UPDATE ledger SET planned_contraction_count = 1 WHERE session_id = 'open'",
        "UPDATE ledger SET delivered_iontophoresis_dose_ua_min = -1 WHERE session_id = 'open'",
        "UPDATE ledger SET therapy = 'cryo' WHERE session_id = 'open'",
        "UPDATE ledger SET delivered_cem43_ms = 1 WHERE session_id = 'settled'",
        "UPDATE ledger SET delivered_cem43_ms = -1 WHERE session_id = 'open'",
    };
    sqlite3 *db;

    write_version1(f);
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        assert_int_equal(sqlite3_exec(db, forbidden[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

/* What the chain of version 1 did not say must be nothing: an amount that was put there later shows. */
static void amounts_that_nobody_wrote_are_seen_by_verify(void **state)
{
    struct fixture *f = *state;
    static const char *const tampering[] = {
        "DROP TRIGGER ledger_settled; UPDATE ledger SET delivered_cem43_ms = 1 WHERE session_id = 'settled'",
        "DROP TRIGGER ledger_settled; UPDATE ledger SET delivered_contraction_count = 9 WHERE session_id = 'settled'",
        ("DROP TRIGGER ledger_settled; DROP TRIGGER ledger_reserved; "
         "UPDATE ledger SET places = 'knee:left hip:left' WHERE session_id = 'settled'"),
    };

    for (size_t i = 0; i < sizeof(tampering) / sizeof(tampering[0]); i++) {
        write_version1(f);
        assert_int_equal(fixture_open(f), 0);
        assert_true(verified(f));
        fixture_sql(f, tampering[i]);
        assert_false(verified(f));
        fixture_close(f);
    }
}

static int steps_left;

static int die_at_last_step(void *userdata)
{
    (void)userdata;
    return --steps_left > 0 ? 0 : raise(SIGKILL);
}

/* Migrates in a process that is killed after so many steps of SQLite's machine: true when it lived to the end. */
static bool migrate_and_die(struct fixture *f, int steps)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        char why[256];
        sqlite3 *db;
        steps_left = steps;
        if (sqlite3_open(f->path, &db) != SQLITE_OK)
            _exit(2);
        sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", NULL, NULL, NULL);
        sqlite3_progress_handler(db, 1, die_at_last_step, NULL);
        _exit(schema_migrate(db, why, sizeof(why)) < 0 ? 3 : 0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return WIFEXITED(status);
}

static void a_cut_migration_leaves_a_whole_file(void **state)
{
    struct fixture *f = *state;
    int cuts = 0;

    write_version1(f);
    for (int steps = 1; !migrate_and_die(f, steps); steps += 1 + steps / 6) {
        cuts++;
        const int64_t version = fixture_sql_integer(f, "PRAGMA user_version");
        assert_in_range(version, 1, 3); /* cut in the first of three steps, or in a later one */
        assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM pragma_table_info('ledger') "
                                                "WHERE name = 'places' OR name LIKE '%cem43%' OR name LIKE '%cold%'"),
                         version == 1 ? 0 : 7);
        assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM pragma_table_info('ledger') "
                                                "WHERE name LIKE '%session_charge%' OR name LIKE '%contraction_count'"),
                         version < 3 ? 0 : 6);
        assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM ledger"), 5);
        assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM sqlite_master WHERE name = 'ledger_reserved'"),
                         1);
    }
    assert_true(cuts > 10);
    assert_int_equal(fixture_open(f), 0);
    assert_true(verified(f));
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 900);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IT(rows_of_version_1_are_kept),
        IT(rows_of_version_1_are_found_and_settled),
        IT(new_columns_are_guarded_like_the_old_ones),
        IT(amounts_that_nobody_wrote_are_seen_by_verify),
        IT(a_cut_migration_leaves_a_whole_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
