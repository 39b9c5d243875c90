/* SPDX-License-Identifier: Apache-2.0 */
/* The dose ledger: what counts, for how long, and what is settled how. */
#include "fixture.h"

static void reserved_counts_as_worst_until_settled(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct dose_history h;

    assert_int_equal(fixture_open(f), 0);
    h = fixture_history(f, "p1", "left");
    assert_int_equal(h.session_count, 0);
    assert_false(h.has_last_end);
    fixture_reserve(f, &e);
    h = fixture_history(f, "p1", "left");
    assert_int_equal(h.session_count, 1);
    assert_int_equal(h.duration_ms, 1200);
    assert_int_equal(h.session_charge_uc, 130);
    fixture_settle(f, "s1", LEDGER_SETTLED, 900);
    h = fixture_history(f, "p1", "left");
    assert_int_equal(h.duration_ms, 900);
    assert_int_equal(h.session_charge_uc, 90);
    assert_true(h.has_last_end);
    assert_int_equal(h.since_last_end_ms, 0);
    fixture_pass(f, 5000);
    assert_int_equal(fixture_history(f, "p1", "left").since_last_end_ms, 5000);
    assert_int_equal(fixture_history(f, "p2", "left").session_count, 0);
}

static void reservation_counts_before_it_is_durable(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct waited waited = {0};

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(record_reserve(f->record, &e, waited_done, &waited), 0);
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 1200);
    assert_int_equal(record_reserve(f->record, &e, waited_done, &waited), -EEXIST);
    fixture_wait(f, &waited, 1);
}

static void impossible_reservations_are_refused(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e;

    assert_int_equal(fixture_open(f), 0);
    e = fixture_entry("", "p1", "left");
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
    e = fixture_entry("s1", "", "left");
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
    e = fixture_entry("s1", "p\xff", "left");
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
    e = fixture_entry("s1", "p1", "left");
    e.worst.session_charge_uc = e.planned.session_charge_uc - 1;
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
    e.worst.session_charge_uc = (INT64_C(1) << 48) + 1;
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
    e.worst.session_charge_uc = (INT64_C(1) << 48);
    fixture_reserve(f, &e);
    e = fixture_entry("s2", "p1", "left");
    e.planned.duration_ms = -1;
    assert_int_equal(record_reserve(f->record, &e, NULL, NULL), -EINVAL);
}

static void sides_are_apart_and_both_meets_either(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry left = fixture_entry("s1", "p1", "left"), both = fixture_entry("s2", "p1", "both");

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &left);
    assert_int_equal(fixture_history(f, "p1", "right").session_count, 0);
    assert_int_equal(fixture_history(f, "p1", "both").session_count, 1);
    assert_int_equal(fixture_history(f, "p1", "midline").session_count, 1);
    assert_null(fixture_blocking(f, "p1", "knee", "right"));
    assert_string_equal(fixture_blocking(f, "p1", "knee", "midline"), "s1");
    assert_null(fixture_blocking(f, "p1", "elbow", "left"));
    fixture_reserve(f, &both);
    assert_int_equal(fixture_history(f, "p1", "right").session_count, 1);
    assert_int_equal(fixture_history(f, "p1", "left").session_count, 2);
}

static void therapy_and_modality_narrow_the_sum(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry a = fixture_entry("s1", "p1", "left"), b = fixture_entry("s2", "p1", "left");
    const struct ledger_places knee = fixture_place("knee", "left");
    struct dose_history h;

    assert_int_equal(fixture_open(f), 0);
    b.modality = MODALITY_ULTRASOUND;
    snprintf(b.therapy, sizeof(b.therapy), "us_thermal");
    fixture_reserve(f, &a);
    fixture_reserve(f, &b);
    record_history(f->record, "p1", &knee, MODALITY_ESTIM, 1u << THERAPY_tens, &h);
    assert_int_equal(h.session_count, 1);
    record_history(f->record, "p1", &knee, MODALITY_ESTIM, 1u << THERAPY_ifc, &h);
    assert_int_equal(h.session_count, 0);
    record_history(f->record, "p1", &knee, MODALITY_ULTRASOUND, 0, &h);
    assert_int_equal(h.session_count, 1);
    record_history(f->record, "p1", &knee, MODALITY_LASER, 0, &h);
    assert_int_equal(h.session_count, 0);
}

static void window_is_24_hours_to_the_millisecond(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &e);
    fixture_settle(f, "s1", LEDGER_SETTLED, 900);
    fixture_pass(f, 24 * HOUR - 1);
    assert_int_equal(fixture_history(f, "p1", "left").session_count, 1);
    fixture_pass(f, 1);
    assert_int_equal(fixture_history(f, "p1", "left").session_count, 0);
    assert_int_equal(fixture_history(f, "p1", "left").since_last_end_ms, 24 * HOUR);
}

