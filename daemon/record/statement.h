/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every SQL statement of the writer, in one table: STATEMENT(id, sql). Parameters are numbered, and who binds them
 * stands beside the name of the id's first word. Statements with filters leave a filter out when its parameter is NULL.
 */
#ifndef RECORD_STATEMENT_H
#define RECORD_STATEMENT_H

#include "record/amounts.h"
#include "record/patient.h"

#define LEDGER_AMOUNT(name, prefix) ", " prefix "_" #name
#define LEDGER_AMOUNTS(prefix) DOSE_AMOUNTS(LEDGER_AMOUNT, prefix)
#define LEDGER_COLUMNS                                                                                                 \
    "session_id, patient_ref, site, side, therapy, protocol, device, serial, modality, state, started_wall_ms, "       \
    "ended_wall_ms, ended_boot_id, ended_boot_ns, places" LEDGER_AMOUNTS("planned") LEDGER_AMOUNTS("worst")            \
        LEDGER_AMOUNTS("delivered")
/* Where a row of LEDGER_COLUMNS holds what, from 0. */
#define COLUMN_PLACES 14
#define COLUMN_PLANNED 15
#define COLUMN_WORST (COLUMN_PLANNED + (int)AMOUNT_COUNT)
#define COLUMN_DELIVERED (COLUMN_WORST + (int)AMOUNT_COUNT)
#define COLUMN_BEYOND (COLUMN_DELIVERED + (int)AMOUNT_COUNT)
/* A session is found by its target and by every other place that it touched: "knee:left thigh:left". */
#define LEDGER_TOUCHED(table, site) "instr(' ' || " table "places, ' ' || " site " || ':') > 0"
#define AUDIT_COLUMNS                                                                                                  \
    "seq, wall_ms, boot_id, boot_ns, uid, operator_id, operator_name, event, session_id, detail, prev, hash"

#define APPENDED_COLUMNS                                                                                               \
    "number, append_id, session_id, kind, uid, operator_id, operator_name, wall_ms, frozen_hash, body"
/* Columns 0 to 12 are the record's, those from 13 on the ledger's (NULL when the session has no entry there). */
#define RECORD_SELECT                                                                                                  \
    "SELECT r.session_id, r.patient_ref, r.site, r.side, r.course_id, r.operator_id, r.ended_wall_ms, r.end_reason, "  \
    "r.simulated, r.rowid, r.hash, (SELECT count(*) FROM appended a WHERE a.session_id = r.session_id), "              \
    "(SELECT count(*) FROM appended a WHERE a.session_id = r.session_id AND a.kind = 'incident'), l.modality, "        \
    "l.therapy, l.protocol, l.device, l.serial, l.state, l.started_wall_ms, l.places" LEDGER_AMOUNTS("l.planned")      \
        LEDGER_AMOUNTS("l.worst") LEDGER_AMOUNTS("l.delivered") " FROM record r LEFT JOIN ledger l "                   \
                                                                "ON l.session_id = r.session_id "
#define RECORD_PLACES 20
/* First amounts of each kind; the kind is part of the name that export gives the column. */
#define RECORD_planned 21
#define RECORD_worst (RECORD_planned + (int)AMOUNT_COUNT)
#define RECORD_delivered (RECORD_worst + (int)AMOUNT_COUNT)
#define RECORD_FILTERED(patient)                                                                                       \
    "WHERE " patient " AND (?2 IS NULL OR r.site = ?2 OR " LEDGER_TOUCHED(                                             \
        "l.", "?2") ") AND "                                                                                           \
                    "(?3 IS NULL OR r.course_id = ?3) AND "                                                            \
                    "(?4 IS NULL OR r.operator_id = ?4) AND r.ended_wall_ms >= ?5 AND r.ended_wall_ms <= ?6 AND "      \
                    "(r.ended_wall_ms, r.rowid) < (?7, ?8) ORDER BY r.ended_wall_ms DESC, r.rowid DESC LIMIT ?9"

