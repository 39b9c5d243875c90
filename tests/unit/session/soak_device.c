/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The devices of the walk: what comes out, by what was written, by their watchdogs and by what is wrong with them. The
 * trace is taken here, slice by slice, and asks nobody.
 */
#include "soak.h"

const struct modality_channel *soak_channel(const struct soak *w, size_t link, uint32_t channel)
{
    return &w->room->units[link].device.channels[channel];
}

static int64_t distance(const struct soak *w, size_t link, uint32_t c)
{
    const int64_t off = w->devices[link].level[c] - soak_channel(w, link, c)->rest_value;
    return off < 0 ? -off : off;
}

int64_t soak_actual(const struct soak *w, size_t link, uint32_t c)
{
    const struct soak_device *d = &w->devices[link];
    const int64_t rest = soak_channel(w, link, c)->rest_value, way = d->level[c] - rest;
    if (!d->on[c] || (d->faults & FAULT_BIT(under)))
        return rest;
    return rest + (d->faults & FAULT_BIT(over) ? 2 * way : way);
}

bool soak_device_on(const struct soak *w, size_t link, uint32_t c)
{
    return soak_actual(w, link, c) != soak_channel(w, link, c)->rest_value;
}

struct soak_account *soak_account(struct soak *w, uint64_t key)
{
    struct soak_account *a = &w->accounts[key % SOAK_ACCOUNTS];
    return a->key == key ? a : NULL;
}

/* Power of an ultrasound head of the fixture: 5 cm2, one fifth of the time. */
#define HEAD_MM2 500
#define HEAD_DUTY 200

static void count(struct soak *w, size_t link, uint32_t c, int64_t ms)
{
    const struct soak_device *d = &w->devices[link];
    const struct modality_channel *channel = soak_channel(w, link, c);
    struct soak_account *a = soak_account(w, d->owner[c]);
    if (!a || !soak_device_on(w, link, c))
        return;
    int64_t way = soak_actual(w, link, c) - channel->rest_value;
    way = way < 0 ? -way : way;
    if (link == SOUND) /* it measures nothing: what it gives beyond its set point nobody can know */
        way = distance(w, link, c);
    a->on_ns += ms * NS_PER_MS;
    a->last_on_boot_ns = w->room->now.boot_ns;
    if (link == LASER)
        a->energy_nj += way * ms;
    if (link == SOUND)
        a->energy_nj += way * HEAD_MM2 / 100 * HEAD_DUTY / 1000 * ms;
    if (link == GALVANIC)
        a->charge_ua_ms += way * ms;
}

static void put_level(struct soak_device *d, uint32_t c, int64_t level)
{
    d->level[c] = level;
    d->low[c] = level < d->low[c] ? level : d->low[c];
    d->high[c] = level > d->high[c] ? level : d->high[c];
}

void soak_device_rests(struct soak *w, size_t link, uint32_t channels)
{
    struct soak_device *d = &w->devices[link];
    for (uint32_t c = 0; c < w->room->units[link].device.n_channels && !(d->faults & FAULT_BIT(stuck)); c++) {
        if (!((channels >> c) & 1u))
            continue;
        d->on[c] = false;
        put_level(d, c, soak_channel(w, link, c)->rest_value);
    }
}

bool soak_device_write(struct soak *w, size_t link, uint32_t c, int64_t level)
{
    struct soak_device *d = &w->devices[link];
    if (d->faults & FAULT_BIT(cut))
        return false;
    if (level == soak_channel(w, link, c)->rest_value && (d->faults & FAULT_BIT(stuck)))
        return true; /* it says that it has done it */
    put_level(d, c, level);
    return true;
}

void soak_device_begins(struct soak *w, size_t link, uint32_t c, uint64_t owner)
{
    struct soak_device *d = &w->devices[link];
    d->on[c] = true;
    d->owner[c] = owner;
    d->level[c] = d->low[c] = d->high[c] = soak_channel(w, link, c)->rest_value;
    d->fed_ns = w->room->now.monotonic_ns;
}

/* The cable to its host, or the host itself, is gone. */
void soak_device_unlinked(struct soak *w, size_t link)
{
    if (w->room->units[link].device.on_link_loss == LINK_LOSS_STOPS)
        soak_device_rests(w, link, UINT32_MAX);
}

