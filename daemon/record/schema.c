/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The migrations. One that has been released is never edited: a change is a new entry at the end of the list. The order
 * of tables is that of their weight: audit first, then ledger, records and what serves them.
 */
#include "record/schema.h"

#include <errno.h>
#include <stdio.h>

/* Sums over months of entries stay below 2^63 when each amount is below 2^48 (RECORD_AMOUNT_MAX). */
#define AMOUNT(name) name " INTEGER NOT NULL CHECK(" name " BETWEEN 0 AND 281474976710656)"
#define AMOUNTS(prefix)                                                                                                \
    AMOUNT(prefix "_duration_ms")                                                                                      \
    "," AMOUNT(prefix "_energy_uj") "," AMOUNT(prefix "_charge_uc") "," AMOUNT(prefix "_ion_dose_ua_min") "," AMOUNT(  \
        prefix "_contractions")
#define ADD_AMOUNT(name)                                                                                               \
    "ALTER TABLE ledger ADD COLUMN " name " INTEGER NOT NULL DEFAULT 0 CHECK(" name " BETWEEN 0 AND 281474976710656);"
#define ADD_AMOUNTS(prefix) ADD_AMOUNT(prefix "_cem43_ms") ADD_AMOUNT(prefix "_cold_dose_millic_min")
#define RESERVED(prefix)                                                                                               \
    "," prefix "_duration_ms," prefix "_energy_uj," prefix "_charge_uc," prefix "_ion_dose_ua_min," prefix             \
    "_contractions," prefix "_cem43_ms," prefix "_cold_dose_millic_min"
#define RENAME(before, now) "ALTER TABLE ledger RENAME COLUMN " before " TO " now ";"
#define RENAME_AMOUNTS(prefix)                                                                                         \
    RENAME(prefix "_charge_uc", prefix "_session_charge_uc")                                                           \
    RENAME(prefix "_ion_dose_ua_min", prefix "_iontophoresis_dose_ua_min")                                             \
    RENAME(prefix "_contractions", prefix "_contraction_count")
#define FORBID(name, when, table, condition, message)                                                                  \
    "CREATE TRIGGER " name " BEFORE " when " ON " table " " condition " BEGIN SELECT RAISE(ABORT, '" message "'); "    \
    "END;"

