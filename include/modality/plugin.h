/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin boundary. A device plugin is one .so that exports one function, modality_plugin(), returning one constant
 * descriptor. It runs inside modality-host, one process per physical link, and every call into it comes from one
 * thread. A plugin knows devices and nothing else: no session, no client, no limit.
 *
 * Rules: start no threads, install no signal handlers, keep no mutable statics, log only through the services, make one
 * attempt per call (the host decides what is repeated), never wait past the deadline of the call, allocate nothing in
 * stop and make_safe.
 *
 * It runs inside a fence: it opens its own libraries and the node or port of its link, makes no process and changes no
 * file, and has 512 MiB of addresses and 128 descriptors. What is outside fails with EPERM or EACCES.
 *
 * Errors of every call: 0; -ENODEV the device is gone or is not the configured one; -ETIMEDOUT the outcome is UNKNOWN,
 * the device may have acted; -EPROTO the answer was malformed or did not match the request; -EIO the transport failed,
 * or is in doubt until reopen(); -EACCES the device answered and refused, it did not act: the host then asks for one
 * status, so what explains the refusal belongs there; -EAGAIN the deadline left no time, or the device takes nothing
 * just now: nothing was sent, and a set point, start or feed is tried again, away from rest for settle_ms and a slice,
 * toward rest for a slice; -EINVAL the argument or the configuration is wrong (nothing was sent). After -ETIMEDOUT,
 * -EPROTO or -EIO only stop, make_safe, reopen and close are of use.
 */
#ifndef MODALITY_PLUGIN_H
#define MODALITY_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quantity.h"
#include "waveform.h"

#define MODALITY_PLUGIN_ABI 3

#define MODALITY_NAME_MAX 64     /* bytes of an id or serial, terminating NUL included */
#define MODALITY_UNITS_MAX 32    /* units on one link */
#define MODALITY_CHANNELS_MAX 8  /* channels of one unit */
#define MODALITY_GROUPS_MAX 12   /* output groups of one unit */
#define MODALITY_RANGES_MAX 16   /* settable or readable quantities of one channel */
#define MODALITY_READINGS_MAX 12 /* measured quantities of one channel in one status */
#define MODALITY_LINK_MAX 256    /* bytes of a link as a [device] section names it, terminating NUL included */
#define MODALITY_NOTE_MAX 256    /* bytes of a sentence for a person, terminating NUL included */

/* One line of configuration, with the place it came from ("devices.ini:12"). All strings belong to the host. */
struct modality_line {
    const char *section; /* "device stim1", "map refstim", "point refstim.run1" */
    const char *key;
    const char *value;
    const char *origin; /* file:line of the key */
};

/* Everything the configuration says about one link: the [device] sections on it and every [map] and [point] they name.
 */
struct modality_config {
    size_t n_lines;
    const struct modality_line *lines;
};

enum modality_log_level { MODALITY_LOG_ERROR, MODALITY_LOG_WARNING, MODALITY_LOG_INFO, MODALITY_LOG_DEBUG };

/*
 * What the host gives to a plugin. size is sizeof as the host was built: a plugin checks it before it uses a member
 * added after the ABI number it was written for. ctx is passed back as the first argument.
 */
