/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of this room share. Three parts with one owner each: what only the loop's thread touches, what only
 * the writer's thread touches once it runs, and the queue between them under its lock.
 */
#ifndef RECORD_INTERNAL_H
#define RECORD_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "record/amounts.h"
#include "record/chain.h"
#include "record/job.h"
#include "record/json_text.h"
#include "record/ledger.h"
#include "record/query.h"
#include "record/request.h"

#define RECORD_BYTES_MAX ((size_t)8 << 20)      /* all that waits to be written */
#define RECORD_DETAIL_MAX ((size_t)256 << 10)   /* one audit entry */
#define RECORD_DOCUMENT_MAX ((size_t)512 << 10) /* one finished record: doubled by escapes it still fits a page */
#define RECORD_BODY_MAX ((size_t)64 << 10)      /* one addition */
#define RECORD_WHY_MAX 256

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t wake; /* CLOCK_MONOTONIC */
    struct job *first, **last;
    size_t n, bytes, max;
    uint64_t pushed, finished; /* counts of jobs: a query waits for what was pushed before it */
    struct job *done_first, **done_last;
    struct query *queries, *answers; /* waiting; to be answered */
    size_t n_queries;
    bool nudged;     /* somebody waits for an answer: try at once although the last write failed */
    bool failed;     /* the last write failed */
    uint64_t losses; /* episodes of failing that ended */
    char why[RECORD_WHY_MAX];
    int64_t close_by_ns; /* 0 = open */
    bool writer_gone;
};

struct clock_watch {
    int64_t offset_ms;     /* wall minus boot time */
    int64_t untold_ms;     /* steps in the chain that record_clock_check has not returned yet */
    int64_t asleep_ns;     /* boot time minus monotonic */
    int64_t next_purge_ns; /* boot time */
    bool has_last;         /* the chain had an entry at start-up */
    int64_t last_wall_ms, last_boot_ns;
    char last_boot_id[40];
};

struct record {
    struct record_clock clock;
    uint32_t late_ms;
    int event_fd;
    char head_path[PATH_MAX];

    /* the loop's thread */
    struct ledger ledger;
    struct requests requests;
    struct clock_watch watch;
    uint64_t refused; /* audit entries that found the queue full and are not yet told of */
    int64_t refused_from_ms, refused_to_ms;
    uint64_t losses_told;
    bool broken_told; /* the chain has an entry that says so */

    /* between them */
    struct queue queue;
    atomic_bool audit_broken;
    char audit_why[RECORD_WHY_MAX]; /* under queue.lock */

    /* the writer's thread */
    pthread_t thread;
    struct store store;
    struct chain_link chain;
    struct chain_head head; /* as in the second file */
};

/* record.c */
/* A job stamped with the clocks; NULL when memory is used up. */
struct job *record_job(struct record *record, enum job_kind kind, record_done *done, void *userdata);

/* queue.c */
int queue_init(struct queue *queue, size_t max);
/* Takes the job over: 0, or -EAGAIN (it was freed). */
int queue_push(struct record *record, struct job *job);
int queue_query(struct record *record, struct query *query);
/* The writer hands back; the lock is held. */
void queue_give_done(struct record *record, struct job *job);
void queue_free(struct queue *queue);
bool queue_crowded(const struct queue *queue);

/* writer.c */
void *writer_main(void *record);
/* An audit entry of the daemon itself inside the writer's transaction; detail is stolen. */
int writer_audit(struct record *record, const struct job *job, const char *event, const char *session_id,
                 json_t *detail);
void writer_broken(struct record *record, const char *why);

/* watch.c */
/* After the chain and the ledger were loaded: a clock that was set back while the daemon was down is noticed. */
void watch_begin(struct record *record);
/* A step of the wall clock enters the chain before anything that is dated by it, or a kill would leave it untold. */
void watch_step(struct record *record, int64_t wall_ms, int64_t boot_ns);
/* The chain says itself that it is broken. */
void watch_tell_broken(struct record *record);

/* reserve.c: the loop learns how a job ended, before its owner is told */
void reserve_completed(struct record *record, const struct job *job);

/* journal.c */
void journal_head(const struct chain_link *head);
void journal_lost(const struct job *job);

/* ledger_store.c, document.c: rows of one kind, inside the writer's transaction */
int ledger_write_reserve(struct record *record, struct job *job);
int ledger_write_settle(struct record *record, struct job *job);
/* A row of LEDGER_COLUMNS. */
void ledger_read(sqlite3_stmt *row, struct ledger_entry *e, char ended_boot_id[40], int64_t *ended_boot_ns);
void ledger_read_amounts(sqlite3_stmt *row, int first, struct dose_amounts *out);
json_t *ledger_amounts_document(const struct dose_amounts *amounts);
/* What the chain says of a reservation and of a settlement. */
json_t *ledger_reserved_document(const struct ledger_entry *e);
json_t *ledger_settled_document(const struct ledger_entry *e);
int ledger_load(struct record *record);
void document_hash(const char *text, unsigned char out[CHAIN_HASH]);
int document_write_finish(struct record *record, struct job *job);
int document_write_append(struct record *record, struct job *job);
int request_write(struct record *record, struct job *job);
int request_write_drop(struct record *record, struct job *job);
int requests_load(struct record *record);

#endif
