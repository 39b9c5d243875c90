/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of a device that speaks in whole packets over a stream, and what wire faults make of each: act now, later,
 * after the client has gone or never; answer whole, late, byte by byte, or not at all; cut the link. Knows no protocol:
 * a packet is what the user hands over, an answer the bytes that the user makes of it.
 */
#ifndef SIM_PACKET_JOB_H
#define SIM_PACKET_JOB_H

#include "front/rule.h"
#include "loop.h"

#define PACKET_SIZE_MAX 640
#define PACKET_ANSWER_MAX 1056
#define PACKET_JOBS_MAX 64

struct packet_user {
    /* Carries the packet out, unless the plan says never, and makes its answer by the plan: bytes, 0 = none. */
    size_t (*act)(void *ctx, const void *packet, const struct plan *plan, uint8_t answer[PACKET_ANSWER_MAX]);
    void (*send)(void *ctx, const uint8_t *bytes, size_t n);
    void (*cut)(void *ctx);
    void *ctx;
};

struct packet_job;

struct packet_jobs {
    struct loop *loop; /* not owned */
    int64_t busy_ns;   /* set by act: how much later the answer goes out, because the device is busy with it */
    struct packet_user user;
    struct packet_job *first;
    unsigned count;
};

/* Takes a packet of size bytes and does with it what the plan says, at once what is not to wait. */
void packet_job_begin(struct packet_jobs *jobs, const void *packet, size_t size, const struct plan *plan);
/* The client is gone: answers that wait are lost, what waited for its end begins its time. */
void packet_jobs_closed(struct packet_jobs *jobs);
void packet_jobs_free(struct packet_jobs *jobs);

#endif
