/* SPDX-License-Identifier: Apache-2.0 */
/* What clocks can and cannot do to a rest and to a day's doses: set, restarted, rebooted, suspended. */
#include "fixture.h"

#include "modality/clock.h"

static void reboot(struct fixture *f)
{
    static int boots = 1;

    fixture_close(f);
    snprintf(f->clock.boot_id, sizeof(f->clock.boot_id), "boot-%d", ++boots);
    f->boot_ns = 5 * NS_PER_S;
    f->monotonic_ns = 5 * NS_PER_S;
    assert_int_equal(fixture_open(f), 0);
}

/* One step: p = hours pass, s = hours asleep, w = the wall clock is set by so much, R = the
 * daemon restarts, B = the machine reboots, c = the clocks are checked and the ledger forgets. */
static void step(struct fixture *f, char what, int64_t ms)
{
    switch (what) {
    case 'p':
        fixture_pass(f, ms);
        break;
    case 's':
        f->wall_ms += ms;
        f->boot_ns += ms * NS_PER_MS;
        break;
    case 'w':
        f->wall_ms += ms;
        break;
    case 'R':
        fixture_reopen(f);
        break;
    case 'B':
        f->wall_ms += ms;
        reboot(f);
        break;
    case 'c':
        record_clock_check(f->record);
        break;
    default:
        fail_msg("there is no step %c", what);
    }
}

static void walk(struct fixture *f, const char *steps)
{
    while (*steps) {
        char *end;
        const char what = *steps++;
        const int64_t hours = strtoll(steps, &end, 10);
        step(f, what, hours * HOUR);
        steps = end + (*end == ' ');
    }
}

/* Steps since the end of a session, and what is left of it then. */
static const struct {
    const char *steps;
    int64_t since_h;
    bool in_window;
} cases[] = {
    {"p1", 1, true},
    {"p23", 23, true},
    {"p24", 24, false},
    /* set back: never shorter, for as long as the row is dated in the future it ended just now */
    {"w-24", 0, true},
    {"p1 w-24", 0, true},
    {"p1 w-24 c", 0, true},
    {"p1 w-24 p2", 0, true},
    {"p1 w-24 p2 R", 0, true},
    {"p1 w-24 p2 w24", 3, true},
    {"p24 w-1", 23, true},
    {"p30 w-24 c", 6, true},
    /* set forward */
    {"p1 w24", 1, true},
    {"p1 w24 c p1", 2, true},
    {"p1 w24 R", 1, true},
    {"p1 w24 c p1 w-24", 2, true},
    {"p1 w1440 c R c", 1, true},
    {"p12 w12 p11", 23, true},
    /* asleep is elapsed: the skin does not wait */
    {"s8", 8, true},
    {"p1 s8 c p1", 10, true},
    {"s8 w-24", 0, true},
    /* another boot: the wall clock, never negative */
    {"p1 B3", 4, true},
    {"p1 B3 p1 R p1", 6, true},
    {"p1 B23", 24, false},
    {"p1 B3 w-24", 0, true},
    {"p1 w-24 B1", 0, true},
    {"w-24 B1 w25", 2, true},
    {"p1 B1 w-1 p1", 2, true},
};

static void no_clock_shortens_a_rest_or_a_window(void **state)
{
    struct fixture *f = *state;
    struct ledger_entry e = fixture_entry("s1", "p1", "left");

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dose_history h;
        snprintf(f->path, sizeof(f->path), "%s/%zu.sqlite", f->folder, i);
        snprintf(f->head, sizeof(f->head), "%s/%zu.head", f->folder, i);
        assert_int_equal(fixture_open(f), 0);
        fixture_reserve(f, &e);
        fixture_settle(f, "s1", LEDGER_SETTLED, 900);
        walk(f, cases[i].steps);
        h = fixture_history(f, "p1", "left");
        if (h.since_last_end_ms != cases[i].since_h * HOUR || h.since_end_ms[THERAPY_tens] != h.since_last_end_ms ||
            (h.session_count == 1) != cases[i].in_window)
            fail_msg("%s: %lld h since the end, %lld sessions", cases[i].steps, (long long)h.since_last_end_ms / HOUR,
                     (long long)h.session_count);
        fixture_close(f);
    }
}

