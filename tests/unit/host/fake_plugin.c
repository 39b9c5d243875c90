/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin for tests: up to four two-channel stimulators on one link that exist only in memory shared with the test.
 * Keys of [device]: script (path of that memory), slice_ms, stop_ms, watchdog_ms, start_ms, link_loss, nameless; of its
 * first channel: at_rest (level and rate are taken at rest alone), period_us (of its pulse rate).
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "fake_world.h"

/* ---- describe ---- */

static void channel_fill(struct modality_channel *c, const char *id)
{
    strcpy(c->id, id);
    c->modality = MODALITY_ESTIM;
    c->waveforms = 1u << WAVEFORM_biphasic_symmetric | 1u << WAVEFORM_monophasic;
    c->level = QUANTITY_amplitude_ua;
    c->level_measured = true;
    c->noise = 200;
    c->ranges[c->n_ranges++] =
        (struct modality_range){QUANTITY_amplitude_ua, 0, 60000, 100, .settable = true, .readable = true};
    c->ranges[c->n_ranges++] =
        (struct modality_range){QUANTITY_phase_width_us, 20, 1000, 1, .settable = true, .readable = true};
    c->ranges[c->n_ranges++] =
        (struct modality_range){QUANTITY_pulse_rate_millihz, 100, 250000, 100, .settable = true, .readable = true};
    c->ranges[c->n_ranges++] =
        (struct modality_range){QUANTITY_waveform_class, 0, 14, 1, .settable = true, .readable = true};
    c->ranges[c->n_ranges++] =
        (struct modality_range){QUANTITY_duration_ms, 0, 3600000, 1000, .settable = true, .readable = false};
}

static void device_fill(struct modality_device *d, const char *id)
{
    memset(d, 0, sizeof(*d));
    strncpy(d->id, id, sizeof(d->id) - 1);
    d->simulated = true;
    d->on_link_loss = LINK_LOSS_STOPS;
    d->slice_ms = 50;
    d->stop_ms = 100;
    d->cycle_ms = 2;
    d->settle_ms = 20;
    d->n_channels = FAKE_CHANNELS;
    channel_fill(&d->channels[0], "ch1");
    channel_fill(&d->channels[1], "ch2");
    d->n_groups = 3;
    d->groups[0] = (struct modality_group){"ch1", 1, 4};
    d->groups[1] = (struct modality_group){"ch2", 2, 4};
    d->groups[2] = (struct modality_group){"pair", 3, 3};
}

static int key_take(const struct modality_services *services, const struct modality_line *line,
                    struct modality_device *d)
{
    static const char *const known[] = {"script", "plugin", "link", "unit"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strcmp(line->key, known[i]) == 0)
            return 0;
    if (strcmp(line->key, "slice_ms") == 0 && fake_number(line->value, &d->slice_ms) == 0)
        return 0;
    if (strcmp(line->key, "stop_ms") == 0 && fake_number(line->value, &d->stop_ms) == 0)
        return 0;
    if (strcmp(line->key, "cycle_ms") == 0 && fake_number(line->value, &d->cycle_ms) == 0)
        return 0;
    if (strcmp(line->key, "watchdog_ms") == 0 && fake_number(line->value, &d->watchdog_ms) == 0)
        return 0;
    if (strcmp(line->key, "start_ms") == 0 && fake_number(line->value, &d->start_ms) == 0)
        return 0;
    if (strcmp(line->key, "at_rest") == 0 && strcmp(line->value, "yes") == 0) {
        d->channels[0].ranges[0].only_at_rest = d->channels[0].ranges[2].only_at_rest = true;
        return 0;
    }
    if (strcmp(line->key, "period_us") == 0)
        return fake_number(line->value, &d->channels[0].ranges[2].period_step_us);
    if (strcmp(line->key, "nameless") == 0 && strcmp(line->value, "yes") == 0) {
        d->nameless = true;
        return 0;
    }
    if (strcmp(line->key, "link_loss") == 0 && strcmp(line->value, "continues") == 0) {
        d->on_link_loss = LINK_LOSS_CONTINUES;
        return 0;
    }
    services->config_error(services->ctx, line->origin, "%s: unknown key or wrong value \"%s\"", line->key,
                           line->value);
    return -EINVAL;
}

static int fake_describe(const struct modality_services *services, const struct modality_config *config,
                         struct modality_device *units, size_t max_units, size_t *n_units)
{
    size_t n = 0;
    int result = 0;
    for (size_t i = 0; i < config->n_lines; i++) {
        const struct modality_line *line = &config->lines[i];
        if (strncmp(line->section, "device ", 7) != 0)
            continue;
        if (n == 0 || strcmp(units[n - 1].id, line->section + 7) != 0) {
            if (n == max_units || n == FAKE_UNITS)
                return -EINVAL;
            device_fill(&units[n++], line->section + 7);
        }
        if (key_take(services, line, &units[n - 1]) < 0)
            result = -EINVAL;
    }
    *n_units = n;
    return result;
}

/* ---- calls ---- */

static int fake_identify(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_identity *out)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_IDENTIFY);
    int r = fake_ordered(u, FAKE_IDENTIFY, deadline_ns);
    if (r == 0 && u->foreign)
        r = -ENODEV;
    if (r == 0)
        *out = (struct modality_identity){.maker = "fake", .model = "two channels", .serial = "1"};
    return fake_trace_end(e, r);
}

