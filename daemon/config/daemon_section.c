/* SPDX-License-Identifier: Apache-2.0 */
/* [daemon]: one section or none; every key has a default, and times must fit each other. */
#include <pwd.h>
#include <sys/stat.h>

#include "config/field.h"

static bool build_times(struct load *load, const struct raw_section *s, struct config_daemon *d)
{
    const struct {
        const char *key;
        uint32_t *to;
    } times[] = {
        {"telemetry", &d->telemetry_ms}, {"permit", &d->permit_ms},         {"slice", &d->slice_ms},
        {"grace", &d->grace_ms},         {"lease", &d->lease_ms},           {"lease_pause", &d->lease_pause_ms},
        {"token", &d->token_ms},         {"quarantine", &d->quarantine_ms}, {"record_late", &d->record_late_ms}};
    bool good = true;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        int64_t ms;
        if (!field_value(load, s, times[i].key, QUANTITY_COUNT, &ms))
            good = false;
        else
            *times[i].to = (uint32_t)ms; /* the ranges of keys.c end far below 2^32 */
    }
    return good;
}

static struct place place_of(const struct raw_section *s, const char *key)
{
    const struct raw_line *line = section_line(s, key);
    return line != NULL ? line->at : s->at;
}

/* A permit is renewed by fresh telemetry only: shorter than two periods and a hang, it would lapse in normal running.
 */
static void check_times(struct load *load, const struct raw_section *s, const struct config_daemon *d)
{
    if (d->permit_ms < 2 * d->telemetry_ms + d->slice_ms + d->grace_ms)
        fault_add(&load->faults, place_of(s, "permit"),
                  "permit = %u ms: must be at least two telemetry periods, a slice and its grace: %u ms", d->permit_ms,
                  2 * d->telemetry_ms + d->slice_ms + d->grace_ms);
    if (d->lease_ms < d->permit_ms)
        fault_add(&load->faults, place_of(s, "lease"), "lease = %u ms: must not be below the permit of %u ms",
                  d->lease_ms, d->permit_ms);
}

/* Who may write there becomes the daemon: a plugin is its code, and the ledger is what limits rest on. */
static void check_directories(struct load *load, const struct raw_section *s, const struct config_daemon *d)
{
    static const struct place unsaid = {.origin = "default"};
    const struct raw_line *plugins = section_line(s, "plugin_dir"), *state = section_line(s, "state_dir");
    if (d->plugin_dir != NULL)
        files_guard(load, plugins != NULL ? plugins->at : unsaid, "plugin_dir", d->plugin_dir, S_IWGRP | S_IWOTH, true);
    if (d->state_dir != NULL)
        files_guard(load, state != NULL ? state->at : unsaid, "state_dir", d->state_dir, S_IWOTH, false);
}

static void build_command(struct load *load, const struct raw_section *s, struct config_daemon *d)
{
    const struct raw_line *line = section_line(s, "alarm_command");
    if (line == NULL || line->refused || !text_split(load->arena, line->value, &d->alarm_command, &d->n_alarm_command))
        return;
    if (d->alarm_command[0][0] != '/')
        fault_add(&load->faults, line->at, "alarm_command = %s: the program needs an absolute path", line->value);
}

/* What is unreadable here leaves the fence closed: plugins are loaded to be checked all the same. */
static void build_hosts(struct load *load, const struct raw_section *s, struct config_daemon *d)
{
    int64_t priority;
    d->fence = true;
    field_yes(load, s, "fence", &d->fence);
    field_yes(load, s, "lock_memory", &d->lock_memory);
    if (section_line(s, "realtime_priority") != NULL && field_count(load, s, "realtime_priority", &priority))
        d->realtime_priority = (uint32_t)priority;
    if (field_text(load, s, "host_user", &d->host_user) && getpwnam(d->host_user) == NULL)
        fault_add(&load->faults, place_of(s, "host_user"), "host_user = %s: there is no such user", d->host_user);
}

void build_daemon(struct load *load)
{
    struct config_daemon *d = &load->config->daemon;
    static const struct raw_section absent = {.kind = SECTION_DAEMON, .title = "daemon", .id = ""};
    size_t next = 0;
    int64_t count;
    unsigned mode;
    const struct raw_section *s = section_next(load, SECTION_DAEMON, &next);
    if (s == NULL)
        s = &absent;
    if (build_times(load, s, d))
        check_times(load, s, d);
    field_path(load, s, "socket", &d->socket_path);
    field_path(load, s, "state_dir", &d->state_dir);
    field_path(load, s, "plugin_dir", &d->plugin_dir);
    check_directories(load, s, d);
    if (section_line(s, "audit_head") != NULL)
        field_path(load, s, "audit_head", &d->audit_head_path);
    else if (d->state_dir != NULL)
        d->audit_head_path = arena_text(load->arena, "%s/audit-head", d->state_dir);
    field_text(load, s, "socket_group", &d->socket_group);
    if (field_mode(load, s, "socket_mode", &mode))
        d->socket_mode = (mode_t)mode;
    if (field_count(load, s, "connections_per_uid", &count))
        d->connections_per_uid = (uint32_t)count;
    field_yes(load, s, "hold_sleep", &d->hold_sleep);
    build_hosts(load, s, d);
    build_command(load, s, d);
}
