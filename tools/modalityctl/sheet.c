/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dose sheet on a terminal: what a therapist reads before typing yes.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

static bool hot(const char *id)
{
    /* what is shown of the derived quantities: the ones a therapist reasons with */
    static const char *const shown[] = {"rms_current_ua",    "rms_density_ua_cm2",    "phase_charge_nc",
                                        "dc_density_ua_cm2", "intensity_sata_uw_cm2", "power_uw",
                                        "hot_spot_uw_cm2",   "rms_current_sum_ua",    "energy_uj",
                                        "session_charge_uc", "energy_density_uj_cm2", "temperature_rise_millik",
                                        "contraction_count"};
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        if (strcmp(shown[i], id) == 0)
            return true;
    }
    return false;
}

static void derived_print(const json_t *derived)
{
    const char *id;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)derived, id, value)
    {
        if (hot(id))
            printf("      %-26s %s\n", id, ctl_text(value, "text"));
    }
}

static void channel_print(const json_t *channel)
{
    const char *id;
    json_t *value;
    printf("    channel %s, %s\n", ctl_text(channel, "channel"), ctl_text(channel, "waveform"));
    json_object_foreach(json_object_get(channel, "parameters"), id, value)
    {
        const char *start = ctl_text(value, "start_text"), *ceiling = ctl_text(value, "ceiling_text");
        if (strcmp(id, "waveform_class") == 0)
            continue;
        printf("      %-26s %s%s%s\n", id, start, strcmp(start, ceiling) ? ", may be raised to " : "",
               strcmp(start, ceiling) ? ceiling : "");
    }
    json_object_foreach(json_object_get(channel, "properties"), id, value)
        printf("      %-26s %s\n", id, ctl_text(value, "text"));
    derived_print(json_object_get(channel, "derived"));
}

static void binding_print(const json_t *limits)
{
    size_t i;
    const json_t *limit;
    json_array_foreach(limits, i, limit)
    {
        const char *quantity = ctl_text(limit, "quantity");
        if (i == 3)
            break;
        printf("  tightest     %s: %s of %s (%s)\n", ctl_text(limit, "id"),
               ctl_value(quantity, ctl_int(limit, "value")), ctl_value(quantity, ctl_int(limit, "bound")),
               ctl_text(limit, "origin"));
    }
}

void sheet_print(const json_t *sheet)
{
    if (!json_is_object(sheet))
        return;
    const json_t *device = json_object_get(sheet, "device"), *protocol = json_object_get(sheet, "protocol");
    size_t i, k;
    const json_t *output, *channel;
    printf("DOSE SHEET%s\n", json_is_true(json_object_get(sheet, "simulated")) ? "  (SIMULATED DEVICE)" : "");
    printf("  patient      %s\n", ctl_text(sheet, "patient_ref"));
    printf("  site         %s, side %s\n", ctl_text(sheet, "site_label"), ctl_text(sheet, "side"));
    printf("  device       %s (%s)  %s\n", ctl_text(device, "label"), ctl_text(device, "id"),
           ctl_text(device, "location"));
    printf("  protocol     %s, revision %s\n", ctl_text(protocol, "label"), ctl_text(protocol, "revision"));
    printf("  duration     %s\n", ctl_text(sheet, "duration_text"));
    json_array_foreach(json_object_get(sheet, "outputs"), i, output)
    {
        printf("  output       %s %s\n", ctl_text(output, "group"), ctl_text(output, "applicator_ref"));
        json_array_foreach(json_object_get(output, "channels"), k, channel) channel_print(channel);
    }
    derived_print(json_object_get(sheet, "totals"));
    binding_print(json_object_get(sheet, "limits"));
    printf("  proof of rest %s; output at rest within %lld ms of a lost daemon\n", ctl_text(sheet, "evidence"),
           (long long)ctl_int(sheet, "dead_man_ms"));
}

void refusal_print(const json_t *refusal)
{
    printf("  %s: %s\n", ctl_text(refusal, "token"), ctl_text(refusal, "message"));
}
