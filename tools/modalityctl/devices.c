/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices: a line each, or one with identity, output groups, channels with ranges, and how its output comes to rest.
 */
#include <stdio.h>
#include <string.h>

#include "list.h"

void device_line(struct ctl *ctl, const json_t *d)
{
    const char *state = ctl_text(d, "state"), *detail = ctl_text(d, "detail");
    printf("  %-12s %-24s %-12s %s%s", ctl_text(d, "id"), ctl_text(d, "label"), ctl_text(d, "location"),
           ctl_words(state), ctl_flag(d, "simulated") ? " (simulated)" : "");
    printf("%s%s\n", strcmp(ctl_text(d, "service"), "ok") ? ", service " : "",
           strcmp(ctl_text(d, "service"), "ok") ? ctl_text(d, "service") : "");
    if (detail[0] && strcmp(state, "ready") != 0 && strcmp(state, "energised") != 0) {
        printf("               ");
        ctl_wrap(ctl, 15, 15, detail);
    }
}

static void names_add(char *text, size_t size, const json_t *array)
{
    size_t i;
    const json_t *name;
    json_array_foreach(array, i, name)
    {
        const size_t at = strlen(text);
        snprintf(text + at, size - at, "%s%s", i ? ", " : "", ctl_words(json_string_value(name)));
    }
}

static void group_print(const struct ctl *ctl, const json_t *group)
{
    char text[300] = "";
    const char *holder = ctl_text(group, "holder");
    names_add(text, sizeof text, json_object_get(group, "channels"));
    if (json_array_size(json_object_get(group, "excludes")) > 0) {
        snprintf(text + strlen(text), sizeof text - strlen(text), "; not together with ");
        names_add(text, sizeof text, json_object_get(group, "excludes"));
    }
    if (holder[0])
        snprintf(text + strlen(text), sizeof text - strlen(text), "; held by session %s", holder);
    ctl_row(ctl, ctl_text(group, "id"), "%s", text);
}

static void readings_add(char *text, size_t size, const json_t *readings)
{
    const char *id;
    json_t *value;
    json_object_foreach(ctl_mutable(readings), id, value)
    {
        const size_t at = strlen(text);
        snprintf(text + at, size - at, ", %s %s", ctl_label(id), ctl_value(id, json_integer_value(value)));
    }
}

static void range_print(const char *id, const json_t *range)
{
    const int64_t period_us = ctl_int(range, "period_step_us");
    printf("    %-24s %s to %s, in steps of %s%s%s\n", ctl_label(id), ctl_value(id, ctl_int(range, "min")),
           ctl_value(id, ctl_int(range, "max")),
           period_us > 0 ? ctl_value("phase_width_us", period_us) : ctl_value(id, ctl_int(range, "resolution")),
           period_us > 0 ? " of its period" : "", ctl_flag(range, "only_at_rest") ? ", at rest only" : "");
}

static void channel_print(const struct ctl *ctl, const json_t *channel)
{
    char text[600] = "";
    const char *id;
    json_t *range;
    snprintf(text, sizeof text, "%s, output %s (%s)", ctl_text(channel, "modality"), ctl_text(channel, "output"),
             ctl_text(channel, "evidence"));
    readings_add(text, sizeof text, json_object_get(channel, "readings"));
    ctl_row(ctl, ctl_text(channel, "id"), "%s", text);
    text[0] = '\0';
    names_add(text, sizeof text, json_object_get(channel, "waveforms"));
    ctl_row(ctl, "", "%s", text);
    json_object_foreach(json_object_get(channel, "ranges"), id, range)
    {
        if (ctl_flag(range, "settable") && strcmp(id, "waveform_class") != 0)
            range_print(id, range);
    }
}

static void safety_print(const struct ctl *ctl, const json_t *c)
{
    if (!json_is_object(c))
        return;
    printf("HOW IT COMES TO REST\n");
    ctl_row(ctl, "daemon lost", "output at rest within %lld ms", (long long)ctl_int(c, "dead_man_ms"));
    ctl_row(ctl, "link lost", "the device %s", ctl_text(c, "on_link_loss"));
    if (ctl_int(c, "watchdog_ms") > 0)
        ctl_row(ctl, "watchdog", "%lld ms, afterwards it %s", (long long)ctl_int(c, "watchdog_ms"),
                ctl_words(ctl_text(c, "after_watchdog")));
    else
        ctl_row(ctl, "watchdog", "none");
    ctl_row(ctl, "patient stop", "%s", ctl_flag(c, "patient_stop") ? "yes" : "none");
    ctl_row(ctl, "contact", "%s", ctl_flag(c, "contact_monitored") ? "monitored" : "NOT MONITORED");
}

static void device_page(struct ctl *ctl, const json_t *d)
{
    size_t i;
    const json_t *item;
    printf("%s (%s)%s\n", ctl_text(d, "label"), ctl_text(d, "id"), ctl_flag(d, "simulated") ? "  SIMULATED" : "");
    ctl_row(ctl, "state", "%s, %s", ctl_words(ctl_text(d, "state")), ctl_text(d, "detail"));
    ctl_row(ctl, "location", "%s", ctl_text(d, "location"));
    ctl_row(ctl, "unit", "%s %s, serial %s, firmware %s", ctl_text(d, "maker"), ctl_text(d, "model"),
            ctl_text(d, "serial"), ctl_text(d, "firmware"));
    ctl_row(ctl, "link", "%s, plugin %s %s (%s)", ctl_text(d, "link"), ctl_text(d, "plugin"),
            ctl_text(d, "plugin_version"), ctl_text(d, "maturity"));
    ctl_row(ctl, "service", "%s; calibration due %s, safety test due %s", ctl_text(d, "service"),
            ctl_text(d, "calibration_due")[0] ? ctl_text(d, "calibration_due") : "unknown",
            ctl_text(d, "safety_test_due")[0] ? ctl_text(d, "safety_test_due") : "unknown");
    safety_print(ctl, json_object_get(d, "capabilities"));
    printf("OUTPUT GROUPS\n");
    json_array_foreach(json_object_get(d, "groups"), i, item) group_print(ctl, item);
    printf("CHANNELS\n");
    json_array_foreach(json_object_get(d, "channels"), i, item) channel_print(ctl, item);
}

enum ctl_exit cmd_devices(struct ctl *ctl, const struct ctl_options *options)
{
    if (options->n_words == 0)
        return ctl_list(ctl, "device.list", NULL, device_line);
    json_t *device;
    const enum ctl_exit code = ctl_call(ctl, "device.get", json_pack("{s:s}", "device", options->words[0]), &device);
    if (code == CTL_DONE && !ctl->json)
        device_page(ctl, device);
    json_decref(device);
    return code;
}
