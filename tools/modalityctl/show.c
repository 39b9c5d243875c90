/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there: status, devices, protocols, limits, sessions, alarms.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* The list of an answer, whatever it is called beside paging members. */
static json_t *items_of(const json_t *result)
{
    const char *key;
    json_t *value;
    if (json_is_array(result))
        return (json_t *)(uintptr_t)result;
    json_object_foreach((json_t *)(uintptr_t)result, key, value)
    {
        if (json_is_array(value))
            return value;
    }
    return NULL;
}

/* Calls a paged list to its end and gives each item to show. */
static enum ctl_exit list_all(struct ctl *ctl, const char *method, const json_t *filter,
                              void (*show)(const json_t *item))
{
    json_t *cursor = NULL;
    enum ctl_exit code;
    do {
        json_t *result, *params = filter ? json_deep_copy(filter) : json_object();
        if (cursor)
            json_object_set_new(params, "cursor", cursor);
        code = ctl_call(ctl, method, params, &result);
        if (code != CTL_DONE)
            return code;
        size_t i;
        const json_t *item;
        json_array_foreach(items_of(result), i, item)
        {
            if (!ctl->json)
                show(item);
        }
        cursor = json_incref(json_object_get(result, "next_cursor"));
        if (json_is_null(cursor)) {
            json_decref(cursor);
            cursor = NULL;
        }
        json_decref(result);
    } while (cursor);
    return code;
}

static void device_line(const json_t *d)
{
    printf("  %-12s %-22s %-12s %-14s %s %s%s\n", ctl_text(d, "id"), ctl_text(d, "label"), ctl_text(d, "location"),
           ctl_text(d, "state"), ctl_text(d, "model"), ctl_text(d, "serial"),
           json_is_true(json_object_get(d, "simulated")) ? " (simulated)" : "");
    if (ctl_text(d, "detail")[0] && strcmp(ctl_text(d, "state"), "ready") != 0)
        printf("  %-12s %s\n", "", ctl_text(d, "detail"));
}

static void session_line(const json_t *s)
{
    const json_t *end = json_object_get(s, "end"), *channel = json_array_get(json_object_get(s, "channels"), 0);
    printf("  %-20s %-10s %-12s %-14s %s/%s %s", ctl_text(s, "session_id"), ctl_text(s, "state"), ctl_text(s, "device"),
           ctl_text(s, "patient_ref"), ctl_clock(ctl_int(s, "delivered_ms")), ctl_clock(ctl_int(s, "planned_ms")),
           json_is_object(end) ? "" : ctl_value(ctl_text(channel, "quantity"), ctl_int(channel, "level")));
    if (json_is_object(end))
        printf("%s, rest %s", ctl_text(end, "reason"), ctl_text(end, "evidence"));
    printf("\n");
}

static void alarm_line(const json_t *a)
{
    printf("  %lld  %-6s %-18s %-12s %s  %s\n", (long long)ctl_int(a, "number"), ctl_text(a, "priority"),
           ctl_text(a, "kind"), ctl_text(a, "device"), ctl_text(a, "detail"),
           ctl_text(a, "acknowledged_by")[0] ? "(acknowledged)" : "");
}

static void protocol_line(const json_t *p)
{
    printf("  %-28s %-12s %-42s %s\n", ctl_text(p, "id"), ctl_text(p, "modality"), ctl_text(p, "label"),
           json_is_true(json_object_get(p, "locked")) ? "LOCKED by an unverified limit" : "");
}

static void limit_line(const json_t *l)
{
    const char *quantity = ctl_text(l, "quantity");
    const json_t *max = json_object_get(l, "max"), *min = json_object_get(l, "min");
    printf("  %-24s %-24s %s%s %s%s  %s %s, verified %s, %s\n", ctl_text(l, "id"), quantity,
           json_is_integer(min) ? "min " : "", json_is_integer(min) ? ctl_value(quantity, json_integer_value(min)) : "",
           json_is_integer(max) ? "max " : "", json_is_integer(max) ? ctl_value(quantity, json_integer_value(max)) : "",
           ctl_text(l, "class"), ctl_text(l, "scope"), ctl_text(l, "verified"), ctl_text(l, "origin"));
}

