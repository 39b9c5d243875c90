/* SPDX-License-Identifier: Apache-2.0 */
/* The audit chain: every entry hashed, every change, gap and cut seen, at start and by audit.verify. */
#include "fixture.h"

#include "record/chain.h"

static void append(struct fixture *f, int n)
{
    struct audit_actor actor = {.uid = 1000, .operator_id = "op-1", .operator_name = "A. Therapist"};

    for (int i = 0; i < n; i++)
        assert_int_equal(record_audit(f->record, "set_point", i % 2 ? &actor : NULL, i % 3 ? "s1" : NULL,
                                      json_pack("{s:i, s:i}", "to", i + 1, "from", i)),
                         0);
    fixture_flush(f);
}

static json_t *verify(struct fixture *f)
{
    int error;
    json_t *result = fixture_ask(f, "audit.verify", NULL, &error);

    assert_int_equal(error, 0);
    return result;
}

static int64_t integer(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void expect_bad(struct fixture *f, int64_t first_bad)
{
    json_t *result = verify(f);

    assert_true(json_is_false(json_object_get(result, "ok")));
    assert_int_equal(integer(result, "first_bad"), first_bad);
    assert_non_null(json_object_get(result, "why"));
    json_decref(result);
}

static void entries_form_a_chain(void **state)
{
    struct fixture *f = *state;
    json_t *result;

    assert_int_equal(fixture_open(f), 0);
    append(f, 20);
    result = verify(f);
    assert_true(json_is_true(json_object_get(result, "ok")));
    assert_int_equal(integer(result, "entries"), 20);
    assert_int_equal(integer(result, "head_seq"), 20);
    assert_int_equal(strlen(json_string_value(json_object_get(result, "head_hash"))), 64);
    assert_null(json_object_get(result, "first_bad"));
    json_decref(result);
    assert_false(record_audit_broken(f->record));
}

/* Made with Python's hashlib.blake2b from the description in chain.h. */
static void hash_matches_its_description(void **state)
{
    struct chain_entry entry = {.wall_ms = 1700000000123,
                                .boot_ns = 42,
                                .uid = 1000,
                                .boot_id = "b",
                                .operator_id = "op-1",
                                .operator_name = NULL,
                                .event = "start",
                                .session_id = "",
                                .detail = "{\"a\":1}"};
    unsigned char prev[CHAIN_HASH], out[CHAIN_HASH];
    char hex[CHAIN_HEX];

    (void)state;
    memset(prev, 0xAB, sizeof(prev));
    chain_hash(&entry, 7, prev, out);
    chain_hex(out, hex);
    assert_string_equal(hex, "a08fde3166cd688674bdca7067040e45337166a351526ab8466a9c4c7c7f70be");
}

static void table_refuses_changes(void **state)
{
    struct fixture *f = *state;
    static const char *const forbidden[] = {
        "UPDATE audit SET event = 'x' WHERE seq = 1",
        "DELETE FROM audit WHERE seq = 3",
        "INSERT OR REPLACE INTO audit SELECT 1, wall_ms, boot_id, boot_ns, uid, NULL, NULL, 'x', NULL, '{}', prev, "
        "hash FROM audit WHERE seq = 2",
        "INSERT INTO audit SELECT 9, wall_ms, boot_id, boot_ns, uid, NULL, NULL, 'x', NULL, '{}', prev, hash FROM "
        "audit WHERE seq = 2",
    };
    sqlite3 *db;

    assert_int_equal(fixture_open(f), 0);
    append(f, 3);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        assert_int_equal(sqlite3_exec(db, forbidden[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

static void changed_entry_is_seen_by_verify(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    append(f, 10);
    fixture_sql(f, "DROP TRIGGER audit_update; UPDATE audit SET detail = '{\"from\":4,\"to\":50}' WHERE seq = 5");
    expect_bad(f, 5);
    assert_true(record_audit_broken(f->record));
}

static void removed_entry_is_seen_by_verify(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    append(f, 10);
    fixture_sql(f, "DROP TRIGGER audit_delete; DELETE FROM audit WHERE seq = 4");
    expect_bad(f, 4);
}

static void cut_end_is_seen_at_start(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    append(f, 10);
    fixture_close(f); /* writes the head */
    fixture_sql(f, "DROP TRIGGER audit_delete; DELETE FROM audit WHERE seq > 8");
    assert_int_equal(fixture_open(f), 0);
    assert_true(record_audit_broken(f->record));
    expect_bad(f, 10); /* 9 is the entry that says so */
}

/* The head as a crash leaves it: older than the last entry. */
static void change_after_the_head_is_seen_at_start(void **state)
{
    struct fixture *f = *state;
    char crashed[160];

    assert_int_equal(fixture_open(f), 0);
    append(f, 10);
    assert_int_equal(record_audit_head(f->record), 0);
    append(f, 5);
    snprintf(crashed, sizeof(crashed), "%s.crashed", f->head);
    assert_int_equal(link(f->head, crashed), 0);
    fixture_close(f);
    assert_int_equal(rename(crashed, f->head), 0);
    assert_int_equal(fixture_open(f), 0);
    assert_false(record_audit_broken(f->record));
    assert_int_equal(link(f->head, crashed), 0);
    fixture_close(f);
    assert_int_equal(rename(crashed, f->head), 0);
    fixture_sql(f, "DROP TRIGGER audit_update; UPDATE audit SET uid = 4242 WHERE seq = 14");
    assert_int_equal(fixture_open(f), 0);
    assert_true(record_audit_broken(f->record));
}

static void rewritten_chain_does_not_match_the_head(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    append(f, 3);
    fixture_close(f);
    fixture_sql(f, "DROP TRIGGER audit_update; UPDATE audit SET hash = randomblob(32) WHERE seq = 3");
    assert_int_equal(fixture_open(f), 0);
    assert_true(record_audit_broken(f->record));
}

static void missing_or_damaged_head_is_broken(void **state)
{
    struct fixture *f = *state;
    FILE *file;

    assert_int_equal(fixture_open(f), 0);
    append(f, 3);
    fixture_close(f);
    assert_int_equal(unlink(f->head), 0);
    assert_int_equal(fixture_open(f), 0);
    assert_true(record_audit_broken(f->record));
    fixture_close(f);
    file = fopen(f->head, "w");
    assert_non_null(file);
    fputs("{\"seq\":3}\n", file);
    fclose(file);
    assert_int_equal(fixture_open(f), 0);
    assert_true(record_audit_broken(f->record));
}

static void lost_database_does_not_match_the_head(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    append(f, 3);
    fixture_close(f);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(fixture_open(f), 0);
    assert_true(record_audit_broken(f->record));
}

static void broken_stays_until_a_person_accepts(void **state)
{
    struct fixture *f = *state;
    struct audit_actor engineer = {.uid = 1001, .operator_id = "eng-1", .operator_name = "E"};
    struct waited waited = {0};

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(record_audit_accept(f->record, &engineer, "nothing", waited_done, &waited), -EINVAL);
    append(f, 10);
    fixture_close(f);
    fixture_sql(f, "DROP TRIGGER audit_delete; DELETE FROM audit WHERE seq > 8");
    fixture_reopen(f);
    assert_true(record_audit_broken(f->record));
    fixture_reopen(f);
    assert_true(record_audit_broken(f->record));
    assert_int_equal(record_audit_accept(f->record, &engineer, "disk replaced", waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, 0);
    assert_false(record_audit_broken(f->record));
    fixture_reopen(f);
    assert_false(record_audit_broken(f->record));
}

/* An entry before the last head: only a look at the whole chain finds it. */
static void what_verify_found_outlives_a_restart_until_accepted(void **state)
{
    struct fixture *f = *state;
    struct audit_actor engineer = {.uid = 1001, .operator_id = "eng-1", .operator_name = "E"};
    struct waited waited = {0};
    int64_t uid;

    assert_int_equal(fixture_open(f), 0);
    append(f, 10);
    uid = fixture_sql_integer(f, "SELECT uid FROM audit WHERE seq = 5");
    fixture_sql(f, "DROP TRIGGER audit_update; UPDATE audit SET uid = 4242 WHERE seq = 5");
    expect_bad(f, 5);
    fixture_close(f);
    /* Put right again behind the daemon's back: nothing but the verdict is left to say it. */
    char sql[96];
    snprintf(sql, sizeof(sql), "UPDATE audit SET uid = %lld WHERE seq = 5", (long long)uid);
    fixture_sql(f, sql);
    assert_int_equal(fixture_open(f), 0);
    assert_true(record_audit_broken(f->record));
    assert_int_equal(record_audit_accept(f->record, &engineer, "seen", waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    fixture_reopen(f);
    assert_false(record_audit_broken(f->record));
}

static void change_before_the_head_is_found_after_the_start_without_being_asked(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    append(f, 300);
    fixture_close(f);
    fixture_sql(f, "DROP TRIGGER audit_update; UPDATE audit SET uid = 4242 WHERE seq = 5");
    assert_int_equal(fixture_open(f), 0);
    fixture_flush(f);
    for (int i = 0; i < 10000 && !record_audit_broken(f->record); i++)
        fixture_flush(f);
    assert_true(record_audit_broken(f->record));
    for (int i = 0; i < 100; i++)
        fixture_flush(f);
    assert_int_equal(fixture_sql_integer(f, "SELECT count(*) FROM audit WHERE event = 'audit.broken'"), 1);
}

static void accepted_damage_is_shown_but_not_broken_again(void **state)
{
    struct fixture *f = *state;
    struct audit_actor engineer = {.uid = 1001, .operator_id = "eng-1"};
    struct waited waited = {0};

    assert_int_equal(fixture_open(f), 0);
    append(f, 10);
    fixture_sql(f, "DROP TRIGGER audit_update; UPDATE audit SET uid = 4242 WHERE seq = 5");
    expect_bad(f, 5);
    assert_int_equal(record_audit_accept(f->record, &engineer, "seen", waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    expect_bad(f, 5);
    assert_false(record_audit_broken(f->record));
}

static void foreign_entry_breaks_the_chain_but_not_the_writing(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    append(f, 3);
    fixture_sql(f, "INSERT INTO audit SELECT 4, wall_ms, boot_id, boot_ns, uid, NULL, NULL, 'x', NULL, '{}', hash, "
                   "randomblob(32) FROM audit WHERE seq = 3");
    append(f, 3);
    fixture_wait_health(f, RECORD_OK);
    assert_true(record_audit_broken(f->record));
    expect_bad(f, 4);
}

static void tail_pages_newest_first_and_follows(void **state)
{
    struct fixture *f = *state;
    int error;
    json_t *page, *next;

    assert_int_equal(fixture_open(f), 0);
    append(f, 10);
    page = fixture_ask(f, "audit.tail", json_pack("{s:i}", "limit", 4), &error);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 4);
    assert_int_equal(integer(json_array_get(json_object_get(page, "items"), 0), "seq"), 10);
    next = fixture_ask(f, "audit.tail",
                       json_pack("{s:i, s:O}", "limit", 50, "cursor", json_object_get(page, "next_cursor")), &error);
    assert_int_equal(json_array_size(json_object_get(next, "items")), 6);
    assert_null(json_object_get(next, "next_cursor"));
    json_decref(page);
    json_decref(next);
    page = fixture_ask(f, "audit.tail", json_pack("{s:i}", "since_seq", 7), &error);
    assert_int_equal(json_array_size(json_object_get(page, "items")), 3);
    assert_int_equal(integer(json_array_get(json_object_get(page, "items"), 0), "seq"), 8);
    json_decref(page);
}

static void last_start_resumes_the_chain(void **state)
{
    struct fixture *f = *state;
    json_t *result;

    assert_int_equal(fixture_open(f), 0);
    append(f, 5);
    fixture_reopen(f);
    append(f, 5);
    result = verify(f);
    assert_true(json_is_true(json_object_get(result, "ok")));
    assert_int_equal(integer(result, "entries"), 10);
    json_decref(result);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IT(entries_form_a_chain),
        cmocka_unit_test(hash_matches_its_description),
        IT(table_refuses_changes),
        IT(changed_entry_is_seen_by_verify),
        IT(removed_entry_is_seen_by_verify),
        IT(cut_end_is_seen_at_start),
        IT(change_after_the_head_is_seen_at_start),
        IT(rewritten_chain_does_not_match_the_head),
        IT(missing_or_damaged_head_is_broken),
        IT(lost_database_does_not_match_the_head),
        IT(broken_stays_until_a_person_accepts),
        IT(what_verify_found_outlives_a_restart_until_accepted),
        IT(change_before_the_head_is_found_after_the_start_without_being_asked),
        IT(accepted_damage_is_shown_but_not_broken_again),
        IT(foreign_entry_breaks_the_chain_but_not_the_writing),
        IT(tail_pages_newest_first_and_follows),
        IT(last_start_resumes_the_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
