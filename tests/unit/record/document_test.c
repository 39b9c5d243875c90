/* SPDX-License-Identifier: Apache-2.0 */
/* Records and what is added to them, lists, pages, exports, incidents, dose history and backup. */
#include "fixture.h"

#include <sys/stat.h>

static const struct audit_actor therapist = {.uid = 1000, .operator_id = "op-1", .operator_name = "A. Therapist"};

static json_t *document(const char *patient, int n)
{
    return json_pack("{s:{s:s, s:s, s:{s:s}, s:{s:s, s:s}}, s:I, s:{s:s}, s:b, s:i}", "request", "patient_ref", patient,
                     "course_id", n % 2 ? "c1" : "c2", "operator", "id", n % 3 ? "op-1" : "op-2", "target", "site",
                     n % 5 ? "knee" : "elbow", "side", "left", "ended_at_ms", (json_int_t)(FIXTURE_T0 + n), "end",
                     "reason", "time", "simulated", 1, "n", n);
}

static int finish(struct fixture *f, const char *session_id, json_t *body)
{
    struct waited waited = {0};
    int rc = record_finish(f->record, session_id, body, waited_done, &waited);

    if (rc < 0)
        return rc;
    fixture_wait(f, &waited, 1);
    return waited.error;
}

static int append(struct fixture *f, const char *session_id, const char *kind, json_t *body)
{
    struct waited waited = {0};
    int rc = record_append(f->record, session_id, kind, &therapist, body, waited_done, &waited);

    if (rc < 0)
        return rc;
    fixture_wait(f, &waited, 1);
    return waited.error;
}

static void fill(struct fixture *f, int n)
{
    char session_id[40];

    for (int i = 0; i < n; i++) {
        snprintf(session_id, sizeof(session_id), "s%03d", i);
        assert_int_equal(finish(f, session_id, document(i % 4 ? "p1" : "p2", i)), 0);
    }
}

static const json_t *items(const json_t *page)
{
    return json_object_get(page, "items");
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    assert_non_null(text);
    return text;
}

/* Walks all pages and counts the items; bounds each page. */
static size_t walk(struct fixture *f, const char *kind, json_t *parameters, const char *array)
{
    size_t n = 0;
    json_t *page;
    int error;

    for (;;) {
        page = fixture_ask(f, kind, json_deep_copy(parameters), &error);
        assert_int_equal(error, 0);
        assert_true(json_dumpb(page, NULL, 0, JSON_COMPACT) < 2U * 1024 * 1024);
        n += json_array_size(json_object_get(page, array));
        if (!json_object_get(page, "next_cursor"))
            break;
        assert_true(json_array_size(json_object_get(page, array)) > 0);
        json_object_set(parameters, "cursor", json_object_get(page, "next_cursor"));
        json_decref(page);
    }
    json_decref(page);
    json_decref(parameters);
    return n;
}