static void last_end_is_known_for_days(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry a = fixture_entry("s1", "p1", "left"), b = fixture_entry("s2", "p1", "left");

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &a);
    fixture_settle(f, "s1", LEDGER_SETTLED, 900);
    fixture_pass(f, HOUR);
    fixture_reserve(f, &b);
    fixture_settle(f, "s2", LEDGER_SETTLED, 900);
    fixture_pass(f, 47 * HOUR);
    record_clock_check(f->record);
    assert_int_equal(fixture_history(f, "p1", "left").since_last_end_ms, 47 * HOUR);
    fixture_reopen(f);
    assert_int_equal(fixture_history(f, "p1", "left").since_last_end_ms, 47 * HOUR);
    fixture_pass(f, 14 * 24 * HOUR);
    record_clock_check(f->record);
    assert_false(fixture_history(f, "p1", "left").has_last_end);
}

static void open_entries_are_found_after_restart(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    const struct ledger_entry *open;
    size_t n;

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &e);
    record_open_entries(f->record, &n);
    assert_int_equal(n, 0);
    fixture_reopen(f);
    open = record_open_entries(f->record, &n);
    assert_int_equal(n, 1);
    assert_string_equal(open[0].session_id, "s1");
    assert_string_equal(open[0].serial, "SN1");
    assert_int_equal(open[0].worst.duration_ms, 1200);
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 1200);
    fixture_settle(f, "s1", LEDGER_CRASHED, -1);
    record_open_entries(f->record, &n);
    assert_int_equal(n, 0);
    assert_null(fixture_blocking(f, "p1", "knee", "left"));
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 1200);
    fixture_reopen(f);
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 1200);
}

static void unbounded_blocks_until_reviewed(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left"), next = fixture_entry("s2", "p1", "both");
    struct dose_amounts none = {0};

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &e);
    fixture_settle(f, "s1", LEDGER_UNBOUNDED, -1);
    fixture_pass(f, 48 * HOUR);
    fixture_reopen(f);
    assert_string_equal(fixture_blocking(f, "p1", "knee", "left"), "s1");
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 1200);
    assert_int_equal(record_reserve(f->record, &next, NULL, NULL), -EBUSY);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_SETTLED, &none, NULL, NULL), -EALREADY);
    fixture_settle(f, "s1", LEDGER_REVIEWED, 1100);
    assert_null(fixture_blocking(f, "p1", "knee", "left"));
    assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 1100);
    fixture_reserve(f, &next);
}

/* What was seen of a session that nobody knows is the least it can be; more than worst counts as more. */
static void what_was_seen_of_an_unbounded_session_is_kept(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left"), more = fixture_entry("s2", "p2", "left"),
                        nothing = fixture_entry("s3", "p3", "left");
    struct dose_amounts worst, seen;

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(record_unbounded(f->record, "s1", &worst, &seen), -ENOENT);
    fixture_reserve(f, &e);
    fixture_reserve(f, &more);
    fixture_reserve(f, &nothing);
    assert_int_equal(record_unbounded(f->record, "s1", &worst, &seen), -EALREADY);
    fixture_settle(f, "s1", LEDGER_UNBOUNDED, 300);
    fixture_settle(f, "s2", LEDGER_UNBOUNDED, 5000);
    fixture_settle(f, "s3", LEDGER_UNBOUNDED, -1);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(record_unbounded(f->record, "s1", &worst, &seen), 0);
        assert_int_equal(worst.duration_ms, 1200);
        assert_int_equal(seen.duration_ms, 300);
        assert_int_equal(record_unbounded(f->record, "s3", &worst, &seen), 0);
        assert_int_equal(seen.duration_ms, 0);
        assert_int_equal(fixture_history(f, "p1", "left").duration_ms, 1200);
        assert_int_equal(fixture_history(f, "p2", "left").duration_ms, 5000);
        assert_int_equal(fixture_history(f, "p2", "left").session_charge_uc, 500);
        assert_int_equal(fixture_history(f, "p3", "left").duration_ms, 1200);
        fixture_reopen(f);
    }
    fixture_settle(f, "s2", LEDGER_REVIEWED, 6000);
    assert_int_equal(record_unbounded(f->record, "s2", &worst, &seen), -EALREADY);
    assert_int_equal(fixture_history(f, "p2", "left").duration_ms, 6000);
}

