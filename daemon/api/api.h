/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket: newline-delimited JSON-RPC 2.0 for local clients. Stops and keep-alives are recognised by a fixed-buffer
 * scanner as soon as their line has been read; everything else waits its turn in the connection's queue. Knows peers
 * and roles; turns JSON into typed requests and hands them to sessions and records.
 */
#ifndef API_API_H
#define API_API_H

#include "api/settings.h"

struct api;

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
