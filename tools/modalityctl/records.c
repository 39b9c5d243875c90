/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was: audit log, records of treatments, export, verification of the chain, and what happens now (watch).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modality/clock.h"
#include "request.h"

enum ctl_exit cmd_log(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result;
    const char *limit = ctl_option(options, "limit");
    const long n = limit ? strtol(limit, NULL, 10) : 40;
    if (n < 1 || n > 1000) {
        fprintf(stderr, "modalityctl: --limit %s: 1 to 1000 is needed\n", limit);
        return CTL_USAGE;
    }
    const enum ctl_exit code = ctl_call(ctl, "audit.tail", json_pack("{s:i}", "limit", (int)n), &result);
    size_t i;
    const json_t *entry;
    if (code == CTL_DONE && !ctl->json) {
        json_array_foreach(json_object_get(result, "items"), i, entry)
        {
            char *detail = json_dumps(json_object_get(entry, "detail"), JSON_COMPACT | JSON_ENCODE_ANY);
            printf("%6lld %s %-20s %-10s %s %.160s\n", (long long)ctl_int(entry, "seq"),
                   ctl_date(ctl_int(entry, "at_ms")), ctl_text(entry, "event"), ctl_text(entry, "operator_id"),
                   ctl_text(entry, "session_id"), detail ? detail : "");
            free(detail);
        }
    }
    json_decref(result);
    return code;
}

enum ctl_exit cmd_records(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result, *params = json_object();
    if (options->n_words > 0) {
        json_object_set_new(params, "session_id", json_string(options->words[0]));
        const enum ctl_exit code = ctl_call(ctl, "record.get", params, &result);
        char *text = code == CTL_DONE && !ctl->json ? json_dumps(result, JSON_INDENT(2)) : NULL;
        if (text)
            puts(text);
        free(text);
        json_decref(result);
        return code;
    }
    if (ctl_option(options, "patient"))
        json_object_set_new(params, "patient_ref", json_string(ctl_option(options, "patient")));
    const enum ctl_exit code = ctl_call(ctl, "record.list", params, &result);
    size_t i;
    const json_t *record;
    if (code == CTL_DONE && !ctl->json) {
        json_array_foreach(json_object_get(result, "items"), i, record) printf(
            "  %-20s %s  %-14s %-12s %s\n", ctl_text(record, "session_id"), ctl_date(ctl_int(record, "started_at_ms")),
            ctl_text(record, "patient_ref"), ctl_text(record, "site"), ctl_text(record, "protocol"));
    }
    json_decref(result);
    return code;
}

enum ctl_exit cmd_export(struct ctl *ctl, const struct ctl_options *options)
{
    const char *format = ctl_option(options, "format");
    json_t *cursor = NULL;
    enum ctl_exit code;
    do {
        json_t *result, *params = json_pack("{s:s}", "format", format ? format : "jsonl");
        if (ctl_option(options, "patient"))
            json_object_set_new(params, "patient_ref", json_string(ctl_option(options, "patient")));
        if (cursor)
            json_object_set_new(params, "cursor", cursor);
        code = ctl_call(ctl, "record.export", params, &result);
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
        cursor = json_is_null(next) ? NULL : json_incref((json_t *)(uintptr_t)next);
        json_decref(result);
    } while (cursor);
    return code;
}

enum ctl_exit cmd_verify(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result;
    (void)options;
    const enum ctl_exit code = ctl_call(ctl, "audit.verify", json_object(), &result);
    if (code != CTL_DONE)
        return code;
    const bool good = json_is_true(json_object_get(result, "ok"));
    if (!ctl->json && good)
        printf("audit verified: %lld entries, head %lld %.16s\n", (long long)ctl_int(result, "entries"),
               (long long)ctl_int(result, "head_seq"), ctl_text(result, "head_hash"));
    else if (!ctl->json)
        printf("AUDIT BROKEN at entry %lld: %s\n", (long long)ctl_int(result, "first_bad"), ctl_text(result, "why"));
    json_decref(result);
    return good ? CTL_DONE : CTL_BROKEN;
}

static void watched(const json_t *event)
{
    const json_t *alarm = json_object_get(event, "alarm");
    const char *type = ctl_text(event, "type");
    const bool high = strcmp(ctl_text(alarm, "priority"), "high") == 0;
    if (strcmp(type, "session.progress") == 0)
        return; /* five a second: follow one session for those */
    printf("%s  %-14s %s %s %s", ctl_date(ctl_int(event, "at_ms")), type, ctl_text(event, "session_id"),
           ctl_text(event, "to"), ctl_text(event, "reason"));
    if (json_is_object(alarm))
        printf("%s%s %s %s: %s", high ? "\a" : "", ctl_text(event, "change"), ctl_text(alarm, "priority"),
               ctl_text(alarm, "kind"), ctl_text(alarm, "detail"));
    if (ctl_text(event, "evidence")[0])
        printf(", rest %s", ctl_text(event, "evidence"));
    printf("\n");
    fflush(stdout);
}

enum ctl_exit cmd_watch(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result;
    bool gone = false;
    (void)options;
    const enum ctl_exit code = ctl_call(ctl, "events.subscribe", json_object(), &result);
    json_decref(result);
    if (code != CTL_DONE)
        return code;
    while (!ctl_interrupted && !gone) {
        json_t *event = client_event(ctl->client, clock_monotonic_ns() + 60 * NS_PER_S, &ctl_interrupted, &gone);
        if (event && !ctl->json)
            watched(event);
        json_decref(event);
    }
    if (gone)
        fprintf(stderr, "modalityctl: the daemon closed the connection\n");
    return gone ? CTL_NO_DAEMON : CTL_DONE;
}