struct modality_services {
    size_t size;
    void *ctx;
    /* One line to the daemon's log; the host adds link and plugin name. */
    void (*log)(void *ctx, enum modality_log_level level, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
    /* CLOCK_MONOTONIC in ns; the clock of every deadline. */
    int64_t (*now_ns)(void *ctx);
    /* Reports one fault of the configuration at origin; describe reports all it finds, then returns -EINVAL. */
    void (*config_error)(void *ctx, const char *origin, const char *format, ...) __attribute__((format(printf, 3, 4)));
    /* Finds a quantity by id: 0 or -ENOENT. */
    int (*quantity_find)(void *ctx, const char *id, enum modality_quantity *out);
    /* The row of a quantity. */
    const struct modality_quantity_info *(*quantity_info)(void *ctx, enum modality_quantity q);
    /* Parses "12.5 mA" exactly into base units: 0, -EINVAL (no number or unit), -ERANGE (not exact, too large). */
    int (*value_parse)(void *ctx, enum modality_quantity q, const char *text, int64_t *out);
    /* Finds a waveform class by id: 0 or -ENOENT. */
    int (*waveform_find)(void *ctx, const char *id, enum modality_waveform *out);
    /*
     * While open or reopen runs: a unit of this link may have output that nobody has proved at rest. Where more than
     * one device has the unit's name, those may then be asked who they are, which they are not asked otherwise.
     */
    bool (*rest_owed)(void *ctx);
};

/* What a device's output does when the link to the host is cut. */
enum modality_link_loss { LINK_LOSS_UNKNOWN, LINK_LOSS_STOPS, LINK_LOSS_CONTINUES };
/* What it does when it is fed again after its watchdog has tripped. */
enum modality_after_watchdog { AFTER_WATCHDOG_UNKNOWN, AFTER_WATCHDOG_STAYS_OFF, AFTER_WATCHDOG_RESUMES };
/* What it does by itself when contact returns after it was lost. */
enum modality_contact_return { CONTACT_RETURN_UNKNOWN, CONTACT_RETURN_STAYS_OFF, CONTACT_RETURN_RESUMES };

/* What a device understands by an intensity, so that a sheet can say so; the plugin converts. */
enum modality_reference { REFERENCE_PEAK, REFERENCE_PEAK_TO_PEAK, REFERENCE_SATP, REFERENCE_SATA, REFERENCE_RELATIVE };

/* One quantity that a channel can take or report. */
struct modality_range {
    enum modality_quantity quantity;
    int64_t min, max;   /* base units, inclusive; for a settable quantity what may be written */
    int64_t resolution; /* smallest step in base units, at least 1 */
    bool settable;
    bool readable;
    /*
     * Taken at rest alone. The level: from rest to any value, and back to rest, never from one value to another; it is
     * then written at once, and the device ramps it by itself. Anything else: before start() only.
     */
    bool only_at_rest;
    /*
     * Of a rate in mHz, 0 = none: the device counts its period in steps of so many us, and takes those rates alone that
     * a whole number of steps has, rounded up to whole mHz (range.h). resolution is 1 then.
     */
    uint32_t period_step_us;
};

/* One channel of a unit. */
struct modality_channel {
    char id[MODALITY_NAME_MAX]; /* "ch1" */
    enum modality modality;
    uint32_t waveforms;           /* bit per enum modality_waveform that it can produce */
    enum modality_quantity level; /* the quantity that is walked from rest: amplitude_ua, intensity_satp_uw_cm2, ... */
    int64_t rest_value;           /* of level, base units; 0 unless the device declares another (cold) */
    enum modality_reference reference;
    bool level_measured; /* an actual value of level (or of power_uw) can be read back */
    int64_t noise;       /* declared noise of that reading, base units of level */
    size_t n_ranges;
    struct modality_range ranges[MODALITY_RANGES_MAX];
};

/* The smallest set of channels that the unit can stop independently. */
struct modality_group {
    char id[MODALITY_NAME_MAX]; /* "ch1", "pair" */
    uint32_t channels;          /* bit per index into channels */
    uint32_t excludes;          /* bit per index into groups that may not be energised at the same time */
};

/* Everything about one unit. describe() fills it without I/O. */
struct modality_device {
    char id[MODALITY_NAME_MAX]; /* of its [device] section */
    bool simulated;             /* said by the configuration: shown in every session */
    enum modality_link_loss on_link_loss;
    uint32_t watchdog_ms; /* the device's own, 0 = none */
    enum modality_after_watchdog after_watchdog;
    bool contact_monitored;         /* status reports contact */
    int64_t contact_monitored_from; /* level (base units) from which contact is monitored */
    int64_t contact_probe_power_uw; /* power kept by a head that senses contact, 0 = none */
    enum modality_contact_return after_contact_return;
    bool patient_stop; /* has a hand switch whose state is in status */
    /*
     * Says no serial number of its own: after its link was cut nobody can tell whether who answers is the device that
     * had output. Its rest then counts only once the watchdog has ended what the other one may have been giving.
     */
    bool nameless;
    bool rest_by_setpoint; /* no run point: rest is the declared set point, proof is its read-back plus an actual value
                              that moves toward rest within rest_within_ms */
    uint32_t rest_within_ms;
    bool stop_leaves_output; /* a stop does not reach rest; armed only after acceptance */
    uint32_t slice_ms;       /* longest time one call on this unit may take */
    uint32_t stop_ms;        /* longest time stop plus one status may take: bounds the dead-man */
    uint32_t cycle_ms;       /* line time of one poll plus one keepalive, for the load of a shared line */
    uint32_t settle_ms;      /* time after a set point until an actual value is judged */
    uint32_t start_ms; /* longest time from start() until the output may be on: a laser's emission delay, 0 = none.
                          start() then answers -EINPROGRESS, and the level is walked when status shows it on */
    size_t n_channels;
    struct modality_channel channels[MODALITY_CHANNELS_MAX];
    size_t n_groups;
    struct modality_group groups[MODALITY_GROUPS_MAX];
};

/* Who answered. Empty strings where the device does not say. */
struct modality_identity {
    char maker[MODALITY_NAME_MAX];
    char model[MODALITY_NAME_MAX];
    char serial[MODALITY_NAME_MAX];
    char firmware[MODALITY_NAME_MAX];
};

/* State of one channel's output, as judged from validated replies of the device. */
enum modality_output { OUTPUT_UNKNOWN, OUTPUT_REST, OUTPUT_PROBE, OUTPUT_ON };
/* How that judgement is supported; see design: only measured and reported prove. */
enum modality_evidence { EVIDENCE_NONE, EVIDENCE_PRESUMED, EVIDENCE_REPORTED, EVIDENCE_MEASURED };
/*
 * What is between applicator and skin. A device that has taken its output away for it says LOST beside OUTPUT_REST, and
 * no fault: the session ends by that name, and nobody has to clear the device.
 */
enum modality_contact {
    CONTACT_UNKNOWN,
    CONTACT_NOT_MONITORED,
    CONTACT_GOOD,
    CONTACT_POOR,
    CONTACT_LOST,
    CONTACT_SHORTED
};

struct modality_reading {
    enum modality_quantity quantity;
    int64_t value; /* base units */
};

/* One channel in one status reply. */
struct modality_channel_status {
    enum modality_output output;
    enum modality_evidence evidence; /* of output */
    enum modality_contact contact;
    bool setpoint_known; /* setpoint is the set point of level as read back */
    int64_t setpoint;
    char applicator[MODALITY_NAME_MAX]; /* serial of the head or probe in use, "" = the device does not say */
    size_t n_readings;
    struct modality_reading readings[MODALITY_READINGS_MAX];
};

/* One validated status of a unit. Filled only when status() returns 0. */
struct modality_status {
    bool fault;          /* the device reports a fault that has taken or must take its output away */
    uint32_t fault_code; /* the device's own code, 0 = none */
    char fault_text[MODALITY_NAME_MAX];
    bool patient_stop; /* hand switch pressed or latched */
    bool watchdog_tripped;
    bool restarted; /* the device restarted since the previous status or identify */
    bool uptime_known;
    int64_t uptime_ms;
    bool remaining_known; /* the device's own timer */
    int64_t remaining_ms;
    size_t n_channels;
    struct modality_channel_status channels[MODALITY_CHANNELS_MAX];
};

/* One value to write. */
struct modality_setting {
    uint32_t channel; /* index into channels */
    enum modality_quantity quantity;
    int64_t value; /* base units; the host has checked it against the envelope and the range */
};

/* One unit that scan() came upon. Strings are empty where nothing is known. */
struct modality_found {
    char link[MODALITY_LINK_MAX]; /* what a [device] section would say for it; "" = it cannot be named as it is */
    /* A link with all that is known of it, serial number and port: a section that names it otherwise is told by it. */
    char known_as[MODALITY_LINK_MAX];
    char what[MODALITY_NAME_MAX]; /* what the plugin takes it for: "HASOMED P24" */
    char maker[MODALITY_NAME_MAX];
    char model[MODALITY_NAME_MAX];
    char serial[MODALITY_NAME_MAX];
    char note[MODALITY_NOTE_MAX]; /* what a person has to know or do first: shared ids, a missing second half, "" */
};

/* An open link. Owned by the plugin, freed by close(). */
struct modality_link;

/* Which links a plugin speaks. Bits. */
enum modality_link_kind { LINK_KIND_TCP = 1, LINK_KIND_SERIAL = 2, LINK_KIND_USB = 4 };

struct modality_config_key {
    const char *section; /* "device", "map" or "point" */
    const char *key;
    const char *meaning; /* one line; unit and range where it has them */
    bool required;       /* in every section of this kind */
};

/* The descriptor. Every deadline is absolute CLOCK_MONOTONIC in ns; unit is an index into what describe() returned. */
struct modality_plugin {
    uint32_t abi;         /* MODALITY_PLUGIN_ABI the source was written for: write the number, not the macro */
    uint32_t size;        /* sizeof(struct modality_plugin) */
    uint32_t device_size; /* sizeof(struct modality_device) */
    uint32_t status_size; /* sizeof(struct modality_status) */
    const char *name;     /* "modbus-map"; the file is <name>.so */
    const char *version;
    const char *maturity; /* "stable", "experimental", "test-only" */
    uint32_t links;       /* bits of enum modality_link_kind */
    size_t n_keys;
    const struct modality_config_key *keys;

