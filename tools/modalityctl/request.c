/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line becomes a session request: values are read exactly, with their units, by the daemon's own code; names
 * of options are short forms of quantities. Nothing is judged here: the daemon does that.
 */
#include "request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Short names of the commanded quantities. */
static const struct {
    const char *option;
    enum modality_quantity quantity;
} short_names[] = {
    {"amplitude", QUANTITY_amplitude_ua},      {"intensity", QUANTITY_intensity_satp_uw_cm2},
    {"width", QUANTITY_phase_width_us},        {"rate", QUANTITY_pulse_rate_millihz},
    {"duty", QUANTITY_duty_permille},          {"frequency", QUANTITY_us_frequency_khz},
    {"beat", QUANTITY_beat_frequency_millihz}, {"carrier", QUANTITY_carrier_frequency_millihz},
};

static bool parse(enum modality_quantity q, const char *option, const char *text, int64_t *out)
{
    char units[160];
    const int r = value_parse(q, text, out);
    if (r == 0)
        return true;
    fprintf(stderr, "modalityctl: --%s %s: %s; units: %s\n", option, text,
            r == -ERANGE ? "cannot be represented exactly" : "a number with its unit is needed",
            value_units(q, units, sizeof units));
    return false;
}

/* "12mA" or "12mA..20mA" into parameters[id]. */
static bool put_parameter(json_t *parameters, enum modality_quantity q, const char *option, const char *text)
{
    char first[64];
    const char *dots = strstr(text, "..");
    int64_t start, ceiling;
    snprintf(first, sizeof first, "%.*s", dots ? (int)(dots - text) : (int)strlen(text), text);
    if (!parse(q, option, first, &start))
        return false;
    ceiling = start;
    if (dots && !parse(q, option, dots + 2, &ceiling))
        return false;
    json_object_set_new(parameters, modality_quantity_info(q)->id,
                        json_pack("{s:I, s:I}", "start", (json_int_t)start, "ceiling", (json_int_t)ceiling));
    return true;
}

/* "quantity=value" of --set. */
static bool put_set(json_t *parameters, const char *text)
{
    char id[64];
    enum modality_quantity q;
    const char *equals = strchr(text, '=');
    snprintf(id, sizeof id, "%.*s", equals ? (int)(equals - text) : 0, text);
    if (!equals || modality_quantity_find(id, &q) < 0) {
        fprintf(stderr, "modalityctl: --set %s: QUANTITY=VALUE with a quantity's id is needed\n", text);
        return false;
    }
    return put_parameter(parameters, q, "set", equals + 1);
}

static bool put_parameters(json_t *parameters, const struct ctl_options *options)
{
    for (size_t i = 0; i < options->n; i++) {
        const char *name = options->items[i].name, *value = options->items[i].value;
        if (strcmp(name, "set") == 0 && !put_set(parameters, value))
            return false;
        for (size_t k = 0; k < sizeof short_names / sizeof short_names[0]; k++) {
            if (strcmp(name, short_names[k].option) == 0 &&
                !put_parameter(parameters, short_names[k].quantity, name, value))
                return false;
        }
    }
    return true;
}

/* The channels of the device's group, as the daemon describes it. */
static json_t *group_channels(struct ctl *ctl, const char *device, const char **group)
{
    json_t *result, *channels = NULL;
    const bool echo = client_echo(ctl->client, false);
    const enum ctl_exit code = ctl_call(ctl, "device.get", json_pack("{s:s}", "device", device), &result);
    client_echo(ctl->client, echo);
    if (code != CTL_DONE)
        return NULL;
    size_t i;
    const json_t *g;
    const json_t *document = json_object_get(result, "device");
    json_array_foreach(json_object_get(json_is_object(document) ? document : result, "groups"), i, g)
    {
        if (!*group || strcmp(*group, ctl_text(g, "id")) == 0) {
            channels = json_deep_copy(json_object_get(g, "channels"));
            *group = *group ? *group : strdup(ctl_text(g, "id"));
            break;
        }
    }
    if (!channels)
        fprintf(stderr, "modalityctl: device %s has no output group %s\n", device,
                *group ? *group : "yet: is it connected?");
    json_decref(result);
    return channels;
}

