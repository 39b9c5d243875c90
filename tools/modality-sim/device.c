/* SPDX-License-Identifier: Apache-2.0 */
#include "device.h"

#include <modality/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/openlifu_front.h"
#include "front/p24_front.h"
#include "front/rehastim2_front.h"

static const struct page_kind *const kinds[] = {
    &page_refstim, &page_refus, &page_reflaser,  &page_refcold,  &page_refgalv, &page_tcmidi,
    &page_julabo,  &page_p24,   &page_rehastim2, &page_openlifu, NULL};

const struct page_kind *device_kind_find(const char *name)
{
    for (const struct page_kind *const *kind = kinds; *kind; kind++)
        if (strcmp((*kind)->model->name, name) == 0)
            return *kind;
    return NULL;
}

static void output_changed(void *ctx, unsigned channel, const struct model_output *output, enum cause cause,
                           int64_t t_ns)
{
    struct device *device = ctx;
    const struct model_channel_kind *kind = &device->page.kind->model->channel[channel];
    trace_output(device->trace, device->name, kind->quantity, channel, output, cause, t_ns);
}

static void timer_due(void *ctx, int64_t now_ns)
{
    struct device *device = ctx;
    model_advance(device->model, now_ns);
    device_settle(device);
}

struct device *device_new(struct loop *loop, struct trace *trace, const struct device_options *options)
{
    struct device *device = calloc(1, sizeof *device);
    if (!device)
        return NULL;
    snprintf(device->name, sizeof device->name, "%s", options->name);
    device->unit = options->unit;
    device->loop = loop;
    device->trace = trace;
    device->timer = (struct loop_timer){.fn = timer_due, .ctx = device};
    device->page.kind = options->kind; /* its model tells the trace at once */
    struct model_sink sink = {.changed = output_changed, .ctx = device};
    device->model = model_new(options->kind->model, sink, clock_monotonic_ns());
    if (!device->model) {
        free(device);
        return NULL;
    }
    page_init(&device->page, options->kind, device->model, &options->identity);
    for (unsigned i = 0; i < options->kind->model->tunings; i++)
        (void)model_tune(device->model, i, options->tuning[i]); /* checked by whoever filled the options */
    device_settle(device); /* some devices do something as soon as they have power */
    return device;
}

void device_free(struct device *device)
{
    if (!device)
        return;
    loop_timer_cancel(device->loop, &device->timer);
    model_free(device->model);
    free(device);
}

int64_t device_advance(struct device *device)
{
    int64_t now_ns = clock_monotonic_ns();
    model_advance(device->model, now_ns);
    return now_ns;
}

void device_settle(struct device *device)
{
    loop_timer_arm(device->loop, &device->timer, model_next_ns(device->model));
}

void device_sample(struct device *device)
{
    int64_t now_ns = device_advance(device);
    for (unsigned channel = 0; channel < device->model->kind->channels; channel++)
        output_changed(device, channel, &device->model->last[channel], CAUSE_sample, now_ns);
    device_settle(device);
}
