/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cold unit for tests: no run point, its output is its set point, rest is 25 degC and warmer is safer. The pad's
 * temperature is moved by the test alone. Rest is judged as a plugin does it: the set point reads back as rest, and the
 * pad is there or has moved toward it since.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "fake_world.h"

#define REST_MILLIC 25000
#define NOISE_MILLIC 200

static void device_fill(struct modality_device *d, const char *id)
{
    *d = (struct modality_device){.simulated = true,
                                  .on_link_loss = LINK_LOSS_CONTINUES,
                                  .rest_by_setpoint = true,
                                  .rest_within_ms = 600,
                                  .slice_ms = 50,
                                  .stop_ms = 100,
                                  .cycle_ms = 2,
                                  .settle_ms = 100,
                                  .n_channels = 1,
                                  .n_groups = 1,
                                  .groups = {{"pad", 1, 0}}};
    strncpy(d->id, id, sizeof(d->id) - 1);
    struct modality_channel *c = &d->channels[0];
    strcpy(c->id, "pad");
    c->modality = MODALITY_COLD;
    c->waveforms = 1u << WAVEFORM_cold_contact;
    c->level = QUANTITY_temperature_millic;
    c->rest_value = REST_MILLIC;
    c->level_measured = true;
    c->noise = NOISE_MILLIC;
    c->ranges[c->n_ranges++] =
        (struct modality_range){QUANTITY_temperature_millic, 5000, 30000, 100, .settable = true, .readable = true};
}

static int cold_describe(const struct modality_services *services, const struct modality_config *config,
                         struct modality_device *units, size_t max_units, size_t *n_units)
{
    (void)services;
    if (config->n_lines == 0 || max_units == 0)
        return -EINVAL;
    device_fill(&units[0], config->lines[0].section + 7);
    *n_units = 1;
    return 0;
}

static int cold_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out)
{
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_IDENTIFY);
    *out = (struct modality_identity){.maker = "fake", .model = "cold", .serial = "1"};
    return fake_trace_end(e, fake_ordered(&link->world->units[unit], FAKE_IDENTIFY, deadline_ns));
}

static void judge_rest(struct fake_unit *u, struct modality_channel_status *s, int64_t pad)
{
    if (s->setpoint != REST_MILLIC) {
        u->rest_from = INT64_MAX;
        s->output = OUTPUT_ON;
        s->evidence = EVIDENCE_REPORTED;
        return;
    }
    if (u->rest_from == INT64_MAX || u->rest_from == 0)
        u->rest_from = pad;
    bool there = REST_MILLIC - pad <= NOISE_MILLIC, moves = pad - u->rest_from > NOISE_MILLIC;
    s->output = there || moves ? OUTPUT_REST : OUTPUT_ON;
    s->evidence = there || !moves ? EVIDENCE_MEASURED : EVIDENCE_REPORTED;
}

static int cold_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_STATUS);
    int r = fake_ordered(u, FAKE_STATUS, deadline_ns);
    if (r < 0)
        return fake_trace_end(e, r);
    *out = (struct modality_status){.n_channels = 1};
    struct modality_channel_status *s = &out->channels[0];
    int64_t pad = u->pad_millic;
    s->contact = CONTACT_GOOD;
    s->setpoint_known = true;
    s->setpoint = u->level[0];
    s->readings[s->n_readings++] = (struct modality_reading){QUANTITY_temperature_millic, pad};
    judge_rest(u, s, pad);
    return fake_trace_end(e, 0);
}

static int cold_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting,
                      int64_t deadline_ns)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_APPLY);
    e->quantity = setting->quantity;
    e->value = setting->value;
    int r = fake_ordered(u, FAKE_APPLY, deadline_ns);
    if (r == 0)
        u->level[0] = setting->value;
    return fake_trace_end(e, r);
}

static int to_rest(struct modality_link *link, size_t unit, enum fake_call call, int64_t deadline_ns)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, call);
    int r = fake_ordered(u, call, deadline_ns);
    if (r == 0 && !u->stuck)
        u->level[0] = REST_MILLIC;
    return fake_trace_end(e, r);
}

static int cold_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    (void)group;
    return to_rest(link, unit, FAKE_START, deadline_ns);
}

static int cold_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    (void)group;
    return to_rest(link, unit, FAKE_STOP, deadline_ns);
}

static int cold_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    return to_rest(link, unit, FAKE_MAKE_SAFE, deadline_ns);
}

static const struct modality_plugin descriptor = {
    .abi = 3,
    .size = sizeof(struct modality_plugin),
    .device_size = sizeof(struct modality_device),
    .status_size = sizeof(struct modality_status),
    .name = "fake",
    .version = "1",
    .maturity = "test-only",
    .links = LINK_KIND_TCP,
    .describe = cold_describe,
    .open = fake_open,
    .identify = cold_identify,
    .status = cold_status,
    .apply = cold_apply,
    .start = cold_start,
    .stop = cold_stop,
    .make_safe = cold_make_safe,
    .reopen = fake_reopen,
    .close = fake_close,
};

const struct modality_plugin *modality_plugin(void)
{
    return &descriptor;
}
