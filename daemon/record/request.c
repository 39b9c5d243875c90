/* SPDX-License-Identifier: Apache-2.0 */
/* Answers that may be asked for again: in memory by (uid, request_id), and as rows in the database. */
#include "record/request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/hash.h"
#include "record/internal.h"

#define REQUEST_KEEP_MS (INT64_C(24) * 3600 * 1000)
#define REQUEST_BYTES_MAX ((size_t)16 << 20) /* a day of a large clinic; beyond it acting requests are refused */
#define REQUEST_RESULT_MAX ((size_t)256 << 10)

static size_t request_bucket(uid_t uid, const char *request_id)
{
    return hash_text((uint32_t)uid, request_id) % REQUEST_BUCKETS;
}

static size_t request_bytes(const struct request_node *node)
{
    return sizeof(*node) + strlen(node->request_id) + strlen(node->digest) + (node->result ? strlen(node->result) : 0);
}

static void request_node_free(struct request_node *node)
{
    free(node->request_id);
    free(node->digest);
    free(node->result);
    free(node);
}

struct request_node *request_find(const struct requests *requests, uid_t uid, const char *request_id)
{
    struct request_node *node = requests->buckets[request_bucket(uid, request_id)];

    while (node && (node->uid != uid || strcmp(node->request_id, request_id) != 0))
        node = node->next;
    return node;
}

int request_add(struct requests *requests, const struct request_node *like, struct request_node **out)
{
    struct request_node **bucket = &requests->buckets[request_bucket(like->uid, like->request_id)], *node;

    if (requests->bytes + request_bytes(like) > REQUEST_BYTES_MAX)
        return -EAGAIN;
    node = calloc(1, sizeof(*node));
    if (!node)
        return -ENOMEM;
    *node = *like;
    node->request_id = strdup(like->request_id);
    node->digest = strdup(like->digest);
    node->result = like->result ? strdup(like->result) : NULL;
    if (!node->request_id || !node->digest || (like->result && !node->result)) {
        request_node_free(node);
        return -ENOMEM;
    }
    node->next = *bucket;
    *bucket = node;
    requests->n++;
    requests->bytes += request_bytes(node);
    if (out)
        *out = node;
    return 0;
}

int request_set_result(struct requests *requests, struct request_node *node, const char *result)
{
    char *copy;

    if (requests->bytes + strlen(result) > REQUEST_BYTES_MAX)
        return -EAGAIN;
    copy = strdup(result);
    if (!copy)
        return -ENOMEM;
    node->result = copy;
    requests->bytes += strlen(copy);
    return 0;
}

static void request_expire(struct record *record, struct request_node *node)
{
    struct job *job = node->result ? record_job(record, JOB_REQUEST_DROP, NULL, NULL) : NULL;

    record->requests.n--;
    record->requests.bytes -= request_bytes(node);
    if (job) {
        job->request.uid = node->uid;
        job->request.wall_ms = node->wall_ms;
        job->request.request_id = strdup(node->request_id);
        job->bytes = sizeof(*job) + strlen(node->request_id);
        if (job->request.request_id)
            (void)queue_push(record, job); /* not taken: the row goes with the next start-up */
        else
            job_free(job);
    }
    request_node_free(node);
}

void requests_purge(struct record *record, int64_t now_wall_ms, int64_t now_boot_ns)
{
    for (size_t i = 0; i < REQUEST_BUCKETS; i++) {
        struct request_node **link = &record->requests.buckets[i], *node;
        while ((node = *link)) {
            if (ledger_elapsed_ms(now_wall_ms, now_boot_ns, node->wall_ms, node->this_boot, node->boot_ns) <
                REQUEST_KEEP_MS) {
                link = &node->next;
                continue;
            }
            *link = node->next;
            request_expire(record, node);
        }
    }
}

void requests_free(struct requests *requests)
{
    for (size_t i = 0; i < REQUEST_BUCKETS; i++) {
        struct request_node *node;
        while ((node = requests->buckets[i])) {
            requests->buckets[i] = node->next;
            request_node_free(node);
        }
    }
}

