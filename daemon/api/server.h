/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener and all connections. Caps never lock out a stop: who is over a cap, or has no role, still gets one line;
 * when even those places are taken the oldest gives way, after its bytes have been looked at once more.
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <systemd/sd-event.h>

#include "api/limits.h"
#include "api/socket.h"
#include "api/socket_watch.h"
#include "api/text.h"

struct api;
struct connection;

struct server {
    struct api *api;
    struct api_socket socket;
    struct socket_watch watch;
    sd_event_source *listener, *work, *timer;
    int64_t timer_ns; /* when it fires */
    bool listener_rests;
    int64_t listener_again_ns;
    struct connection *first, *last; /* oldest first */
    size_t n_full, n_stop_only;
    uint64_t next_number;
    struct connection *work_first, *work_last; /* those with lines to answer, in turn */
    size_t n_rested, n_dirty, n_closed;
    size_t turn_bytes, turn_reads; /* read since the last turn of work */
    size_t output_total;
    int64_t refusal_logged_ns; /* one line a second at most */
    uint64_t refusals_unlogged;
    int reserve[API_RESERVE]; /* -1 = given away */
    char scratch[API_READ_MAX];
    struct text answer; /* under construction */
};

/* Takes over the listening socket. 0 or negative errno; server_stop cleans up in either case. */
int server_start(struct server *s, struct api *api);
void server_stop(struct server *s);
/* Roles and names anew after a reload. */
void server_roles(struct server *s);

/* The socket was bound anew: its last clients under the old descriptor are admitted, and it is closed. */
int server_listen(struct server *s, int old_fd);

/* --- for connection.c --- */

/* The work source runs at the next opportunity. */
void server_wake(struct server *s);
/* A deadline moved to at_ns. */
void server_deadline(struct server *s, int64_t at_ns);
/* Counts one read; false: this turn's budget is used up. */
bool server_may_read(struct server *s);
/* The connection has lines to answer. */
void server_has_work(struct server *s, struct connection *c);
/* A connection has closed its descriptor: its place and its reserve are free again. */
void server_closed(struct server *s, const struct connection *c);
/* More waits for clients; drops the greediest above API_OUTPUT_TOTAL. */
void server_output_grew(struct server *s);

#endif
