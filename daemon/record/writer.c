/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's thread. It takes the queue's oldest jobs as one transaction, and hands them back when the transaction
 * is durable; jobs never overtake one another. When a transaction fails nothing of it is stored, waiting reservations
 * and additions are told, and everything else stays where it is and is tried again. Queries get slices in between.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "record/internal.h"

#include "modality/clock.h"
#include "modality/slice.h"

#define WRITER_BATCH 128 /* jobs in one transaction: bounds how long the first of them waits */
#define WRITER_BATCH_BYTES ((size_t)1 << 20)
#define WRITER_GATHER_NS (5 * NS_PER_MS)
#define WRITER_RETRY_NS (500 * NS_PER_MS) /* a full disk is tried twice a second */
#define WRITER_RETRY_CLOSING_NS (50 * NS_PER_MS)

void writer_broken(struct record *record, const char *why)
{
    pthread_mutex_lock(&record->queue.lock);
    if (!atomic_load(&record->audit_broken))
        snprintf(record->audit_why, sizeof(record->audit_why), "%s", why);
    pthread_mutex_unlock(&record->queue.lock);
    atomic_store(&record->audit_broken, true);
}

/*
 * Damage is known to the next start too, whatever is asked then: beside the last good head, which stays as evidence. A
 * head that was itself unreadable is left as it is; it is found again.
 */
static void writer_remember(struct record *record)
{
    struct chain_head head = record->head;

    if (!atomic_load(&record->audit_broken) || head.broken[0] != '\0')
        return;
    pthread_mutex_lock(&record->queue.lock);
    snprintf(head.broken, sizeof(head.broken), "%.*s", CHAIN_WHY_MAX - 1, record->audit_why);
    pthread_mutex_unlock(&record->queue.lock);
    if (chain_head_write(record->head_path, &head, clock_wall_ms()) == 0)
        record->head = head;
}

/* A constraint refuses an entry only if somebody else has written to the chain: go on from what is there, and say so.
 */
static int writer_chain(struct record *record, const struct chain_entry *entry)
{
    int rc = chain_append(&record->store, &record->chain, entry);

    if (rc != -EEXIST)
        return rc;
    writer_broken(record, "entries of another writer are in the audit chain");
    store_rollback(&record->store);
    chain_last(&record->store, &record->chain);
    return -ESTALE;
}

