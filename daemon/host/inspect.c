/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `modality-host --check`: what a plugin thinks of its configuration, without any device. The form on both sides is
 * that of daemon/link/check.c.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "host/guard.h"
#include "host/host.h"
#include "host/loader.h"
#include "host/sandbox.h"

struct inspection {
    struct services services; /* first: the fault handler gets its address */
    FILE *out;
};

static void fault_print(struct services *s, const char *origin, const char *text)
{
    struct inspection *i = (struct inspection *)s;
    fprintf(i->out, "%s\t%s\n", origin, text);
}

/*
 * A shared line whose units cannot all be polled and fed in time is refused: a permit is renewed on fresh telemetry, so
 * a cycle must fit it twice, and a watchdog is fed three times in its time.
 */
static int load_check(const struct host_settings *s, const struct modality_device *units, size_t n, FILE *out)
{
    uint64_t cycle = 0;
    for (size_t i = 0; i < n; i++)
        cycle += units[i].cycle_ms;
    const char *origin = settings_origin(s, "link");
    if (s->permit_ms > 0 && cycle * 2 > s->permit_ms) {
        fprintf(out, "%s\tline %s: one cycle over its %zu units takes %" PRIu64 " ms, a permit of %u ms allows %u ms\n",
                origin, s->link, n, cycle, s->permit_ms, s->permit_ms / 2);
        return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        if (units[i].watchdog_ms == 0 || cycle * 3 <= units[i].watchdog_ms)
            continue;
        fprintf(out,
                "%s\tline %s: one cycle over its %zu units takes %" PRIu64
                " ms, the %u ms watchdog of %s allows %u ms\n",
                origin, s->link, n, cycle, units[i].watchdog_ms, units[i].id, units[i].watchdog_ms / 3);
        return -EINVAL;
    }
    return 0;
}

static int units_write(const struct host_settings *s, const struct modality_device *units, size_t n, FILE *out)
{
    for (uint32_t i = 0; i < n; i++) {
        struct link_unit m = {.unit = i,
                              .dead_man_ms = guard_bound_ms(loader_dead_man_ms(units, n, s->grace_ms), s->grace_ms),
                              .device = units[i]};
        link_message_head(&m, LINK_UNIT, sizeof(m));
        if (fwrite(&m, sizeof(m), 1, out) != 1)
            return -EIO;
    }
    return 0;
}

static int inspect(const struct host_settings *s, struct inspection *i, struct modality_device *units)
{
    char reason[LINK_TEXT_MAX];
    const struct modality_plugin *plugin = NULL;
    if (loader_load(s->plugin_path, &plugin, reason, sizeof(reason)) < 0) {
        fprintf(i->out, "%s\t%s\n", settings_origin(s, "plugin"), reason);
        return -EINVAL;
    }
    struct modality_config config = settings_config(s);
    size_t n = 0;
    int r = plugin->describe(&i->services.table, &config, units, MODALITY_UNITS_MAX, &n);
    if (r < 0 || i->services.faults > 0) {
        if (i->services.faults == 0)
            fprintf(i->out, "%s\tplugin %s refuses the configuration without saying why\n",
                    settings_origin(s, "plugin"), s->plugin_path);
        return -EINVAL;
    }
    if (loader_check_units(units, n, reason, sizeof(reason)) < 0) {
        fprintf(i->out, "%s\t%s\n", settings_origin(s, "plugin"), reason);
        return -EINVAL;
    }
    loader_grant_slice(units, n, s->slice_ms);
    r = load_check(s, units, n, i->out);
    return r < 0 ? r : units_write(s, units, n, i->out);
}

int host_inspect(FILE *in, FILE *out)
{
    struct host_settings settings = {0};
    struct inspection i = {.out = out};
    struct modality_device *units = calloc(MODALITY_UNITS_MAX, sizeof(*units));
    int r = units ? settings_read(&settings, in) : -ENOMEM;
    if (r < 0) {
        fprintf(out, "modality-host\tinput is not the form of daemon/link/check.c, or its clocks are impossible\n");
    } else {
        sandbox_enter_given(
            &(struct sandbox){.reach = SANDBOX_NO_DEVICE, .plugin_path = settings.plugin_path, .holder_fd = -1});
        services_init(&i.services, NULL, settings.link, fault_print);
        r = inspect(&settings, &i, units);
    }
    free(units);
    settings_free(&settings);
    return fflush(out) != 0 || r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
