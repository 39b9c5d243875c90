/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is there now: status on one page, sessions, alarms.
 */
#include <stdio.h>
#include <string.h>

#include "list.h"
#include "request.h"

static void levels_add(char *text, size_t size, const json_t *session)
{
    size_t i;
    const json_t *channel;
    json_array_foreach(json_object_get(session, "channels"), i, channel)
    {
        const size_t at = strlen(text);
        snprintf(text + at, size - at, ", %s %s", ctl_text(channel, "channel"),
                 ctl_value(ctl_text(channel, "quantity"), ctl_int(channel, "level")));
    }
}

void session_line(struct ctl *ctl, const json_t *session)
{
    char text[500];
    const json_t *end = json_object_get(session, "end");
    printf("  %s  %s, %s\n      ", ctl_text(session, "session_id"), ctl_text(session, "device"),
           ctl_words(ctl_text(session, "state")));
    snprintf(text, sizeof text, "patient %s, %s %s, %s, %s of %s", ctl_text(session, "patient_ref"),
             ctl_text(session, "site"), ctl_text(session, "side"), ctl_text(session, "protocol"),
             ctl_clock(ctl_int(session, "delivered_ms")), ctl_clock(ctl_int(session, "planned_ms")));
    const size_t at = strlen(text);
    if (json_is_object(end))
        snprintf(text + at, sizeof text - at, ", %s by %s, rest %s", ctl_words(ctl_text(end, "reason")),
                 ctl_text(end, "by"), ctl_text(session, "evidence"));
    else
        levels_add(text, sizeof text, session);
    ctl_wrap(ctl, 6, 6, text);
}

void alarm_line(struct ctl *ctl, const json_t *alarm)
{
    char text[600];
    const char *who = ctl_text(alarm, "acknowledged_by"), *session = ctl_text(alarm, "session_id");
    const char *detail = ctl_text(alarm, "detail");
    const json_int_t count = ctl_int(alarm, "count");
    snprintf(text, sizeof text, "%s, %s, since %s%s%s%s%s", ctl_words(ctl_text(alarm, "kind")),
             ctl_text(alarm, "priority"), ctl_date(ctl_int(alarm, "raised_at_ms")),
             ctl_text(alarm, "device")[0] ? ", " : "", ctl_text(alarm, "device"), session[0] ? ", " : "", session);
    printf("  %3lld  ", (long long)ctl_int(alarm, "number"));
    ctl_wrap(ctl, 7, 7, text);
    snprintf(text, sizeof text, "%s%s", detail[0] ? detail : ctl_text(alarm, "meaning"), count > 1 ? " (again)" : "");
    printf("       ");
    ctl_wrap(ctl, 7, 7, text);
    snprintf(text, sizeof text, "%s%s%s; clears: %s", ctl_words(ctl_text(alarm, "state")),
             who[0] ? ", acknowledged by " : "", who, ctl_text(alarm, "clears"));
    printf("       ");
    ctl_wrap(ctl, 7, 7, text);
}

enum ctl_exit cmd_sessions(struct ctl *ctl, const struct ctl_options *options)
{
    if (options->n_words == 0)
        return ctl_list(ctl, "session.list", NULL, session_line);
    json_t *session;
    const enum ctl_exit code =
        ctl_call(ctl, "session.get", json_pack("{s:s}", "session_id", options->words[0]), &session);
    if (code == CTL_DONE && !ctl->json)
        session_page(ctl, session);
    json_decref(session);
    return code;
}

enum ctl_exit cmd_alarms(struct ctl *ctl, const struct ctl_options *options)
{
    long number;
    const char *text = ctl_option(options, "acknowledge");
    if (!text)
        return ctl_list(ctl, "alarm.list", NULL, alarm_line);
    if (!typed_count("acknowledge", text, 1, INT32_MAX, &number))
        return CTL_USAGE;
    json_t *result, *params = json_pack("{s:I}", "number", (json_int_t)number);
    ctl_sign(ctl, params);
    const enum ctl_exit code = ctl_call(ctl, "alarm.acknowledge", params, &result);
    if (code == CTL_DONE && !ctl->json)
        printf("acknowledged: alarm %ld\n", number);
    json_decref(result);
    return code;
}

static void daemon_print(const json_t *info)
{
    const json_t *peer = json_object_get(info, "peer"), *records = json_object_get(info, "records");
    printf("modalityd %s is %s%s\n", ctl_text(info, "version"), ctl_text(info, "state"),
           ctl_flag(info, "simulated") ? ", SIMULATED DEVICES" : "");
    printf("  you: %s (uid %lld), right: %s\n", ctl_text(peer, "name"), (long long)ctl_int(peer, "uid"),
           ctl_text(peer, "right")[0] ? ctl_text(peer, "right") : "stop only");
    printf("  configuration %.12s, generation %lld, %s\n", ctl_text(json_object_get(info, "config"), "hash"),
           (long long)ctl_int(json_object_get(info, "config"), "generation"),
           ctl_text(json_object_get(info, "config"), "dir"));
    if (strcmp(ctl_text(records, "health"), "ok") != 0)
        printf("  RECORDS %s: %s: no treatment can be started\n", ctl_text(records, "health"),
               ctl_text(records, "why"));
    if (ctl_flag(records, "audit_broken"))
        printf("  AUDIT BROKEN: no treatment can be started (modalityctl verify)\n");
}

enum ctl_exit cmd_status(struct ctl *ctl, const struct ctl_options *options)
{
    static const struct {
        const char *title, *method;
        void (*show)(struct ctl *ctl, const json_t *item);
    } parts[] = {{"DEVICES", "device.list", device_line},
                 {"SESSIONS", "session.list", session_line},
                 {"ALARMS", "alarm.list", alarm_line}};
    json_t *info;
    (void)options;
    enum ctl_exit code = ctl_call(ctl, "daemon.info", NULL, &info);
    if (code == CTL_DONE && !ctl->json)
        daemon_print(info);
    json_decref(info);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && code == CTL_DONE; i++) {
        if (!ctl->json)
            printf("%s\n", parts[i].title);
        code = ctl_list(ctl, parts[i].method, NULL, parts[i].show);
    }
    return code;
}