static void finished_record_never_changes(void **state)
{
    struct fixture *f = *state;
    sqlite3 *db;

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(finish(f, "s1", document("p1", 1)), 0);
    assert_int_equal(finish(f, "s1", document("p1", 2)), -EEXIST);
    assert_int_equal(finish(f, "s2", json_array()), -EINVAL);
    assert_int_equal(fixture_sql_integer(f, "SELECT json_extract(document, '$.n') FROM record"), 1);
    assert_int_equal(fixture_sql_integer(f, "SELECT json_extract(document, '$.schema_version') FROM record"), 1);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "UPDATE record SET document = '{}'", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "DELETE FROM record", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    assert_int_equal(sqlite3_exec(db, "REPLACE INTO record SELECT * FROM record", NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

static void record_comes_back_with_its_additions(void **state)
{
    struct fixture *f = *state;
    json_t *got, *added;
    int error;

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(finish(f, "s1", document("p1", 1)), 0);
    assert_int_equal(append(f, "s1", "note", json_pack("{s:s}", "text", "skin pink")), 0);
    assert_int_equal(append(f, "s1", "incident", json_pack("{s:s, s:s}", "id", "i-1", "harm", "redness")), 0);
    got = fixture_ask(f, "record.get", json_pack("{s:s}", "session_id", "s1"), &error);
    assert_int_equal(error, 0);
    assert_true(json_is_true(json_object_get(got, "intact")));
    assert_int_equal(json_integer_value(json_object_get(json_object_get(got, "document"), "n")), 1);
    added = json_object_get(got, "appended");
    assert_int_equal(json_array_size(added), 2);
    assert_string_equal(text_of(json_array_get(added, 0), "kind"), "note");
    assert_string_equal(text_of(json_array_get(added, 0), "operator_id"), "op-1");
    assert_null(json_object_get(json_array_get(added, 0), "frozen_hash"));
    assert_string_equal(text_of(json_array_get(added, 1), "id"), "i-1");
    assert_string_equal(text_of(json_array_get(added, 1), "frozen_hash"), text_of(got, "hash"));
    json_decref(got);
    assert_null(fixture_ask(f, "record.get", json_pack("{s:s}", "session_id", "nobody"), &error));
    assert_int_equal(error, -ENOENT);
}

static void changed_document_is_not_intact(void **state)
{
    struct fixture *f = *state;
    json_t *got;
    int error;

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(finish(f, "s1", document("p1", 1)), 0);
    fixture_sql(f, "DROP TRIGGER record_update; UPDATE record SET document = replace(document, 'p1', 'p9')");
    got = fixture_ask(f, "record.get", json_pack("{s:s}", "session_id", "s1"), &error);
    assert_true(json_is_false(json_object_get(got, "intact")));
    json_decref(got);
    got = fixture_ask(f, "audit.verify", NULL, &error);
    assert_true(json_is_false(json_object_get(got, "ok")));
    assert_non_null(strstr(text_of(got, "why"), "s1"));
    json_decref(got);
}

static void forged_record_is_seen_by_verify(void **state)
{
    struct fixture *f = *state;
    json_t *got;
    int error;

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(finish(f, "s1", document("p1", 1)), 0);
    fixture_sql(f, "INSERT INTO record SELECT 's2', patient_ref, site, side, course_id, operator_id, ended_wall_ms, "
                   "end_reason, simulated, hash, document FROM record");
    got = fixture_ask(f, "audit.verify", NULL, &error);
    assert_true(json_is_false(json_object_get(got, "ok")));
    assert_int_equal(json_integer_value(json_object_get(got, "unknown_rows")), 1);
    json_decref(got);
}

static void additions_need_a_session_a_kind_and_a_free_id(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("running", "p1", "left");

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(append(f, "nobody", "note", json_object()), -ENOENT);
    assert_int_equal(append(f, "nobody", "remark", json_object()), -EINVAL);
    assert_int_equal(append(f, NULL, "note", json_object()), -EINVAL);
    assert_int_equal(append(f, "nobody", "note", json_array()), -EINVAL);
    fixture_reserve(f, &e);
    assert_int_equal(append(f, "running", "observation", json_pack("{s:s, s:i}", "id", "x", "pain", 3)), 0);
    assert_int_equal(append(f, "running", "observation", json_pack("{s:s, s:i}", "id", "x", "pain", 4)), -EEXIST);
    assert_int_equal(append(f, NULL, "incident", json_pack("{s:s}", "harm", "none")), 0);
}

static void list_filters_and_pages_newest_first(void **state)
{
    struct fixture *f = *state;
    json_t *page;
    int error;

    assert_int_equal(fixture_open(f), 0);
    fill(f, 60);
    page = fixture_ask(f, "record.list", NULL, &error);
    assert_int_equal(json_array_size(items(page)), 50);
    assert_string_equal(text_of(json_array_get(items(page), 0), "session_id"), "s059");
    assert_string_equal(text_of(json_array_get(items(page), 0), "end_reason"), "time");
    assert_true(json_is_true(json_object_get(json_array_get(items(page), 0), "simulated")));
    json_decref(page);
    assert_int_equal(walk(f, "record.list", json_pack("{s:i}", "limit", 7), "items"), 60);
    assert_int_equal(walk(f, "record.list", json_pack("{s:s, s:i}", "patient_ref", "p2", "limit", 4), "items"), 15);
    assert_int_equal(walk(f, "record.list", json_pack("{s:s}", "course_id", "c1"), "items"), 30);
    assert_int_equal(walk(f, "record.list", json_pack("{s:s}", "operator", "op-2"), "items"), 20);
    assert_int_equal(walk(f, "record.list", json_pack("{s:s}", "site", "elbow"), "items"), 12);
    assert_int_equal(
        walk(f, "record.list",
             json_pack("{s:I, s:I}", "from_ms", (json_int_t)FIXTURE_T0 + 10, "to_ms", (json_int_t)FIXTURE_T0 + 19),
             "items"),
        10);
}

static void wrong_parameters_are_refused(void **state)
{
    struct fixture *f = *state;
    int error;

    assert_int_equal(fixture_open(f), 0);
    fixture_ask(f, "record.lost", NULL, &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "record.get", NULL, &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "record.list", json_pack("{s:i}", "patient_ref", 1), &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "record.list", json_pack("{s:s}", "patientref", "p1"), &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "record.list", json_pack("{s:s}", "cursor", "12:-1"), &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "record.list", json_pack("{s:s}", "cursor", "12:1:3"), &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "record.export", json_pack("{s:s}", "format", "xml"), &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "dose.history", json_pack("{s:s, s:s}", "patient_ref", "p1", "modality", "magic"), &error);
    assert_int_equal(error, -EINVAL);
}

static void export_is_json_lines_of_everything(void **state)
{
    struct fixture *f = *state;
    json_t *page, *line;
    int error;

    assert_int_equal(fixture_open(f), 0);
    fill(f, 20);
    for (int i = 0; i < 5; i++)
        assert_int_equal(append(f, "s010", "note", json_pack("{s:i}", "n", i)), 0);
    assert_int_equal(walk(f, "record.export", json_pack("{s:s}", "format", "jsonl"), "lines"), 25);
    assert_int_equal(walk(f, "record.export", json_pack("{s:s, s:i}", "format", "jsonl", "limit", 1), "lines"), 25);
    assert_int_equal(walk(f, "record.export", json_pack("{s:s, s:i}", "format", "jsonl", "limit", 3), "lines"), 25);
    assert_int_equal(walk(f, "record.export", json_pack("{s:s, s:s}", "format", "jsonl", "patient_ref", "p2"), "lines"),
                     5);
    page = fixture_ask(f, "record.export", json_pack("{s:s, s:i}", "format", "jsonl", "limit", 1), &error);
    line = json_loads(json_string_value(json_array_get(json_object_get(page, "lines"), 0)), 0, NULL);
    assert_string_equal(text_of(line, "type"), "record");
    assert_string_equal(text_of(line, "session_id"), "s019");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(line, "document"), "n")), 19);
    json_decref(line);
    json_decref(page);
}