void soak_device_slice(struct soak *w, size_t link, int64_t ms)
{
    struct soak_device *d = &w->devices[link];
    const struct modality_device *is = &w->room->units[link].device;
    bool any = false;
    for (uint32_t c = 0; c < is->n_channels; c++) {
        count(w, link, c, ms);
        any = any || d->on[c];
    }
    const int64_t unfed_ns = w->room->now.monotonic_ns - d->fed_ns;
    if (any && is->watchdog_ms > 0 && unfed_ns >= (int64_t)is->watchdog_ms * NS_PER_MS) {
        d->tripped = true;
        soak_device_rests(w, link, UINT32_MAX);
    }
}

/* The machine does, the device does not: it goes on until its watchdog ends it. */
void soak_device_sleeps(struct soak *w, size_t link, int64_t ms)
{
    struct soak_device *d = &w->devices[link];
    const struct modality_device *is = &w->room->units[link].device;
    const int64_t left_ms = is->watchdog_ms - (w->room->now.monotonic_ns - d->fed_ns) / NS_PER_MS;
    const bool trips = is->watchdog_ms > 0 && left_ms < ms;
    for (uint32_t c = 0; c < is->n_channels; c++)
        count(w, link, c, !trips ? ms : left_ms > 0 ? left_ms : 0);
    if (!trips || (!d->on[0] && !d->on[1]))
        return;
    d->tripped = true;
    soak_device_rests(w, link, UINT32_MAX);
}

/* What a person, the mains or a defect does to it. */
void soak_device_fails(struct soak *w, size_t link, enum soak_fault fault)
{
    static const int64_t some[ROOM_DEVICES] = {5000, 300000, 50000, 15000, 1000};
    struct soak_device *d = &w->devices[link];
    switch (fault) {
    case FAULT_OF_by_itself:
        if (!d->on[0]) {
            soak_device_begins(w, link, 0, 0);
            d->level[0] = d->low[0] = d->high[0] = some[link];
        }
        return;
    case FAULT_OF_restart:
        soak_device_rests(w, link, UINT32_MAX);
        d->restarted = true;
        return;
    case FAULT_OF_reported:
    case FAULT_OF_hand_switch:
    case FAULT_OF_interlock:
        soak_device_rests(w, link, UINT32_MAX);
        break;
    case FAULT_OF_cut:
        soak_device_unlinked(w, link);
        break;
    case FAULT_OF_contact:
    case FAULT_OF_over:
    case FAULT_OF_under:
    case FAULT_OF_impedance:
    case FAULT_OF_head:
    case FAULT_OF_stuck:
    case FAULT_OF_COUNT:
        break;
    }
    d->faults |= UINT32_C(1) << fault;
}

static void fill_channel(struct soak *w, size_t link, uint32_t c, struct link_sample *m)
{
    const struct soak_device *d = &w->devices[link];
    const struct modality_channel *channel = soak_channel(w, link, c);
    struct modality_channel_status *s = &m->status.channels[c];
    s->output = d->on[c] ? OUTPUT_ON : OUTPUT_REST;
    s->evidence = EVIDENCE_MEASURED;
    s->contact = d->faults & FAULT_BIT(contact) ? CONTACT_LOST : CONTACT_GOOD;
    host_put_usual(channel, s, soak_actual(w, link, c));
    if (link == LASER && (d->faults & FAULT_BIT(interlock)))
        host_put(s, QUANTITY_interlock_closed, 0);
    if (link == LASER && (d->faults & FAULT_BIT(head)))
        snprintf(s->applicator, sizeof s->applicator, "999");
    if (channel->modality == MODALITY_ESTIM && (d->faults & FAULT_BIT(impedance)) && distance(w, link, c) > 0)
        host_put(s, QUANTITY_impedance_ohm, 30000);
    m->level_min[c] = d->low[c];
    m->level_max[c] = d->high[c];
    m->level[c] = d->level[c];
    if (d->low[c] == d->high[c])
        m->settled |= UINT32_C(1) << c;
}

/* A validated reply of the device; reading it takes note of what was to be seen once. */
void soak_device_status(struct soak *w, size_t link, struct link_sample *m)
{
    struct soak_device *d = &w->devices[link];
    m->status.n_channels = w->room->units[link].device.n_channels;
    for (uint32_t c = 0; c < m->status.n_channels; c++) {
        fill_channel(w, link, c, m);
        d->low[c] = d->high[c] = d->level[c];
    }
    m->status.fault = d->faults & FAULT_BIT(reported);
    m->status.patient_stop = d->faults & FAULT_BIT(hand_switch);
    m->status.watchdog_tripped = d->tripped;
    m->status.restarted = d->restarted;
    d->tripped = d->restarted = false;
}
