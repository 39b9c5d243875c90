/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening, closing and handing back. All callbacks run here, on the loop's thread, after the queue's lock is released.
 * The order at start: lock and migrate, verify the chain from the last head, load what memory holds, then the thread.
 */
#include "record/record.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "record/internal.h"

#include "modality/clock.h"

#define RECORD_STACK ((size_t)128 << 10)    /* 40 KiB are enough for every query; sanitizers triple that */
#define RECORD_CLOSE_NS (2 * NS_PER_S)      /* flush */
#define RECORD_ABANDON_NS (500 * NS_PER_MS) /* beyond it the thread hangs in a disk that does not answer */
#define RECORD_WALK_ROWS 1000

static int64_t real_wall_ms(void *userdata)
{
    (void)userdata;
    return clock_wall_ms();
}

static int64_t real_boot_ns(void *userdata)
{
    (void)userdata;
    return clock_boot_ns();
}

static int64_t real_monotonic_ns(void *userdata)
{
    (void)userdata;
    return clock_monotonic_ns();
}

static int clock_real(struct record_clock *clock)
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, clock->boot_id, sizeof(clock->boot_id) - 1) : -1;

    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return -EIO;
    clock->boot_id[n] = '\0';
    clock->boot_id[strcspn(clock->boot_id, "\n")] = '\0';
    clock->wall_ms = real_wall_ms;
    clock->boot_ns = real_boot_ns;
    clock->monotonic_ns = real_monotonic_ns;
    return 0;
}

struct job *record_job(struct record *record, enum job_kind kind, record_done *done, void *userdata)
{
    int64_t wall_ms = record->clock.wall_ms(record->clock.userdata);
    int64_t boot_ns = record->clock.boot_ns(record->clock.userdata);
    struct job *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    watch_step(record, wall_ms, boot_ns);
    job->kind = kind;
    job->bytes = sizeof(*job);
    job->wall_ms = wall_ms;
    job->boot_ns = boot_ns;
    job->done = done;
    job->userdata = userdata;
    return job;
}

/* A database without entries is new, and gets its head; one with entries and no readable head lost it. */
static int record_open_head(struct record *record)
{
    int rc = chain_head_read(record->head_path, &record->head);

    if (rc == 0 && record->head.broken[0] != '\0')
        writer_broken(record, record->head.broken); /* seen before, and accepted by nobody */
    if (rc == 0)
        return 0;
    memset(&record->head, 0, sizeof(record->head));
    if (rc == -ENOENT && record->chain.seq == 0)
        return chain_head_write(record->head_path, &record->head, record->clock.wall_ms(record->clock.userdata));
    snprintf(record->head.broken, sizeof(record->head.broken), "%s",
             rc == -ENOENT ? "the file of the audit head is missing" : "the audit head cannot be read");
    writer_broken(record, record->head.broken);
    return 0;
}

static int record_verify(struct record *record)
{
    struct clock_watch *last = &record->watch;
    struct chain_walk walk;
    int rc = chain_last(&record->store, &record->chain);

    if (rc == 0)
        rc = record_open_head(record);
    if (rc < 0)
        return rc;
    chain_walk_begin(&walk, &record->head.link, false);
    do
        rc = chain_walk_step(&record->store, &walk, RECORD_WALK_ROWS);
    while (rc == 1);
    if (rc == 0 && walk.bad > 0)
        writer_broken(record, walk.why);
    if (rc == 0)
        rc = chain_last_time(&record->store, &last->last_wall_ms, &last->last_boot_ns, last->last_boot_id);
    last->has_last = rc == 0;
    return rc == -ENOENT ? 0 : rc;
}

static int record_start_thread(struct record *record)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    int rc;

    if (pthread_attr_init(&attributes) != 0)
        return -ENOMEM;
    pthread_attr_setstacksize(&attributes, RECORD_STACK);
    /* Signals belong to the loop. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(&record->thread, &attributes, writer_main, record);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return -rc;
}

static void record_free(struct record *record)
{
    queue_free(&record->queue); /* a backup under way lets go of the store */
    store_close(&record->store);
    ledger_free(&record->ledger);
    requests_free(&record->requests);
    if (record->event_fd >= 0)
        close(record->event_fd);
    free(record);
}

static int record_prepare(struct record *record, const struct record_settings *settings)
{
    int rc = 0;

    record->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (record->event_fd < 0)
        return -errno;
    if (settings->clock)
        record->clock = *settings->clock;
    else
        rc = clock_real(&record->clock);
    record->late_ms = settings->late_ms;
    if ((size_t)snprintf(record->head_path, sizeof(record->head_path), "%s", settings->head_path) >=
        sizeof(record->head_path))
        return -ENAMETOOLONG;
    return rc;
}

/* Damage before the last head: found while the daemon already serves. */
static void record_start_verified(void *userdata, int error, json_t *result)
{
    struct record *record = userdata;

    (void)error; /* a store that cannot be read shows in the health */
    json_decref(result);
    if (record_audit_broken(record) && !record->broken_told)
        watch_tell_broken(record);
}