enum request_seen record_request_seen(struct record *record, uid_t uid, const char *request_id, const char *digest,
                                      json_t **result)
{
    struct request_node *node = request_find(&record->requests, uid, request_id);

    if (!node)
        return REQUEST_NEW;
    if (strcmp(node->digest, digest) != 0)
        return REQUEST_CONFLICT;
    *result = node->result ? json_text_read(node->result) : NULL;
    return REQUEST_REPEATED;
}

static int request_queue(struct record *record, const struct request_node *node)
{
    struct job *job = record_job(record, JOB_REQUEST, NULL, NULL);

    if (!job)
        return -ENOMEM;
    job->request.uid = node->uid;
    job->request.wall_ms = node->wall_ms;
    job->request.boot_ns = node->boot_ns;
    job->request.request_id = strdup(node->request_id);
    job->request.digest = strdup(node->digest);
    job->request.result = strdup(node->result);
    job->bytes = sizeof(*job) + request_bytes(node);
    if (!job->request.request_id || !job->request.digest || !job->request.result) {
        job_free(job);
        return -ENOMEM;
    }
    return queue_push(record, job);
}

int record_request_store(struct record *record, uid_t uid, const char *request_id, const char *digest,
                         const json_t *result)
{
    struct request_node *node = request_find(&record->requests, uid, request_id);
    struct request_node like = {.uid = uid, .this_boot = true};
    char *text = NULL;
    int rc = 0;

    if (node && strcmp(node->digest, digest) != 0)
        return -EEXIST;
    if (node && node->result)
        return -EALREADY;
    if (!node) {
        like.request_id = (char *)(uintptr_t)request_id; /* copied by request_add */
        like.digest = (char *)(uintptr_t)digest;
        like.wall_ms = record->clock.wall_ms(record->clock.userdata);
        like.boot_ns = record->clock.boot_ns(record->clock.userdata);
        rc = request_add(&record->requests, &like, &node);
    }
    if (rc < 0 || !result)
        return rc;
    text = json_dumps(result, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text)
        return -ENOMEM;
    rc = strlen(text) > REQUEST_RESULT_MAX || !json_text_shallow(text)
             ? -E2BIG
             : request_set_result(&record->requests, node, text);
    free(text);
    return rc < 0 ? rc : request_queue(record, node);
}

int request_write(struct record *record, struct job *job)
{
    const struct job_request *request = &job->request;
    sqlite3_stmt *put = store_statement(&record->store, STATEMENT_request_put);

    if (!put)
        return -EIO;
    sqlite3_bind_int64(put, 1, request->uid);
    store_bind_text(put, 2, request->request_id);
    store_bind_text(put, 3, request->digest);
    store_bind_text(put, 4, request->result);
    sqlite3_bind_int64(put, 5, request->wall_ms);
    store_bind_text(put, 6, record->clock.boot_id);
    sqlite3_bind_int64(put, 7, request->boot_ns);
    return store_run(&record->store, put);
}

int request_write_drop(struct record *record, struct job *job)
{
    sqlite3_stmt *drop = store_statement(&record->store, STATEMENT_request_drop);

    if (!drop)
        return -EIO;
    sqlite3_bind_int64(drop, 1, job->request.uid);
    store_bind_text(drop, 2, job->request.request_id);
    sqlite3_bind_int64(drop, 3, job->request.wall_ms);
    return store_run(&record->store, drop);
}

int requests_load(struct record *record)
{
    sqlite3_stmt *row = store_statement(&record->store, STATEMENT_request_all);
    int rc, added = 0;

    while ((rc = store_row(&record->store, row)) == 1 && added == 0) {
        struct request_node like = {.uid = (uid_t)sqlite3_column_int64(row, 0),
                                    .request_id = (char *)(uintptr_t)store_text(row, 1),
                                    .digest = (char *)(uintptr_t)store_text(row, 2),
                                    .result = (char *)(uintptr_t)store_text(row, 3),
                                    .wall_ms = sqlite3_column_int64(row, 4),
                                    .this_boot = strcmp(store_text(row, 5), record->clock.boot_id) == 0,
                                    .boot_ns = sqlite3_column_int64(row, 6)};
        added = request_add(&record->requests, &like, NULL);
    }
    if (rc == 1)
        sqlite3_reset(row);
    if (added == -ENOMEM)
        return added;
    return rc < 0 ? rc : 0; /* more than memory takes: the oldest duties give way, a start does not */
}
