/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The self-test of devices: a line for each step, with what it showed and how long it took. A step that was not shown
 * is told as such and fails nothing.
 */
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "modality/clock.h"

/* The daemon answers when all is done: of a device with a long watchdog, after its quarantine. */
#define PATIENCE_NS (180 * NS_PER_S)
#define TEXT_COLUMN 44

static const char *took(const json_t *step, char text[24])
{
    const json_int_t us = ctl_int(step, "took_us");
    if (!json_object_get(step, "took_us"))
        return "";
    snprintf(text, 24, "%lld.%lld ms", (long long)(us / 1000), (long long)(us % 1000 / 100));
    return text;
}

static void step_print(const struct ctl *ctl, const json_t *step)
{
    char time[24], name[80], text[600];
    const char *result = ctl_text(step, "result"), *group = ctl_text(step, "group");
    const char *evidence = ctl_text(step, "evidence"), *detail = ctl_text(step, "detail");
    snprintf(name, sizeof name, "%s%s%s", ctl_words(ctl_text(step, "step")), group[0] ? " " : "", group);
    snprintf(text, sizeof text, "%s%s%s", strcmp(result, "pass") == 0 && evidence[0] ? "at rest, " : "",
             strcmp(result, "pass") == 0 ? evidence : "", detail);
    printf("  %-20s %-9s %9s  ", name, strcmp(result, "fail") == 0 ? "FAIL" : ctl_words(result), took(step, time));
    ctl_wrap(ctl, TEXT_COLUMN, TEXT_COLUMN, text);
}

static void page_print(const struct ctl *ctl, const json_t *answer)
{
    size_t i;
    const json_t *step;
    printf("%s (%s)\n", ctl_text(answer, "label"), ctl_text(answer, "device"));
    json_array_foreach(json_object_get(answer, "steps"), i, step) step_print(ctl, step);
    printf("  %s\n", ctl_flag(answer, "passed") ? "PASSED" : "FAILED");
}

static enum ctl_exit device_try(struct ctl *ctl, const char *id)
{
    json_t *answer, *params = json_pack("{s:s}", "device", id);
    ctl_sign(ctl, params);
    enum ctl_exit code = ctl_call(ctl, "device.selftest", params, &answer);
    if (code == CTL_DONE && !ctl->json)
        page_print(ctl, answer);
    if (code == CTL_DONE && !ctl_flag(answer, "passed"))
        code = CTL_FAILED;
    json_decref(answer);
    return code;
}

/* Of two devices, the more telling: a failed one says more than one that was not tried. */
static enum ctl_exit worse(enum ctl_exit a, enum ctl_exit b)
{
    return a == CTL_FAILED || b == CTL_DONE ? a : b;
}

static enum ctl_exit all_try(struct ctl *ctl)
{
    size_t i;
    const json_t *device;
    json_t *listed;
    enum ctl_exit code = ctl_lookup(ctl, "device.list", json_pack("{s:i}", "limit", 1000), &listed);
    json_array_foreach(json_object_get(listed, "items"), i, device)
    {
        if (code != CTL_NO_DAEMON)
            code = worse(code, device_try(ctl, ctl_text(device, "id")));
    }
    json_decref(listed);
    return code;
}

enum ctl_exit cmd_selftest(struct ctl *ctl, const struct ctl_options *options)
{
    enum ctl_exit code = CTL_DONE;
    client_set_patience(ctl->client, PATIENCE_NS);
    if (options->n_words == 0)
        return all_try(ctl);
    for (size_t i = 0; i < options->n_words && code != CTL_NO_DAEMON; i++)
        code = worse(code, device_try(ctl, options->words[i]));
    return code;
}
