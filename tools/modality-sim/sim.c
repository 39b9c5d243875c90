/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include <errno.h>
#include <modality/clock.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "endpoint.h"
#include "environment.h"
#include "front/usb_bus.h"
#include "front/usbredir.h"

static int complain(int r, const char *what, const char *name)
{
    fprintf(stderr, "modality-sim: %s: %s: %s\n", name, what, strerror(-r));
    return r;
}

struct device *sim_device(const struct sim *sim, const char *name)
{
    for (unsigned i = 0; i < sim->device_count; i++)
        if (strcmp(sim->devices[i]->name, name) == 0)
            return sim->devices[i];
    return NULL;
}

static bool takes_any_port(const char *endpoint)
{
    size_t length = strlen(endpoint);
    return length >= 2 && strcmp(endpoint + length - 2, ":0") == 0;
}

/* The line a device belongs to: a named neighbour's, one with the same endpoint, or a new one. */
static struct line *line_for(struct sim *sim, const struct options_device *d)
{
    if (d->with[0]) {
        struct device *neighbour = sim_device(sim, d->with);
        return neighbour ? neighbour->line : NULL;
    }
    bool any_port = d->line_kind == LINE_TCP && takes_any_port(d->endpoint);
    for (struct line *line = sim->lines; line && !any_port; line = line->next)
        if (line->kind == d->line_kind && strcmp(line->endpoint, d->endpoint) == 0)
            return line;
    struct line *line = line_new(sim->loop, &sim->trace, d->line_kind, d->endpoint);
    if (line) {
        line->next = sim->lines;
        sim->lines = line;
    }
    return line;
}

static int unit_add(struct sim *sim, struct device *device, const struct options_device *d)
{
    struct usb_unit_options options = {.serial = d->has_usb_serial ? d->usb_serial : NULL};
    memcpy(options.port, d->usb_port, sizeof options.port);
    struct usb_unit *unit = usb_unit_new(device, &sim->carrier, &options);
    if (!unit)
        return complain(-ENOMEM, "cannot make its plugs", d->name);
    sim->units[sim->unit_count++] = unit;
    return 0;
}

static int device_add(struct sim *sim, const struct options_device *d)
{
    struct line *line = d->usb_port[0] ? NULL : line_for(sim, d);
    if (!line && !d->usb_port[0])
        return complain(-ENOENT, "no line, or no such device to share it with", d->name);
    if (line && d->baud)
        line->baud = d->baud;
    struct device *device = device_new(sim->loop, &sim->trace, &d->device);
    if (!device)
        return complain(-ENOMEM, "cannot make the device", d->name);
    sim->devices[sim->device_count++] = device;
    if (!line)
        return unit_add(sim, device, d);
    int r = line_add_unit(line, device);
    return r < 0 ? complain(r, "its unit number on this line", d->name) : 0;
}

static int machine_open(struct sim *sim, const char *folder)
{
    sim->machine = usbredir_new(sim->loop, folder);
    if (!sim->machine)
        return complain(-errno, "cannot make", "a machine's USB ports");
    sim->carrier = usbredir_carrier(sim->machine);
    return 0;
}

static int bus_open(struct sim *sim)
{
    sim->bus = usb_bus_new(sim->loop);
    if (!sim->bus)
        return complain(-errno, "cannot make", "the USB bus");
    sim->carrier = usb_bus_carrier(sim->bus);
    return 0;
}

static void sample_due(void *ctx, int64_t now_ns)
{
    struct sim *sim = ctx;
    for (unsigned i = 0; i < sim->device_count; i++)
        device_sample(sim->devices[i]);
    loop_timer_arm(sim->loop, &sim->sample_timer, now_ns + sim->sample_ms * NS_PER_MS);
}

static int endpoints_open(struct sim *sim)
{
    for (struct line *line = sim->lines; line; line = line->next) {
        int r = line_open(line);
        if (r < 0)
            return complain(r, "cannot open", line->endpoint);
    }
    for (unsigned i = 0; i < sim->device_count; i++) {
        const struct device *d = sim->devices[i];
        trace_device(&sim->trace, d->name, d->page.kind->model->name, endpoint_link(d), d->unit);
    }
    for (unsigned i = 0; i < sim->unit_count; i++) {
        int r = usb_unit_plug(sim->units[i], USB_UNIT_ALL);
        if (r < 0)
            return complain(r, "cannot plug in", usb_unit_link(sim->units[i]));
    }
    return 0;
}

int sim_open(struct sim *sim, const struct options *options)
{
    *sim = (struct sim){.sample_ms = options->sample_ms};
    sim->trace.fd = -1;
    sim->loop = loop_new();
    if (!sim->loop)
        return complain(-ENOMEM, "cannot make", "event loop");
    int r = trace_open(&sim->trace, options->trace);
    if (r < 0)
        return complain(r, "cannot open", options->trace);
    sim->trace.reads = options->trace_reads;
    if (r == 0 && options->usb)
        r = options->qemu ? machine_open(sim, options->qemu) : bus_open(sim);
    for (unsigned i = 0; i < options->device_count && r == 0; i++)
        r = device_add(sim, &options->devices[i]);
    if (r == 0)
        r = endpoints_open(sim);
    if (r == 0 && sim->sample_ms) {
        sim->sample_timer = (struct loop_timer){.fn = sample_due, .ctx = sim};
        loop_timer_arm(sim->loop, &sim->sample_timer, clock_monotonic_ns());
    }
    return r;
}

void sim_close(struct sim *sim)
{
    while (sim->lines) {
        struct line *line = sim->lines;
        sim->lines = line->next;
        line_free(line);
    }
    for (unsigned i = 0; i < sim->unit_count; i++)
        usb_unit_free(sim->units[i]);
    usb_bus_free(sim->bus);
    usbredir_free(sim->machine);
    for (unsigned i = 0; i < sim->device_count; i++)
        device_free(sim->devices[i]);
    trace_close(&sim->trace);
    loop_free(sim->loop);
}

int sim_announce(const struct sim *sim)
{
    printf("{\"ready\":true,\"pid\":%d,\"devices\":{", (int)getpid());
    for (unsigned i = 0; i < sim->device_count; i++) {
        const struct device *d = sim->devices[i];
        printf("%s\"%s\":{\"kind\":\"%s\",\"link\":\"%s\",\"unit\":%u,\"serial\":%u}", i ? "," : "", d->name,
               d->page.kind->model->name, endpoint_link(d), d->unit, d->page.identity.serial);
    }
    printf("}");
    if (sim->bus)
        environment_print(usb_bus_folder(sim->bus));
    printf("}\n");
    return fflush(stdout) == 0 ? 0 : -errno;
}
