/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The numbers of the socket, each with its reason. daemon.info shows those that a client can meet.
 */
#ifndef API_LIMITS_H
#define API_LIMITS_H

#include "modality/clock.h"

/* The contract: a request is one line of at most this, an answer at most that. */
#define API_LINE_MAX ((size_t)64 * 1024)
#define API_ANSWER_MAX ((size_t)4 * 1024 * 1024)

/* Bytes of an id. The scanner takes a longer session_id as one that names nothing, and stops everything. */
#define API_ID_MAX 64

/* One read. Small enough that a thousand of them do not delay a deadline, large enough for any ordinary request. */
#define API_READ_MAX ((size_t)16 * 1024)

/* What all clients together may send before deadlines, hosts and waiting work have had their turn: about 2 ms of
 * scanning. */
#define API_TURN_BYTES ((size_t)512 * 1024)
#define API_TURN_READS 256

/* Reading rests while this much of complete lines waits on one connection. */
#define API_INPUT_MAX ((size_t)64 * 1024)

/* A client that has not taken this much when more comes is not reading. */
#define API_OUTPUT_MAX ((size_t)1024 * 1024)
/* All clients together; the one with the most waiting is dropped first. */
#define API_OUTPUT_TOTAL ((size_t)32 * 1024 * 1024)

/* Items of one batch, and requests of one connection that wait for disk or device. */
#define API_BATCH_MAX 64
#define API_CALLS_MAX 64

/* Connections with full service; connections that may only stop; descriptors kept aside for those. */
#define API_CONNECTIONS_MAX 256
#define API_STOP_ONLY_MAX 64
#define API_RESERVE 8

#define API_STOP_ONLY_NS (1 * NS_PER_S)      /* one line within this */
#define API_HALF_LINE_NS (30 * NS_PER_S)     /* half a line and then silence: a person at a terminal is faster */
#define API_LINGER_NS (5 * NS_PER_S)         /* for a client to take its last lines */
#define API_ACCEPT_REST_NS (100 * NS_PER_MS) /* no descriptor left: look again after this at the latest */

/* Events kept for a subscriber that comes back with `since`. */
#define API_EVENTS_MAX 1024
#define API_EVENTS_BYTES ((size_t)512 * 1024)

/* Items of a page. */
#define API_PAGE_DEFAULT 100
#define API_PAGE_MAX 1000

#endif
