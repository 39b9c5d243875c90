/* SPDX-License-Identifier: Apache-2.0 */
#include "front/usb_unit.h"

#include <modality/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUS 1
#define USB_CUT_MS 200 /* that a plug is out when a fault cuts it in place of an answer */

#define BURST_MAX 2048
#define IDLE_NS (2 * NS_PER_MS) /* after full packets: that nothing follows */

struct plug {
    struct usb_unit *unit;
    const struct usb_plug_kind *kind;
    unsigned port;
    char serial_text[USB_STRING_MAX];
    struct usb_serial *serial;
    void *front;
    bool in, held;
    struct loop_timer pull, back;
    uint8_t burst[BURST_MAX];
    size_t burst_length;
    struct loop_timer idle;
};

struct usb_unit {
    struct device *device;             /* not owned */
    const struct usb_carrier *carrier; /* not owned */
    const struct usb_kind *kind;
    struct plug plug[USB_PLUGS_MAX];
    char link[USB_LINK_MAX];
};

/* ---- what passes a plug ---- */

static void burst_over(void *ctx, int64_t now_ns)
{
    struct plug *p = ctx;
    size_t n = p->burst_length;
    (void)now_ns;
    p->burst_length = 0;
    loop_timer_cancel(p->unit->device->loop, &p->idle);
    if (n > 0)
        p->unit->kind->receive(p->front, p->burst, n);
}

static void received(void *ctx, const uint8_t *bytes, size_t n)
{
    struct plug *p = ctx;
    if (!p->unit->kind->bursts) {
        p->unit->kind->receive(p->front, bytes, n);
        return;
    }
    if (n > sizeof p->burst - p->burst_length)
        p->burst_length = 0; /* more than it has room for: it begins anew */
    memcpy(p->burst + p->burst_length, bytes, n);
    p->burst_length += n;
    int64_t now_ns = clock_monotonic_ns();
    if (n < usb_gadget_packet(usb_serial_gadget(p->serial), usb_serial_out(p->serial)))
        burst_over(p, now_ns);
    else
        loop_timer_arm(p->unit->device->loop, &p->idle, now_ns + IDLE_NS);
}

static void held(void *ctx, bool now)
{
    struct plug *p = ctx;
    p->held = now;
    p->burst_length = 0;
    if (now)
        p->unit->kind->open(p->front);
    else
        p->unit->kind->close(p->front);
}

static void send_bytes(void *ctx, const uint8_t *bytes, size_t length)
{
    usb_serial_send(((struct plug *)ctx)->serial, bytes, length);
}

/* ---- in and out ---- */

static void trace_plug(const struct plug *p, const char *event, const char *cause)
{
    char name[32];
    snprintf(name, sizeof name, "usb:%d-%u", BUS, p->port);
    trace_link(p->unit->device->trace, event, name, 0, cause);
}

static void pull(struct plug *p)
{
    const struct usb_unit *unit = p->unit;
    loop_timer_cancel(unit->device->loop, &p->pull);
    if (!p->in)
        return;
    p->in = false;
    if (unit->kind->pulled) /* the power is gone at once, a bus takes its time */
        unit->kind->pulled(p->front);
    unit->carrier->pull(unit->carrier->ctx, p->port);
    trace_plug(p, "absent", "injected");
}

static int put_in(struct plug *p)
{
    const struct usb_unit *unit = p->unit;
    loop_timer_cancel(unit->device->loop, &p->back);
    if (p->in)
        return 0;
    usb_serial_reset(p->serial);
    if (unit->kind->plugged)
        unit->kind->plugged(p->front);
    int r = unit->carrier->plug(unit->carrier->ctx, p->port, usb_serial_gadget(p->serial), p->kind->driver);
    if (r < 0)
        return r;
    p->in = true;
    trace_plug(p, "listen", "switch_on");
    return 0;
}

static void pull_due(void *ctx, int64_t now_ns)
{
    (void)now_ns;
    pull(ctx);
}

static void back_due(void *ctx, int64_t now_ns)
{
    (void)now_ns;
    (void)put_in(ctx); /* a bus without addresses left keeps it out */
}