static void export_is_csv_with_one_header(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("q", "p,\"1\"", "left");
    json_t *page, *lines;
    int error;

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &e);
    fixture_settle(f, "q", LEDGER_SETTLED, 900);
    assert_int_equal(finish(f, "q", document("p,\"1\"", 99)), 0);
    fill(f, 10);
    assert_int_equal(walk(f, "record.export", json_pack("{s:s}", "format", "csv"), "lines"), 12);
    assert_int_equal(walk(f, "record.export", json_pack("{s:s, s:i}", "format", "csv", "limit", 2), "lines"), 12);
    page = fixture_ask(f, "record.export", json_pack("{s:s}", "format", "csv"), &error);
    lines = json_object_get(page, "lines");
    assert_string_equal(
        json_string_value(json_array_get(lines, 0)),
        "session_id,patient_ref,site,side,course_id,operator_id,modality,therapy,protocol,device,"
        "serial,started_at_ms,ended_at_ms,end_reason,simulated,planned_ms,dose_state,"
        "planned_duration_ms,planned_energy_uj,planned_session_charge_uc,planned_iontophoresis_dose_ua_min,"
        "planned_contraction_count,planned_cem43_ms,planned_cold_dose_millic_min,"
        "worst_duration_ms,worst_energy_uj,worst_session_charge_uc,worst_iontophoresis_dose_ua_min,"
        "worst_contraction_count,worst_cem43_ms,worst_cold_dose_millic_min,"
        "delivered_duration_ms,delivered_energy_uj,delivered_session_charge_uc,delivered_iontophoresis_dose_ua_min,"
        "delivered_contraction_count,delivered_cem43_ms,delivered_cold_dose_millic_min,"
        "appended,incidents,places");
    assert_string_equal(json_string_value(json_array_get(lines, 1)),
                        "q,\"p,\"\"1\"\"\",knee,left,c1,op-2,estim,tens,tens_conventional,tens-1,SN1,1700000000000,"
                        "1700000000099,time,1,1000,settled,1000,0,100,0,0,0,0,1200,0,130,0,0,0,0,"
                        "900,0,90,0,0,0,0,0,0,knee:left");
    json_decref(page);
}

