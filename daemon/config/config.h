/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: a directory of INI files in, typed settings out, each with the file:line it came from. All faults are
 * found and reported in one run; a configuration with a fault is never used. A loaded one is immutable and counted by
 * generation; running sessions may keep an older one.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <sys/types.h>

#include "dose/protocol.h"
#include "modality/plugin.h"

enum config_right { RIGHT_NONE, RIGHT_VIEWER, RIGHT_THERAPIST, RIGHT_ENGINEER };

/* [daemon]; every key has a default and a permitted range in keys.h. */
struct config_daemon {
    const char *socket_path;
    mode_t socket_mode;
    const char *socket_group; /* NULL = the daemon's own */
    const char *state_dir;
    const char *plugin_dir;
    const char *audit_head_path; /* second file for the head of the audit chain */
    uint32_t telemetry_ms, permit_ms, slice_ms, grace_ms, lease_ms, quarantine_ms;
    uint32_t lease_pause_ms; /* a lost lease that pauses ends the session after this */
    uint32_t token_ms;       /* confirm token */
    uint32_t record_late_ms; /* a record write this late: no new starts, running sessions stop */
    uint32_t connections_per_uid;
    bool hold_sleep;            /* take logind's delay inhibitor while energised */
    bool fence;                 /* around plugins */
    const char *host_user;      /* NULL = the one that is installed, where there is one */
    bool lock_memory;           /* mlockall, for daemon and hosts */
    uint32_t realtime_priority; /* SCHED_FIFO of the daemon, hosts one more; 0 = as everybody */
    size_t n_alarm_command;     /* fixed argv; 0 = none */
    const char *const *alarm_command;
};

/* [role <name>] */
struct config_role {
    const char *id;
    enum config_right right;
    bool may_act_for;
    size_t n_uids, n_gids;
    const uid_t *uids;
    const gid_t *gids;
    bool everyone; /* users = * */
    const char *origin;
};

/* Whether a device shows that its output is on: what its section says, which may be nothing. */
enum config_indicator { INDICATOR_UNSAID, INDICATOR_NO, INDICATOR_YES };

/* [device <id>]: what the clinic says of it. What the device is, the plugin says. */
struct config_device {
    const char *id;
    const char *plugin;
    const char *label, *location, *colour_tag;
    bool simulated;
    bool has_calibrated_on, has_calibration_due, has_safety_test_due;
    int64_t calibrated_on_day, calibration_due_day, safety_test_due_day; /* days since 1970-01-01 */
    size_t n_firmware; /* verified firmware versions; 0 = not listed */
    const char *const *firmware;
    const char *accepted_by, *accepted_on; /* accept_link_loss: NULL = not accepted */
    enum config_indicator indicator;       /* output_indicator */
    /*
     * What its safety test and its place report, by the keys of the same names: patient leakage, unwanted radiation,
     * effect of the supply, distance from diathermy, smallest setting, accuracy floor. Absent = not reported. Limits on
     * these quantities are held against it.
     */
    struct quantity_set reported;
    size_t link; /* index into links */
    size_t unit; /* its order on the link: the plugin's unit index */
    const char *origin;
};

/*
 * [bundle <id>]: protocols that belong together for one indication. Each is prepared and run as a session of its own,
 * in any order that the order limits admit; a bundle adds nothing to what they may do.
 */
struct config_bundle {
    const char *id, *label;
    const char *indication;     /* NULL = none */
    size_t n_protocols;         /* at least one */
    const size_t *protocols;    /* indices into dose.protocols, as listed */
    const char *notes, *source; /* notes: NULL = none */
    const char *origin;
};

/* One physical link and all lines that its host gets. */
struct config_link {
    const char *canonical; /* "tcp:127.0.0.1:1502"; a serial line as written */
    const char *plugin;
    size_t n_lines;
    const struct modality_line *lines;
    size_t n_devices;
    const char *origin;
};

/* One effective line, for config.explain. */
struct config_line {
    const char *section, *key, *value, *origin;
};

/* What is no fault, but people should know of it: what ships and is looser here, or missing. */
struct config_note {
    const char *origin, *message;
};

struct config {
    uint64_t generation;
    char hash[65]; /* hex SHA-256 over file names and contents */
    const char *dir;
    struct config_daemon daemon;
    struct dose_tables dose;
    size_t n_roles, n_bundles, n_devices, n_links, n_lines, n_notes;
    const struct config_role *roles;
    const struct config_bundle *bundles;
    const struct config_device *devices;
    const struct config_link *links;
    const struct config_line *lines;
    const struct config_note *notes;
    void *arena; /* owns everything above */
};

/* Told of each fault, in file and line order. */
typedef void config_report(void *userdata, const char *origin, const char *message);

/*
 * Reads every *.ini in dir and its direct subdirectories, in byte order of path, and builds the typed configuration:
 * syntax, grammar, types, references, layers. 0, or -EINVAL after every fault was reported, or -ENOENT / -EACCES with
 * one report. today is the local civil day: what somebody has done by a day that is still to come is a fault. *out is
 * owned by the caller.
 */
int config_load(const char *dir, uint64_t generation, int64_t today, config_report *report, void *userdata,
                struct config **out);
void config_free(struct config *config); /* NULL is fine */

/*
 * As config_load, but with -EINVAL *out still gets what could be read. It is good for one thing: finding what else is
 * wrong (its links and their lines), so that one run tells everything. Links without plugin or name may be among them.
 */
int config_load_faulty(const char *dir, uint64_t generation, int64_t today, config_report *report, void *userdata,
                       struct config **out);

/*
 * What describe() said of a device, held against the configuration: a line whose worst poll cycle exceeds its units'
 * freshness or watchdog times, a device without a group, two sections on one link. Reports and returns as config_load.
 */
int config_check_device(const struct config *config, size_t device, const struct modality_device *described,
                        config_report *report, void *userdata);
int config_check_line(const struct config *config, size_t link, const struct modality_device *described, size_t n,
                      config_report *report, void *userdata);

/* The role of a peer: the strongest that names its uid or one of its groups; NULL = none. */
const struct config_role *config_role_of(const struct config *config, uid_t uid, const gid_t *gids, size_t n_gids);
const char *config_right_id(enum config_right r); /* "viewer" ... */

#endif
