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
#include "api/state.h"

struct session_time api_now(void)
{
    return (struct session_time){
        .monotonic_ns = clock_monotonic_ns(), .boot_ns = clock_boot_ns(), .wall_ms = clock_wall_ms()};
}

int api_start(const struct api_settings *settings, struct api **out, char *error, size_t size)
{
    struct api *api = calloc(1, sizeof(*api));
    unsigned char instance[16];
    if (api == NULL || sodium_init() < 0 || peer_names_load(&api->names) < 0) {
        free(api);
        snprintf(error, size, "out of memory");
        return -ENOMEM;
    }
    randombytes_buf(instance, sizeof(instance));
    sodium_bin2hex(api->instance, sizeof(api->instance), instance, sizeof(instance));
    api->settings = *settings;
    api->config = settings->config;
    api->started_ns = clock_monotonic_ns();
    api->started_wall_ms = clock_wall_ms();
    api->server.socket.fd = api->server.socket.lock_fd = -1;
    int r = socket_open(&settings->config->daemon, &api->server.socket, error, size);
    if (r == 0) {
        r = server_start(&api->server, api);
        if (r < 0)
            snprintf(error, size, "the event loop does not take the socket: %s", strerror(-r));
    } else {
        api->server.api = api;
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
    server_roles(&api->server);
}

void api_event(struct api *api, const char *type, const char *session_id, json_t *params)
{
    events_publish(api, type, session_id, params);
}

void api_stop(struct api *api)
{
    if (api == NULL)
        return;
    calls_forget(api);
    server_stop(&api->server);
    events_free(&api->events);
    peer_names_free(api->names);
    free(api);
}