/* Everything else of one document: name and value, a line each. */
static void document_print(const json_t *document, int indent)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)document, key, value)
    {
        char *text = json_is_object(value) || json_is_array(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);
        printf("%*s%s%s%s\n", indent, "", key, text ? ": " : "",
               json_is_string(value) ? json_string_value(value)
               : text                ? text
                                     : "");
        free(text);
        if (json_is_object(value))
            document_print(value, indent + 2);
        size_t i;
        const json_t *item;
        if (json_is_array(value)) {
            json_array_foreach(value, i, item)
            {
                char *line = json_dumps(item, JSON_ENCODE_ANY | JSON_COMPACT);
                printf("%*s- %s\n", indent + 2, "", line ? line : "");
                free(line);
            }
        }
    }
}

static enum ctl_exit show_one(struct ctl *ctl, const char *method, const char *key, const char *id)
{
    json_t *result, *params = json_object();
    json_object_set_new(params, key, json_string(id));
    const enum ctl_exit code = ctl_call(ctl, method, params, &result);
    if (code == CTL_DONE && !ctl->json)
        document_print(result, 0);
    json_decref(result);
    return code;
}

enum ctl_exit cmd_devices(struct ctl *ctl, const struct ctl_options *options)
{
    if (options->n_words > 0)
        return show_one(ctl, "device.get", "device", options->words[0]);
    return list_all(ctl, "device.list", NULL, device_line);
}

enum ctl_exit cmd_protocols(struct ctl *ctl, const struct ctl_options *options)
{
    if (options->n_words > 0)
        return show_one(ctl, "protocol.get", "protocol", options->words[0]);
    json_t *filter = json_object();
    if (ctl_option(options, "modality"))
        json_object_set_new(filter, "modality", json_string(ctl_option(options, "modality")));
    const enum ctl_exit code = list_all(ctl, "protocol.list", filter, protocol_line);
    json_decref(filter);
    return code;
}

enum ctl_exit cmd_limits(struct ctl *ctl, const struct ctl_options *options)
{
    if (ctl_option(options, "protocol"))
        return cmd_check(ctl, options);
    json_t *filter = json_object();
    if (ctl_option(options, "modality"))
        json_object_set_new(filter, "modality", json_string(ctl_option(options, "modality")));
    const enum ctl_exit code = list_all(ctl, "limits.list", filter, limit_line);
    json_decref(filter);
    return code;
}

enum ctl_exit cmd_sessions(struct ctl *ctl, const struct ctl_options *options)
{
    if (options->n_words > 0)
        return show_one(ctl, "session.get", "session_id", options->words[0]);
    return list_all(ctl, "session.list", NULL, session_line);
}

enum ctl_exit cmd_alarms(struct ctl *ctl, const struct ctl_options *options)
{
    const char *number = ctl_option(options, "acknowledge");
    if (!number)
        return list_all(ctl, "alarm.list", NULL, alarm_line);
    char *end;
    const long long n = strtoll(number, &end, 10);
    if (end == number || *end || n < 1) {
        fprintf(stderr, "modalityctl: --acknowledge %s: the number of an alarm is needed\n", number);
        return CTL_USAGE;
    }
    json_t *result, *params = json_pack("{s:I}", "number", (json_int_t)n);
    ctl_sign(ctl, params);
    const enum ctl_exit code = ctl_call(ctl, "alarm.acknowledge", params, &result);
    if (code == CTL_DONE && !ctl->json)
        printf("acknowledged: %lld\n", n);
    json_decref(result);
    return code;
}

enum ctl_exit cmd_status(struct ctl *ctl, const struct ctl_options *options)
{
    (void)options;
    json_t *info;
    enum ctl_exit code = ctl_call(ctl, "daemon.info", NULL, &info);
    if (code != CTL_DONE)
        return code;
    if (!ctl->json)
        printf("modalityd %s: %s%s, configuration %.12s\n", ctl_text(info, "version"), ctl_text(info, "state"),
               json_is_true(json_object_get(info, "simulated")) ? ", SIMULATED DEVICES" : "",
               ctl_text(json_object_get(info, "config"), "hash"));
    json_decref(info);
    static const struct {
        const char *title, *method;
        void (*show)(const json_t *item);
    } parts[] = {{"devices", "device.list", device_line},
                 {"sessions", "session.list", session_line},
                 {"alarms", "alarm.list", alarm_line}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && code == CTL_DONE; i++) {
        if (!ctl->json)
            printf("%s\n", parts[i].title);
        code = list_all(ctl, parts[i].method, NULL, parts[i].show);
    }
    return code;
}