int writer_audit(struct record *record, const struct job *job, const char *event, const char *session_id,
                 json_t *detail)
{
    char *text = detail ? json_dumps(detail, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    struct chain_entry entry = {.wall_ms = job->wall_ms,
                                .boot_ns = job->boot_ns,
                                .uid = (int64_t)getuid(),
                                .boot_id = record->clock.boot_id,
                                .event = event,
                                .session_id = session_id,
                                .detail = text};
    int rc = text ? writer_chain(record, &entry) : -ENOMEM;

    free(text);
    json_decref(detail);
    return rc;
}

static int writer_write_audit(struct record *record, struct job *job)
{
    const struct job_audit *audit = &job->audit;
    struct chain_entry entry = {.wall_ms = job->wall_ms,
                                .boot_ns = job->boot_ns,
                                .uid = audit->uid,
                                .boot_id = record->clock.boot_id,
                                .operator_id = audit->operator_id,
                                .operator_name = audit->operator_name,
                                .event = audit->event,
                                .session_id = audit->session_id,
                                .detail = audit->detail};

    return writer_chain(record, &entry);
}

static int writer_job(struct record *record, struct job *job)
{
    switch (job->kind) {
    case JOB_AUDIT:
    case JOB_ACCEPT:
        return writer_write_audit(record, job);
    case JOB_RESERVE:
        return ledger_write_reserve(record, job);
    case JOB_SETTLE:
        return ledger_write_settle(record, job);
    case JOB_FINISH:
        return document_write_finish(record, job);
    case JOB_APPEND:
        return document_write_append(record, job);
    case JOB_REQUEST:
        return request_write(record, job);
    case JOB_REQUEST_DROP:
        return request_write_drop(record, job);
    case JOB_HEAD: /* written after the commit */
        return 0;
    }
    return -EINVAL;
}

/* Errors of one job are its own; errors of the store are everybody's. */
static bool writer_job_error(int rc)
{
    return rc == -EEXIST || rc == -EINVAL || rc == -ENOENT || rc == -EALREADY;
}

static int writer_transaction(struct record *record, struct job *const *batch, size_t n, char *why, size_t size)
{
    struct chain_link before = record->chain;
    int rc;

    if (store_moved(&record->store)) {
        snprintf(why, size, "%s was moved or deleted while in use", record->store.path);
        return -EIO;
    }
    rc = store_begin(&record->store);
    /* Alone after a failure: show that there is room again before anybody relies on it. */
    if (rc == 0 && n == 0)
        rc = store_run(&record->store, store_statement(&record->store, STATEMENT_probe));
    for (size_t i = 0; i < n && rc == 0; i++) {
        batch[i]->error = 0;
        rc = writer_job(record, batch[i]);
        if (writer_job_error(rc)) {
            batch[i]->error = rc;
            rc = 0;
        }
    }
    if (rc == 0)
        rc = store_commit(&record->store);
    if (rc == 0)
        return 0;
    store_error(&record->store, why, size);
    store_rollback(&record->store);
    if (rc != -ESTALE)
        record->chain = before;
    return rc;
}

/* An accepted damage lies behind the head from now on. */
static int writer_head(struct record *record, const struct job *job, char *why, size_t size)
{
    struct chain_head head = {.link = record->chain, .accepted_seq = record->head.accepted_seq};
    int rc;

    if (job->kind == JOB_ACCEPT)
        head.accepted_seq = head.link.seq;
    else if (atomic_load(&record->audit_broken))
        return 0; /* the last good head is evidence: it stays until a person has accepted the damage */
    rc = chain_head_write(record->head_path, &head, job->wall_ms);
    if (rc < 0) {
        snprintf(why, size, "%s cannot be written: %s", record->head_path, strerror(-rc));
        return rc;
    }
    record->head = head;
    if (job->kind == JOB_ACCEPT)
        atomic_store(&record->audit_broken, false);
    journal_head(&head.link);
    return 0;
}

/* The oldest jobs that go together; one that writes the head ends the transaction. */
static size_t writer_take(const struct queue *queue, struct job **batch)
{
    size_t n = 0, bytes = 0;

    for (struct job *job = queue->first; job && n < WRITER_BATCH && bytes < WRITER_BATCH_BYTES; job = job->next) {
        batch[n++] = job;
        bytes += job->bytes;
        if (job->kind == JOB_HEAD || job->kind == JOB_ACCEPT)
            break;
    }
    return n;
}

/* The lock is held. Reservations and additions are told; what is kept moves up and stays. */
static void writer_fail(struct record *record, const char *why)
{
    struct queue *queue = &record->queue;
    struct job *kept = NULL, **kept_last = &kept, *job;

    queue->failed = true;
    snprintf(queue->why, sizeof(queue->why), "%s", why);
    while ((job = queue->first)) {
        if (!job_kept(job)) {
            job->error = -EIO;
            queue_give_done(record, job);
            continue;
        }
        queue->first = job->next;
        job->next = NULL;
        *kept_last = job;
        kept_last = &job->next;
    }
    queue->first = kept;
    queue->last = kept ? kept_last : &queue->first;
}

/* One transaction. The lock is held, and released while the disk works. */
static void writer_turn(struct record *record)
{
    struct queue *queue = &record->queue;
    struct job *batch[WRITER_BATCH], *last;
    char why[RECORD_WHY_MAX] = "";
    size_t n = writer_take(queue, batch), done;
    int rc;

    queue->nudged = false;
    pthread_mutex_unlock(&queue->lock);
    last = n > 0 ? batch[n - 1] : NULL;
    rc = writer_transaction(record, batch, n, why, sizeof(why));
    writer_remember(record); /* tried again with the next transaction when the disk does not take it */
    done = rc == 0 ? n : 0;
    if (rc == 0 && last && (last->kind == JOB_HEAD || last->kind == JOB_ACCEPT)) {
        rc = writer_head(record, last, why, sizeof(why));
        done = rc == 0 ? n : n - 1;
    }
    pthread_mutex_lock(&queue->lock);
    for (size_t i = 0; i < done; i++)
        queue_give_done(record, batch[i]);
    if (rc < 0) {
        writer_fail(record, why);
        return;
    }
    queue->losses += queue->failed;
    queue->failed = false;
}

/* One slice of the first query whose turn has come. The lock is held, and released while it works. */
static bool writer_slice(struct record *record)
{
    struct queue *queue = &record->queue;
    struct query *query = queue->queries, **last = &queue->queries;
    int rc;

    if (!query || (!queue->failed && query->after > queue->finished))
        return false;
    queue->queries = query->next;
    query->next = NULL;
    pthread_mutex_unlock(&queue->lock);
    rc = query->kind->step(record, query);
    writer_remember(record);
    pthread_mutex_lock(&queue->lock);
    if (rc == 0 || rc < 0) {
        query->error = rc;
        last = &queue->answers;
        (void)eventfd_write(record->event_fd, 1);
    }
    while (*last)
        last = &(*last)->next;
    *last = query;
    return true;
}

/*
 * Facts that nobody waits for are gathered for a moment: one change of state writes several, and those who act on it
 * (host, device, client) do not share the processor with a transaction for each. INT64_MAX = nothing to write.
 */
static int64_t writer_due_ns(const struct queue *queue, int64_t retry_ns)
{
    if (queue->failed)
        return queue->nudged ? 0 : retry_ns;
    if (!queue->first)
        return INT64_MAX;
    if (queue->close_by_ns != 0 || queue->queries || queue->n >= WRITER_BATCH)
        return 0;
    for (const struct job *job = queue->first; job; job = job->next)
        if (job->done)
            return 0;
    return queue->first->queued_ns + WRITER_GATHER_NS;
}

static void writer_wait(struct queue *queue, int64_t until_ns)
{
    struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};

    if (until_ns != INT64_MAX)
        pthread_cond_timedwait(&queue->wake, &queue->lock, &until);
    else
        pthread_cond_wait(&queue->wake, &queue->lock);
}

