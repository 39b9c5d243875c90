/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket: newline-delimited JSON-RPC 2.0 for local clients. Stops and keep-alives are recognised by a fixed-buffer
 * scanner as soon as their line has been read; everything else waits its turn in the connection's queue. Knows peers
 * and roles; turns JSON into typed requests and hands them to sessions and records.
 */
#ifndef API_API_H
#define API_API_H

#include <systemd/sd-event.h>

#include "config/config.h"
#include "session/session.h"

struct api;

struct api_ports {
    const char *(*daemon_state)(void *userdata); /* "ready", "stopping", ... for daemon.info */
    /* device.scan: what is configured and what is attached; nothing is probed that the configuration does not name. */
    void (*scan)(void *userdata, struct session_reply reply);
    void *userdata;
};

struct api_settings {
    sd_event *event;
    struct sessions *sessions;
    struct record *record;
    const struct config *config; /* replaced by api_reload */
    struct api_ports ports;
    bool simulated; /* any device is simulated */
};

/*
 * Takes the lock file, probes and replaces a stale socket, binds, sets owner and mode, listens. 0, or negative errno
 * with one sentence in error (another daemon serves: -EADDRINUSE).
 */
int api_start(const struct api_settings *settings, struct api **out, char *error, size_t size);
void api_reload(struct api *api, const struct config *config);
/* An event to every subscriber; params is given away. */
void api_event(struct api *api, const char *type, const char *session_id, json_t *params);
/*
 * Stops listening, unlinks what is ours, sends what the sockets take, closes connections. Requests without an answer
 * are forgotten: sessions and records must not answer them afterwards. NULL is fine.
 */
void api_stop(struct api *api);

#endif
