/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dose sheet on a terminal: what a therapist reads before typing yes. Values are the daemon's own texts.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

#define NEAREST_LIMITS 4
#define NAME_WIDTH 22

/* The derived quantities that a therapist reasons with; session.check --json has all. */
static bool shown(const char *id)
{
    static const char *const ids[] = {"rms_current_ua",    "rms_density_ua_cm2",    "phase_charge_nc",
                                      "dc_density_ua_cm2", "intensity_sata_uw_cm2", "power_uw",
                                      "hot_spot_uw_cm2",   "rms_current_sum_ua",    "energy_uj",
                                      "session_charge_uc", "energy_density_uj_cm2", "temperature_rise_millik",
                                      "contraction_count", "charge_density_nc_cm2", "iontophoresis_dose_ua_min"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        if (strcmp(ids[i], id) == 0)
            return true;
    }
    return false;
}

static void parameters_print(const json_t *channel)
{
    const char *id;
    json_t *value;
    printf("    %-*s %-14s %s\n", NAME_WIDTH, ctl_text(channel, "channel"), "start", "at most");
    json_object_foreach(json_object_get(channel, "parameters"), id, value)
    {
        const char *start = ctl_text(value, "start_text"), *ceiling = ctl_text(value, "ceiling_text");
        const bool same = strcmp(start, ceiling) == 0;
        if (strcmp(id, "waveform_class") != 0)
            printf("      %-*s %-*s%s\n", NAME_WIDTH - 2, ctl_label(id), same ? 0 : 15, start, same ? "" : ceiling);
    }
    json_object_foreach(json_object_get(channel, "properties"), id, value)
        printf("      %-*s %s\n", NAME_WIDTH - 2, ctl_label(id), ctl_text(value, "text"));
}

/*
 * Quantities of a channel, or of the whole where the channel does not say the same already: those that a therapist
 * reasons with, or all of them.
 */
static void derived_print(const json_t *derived, const json_t *said, bool all)
{
    const char *id;
    json_t *value;
    json_object_foreach(ctl_mutable(derived), id, value)
    {
        if ((all || (shown(id) && ctl_int(value, "value") != 0)) && !json_equal(value, json_object_get(said, id)))
            printf("      %-*s %s\n", NAME_WIDTH - 2, ctl_label(id), ctl_text(value, "text"));
    }
}

static const json_t *channel_print(const json_t *channel, bool all)
{
    const json_t *derived = json_object_get(channel, "derived");
    parameters_print(channel);
    if (json_object_size(derived) > 0)
        printf("    at its most:\n");
    derived_print(derived, NULL, all);
    return derived;
}

static void outputs_print(const struct ctl *ctl, const json_t *sheet)
{
    size_t i, k;
    const json_t *output, *channel, *said = NULL;
    json_array_foreach(json_object_get(sheet, "outputs"), i, output)
    {
        const json_t *channels = json_object_get(output, "channels");
        const char *head = ctl_text(output, "applicator_ref");
        ctl_row(ctl, "output", "%s, %s%s%s", ctl_text(output, "group"),
                ctl_words(ctl_text(json_array_get(channels, 0), "waveform")), head[0] ? ", applicator " : "", head);
        json_array_foreach(channels, k, channel) said = channel_print(channel, false);
    }
    derived_print(json_object_get(sheet, "totals"), said, false);
}

int64_t limit_used(const json_t *limit)
{
    const json_t *value = json_object_get(limit, "value");
    const json_int_t bound = ctl_int(limit, "bound"), v = json_integer_value(value);
    const bool is_min = strcmp(ctl_text(limit, "direction"), "min") == 0;
    const json_int_t over = is_min ? bound : v, under = is_min ? v : bound;
    if (!json_is_integer(value) || !json_object_get(limit, "bound"))
        return -1;
    if (over <= 0)
        return 0;
    if (under <= 0)
        return INT64_MAX;
    return over > INT64_MAX / 1000 ? over / (under / 1000 + 1) : over * 1000 / under;
}

static void nearest_print(const struct ctl *ctl, const json_t *limits)
{
    int64_t before = INT64_MAX;
    size_t taken = SIZE_MAX, n = 0;
    while (n < NEAREST_LIMITS) {
        const json_t *limit, *best = NULL;
        size_t i, index = 0;
        json_array_foreach(limits, i, limit)
        {
            const int64_t used = limit_used(limit);
            const bool later = used < before || (used == before && i > taken);
            if (used > 0 && later && (!best || used > limit_used(best))) {
                best = limit;
                index = i;
            }
        }
        if (!best)
            return;
        before = limit_used(best);
        taken = index;
        const char *quantity = ctl_text(best, "quantity");
        ctl_row(ctl, n++ == 0 ? "limits" : "", "%s %s of at %s %s (%lld %%), %s: %s", ctl_label(quantity),
                ctl_value(quantity, ctl_int(best, "value")),
                strcmp(ctl_text(best, "direction"), "min") == 0 ? "least" : "most",
                ctl_value(quantity, ctl_int(best, "bound")), (long long)before / 10, ctl_text(best, "id"),
                ctl_text(best, "origin"));
    }
}

const char *amounts_text(const json_t *amounts)
{
    static char text[300];
    size_t at = 0;
    const char *id;
    json_t *value;
    text[0] = '\0';
    json_object_foreach(ctl_mutable(amounts), id, value)
    {
        enum modality_quantity q;
        if (json_integer_value(value) == 0 || modality_quantity_find(id, &q) < 0 || at > sizeof text - 80)
            continue;
        const json_int_t amount = json_integer_value(value);
        const char *before = at ? ", " : "";
        if (q == QUANTITY_duration_ms)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", before, ctl_clock(amount));
        else
            at +=
                (size_t)snprintf(text + at, sizeof text - at, "%s%s %s", before, ctl_label(id), ctl_value(id, amount));
    }
    return text;
}

