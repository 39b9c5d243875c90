/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the room is given: the rooms that it hands requests to, and what only the daemon as a whole knows.
 */
#ifndef API_SETTINGS_H
#define API_SETTINGS_H

#include <systemd/sd-event.h>

#include "config/config.h"
#include "session/session.h"

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

#endif
