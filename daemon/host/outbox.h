/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to the daemon, used by both threads. A datagram goes out at once; what the socket does not take waits in a
 * ring, in order. Samples and log lines may be dropped when the ring is half full, everything else may not: when it is
 * full, the daemon does not read any more and counts as gone.
 */
#ifndef HOST_OUTBOX_H
#define HOST_OUTBOX_H

#include <pthread.h>

#include "link/message.h"

#define OUTBOX_RING (320 * 1024) /* 32 units described at once (7 KiB each), and half a second of samples */

struct outbox {
    pthread_mutex_t lock;
    int fd;      /* the socket; -1 = nobody listens */
    int wake_fd; /* eventfd of the control thread: look at the ring */
    bool gone;
    size_t head, used; /* ring of datagrams: uint32_t size, bytes */
    unsigned dropped;
    int64_t log_window_ns;
    unsigned log_lines, log_suppressed;
    unsigned char ring[OUTBOX_RING];
};

void outbox_init(struct outbox *o, int fd, int wake_fd);
/* Sends or queues one message. Never blocks, never allocates. */
void outbox_send(struct outbox *o, const void *message);
/* Sends what waits; true while something still does. */
bool outbox_flush(struct outbox *o);
/* True once the daemon cannot be told anything any more. */
bool outbox_gone(struct outbox *o);

/* One log line, at most 20 a second; what is suppressed is counted and said. */
void outbox_log(struct outbox *o, enum modality_log_level level, const char *origin, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void outbox_config_fault(struct outbox *o, const char *origin, const char *text);

#endif