static json_t *big_document(size_t bytes)
{
    char *text = calloc(1, bytes + 1);
    json_t *body;

    assert_non_null(text);
    memset(text, '"', bytes);
    body = json_pack("{s:s, s:s}", "patient_ref", "big", "t", text);
    free(text);
    return body;
}

static void big_documents_stay_within_a_page(void **state)
{
    struct fixture *f = *state;
    char session_id[40];

    assert_int_equal(fixture_open(f), 0);
    for (int i = 0; i < 4; i++) {
        snprintf(session_id, sizeof(session_id), "b%d", i);
        assert_int_equal(finish(f, session_id, big_document(260000)), 0);
        for (int j = 0; j < 20; j++)
            assert_int_equal(append(f, session_id, "note", big_document(32000)), 0);
    }
    assert_int_equal(finish(f, "too-big", big_document(270000)), -E2BIG);
    assert_int_equal(append(f, "b0", "note", big_document(33000)), -E2BIG);
    assert_int_equal(walk(f, "record.export", json_pack("{s:s, s:i}", "format", "jsonl", "limit", 500), "lines"), 84);
    assert_int_equal(walk(f, "record.get", json_pack("{s:s}", "session_id", "b1"), "appended"), 20);
}

/* n objects in one another. */
static json_t *deep(int n)
{
    json_t *body = json_object();

    for (int i = 1; i < n; i++)
        body = json_pack("{s:o}", "a", body);
    return body;
}

static void deep_documents_are_refused_or_shown_as_damaged(void **state)
{
    struct fixture *f = *state;
    json_t *got;
    int error;

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(finish(f, "s1", deep(32)), 0);
    assert_int_equal(finish(f, "s2", deep(33)), -E2BIG);
    assert_int_equal(append(f, "s1", "note", deep(33)), -E2BIG);
    assert_int_equal(record_audit(f->record, "x", NULL, NULL, deep(33)), -E2BIG);
    /* Somebody's editor: it must not end the daemon. */
    fixture_sql(f, "DROP TRIGGER record_update; UPDATE record SET document = '{' || replace(hex(zeroblob(1000)), '00', "
                   "'\"a\":{') || replace(hex(zeroblob(1001)), '00', '}')");
    got = fixture_ask(f, "record.get", json_pack("{s:s}", "session_id", "s1"), &error);
    assert_int_equal(error, 0);
    assert_true(json_is_null(json_object_get(got, "document")));
    assert_true(json_is_false(json_object_get(got, "intact")));
    json_decref(got);
}

static void incidents_are_listed_and_found(void **state)
{
    struct fixture *f = *state;
    json_t *got;
    int error;

    assert_int_equal(fixture_open(f), 0);
    fill(f, 2);
    assert_int_equal(append(f, "s000", "incident", json_pack("{s:s, s:s}", "id", "i-1", "harm", "redness")), 0);
    assert_int_equal(append(f, NULL, "incident", json_pack("{s:s, s:s}", "id", "i-2", "harm", "none")), 0);
    assert_int_equal(append(f, "s000", "note", json_pack("{s:s}", "id", "n-1")), 0);
    assert_int_equal(walk(f, "incident.list", json_pack("{s:i}", "limit", 1), "items"), 2);
    assert_int_equal(walk(f, "incident.list", json_pack("{s:s}", "session_id", "s000"), "items"), 1);
    got = fixture_ask(f, "incident.get", json_pack("{s:s}", "incident_id", "i-1"), &error);
    assert_string_equal(text_of(json_object_get(got, "body"), "harm"), "redness");
    assert_string_equal(text_of(got, "session_id"), "s000");
    json_decref(got);
    assert_null(fixture_ask(f, "incident.get", json_pack("{s:s}", "incident_id", "n-1"), &error));
    assert_int_equal(error, -ENOENT);
}