/* Two electrodes per channel, of the given contact area. */
static bool put_electrodes(json_t *output, const json_t *channels, const char *area, const char *side)
{
    int64_t area_mm2;
    if (!parse(QUANTITY_electrode_area_mm2, "electrode-area", area, &area_mm2))
        return false;
    json_t *electrodes = json_array();
    size_t i;
    const json_t *channel;
    json_array_foreach(channels, i, channel)
    {
        for (size_t k = 0; k < 2; k++) {
            const char label[2] = {(char)('A' + (int)(2 * i + k)), '\0'};
            json_array_append_new(electrodes,
                                  json_pack("{s:s, s:O, s:I, s:s, s:s}", "label", label, "channel", channel, "area_mm2",
                                            (json_int_t)area_mm2, "kind", "adhesive", "side", side));
        }
    }
    json_object_set_new(output, "electrodes", electrodes);
    return true;
}

static bool put_duration(json_t *phase, const struct ctl_options *options)
{
    int64_t ms;
    const char *duration = ctl_option(options, "duration");
    if (!duration)
        return true;
    if (!parse(QUANTITY_duration_ms, "duration", duration, &ms))
        return false;
    json_object_set_new(phase, "duration_ms", json_integer(ms));
    return true;
}

static json_t *build_output(struct ctl *ctl, const struct ctl_options *options, const char *side)
{
    const char *device = ctl_option(options, "device"), *group = ctl_option(options, "group");
    json_t *channels = group_channels(ctl, device, &group);
    if (!channels)
        return NULL;
    json_t *parameters = json_object(), *phase = json_pack("{s:o}", "parameters", parameters);
    json_t *output =
        json_pack("{s:s, s:s, s:o, s:[o]}", "device", device, "group", group, "channels", channels, "phases", phase);
    bool good = put_parameters(parameters, options) && put_duration(phase, options);
    const char *area = ctl_option(options, "electrode-area"), *applicator = ctl_option(options, "applicator");
    if (good && area)
        good = put_electrodes(output, channels, area, side);
    if (applicator)
        json_object_set_new(output, "applicator_ref", json_string(applicator));
    if (good)
        return output;
    json_decref(output);
    return NULL;
}

/* "a=b" options of one name as [{first: a, second: b, ...}]. */
static bool put_pairs(struct ctl *ctl, json_t *request, const struct ctl_options *options, const char *name,
                      const char *list, const char *first, const char *second)
{
    json_t *items = json_array();
    for (size_t i = 0; i < options->n; i++) {
        if (strcmp(options->items[i].name, name) != 0)
            continue;
        const char *equals = strchr(options->items[i].value, '=');
        if (!equals) {
            fprintf(stderr, "modalityctl: --%s %s: %s=%s is needed\n", name, options->items[i].value, first, second);
            json_decref(items);
            return false;
        }
        json_t *item = json_object();
        json_object_set_new(item, first,
                            json_stringn(options->items[i].value, (size_t)(equals - options->items[i].value)));
        json_object_set_new(item, second, json_string(equals + 1));
        json_object_set_new(item, "by", json_string(ctl->operator_id));
        json_array_append_new(items, item);
    }
    json_object_set_new(request, list, items);
    return true;
}