/* Doses of an earlier boot are judged by the wall clock alone, but they are not forgotten while it stands wrong. */
static void a_clock_that_stood_wrong_for_a_while_hides_no_dose(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"w24 c", "w1440 c", "w24 c p1 c"};

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        snprintf(f->path, sizeof(f->path), "%s/%zu.sqlite", f->folder, i);
        snprintf(f->head, sizeof(f->head), "%s/%zu.head", f->folder, i);
        const int64_t begun_ms = f->wall_ms;
        assert_int_equal(fixture_open(f), 0);
        for (int k = 0; k < 3; k++) {
            char session_id[8];
            snprintf(session_id, sizeof(session_id), "s%d", k);
            struct ledger_entry e = fixture_entry(session_id, "p1", "left");
            fixture_reserve(f, &e);
            fixture_settle(f, session_id, LEDGER_SETTLED, 900);
            fixture_pass(f, HOUR);
        }
        reboot(f);
        walk(f, wrong[i]);
        f->wall_ms = begun_ms + 5 * HOUR;
        assert_int_equal(fixture_history(f, "p1", "left").session_count, 3);
        assert_int_equal(fixture_history(f, "p1", "left").since_last_end_ms, 3 * HOUR);
        fixture_close(f);
    }
}

static void many_small_steps_are_noticed(void **state)
{
    struct fixture *f = *state;
    int64_t step = 0;

    assert_int_equal(fixture_open(f), 0);
    for (int i = 0; i < 4; i++) {
        fixture_pass(f, 1000);
        f->wall_ms += 20000;
        step += record_clock_check(f->record);
    }
    assert_int_equal(step, 80000);
}

static int64_t audited(struct fixture *f, const char *event)
{
    char sql[128];

    fixture_flush(f);
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit WHERE event = '%s'", event);
    return fixture_sql_integer(f, sql);
}

static void steps_and_suspends_are_audited(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    fixture_pass(f, 1000);
    record_clock_check(f->record);
    assert_int_equal(audited(f, "clock_stepped"), 0);
    f->wall_ms += 60000;
    record_clock_check(f->record);
    assert_int_equal(audited(f, "clock_stepped"), 0);
    f->wall_ms += 1;
    record_clock_check(f->record);
    assert_int_equal(audited(f, "clock_stepped"), 1);
    f->wall_ms += 30000;
    f->boot_ns += 30 * NS_PER_S;
    record_clock_check(f->record);
    assert_int_equal(audited(f, "suspended"), 1);
    assert_int_equal(audited(f, "clock_stepped"), 1);
}

/* A kill right after the step, before the clocks are looked at, must not leave it untold. */
static void a_step_stands_before_what_is_dated_by_it(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    record_audit(f->record, "boot", NULL, NULL, NULL);
    f->wall_ms += 24 * HOUR;
    record_audit(f->record, "login", NULL, NULL, NULL);
    fixture_flush(f);
    assert_int_equal(fixture_sql_integer(f, "SELECT seq FROM audit WHERE event = 'login'"), 3);
    assert_int_equal(fixture_sql_integer(f, "SELECT seq FROM audit WHERE event = 'clock_stepped'"), 2);
    assert_int_equal(record_clock_check(f->record), 24 * HOUR);
    assert_int_equal(record_clock_check(f->record), 0);
    fixture_reopen(f);
    record_audit(f->record, "boot", NULL, NULL, NULL);
    assert_int_equal(record_clock_check(f->record), 0);
    assert_int_equal(audited(f, "clock_stepped"), 1);
}

static void step_while_the_daemon_was_down_is_audited(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(fixture_open(f), 0);
    record_audit(f->record, "boot", NULL, NULL, NULL);
    fixture_close(f);
    f->wall_ms -= 24 * HOUR;
    snprintf(f->clock.boot_id, sizeof(f->clock.boot_id), "boot-2");
    f->boot_ns = 5 * NS_PER_S;
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(audited(f, "clock_stepped"), 1);
    fixture_close(f);
    f->wall_ms += 24 * HOUR;
    assert_int_equal(fixture_open(f), 0);
    assert_int_equal(record_clock_check(f->record), 24 * HOUR);
    assert_int_equal(audited(f, "clock_stepped"), 2);
}

int main(void)
{
#define IT(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        IT(no_clock_shortens_a_rest_or_a_window),
        IT(a_clock_that_stood_wrong_for_a_while_hides_no_dose),
        IT(many_small_steps_are_noticed),
        IT(steps_and_suspends_are_audited),
        IT(a_step_stands_before_what_is_dated_by_it),
        IT(step_while_the_daemon_was_down_is_audited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
