/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was: finished treatments, one record on a page, export for other programs.
 */
#include <stdio.h>
#include <string.h>

#include "list.h"
#include "request.h"

static void record_line(struct ctl *ctl, const json_t *r)
{
    char text[400];
    const json_t *delivered = json_object_get(r, "delivered");
    printf("  %s  %s  patient %s\n", ctl_text(r, "session_id"), ctl_date(ctl_int(r, "ended_at_ms")),
           ctl_text(r, "patient_ref"));
    snprintf(text, sizeof text, "%s %s, %s, %s, %s of %s, %s%s", ctl_text(r, "site"), ctl_text(r, "side"),
             ctl_text(r, "protocol"), ctl_text(r, "device"), ctl_clock(ctl_int(delivered, "duration_ms")),
             ctl_clock(ctl_int(r, "planned_ms")), ctl_words(ctl_text(r, "end_reason")),
             ctl_flag(r, "simulated") ? ", simulated" : "");
    printf("      ");
    ctl_wrap(ctl, 6, 6, text);
    if (ctl_int(r, "incidents") > 0)
        printf("      INCIDENTS: %lld\n", (long long)ctl_int(r, "incidents"));
}

/* Members of an addition, one after the other. */
static void addition_print(struct ctl *ctl, const json_t *a)
{
    char text[900] = "";
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(a, "body"), key, value)
    {
        const size_t at = strlen(text);
        if (json_is_string(value) && strcmp(key, "id") != 0)
            snprintf(text + at, sizeof text - at, "%s%s: %s", at ? "; " : "", ctl_words(key), json_string_value(value));
        else if (json_is_integer(value))
            snprintf(text + at, sizeof text - at, "%s%s: %lld", at ? "; " : "", ctl_words(key),
                     (long long)json_integer_value(value));
    }
    ctl_row(ctl, ctl_text(a, "kind"), "%s by %s: %s", ctl_date(ctl_int(a, "at_ms")), ctl_text(a, "operator_name"),
            text);
}

static void record_page(struct ctl *ctl, const json_t *record)
{
    const json_t *document = json_object_get(record, "document"), *end = json_object_get(document, "end");
    const json_t *summary = json_object_get(document, "summary"), *added = json_object_get(record, "appended"), *item;
    size_t i;
    printf("RECORD %s%s\n", ctl_text(record, "session_id"),
           ctl_flag(record, "intact") ? "" : "  DAMAGED: it does not match its hash in the audit");
    ctl_row(ctl, "started", "%s", ctl_date(ctl_int(document, "started_at_ms")));
    ctl_row(ctl, "ended", "%s, %s by %s%s%s; rest %s", ctl_date(ctl_int(document, "ended_at_ms")),
            ctl_words(ctl_text(end, "reason")), ctl_text(end, "by"), ctl_text(end, "detail")[0] ? ", " : "",
            ctl_text(end, "detail"), ctl_text(end, "evidence"));
    ctl_row(ctl, "delivered", "%s", amounts_text(json_object_get(summary, "delivered")));
    ctl_row(ctl, "operator", "%s (%s)", ctl_text(json_object_get(document, "operator"), "name"),
            ctl_text(json_object_get(document, "operator"), "id"));
    ctl_row(ctl, "hash", "%s", ctl_text(record, "hash"));
    sheet_print(ctl, json_object_get(document, "sheet"));
    happenings_print(ctl, document);
    if (json_array_size(added) > 0)
        printf("ADDED LATER\n");
    json_array_foreach(added, i, item)
    {
        if (strcmp(ctl_text(item, "kind"), "observation") == 0)
            observation_print(ctl, json_object_get(item, "body"));
        else
            addition_print(ctl, item);
    }
}

static json_t *patient_filter(const struct ctl_options *options)
{
    json_t *filter = json_object();
    if (ctl_option(options, "patient"))
        json_object_set_new(filter, "patient_ref", json_string(ctl_option(options, "patient")));
    return filter;
}

enum ctl_exit cmd_records(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result = NULL, *filter;
    enum ctl_exit code;
    if (options->n_words == 0) {
        filter = patient_filter(options);
        code = ctl_list(ctl, "record.list", filter, record_line);
        json_decref(filter);
        return code;
    }
    code = ctl_call(ctl, "record.get", json_pack("{s:s}", "session_id", options->words[0]), &result);
    if (code == CTL_DONE && !ctl->json)
        record_page(ctl, result);
    json_decref(result);
    return code;
}

enum ctl_exit cmd_export(struct ctl *ctl, const struct ctl_options *options)
{
    const char *format = ctl_option(options, "format");
    json_t *cursor = NULL;
    do {
        json_t *result, *params = patient_filter(options);
        json_object_set_new(params, "format", json_string(format ? format : "jsonl"));
        if (cursor)
            json_object_set_new(params, "cursor", cursor);
        const enum ctl_exit code = ctl_call(ctl, "record.export", params, &result);
        if (code != CTL_DONE)
            return code;
        size_t i;
        const json_t *line;
        json_array_foreach(json_object_get(result, "lines"), i, line)
        {
            if (!ctl->json)
                puts(json_string_value(line));
        }
        const json_t *next = json_object_get(result, "next_cursor");
        cursor = json_is_string(next) ? json_incref(ctl_mutable(next)) : NULL;
        json_decref(result);
    } while (cursor);
    return CTL_DONE;
}