/* Both are told after a restart: an unbounded one waits for a person all the same. */
static void entries_left_behind_are_open_or_unbounded(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e;
    const struct ledger_entry *left;
    size_t n;

    assert_int_equal(fixture_open(f), 0);
    for (int i = 0; i < 4; i++) {
        e = fixture_entry((const char *const[]){"open", "unbounded", "settled", "reviewed"}[i], "p1",
                          i % 2 ? "left" : "right");
        snprintf(e.patient_ref, sizeof(e.patient_ref), "p%d", i);
        fixture_reserve(f, &e);
    }
    fixture_settle(f, "unbounded", LEDGER_UNBOUNDED, -1);
    fixture_settle(f, "settled", LEDGER_SETTLED, 900);
    fixture_settle(f, "reviewed", LEDGER_UNBOUNDED, -1);
    fixture_settle(f, "reviewed", LEDGER_REVIEWED, 900);
    fixture_reopen(f);
    left = record_open_entries(f->record, &n);
    assert_int_equal(n, 2);
    assert_string_equal(left[0].session_id, "open");
    assert_int_equal(left[1].state, LEDGER_UNBOUNDED);
    fixture_settle(f, "open", LEDGER_UNBOUNDED, -1);
    left = record_open_entries(f->record, &n);
    assert_int_equal(n, 2);
    assert_int_equal(left[0].state, LEDGER_UNBOUNDED);
    fixture_settle(f, "unbounded", LEDGER_REVIEWED, 900);
    left = record_open_entries(f->record, &n);
    assert_int_equal(n, 1);
    assert_string_equal(left[0].session_id, "open");
}

static void settled_is_settled_once(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");
    struct dose_amounts amounts = {.duration_ms = 1}, wrong = {.duration_ms = -1};

    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_SETTLED, &amounts, NULL, NULL), -ENOENT);
    fixture_reserve(f, &e);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_OPEN, &amounts, NULL, NULL), -EINVAL);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_SETTLED, NULL, NULL, NULL), -EINVAL);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_SETTLED, &wrong, NULL, NULL), -EINVAL);
    fixture_settle(f, "s1", LEDGER_SETTLED, 900);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_SETTLED, &amounts, NULL, NULL), -EALREADY);
    assert_int_equal(record_settle(f->record, "s1", LEDGER_REVIEWED, &amounts, NULL, NULL), -EALREADY);
}

static bool verified(struct fixture *f)
{
    int error;
    json_t *result = fixture_ask(f, "audit.verify", NULL, &error);
    bool ok = json_is_true(json_object_get(result, "ok"));

    json_decref(result);
    return ok;
}

static void changed_dose_is_seen_by_verify(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry a = fixture_entry("s1", "p1", "left"), b = fixture_entry("s2", "p1", "right");

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &a);
    fixture_settle(f, "s1", LEDGER_UNBOUNDED, -1);
    assert_true(verified(f));
    fixture_settle(f, "s1", LEDGER_REVIEWED, 1100);
    fixture_reserve(f, &b);
    assert_true(verified(f));
    fixture_settle(f, "s2", LEDGER_SETTLED, 900);
    assert_true(verified(f));
    fixture_sql(f, "DROP TRIGGER ledger_settled; UPDATE ledger SET delivered_duration_ms = 1 WHERE session_id = 's1'");
    assert_false(verified(f));
    assert_true(record_audit_broken(f->record));
}

static void changed_reservation_is_seen_by_verify(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry a = fixture_entry("s1", "p1", "left");

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &a);
    assert_true(verified(f));
    fixture_sql(f, "DROP TRIGGER ledger_reserved; UPDATE ledger SET patient_ref = 'p2'");
    assert_false(verified(f));
}

static void ledger_rows_cannot_be_changed_by_mistake(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry a = fixture_entry("s1", "p1", "left"), b = fixture_entry("s2", "p1", "left");
    static const char *const forbidden[] = {
        "DELETE FROM ledger",
        "UPDATE ledger SET worst_duration_ms = 1 WHERE session_id = 's2'",
        "UPDATE ledger SET patient_ref = 'p2' WHERE session_id = 's2'",
        "UPDATE ledger SET delivered_duration_ms = 1 WHERE session_id = 's1'",
        "UPDATE ledger SET state = 'open' WHERE session_id = 's1'",
        "REPLACE INTO ledger SELECT * FROM ledger",
    };
    sqlite3 *db;

    assert_int_equal(fixture_open(f), 0);
    fixture_reserve(f, &a);
    fixture_settle(f, "s1", LEDGER_SETTLED, 900);
    fixture_reserve(f, &b);
    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
        assert_int_equal(sqlite3_exec(db, forbidden[i], NULL, NULL, NULL), SQLITE_CONSTRAINT);
    sqlite3_close(db);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IT(reserved_counts_as_worst_until_settled),
        IT(reservation_counts_before_it_is_durable),
        IT(impossible_reservations_are_refused),
        IT(sides_are_apart_and_both_meets_either),
        IT(therapy_and_modality_narrow_the_sum),
        IT(window_is_24_hours_to_the_millisecond),
        IT(last_end_is_known_for_days),
        IT(open_entries_are_found_after_restart),
        IT(unbounded_blocks_until_reviewed),
        IT(what_was_seen_of_an_unbounded_session_is_kept),
        IT(entries_left_behind_are_open_or_unbounded),
        IT(settled_is_settled_once),
        IT(changed_dose_is_seen_by_verify),
        IT(changed_reservation_is_seen_by_verify),
        IT(ledger_rows_cannot_be_changed_by_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