/* A device may pull its own plug while it answers: when the loop turns next. It comes back as after a loose contact. */
static void cut(void *ctx)
{
    struct plug *p = ctx;
    int64_t now_ns = clock_monotonic_ns();
    loop_timer_arm(p->unit->device->loop, &p->pull, now_ns);
    loop_timer_arm(p->unit->device->loop, &p->back, now_ns + USB_CUT_MS * NS_PER_MS);
}

/* ---- a plug or all ---- */

/* The first and the last of those that are meant; false: there is no such plug. */
static bool span_of(const struct usb_unit *unit, unsigned plug, unsigned *first, unsigned *end)
{
    *first = plug == USB_UNIT_ALL ? 0 : plug - 1;
    *end = plug == USB_UNIT_ALL ? unit->kind->plugs : plug;
    return *end <= unit->kind->plugs;
}

int usb_unit_plug(struct usb_unit *unit, unsigned plug)
{
    unsigned first, end;
    int r = span_of(unit, plug, &first, &end) ? 0 : -EINVAL;
    for (unsigned i = first; r == 0 && i < end; i++)
        r = put_in(&unit->plug[i]);
    return r;
}

int usb_unit_pull(struct usb_unit *unit, unsigned plug, int64_t ms)
{
    unsigned first, end;
    if (!span_of(unit, plug, &first, &end))
        return -EINVAL;
    int64_t back_ns = ms > 0 ? clock_monotonic_ns() + ms * NS_PER_MS : LOOP_NEVER;
    for (unsigned i = first; i < end; i++) {
        pull(&unit->plug[i]);
        loop_timer_arm(unit->device->loop, &unit->plug[i].back, back_ns);
    }
    return 0;
}

static uint8_t endpoint_of(const struct plug *p, enum usb_endpoint endpoint)
{
    if (endpoint == USB_ENDPOINT_REQUESTS)
        return 0;
    return endpoint == USB_ENDPOINT_IN ? usb_serial_in(p->serial) : usb_serial_out(p->serial);
}

int usb_unit_stall(struct usb_unit *unit, unsigned plug, enum usb_endpoint endpoint, bool stalls)
{
    unsigned first, end;
    if (!span_of(unit, plug, &first, &end))
        return -EINVAL;
    for (unsigned i = first; i < end; i++) {
        struct usb_gadget *gadget = usb_serial_gadget(unit->plug[i].serial);
        if (endpoint == USB_ENDPOINT_REQUESTS)
            gadget->refuses = stalls;
        else if (stalls)
            usb_gadget_halt(gadget, endpoint_of(&unit->plug[i], endpoint));
    }
    return 0;
}

int usb_unit_deafen(struct usb_unit *unit, unsigned plug, enum usb_endpoint endpoint, bool deaf)
{
    unsigned first, end;
    if (!span_of(unit, plug, &first, &end))
        return -EINVAL;
    for (unsigned i = first; i < end; i++)
        usb_gadget_deafen(usb_serial_gadget(unit->plug[i].serial), endpoint_of(&unit->plug[i], endpoint), deaf);
    return 0;
}

int usb_unit_babble(struct usb_unit *unit, unsigned plug, int bytes)
{
    unsigned first, end;
    if (!span_of(unit, plug, &first, &end))
        return -EINVAL;
    for (unsigned i = first; i < end; i++)
        usb_gadget_babble(usb_serial_gadget(unit->plug[i].serial), usb_serial_in(unit->plug[i].serial), bytes);
    return 0;
}

void usb_unit_tell(struct usb_unit *unit)
{
    for (unsigned i = 0; unit->kind->tell && i < unit->kind->plugs; i++)
        unit->kind->tell(unit->plug[i].front);
}

/* ---- what it is ---- */

const char *usb_unit_link(const struct usb_unit *unit)
{
    return unit->link;
}

unsigned usb_unit_plugs(const struct usb_unit *unit)
{
    return unit->kind->plugs;
}

