/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The listener, caps, turns and clean-up. Caps never lock out a stop: who is over a cap, or has no role, still gets one
 * line; when even those places are taken the oldest gives way, after its bytes have been looked at once more.
 */
#ifndef API_SERVER_H
#define API_SERVER_H

#include <systemd/sd-event.h>

#include "api/limits.h"
#include "api/socket.h"
#include "api/state.h"

struct server {
    struct api *api;
    struct api_socket socket;
    sd_event_source *listener;
    bool listener_rests;
    int64_t listener_again_ns;
    int reserve[API_RESERVE]; /* -1 = given away */
};

/* Before anything else: nothing is open. */
void server_init(struct server *s, struct api *api);
/* Takes over the listening socket. 0 or negative errno; server_stop cleans up in either case. */
int server_start(struct server *s);
void server_stop(struct server *s);
/* Roles and names anew after a reload. */
void server_roles(struct server *s);

/* The socket was bound anew: its last clients under the old descriptor are admitted, and it is closed. */
int server_listen(struct server *s, int old_fd);

#endif
