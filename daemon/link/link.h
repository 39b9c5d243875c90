/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's side of one physical link: spawns modality-host, hands it the configuration, sends and receives
 * messages, replaces it when it dies (with back-off). Runs on the daemon's event loop and never blocks. It knows units
 * and messages, no sessions.
 */
#ifndef LINK_LINK_H
#define LINK_LINK_H

#include <systemd/sd-event.h>

#include "link/message.h"

struct link;

struct link_settings {
    const char *host_path;   /* modality-host */
    const char *plugin_path; /* full path of the .so */
    const char *state_dir;
    const char *canonical; /* "tcp:127.0.0.1:1502" */
    uint32_t telemetry_ms, permit_ms, slice_ms, grace_ms, quarantine_min_ms;
    size_t n_lines;
    const struct modality_line *lines; /* outlive the link */
    bool open_reservation; /* a device on this link has an open reservation in the ledger: replacement from the start */
};

/* What the owner (session) is told. All are called from the event loop. */
struct link_callbacks {
    /* One message of the host, already checked (link_message_check). */
    void (*message)(struct link *link, const struct link_header *message, void *userdata);
    /* The host is gone (exit, kill, protocol fault, flood). Everything it held is unproved until its successor says so.
     */
    void (*gone)(struct link *link, const char *why, void *userdata);
    void *userdata;
};

/* Spawns the first host. 0 or negative errno; *out untouched on failure. The daemon keeps running without a device. */
int link_start(sd_event *event, const struct link_settings *settings, const struct link_callbacks *callbacks,
               struct link **out);

/*
 * Sends one message. 0; -EAGAIN the host does not read (the caller treats it as a fault of the host); -ENOTCONN no
 * host. Never blocks, never allocates.
 */
int link_send(struct link *link, const void *message);

/* Reads what the host has sent before a deadline is judged. At most 64 messages. */
void link_drain(struct link *link);

/* Ends it: LINK_SHUTDOWN, then SIGTERM, then SIGKILL by pidfd, within bounds; done is called once it is reaped. */
void link_shutdown(struct link *link, void (*done)(struct link *link, void *userdata), void *userdata);

/* Kills the host at once and lets a replacement start (a host that floods, lies or stalls). */
void link_replace(struct link *link, const char *why);

/* The same while every unit is proved at rest and none is armed: the next host need not wait for a watchdog. */
void link_replace_idle(struct link *link, const char *why);

const char *link_name(const struct link *link); /* canonical */
int64_t link_pid(const struct link *link);      /* of the host, 0 = none */
unsigned link_restarts(const struct link *link);

/* Frees it without waiting; NULL is fine. */
void link_free(struct link *link);

/*
 * Runs `modality-host --check` on these lines and waits for it, at most 5 s (only used before the daemon serves, and by
 * --check): 0, -EINVAL with each error given to report, other errno when it could not be run. units receives what
 * describe returned.
 */
int link_check_config(const struct link_settings *settings,
                      void (*report)(const char *origin, const char *message, void *userdata), void *userdata,
                      struct link_unit *units, size_t max_units, size_t *n_units);

#endif