static const char *const schema_steps[] = {
    /* 1: the first release */
    "CREATE TABLE audit(seq INTEGER PRIMARY KEY, wall_ms INTEGER NOT NULL, boot_id TEXT NOT NULL,"
    " boot_ns INTEGER NOT NULL, uid INTEGER NOT NULL, operator_id TEXT, operator_name TEXT, event TEXT NOT NULL,"
    " session_id TEXT, detail TEXT NOT NULL, prev BLOB NOT NULL CHECK(length(prev) = 32),"
    " hash BLOB NOT NULL CHECK(length(hash) = 32)) STRICT;"
    /* REPLACE would delete without the trigger on DELETE; an entry that is not the next one is refused instead. */
    FORBID("audit_next", "INSERT", "audit", "WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM audit)",
           "audit entries are numbered without gaps") FORBID("audit_update", "UPDATE", "audit", "",
                                                             "audit entries never change") FORBID("audit_delete",
                                                                                                  "DELETE", "audit", "",
                                                                                                  "audit entries are "
                                                                                                  "never deleted")

        "CREATE TABLE ledger(session_id TEXT PRIMARY KEY CHECK(length(session_id) BETWEEN 1 AND 39),"
        " patient_ref TEXT NOT NULL CHECK(length(patient_ref) BETWEEN 1 AND 127),"
        " site TEXT NOT NULL CHECK(length(site) <= 63), side TEXT NOT NULL CHECK(length(side) <= 15),"
        " therapy TEXT NOT NULL CHECK(length(therapy) <= 31), protocol TEXT NOT NULL CHECK(length(protocol) <= 63),"
        " device TEXT NOT NULL CHECK(length(device) <= 63), serial TEXT NOT NULL CHECK(length(serial) <= 63),"
        " modality INTEGER NOT NULL CHECK(modality BETWEEN 1 AND 15),"
        " state TEXT NOT NULL CHECK(state IN ('open', 'settled', 'crashed', 'unbounded', 'reviewed')),"
        " started_wall_ms INTEGER NOT NULL, ended_wall_ms INTEGER NOT NULL, ended_boot_id TEXT NOT NULL,"
        " ended_boot_ns INTEGER NOT NULL," AMOUNTS("planned") "," AMOUNTS("worst") "," AMOUNTS(
            "delivered") ") STRICT;"
                         "CREATE INDEX ledger_state ON ledger(state) WHERE state IN ('open', 'unbounded');"
                         "CREATE INDEX ledger_ended ON ledger(ended_wall_ms);"
                         "CREATE INDEX ledger_patient ON ledger(patient_ref, ended_wall_ms);" FORBID(
                             "ledger_replace", "INSERT", "ledger",
                             "WHEN EXISTS(SELECT 1 FROM ledger WHERE session_id = NEW.session_id)",
                             "a session is reserved once") FORBID("ledger_delete", "DELETE", "ledger", "",
                                                                  "dose entries are never deleted")
                             FORBID("ledger_reserved",
                                    "UPDATE OF session_id, patient_ref, site, side, modality, started_wall_ms,"
                                    "planned_duration_ms, worst_duration_ms, planned_energy_uj, worst_energy_uj, "
                                    "planned_charge_uc,"
                                    "worst_charge_uc, planned_ion_dose_ua_min, worst_ion_dose_ua_min",
                                    "ledger", "", "what was reserved never changes")
                                 FORBID("ledger_settled", "UPDATE", "ledger",
                                        "WHEN OLD.state NOT IN ('open', 'unbounded') OR (OLD.state = 'unbounded' AND "
                                        "NEW.state <> 'reviewed')",
                                        "a settled dose never changes")

                                     "CREATE TABLE record(session_id TEXT PRIMARY KEY, patient_ref TEXT NOT NULL, site "
                                     "TEXT NOT NULL,"
                                     " side TEXT NOT NULL, course_id TEXT NOT NULL, operator_id TEXT NOT NULL, "
                                     "ended_wall_ms INTEGER NOT NULL,"
                                     " end_reason TEXT NOT NULL, simulated INTEGER NOT NULL, hash BLOB NOT NULL "
                                     "CHECK(length(hash) = 32),"
                                     " document TEXT NOT NULL) STRICT;"
                                     "CREATE INDEX record_ended ON record(ended_wall_ms);"
                                     "CREATE INDEX record_patient ON record(patient_ref, ended_wall_ms);" FORBID(
                                         "record_replace", "INSERT", "record",
                                         "WHEN EXISTS(SELECT 1 FROM record WHERE session_id = NEW.session_id)",
                                         "a record is finished once") FORBID("record_update", "UPDATE", "record", "",
                                                                             "a finished record never changes")
                                         FORBID("record_delete", "DELETE", "record", "", "records are never deleted")

                                             "CREATE TABLE appended(number INTEGER PRIMARY KEY AUTOINCREMENT, "
                                             "append_id TEXT NOT NULL UNIQUE,"
                                             " session_id TEXT, kind TEXT NOT NULL CHECK(kind IN ('observation', "
                                             "'note', 'addendum', 'incident')),"
                                             " uid INTEGER NOT NULL, operator_id TEXT, operator_name TEXT, wall_ms "
                                             "INTEGER NOT NULL, frozen_hash BLOB,"
                                             " body TEXT NOT NULL) STRICT;"
                                             "CREATE INDEX appended_session ON appended(session_id, number);"
                                             "CREATE INDEX appended_kind ON appended(kind, number);" FORBID(
                                                 "appended_replace", "INSERT", "appended",
                                                 "WHEN EXISTS(SELECT 1 FROM appended WHERE append_id = NEW.append_id)",
                                                 "this id is taken") FORBID("appended_update", "UPDATE", "appended", "",
                                                                            "additions to a record never change")
                                                 FORBID("appended_delete", "DELETE", "appended", "",
                                                        "additions to a record are never deleted")

                                                     "CREATE TABLE request(uid INTEGER NOT NULL, request_id TEXT NOT "
                                                     "NULL, digest TEXT NOT NULL, result TEXT NOT NULL,"
                                                     " wall_ms INTEGER NOT NULL, boot_id TEXT NOT NULL, boot_ns "
                                                     "INTEGER NOT NULL,"
                                                     " PRIMARY KEY(uid, request_id)) STRICT, WITHOUT ROWID;"
                                                     "CREATE TABLE state(key TEXT PRIMARY KEY, value BLOB) STRICT;",

    /* 2: thermal and cold dose, and every place that a session touched; "" is the target alone */
    "ALTER TABLE ledger ADD COLUMN places TEXT NOT NULL DEFAULT '' CHECK(length(places) <= 1400);" ADD_AMOUNTS(
        "planned") ADD_AMOUNTS("worst")
        ADD_AMOUNTS("delivered") "DROP TRIGGER ledger_reserved;" FORBID(
            "ledger_reserved",
            "UPDATE OF session_id, patient_ref, site, side, places, therapy, protocol, device, serial, modality, "
            "started_wall_ms" RESERVED("planned") RESERVED("worst"),
            "ledger", "", "what was reserved never changes"),

    /* 3: amounts are called as their quantities are */
    RENAME_AMOUNTS("planned") RENAME_AMOUNTS("worst") RENAME_AMOUNTS("delivered"),

    /* 4: patients are asked for whatever the case of their letters */
    "DROP INDEX ledger_patient; DROP INDEX record_patient;"
    "CREATE INDEX ledger_patient ON ledger(patient_ref COLLATE NOCASE, ended_wall_ms);"
    "CREATE INDEX record_patient ON record(patient_ref COLLATE NOCASE, ended_wall_ms);",
};

#define SCHEMA_VERSION ((int)(sizeof(schema_steps) / sizeof(schema_steps[0])))

static int schema_version(sqlite3 *db, int *version)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);

    if (rc == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        *version = sqlite3_column_int(statement, 0);
    else
        rc = SQLITE_ERROR;
    sqlite3_finalize(statement);
    return rc == SQLITE_OK ? 0 : -EIO;
}

static int schema_apply(sqlite3 *db, int step)
{
    char version[64];

    snprintf(version, sizeof(version), "PRAGMA user_version = %d", step + 1);
    if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
        return -EIO;
    if (sqlite3_exec(db, schema_steps[step], NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(db, version, NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    return -EIO;
}

int schema_migrate(sqlite3 *db, char *error, size_t size)
{
    int version = 0;

    if (schema_version(db, &version) < 0) {
        snprintf(error, size, "the schema version cannot be read: %s", sqlite3_errmsg(db));
        return -EIO;
    }
    if (version > SCHEMA_VERSION) {
        snprintf(error, size, "schema version %d is newer than this daemon's %d", version, SCHEMA_VERSION);
        return -EPROTO;
    }
    for (; version < SCHEMA_VERSION; version++) {
        if (schema_apply(db, version) < 0) {
            snprintf(error, size, "migration to schema version %d failed: %s", version + 1, sqlite3_errmsg(db));
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return -EIO;
        }
    }
    return 0;
}
