/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <poll.h>

#include "modality/clock.h"

static int64_t fake_wall(void *userdata)
{
    return ((struct fixture *)userdata)->wall_ms;
}

static int64_t fake_boot(void *userdata)
{
    return ((struct fixture *)userdata)->boot_ns;
}

static int64_t fake_monotonic(void *userdata)
{
    return ((struct fixture *)userdata)->monotonic_ns;
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    snprintf(f->folder, sizeof(f->folder), "/tmp/record-test-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    snprintf(f->path, sizeof(f->path), "%s/modalityd.sqlite", f->folder);
    snprintf(f->head, sizeof(f->head), "%s/audit.head", f->folder);
    f->wall_ms = FIXTURE_T0;
    f->boot_ns = 1000 * NS_PER_S;
    f->monotonic_ns = 900 * NS_PER_S;
    f->queue_max = 1000;
    f->late_ms = 2000;
    f->clock = (struct record_clock){fake_wall, fake_boot, fake_monotonic, "boot-1", f};
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    char command[128];

    fixture_close(f);
    snprintf(command, sizeof(command), "rm -rf %s", f->folder);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

int fixture_open(struct fixture *f)
{
    struct record_settings settings = {
        .path = f->path, .head_path = f->head, .late_ms = f->late_ms, .queue_max = f->queue_max, .clock = &f->clock};
    return record_open(&settings, &f->record, f->error, sizeof(f->error));
}

void fixture_close(struct fixture *f)
{
    record_close(f->record);
    f->record = NULL;
}

void fixture_reopen(struct fixture *f)
{
    fixture_close(f);
    if (fixture_open(f) < 0)
        fail_msg("record_open: %s", f->error);
}

void fixture_pass(struct fixture *f, int64_t ms)
{
    f->wall_ms += ms;
    f->boot_ns += ms * NS_PER_MS;
    f->monotonic_ns += ms * NS_PER_MS;
}

void waited_done(void *userdata, int error)
{
    struct waited *waited = userdata;
    waited->told++;
    waited->error = error;
}

void waited_answer(void *userdata, int error, json_t *result)
{
    struct waited *waited = userdata;
    waited->told++;
    waited->error = error;
    waited->result = result;
}

static void fixture_turn(struct fixture *f, int64_t until_ns, const char *what)
{
    struct pollfd ready = {.fd = record_fd(f->record), .events = POLLIN};

    if (clock_monotonic_ns() > until_ns)
        fail_msg("10 s passed without %s", what);
    poll(&ready, 1, 20);
    record_dispatch(f->record);
}

void fixture_wait(struct fixture *f, const struct waited *waited, size_t n)
{
    int64_t until_ns = clock_monotonic_ns() + 10 * NS_PER_S;

    while (waited->told < n)
        fixture_turn(f, until_ns, "an answer");
}

void fixture_wait_health(struct fixture *f, enum record_health health)
{
    int64_t until_ns = clock_monotonic_ns() + 10 * NS_PER_S;
    char why[256];

    while (record_health(f->record, why, sizeof(why)) != health)
        fixture_turn(f, until_ns, "the expected health");
}

void fixture_flush(struct fixture *f)
{
    int error;
    json_decref(fixture_ask(f, "audit.tail", json_pack("{s:i}", "limit", 1), &error));
}

struct ledger_places fixture_place(const char *site, const char *side)
{
    struct ledger_places places = {0};

    assert_int_equal(ledger_places_add(&places, site, side), 0);
    return places;
}

struct ledger_entry fixture_entry(const char *session_id, const char *patient, const char *side)
{
    struct ledger_entry e = {.modality = MODALITY_ESTIM,
                             .planned = {.duration_ms = 1000, .session_charge_uc = 100},
                             .worst = {.duration_ms = 1200, .session_charge_uc = 130}};

    snprintf(e.session_id, sizeof(e.session_id), "%s", session_id);
    snprintf(e.patient_ref, sizeof(e.patient_ref), "%s", patient);
    e.places = fixture_place("knee", side);
    snprintf(e.therapy, sizeof(e.therapy), "tens");
    snprintf(e.protocol, sizeof(e.protocol), "tens_conventional");
    snprintf(e.device, sizeof(e.device), "tens-1");
    snprintf(e.serial, sizeof(e.serial), "SN1");
    return e;
}

void fixture_reserve(struct fixture *f, const struct ledger_entry *entry)
{
    struct waited waited = {0};

    assert_int_equal(record_reserve(f->record, entry, waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, 0);
}

void fixture_settle(struct fixture *f, const char *session_id, enum ledger_state state, int64_t duration_ms)
{
    struct dose_amounts delivered = {.duration_ms = duration_ms, .session_charge_uc = duration_ms / 10};
    struct waited waited = {0};

    assert_int_equal(
        record_settle(f->record, session_id, state, duration_ms < 0 ? NULL : &delivered, waited_done, &waited), 0);
    fixture_wait(f, &waited, 1);
    assert_int_equal(waited.error, 0);
}

struct dose_history fixture_history(struct fixture *f, const char *patient, const char *side)
{
    const struct ledger_places knee = fixture_place("knee", side);
    struct dose_history history;

    record_history(f->record, patient, &knee, MODALITY_ESTIM, 0, &history);
    return history;
}

const char *fixture_blocking(struct fixture *f, const char *patient, const char *site, const char *side)
{
    const struct ledger_places there = fixture_place(site, side);
    return record_blocking(f->record, patient, &there, NULL);
}

json_t *fixture_ask(struct fixture *f, const char *kind, json_t *parameters, int *error)
{
    struct waited waited = {0};

    *error = record_query(f->record, kind, parameters, waited_answer, &waited);
    if (*error < 0)
        return NULL;
    fixture_wait(f, &waited, 1);
    *error = waited.error;
    return waited.result;
}

void fixture_sql(struct fixture *f, const char *sql)
{
    char *message = NULL;
    sqlite3 *db;

    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

int64_t fixture_sql_integer(struct fixture *f, const char *sql)
{
    sqlite3_stmt *statement;
    sqlite3 *db;
    int64_t value;

    assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}
