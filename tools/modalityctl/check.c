/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check and limits: what would be said of a treatment, and how far it stays from each bound; or every limit in force.
 * Each with the layer and place it comes from, its source, and whether anybody has verified that.
 */
#include <stdio.h>
#include <stdlib.h>
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

/* "hard, installation, limits-estim.ini:227; verified: choice; source: IEC ..." */
static void provenance_print(const struct ctl *ctl, const json_t *limit, const char *before)
{
    char text[900], basis[600] = "";
    const char *layer = ctl_text(limit, "layer"), *origin = ctl_text(limit, "origin");
    const char *source = ctl_text(limit, "source"), *verified = ctl_text(limit, "verified");
    if (verified[0]) /* ranges of a protocol or device have none */
        snprintf(basis, sizeof basis, "; verified: %s%s; source: %s", verified,
                 ctl_flag(limit, "accepted") && strcmp(verified, "no") == 0 ? " (accepted)" : "",
                 source[0] && strcmp(source, "none") != 0 ? source : "none is given");
    snprintf(text, sizeof text, "%s%s, %s%s%s%s", before, ctl_text(limit, "class"), layer,
             strcmp(layer, origin) ? ", " : "", strcmp(layer, origin) ? origin : "", basis);
    printf("      ");
    ctl_wrap(ctl, 6, 6, text);
}

static void held_against(struct ctl *ctl, const json_t *limit)
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

/* What has a value, the one with the least headroom first. */
static void limits_held_against(struct ctl *ctl, const json_t *limits)
{
    size_t i, n = 0;
    const json_t *limit;
    const json_t **sorted = calloc(json_array_size(limits) + 1, sizeof(json_t *));
    if (!sorted)
        return;
    json_array_foreach(limits, i, limit)
    {
        if (limit_used(limit) >= 0)
            sorted[n++] = limit;
    }
    qsort((void *)(uintptr_t)sorted, n, sizeof(json_t *), nearest_first);
    printf("LIMITS  (what comes nearest to its bound first)\n");
    for (i = 0; i < n; i++)
        held_against(ctl, sorted[i]);
    free((void *)(uintptr_t)sorted);
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

static enum ctl_exit checked(struct ctl *ctl, const struct ctl_options *options, bool whole)
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
    }
    if (!ctl->json)
        limits_held_against(ctl, json_object_get(result, "limits"));
    json_decref(result);
    return allowed || !whole ? CTL_DONE : CTL_REFUSED;
}

enum ctl_exit cmd_check(struct ctl *ctl, const struct ctl_options *options)
{
    return checked(ctl, options, true);
}

/* One member of a limit's condition: names, or ranges of quantities. */
static void when_add(char *text, size_t size, const char *key, const json_t *value)
{
    size_t i;
    const json_t *item;
    snprintf(text + strlen(text), size - strlen(text), "%s%s", text[0] ? "; " : "when ",
             strcmp(key, "ranges") ? ctl_words(key) : "");
    json_array_foreach(value, i, item)
    {
        const size_t at = strlen(text);
        const char *quantity = ctl_text(item, "quantity");
        if (json_is_string(item))
            snprintf(text + at, size - at, "%s%s", i ? ", " : " ", ctl_words(json_string_value(item)));
        else
            snprintf(text + at, size - at, "%s%s%s%s%s%s", i ? ", " : "", ctl_label(quantity),
                     json_object_get(item, "above") ? " above " : "",
                     json_object_get(item, "above") ? ctl_value(quantity, ctl_int(item, "above")) : "",
                     json_object_get(item, "upto") ? " up to " : "",
                     json_object_get(item, "upto") ? ctl_value(quantity, ctl_int(item, "upto")) : "");
    }
}

static void limit_print(struct ctl *ctl, const json_t *limit)
{
    char text[900] = "";
    const char *min = ctl_text(limit, "min_text"), *max = ctl_text(limit, "max_text"), *key;
    json_t *value;
    printf("  %-28s %s%s%s%s%s%s, %s\n", ctl_text(limit, "id"), ctl_label(ctl_text(limit, "quantity")),
           min[0] ? " at least " : "", min, min[0] && max[0] ? "," : "", max[0] ? " at most " : "", max,
           ctl_text(limit, "scope"));
    provenance_print(ctl, limit, "");
    json_object_foreach(json_object_get(limit, "when"), key, value) when_add(text, sizeof text, key, value);
    if (text[0] == '\0')
        return;
    printf("      ");
    ctl_wrap(ctl, 6, 6, text);
}

/* One limit, what else bounds its quantity, and the protocols that it locks. */
static enum ctl_exit limit_explain(struct ctl *ctl, const char *id)
{
    json_t *result;
    const enum ctl_exit code = ctl_call(ctl, "limits.explain", json_pack("{s:s}", "limit", id), &result);
    size_t i;
    const json_t *item;
    if (code == CTL_DONE && !ctl->json) {
        limit_print(ctl, json_object_get(result, "limit"));
        if (json_array_size(json_object_get(result, "others")) > 0)
            printf("what else bounds %s\n", ctl_label(ctl_text(json_object_get(result, "limit"), "quantity")));
        json_array_foreach(json_object_get(result, "others"), i, item) limit_print(ctl, item);
        json_array_foreach(json_object_get(result, "locks"), i, item)
            printf("LOCKS protocol %s: nobody has verified or accepted this limit\n", json_string_value(item));
    }
    json_decref(result);
    return code;
}

enum ctl_exit cmd_limits(struct ctl *ctl, const struct ctl_options *options)
{
    const char *modality = ctl_option(options, "modality");
    if (ctl_option(options, "protocol"))
        return checked(ctl, options, false);
    if (options->n > (modality ? 1 : 0)) {
        fprintf(stderr, "modalityctl: a treatment needs --protocol; without one there is only --modality\n");
        return CTL_USAGE;
    }
    if (options->n_words == 1)
        return limit_explain(ctl, options->words[0]);
    json_t *filter = json_object();
    if (modality)
        json_object_set_new(filter, "modality", json_string(modality));
    const enum ctl_exit code = ctl_list(ctl, "limits.list", filter, limit_print);
    json_decref(filter);
    return code;
}
