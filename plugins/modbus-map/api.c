/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's descriptor, and opening and closing its link. Devices described by a register map in INI alone, on
 * Modbus TCP or RTU; one link may carry several units.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/serial_scan.h"
#include "keys.h"
#include "map.h"
#include "modality/plugin.h"
#include "unit.h"

/* Written for this ABI; the macro would follow the header it is compiled with. */
#define ABI_WRITTEN_FOR 3

static int api_describe(const struct modality_services *services, const struct modality_config *lines,
                        struct modality_device *units, size_t max_units, size_t *n_units)
{
    struct map_config *config;
    int r = map_read(services, lines, &config);
    if (r < 0)
        return r == -ENOMEM ? -EIO : r;
    if (config->n_units > max_units) {
        services->config_error(services->ctx, lines->lines[0].origin, "%zu devices on one link, room for %zu",
                               config->n_units, max_units);
        map_free(config);
        return -EINVAL;
    }
    for (size_t i = 0; i < config->n_units; i++)
        map_describe(config, i, &units[i]);
    *n_units = config->n_units;
    map_free(config);
    return 0;
}

static void api_close(struct modality_link *link)
{
    if (!link)
        return;
    modbus_line_close(link->line);
    map_free(link->config);
    free(link);
}

static int api_open(const struct modality_services *services, const struct modality_config *lines, int64_t deadline_ns,
                    struct modality_link **out)
{
    struct modality_link *link = calloc(1, sizeof *link);
    if (!link)
        return -EIO;
    link->services = services;
    int r = map_read(services, lines, &link->config);
    if (r == 0)
        r = modbus_line_open(&link->config->units[0].line, deadline_ns, &link->line);
    if (r < 0) {
        api_close(link);
        return r == -ENOMEM ? -EIO : r;
    }
    *out = link;
    return 0;
}

static int api_reopen(struct modality_link *link, int64_t deadline_ns)
{
    return modbus_line_reopen(link->line, deadline_ns);
}

/* Lines, not units: who answers on one is not asked by looking. */
static int api_scan(const struct modality_services *services, void *ctx,
                    void (*found)(void *ctx, const struct modality_found *unit))
{
    (void)services;
    return serial_scan(SERIAL_BY_ID, ctx, found);
}

static const struct modality_plugin descriptor = {
    .abi = ABI_WRITTEN_FOR,
    .size = sizeof(struct modality_plugin),
    .device_size = sizeof(struct modality_device),
    .status_size = sizeof(struct modality_status),
    .name = "modbus-map",
    .version = MODALITY_VERSION,
    .maturity = "experimental",
    .links = LINK_KIND_TCP | LINK_KIND_SERIAL,
    .n_keys = KEY_COUNT,
    .keys = key_descriptions,
    .describe = api_describe,
    .open = api_open,
    .identify = unit_identify,
    .status = unit_status,
    .apply = unit_apply,
    .start = unit_start,
    .stop = unit_stop,
    .make_safe = unit_make_safe,
    .keepalive = unit_keepalive,
    .reopen = api_reopen,
    .close = api_close,
    .scan = api_scan,
};

__attribute__((visibility("default"))) const struct modality_plugin *modality_plugin(void)
{
    return &descriptor;
}
