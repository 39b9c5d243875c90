/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's descriptor, and opening and closing its link. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "carrier.h"
#include "common/usb_scan.h"
#include "config.h"
#include "unit.h"
#include "usb_match.h"

/* Written for this ABI; the macro would follow the header it is compiled with. */
#define ABI_WRITTEN_FOR 3

/* A link with what it refers to. */
struct owned_link {
    struct modality_link link; /* first: what the host has is its address */
    struct carrier carrier;
};

static int api_describe(const struct modality_services *services, const struct modality_config *lines,
                        struct modality_device *units, size_t max_units, size_t *n_units)
{
    struct sm2_config config;
    int r = sm2_config_read(services, lines, &config);
    if (r < 0)
        return r;
    if (max_units < 1)
        return -EINVAL;
    sm2_config_describe(&config, &units[0]);
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
    int r = sm2_config_read(services, lines, &link->config);
    if (r == 0) {
        carrier_begin(&owned->carrier, services, &link->config);
        link->services = services;
        link->wire = carrier_wire(&owned->carrier);
        r = unit_open(link, deadline_ns);
    }
    if (r < 0) {
        api_close(link);
        return r;
    }
    snprintf(link->serial, sizeof link->serial, "%s", carrier_serial(&owned->carrier));
    *out = link;
    return 0;
}

static const struct usb_match table[] = {SM2_USB_MATCHES(USB_MATCH_ROW)};

static int api_scan(const struct modality_services *services, void *ctx,
                    void (*found)(void *ctx, const struct modality_found *unit))
{
    (void)services;
    return usb_scan_each(table, sizeof table / sizeof *table, ctx, found);
}

static const struct modality_plugin descriptor = {
    .abi = ABI_WRITTEN_FOR,
    .size = sizeof(struct modality_plugin),
    .device_size = sizeof(struct modality_device),
    .status_size = sizeof(struct modality_status),
    .name = "sciencemode2",
    .version = MODALITY_VERSION,
    .maturity = "experimental",
    .links = LINK_KIND_USB | LINK_KIND_SERIAL,
    .n_keys = SM2_KEY_COUNT,
    .keys = sm2_keys,
    .describe = api_describe,
    .open = api_open,
    .identify = unit_identify,
    .status = unit_status,
    .apply = unit_apply,
    .start = unit_start,
    .stop = unit_stop,
    .make_safe = unit_make_safe,
    .keepalive = unit_keepalive,
    .reopen = unit_reopen,
    .close = api_close,
    .scan = api_scan,
};

__attribute__((visibility("default"))) const struct modality_plugin *modality_plugin(void)
{
    return &descriptor;
}