/* What a first sight of the store needs, in order. */
static int record_load(struct record *record, char *error, size_t size)
{
    int rc = record_verify(record);

    if (rc == 0)
        rc = ledger_load(record);
    if (rc == 0)
        rc = requests_load(record);
    if (rc == 0) {
        watch_begin(record);
        rc = record_start_thread(record);
    }
    if (rc == 0) /* the whole chain, in the background: a start does not wait for it */
        rc = record_query(record, "audit.verify", NULL, record_start_verified, record);
    if (rc < 0)
        snprintf(error, size, "records: %s cannot be read or its head %s cannot be written: %s", record->store.path,
                 record->head_path, strerror(-rc));
    return rc;
}

int record_open(const struct record_settings *settings, struct record **out, char *error, size_t size)
{
    struct record *record = calloc(1, sizeof(*record));
    int rc;

    if (!record || sodium_init() < 0 || queue_init(&record->queue, settings->queue_max) < 0) {
        snprintf(error, size, "records: out of memory");
        free(record);
        return -ENOMEM;
    }
    record->store.lock_fd = -1;
    rc = record_prepare(record, settings);
    if (rc < 0)
        snprintf(error, size, "records: clocks or paths are not usable: %s", strerror(-rc));
    else
        rc = store_open(&record->store, settings->path, error, size);
    if (rc == 0)
        rc = record_load(record, error, size);
    if (rc < 0) {
        record_free(record);
        return rc;
    }
    *out = record;
    return 0;
}

void record_close(struct record *record)
{
    struct timespec until;
    int64_t by_ns;

    if (!record)
        return;
    by_ns = clock_monotonic_ns() + RECORD_CLOSE_NS;
    pthread_mutex_lock(&record->queue.lock);
    record->queue.close_by_ns = by_ns;
    record->queue.nudged = true;
    pthread_cond_signal(&record->queue.wake);
    pthread_mutex_unlock(&record->queue.lock);
    by_ns += RECORD_ABANDON_NS;
    until = (struct timespec){.tv_sec = by_ns / NS_PER_S, .tv_nsec = by_ns % NS_PER_S};
    if (pthread_clockjoin_np(record->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
        return; /* it still uses everything: the process ends around it */
    record_free(record);
}

int record_fd(const struct record *record)
{
    return record->event_fd;
}

static void record_tell_answers(struct record *record, struct query *answers)
{
    struct query *query;

    while ((query = answers)) {
        answers = query->next;
        json_t *result = query->error == 0 ? json_incref(query->result) : NULL;
        query->answer(query->userdata, query->error, result);
        query_free(query);
    }
    (void)record;
}

static void record_tell_done(struct record *record, struct job *jobs)
{
    struct job *job;

    while ((job = jobs)) {
        jobs = job->next;
        reserve_completed(record, job);
        if (job->done)
            job->done(job->userdata, job->error);
        job_free(job);
    }
}

/* Writing failed for a while and works again: the chain says so. */
static void record_tell_recovered(struct record *record, uint64_t losses, const char *why)
{
    struct audit_actor daemon = {.uid = getuid()};

    if (losses == record->losses_told)
        return;
    record->losses_told = losses;
    record_audit(record, "records.recovered", &daemon, NULL, json_pack("{s:s}", "after", why));
}

void record_dispatch(struct record *record)
{
    struct queue *queue = &record->queue;
    char why[RECORD_WHY_MAX];
    struct query *answers;
    struct job *jobs;
    eventfd_t count;
    uint64_t losses;

    (void)eventfd_read(record->event_fd, &count); /* nothing to read is fine: the lists decide */
    pthread_mutex_lock(&queue->lock);
    jobs = queue->done_first;
    queue->done_first = NULL;
    queue->done_last = &queue->done_first;
    answers = queue->answers;
    queue->answers = NULL;
    for (const struct query *query = answers; query; query = query->next)
        queue->n_queries--;
    losses = queue->losses;
    memcpy(why, queue->why, sizeof(why));
    pthread_mutex_unlock(&queue->lock);
    record_tell_recovered(record, losses, why);
    record_tell_done(record, jobs);
    record_tell_answers(record, answers);
}

enum record_health record_health(struct record *record, char *why, size_t size)
{
    struct queue *queue = &record->queue;
    enum record_health health = RECORD_OK;
    int64_t oldest_ms = 0;

    if (size > 0)
        why[0] = '\0';
    pthread_mutex_lock(&queue->lock);
    if (queue->first)
        oldest_ms = (clock_monotonic_ns() - queue->first->queued_ns) / NS_PER_MS;
    if (queue->failed) {
        health = RECORD_FAILED;
        snprintf(why, size, "failed: records cannot be written: %s", queue->why);
    } else if (queue_crowded(queue)) {
        health = RECORD_FULL;
        snprintf(why, size, "full: the record queue is crowded: %zu jobs, %zu bytes", queue->n, queue->bytes);
    } else if (oldest_ms > (int64_t)record->late_ms) {
        health = RECORD_LATE;
        snprintf(why, size, "late: the oldest record waits for %lld ms to be written", (long long)oldest_ms);
    }
    pthread_mutex_unlock(&queue->lock);
    return health;
}
