/* SPDX-License-Identifier: Apache-2.0 */
#include "carrier.h"

#include <errno.h>

#include "common/ftdi_link.h"
#include "common/transport_fd.h"
#include "modality/clock.h"

static const struct serial_line device_line = {.baud = 460800, .parity = 'E', .stop_bits = 1};

/* A terminal has no end of what it may still say: silence as long as a USB port waits for. */
#define SILENCE_NS USB_SILENCE_NS

void carrier_begin(struct carrier *c, const struct modality_services *services, const struct sm2_config *config)
{
    *c = (struct carrier){.services = services, .config = config};
}

static int open_usb(struct carrier *c, int64_t deadline_ns, struct transport *out)
{
    char why[USB_WHY_MAX] = "";
    int r = ftdi_link_open(&c->config->name, &device_line, deadline_ns, why, &c->port);
    if (r == 0)
        *out = usb_port_transport(c->port);
    else
        c->services->log(c->services->ctx, r == -ENODEV ? MODALITY_LOG_INFO : MODALITY_LOG_WARNING, "%s: %s",
                         c->config->id, why);
    return r == -EINVAL ? -EIO : r;
}

static int open_terminal(struct carrier *c, struct transport *out)
{
    bool parity_lost = false;
    int fd = -1, r = serial_open(c->config->path, &device_line, &parity_lost, &fd);
    if (r < 0)
        return r;
    if (parity_lost)
        c->services->log(c->services->ctx, MODALITY_LOG_WARNING, "%s: its link is a pseudo terminal, without parity",
                         c->config->id);
    *out = c->terminal = transport_of_fd(fd);
    return 0;
}

static int carrier_open(void *ctx, int64_t deadline_ns, struct transport *out)
{
    struct carrier *c = ctx;
    return c->config->usb ? open_usb(c, deadline_ns, out) : open_terminal(c, out);
}

static int recover_terminal(const struct transport *t, int64_t deadline_ns)
{
    uint8_t dropped[256];
    size_t n;
    for (;;) {
        int64_t quiet = clock_monotonic_ns() + SILENCE_NS;
        int r = t->read(t->ctx, dropped, sizeof dropped, quiet < deadline_ns ? quiet : deadline_ns, &n);
        if (r < 0)
            return r == -EAGAIN && quiet <= deadline_ns ? 0 : r;
    }
}

static int carrier_recover(void *ctx, int64_t deadline_ns)
{
    struct carrier *c = ctx;
    return c->port ? usb_port_recover(c->port, deadline_ns) : recover_terminal(&c->terminal, deadline_ns);
}

static void carrier_toward_rest(void *ctx, bool on)
{
    struct carrier *c = ctx;
    if (c->port)
        usb_port_toward_rest(c->port, on);
}

struct transport_wire carrier_wire(struct carrier *c)
{
    return (struct transport_wire){
        .ctx = c, .open = carrier_open, .recover = carrier_recover, .toward_rest = carrier_toward_rest};
}

const char *carrier_serial(const struct carrier *c)
{
    return c->port ? usb_port_seen(c->port)->serial : "";
}
