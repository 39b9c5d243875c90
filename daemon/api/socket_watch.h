/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nobody new can stop while the name of the socket does not lead to us. So the name is watched: by inotify, and once a
 * second in case that fails. A lost name is bound anew at once; connections that exist go on. People are told by an
 * alarm, and when the name cannot be had back within a second everything is stopped, again and again until it can.
 */
#ifndef API_SOCKET_WATCH_H
#define API_SOCKET_WATCH_H

#include <systemd/sd-event.h>

#include "api/server.h"
#include "modality/clock.h"

struct socket_watch {
    struct server *server;
    int fd; /* inotify, -1 = none: the look once a second remains */
    sd_event_source *io, *timer;
    int64_t lost_ns; /* 0 = the name is ours */
    int64_t next_ns; /* not tried again before */
};

int socket_watch_start(struct socket_watch *w, struct server *s);
void socket_watch_stop(struct socket_watch *w);

#endif
