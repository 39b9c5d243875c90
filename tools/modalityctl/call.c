/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the daemon, and how a refusal reads: its token, its sentence, and everything else that refuses.
 */
#include <stdio.h>
#include <string.h>

#include "calculator.h"
#include "request.h"

void ctl_sign(const struct ctl *ctl, json_t *params)
{
    char id[40];
    json_object_set_new(params, "request_id", json_string(client_request_id(id, sizeof id)));
    json_object_set_new(params, "operator",
                        json_pack("{s:s, s:s}", "id", ctl->operator_id, "name", ctl->operator_name));
}

/* -32602 carries the field and what was expected there. */
static void error_print(const char *method, const json_t *error)
{
    const json_t *data = json_object_get(error, "data"), *violations = json_object_get(data, "violations");
    const char *token = ctl_text(data, "token"), *field = ctl_text(data, "field"), *holder = ctl_text(data, "holder");
    size_t i;
    const json_t *violation;
    fprintf(stderr, "REFUSED  %s: %s%s%s", method, token, token[0] ? ": " : "", ctl_text(error, "message"));
    if (field[0] && ctl_text(data, "expected")[0])
        fprintf(stderr, " (%s: %s)", field, ctl_text(data, "expected"));
    const bool unnamed = holder[0] && !strstr(ctl_text(error, "message"), holder);
    fprintf(stderr, "%s%s\n", unnamed ? ", held by session " : "", unnamed ? holder : "");
    if (json_array_size(violations) < 2)
        return;
    json_array_foreach(violations, i, violation)
        fprintf(stderr, "  %zu. %s: %s\n", i + 1, ctl_text(violation, "token"), ctl_text(violation, "message"));
}

/* The calculator in the daemon's place; its answer alone is what --json prints. */
static enum ctl_exit calculated(const struct ctl *ctl, const char *method, json_t *params, bool echo, json_t **result)
{
    json_t *error;
    *result = calculator_answer(ctl->calculator, method, params, &error);
    json_decref(params);
    if (*result && echo && ctl->json) {
        json_dumpf(*result, stdout, JSON_COMPACT);
        putchar('\n');
    }
    if (*result)
        return CTL_DONE;
    error_print(method, error);
    json_decref(error);
    return CTL_REFUSED;
}

static enum ctl_exit called(struct ctl *ctl, const char *method, json_t *params, bool echo, json_t **result)
{
    json_t *error;
    if (ctl->calculator)
        return calculated(ctl, method, params, echo, result);
    const bool before = client_echo(ctl->client, echo && ctl->json);
    *result = client_call(ctl->client, method, params, &error);
    client_echo(ctl->client, before);
    if (*result && !error)
        return CTL_DONE;
    json_decref(*result);
    *result = NULL;
    if (!error)
        return CTL_NO_DAEMON;
    if (!ctl->json)
        error_print(method, error);
    else if (!echo)
        printf("%s\n", client_last_answer(ctl->client));
    json_decref(error);
    return CTL_REFUSED;
}

enum ctl_exit ctl_call(struct ctl *ctl, const char *method, json_t *params, json_t **result)
{
    return called(ctl, method, params, true, result);
}

enum ctl_exit ctl_lookup(struct ctl *ctl, const char *method, json_t *params, json_t **result)
{
    return called(ctl, method, params, false, result);
}

enum ctl_exit ctl_list(struct ctl *ctl, const char *method, const json_t *filter,
                       void (*show)(struct ctl *ctl, const json_t *item))
{
    json_t *cursor = NULL;
    do {
        json_t *result, *params = filter ? json_deep_copy(filter) : json_object();
        if (cursor)
            json_object_set_new(params, "cursor", cursor);
        const enum ctl_exit code = ctl_call(ctl, method, params, &result);
        if (code != CTL_DONE)
            return code;
        size_t i;
        const json_t *item;
        json_array_foreach(json_object_get(result, "items"), i, item)
        {
            if (!ctl->json)
                show(ctl, item);
        }
        const json_t *next = json_object_get(result, "next_cursor");
        cursor = json_is_string(next) ? json_incref(ctl_mutable(next)) : NULL;
        json_decref(result);
    } while (cursor);
    return CTL_DONE;
}
