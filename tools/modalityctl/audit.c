/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit: its newest entries, and the verification of the whole chain.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "modality/clock.h"

#define LOG_DEFAULT 40
#define LOG_MAX 1000
#define LOG_INDENT 16
#define VERIFY_NS (600 * NS_PER_S) /* a chain of years */

/* One member as "name=value"; what is nested stands as JSON, cut where it gets long. */
static void member_add(char *text, size_t size, const char *key, const json_t *value)
{
    const size_t at = strlen(text);
    char *nested = json_is_string(value) ? NULL : json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (at + 20 < size)
        snprintf(text + at, size - at, "%s%s=%.100s%s", at ? " " : "", key, nested ? nested : json_string_value(value),
                 nested && strlen(nested) > 100 ? "..." : "");
    free(nested);
}

static void entry_print(const struct ctl *ctl, const json_t *entry)
{
    char text[900] = "";
    const char *key;
    json_t *value;
    printf("%6lld  %s  %s", (long long)ctl_int(entry, "seq"), ctl_date(ctl_int(entry, "at_ms")),
           ctl_text(entry, "event"));
    printf("%s%s%s%s\n", ctl_text(entry, "session_id")[0] ? "  " : "", ctl_text(entry, "session_id"),
           ctl_text(entry, "operator_id")[0] ? "  by " : "", ctl_text(entry, "operator_id"));
    json_object_foreach(json_object_get(entry, "detail"), key, value) member_add(text, sizeof text, key, value);
    if (text[0] == '\0')
        return;
    printf("%*s", LOG_INDENT, "");
    ctl_wrap(ctl, LOG_INDENT, LOG_INDENT, text);
}

enum ctl_exit cmd_log(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result;
    long n = LOG_DEFAULT;
    const char *limit = ctl_option(options, "limit");
    if (limit && !typed_count("limit", limit, 1, LOG_MAX, &n))
        return CTL_USAGE;
    const enum ctl_exit code = ctl_call(ctl, "audit.tail", json_pack("{s:I}", "limit", (json_int_t)n), &result);
    const json_t *items = json_object_get(result, "items");
    /* the newest stands last, where the eye is */
    for (size_t i = json_array_size(items); i-- > 0 && !ctl->json;)
        entry_print(ctl, json_array_get(items, i));
    json_decref(result);
    return code;
}

enum ctl_exit cmd_verify(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *result;
    (void)options;
    client_set_patience(ctl->client, VERIFY_NS);
    const enum ctl_exit code = ctl_call(ctl, "audit.verify", json_object(), &result);
    if (code != CTL_DONE)
        return code;
    const bool good = ctl_flag(result, "ok");
    if (!ctl->json && good)
        printf("audit verified: %lld entries, head %lld %.16s\n", (long long)ctl_int(result, "entries"),
               (long long)ctl_int(result, "head_seq"), ctl_text(result, "head_hash"));
    else if (!ctl->json)
        printf("AUDIT BROKEN at entry %lld: %s\n", (long long)ctl_int(result, "first_bad"), ctl_text(result, "why"));
    json_decref(result);
    return good ? CTL_DONE : CTL_BROKEN;
}
