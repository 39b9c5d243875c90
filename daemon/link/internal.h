/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What link.c (the life of a host) and send.c (what goes to it) share. Nobody else includes this.
 */
#ifndef LINK_INTERNAL_H
#define LINK_INTERNAL_H

#include "link/link.h"
#include "link/spawn.h"

#define LINK_QUEUE_MAX 32
#define LINK_DYING_MAX 4

union link_outgoing {
    struct link_header header;
    struct link_arm arm;
    struct link_target target;
    struct link_permit permit;
    struct link_stop stop;
    struct link_unit_ref unit_ref;
    struct link_plain plain;
};

enum link_ending { ENDING_NO, ENDING_TOLD, ENDING_TERM, ENDING_KILL, ENDING_DONE };

struct link_child {
    struct spawned process;
    sd_event_source *exited; /* owned */
    struct link *link;
};

struct link {
    sd_event *event;
    struct link_settings settings; /* its strings are owned here, its lines by the caller */
    struct link_callbacks callbacks;
    struct link_child host;
    struct link_child dying[LINK_DYING_MAX]; /* killed, not yet reaped */
    int fd;                                  /* -1 = no host */
    sd_event_source *io, *retry, *ending_timer;
    bool writing;       /* EPOLLOUT asked for */
    size_t config_next; /* 0 = LINK_CONFIG, then lines, then the end; beyond that configured */
    bool replacement;   /* the next host starts blind: its predecessor may have left an output */
    bool in_hand;       /* the present host had a device in hand */
    bool idle;          /* whoever had the last host replaced vouches that nothing was energised */
    unsigned restarts;
    int64_t spawned_ns, backoff_ns;
    int64_t window_ns;
    unsigned in_window, news_in_window, logs_in_window;
    enum link_ending ending;
    void (*done)(struct link *link, void *userdata);
    void *done_userdata;
    size_t queued;
    union link_outgoing queue[LINK_QUEUE_MAX];
    _Alignas(max_align_t) unsigned char buffer[LINK_DATAGRAM_MAX];
};

/*
 * Sends what waits - configuration first - as far as the socket takes it. Negative errno means the host is lost; a full
 * socket is not an error, the rest follows when it has room.
 */
int link_flush(struct link *link);

#endif