bool usb_unit_is_in(const struct usb_unit *unit, unsigned plug)
{
    return unit->plug[plug - 1].in;
}

unsigned usb_unit_held(const struct usb_unit *unit)
{
    unsigned n = 0;
    for (unsigned i = 0; i < unit->kind->plugs; i++)
        n += unit->plug[i].held;
    return n;
}

const char *usb_unit_driver(const struct usb_unit *unit, unsigned plug, unsigned interface)
{
    const struct plug *p = &unit->plug[plug - 1];
    if (interface >= usb_serial_gadget(p->serial)->config[4])
        return NULL;
    return unit->carrier->driver ? unit->carrier->driver(unit->carrier->ctx, p->port, interface) : "";
}

const struct usb_serial_line *usb_unit_line(const struct usb_unit *unit, unsigned plug)
{
    return usb_serial_line(unit->plug[plug - 1].serial);
}

/* ---- making ---- */

static int plug_make(struct plug *p, unsigned index, const struct usb_unit_options *options)
{
    struct usb_unit *unit = p->unit;
    struct usb_identity identity = unit->kind->plug[index].identity;
    const struct usb_serial_user user = {.received = received, .held = held, .ctx = p};
    p->kind = &unit->kind->plug[index];
    p->port = options->port[index];
    p->pull = (struct loop_timer){.fn = pull_due, .ctx = p};
    p->back = (struct loop_timer){.fn = back_due, .ctx = p};
    p->idle = (struct loop_timer){.fn = burst_over, .ctx = p};
    if (options->serial)
        snprintf(p->serial_text, sizeof p->serial_text, "%s%s", options->serial,
                 options->serial[0] ? p->kind->suffix : "");
    else
        snprintf(p->serial_text, sizeof p->serial_text, "SIM%u%s", unit->device->page.identity.serial, p->kind->suffix);
    identity.serial = p->serial_text[0] ? p->serial_text : NULL;
    p->serial = usb_serial_new(unit->device->loop, p->kind->serial, &identity, &user);
    p->front = unit->kind->make(unit->device, index, (struct usb_front_user){.send = send_bytes, .cut = cut, .ctx = p});
    return p->serial && p->front ? 0 : -ENOMEM;
}

static void link_write(struct usb_unit *unit)
{
    size_t used = (size_t)snprintf(unit->link, sizeof unit->link, "usb:");
    for (unsigned i = 0; i < unit->kind->plugs; i++) {
        const struct usb_identity *id = &unit->plug[i].kind->identity;
        used += (size_t)snprintf(unit->link + used, sizeof unit->link - used, "%s%04x:%04x,port=%d-%u", i ? "+" : "",
                                 id->vendor, id->product, BUS, unit->plug[i].port);
    }
}

struct usb_unit *usb_unit_new(struct device *device, const struct usb_carrier *carrier,
                              const struct usb_unit_options *options)
{
    const struct usb_kind *kind = usb_kind_of(device->page.kind);
    struct usb_unit *unit = kind ? calloc(1, sizeof *unit) : NULL;
    int r = unit ? 0 : -ENOMEM;
    if (!unit)
        return NULL;
    unit->device = device;
    unit->carrier = carrier;
    unit->kind = kind;
    for (unsigned i = 0; i < kind->plugs; i++)
        unit->plug[i].unit = unit;
    for (unsigned i = 0; r == 0 && i < kind->plugs; i++)
        r = plug_make(&unit->plug[i], i, options);
    if (r < 0) {
        usb_unit_free(unit);
        return NULL;
    }
    link_write(unit);
    device->usb = unit;
    return unit;
}

void usb_unit_free(struct usb_unit *unit)
{
    if (!unit)
        return;
    for (unsigned i = 0; i < unit->kind->plugs; i++) {
        struct plug *p = &unit->plug[i];
        pull(p);
        loop_timer_cancel(unit->device->loop, &p->back);
        loop_timer_cancel(unit->device->loop, &p->idle);
        usb_serial_free(p->serial);
        if (p->front)
            unit->kind->end(p->front);
    }
    unit->device->usb = NULL;
    free(unit);
}
