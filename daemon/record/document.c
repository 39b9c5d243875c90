/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finished records and what is added to them. A document is stored as the compact text with sorted keys that was
 * hashed; the hash stands in the audit chain too, so that a changed document shows even when its own row is consistent.
 */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"

#define RECORD_SCHEMA_VERSION 1 /* of the document */
#define APPEND_ID_BYTES 12

/* A text of the document: at its top, or in the request it carries. "" when absent. */
static char *document_text(const json_t *document, const char *object, const char *key)
{
    const json_t *places[2] = {document, json_object_get(document, "request")};

    for (size_t i = 0; i < 2; i++) {
        const json_t *from = object ? json_object_get(places[i], object) : places[i];
        const char *text = json_string_value(json_object_get(from, key));
        if (text)
            return strdup(text);
    }
    return strdup("");
}

static bool finish_fill(struct job_finish *finish, const char *session_id, json_t *document, int64_t now_ms)
{
    const json_t *ended = json_object_get(document, "ended_at_ms");

    if (!json_object_get(document, "schema_version") &&
        json_object_set_new(document, "schema_version", json_integer(RECORD_SCHEMA_VERSION)) < 0)
        return false;
    finish->session_id = strdup(session_id);
    finish->patient_ref = document_text(document, NULL, "patient_ref");
    finish->course_id = document_text(document, NULL, "course_id");
    finish->operator_id = document_text(document, "operator", "id");
    finish->site = document_text(document, "target", "site");
    finish->side = document_text(document, "target", "side");
    finish->end_reason = document_text(document, "end", "reason");
    finish->simulated = json_is_true(json_object_get(document, "simulated"));
    finish->ended_wall_ms = json_is_integer(ended) ? json_integer_value(ended) : now_ms;
    finish->document = json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
    return finish->session_id && finish->patient_ref && finish->course_id && finish->operator_id && finish->site &&
           finish->side && finish->end_reason && finish->document;
}

int record_finish(struct record *record, const char *session_id, json_t *document, record_done *done, void *userdata)
{
    struct job *job = json_is_object(document) ? record_job(record, JOB_FINISH, done, userdata) : NULL;
    int rc = json_is_object(document) ? -ENOMEM : -EINVAL;

    if (job && finish_fill(&job->finish, session_id, document, job->wall_ms)) {
        size_t length = strlen(job->finish.document);
        job->bytes += length;
        rc = length > RECORD_DOCUMENT_MAX || !json_text_shallow(job->finish.document) ? -E2BIG : 0;
    }
    json_decref(document);
    if (rc < 0) {
        job_free(job);
        return rc;
    }
    return queue_push(record, job);
}

void document_hash(const char *text, unsigned char out[CHAIN_HASH])
{
    crypto_generichash(out, CHAIN_HASH, (const unsigned char *)text, strlen(text), NULL, 0);
}

int document_write_finish(struct record *record, struct job *job)
{
    const struct job_finish *f = &job->finish;
    sqlite3_stmt *insert = store_statement(&record->store, STATEMENT_record_insert);
    unsigned char hash[CHAIN_HASH];
    char hex[CHAIN_HEX];
    int rc;

    if (!insert)
        return -EIO;
    document_hash(f->document, hash);
    chain_hex(hash, hex);
    store_bind_text(insert, 1, f->session_id);
    store_bind_text(insert, 2, f->patient_ref);
    store_bind_text(insert, 3, f->site);
    store_bind_text(insert, 4, f->side);
    store_bind_text(insert, 5, f->course_id);
    store_bind_text(insert, 6, f->operator_id);
    sqlite3_bind_int64(insert, 7, f->ended_wall_ms);
    store_bind_text(insert, 8, f->end_reason);
    sqlite3_bind_int(insert, 9, f->simulated);
    sqlite3_bind_blob(insert, 10, hash, CHAIN_HASH, SQLITE_STATIC);
    store_bind_text(insert, 11, f->document);
    rc = store_run(&record->store, insert);
    if (rc < 0)
        return rc;
    return writer_audit(record, job, "record.finished", f->session_id, json_pack("{s:s}", "hash", hex));
}

static bool append_kind_known(const char *kind)
{
    return strcmp(kind, "observation") == 0 || strcmp(kind, "note") == 0 || strcmp(kind, "addendum") == 0 ||
           strcmp(kind, "incident") == 0;
}

