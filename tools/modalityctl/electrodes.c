/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Electrodes from the command line: two alike per channel by their area, or each by its label. A label that is named on
 * two channels is one pad, which they share.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

static void append(json_t *electrodes, const char *label, const json_t *channel, int64_t area_mm2, const char *side,
                   const char *kind)
{
    json_t *electrode = json_pack("{s:s, s:O, s:I, s:s}", "label", label, "channel", channel, "area_mm2",
                                  (json_int_t)area_mm2, "side", side);
    if (kind)
        json_object_set_new(electrode, "kind", json_string(kind));
    json_array_append_new(electrodes, electrode);
}

/* Two electrodes per channel, of the given contact area. */
static bool put_alike(json_t *electrodes, const json_t *output, const struct ctl_options *options, const char *side)
{
    int64_t area_mm2;
    const char *area = ctl_option(options, "electrode-area");
    if (!area)
        return true;
    if (!typed_value("electrode-area", QUANTITY_electrode_area_mm2, area, &area_mm2))
        return false;
    size_t i;
    const json_t *channel;
    json_array_foreach(json_object_get(output, "channels"), i, channel)
    {
        for (size_t k = 0; k < 2; k++) {
            const char label[2] = {(char)('A' + (int)(2 * i + k)), '\0'};
            append(electrodes, label, channel, area_mm2, side, ctl_option(options, "electrode-kind"));
        }
    }
    return true;
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++) {
        if (strcmp(*words, word) == 0)
            return true;
    }
    return false;
}

/* What may stand behind the area, in any order: a pole, a side, and anything else is a body site. */
static void put_word(json_t *electrode, const char *word)
{
    static const char *const poles[] = {"positive", "negative", NULL};
    static const char *const sides[] = {"left", "right", "both", "midline", NULL};
    const char *member = is_one_of(word, poles) ? "polarity" : is_one_of(word, sides) ? "side" : "skin_site";
    json_object_set_new(electrode, member, json_string(word));
}

/* "LABEL=CHANNEL,AREA[,SITE][,SIDE][,positive|negative]" */
static bool put_one(json_t *electrodes, const struct ctl_options *options, const char *given, const char *side)
{
    char text[200], *rest = text;
    int64_t area_mm2;
    snprintf(text, sizeof text, "%s", given);
    const char *label = strsep(&rest, "="), *channel = strsep(&rest, ","), *area = strsep(&rest, ",");
    if (!area || strlen(given) >= sizeof text || !label[0] || !channel[0]) {
        fprintf(stderr,
                "modalityctl: --electrode \"%.80s\": LABEL=CHANNEL,AREA is needed, then SITE, SIDE, positive or "
                "negative\n",
                given);
        return false;
    }
    if (!typed_value("electrode", QUANTITY_electrode_area_mm2, area, &area_mm2))
        return false;
    json_t *name = json_string(channel);
    append(electrodes, label, name, area_mm2, side, ctl_option(options, "electrode-kind"));
    json_decref(name);
    for (const char *word; (word = strsep(&rest, ","));)
        put_word(json_array_get(electrodes, json_array_size(electrodes) - 1), word);
    return true;
}

bool request_put_electrodes(json_t *output, const struct ctl_options *options, const char *side)
{
    json_t *electrodes = json_array();
    bool good = put_alike(electrodes, output, options, side);
    for (size_t i = 0; good && i < options->n; i++) {
        if (strcmp(options->items[i].name, "electrode") == 0)
            good = put_one(electrodes, options, options->items[i].value, side);
    }
    if (good && json_array_size(electrodes) > 0)
        json_object_set(output, "electrodes", electrodes);
    json_decref(electrodes);
    return good;
}
