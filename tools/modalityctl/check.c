/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: what would be said of a treatment, by the daemon or by the calculator: the verdict, what refuses, what it
 * gives, and how far it stays from each bound.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

void refusals_print(const struct ctl *ctl, const json_t *refusals)
{
    size_t i;
    const json_t *refusal;
    json_array_foreach(refusals, i, refusal)
    {
        char text[600];
        snprintf(text, sizeof text, "%s: %s", ctl_text(refusal, "token"), ctl_text(refusal, "message"));
        printf("  %2zu. ", i + 1);
        ctl_wrap(ctl, 6, 6, text);
    }
}

static void verdict_print(const struct ctl *ctl, const json_t *check)
{
    const json_t *refusals = json_object_get(check, "refusals"), *notices = json_object_get(check, "notices");
    if (ctl_flag(check, "allowed"))
        printf("ALLOWED\n");
    else
        printf("REFUSED  %zu reason%s, the most restrictive first\n", json_array_size(refusals),
               json_array_size(refusals) == 1 ? "" : "s");
    refusals_print(ctl, refusals);
    if (json_array_size(notices) > 0)
        printf("NOTICES  (each needs --acknowledge LIMIT)\n");
    refusals_print(ctl, notices);
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
        if (ctl->calculator)
            dose_print(ctl, json_object_get(result, "dose"));
    }
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