/* The last head, so that the next start verifies only what is new; and what could not be stored, to the journal. */
static void writer_end(struct record *record)
{
    struct job end = {.kind = JOB_HEAD};
    char why[RECORD_WHY_MAX];

    for (const struct job *job = record->queue.first; job; job = job->next)
        journal_lost(job);
    end.wall_ms = clock_wall_ms();
    if (record->chain.seq != record->head.link.seq)
        (void)writer_head(record, &end, why, sizeof(why));
}

void *writer_main(void *userdata)
{
    struct record *record = userdata;
    struct queue *queue = &record->queue;
    int64_t retry_ns = 0;

    slice_ask(SLICE_WRITER_NS);
    pthread_mutex_lock(&queue->lock);
    for (;;) {
        bool worked = false;
        if (queue->close_by_ns != 0 && (!queue->first || clock_monotonic_ns() >= queue->close_by_ns))
            break;
        if (clock_monotonic_ns() >= writer_due_ns(queue, retry_ns)) {
            writer_turn(record);
            retry_ns = clock_monotonic_ns() + (queue->close_by_ns != 0 ? WRITER_RETRY_CLOSING_NS : WRITER_RETRY_NS);
            worked = true;
        }
        if (!writer_slice(record) && !worked)
            writer_wait(queue, writer_due_ns(queue, retry_ns));
    }
    writer_end(record);
    queue->writer_gone = true;
    pthread_mutex_unlock(&queue->lock);
    return NULL;
}
