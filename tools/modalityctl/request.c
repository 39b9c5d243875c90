/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command line becomes a session request. Names of options are short forms of quantities and members; nothing is
 * judged here: the daemon does that.
 */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calculator.h"

/* Short names of commanded quantities. */
static const struct {
    const char *option;
    enum modality_quantity quantity;
} short_names[] = {
    {"amplitude", QUANTITY_amplitude_ua},      {"intensity", QUANTITY_intensity_satp_uw_cm2},
    {"width", QUANTITY_phase_width_us},        {"rate", QUANTITY_pulse_rate_millihz},
    {"duty", QUANTITY_duty_permille},          {"frequency", QUANTITY_us_frequency_khz},
    {"beat", QUANTITY_beat_frequency_millihz}, {"carrier", QUANTITY_carrier_frequency_millihz},
};

/* Options that go into the request, or into its output, as they are. */
static const struct {
    const char *option, *member;
    bool of_output;
} plain[] = {
    {"patient", "patient_ref", false},  {"patient-check", "patient_check", false},
    {"course", "course_id", false},     {"supervisor", "supervisor", false},
    {"attended", "attended", false},    {"indication", "indication", false},
    {"device", "device", true},         {"arrangement", "arrangement", true},
    {"drive-mode", "drive_mode", true}, {"applicator", "applicator_ref", true},
    {"polarity", "polarity", true},
};

const char *request_option_of(enum modality_quantity q)
{
    static char text[120];
    const struct modality_quantity_info *info = modality_quantity_info(q);
    if (q == QUANTITY_electrode_area_mm2)
        return "--electrode-area 25cm2, or --electrode for each pad";
    if (q == QUANTITY_treated_area_mm2)
        return "--area 10cm2";
    if (info->basis == BASIS_PROPERTY)
        return "--applicator REF";
    for (size_t i = 0; i < sizeof short_names / sizeof short_names[0]; i++) {
        if (short_names[i].quantity == q) {
            snprintf(text, sizeof text, "--%s V", short_names[i].option);
            return text;
        }
    }
    if (q == QUANTITY_duration_ms)
        return "--duration 20min";
    snprintf(text, sizeof text, "--set %s=V", info->id);
    return text;
}

