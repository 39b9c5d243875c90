/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration is checked whole before anything is started or swapped: the INI files by config, the device, map and
 * point sections by their plugin inside modality-host --check, and both against each other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon.h"
#include "modality/clock.h"
#include "modality/log.h"

void fault_note_add(struct fault_note *note, const char *origin, const char *message)
{
    if (note->n++ > 0)
        return;
    snprintf(note->first, sizeof note->first, "%s: %s", origin ? origin : "modalityd", message);
    size_t n = strlen(note->first);
    if (n + 1 < sizeof note->first)
        return;
    while (n > 0 && (note->first[n - 1] & 0xc0) == 0x80) /* a character that was cut is none */
        n--;
    note->first[n > 0 ? n - 1 : 0] = '\0';
}

const char *fault_note_say(const struct fault_note *note, char out[FAULT_NOTE_MAX])
{
    if (note->n > 1)
        snprintf(out, FAULT_NOTE_MAX, "%s (and %zu more)", note->first, note->n - 1);
    else
        snprintf(out, FAULT_NOTE_MAX, "%s", note->first);
    return out;
}

static void report(void *userdata, const char *origin, const char *message)
{
    fault_note_add(userdata, origin, message);
    log_line(SD_ERR, "%s: %s", origin ? origin : "modalityd", message);
}

/* The same, in the order of arguments of link_check_config. */
static void report_of_plugin(const char *origin, const char *message, void *userdata)
{
    report(userdata, origin, message);
}

void daemon_plan_link(const char *host_path, const struct config *config, size_t link, struct link_plan *plan)
{
    const struct config_link *l = &config->links[link];
    snprintf(plan->plugin_path, sizeof plan->plugin_path, "%s/%s.so", config->daemon.plugin_dir, l->plugin);
    plan->settings = (struct link_settings){.host_path = host_path,
                                            .plugin_path = plan->plugin_path,
                                            .state_dir = config->daemon.state_dir,
                                            .canonical = l->canonical,
                                            .telemetry_ms = config->daemon.telemetry_ms,
                                            .permit_ms = config->daemon.permit_ms,
                                            .slice_ms = config->daemon.slice_ms,
                                            .grace_ms = config->daemon.grace_ms,
                                            .quarantine_min_ms = config->daemon.quarantine_ms,
                                            .n_lines = l->n_lines,
                                            .lines = l->lines};
}

static void check_link(const char *host_path, const struct config *config, size_t link, struct fault_note *faults)
{
    struct link_plan plan = {0};
    struct link_unit *units = calloc(MODALITY_UNITS_MAX, sizeof *units);
    struct modality_device *described = calloc(MODALITY_UNITS_MAX, sizeof *described);
    size_t n = 0;
    int r = -ENOMEM;
    if (units && described) {
        daemon_plan_link(host_path, config, link, &plan);
        r = link_check_config(&plan.settings, report_of_plugin, faults, units, MODALITY_UNITS_MAX, &n);
    }
    if (r < 0 && r != -EINVAL) { /* -EINVAL: every fault was reported and counted */
        char why[256];
        snprintf(why, sizeof why, "%s --check: %s", host_path, strerror(-r));
        report(faults, config->links[link].origin, why);
    } else if (r == 0) {
        for (size_t i = 0; i < n; i++)
            described[i] = units[i].device;
        for (size_t i = 0; i < config->n_devices; i++) {
            if (config->devices[i].link == link && config->devices[i].unit < n)
                config_check_device(config, i, &described[config->devices[i].unit], report, faults);
        }
        config_check_line(config, link, described, n, report, faults);
    }
    free(units);
    free(described);
}

int daemon_check_config(const char *dir, uint64_t generation, const char *host_path, struct fault_note *faults,
                        struct config **out)
{
    struct config *config = NULL;
    const int r = config_load_faulty(dir, generation, civil_day(clock_wall_ms()), report, faults, &config);
    if (r < 0 && r != -EINVAL)
        return r;
    if (daemon_announce_fence(&config->daemon) < 0)
        report(faults, "modalityd", "no memory to say how hosts are fenced in");
    for (size_t i = 0; i < config->n_links; i++) {
        const struct config_link *l = &config->links[i];
        const bool usable = l->canonical && l->plugin && config->daemon.plugin_dir && config->daemon.state_dir &&
                            config->daemon.telemetry_ms > 0 && config->daemon.permit_ms > 0;
        if (usable)
            check_link(host_path, config, i, faults);
    }
    if (faults->n > 0) {
        config_free(config);
        return -EINVAL;
    }
    for (size_t i = 0; i < config->n_notes; i++)
        log_line(SD_NOTICE, "%s: note: %s", config->notes[i].origin, config->notes[i].message);
    daemon_note_fence(&config->daemon);
    *out = config;
    return 0;
}
