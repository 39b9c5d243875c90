/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's descriptor, and opening and closing its link. One link carries one unit: Openwater's Open-LIFU, a
 * console that makes the voltage and a transmitter that makes the pulses.
 */
#include <errno.h>
#include <stdlib.h>

#include "carrier.h"
#include "scan.h"
#include "unit.h"

/* Written for this ABI; the macro would follow the header it is compiled with. */
#define ABI_WRITTEN_FOR 3

/* A link with what it refers to. */
struct owned_link {
    struct modality_link link; /* first: what the host has is its address */
    struct carrier carrier[LIFU_SIDES];
};

static int api_describe(const struct modality_services *services, const struct modality_config *lines,
                        struct modality_device *units, size_t max_units, size_t *n_units)
{
    struct lifu_config config;
    int r = lifu_config_read(services, lines, &config);
    if (r < 0 || max_units < 1)
        return -EINVAL;
    lifu_config_describe(&config, &units[0]);
    *n_units = 1;
    return 0;
}

static void api_close(struct modality_link *link)
{
    if (!link)
        return;
    unit_close(link);
    free(link);
}

static int api_open(const struct modality_services *services, const struct modality_config *lines, int64_t deadline_ns,
                    struct modality_link **out)
{
    struct owned_link *owned = calloc(1, sizeof *owned);
    if (!owned)
        return -EIO;
    struct modality_link *link = &owned->link;
    link->services = services;
    int r = lifu_config_read(services, lines, &link->config);
    if (r == 0) {
        lifu_config_describe(&link->config, &link->device);
        for (int side = 0; side < LIFU_SIDES; side++) {
            carrier_begin(&owned->carrier[side], services, &link->config, (enum lifu_side)side);
            link->wire[side] = carrier_wire(&owned->carrier[side]);
        }
        r = unit_open(link, deadline_ns);
    }
    if (r < 0) {
        api_close(link);
        return r;
    }
    *out = link;
    return 0;
}

static const struct modality_plugin descriptor = {
    .abi = ABI_WRITTEN_FOR,
    .size = sizeof(struct modality_plugin),
    .device_size = sizeof(struct modality_device),
    .status_size = sizeof(struct modality_status),
    .name = "openlifu",
    .version = MODALITY_VERSION,
    .maturity = "experimental",
    .links = LINK_KIND_USB,
    .n_keys = LIFU_KEY_COUNT,
    .keys = lifu_keys,
    .describe = api_describe,
    .open = api_open,
    .identify = unit_identify,
    .status = unit_status,
    .apply = unit_apply,
    .start = unit_start,
    .stop = unit_stop,
    .make_safe = unit_make_safe,
    .keepalive = NULL, /* neither device watches its host */
    .reopen = unit_reopen,
    .close = api_close,
    .scan = lifu_scan,
};

__attribute__((visibility("default"))) const struct modality_plugin *modality_plugin(void)
{
    return &descriptor;
}