static bool put_parameter(json_t *parameters, enum modality_quantity q, const char *option, const char *text)
{
    int64_t start, ceiling;
    const char *id = modality_quantity_info(q)->id;
    if (!typed_range(option, q, text, &start, &ceiling))
        return false;
    if (json_object_get(parameters, id)) {
        fprintf(stderr, "modalityctl: --%s: %s is given twice\n", option, id);
        return false;
    }
    json_object_set_new(parameters, id,
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
        fprintf(stderr, "modalityctl: --set \"%s\": QUANTITY=VALUE is needed, with an id such as phase_width_us\n",
                text);
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

static void put_plain(json_t *object, const struct ctl_options *options, bool of_output)
{
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        const char *value = ctl_option(options, plain[i].option);
        if (value && plain[i].of_output == of_output)
            json_object_set_new(object, plain[i].member, json_string(value));
    }
}

static void groups_say(const char *device, const char *wanted, const json_t *groups)
{
    size_t i;
    const json_t *group;
    if (json_array_size(groups) == 0) {
        fprintf(stderr, "modalityctl: device %s has not been described yet: is it connected?\n", device);
        return;
    }
    fprintf(stderr,
            wanted ? "modalityctl: device %s has no output group %s; it has"
                   : "modalityctl: device %s: --group is needed%s; it has",
            device, wanted ? wanted : "");
    json_array_foreach(groups, i, group) fprintf(stderr, " %s", ctl_text(group, "id"));
    fprintf(stderr, "\n");
}

/* The output group that is meant, with its channels, into output: the only one when none is named. */
static enum ctl_exit put_group(struct ctl *ctl, const struct ctl_options *options, json_t *output)
{
    json_t *device;
    const char *id = ctl_option(options, "device"), *wanted = ctl_option(options, "group");
    const enum ctl_exit code = ctl_lookup(ctl, "device.get", json_pack("{s:s}", "device", id), &device);
    if (code != CTL_DONE)
        return code;
    const json_t *groups = json_object_get(device, "groups"), *group, *found = NULL;
    size_t i;
    json_array_foreach(groups, i, group)
    {
        if (wanted ? strcmp(wanted, ctl_text(group, "id")) == 0 : json_array_size(groups) == 1)
            found = group;
    }
    if (found) {
        json_object_set(output, "group", json_object_get(found, "id"));
        json_object_set(output, "channels", json_object_get(found, "channels"));
    } else {
        groups_say(id, wanted, groups);
    }
    const bool usage = !found && json_array_size(groups) > 0;
    json_decref(device);
    return found ? CTL_DONE : usage ? CTL_USAGE : CTL_REFUSED;
}

/* "dc" or "left,right" */
static enum ctl_exit put_named(json_t *channels, const char *names)
{
    char text[200], *rest = text;
    snprintf(text, sizeof text, "%s", names);
    for (const char *name; (name = strsep(&rest, ","));)
        json_array_append_new(channels, json_string(name));
    const size_t n = json_array_size(channels);
    if (strlen(names) < sizeof text && n <= DOSE_CHANNELS_MAX)
        return CTL_DONE;
    fprintf(stderr, "modalityctl: --channels \"%.40s...\": %d names at most\n", names, DOSE_CHANNELS_MAX);
    return CTL_USAGE;
}

/* Channels as they are named or counted, or as many as the protocol takes at least: no device is asked. */
static enum ctl_exit put_channels(const struct ctl *ctl, const struct ctl_options *options, json_t *output)
{
    const char *typed = ctl_option(options, "channels");
    long n = calculator_channels(ctl->calculator, ctl_option(options, "protocol"));
    json_t *channels = json_array();
    json_object_set_new(output, "channels", channels);
    if (typed && !strchr("0123456789", typed[0]))
        return put_named(channels, typed);
    if (typed && !typed_count("channels", typed, 1, DOSE_CHANNELS_MAX, &n))
        return CTL_USAGE;
    for (long i = 1; i <= n; i++) {
        char name[8];
        snprintf(name, sizeof name, "ch%ld", i);
        json_array_append_new(channels, json_string(name));
    }
    return CTL_DONE;
}

/* A value of its own, outside the parameters. */
static bool put_value(json_t *object, const char *member, const struct ctl_options *options, const char *option,
                      enum modality_quantity q)
{
    int64_t value;
    const char *text = ctl_option(options, option);
    if (!text)
        return true;
    if (!typed_value(option, q, text, &value))
        return false;
    json_object_set_new(object, member, json_integer(value));
    return true;
}

/* "a=b" options of one name as [{first: a, second: b, by}]. */
static bool put_pairs(const struct ctl *ctl, json_t *request, const struct ctl_options *options, const char *name,
                      const char *list, const char *first, const char *second)
{
    json_t *items = json_object_get(request, list);
    for (size_t i = 0; i < options->n; i++) {
        const char *value = options->items[i].value, *equals = strchr(value, '=');
        if (strcmp(options->items[i].name, name) != 0)
            continue;
        if (!equals) {
            fprintf(stderr, "modalityctl: --%s \"%s\": %s=%s is needed\n", name, value, first, second);
            return false;
        }
        if (!items)
            json_object_set_new(request, list, items = json_array());
        json_array_append_new(items, json_pack("{s:s#, s:s, s:s}", first, value, (int)(equals - value), second,
                                               equals + 1, "by", ctl->operator_id));
    }
    return true;
}

/* "answer@day" of each answer: the day of the test or image that it rests on. */
static bool put_days(json_t *screening)
{
    size_t i;
    json_t *given;
    json_array_foreach(screening, i, given)
    {
        char day[TYPED_DAY_MAX], answer[128];
        const char *typed = ctl_text(given, "answer"), *at = strchr(typed, '@');
        if (!at)
            continue;
        if (!typed_day(at + 1, day)) {
            fprintf(stderr, "modalityctl: --answer %s=%s: a date is needed behind @, YYYY-MM-DD or today\n",
                    ctl_text(given, "question"), typed);
            return false;
        }
        snprintf(answer, sizeof answer, "%.*s", (int)(at - typed), typed);
        json_object_set_new(given, "answer", json_string(answer));
        json_object_set_new(given, "on", json_string(day));
    }
    return true;
}

static void put_acknowledged(json_t *request, const struct ctl_options *options)
{
    json_t *limits = json_array();
    for (size_t i = 0; i < options->n; i++) {
        if (strcmp(options->items[i].name, "acknowledge") == 0)
            json_array_append_new(limits, json_string(options->items[i].value));
    }
    if (json_array_size(limits) > 0)
        json_object_set(request, "acknowledged", limits);
    json_decref(limits);
}

/* What needs no daemon: values and names. */
static bool put_options(const struct ctl *ctl, const struct ctl_options *options, json_t *request, json_t *output,
                        json_t *phase)
{
    json_t *parameters = json_object();
    json_object_set_new(phase, "parameters", parameters);
    put_plain(request, options, false);
    put_plain(output, options, true);
    put_acknowledged(request, options);
    return put_parameters(parameters, options) &&
           put_value(phase, "duration_ms", options, "duration", QUANTITY_duration_ms) &&
           put_value(request, "treated_area_mm2", options, "area", QUANTITY_treated_area_mm2) &&
           put_pairs(ctl, request, options, "answer", "screening", "question", "answer") &&
           put_days(json_object_get(request, "screening")) &&
           put_pairs(ctl, request, options, "override", "overrides", "condition", "reason");
}

/* What only the calculator takes, and why a daemon does not. */
static const char *only_alone(const char *option)
{
    if (strncmp(option, "earlier-", 8) == 0 || strcmp(option, "last-end") == 0 || strcmp(option, "channels") == 0)
        return "the daemon knows by itself";
    return strcmp(option, "assume-harmless") == 0 ? "a daemon is never told what nobody was asked" : NULL;
}

/* A calculator needs neither device nor patient; a daemon is told nothing of what its own records know. */
static bool options_complete(const struct ctl *ctl, const struct ctl_options *options)
{
    static const char *const needed[] = {"protocol", "site", "device", "patient"};
    for (size_t i = 0; i < (ctl->calculator ? 2 : sizeof needed / sizeof needed[0]); i++) {
        if (!ctl_option_needed(options, needed[i]))
            return false;
    }
    for (size_t i = 0; !ctl->calculator && i < options->n; i++) {
        const char *name = options->items[i].name, *why = only_alone(name);
        if (!why)
            continue;
        fprintf(stderr, "modalityctl: --%s belongs to --config DIR: %s\n", name, why);
        return false;
    }
    return true;
}

enum ctl_exit request_build(struct ctl *ctl, const struct ctl_options *options, json_t **out)
{
    if (!options_complete(ctl, options))
        return CTL_USAGE;
    const char *side = ctl_option(options, "side") ? ctl_option(options, "side") : "midline";
    json_t *output = json_object(), *phase = json_object();
    json_t *request =
        json_pack("{s:{s:s, s:s}, s:{s:s}, s:[], s:[o]}", "target", "site", ctl_option(options, "site"), "side", side,
                  "protocol", "id", ctl_option(options, "protocol"), "screening", "outputs", output);
    json_object_set_new(output, "phases", json_pack("[o]", phase));
    enum ctl_exit code = put_options(ctl, options, request, output, phase) ? CTL_DONE : CTL_USAGE;
    if (code == CTL_DONE)
        code = ctl->calculator ? put_channels(ctl, options, output) : put_group(ctl, options, output);
    if (code == CTL_DONE && !request_put_electrodes(output, options, side))
        code = CTL_USAGE;
    if (code == CTL_DONE && ctl_option(options, "assume-harmless"))
        calculator_assume(ctl->calculator, request);
    if (code == CTL_DONE)
        *out = request;
    else
        json_decref(request);
    return code;
}
