/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A validated register map and the units that use it: what describe checks, and what an open link works from. Plain
 * data in base units; nothing here points into the host's strings. After map_read() has returned 0 every index is in
 * range and every list names points that may be used the way the list uses them.
 */
#ifndef MODBUS_MAP_MAP_H
#define MODBUS_MAP_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"
#include "common/modbus_link.h"
#include "modality/plugin.h"

#define MAP_STEPS_MAX 64
#define MAP_CODES_MAX 16
#define MAP_POINTS_MAX 128
#define MAP_WORD_MAX 24 /* bytes of a code word, NUL included */
#define MAP_EVERY_CHANNEL -1

enum map_role {
    ROLE_NONE,
    ROLE_SETPOINT,
    ROLE_ACTUAL,
    ROLE_RUN,
    ROLE_STARTING,
    ROLE_INTERLOCK,
    ROLE_FAULT,
    ROLE_FAULT_CODE,
    ROLE_WATCHDOG,
    ROLE_PATIENT_STOP,
    ROLE_CONTACT,
    ROLE_REMAINING,
    ROLE_UPTIME,
    ROLE_SERIAL,
    ROLE_FIRMWARE,
    ROLE_APPLICATOR,
};

enum map_format { FORMAT_DECIMAL, FORMAT_HEX, FORMAT_DOTTED };

/* One raw number of a point with codes, and what it means: a waveform class, a polarity, a contact state, or only a
 * word. */
struct map_code {
    char word[MAP_WORD_MAX];
    int64_t raw;
    int64_t value;
};

struct map_point {
    char name[MODALITY_NAME_MAX];
    bool broken; /* while reading: something was reported about it, what follows from that is not */
    enum modbus_table table;
    uint16_t address;
    uint8_t bit;     /* of a register, where type is bit */
    bool active_low; /* of a bit */
    bool readable, writable;
    enum map_role role;
    int channel; /* index, or MAP_EVERY_CHANNEL */
    bool has_quantity;
    enum modality_quantity quantity;
    bool selects; /* its value is that of a code: a waveform class, a polarity */
    struct codec codec;
    bool has_range; /* min and max, base units */
    int64_t min, max;
    bool has_expect;
    int64_t expect;
    int64_t noise; /* of an actual power, base units */
    bool has_absent;
    int64_t absent; /* raw number of an actual value that means "not measured" */
    enum map_format format;
    size_t n_codes;
    struct map_code codes[MAP_CODES_MAX];
};

/* One entry of a list: a point, and in a list of writes what goes there. */
struct map_step {
    uint16_t point;
    int64_t value;
    uint16_t words[2]; /* value as it goes to the wire */
};

struct map_list {
    bool broken; /* as of a point */
    size_t n_steps;
    struct map_step steps[MAP_STEPS_MAX];
};

struct map_channel {
    char id[MODALITY_NAME_MAX];
    bool broken; /* as of a point */
    enum modality modality;
    enum modality_quantity level;
    enum modality_safer level_safer;
    enum modality_reference reference;
    bool rest_declared; /* rest is a set point, not 0 */
    int64_t noise, rest;
    uint32_t waveforms;
    int level_point;  /* set point of level */
    int actual_point; /* polled actual of level or of power_uw, or -1 */
    bool has_run;     /* a readable run point is polled */
};

struct map_group {
    char id[MODALITY_NAME_MAX];
    uint32_t channels, excludes;
    struct map_list start, stop;
};

/* One request of a plan, and where its answer goes in the plan's words. */
struct map_request {
    enum modbus_table table;
    uint16_t address, count;
    uint16_t first_word;
};

#define MAP_REQUESTS_MAX 16
#define MAP_PLAN_WORDS 512

/* Points of a list packed into as few requests as adjacency allows. word[i] is where step i of the list begins. */
struct map_plan {
    size_t n_requests;
    struct map_request requests[MAP_REQUESTS_MAX];
    uint16_t word[MAP_STEPS_MAX];
    size_t n_words;
};

struct map {
    char id[MODALITY_NAME_MAX];
    char maker[MODALITY_NAME_MAX], model[MODALITY_NAME_MAX];
    bool test_only;
    bool has_word_order, low_first;
    bool multiple;           /* registers always by function 16 */
    uint16_t read_over;      /* registers nobody asked for that a read may span */
    bool refuses_by_failure; /* exception 4 on a write means "did not act" */
    uint32_t watchdog_ms;
    enum modality_after_watchdog after_watchdog;
    enum modality_link_loss on_link_loss;
    bool stop_leaves_output;
    bool contact_monitored, patient_stop;
    int64_t contact_from, contact_probe_power_uw;
    enum modality_contact_return after_contact_return;
    uint32_t slice_ms, stop_ms, settle_ms, answer_ms, rest_within_ms, start_ms;
    size_t n_channels;
    struct map_channel channels[MODALITY_CHANNELS_MAX];
    size_t n_groups;
    struct map_group groups[MODALITY_GROUPS_MAX];
    struct map_list identify, poll, make_safe, keepalive;
    struct map_plan identify_plan, poll_plan;
    size_t n_points;
    size_t n_broken_points;
    struct map_point *points; /* owned */
};

struct map_unit {
    char id[MODALITY_NAME_MAX];
    bool broken; /* as of a point */
    struct modbus_line_config line;
    uint8_t unit;
    size_t map; /* index */
    bool simulated;
    bool has_serial;
    char serial[MODALITY_NAME_MAX];
    int64_t response_ns;
};

/* Everything of one link. Freed by map_free(). */
struct map_config {
    size_t n_maps;
    struct map *maps; /* owned */
    size_t n_units;
    struct map_unit units[MODALITY_UNITS_MAX];
};

/*
 * Reads and checks the whole configuration of a link; every fault goes to services->config_error. 0, -EINVAL if there
 * was one, -ENOMEM. *out is untouched on failure.
 */
int map_read(const struct modality_services *services, const struct modality_config *config, struct map_config **out);

/* Accepts NULL. */
void map_free(struct map_config *config);

/* What the rest of the daemon knows of a unit. */
void map_describe(const struct map_config *config, size_t unit, struct modality_device *out);

#endif
