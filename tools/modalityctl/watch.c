/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: every change in the room as it comes, a line each. Progress is left out: it comes five times a second, and
 * start shows it.
 */
#include <stdio.h>
#include <string.h>

#include "list.h"
#include "modality/clock.h"

#define LOOK_NS (60 * NS_PER_S)

static void state_shown(char *text, size_t size, const json_t *event)
{
    const char *reason = ctl_text(event, "reason"), *by = ctl_text(event, "by"), *detail = ctl_text(event, "detail");
    const char *evidence = ctl_text(event, "evidence");
    snprintf(text, size, "%s %s -> %s%s%s%s%s%s%s%s%s", ctl_text(event, "session_id"), ctl_text(event, "from"),
             ctl_text(event, "to"), reason[0] ? ": " : "", ctl_words(reason), by[0] ? " by " : "", by,
             detail[0] ? ", " : "", detail, evidence[0] ? ", rest " : "", evidence);
}

static void alarm_shown(char *text, size_t size, const json_t *event)
{
    const json_t *alarm = json_object_get(event, "alarm");
    const char *change = ctl_text(event, "change"), *detail = ctl_text(alarm, "detail");
    snprintf(text, size, "%sALARM %lld %s (%s) %s %s: %s",
             strcmp(change, "raised") == 0 ? ctl_bells(ctl_text(alarm, "priority")) : "",
             (long long)ctl_int(alarm, "number"), change, ctl_text(alarm, "priority"),
             ctl_words(ctl_text(alarm, "kind")), ctl_text(alarm, "device"),
             detail[0] ? detail : ctl_text(alarm, "meaning"));
}

static void observed_shown(char *text, size_t size, const json_t *event)
{
    const json_t *value = json_object_get(event, "value");
    char score[32] = "";
    if (json_is_integer(value))
        snprintf(score, sizeof score, " %lld", (long long)json_integer_value(value));
    snprintf(text, size, "%s observed: %s%s %s", ctl_text(event, "session_id"), ctl_words(ctl_text(event, "kind")),
             score, ctl_text(event, "text"));
}

static void adjusted_shown(char *text, size_t size, const json_t *event)
{
    const char *quantity = ctl_text(event, "quantity");
    size_t i;
    const json_t *channel;
    snprintf(text, size, "%s adjusted: %s", ctl_text(event, "session_id"), ctl_label(quantity));
    json_array_foreach(json_object_get(event, "channels"), i, channel)
    {
        const size_t at = strlen(text);
        snprintf(text + at, size - at, ", %s to %s", ctl_text(channel, "channel"),
                 ctl_value(quantity, ctl_int(channel, "new")));
    }
}

/* Its detail speaks of why it is not ready. */
static void device_shown(char *text, size_t size, const json_t *event)
{
    const char *state = ctl_text(event, "state"), *detail = ctl_text(event, "detail");
    const bool well = strcmp(state, "ready") == 0 || strcmp(state, "energised") == 0;
    snprintf(text, size, "device %s %s%s%s", ctl_text(event, "id"), ctl_words(state), well || !detail[0] ? "" : ", ",
             well ? "" : detail);
}

static void event_print(const struct ctl *ctl, const json_t *event)
{
    char text[900];
    const char *type = ctl_text(event, "type");
    if (strcmp(type, "session.progress") == 0 || strcmp(type, "session.ended") == 0)
        return; /* session.state has said that it ended */
    if (strcmp(type, "session.state") == 0)
        state_shown(text, sizeof text, event);
    else if (strcmp(type, "alarm") == 0)
        alarm_shown(text, sizeof text, event);
    else if (strcmp(type, "session.observed") == 0)
        observed_shown(text, sizeof text, event);
    else if (strcmp(type, "session.adjusted") == 0)
        adjusted_shown(text, sizeof text, event);
    else if (strcmp(type, "device.state") == 0)
        device_shown(text, sizeof text, event);
    else
        snprintf(text, sizeof text, "%s %s %s", type, ctl_text(event, "session_id"), ctl_text(event, "text"));
    printf("%s  ", ctl_time(ctl_int(event, "at_ms")));
    ctl_wrap(ctl, 10, 10, text);
    fflush(stdout);
}

static void snapshot_print(struct ctl *ctl, const json_t *snapshot)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(snapshot, "devices"), i, item) device_line(ctl, item);
    json_array_foreach(json_object_get(snapshot, "sessions"), i, item) session_line(ctl, item);
    json_array_foreach(json_object_get(snapshot, "alarms"), i, item) alarm_line(ctl, item);
    printf("watching (Ctrl-C ends this, and no treatment)\n");
    fflush(stdout);
}

enum ctl_exit cmd_watch(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result;
    bool gone = false;
    (void)options;
    ctl_catch_interrupts();
    const enum ctl_exit code = ctl_call(ctl, "events.subscribe", json_object(), &result);
    if (code == CTL_DONE && !ctl->json)
        snapshot_print(ctl, json_object_get(result, "snapshot"));
    json_decref(result);
    if (code != CTL_DONE)
        return code;
    while (!ctl_interrupted && !gone) {
        json_t *event = client_event(ctl->client, clock_monotonic_ns() + LOOK_NS, &ctl_interrupted, &gone);
        if (event && !ctl->json)
            event_print(ctl, event);
        json_decref(event);
    }
    if (gone)
        fprintf(stderr, "modalityctl: the daemon closed the connection\n");
    return gone ? CTL_NO_DAEMON : CTL_DONE;
}
