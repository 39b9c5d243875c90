/* SPDX-License-Identifier: Apache-2.0 */
#include "carrier.h"

#include <errno.h>
#include <stddef.h>

#include "common/usb_cdc.h"
#include "twins.h"

/* What the maker's program tells them; behind their USB it means nothing electrically. */
static const struct serial_line device_line = {.baud = 921600, .parity = 'N', .stop_bits = 1};

void carrier_begin(struct carrier *c, const struct modality_services *services, const struct lifu_config *config,
                   enum lifu_side side)
{
    *c = (struct carrier){.services = services, .config = config, .side = side};
}

/* The port's own transport, but that closing it is remembered: it may be opened again. */
static int carrier_write(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    struct transport t = usb_port_transport(((struct carrier *)ctx)->port);
    return t.write(t.ctx, bytes, n, deadline_ns);
}

static int carrier_read(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    struct transport t = usb_port_transport(((struct carrier *)ctx)->port);
    return t.read(t.ctx, bytes, size, deadline_ns, n);
}

static void carrier_close(void *ctx)
{
    struct carrier *c = ctx;
    usb_port_close(c->port);
    c->port = NULL;
}

static bool rest_owed(const struct modality_services *s)
{
    const size_t known = offsetof(struct modality_services, rest_owed) + sizeof s->rest_owed;
    return s->size >= known && s->rest_owed(s->ctx);
}

static int open_named(struct carrier *c, int64_t deadline_ns, char why[USB_WHY_MAX])
{
    int r = usb_cdc_open(&c->config->names[c->side], &device_line, deadline_ns, why, &c->port);
    if (r == -ENODEV && rest_owed(c->services))
        r = twins_open(c->config, c->side, &device_line, deadline_ns, why, &c->port);
    return r;
}

/* One that is open is made usable again as it is: opening it anew would let another process come between. */
static int carrier_open(void *ctx, int64_t deadline_ns, struct transport *out)
{
    struct carrier *c = ctx;
    char why[USB_WHY_MAX] = "";
    int r = c->port ? usb_port_recover(c->port, deadline_ns) : open_named(c, deadline_ns, why);
    if (r < 0) {
        if (why[0])
            c->services->log(c->services->ctx, r == -ENODEV ? MODALITY_LOG_INFO : MODALITY_LOG_WARNING, "%s: %s",
                             c->config->id, why);
        return r;
    }
    *out = (struct transport){.ctx = c, .write = carrier_write, .read = carrier_read, .close = carrier_close};
    return 0;
}

static void carrier_toward_rest(void *ctx, bool on)
{
    const struct carrier *c = ctx;
    if (c->port)
        usb_port_toward_rest(c->port, on);
}

struct transport_wire carrier_wire(struct carrier *c)
{
    return (struct transport_wire){.ctx = c, .open = carrier_open, .toward_rest = carrier_toward_rest};
}
