/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's descriptor, and its link over USB. One link carries one device: HASOMED P24, eight channels of
 * stimulation, in mid level, where the device repeats the pulses and its watchdog counts.
 */
#include <errno.h>
#include <stdlib.h>

#include "common/usb_cdc.h"
#include "common/usb_scan.h"
#include "unit.h"
#include "usb_match.h"

/* Written for this ABI; the macro would follow the header it is compiled with. */
#define ABI_WRITTEN_FOR 3

/* A link and what carries it. */
struct usb_link {
    struct modality_link link; /* first: the host's pointer */
    struct usb_port *port;     /* owned while the link is open */
};

/* The device's line settings (instructions for use, table 1); behind its USB they mean nothing electrically. */
static const struct serial_line line = {.baud = 3000000, .parity = 'N', .stop_bits = 2};

static int wire_open(void *ctx, int64_t deadline_ns, struct transport *out)
{
    struct usb_link *l = ctx;
    char why[USB_WHY_MAX] = "";
    int r = usb_cdc_open(&l->link.config.name, &line, deadline_ns, why, &l->port);
    if (r < 0) {
        l->link.services->log(l->link.services->ctx, r == -ENODEV ? MODALITY_LOG_INFO : MODALITY_LOG_WARNING, "%s: %s",
                              l->link.config.id, why);
        return r;
    }
    *out = usb_port_transport(l->port);
    return 0;
}

static int wire_recover(void *ctx, int64_t deadline_ns)
{
    const struct usb_link *l = ctx;
    return usb_port_recover(l->port, deadline_ns);
}

static void wire_toward_rest(void *ctx, bool on)
{
    const struct usb_link *l = ctx;
    usb_port_toward_rest(l->port, on);
}

static int api_describe(const struct modality_services *services, const struct modality_config *lines,
                        struct modality_device *units, size_t max_units, size_t *n_units)
{
    struct sm4_config config;
    int r = sm4_config_read(services, lines, &config);
    if (r < 0 || max_units < 1)
        return -EINVAL;
    sm4_config_describe(&config, &units[0]);
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
    struct usb_link *l = calloc(1, sizeof *l);
    if (!l)
        return -EIO;
    l->link.services = services;
    l->link.wire =
        (struct transport_wire){.ctx = l, .open = wire_open, .recover = wire_recover, .toward_rest = wire_toward_rest};
    int r = sm4_config_read(services, lines, &l->link.config);
    if (r == 0) {
        sm4_config_describe(&l->link.config, &l->link.device);
        r = unit_open(&l->link, deadline_ns);
    }
    if (r < 0) {
        api_close(&l->link);
        return r;
    }
    *out = &l->link;
    return 0;
}

static const struct usb_match table[] = {SM4_USB_MATCHES(USB_MATCH_ROW)};

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
    .name = "sciencemode4",
    .version = MODALITY_VERSION,
    .maturity = "experimental",
    .links = LINK_KIND_USB,
    .n_keys = SM4_KEY_COUNT,
    .keys = sm4_keys,
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
