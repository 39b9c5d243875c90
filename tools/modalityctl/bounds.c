/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every bound that applies to a treatment, on a terminal: what has a value, the nearest to its bound first; then what
 * is only shown or left no choice; then what has no value before the output is on, each under the reason why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

/* "hard, installation, limits-estim.ini:227; verified: choice; source: IEC ..." */
void provenance_print(const struct ctl *ctl, const json_t *limit, const char *before)
{
    char text[1000], basis[600] = "", lock[160] = "";
    const char *layer = ctl_text(limit, "layer"), *origin = ctl_text(limit, "origin");
    const char *source = ctl_text(limit, "source"), *verified = ctl_text(limit, "verified");
    if (verified[0]) /* ranges of a protocol or device have none */
        snprintf(basis, sizeof basis, "; verified: %s%s; source: %s", verified,
                 ctl_flag(limit, "accepted") && strcmp(verified, "no") == 0 ? " (accepted)" : "",
                 source[0] && strcmp(source, "none") != 0 ? source : "none is given");
    if (ctl_flag(limit, "locks"))
        snprintf(lock, sizeof lock, "; LOCKS this protocol until [accept %s] answers for it", ctl_text(limit, "id"));
    snprintf(text, sizeof text, "%s%s, %s%s%s%s%s", before, ctl_text(limit, "class"), layer,
             strcmp(layer, origin) ? ", " : "", strcmp(layer, origin) ? origin : "", basis, lock);
    printf("      ");
    ctl_wrap(ctl, 6, 6, text);
}

/* "amplitude 12 mA of at most 30 mA" */
static void held_against(const struct ctl *ctl, const json_t *limit)
{
    char head[160], room[80];
    const char *quantity = ctl_text(limit, "quantity");
    const bool is_min = strcmp(ctl_text(limit, "direction"), "min") == 0;
    const json_int_t headroom = ctl_int(limit, "headroom");
    snprintf(room, sizeof room, "%s %s", ctl_flag(limit, "exceeded") ? "OUTSIDE by" : "headroom",
             ctl_value(quantity, headroom < 0 ? -headroom : headroom));
    snprintf(head, sizeof head, "%s %s of %s %s", ctl_label(quantity), ctl_value(quantity, ctl_int(limit, "value")),
             is_min ? "at least" : "at most", ctl_value(quantity, ctl_int(limit, "bound")));
    printf("  %-52s %s\n", head, room);
    snprintf(head, sizeof head, "%s: ", ctl_text(limit, "id"));
    provenance_print(ctl, limit, head);
}

static int nearest_first(const void *a, const void *b)
{
    const int64_t x = limit_used(*(json_t *const *)a), y = limit_used(*(json_t *const *)b);
    return x < y ? 1 : x > y ? -1 : 0;
}

static bool leaves_choice(const json_t *limit)
{
    return !ctl_flag(limit, "fixed") || ctl_flag(limit, "exceeded");
}

/* What has a value and a bound, the one with the least headroom first. */
static void held_print(const struct ctl *ctl, const json_t *limits)
{
    size_t i, n = 0;
    const json_t *limit;
    const json_t **sorted = calloc(json_array_size(limits) + 1, sizeof(json_t *));
    if (!sorted)
        return;
    json_array_foreach(limits, i, limit)
    {
        if (limit_used(limit) >= 0 && leaves_choice(limit))
            sorted[n++] = limit;
    }
    qsort((void *)(uintptr_t)sorted, n, sizeof(json_t *), nearest_first);
    printf("LIMITS  (what comes nearest to its bound first)\n");
    for (i = 0; i < n; i++)
        held_against(ctl, sorted[i]);
    free((void *)(uintptr_t)sorted);
}

/* "impedance at least 100 ohm, at most 10 kohm", or its value where there is no bound. */
static void plain_print(const struct ctl *ctl, const json_t *limit)
{
    char head[200];
    const char *quantity = ctl_text(limit, "quantity");
    const json_t *value = json_object_get(limit, "value"), *bound = json_object_get(limit, "bound");
    const json_t *min = json_object_get(limit, "min");
    const bool is_min = strcmp(ctl_text(limit, "direction"), "min") == 0;
    int at = snprintf(head, sizeof head, "%s", ctl_label(quantity));
    if (value)
        snprintf(head + at, sizeof head - (size_t)at, " %s", ctl_value(quantity, json_integer_value(value)));
    else if (min)
        snprintf(head + at, sizeof head - (size_t)at, " at least %s, at most %s",
                 ctl_value(quantity, json_integer_value(min)), ctl_value(quantity, ctl_int(limit, "max")));
    else if (bound)
        snprintf(head + at, sizeof head - (size_t)at, " %s %s", is_min ? "at least" : "at most",
                 ctl_value(quantity, json_integer_value(bound)));
    printf("  %s\n", head);
    snprintf(head, sizeof head, "%s: ", ctl_text(limit, "id"));
    provenance_print(ctl, limit, head);
}

static bool belongs(const json_t *limit, const char *state)
{
    if (state)
        return strcmp(ctl_text(limit, "state"), state) == 0;
    return !leaves_choice(limit);
}

/* Everything of one state; NULL: what leaves no choice. */
static void section_print(const struct ctl *ctl, const json_t *limits, const char *state, const char *title)
{
    size_t i;
    const json_t *limit;
    bool first = true;
    json_array_foreach(limits, i, limit)
    {
        if (!belongs(limit, state))
            continue;
        if (first)
            printf("%s\n", title);
        first = false;
        plain_print(ctl, limit);
    }
}

void bounds_print(const struct ctl *ctl, const json_t *limits)
{
    static const struct {
        const char *state, *title;
    } sections[] = {
        {NULL, "SET  (the protocol or the device leaves no choice)"},
        {"shown", "SHOWN  (without a bound)"},
        {"nothing_before", "NOTHING BEFORE  (rests that count from an earlier session)"},
        {"walked", "HELD WHILE THE LEVEL RISES"},
        {"held_while_running", "HELD WHILE RUNNING  (bounds of what is measured: no value yet)"},
        {"not_reported", "NOT REPORTED  (properties of the device)"},
    };
    held_print(ctl, limits);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        section_print(ctl, limits, sections[i].state, sections[i].title);
}
