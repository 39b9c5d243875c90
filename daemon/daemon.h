/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon as a whole: what main.c starts in order and ends in order, and the small parts beside it that tie the
 * rooms together. Nothing below this includes it.
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <systemd/sd-event.h>

#include "api/api.h"
#include "config/config.h"
#include "link/link.h"
#include "record/record.h"
#include "session/session.h"

struct inhibitor;
struct plugins_scan;
struct host_log;

struct daemon {
    const char *host_path; /* modality-host, beside this program or in libexec */
    sd_event *event;
    struct config *config;
    struct config *previous[2]; /* the first one, which the hosts' lines belong to, and the one before this */
    size_t n_previous;
    struct record *record;
    struct sessions *sessions;
    struct api *api;
    struct link **links; /* as config->links */
    struct link_plan *plans;
    size_t n_links, links_down;
    struct session_device_settings *devices;
    struct inhibitor *inhibitor;
    struct plugins_scan *scan;  /* NULL = nobody has asked */
    struct host_log *host_logs; /* as links; NULL = nothing was logged yet */
    sd_event_source *deadline, *second, *records;
    uint64_t watchdog_usec, watchdog_sent_usec;
    bool stopping, links_told;
    bool reloading, reload_again;
    int64_t stop_deadline_ns;
    int64_t looked_ns; /* at the sessions' deadlines, the last time */
    int exit_code;
};

/* What a link is started with; its plugin's full path has to outlive it. */
struct link_plan {
    struct link_settings settings;
    char plugin_path[512];
};

struct session_time daemon_now(void);

/* The first fault of a configuration and how many there are: for where not all can be told. Starts as zeroes. */
#define FAULT_NOTE_MAX 224
struct fault_note {
    size_t n;
    char first[192];
};
void fault_note_add(struct fault_note *note, const char *origin, const char *message);
/* "limits.ini:41: ... (and 3 more faults)" */
const char *fault_note_say(const struct fault_note *note, char out[FAULT_NOTE_MAX]);

/* Configuration with its plugins: loads dir and asks modality-host --check about every link. As config_load. */
int daemon_check_config(const char *dir, uint64_t generation, const char *host_path, struct fault_note *faults,
                        struct config **out);
void daemon_plan_link(const char *host_path, const struct config *config, size_t link, struct link_plan *plan);

/*
 * fence.c: how every host that is started from now on is fenced in; what of it a person should know; and the daemon's
 * own share of it, once it serves.
 */
int daemon_announce_fence(const struct config_daemon *settings);
void daemon_note_fence(const struct config_daemon *settings);
void daemon_take_priority(const struct config_daemon *settings);

/* Ties sessions, links, records and API together; each end of a port is in wiring.c. */
int daemon_start_records(struct daemon *d);
int daemon_start_sessions(struct daemon *d);
int daemon_start_links(struct daemon *d);
int daemon_start_api(struct daemon *d);
/* What sessions know of each device, as the clinic says it; points into config. NULL: no memory. Freed by free. */
struct session_device_settings *daemon_devices(const struct config *config);
void daemon_session_settings(const struct daemon *d, struct session_settings *settings);

/* What is in force, and who accepted what, goes into the audit: at start and at each reload. */
void daemon_audit_config(struct daemon *d, const char *event, const struct config *config, const char *why);

/*
 * Runs `modalityd --config dir --check` beside the loop. done is given the hash of a good configuration; of a bad one
 * NULL and what it was refused for. 0 or negative errno, then done is not called.
 */
typedef void check_done(void *userdata, const char *hash, const char *why);
int check_child_start(sd_event *event, const char *dir, check_done *done, void *userdata);

/* Between them on the line that --check prints of a bad configuration. */
#define CHECK_REFUSED ": refused: "

/* device.scan: answered once every plugin has told what is attached. */
void daemon_scan(struct daemon *d, struct session_reply reply);
/* The answers that are still open are given up. */
void daemon_scan_end(struct daemon *d);

/* One line that the host of a link has logged. */
void daemon_host_log(struct daemon *d, size_t link, const struct link_text *m, int64_t now_ns);

/* SIGHUP: the whole new configuration or the old one. */
void daemon_reload(struct daemon *d);

/* Rests everything, then ends the loop; bounded. */
void daemon_begin_stop(struct daemon *d, const char *why);

/* logind's delay inhibitor for sleep and shutdown, held while something is energised. */
int inhibitor_new(sd_event *event, void (*about_to_sleep)(void *userdata), void *userdata, struct inhibitor **out);
void inhibitor_hold(struct inhibitor *inhibitor, bool hold);
void inhibitor_free(struct inhibitor *inhibitor);

/* Runs the configured command for an alarm; argv is fixed, the alarm goes in the environment. */
void alarm_command_run(sd_event *event, const struct config_daemon *settings, const char *change, const json_t *alarm);
/*
 * Runs it for the self-test of a device, as a change "selftest" of no alarm. 1: none is configured; or negative errno.
 * Once it has ended, ended is told its exit status, or 128 and the signal, and the device.
 */
int alarm_command_try(sd_event *event, const struct config_daemon *settings, const char *device,
                      void (*ended)(void *userdata, const char *device, int status), void *userdata);

#endif
