/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One client. Bytes in: scanned for stops at once, then kept as lines until work.c takes them. Answers out: queued,
 * sent without waiting. It is closed in steps and freed only by the server, between callbacks.
 */
#ifndef API_CONNECTION_H
#define API_CONNECTION_H

#include "api/batch.h"
#include "api/output.h"
#include "api/peer.h"
#include "api/scanner.h"
#include "api/state.h"
#include "api/subscription.h"

/* Why a connection may only stop. */
enum connection_service { SERVICE_FULL, SERVICE_NO_ROLE, SERVICE_OVER_CAP };

struct connection {
    struct api *api;
    struct connection *previous, *next; /* of all clients */
    uint64_t number;
    int fd;       /* -1: the peer is gone */
    int reserved; /* index of the reserve it sits on, -1 = none */
    sd_event_source *io;
    struct peer peer;
    const char *name; /* login name or NULL */
    char label[64];   /* that, or the uid as text */
    const struct config_role *role;
    enum connection_service service;
    int64_t opened_ns;

    struct scanner scanner;
    char *in; /* complete lines, then perhaps half of one */
    size_t in_size, in_head, in_end, in_lines;
    size_t in_half;      /* bytes of the half line */
    int64_t in_since_ns; /* when the oldest waiting byte was read: never later than the truth */
    int64_t last_read_ns;
    bool rested; /* this turn's budget was used up */
    bool paused; /* enough lines wait */
    bool read_closed;
    bool too_long; /* the half line is over the limit: answered after the lines before it */
    bool deaf;     /* bytes are scanned for stops, no longer kept */

    struct output out;
    bool dirty; /* something to send */
    bool overflowed, closing;
    int64_t close_by_ns;

    struct batch *batch; /* under way, item by item */
    unsigned calls;      /* unanswered */
    bool has_work;       /* waits for its turn */
    struct connection *next_work;
    bool leaving; /* closed; its place and its reserve are not given back yet */
    struct subscription subscription;
    bool refusal_logged;
};

/* Makes one of an accepted descriptor, which it owns from here in any case. 0 or negative errno. */
int connection_open(struct api *api, int fd, enum connection_service service, const struct peer *peer, int reserved,
                    struct connection **out);
/* Name and role as configuration and /etc/passwd have them now. */
void connection_identify(struct connection *c);
/* Reads once; or rests until the next turn when this turn's budget is used up. */
void connection_read(struct connection *c);
/* Reads once in any case: the last look before it gives way. */
void connection_read_now(struct connection *c);
/* The oldest line that waits, without its end; and that it has been carried out. */
struct connection_line {
    const char *bytes; /* until connection_line_done */
    size_t length;
    int64_t read_ns; /* never later than the truth */
};
struct connection_line connection_line(const struct connection *c);
void connection_line_done(struct connection *c, const struct connection_line *line);
/* It has lines to answer: it gets its turn. */
void connection_has_work(struct connection *c);
/* It wants to send, to be closed or to be freed. */
void connection_touch(struct connection *c);
/* One of its calls has ended. */
void connection_answered(struct connection *c);
/* Sends what it can. */
void connection_flush(struct connection *c);
/* Sends what it can of what cannot wait for the end of the turn; a broken connection is found by the flush. */
void connection_push(struct connection *c);
/* Reading may go on: a new turn, or its lines are answered. */
void connection_resume(struct connection *c);
/* When it wants to be looked at; INT64_MAX = never. And what happens then. */
int64_t connection_deadline(const struct connection *c);
void connection_expire(struct connection *c, int64_t now_ns);

/* Queues one line for the client. Over its cap the connection gets one overflow event and is closed. */
void connection_say(struct connection *c, const char *line, size_t length);
/* Closes after what waits was sent, at most API_LINGER_NS. */
void connection_finish(struct connection *c);
/* Closes the descriptor now; lines that were read are still carried out. */
void connection_hang_up(struct connection *c);
/* The same, and nothing that was read is carried out. */
void connection_drop(struct connection *c);
/* Nothing refers to it any more. */
bool connection_done(const struct connection *c);
void connection_free(struct connection *c);

#endif
