/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue between the loop and the writer. Bounded in count and bytes; its last quarter is kept for the daemon's own
 * facts, so that when no more work is accepted the stopping of what runs can still be written down.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "record/internal.h"

#include "modality/clock.h"

#define QUEUE_QUERIES_MAX 64

int queue_init(struct queue *queue, size_t max)
{
    pthread_condattr_t attributes;

    memset(queue, 0, sizeof(*queue));
    queue->max = max;
    queue->last = &queue->first;
    queue->done_last = &queue->done_first;
    if (pthread_mutex_init(&queue->lock, NULL) != 0)
        return -ENOMEM;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (pthread_cond_init(&queue->wake, &attributes) != 0) {
        pthread_condattr_destroy(&attributes);
        pthread_mutex_destroy(&queue->lock);
        return -ENOMEM;
    }
    pthread_condattr_destroy(&attributes);
    return 0;
}

bool queue_crowded(const struct queue *queue)
{
    return queue->n >= queue->max - queue->max / 4 || queue->bytes >= RECORD_BYTES_MAX - RECORD_BYTES_MAX / 4;
}

static bool queue_takes(const struct queue *queue, const struct job *job)
{
    if (queue->close_by_ns != 0)
        return false;
    if (!job_kept(job))
        return !queue_crowded(queue);
    return queue->n < queue->max && queue->bytes + job->bytes <= RECORD_BYTES_MAX;
}

int queue_push(struct record *record, struct job *job)
{
    struct queue *queue = &record->queue;
    bool taken;

    job->next = NULL;
    job->queued_ns = clock_monotonic_ns();
    pthread_mutex_lock(&queue->lock);
    taken = queue_takes(queue, job);
    if (taken) {
        *queue->last = job;
        queue->last = &job->next;
        queue->n++;
        queue->bytes += job->bytes;
        queue->pushed++;
        queue->nudged = queue->nudged || !job_kept(job);
        pthread_cond_signal(&queue->wake);
    }
    pthread_mutex_unlock(&queue->lock);
    if (taken)
        return 0;
    job_free(job);
    return -EAGAIN;
}

int queue_query(struct record *record, struct query *query)
{
    struct queue *queue = &record->queue;
    struct query **last = &queue->queries;
    bool taken;

    pthread_mutex_lock(&queue->lock);
    taken = queue->close_by_ns == 0 && queue->n_queries < QUEUE_QUERIES_MAX;
    if (taken) {
        while (*last)
            last = &(*last)->next;
        *last = query;
        queue->n_queries++;
        query->after = queue->pushed;
        pthread_cond_signal(&queue->wake);
    }
    pthread_mutex_unlock(&queue->lock);
    return taken ? 0 : -EAGAIN;
}

void queue_give_done(struct record *record, struct job *job)
{
    struct queue *queue = &record->queue;

    queue->first = job->next;
    if (!queue->first)
        queue->last = &queue->first;
    queue->n--;
    queue->bytes -= job->bytes;
    queue->finished++;
    job->next = NULL;
    *queue->done_last = job;
    queue->done_last = &job->next;
    /* A full counter still reads as ready, so the only failure of this write is harmless. */
    (void)eventfd_write(record->event_fd, 1);
}

void queue_free(struct queue *queue)
{
    struct job *lists[2] = {queue->first, queue->done_first}, *job;
    struct query *queries[2] = {queue->queries, queue->answers}, *query;

    for (size_t i = 0; i < 2; i++) {
        while ((job = lists[i])) {
            lists[i] = job->next;
            job_free(job);
        }
        while ((query = queries[i])) {
            queries[i] = query->next;
            query_free(query);
        }
    }
    pthread_cond_destroy(&queue->wake);
    pthread_mutex_destroy(&queue->lock);
}