/* Names of an array as one text; "" where it is empty. Static buffer. */
static const char *names_text(const json_t *array, const char *member)
{
    static char text[400];
    size_t i, at = 0;
    const json_t *item;
    text[0] = '\0';
    json_array_foreach(array, i, item)
    {
        const char *name = json_is_object(item) ? ctl_text(item, member) : json_string_value(item);
        if (name && at + strlen(name) + 3 < sizeof text)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? ", " : "", name);
    }
    return text;
}

static void person_print(const struct ctl *ctl, const json_t *sheet)
{
    size_t i;
    const json_t *override, *history = json_object_get(sheet, "history_24h");
    ctl_row(ctl, "conditions", "%s", names_text(json_object_get(sheet, "conditions"), ""));
    json_array_foreach(json_object_get(sheet, "overrides"), i, override)
        ctl_row(ctl, "overridden", "%s by %s: %s", ctl_text(override, "condition"), ctl_text(override, "by"),
                ctl_text(override, "reason"));
    ctl_row(ctl, "acknowledged", "%s", names_text(json_object_get(sheet, "acknowledged"), ""));
    if (ctl_int(history, "session_count") > 0)
        ctl_row(ctl, "last 24 h", "this site already had %s", amounts_text(history));
}

/* What ends it, where that is not its time. */
static void course_print(const struct ctl *ctl, const json_t *course)
{
    static const char *const doses[] = {"iontophoresis_dose_ua_min", "point_energy_uj"};
    const json_int_t turns = ctl_int(course, "turns"), time_ms = ctl_int(course, "expected_ms");
    const json_int_t walk_ms = ctl_int(course, "walk_ms");
    for (size_t i = 0; i < sizeof doses / sizeof doses[0]; i++) {
        const json_t *dose = json_object_get(course, doses[i]);
        char times[40] = "";
        if (turns > 1)
            snprintf(times, sizeof times, " at each of %lld points", (long long)turns);
        if (dose)
            ctl_row(ctl, "ends by", "%s%s: %s with the output on at the start values%s%s%s, at the longest %s",
                    ctl_text(dose, "text"), times, ctl_value("duration_ms", time_ms), walk_ms > 0 ? " and " : "",
                    walk_ms > 0 ? ctl_value("duration_ms", walk_ms) : "",
                    walk_ms > 0 ? " more for the way to them" : "",
                    ctl_value("duration_ms", ctl_int(course, "longest_ms")));
    }
}

void dose_print(const struct ctl *ctl, const json_t *dose)
{
    size_t i;
    const json_t *channel, *said = NULL, *protocol = json_object_get(dose, "protocol");
    if (!json_is_object(dose))
        return;
    printf("DOSE\n");
    ctl_row(ctl, "protocol", "%s (%s, revision %s), %s", ctl_text(protocol, "label"), ctl_text(protocol, "id"),
            ctl_text(protocol, "revision"), ctl_words(ctl_text(protocol, "waveform")));
    ctl_row(ctl, "duration", "%s", ctl_text(dose, "duration_text"));
    course_print(ctl, json_object_get(dose, "course"));
    ctl_row(ctl, "sites", "%s", names_text(json_object_get(dose, "sites"), ""));
    ctl_row(ctl, "conditions", "%s", names_text(json_object_get(dose, "conditions"), ""));
    json_array_foreach(json_object_get(dose, "channels"), i, channel) said = channel_print(channel, true);
    if (json_object_size(json_object_get(dose, "totals")) > 0)
        printf("    the whole, at its most:\n");
    derived_print(json_object_get(dose, "totals"), said, true);
}

void sheet_print(const struct ctl *ctl, const json_t *sheet)
{
    if (!json_is_object(sheet))
        return;
    const json_t *device = json_object_get(sheet, "device"), *protocol = json_object_get(sheet, "protocol");
    const json_int_t hold_ms = ctl_int(sheet, "contact_hold_ms");
    const char *location = ctl_text(device, "location"), *colour = ctl_text(device, "colour_tag");
    printf("DOSE SHEET%s\n", ctl_flag(sheet, "simulated") ? "  (SIMULATED DEVICE)" : "");
    const char *check = ctl_text(sheet, "patient_check");
    ctl_row(ctl, "patient", "%s%s%s", ctl_text(sheet, "patient_ref"), check[0] ? ", " : "", check);
    ctl_row(ctl, "site", "%s, side: %s", ctl_text(sheet, "site_label"), ctl_text(sheet, "side"));
    ctl_row(ctl, "device", "%s (%s)%s%s%s%s", ctl_text(device, "label"), ctl_text(device, "id"),
            location[0] ? ", " : "", location, colour[0] ? ", " : "", colour);
    ctl_row(ctl, "protocol", "%s (%s, revision %s)", ctl_text(protocol, "label"), ctl_text(protocol, "id"),
            ctl_text(protocol, "revision"));
    ctl_row(ctl, "duration", "%s", ctl_text(sheet, "duration_text"));
    course_print(ctl, json_object_get(sheet, "course"));
    person_print(ctl, sheet);
    outputs_print(ctl, sheet);
    nearest_print(ctl, json_object_get(sheet, "limits"));
    ctl_row(ctl, "rest", "proof: %s; at the latest %lld ms after the daemon is lost", ctl_text(sheet, "evidence"),
            (long long)ctl_int(sheet, "dead_man_ms"));
    if (hold_ms > 0)
        ctl_row(ctl, "no contact", "output to rest, time held for at most %s", ctl_value("duration_ms", hold_ms));
}
