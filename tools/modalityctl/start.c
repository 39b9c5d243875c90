/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check and start: the therapist's path from an intention to a running treatment. Two acts: what was prepared is shown
 * as a dose sheet, and only a confirmed sheet is started.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

static json_t *call_quietly(struct ctl *ctl, const char *method, json_t *params)
{
    json_t *result;
    const bool echo = client_echo(ctl->client, false);
    ctl_call(ctl, method, params, &result);
    client_echo(ctl->client, echo);
    return result;
}

static void list_print(const char *title, const json_t *items)
{
    size_t i;
    const json_t *item;
    if (json_array_size(items) > 0)
        printf("%s\n", title);
    json_array_foreach(items, i, item) refusal_print(item);
}

static void limits_print(const json_t *limits)
{
    size_t i;
    const json_t *limit;
    json_array_foreach(limits, i, limit)
    {
        if (!json_is_true(json_object_get(limit, "applies")) || !json_object_get(limit, "value"))
            continue;
        const char *quantity = ctl_text(limit, "quantity");
        printf("  %-24s %12s of %12s  %-6s %s\n", ctl_text(limit, "id"), ctl_value(quantity, ctl_int(limit, "value")),
               ctl_value(quantity, ctl_int(limit, "bound")), ctl_text(limit, "class"), ctl_text(limit, "origin"));
    }
}

/* Asks the questions that bear on this treatment; what is not answered counts as restrictive. */
static void screen(struct ctl *ctl, json_t *request)
{
    if (!ctl->interactive)
        return;
    json_t *check = call_quietly(ctl, "session.check", json_deep_copy(request));
    request_ask(ctl, request, json_object_get(check, "questions"));
    json_decref(check);
}

enum ctl_exit cmd_check(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *request = request_build(ctl, options), *result;
    if (!request)
        return CTL_USAGE;
    screen(ctl, request);
    enum ctl_exit code = ctl_call(ctl, "session.check", request, &result);
    if (code != CTL_DONE)
        return code;
    const bool allowed = json_is_true(json_object_get(result, "allowed"));
    if (!ctl->json) {
        printf("%s\n", allowed ? "allowed" : "REFUSED");
        list_print("Refused because:", json_object_get(result, "refusals"));
        list_print("Needs an acknowledgement (--acknowledge LIMIT):", json_object_get(result, "notices"));
        sheet_print(json_object_get(result, "sheet"));
        printf("Limits that apply:\n");
        limits_print(json_object_get(result, "limits"));
    }
    json_decref(result);
    return allowed ? CTL_DONE : CTL_REFUSED;
}

static bool confirmed(const struct ctl *ctl)
{
    char line[32];
    if (ctl->yes)
        return true;
    if (!ctl->interactive) {
        fprintf(stderr, "modalityctl: nothing is started without confirmation: a terminal or --yes is needed\n");
        return false;
    }
    return request_line("Start this treatment? Type yes: ", line, sizeof line) && strcmp(line, "yes") == 0;
}

/* 0..10, from the option or asked for on a terminal; -1 = not given. */
static int pain_score(const struct ctl *ctl, const struct ctl_options *options, const char *option, const char *prompt)
{
    char line[32] = "";
    const char *given = options ? ctl_option(options, option) : NULL;
    if (given)
        snprintf(line, sizeof line, "%s", given);
    else if (!ctl->interactive || ctl->yes || !request_line(prompt, line, sizeof line))
        return -1;
    char *end;
    const long score = strtol(line, &end, 10);
    return end != line && *end == '\0' && score >= 0 && score <= 10 ? (int)score : -1;
}

static void observe_pain(struct ctl *ctl, const char *session_id, const char *kind, int score)
{
    if (score < 0)
        return;
    json_t *params = json_pack("{s:s, s:{s:s, s:i, s:s, s:i}}", "session_id", session_id, "observation", "kind", kind,
                               "value", score, "scale", "NRS", "maximum", 10);
    ctl_sign(ctl, params);
    json_decref(call_quietly(ctl, "session.observe", params));
}

static enum ctl_exit run_prepared(struct ctl *ctl, const json_t *prepared, int pain)
{
    const char *session_id = ctl_text(prepared, "session_id");
    json_t *result, *params = json_pack("{s:s, s:s}", "session_id", session_id, "confirm_token",
                                        ctl_text(prepared, "confirm_token"));
    ctl_sign(ctl, params);
    json_decref(call_quietly(ctl, "events.subscribe", json_object()));
    observe_pain(ctl, session_id, "pain_before", pain);
    const enum ctl_exit code = ctl_call(ctl, "session.start", params, &result);
    if (code != CTL_DONE)
        return code;
    if (!ctl->json)
        printf("accepted: %s  lease %s  (Ctrl-C stops)\n", session_id, ctl_text(result, "lease_key"));
    const enum ctl_exit end =
        follow_session(ctl, session_id, ctl_text(result, "lease_key"), ctl_int(result, "lease_ms"));
    json_decref(result);
    if (end != CTL_UNPROVED)
        observe_pain(ctl, session_id, "pain_after",
                     pain_score(ctl, NULL, "", "Pain now, 0 to 10 (Enter = not asked): "));
    return end;
}

enum ctl_exit cmd_start(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *request = request_build(ctl, options), *prepared;
    if (!request)
        return CTL_USAGE;
    screen(ctl, request);
    if (ctl_interrupted) {
        json_decref(request);
        return CTL_DECLINED;
    }
    ctl_sign(ctl, request);
    enum ctl_exit code = ctl_call(ctl, "session.prepare", request, &prepared);
    if (code != CTL_DONE)
        return code;
    if (!ctl->json)
        sheet_print(json_object_get(prepared, "sheet"));
    const int pain = pain_score(ctl, options, "pain-before", "Pain before, 0 to 10 (Enter = not asked): ");
    if (ctl_interrupted || !confirmed(ctl)) {
        json_decref(call_quietly(
            ctl, "session.stop",
            json_pack("{s:s, s:s}", "session_id", ctl_text(prepared, "session_id"), "reason", "not confirmed")));
        json_decref(prepared);
        fprintf(stderr, "modalityctl: not confirmed: nothing was started\n");
        return CTL_DECLINED;
    }
    code = run_prepared(ctl, prepared, pain);
    json_decref(prepared);
    return code;
}
