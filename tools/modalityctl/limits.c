/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits: every limit in force, or one with what else bounds its quantity, or how far a treatment stays from each. Each
 * with the layer and place it comes from, its source, and whether anybody has verified that.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

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

static void explained_print(struct ctl *ctl, const json_t *result)
{
    const json_t *limit = json_object_get(result, "limit"), *others = json_object_get(result, "others"), *item;
    const char *quantity = ctl_text(limit, "quantity");
    size_t i;
    limit_print(ctl, limit);
    if (json_array_size(others) > 0)
        printf("what else bounds %s\n", ctl_label(quantity));
    json_array_foreach(others, i, item) limit_print(ctl, item);
    json_array_foreach(json_object_get(result, "locks"), i, item)
        printf("LOCKS protocol %s: nobody has verified or accepted this limit\n", json_string_value(item));
    if (json_object_get(result, "bounds"))
        bounds_print(ctl, json_object_get(result, "bounds"));
}

/*
 * One limit, what else bounds its quantity, and the protocols that it locks; with a treatment (taken over, or NULL) how
 * that stands to all of them.
 */
static enum ctl_exit limit_explain(struct ctl *ctl, const char *id, json_t *treatment)
{
    json_t *result, *params = json_pack("{s:s}", "limit", id);
    if (treatment)
        json_object_set_new(params, "treatment", treatment);
    const enum ctl_exit code = ctl_call(ctl, "limits.explain", params, &result);
    if (code == CTL_DONE && !ctl->json)
        explained_print(ctl, result);
    json_decref(result);
    return code;
}

/* A treatment held against one limit, or against all of them. */
static enum ctl_exit treatment_limits(struct ctl *ctl, const struct ctl_options *options)
{
    json_t *request;
    if (options->n_words == 0)
        return request_checked(ctl, options, false);
    const enum ctl_exit code = request_build(ctl, options, &request);
    return code == CTL_DONE ? limit_explain(ctl, options->words[0], request) : code;
}

enum ctl_exit cmd_limits(struct ctl *ctl, const struct ctl_options *options)
{
    const char *modality = ctl_option(options, "modality");
    if (ctl_option(options, "protocol"))
        return treatment_limits(ctl, options);
    if (options->n > (size_t)(modality != NULL) + (ctl->calculator != NULL)) {
        fprintf(stderr, "modalityctl: a treatment needs --protocol; without one there is only --modality\n");
        return CTL_USAGE;
    }
    if (options->n_words == 1)
        return limit_explain(ctl, options->words[0], NULL);
    json_t *filter = json_object();
    if (modality)
        json_object_set_new(filter, "modality", json_string(modality));
    const enum ctl_exit code = ctl_list(ctl, "limits.list", filter, limit_print);
    json_decref(filter);
    return code;
}