#define RECORD_STATEMENTS(STATEMENT)                                                                                   \
    STATEMENT(begin, "BEGIN IMMEDIATE")                                                                                \
    STATEMENT(commit, "COMMIT")                                                                                        \
    STATEMENT(rollback, "ROLLBACK")                                                                                    \
    STATEMENT(probe, "INSERT OR REPLACE INTO state(key, value) VALUES('probe', randomblob(65536))")                    \
    STATEMENT(audit_insert,                                                                                            \
              "INSERT INTO audit(" AUDIT_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)")        \
    STATEMENT(audit_last, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY seq DESC LIMIT 1")                             \
    STATEMENT(audit_from, "SELECT " AUDIT_COLUMNS " FROM audit WHERE seq >= ?1 ORDER BY seq LIMIT ?2")                 \
    STATEMENT(audit_before, "SELECT " AUDIT_COLUMNS " FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2")           \
    STATEMENT(ledger_insert, "INSERT INTO ledger(" LEDGER_COLUMNS ") VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, " \
                             "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, "   \
                             "?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36)")                                           \
    STATEMENT(ledger_settle, "UPDATE ledger SET (state, ended_wall_ms, ended_boot_id, ended_boot_ns" LEDGER_AMOUNTS(   \
                                 "delivered") ") = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) "                   \
                                              "WHERE session_id = ?1")                                                 \
    STATEMENT(ledger_recent,                                                                                           \
              "SELECT " LEDGER_COLUMNS " FROM ledger WHERE state IN ('open', 'unbounded') OR ended_wall_ms > ?1 OR "   \
              "(ended_boot_id = ?2 AND ended_boot_ns > ?3) ORDER BY rowid")                                            \
    STATEMENT(request_put,                                                                                             \
              "INSERT OR REPLACE INTO request(uid, request_id, digest, result, wall_ms, boot_id, boot_ns) "            \
              "VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                                                    \
    STATEMENT(request_all, "SELECT uid, request_id, digest, result, wall_ms, boot_id, boot_ns FROM request")           \
    STATEMENT(request_drop, "DELETE FROM request WHERE uid = ?1 AND request_id = ?2 AND wall_ms = ?3")                 \
    STATEMENT(record_insert,                                                                                           \
              "INSERT INTO record(session_id, patient_ref, site, side, course_id, operator_id, ended_wall_ms, "        \
              "end_reason, simulated, hash, document) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)")           \
    STATEMENT(record_hash, "SELECT hash FROM record WHERE session_id = ?1")                                            \
    STATEMENT(session_known, "SELECT 1 FROM record WHERE session_id = ?1 UNION ALL "                                   \
                             "SELECT 1 FROM ledger WHERE session_id = ?1 LIMIT 1")                                     \
    STATEMENT(appended_insert,                                                                                         \
              "INSERT INTO appended(append_id, session_id, kind, uid, operator_id, operator_name, wall_ms, "           \
              "frozen_hash, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                                         \
    STATEMENT(record_page, RECORD_SELECT RECORD_FILTERED("1"))                                                         \
    STATEMENT(record_page_patient, RECORD_SELECT RECORD_FILTERED(PATIENT_EQUALS("r.patient_ref", "?1")))               \
    STATEMENT(record_get, "SELECT hash, document FROM record WHERE session_id = ?1")                                   \
    STATEMENT(appended_get, "SELECT body FROM appended WHERE append_id = ?1")                                          \
    STATEMENT(row_counts, "SELECT (SELECT count(*) FROM record), (SELECT count(*) FROM appended), "                    \
                          "(SELECT count(*) FROM ledger)")                                                             \
    STATEMENT(ledger_get, "SELECT " LEDGER_COLUMNS " FROM ledger WHERE session_id = ?1")                               \
    STATEMENT(appended_of, "SELECT " APPENDED_COLUMNS " FROM appended WHERE session_id = ?1 AND number > ?2 "          \
                           "ORDER BY number LIMIT ?3")                                                                 \
    STATEMENT(incident_page, "SELECT " APPENDED_COLUMNS " FROM appended WHERE kind = 'incident' AND number < ?1 AND "  \
                             "(?2 IS NULL OR session_id = ?2) ORDER BY number DESC LIMIT ?3")                          \
    STATEMENT(incident_get, "SELECT " APPENDED_COLUMNS " FROM appended WHERE append_id = ?1 AND kind = 'incident'")    \
    STATEMENT(dose_page,                                                                                               \
              "SELECT " LEDGER_COLUMNS ", rowid FROM ledger WHERE " PATIENT_EQUALS(                                    \
                  "patient_ref",                                                                                       \
                  "?1") " AND "                                                                                        \
                        "(?2 IS NULL OR modality = ?2) AND (state IN ('open', 'unbounded') OR ended_wall_ms >= ?3 "    \
                        "OR (ended_boot_id = ?4 AND ended_boot_ns >= ?5)) ORDER BY rowid DESC")

enum statement {
#define STATEMENT(id, sql) STATEMENT_##id,
    RECORD_STATEMENTS(STATEMENT)
#undef STATEMENT
        STATEMENT_COUNT
};

#endif
