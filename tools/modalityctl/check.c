/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: what would be said of a treatment, by the daemon or by the calculator: the verdict, what refuses, what it
 * gives, and how far it stays from each bound.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

/* How a value is given that is missing; "" of anything else. */
static const char *option_of(const json_t *refusal)
{
    enum modality_quantity q;
    const bool missing = strcmp(ctl_text(refusal, "token"), "INCOMPLETE") == 0;
    return missing && modality_quantity_find(ctl_text(refusal, "quantity"), &q) == 0 ? request_option_of(q) : "";
}

void refusals_print(const struct ctl *ctl, const json_t *refusals)
{
    size_t i;
    const json_t *refusal;
    json_array_foreach(refusals, i, refusal)
    {
        char text[600];
        const char *option = option_of(refusal);
        snprintf(text, sizeof text, "%s: %s%s%s%s", ctl_text(refusal, "token"), ctl_text(refusal, "message"),
                 option[0] ? " (" : "", option, option[0] ? ")" : "");
        printf("  %2zu. ", i + 1);
        ctl_wrap(ctl, 6, 6, text);
    }
}

/* What nobody was asked, in one list. */
static void assumed_print(const struct ctl *ctl, const json_t *assumed)
{
    size_t i, at = 0;
    const json_t *given;
    char text[4000] = "";
    json_array_foreach(assumed, i, given)
    {
        const char *on = ctl_text(given, "on");
        if (at < sizeof text - 200)
            at += (size_t)snprintf(text + at, sizeof text - at, "%s%s=%s%s%s", i ? ", " : "",
                                   ctl_text(given, "question"), ctl_text(given, "answer"), on[0] ? "@" : "", on);
    }
    if (i == 0)
        return;
    printf("ASSUMED  ");
    ctl_wrap(ctl, 9, 6, "nobody was asked; a treatment is never started on these answers:");
    printf("      ");
    ctl_wrap(ctl, 6, 6, text);
}

static void verdict_print(const struct ctl *ctl, const json_t *check)
{
    const json_t *refusals = json_object_get(check, "refusals"), *notices = json_object_get(check, "notices");
    const bool assumed = json_array_size(json_object_get(check, "assumed")) > 0;
    if (ctl_flag(check, "allowed"))
        printf("ALLOWED%s\n", assumed ? "  provided that what is assumed is true" : "");
    else
        printf("REFUSED  %zu reason%s, the most restrictive first\n", json_array_size(refusals),
               json_array_size(refusals) == 1 ? "" : "s");
    assumed_print(ctl, json_object_get(check, "assumed"));
    refusals_print(ctl, refusals);
    if (json_array_size(notices) > 0)
        printf("NOTICES  (each needs --acknowledge LIMIT)\n");
    refusals_print(ctl, notices);
}

/* When each therapy ended at these sites, as the ledger has it. */
static void ends_print(const struct ctl *ctl, const json_t *history)
{
    const char *therapy;
    const json_t *since;
    json_object_foreach(ctl_mutable(json_object_get(history, "since_end_ms")), therapy, since) ctl_row(
        ctl, "ended here", "%s, %s ago", ctl_words(therapy), ctl_value("rest_interval_ms", json_integer_value(since)));
}

/* What a configuration alone cannot tell. */
static void not_known_print(const struct ctl *ctl)
{
    printf("NOT KNOWN HERE  ");
    ctl_wrap(ctl, 16, 6,
             "the device: its own ranges, its properties beyond its section, its state; and the ledger: of what went "
             "before only what --earlier-... and --last-end tell.");
}

enum ctl_exit request_checked(struct ctl *ctl, const struct ctl_options *options, bool whole)
{
    json_t *request, *result;
    enum ctl_exit code = request_build(ctl, options, &request);
    if (code != CTL_DONE)
        return code;
    code = whole ? request_ask(ctl, request) : CTL_DONE;
    if (code != CTL_DONE) {
        json_decref(request);
        return code;
    }
    code = ctl_call(ctl, "session.check", request, &result);
    if (code != CTL_DONE)
        return code;
    const bool allowed = ctl_flag(result, "allowed");
    if (!ctl->json && whole) {
        verdict_print(ctl, result);
        sheet_print(ctl, json_object_get(result, "sheet"));
        ends_print(ctl, json_object_get(result, "history"));
        if (ctl->calculator)
            dose_print(ctl, json_object_get(result, "dose"));
    }
    if (!ctl->json && !whole)
        assumed_print(ctl, json_object_get(result, "assumed"));
    if (!ctl->json)
        bounds_print(ctl, json_object_get(result, "limits"));
    if (!ctl->json && ctl->calculator)
        not_known_print(ctl);
    json_decref(result);
    return allowed || !whole ? CTL_DONE : CTL_REFUSED;
}

enum ctl_exit cmd_check(struct ctl *ctl, const struct ctl_options *options)
{
    return request_checked(ctl, options, true);
}
