/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room's front: start, reload, events, stop.
 */
#include "api/api.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/events.h"
#include "api/socket_watch.h"

/* The API and its parts, which only the front knows all. */
struct front {
    struct api api;
    struct server server;
    struct events events;
    struct socket_watch watch;
};

int api_start(const struct api_settings *settings, struct api **out, char *error, size_t size)
{
    struct front *front = calloc(1, sizeof(*front));
    unsigned char instance[16];
    if (front == NULL || sodium_init() < 0 || peer_names_load(&front->api.names) < 0) {
        free(front);
        snprintf(error, size, "out of memory");
        return -ENOMEM;
    }
    struct api *api = &front->api;
    api->server = &front->server;
    api->events = &front->events;
    server_init(api->server, api);
    front->watch.fd = -1;
    randombytes_buf(instance, sizeof(instance));
    sodium_bin2hex(api->instance, sizeof(api->instance), instance, sizeof(instance));
    api->settings = *settings;
    api->config = settings->config;
    api->started_ns = clock_monotonic_ns();
    api->started_wall_ms = clock_wall_ms();
    int r = socket_open(&settings->config->daemon, &front->server.socket, error, size);
    if (r == 0) {
        r = server_start(api->server);
        if (r == 0)
            r = socket_watch_start(&front->watch, api->server);
        if (r < 0)
            snprintf(error, size, "the event loop does not take the socket: %s", strerror(-r));
    }
    if (r < 0) {
        api_stop(api);
        return r;
    }
    *out = api;
    return 0;
}

void api_reload(struct api *api, const struct config *config)
{
    struct peer_names *names;
    api->config = config;
    if (peer_names_load(&names) == 0) {
        peer_names_free(api->names);
        api->names = names;
    }
    server_roles(api->server);
}

void api_event(struct api *api, const char *type, const char *session_id, json_t *params)
{
    events_publish(api, type, session_id, params);
}

void api_stop(struct api *api)
{
    if (api == NULL)
        return;
    struct front *front = (struct front *)api; /* its first member */
    calls_forget(api);
    socket_watch_stop(&front->watch);
    server_stop(&front->server);
    events_free(&front->events);
    peer_names_free(api->names);
    free(front);
}
