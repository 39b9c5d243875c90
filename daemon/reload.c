/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGHUP: the new configuration is parsed and validated whole, then swapped, or the old one stays. Limits, protocols,
 * screening and roles are swapped under running sessions, which keep the tighter of both. Devices and their lines
 * belong to processes that hold them: a reload that changes those is refused whole and needs a restart.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "daemon.h"
#include "modality/clock.h"
#include "modality/log.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The first device or line that differs; NULL when none does. */
static const char *changed_device(const struct config *a, const struct config *b)
{
    if (a->n_devices != b->n_devices || a->n_links != b->n_links)
        return "the number of devices";
    for (size_t i = 0; i < a->n_links; i++) {
        const struct config_link *x = &a->links[i], *y = &b->links[i];
        if (!same_text(x->canonical, y->canonical) || !same_text(x->plugin, y->plugin) || x->n_lines != y->n_lines)
            return x->canonical;
        for (size_t k = 0; k < x->n_lines; k++) {
            if (!same_text(x->lines[k].section, y->lines[k].section) || !same_text(x->lines[k].key, y->lines[k].key) ||
                !same_text(x->lines[k].value, y->lines[k].value))
                return x->lines[k].section;
        }
    }
    for (size_t i = 0; i < a->n_devices; i++) {
        const struct config_device *x = &a->devices[i], *y = &b->devices[i];
        if (!same_text(x->id, y->id) || x->link != y->link || x->unit != y->unit)
            return x->id;
    }
    if (!same_text(a->daemon.socket_path, b->daemon.socket_path))
        return "socket";
    return same_text(a->daemon.state_dir, b->daemon.state_dir) ? NULL : "state_dir";
}

/* Who accepted which unverified limit, as it stands in the [accept] sections: {limit: {by, date}}. */
static json_t *acceptances(const struct config *config)
{
    static const char title[] = "accept ";
    json_t *all = json_object();
    for (size_t i = 0; i < config->n_lines; i++) {
        const struct config_line *line = &config->lines[i];
        if (strncmp(line->section, title, strlen(title)) != 0)
            continue;
        const char *limit = line->section + strlen(title);
        if (!json_object_get(all, limit))
            json_object_set_new(all, limit, json_object());
        json_object_set_new(json_object_get(all, limit), line->key, json_string(line->value));
    }
    return all;
}

void daemon_audit_config(struct daemon *d, const char *event, const struct config *config, const char *why)
{
    const struct audit_actor self = {.uid = getuid()};
    record_audit(d->record, event, &self, NULL,
                 json_pack("{s:I, s:s, s:s, s:I, s:o, s:s}", "generation", (json_int_t)config->generation,
                           "config_hash", config->hash, "config_dir", config->dir, "limits",
                           (json_int_t)config->dose.n_limits, "accepted", acceptances(config), "why", why));
}

static void refuse(struct daemon *d, const char *why)
{
    log_line(SD_ERR, "modalityd: reload refused, the old configuration stays: %s", why);
    daemon_audit_config(d, "config.refused", d->config, why);
    alarms_raise(sessions_alarms(d->sessions), ALARM_KIND_config_refused, NULL, NULL, why, clock_wall_ms());
    sd_notify(0, "READY=1");
}

/* The first configuration owns the lines that the hosts were started with; into the others nothing points any more. */
static void forget_previous(struct daemon *d)
{
    while (d->n_previous > 1)
        config_free(d->previous[--d->n_previous]);
}

static void refuse_swap(struct daemon *d, struct config *fresh, const char *why)
{
    config_free(fresh);
    refuse(d, why);
}

/* The checked configuration, read again and swapped; what was checked and what is read must be the same. */
static void swap(struct daemon *d, struct config *fresh)
{
    char why[256];
    const char *changed = changed_device(d->config, fresh);
    if (changed) {
        snprintf(why, sizeof why, "%s differs; devices, socket and state_dir need a restart", changed);
        refuse_swap(d, fresh, why);
        return;
    }
    struct session_settings settings;
    struct config *old = d->config;
    struct session_device_settings *devices = daemon_devices(fresh), *before = d->devices;
    const struct session_time now = daemon_now();
    d->config = fresh;
    d->devices = devices;
    daemon_session_settings(d, &settings);
    const int r = devices ? sessions_reload(d->sessions, &settings, &now) : -ENOMEM;
    if (r < 0) {
        d->config = old;
        d->devices = before;
        free(devices);
        snprintf(why, sizeof why, "sessions: %s", strerror(-r));
        refuse_swap(d, fresh, why);
        return;
    }
    free(before);
    d->previous[d->n_previous++] = old;
    api_reload(d->api, fresh);
    daemon_audit_config(d, "config.loaded", fresh, "SIGHUP");
    alarms_condition_over(sessions_alarms(d->sessions), ALARM_KIND_config_refused, NULL, NULL, now.wall_ms);
    log_line(SD_NOTICE, "modalityd: configuration %.12s in force, generation %llu", fresh->hash,
             (unsigned long long)fresh->generation);
    sd_notify(0, "READY=1");
}

static void report(void *userdata, const char *origin, const char *message)
{
    fault_note_add(userdata, origin, message);
    log_line(SD_ERR, "%s: %s", origin, message);
}

static void on_checked(void *userdata, const char *hash, const char *why)
{
    struct fault_note faults = {0};
    char said[FAULT_NOTE_MAX];
    struct daemon *d = userdata;
    struct config *fresh = NULL;
    d->reloading = false;
    if (d->stopping)
        return;
    forget_previous(d);
    if (!hash)
        refuse(d, why);
    else if (config_load(d->config->dir, d->config->generation + 1, civil_day(clock_wall_ms()), report, &faults,
                         &fresh) < 0)
        refuse(d, fault_note_say(&faults, said));
    else if (strcmp(fresh->hash, hash) != 0) {
        config_free(fresh);
        refuse(d, "the files were changed while they were checked");
    } else
        swap(d, fresh);
    if (d->reload_again)
        daemon_reload(d);
}

void daemon_reload(struct daemon *d)
{
    d->reload_again = d->reloading;
    if (d->stopping || d->reloading)
        return;
    sd_notify(0, "RELOADING=1");
    const int r = check_child_start(d->event, d->config->dir, on_checked, d);
    d->reloading = r == 0;
    if (r < 0)
        refuse(d, strerror(-r));
}