static void channel_status(const struct fake_unit *u, size_t c, struct modality_channel_status *s)
{
    int over = u->over_permille ? u->over_permille : 1000;
    int64_t measured = u->running[c] ? u->level[c] * over / 1000 : 0;
    *s = (struct modality_channel_status){
        .output = u->running[c] ? OUTPUT_ON : OUTPUT_REST,
        .evidence = EVIDENCE_MEASURED,
        .contact = (u->contact_lost >> c) & 1 ? CONTACT_LOST
                   : u->running[c]            ? CONTACT_GOOD
                                              : CONTACT_UNKNOWN,
        .setpoint_known = true,
        .setpoint = u->level[c],
        .n_readings = 1,
        .readings = {{QUANTITY_amplitude_ua, measured}},
    };
    if (u->interlock)
        s->readings[s->n_readings++] = (struct modality_reading){QUANTITY_interlock_closed, u->interlock == 1};
}

static int fake_status(struct modality_link *link, size_t unit, int64_t deadline_ns, struct modality_status *out)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_STATUS);
    int r = fake_ordered(u, FAKE_STATUS, deadline_ns);
    if (r < 0)
        return fake_trace_end(e, r);
    *out = (struct modality_status){.fault = u->fault != 0,
                                    .patient_stop = u->patient_stop != 0,
                                    .watchdog_tripped = u->tripped != 0,
                                    .restarted = atomic_exchange(&u->restarted, 0) != 0,
                                    .n_channels = FAKE_CHANNELS};
    if (out->fault)
        strcpy(out->fault_text, "output stage");
    for (size_t c = 0; c < FAKE_CHANNELS; c++)
        channel_status(u, c, &out->channels[c]);
    return fake_trace_end(e, 0);
}

static void setting_do(struct fake_unit *u, const struct modality_setting *s)
{
    if (s->quantity == QUANTITY_amplitude_ua)
        u->level[s->channel] = s->value;
    else if (s->quantity == QUANTITY_phase_width_us)
        u->width[s->channel] = s->value;
    else if (s->quantity == QUANTITY_waveform_class)
        u->waveform[s->channel] = (int)s->value;
    else if (s->quantity == QUANTITY_duration_ms)
        u->timer_ms = s->value;
}

static int fake_apply(struct modality_link *link, size_t unit, const struct modality_setting *setting,
                      int64_t deadline_ns)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_APPLY);
    e->item = setting->channel;
    e->quantity = setting->quantity;
    e->value = setting->value;
    int r = fake_ordered(u, FAKE_APPLY, deadline_ns);
    if (r == 0 || u->done_anyway)
        setting_do(u, setting);
    if (r == -EACCES && u->pressed_at_refusal)
        u->patient_stop = 1;
    return fake_trace_end(e, r);
}

static void group_run(struct fake_unit *u, size_t group, int run)
{
    if (group != 1)
        u->running[0] = run;
    if (group != 0)
        u->running[1] = run;
}

static int fake_start(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_START);
    e->item = (uint32_t)group;
    int r = fake_ordered(u, FAKE_START, deadline_ns);
    if ((r == 0 || u->done_anyway) && u->slow_start != 2)
        group_run(u, group, 1);
    return fake_trace_end(e, r == 0 && u->slow_start ? -EINPROGRESS : r);
}

static int fake_stop(struct modality_link *link, size_t unit, size_t group, int64_t deadline_ns)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_STOP);
    e->item = (uint32_t)group;
    int r = fake_ordered(u, FAKE_STOP, deadline_ns);
    if ((r == 0 || u->done_anyway) && !u->stuck)
        group_run(u, group, 0);
    return fake_trace_end(e, r);
}

static int fake_make_safe(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    struct fake_unit *u = &link->world->units[unit];
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_MAKE_SAFE);
    int r = fake_ordered(u, FAKE_MAKE_SAFE, deadline_ns);
    if ((r == 0 || u->done_anyway) && !u->stuck) {
        group_run(u, 2, 0);
        u->level[0] = u->level[1] = 0;
        u->tripped = 0;
    }
    return fake_trace_end(e, r);
}

static int fake_keepalive(struct modality_link *link, size_t unit, int64_t deadline_ns)
{
    struct fake_entry *e = fake_trace_begin(link->world, unit, FAKE_KEEPALIVE);
    return fake_trace_end(e, fake_ordered(&link->world->units[unit], FAKE_KEEPALIVE, deadline_ns));
}

#ifndef FAKE_ABI
#define FAKE_ABI 3
#endif
#ifndef FAKE_SIZE
#define FAKE_SIZE sizeof(struct modality_plugin)
#endif
#ifndef FAKE_STOP_FUNCTION
#define FAKE_STOP_FUNCTION fake_stop
#endif
#ifndef FAKE_SYMBOL
#define FAKE_SYMBOL modality_plugin
#endif

static const struct modality_plugin descriptor = {
    .abi = FAKE_ABI,
    .size = FAKE_SIZE,
    .device_size = sizeof(struct modality_device),
    .status_size = sizeof(struct modality_status),
    .name = "fake",
    .version = "1",
    .maturity = "test-only",
    .links = LINK_KIND_TCP,
    .describe = fake_describe,
    .open = fake_open,
    .identify = fake_identify,
    .status = fake_status,
    .apply = fake_apply,
    .start = fake_start,
    .stop = FAKE_STOP_FUNCTION,
    .make_safe = fake_make_safe,
    .keepalive = fake_keepalive,
    .reopen = fake_reopen,
    .close = fake_close,
};

const struct modality_plugin *FAKE_SYMBOL(void);
const struct modality_plugin *FAKE_SYMBOL(void)
{
    (void)fake_stop;
    return &descriptor;
}