    /*
     * Reads the configuration and fills units[0..*n_units), in the order of the [device] sections. No I/O. Reports
     * every fault through services->config_error and returns -EINVAL if there was one.
     */
    int (*describe)(const struct modality_services *services, const struct modality_config *config,
                    struct modality_device *units, size_t max_units, size_t *n_units);
    /*
     * Opens the link named by the configuration. Writes nothing to a device. *out is untouched on failure. What is
     * logged meanwhile is shown to people as the reason when it fails, or when nobody can be identified on it.
     */
    int (*open)(const struct modality_services *services, const struct modality_config *config, int64_t deadline_ns,
                struct modality_link **out);
    /* Asks who is there and compares with the configuration: -ENODEV when it is another device. Reads only. */
    int (*identify)(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out);
    /* Reads state and measurements. Reads only; the result is fresh by definition. */
    int (*status)(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out);
    /* Writes one set point, proved by an echo compared in full or by reading it back. */
    int (*apply)(struct modality_link *link, size_t unit, const struct modality_setting *setting, int64_t deadline_ns);
    /* Energises one group with the set points as they are. -EINPROGRESS: accepted, running shows in status later. */
    int (*start)(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
    /*
     * Writes everything that rests one group: all steps, even if one fails; the first error is returned. It does not
     * prove rest: the host reads status for that. Allocates nothing.
     */
    int (*stop)(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns);
    /*
     * Rests a whole unit whose state is unknown, any number of times, before or after identify. All steps even if one
     * fails; the first error is returned. Allocates nothing.
     */
    int (*make_safe)(struct modality_link *link, size_t unit, int64_t deadline_ns);
    /* Feeds the device's watchdog, where it has one; else NULL. */
    int (*keepalive)(struct modality_link *link, size_t unit, int64_t deadline_ns);
    /*
     * Drops and re-establishes the transport after -EIO or -ETIMEDOUT left it in doubt; discards anything late. Writes
     * nothing to a device.
     */
    int (*reopen)(struct modality_link *link, int64_t deadline_ns);
    /* Closes without writing to a device; accepts NULL. */
    void (*close)(struct modality_link *link);
    /*
     * Lists what is attached that may be a device of this plugin, by what the system knows of it: opens no device,
     * sends nothing. Calls found once for each, found's strings are the plugin's. 0, or -EIO. NULL: nothing to list.
     */
    int (*scan)(const struct modality_services *services, void *ctx,
                void (*found)(void *ctx, const struct modality_found *unit));
};

/* The one exported symbol of a plugin. */
#define MODALITY_PLUGIN_SYMBOL "modality_plugin"
const struct modality_plugin *modality_plugin(void);

#endif