static char *append_id(const json_t *body)
{
    const char *given = json_string_value(json_object_get(body, "id"));
    unsigned char random[APPEND_ID_BYTES];
    char hex[2 * APPEND_ID_BYTES + 1];

    if (given)
        return strdup(given);
    randombytes_buf(random, sizeof(random));
    return strdup(sodium_bin2hex(hex, sizeof(hex), random, sizeof(random)));
}

static char *copy_or_null(const char *text, bool *failed)
{
    char *copy = text ? strdup(text) : NULL;

    *failed = *failed || (text && !copy);
    return copy;
}

static bool append_fill(struct job_append *a, const char *session_id, const char *kind, const struct audit_actor *actor,
                        const json_t *body)
{
    bool failed = false;

    a->uid = (int64_t)actor->uid;
    a->session_id = copy_or_null(session_id, &failed);
    a->kind = copy_or_null(kind, &failed);
    a->operator_id = copy_or_null(actor->operator_id, &failed);
    a->operator_name = copy_or_null(actor->operator_name, &failed);
    a->append_id = append_id(body);
    a->body = json_dumps(body, JSON_COMPACT | JSON_SORT_KEYS);
    return !failed && a->append_id && a->body;
}

int record_append(struct record *record, const char *session_id, const char *kind, const struct audit_actor *actor,
                  json_t *body, record_done *done, void *userdata)
{
    bool valid = json_is_object(body) && append_kind_known(kind) && (session_id || strcmp(kind, "incident") == 0);
    struct job *job = valid ? record_job(record, JOB_APPEND, done, userdata) : NULL;
    int rc = valid ? -ENOMEM : -EINVAL;

    if (job && append_fill(&job->append, session_id, kind, actor, body)) {
        size_t length = strlen(job->append.body);
        job->bytes += length;
        rc = length > RECORD_BODY_MAX || !json_text_shallow(job->append.body) ? -E2BIG : 0;
    }
    json_decref(body);
    if (rc < 0) {
        job_free(job);
        return rc;
    }
    return queue_push(record, job);
}

/* 1 = out is the record's hash, 0 = the session has no finished record, -ENOENT = nobody knows the session. */
static int append_frozen(struct record *record, const char *session_id, unsigned char out[CHAIN_HASH])
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_record_hash);
    int rc;

    if (!session_id)
        return 0;
    if (!row)
        return -EIO;
    store_bind_text(row, 1, session_id);
    rc = store_row(&record->store, row);
    if (rc == 1) {
        memcpy(out, sqlite3_column_blob(row, 0), CHAIN_HASH); /* the schema holds its length */
        sqlite3_reset(row);
    }
    if (rc != 0)
        return rc;
    row = store_statement(&record->store, STATEMENT_session_known);
    if (!row)
        return -EIO;
    store_bind_text(row, 1, session_id);
    rc = store_row(&record->store, row);
    if (rc == 1)
        sqlite3_reset(row);
    return rc < 0 ? rc : rc == 1 ? 0 : -ENOENT;
}

static int append_insert(struct record *record, const struct job *job, const unsigned char *frozen)
{
    const struct job_append *a = &job->append;
    sqlite3_stmt *insert = store_statement(&record->store, STATEMENT_appended_insert);

    if (!insert)
        return -EIO;
    store_bind_text(insert, 1, a->append_id);
    store_bind_text(insert, 2, a->session_id);
    store_bind_text(insert, 3, a->kind);
    sqlite3_bind_int64(insert, 4, a->uid);
    store_bind_text(insert, 5, a->operator_id);
    store_bind_text(insert, 6, a->operator_name);
    sqlite3_bind_int64(insert, 7, job->wall_ms);
    if (frozen)
        sqlite3_bind_blob(insert, 8, frozen, CHAIN_HASH, SQLITE_STATIC);
    store_bind_text(insert, 9, a->body);
    return store_run(&record->store, insert);
}

int document_write_append(struct record *record, struct job *job)
{
    const struct job_append *a = &job->append;
    unsigned char frozen[CHAIN_HASH], hash[CHAIN_HASH];
    char hex[CHAIN_HEX];
    int rc = append_frozen(record, a->session_id, frozen);

    if (rc < 0)
        return rc;
    rc = append_insert(record, job, rc == 1 && strcmp(a->kind, "incident") == 0 ? frozen : NULL);
    if (rc < 0)
        return rc;
    document_hash(a->body, hash);
    chain_hex(hash, hex);
    return writer_audit(record, job, "record.appended", a->session_id,
                        json_pack("{s:s, s:s, s:s}", "id", a->append_id, "kind", a->kind, "hash", hex));
}
