/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line is one endpoint (a TCP port or a pty) with the units behind it. It takes whole requests from its framing
 * (tcp.c, pty.c), finds the unit, makes the plan from the unit's wire faults and carries it out: act now, later, after
 * the connection closed or never; reply whole, late, dripped, bent, twice or not at all. Everything that waits is a job
 * with a deadline; jobs and buffers are bounded, and a peer that fills them is closed.
 */
#ifndef SIM_LINE_H
#define SIM_LINE_H

#include "device.h"

#define LINE_UNITS_MAX 32
#define LINE_JOBS_MAX 256
#define LINE_PEERS_MAX 64
#define LINE_ENDPOINT_MAX 128

enum line_kind { LINE_TCP, LINE_PTY };

struct line;

/* One connection: an accepted socket, or the time a client has the pty open. Owned by its line. */
struct peer {
    struct peer *next;
    struct line *line;
    unsigned id;
    int fd;
    struct loop_source *source;
    uint8_t rx[2 * MODBUS_FRAME_MAX];
    size_t rx_length;
    uint8_t tx[4096];
    size_t tx_length;
};

struct line {
    struct line *next;
    enum line_kind kind;
    char endpoint[LINE_ENDPOINT_MAX]; /* as asked: HOST:PORT or a path */
    char link[LINE_ENDPOINT_MAX + 8]; /* as it is: tcp:HOST:PORT or pty:PATH */
    struct loop *loop;                /* not owned */
    struct trace *trace;              /* not owned */
    struct device *units[LINE_UNITS_MAX];
    unsigned unit_count;
    struct peer *peers;
    unsigned peer_count;
    struct job *jobs;
    unsigned job_count;
    bool absent;
    struct loop_timer absent_timer;
    unsigned baud; /* pty: simulated wire time; 0 = none */
    /* tcp */
    int listen_fd;
    struct loop_source *listen_source;
    uint16_t port;
    /* pty */
    bool linked; /* the symlink at endpoint is ours */
    int master_fd;
    char slave_name[64];
    int inotify_fd;
    int watch;
    struct loop_source *inotify_source;
    struct loop_timer gap_timer;
};

/* An endpoint that is not open yet. NULL without memory. */
struct line *line_new(struct loop *loop, struct trace *trace, enum line_kind kind, const char *endpoint);
/* Closes everything and frees; devices are not the line's. */
void line_free(struct line *line);
/* -EEXIST: the unit number is taken on this line; -ENOSPC: line full. */
int line_add_unit(struct line *line, struct device *device);
int line_open(struct line *line);

/* The link is cut under one connection: a socket is closed, a terminal hangs up and is there again. */
void line_cut(struct line *line, struct peer *peer);
/* The endpoint vanishes with its connections; after ms (0 = never by itself) or line_return() it is back. */
void line_vanish(struct line *line, int64_t ms);
void line_return(struct line *line);

/* For the framings: a request whose envelope was right; exception is what decoding its PDU gave. length is what the
 * request took on the wire. May close the peer: returns false then, and the peer must not be touched any more. */
bool line_request(struct line *line, struct peer *peer, struct modbus_request *request, enum modbus_exception exception,
                  size_t length);
void line_jobs_free(struct line *line);
/* Jobs that waited for this connection to close start their time; replies to it are dropped. */
void line_peer_gone(struct line *line, struct peer *peer);

/* peer.c */
unsigned peer_next_id(void); /* over all lines, so that a trace names a connection with one number */
struct peer *peer_new(struct line *line, int fd, loop_ready_fn ready);
/* Closes the descriptor and frees. cause goes to the trace; NULL traces nothing. */
void peer_close(struct peer *peer, const char *cause);
/* Sends or queues; a socket that does not read is closed, a serial line loses what it cannot hold. False when the peer
 * was closed. */
bool peer_send(struct peer *peer, const uint8_t *bytes, size_t length);
/* Writes what is queued (EPOLLOUT). False when the peer was closed. */
bool peer_flush(struct peer *peer);
/* Reads into rx once: bytes read, 0 when nothing is there, -EPIPE at the end. */
ssize_t peer_read(struct peer *peer);
void peer_consume(struct peer *peer, size_t length);

/* tcp.c, pty.c */
int tcp_open(struct line *line);
void tcp_close(struct line *line);
void tcp_reserve(struct line *line); /* keeps the port of a closed endpoint from others; connections are refused */
int pty_open(struct line *line);
void pty_close(struct line *line);

#endif