json_t *request_build(struct ctl *ctl, const struct ctl_options *options)
{
    static const char *const needed[] = {"protocol", "device", "patient", "site"};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (!ctl_option(options, needed[i])) {
            fprintf(stderr, "modalityctl: --%s is needed\n", needed[i]);
            return NULL;
        }
    }
    const char *side = ctl_option(options, "side") ? ctl_option(options, "side") : "midline";
    json_t *output = build_output(ctl, options, side);
    if (!output)
        return NULL;
    json_t *request = json_pack("{s:s, s:{s:s, s:s}, s:{s:s}, s:[o]}", "patient_ref", ctl_option(options, "patient"),
                                "target", "site", ctl_option(options, "site"), "side", side, "protocol", "id",
                                ctl_option(options, "protocol"), "outputs", output);
    json_t *acknowledged = json_array();
    for (size_t i = 0; i < options->n; i++) {
        if (strcmp(options->items[i].name, "acknowledge") == 0)
            json_array_append_new(acknowledged, json_string(options->items[i].value));
    }
    if (json_array_size(acknowledged) > 0)
        json_object_set(request, "acknowledged", acknowledged);
    json_decref(acknowledged);
    if (ctl_option(options, "indication"))
        json_object_set_new(request, "indication", json_string(ctl_option(options, "indication")));
    int64_t area_mm2 = 0;
    const char *area = ctl_option(options, "area");
    bool good = !area || parse(QUANTITY_treated_area_mm2, "area", area, &area_mm2);
    if (good && area)
        json_object_set_new(request, "treated_area_mm2", json_integer(area_mm2));
    good = good && put_pairs(ctl, request, options, "answer", "screening", "question", "answer") &&
           put_pairs(ctl, request, options, "override", "overrides", "condition", "reason");
    if (json_array_size(json_object_get(request, "overrides")) == 0)
        json_object_del(request, "overrides");
    if (good)
        return request;
    json_decref(request);
    return NULL;
}

bool request_line(const char *prompt, char *buffer, size_t size)
{
    fputs(prompt, stdout);
    fflush(stdout);
    if (ctl_interrupted || !fgets(buffer, (int)size, stdin) || ctl_interrupted)
        return false;
    buffer[strcspn(buffer, "\r\n")] = '\0';
    return true;
}

static bool answered(const json_t *given, const char *question)
{
    size_t i;
    const json_t *answer;
    json_array_foreach(given, i, answer)
    {
        if (strcmp(ctl_text(answer, "question"), question) == 0)
            return true;
    }
    return false;
}

static const char *answer_id(const json_t *answer)
{
    return json_is_string(answer) ? json_string_value(answer) : ctl_text(answer, "id");
}

/* Accepts an answer in full or by an unmistakable beginning. */
static const char *answer_match(const json_t *answers, const char *typed)
{
    const char *found = NULL;
    size_t i;
    const json_t *answer;
    json_array_foreach(answers, i, answer)
    {
        const char *id = answer_id(answer);
        if (strcmp(id, typed) == 0)
            return id;
        if (typed[0] && strncmp(id, typed, strlen(typed)) == 0) {
            if (found)
                return NULL;
            found = id;
        }
    }
    return found;
}

static void ask_one(json_t *given, const struct ctl *ctl, const json_t *question)
{
    char prompt[600], line[128];
    const json_t *answers = json_object_get(question, "answers");
    int at = snprintf(prompt, sizeof prompt, "  %s [", ctl_text(question, "text"));
    size_t i;
    const json_t *answer;
    json_array_foreach(answers, i, answer)
    {
        if (at > 0 && (size_t)at < sizeof prompt - 80)
            at += snprintf(prompt + at, sizeof prompt - (size_t)at, "%s%s", i ? "/" : "", answer_id(answer));
    }
    if (at > 0 && (size_t)at < sizeof prompt - 40)
        snprintf(prompt + at, sizeof prompt - (size_t)at, "; Enter = unknown] ");
    for (int attempt = 0; attempt < 3; attempt++) {
        if (!request_line(prompt, line, sizeof line) || line[0] == '\0')
            return;
        const char *id = answer_match(answers, line);
        if (id) {
            json_array_append_new(given, json_pack("{s:s, s:s, s:s}", "question", ctl_text(question, "id"), "answer",
                                                   id, "by", ctl->operator_id));
            return;
        }
    }
}

void request_ask(struct ctl *ctl, json_t *request, const json_t *questions)
{
    json_t *given = json_object_get(request, "screening");
    bool titled = false;
    size_t i;
    const json_t *question;
    if (!ctl->interactive)
        return;
    json_array_foreach(questions, i, question)
    {
        if (ctl_interrupted)
            return;
        if (answered(given, ctl_text(question, "id")))
            continue;
        if (!titled)
            printf("Screening (no answer counts as the restrictive one):\n");
        titled = true;
        ask_one(given, ctl, question);
    }
}
