/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: one JSON object per line on stdin, one per line on stdout. {"load": "DIR"} reads a configuration and
 * answers its faults or none; {"limits": true}, {"units": true} print the tables; anything else is a treatment to be
 * judged by the configuration that is loaded. Ends at end of file.
 */
#include "judge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void collect_fault(void *userdata, const char *origin, const char *message)
{
    json_array_append_new(userdata, json_pack("[ss]", origin, message));
}

static json_t *load(const char *dir, struct config **config)
{
    config_free(*config);
    *config = NULL;
    json_t *faults = json_array();
    int result = config_load(dir, 1, INT64_MAX, collect_fault, faults, config);
    return json_pack("{si so}", "result", result, "faults", faults);
}

static json_t *answer(json_t *request, struct config **config)
{
    const char *dir = json_string_value(json_object_get(request, "load"));
    if (dir != NULL)
        return load(dir, config);
    if (json_object_get(request, "units") != NULL)
        return judge_say_units();
    if (*config == NULL)
        return json_pack("{ss}", "error", "no configuration is loaded");
    if (json_object_get(request, "limits") != NULL)
        return judge_say_limits(&(*config)->dose);
    struct judge_request r;
    char reason[200];
    if (judge_read(*config, request, &r, reason, sizeof reason) < 0)
        return json_pack("{ss}", "error", reason);
    return judge_say_verdict(*config, &r);
}

int main(void)
{
    struct config *config = NULL;
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    while ((length = getline(&line, &capacity, stdin)) > 0) {
        json_error_t error;
        json_t *request = json_loadb(line, (size_t)length, JSON_REJECT_DUPLICATES, &error);
        json_t *said = request ? answer(request, &config) : json_pack("{ss}", "error", error.text);
        json_decref(request);
        if (said == NULL || json_dumpf(said, stdout, JSON_COMPACT) < 0)
            return EXIT_FAILURE;
        json_decref(said);
        putchar('\n');
        if (fflush(stdout) != 0)
            return EXIT_FAILURE;
    }
    free(line);
    config_free(config);
    return EXIT_SUCCESS;
}
