/* SPDX-License-Identifier: Apache-2.0 */
/* A record store in a folder of its own, with clocks that only move when told. */
#ifndef TESTS_RECORD_FIXTURE_H
#define TESTS_RECORD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/record.h"

#define FIXTURE_T0 INT64_C(1700000000000)
#define HOUR INT64_C(3600000)

struct fixture {
    char folder[64], path[128], head[128];
    int64_t wall_ms, boot_ns, monotonic_ns;
    size_t queue_max;
    uint32_t late_ms;
    struct record_clock clock;
    struct record *record;
    char error[256];
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
int fixture_open(struct fixture *f); /* the return of record_open */
void fixture_reopen(struct fixture *f);
void fixture_close(struct fixture *f);
/* All three clocks go on. */
void fixture_pass(struct fixture *f, int64_t ms);

struct waited {
    size_t told;
    int error;
    json_t *result;
};
void waited_done(void *userdata, int error);
void waited_answer(void *userdata, int error, json_t *result);
/* Dispatches until told has grown to n; fails after 10 s. */
void fixture_wait(struct fixture *f, const struct waited *waited, size_t n);
/* Dispatches until health is this; fails after 10 s. */
void fixture_wait_health(struct fixture *f, enum record_health health);
/* Everything queued so far is durable. */
void fixture_flush(struct fixture *f);

struct ledger_places fixture_place(const char *site, const char *side);
/* TENS at the knee. */
struct ledger_entry fixture_entry(const char *session_id, const char *patient, const char *side);
/* Waits until durable. */
void fixture_reserve(struct fixture *f, const struct ledger_entry *entry);
void fixture_settle(struct fixture *f, const char *session_id, enum ledger_state state, int64_t duration_ms);
struct dose_history fixture_history(struct fixture *f, const char *patient, const char *side);
const char *fixture_blocking(struct fixture *f, const char *patient, const char *site, const char *side);
/* New reference, or NULL with *error. parameters is a json_pack'ed object (stolen) or NULL. */
json_t *fixture_ask(struct fixture *f, const char *kind, json_t *parameters, int *error);
/* Runs SQL on the file behind the daemon's back; fails when SQLite refuses. */
void fixture_sql(struct fixture *f, const char *sql);
int64_t fixture_sql_integer(struct fixture *f, const char *sql);

#endif
