/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One session on a page: how it stands, its dose sheet, and what happened in it.
 */
#include <stdio.h>
#include <string.h>

#include "list.h"
#include "progress.h"
#include "request.h"

static void state_print(struct ctl *ctl, const json_t *state)
{
    const char *reason = ctl_text(state, "reason"), *detail = ctl_text(state, "detail");
    ctl_row(ctl, ctl_time(ctl_int(state, "at_ms")), "%s%s%s%s%s%s%s", ctl_words(ctl_text(state, "to")),
            reason[0] ? ": " : "", ctl_words(reason), ctl_text(state, "by")[0] ? " by " : "", ctl_text(state, "by"),
            detail[0] ? ", " : "", detail);
}

static void adjustment_print(struct ctl *ctl, const json_t *note)
{
    size_t i;
    const json_t *channel;
    const char *quantity = ctl_text(note, "quantity");
    json_array_foreach(json_object_get(note, "channels"), i, channel)
        ctl_row(ctl, ctl_time(ctl_int(note, "at_ms")), "%s: %s from %s to %s by %s", ctl_text(channel, "channel"),
                ctl_label(quantity), ctl_value(quantity, ctl_int(channel, "old")),
                ctl_value(quantity, ctl_int(channel, "new")), ctl_text(json_object_get(note, "operator"), "name"));
}

static void alarm_print(struct ctl *ctl, const json_t *alarm)
{
    ctl_row(ctl, ctl_time(ctl_int(alarm, "at_ms")), "%s (%s) %s", ctl_words(ctl_text(alarm, "kind")),
            ctl_text(alarm, "priority"), ctl_text(alarm, "detail"));
}

void observation_print(struct ctl *ctl, const json_t *o)
{
    char score[64] = "";
    if (json_is_integer(json_object_get(o, "value")))
        snprintf(score, sizeof score, " %lld of %lld", (long long)ctl_int(o, "value"),
                 (long long)ctl_int(o, "maximum"));
    ctl_row(ctl, ctl_time(ctl_int(o, "recorded_at_ms")), "%s%s%s%s, by %s", ctl_words(ctl_text(o, "kind")), score,
            ctl_text(o, "text")[0] ? ": " : "", ctl_text(o, "text"), ctl_text(json_object_get(o, "operator"), "name"));
}

void happenings_print(struct ctl *ctl, const json_t *of)
{
    static const struct {
        const char *member, *title;
        void (*print)(struct ctl *ctl, const json_t *item);
    } lists[] = {{"states", "COURSE", state_print},
                 {"adjustments", "ADJUSTMENTS", adjustment_print},
                 {"alarms", "ALARMS", alarm_print},
                 {"observations", "OBSERVATIONS", observation_print}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const json_t *items = json_object_get(of, lists[i].member), *item;
        size_t k;
        if (json_array_size(items) > 0)
            printf("%s\n", lists[i].title);
        json_array_foreach(items, k, item) lists[i].print(ctl, item);
    }
}

void session_page(struct ctl *ctl, const json_t *session)
{
    struct progress progress = {.ctl = ctl, .changed = true};
    const json_t *lease = json_object_get(session, "lease");
    printf("%s\n", ctl_text(session, "session_id"));
    if (strcmp(ctl_text(session, "state"), "ended") == 0) {
        end_print(ctl, session);
    } else {
        progress_show(&progress, session, 0);
        if (json_is_object(lease))
            ctl_row(ctl, "lease", "held by %s, %lld ms left", ctl_text(lease, "holder"),
                    (long long)ctl_int(lease, "remaining_ms"));
        ctl_row(ctl, "leads", "%s", ctl_flag(session, "may_touch_leads") ? "may be touched" : "DO NOT TOUCH");
    }
    sheet_print(ctl, json_object_get(session, "sheet"));
    happenings_print(ctl, session);
}