static void dose_history_sums_the_whole_window(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e;
    json_t *page, *totals;
    char session_id[40];
    int error;

    assert_int_equal(fixture_open(f), 0);
    for (int i = 0; i < 12; i++) {
        snprintf(session_id, sizeof(session_id), "s%d", i);
        e = fixture_entry(session_id, "p1", i % 2 ? "left" : "right");
        fixture_reserve(f, &e);
        if (i < 11)
            fixture_settle(f, session_id, LEDGER_SETTLED, 100);
        fixture_pass(f, HOUR);
    }
    page = fixture_ask(f, "dose.history", json_pack("{s:s, s:i}", "patient_ref", "p1", "limit", 3), &error);
    assert_int_equal(error, 0);
    assert_int_equal(json_array_size(items(page)), 3);
    assert_string_equal(text_of(json_array_get(items(page), 0), "session_id"), "s11");
    assert_string_equal(text_of(json_array_get(items(page), 0), "state"), "open");
    assert_string_equal(text_of(json_array_get(items(page), 0), "modality"), "estim");
    totals = json_object_get(page, "totals");
    assert_int_equal(json_integer_value(json_object_get(totals, "sessions")), 12);
    assert_int_equal(json_integer_value(json_object_get(totals, "open")), 1);
    assert_int_equal(json_integer_value(json_object_get(totals, "duration_ms")), 11 * 100 + 1200);
    json_decref(page);
    assert_int_equal(walk(f, "dose.history", json_pack("{s:s, s:i}", "patient_ref", "p1", "limit", 5), "items"), 12);
    assert_int_equal(walk(f, "dose.history", json_pack("{s:s, s:i}", "patient_ref", "p1", "hours", 6), "items"), 5);
    assert_int_equal(walk(f, "dose.history",
                          json_pack("{s:s, s:s, s:s, s:s}", "patient_ref", "p1", "site", "knee", "side", "left",
                                    "modality", "estim"),
                          "items"),
                     6);
    assert_int_equal(
        walk(f, "dose.history", json_pack("{s:s, s:s}", "patient_ref", "p1", "modality", "laser"), "items"), 0);
}

static void backup_is_a_whole_database_with_its_head(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    char path[160];
    json_t *got;
    int error;

    assert_int_equal(fixture_open(f), 0);
    fill(f, 30);
    fixture_reserve(f, &e);
    snprintf(path, sizeof(path), "%s/backup.sqlite", f->folder);
    got = fixture_ask(f, "backup", json_pack("{s:s}", "path", path), &error);
    assert_int_equal(error, 0);
    assert_true(json_integer_value(json_object_get(got, "bytes")) > 10000);
    json_decref(got);
    fixture_ask(f, "backup", json_pack("{s:s}", "path", path), &error);
    assert_int_equal(error, -EEXIST);
    fixture_ask(f, "backup", json_pack("{s:s}", "path", "relative"), &error);
    assert_int_equal(error, -EINVAL);
    fixture_ask(f, "backup", json_pack("{s:s}", "path", "/nowhere/at/all"), &error);
    assert_int_equal(error, -ENOENT);
    fixture_close(f);
    /* In place of the original, it opens and verifies. */
    snprintf(f->path, sizeof(f->path), "%s", path);
    snprintf(f->head, sizeof(f->head), "%s.head", path);
    assert_int_equal(fixture_open(f), 0);
    assert_false(record_audit_broken(f->record));
    assert_non_null(fixture_blocking(f, "p1", "knee", "left"));
    got = fixture_ask(f, "audit.verify", NULL, &error);
    assert_true(json_is_true(json_object_get(got, "ok")));
    json_decref(got);
    assert_int_equal(walk(f, "record.list", json_object(), "items"), 30);
}

static void files_are_for_the_daemon_only(void **state)
{
    struct fixture *f = *state;
    static const char *const suffixes[] = {"", "-wal", ".lock"};
    struct stat file;
    char path[160];

    assert_int_equal(fixture_open(f), 0);
    fill(f, 1);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s%s", f->path, suffixes[i]);
        assert_int_equal(stat(path, &file), 0);
        assert_int_equal(file.st_mode & 0777, 0600);
    }
    assert_int_equal(stat(f->head, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IT(finished_record_never_changes),
        IT(record_comes_back_with_its_additions),
        IT(changed_document_is_not_intact),
        IT(forged_record_is_seen_by_verify),
        IT(additions_need_a_session_a_kind_and_a_free_id),
        IT(list_filters_and_pages_newest_first),
        IT(wrong_parameters_are_refused),
        IT(export_is_json_lines_of_everything),
        IT(export_is_csv_with_one_header),
        IT(big_documents_stay_within_a_page),
        IT(deep_documents_are_refused_or_shown_as_damaged),
        IT(incidents_are_listed_and_found),
        IT(dose_history_sums_the_whole_window),
        IT(backup_is_a_whole_database_with_its_head),
        IT(files_are_for_the_daemon_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
