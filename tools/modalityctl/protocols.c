/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocols: a line each, or one with its ranges, schedule, lock, source and screening questions.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

static void protocol_line(struct ctl *ctl, const json_t *p)
{
    printf("  %-28s %-11s ", ctl_text(p, "id"), ctl_text(p, "modality"));
    ctl_wrap(ctl, 43, 43, ctl_text(p, "label"));
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(p, "locks"), i, item)
        printf("  %28s LOCKED: limit %s is not verified\n", "", ctl_text(item, "limit"));
    json_array_foreach(json_object_get(p, "bundles"), i, item) printf("  %28s part of %s\n", "", ctl_text(item, "id"));
}

static void range_print(const struct ctl *ctl, const json_t *r)
{
    char text[200];
    const char *min = ctl_text(r, "min_text"), *max = ctl_text(r, "max_text");
    const bool fixed = strcmp(min, max) == 0;
    snprintf(text, sizeof text, "%s%s%s%s%s (%s)", min, fixed ? "" : " to ", fixed ? "" : max,
             fixed ? "" : ", default ", fixed ? "" : ctl_text(r, "initial_text"), ctl_text(r, "origin"));
    printf("    %-22s ", ctl_label(ctl_text(r, "quantity")));
    ctl_wrap(ctl, 27, 27, text);
}

static void question_print(const struct ctl *ctl, const json_t *q)
{
    char answers[300] = "";
    const json_int_t back = ctl_int(q, "valid_days");
    size_t i;
    const json_t *answer;
    json_array_foreach(json_object_get(q, "answers"), i, answer)
    {
        const char *id = json_string_value(answer);
        const size_t at = strlen(answers);
        snprintf(answers + at, sizeof answers - at, "%s%s%s", i ? " / " : "", id,
                 strcmp(id, ctl_text(q, "restrictive")) ? "" : "*");
    }
    if (back > 0) {
        const size_t at = strlen(answers);
        snprintf(answers + at, sizeof answers - at, "; with its day, at most %lld back", (long long)back);
    }
    printf("    %s (%s)\n      ", ctl_text(q, "id"), answers);
    ctl_wrap(ctl, 6, 6, ctl_text(q, "text"));
}

/* What it belongs to, and with what. */
static void bundle_print(const struct ctl *ctl, const json_t *bundle)
{
    char parts[300] = "";
    const char *notes = ctl_text(bundle, "notes");
    size_t i;
    const json_t *id;
    json_array_foreach(json_object_get(bundle, "protocols"), i, id)
    {
        const size_t at = strlen(parts);
        snprintf(parts + at, sizeof parts - at, "%s%s", i ? ", " : "", json_string_value(id));
    }
    ctl_row(ctl, "part of", "%s (%s): %s%s%s; source: %s (%s)", ctl_text(bundle, "label"), ctl_text(bundle, "id"),
            parts, notes[0] ? ". " : "", notes, ctl_text(bundle, "source"), ctl_text(bundle, "origin"));
}

/* The dose that ends a treatment by it, if it is one. */
static void end_by_print(const struct ctl *ctl, const json_t *p)
{
    const char *end = ctl_text(p, "end_by"), *quantity = ctl_text(p, "end_quantity");
    if (strcmp(end, "dose") == 0)
        ctl_row(ctl, "ends by", "%s: time follows the current; the duration is the longest", ctl_label(quantity));
    else if (strcmp(end, "count") == 0)
        ctl_row(ctl, "ends by", "%s, point by point, each begun by the operator; the duration is the longest of all",
                ctl_label(quantity));
}

static void protocol_page(struct ctl *ctl, const json_t *p)
{
    size_t i;
    const json_t *item, *channels = json_object_get(p, "channels");
    printf("%s (%s, revision %s)\n", ctl_text(p, "label"), ctl_text(p, "id"), ctl_text(p, "revision"));
    ctl_row(ctl, "therapy", "%s: %s, %s", ctl_text(p, "modality"), ctl_words(ctl_text(p, "therapy")),
            ctl_words(ctl_text(p, "waveform")));
    ctl_row(ctl, "indication", "%s", ctl_words(ctl_text(p, "indication")));
    end_by_print(ctl, p);
    ctl_row(ctl, "channels", "%lld to %lld", (long long)ctl_int(channels, "min"), (long long)ctl_int(channels, "max"));
    ctl_row(ctl, "schedule", "at most %lld a day, %s apart", (long long)ctl_int(p, "sessions_per_day"),
            ctl_value("duration_ms", ctl_int(p, "rest_min_ms")));
    if (ctl_int(p, "contact_hold_ms") > 0)
        ctl_row(ctl, "no contact", "held for at most %s", ctl_value("duration_ms", ctl_int(p, "contact_hold_ms")));
    ctl_row(ctl, "client lost", "the treatment %s", strcmp(ctl_text(p, "lease_loss"), "pause") ? "ends" : "pauses");
    ctl_row(ctl, "source", "%s (verified: %s)", ctl_text(p, "source"), ctl_text(p, "verified"));
    ctl_row(ctl, "from", "%s", ctl_text(p, "origin"));
    json_array_foreach(json_object_get(p, "locks"), i, item)
        ctl_row(ctl, "LOCKED", "limit %s (%s) is not verified; %s", ctl_text(item, "limit"), ctl_text(item, "origin"),
                ctl_text(item, "unlock"));
    json_array_foreach(json_object_get(p, "bundles"), i, item) bundle_print(ctl, item);
    printf("  what may be asked for\n");
    json_array_foreach(json_object_get(p, "parameters"), i, item) range_print(ctl, item);
    printf("  screening (* counts when a question is not answered)\n");
    json_array_foreach(json_object_get(p, "questions"), i, item) question_print(ctl, item);
}

static enum ctl_exit protocol_get(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *protocol, *params = json_pack("{s:s}", "protocol", options->words[0]);
    static const char *const of_questions[] = {"site", "indication"};
    for (size_t i = 0; i < sizeof of_questions / sizeof of_questions[0]; i++) {
        if (ctl_option(options, of_questions[i]))
            json_object_set_new(params, of_questions[i], json_string(ctl_option(options, of_questions[i])));
    }
    const enum ctl_exit code = ctl_call(ctl, "protocol.get", params, &protocol);
    if (code == CTL_DONE && !ctl->json)
        protocol_page(ctl, protocol);
    json_decref(protocol);
    return code;
}

enum ctl_exit cmd_protocols(struct ctl *ctl, const struct ctl_options *options)
{
    static const char *const filters[] = {"modality", "site", "device", "indication"};
    if (options->n_words == 1)
        return protocol_get(ctl, options);
    json_t *filter = json_object();
    for (size_t i = 0; i < sizeof filters / sizeof filters[0]; i++) {
        if (ctl_option(options, filters[i]))
            json_object_set_new(filter, filters[i], json_string(ctl_option(options, filters[i])));
    }
    const enum ctl_exit code = ctl_list(ctl, "protocol.list", filter, protocol_line);
    json_decref(filter);
    return code;
}
