/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Over-output of one sample: what is measured against the levels that were in force since the sample before, with
 * margin and beyond noise. Where the output is a body that warms and cools, its past counts too: it may be as far from
 * rest as it was, for as long as the device says that it takes to come back.
 */
#include "dose/wide.h"
#include "host/line.h"

/* Over-delivery when an envelope does not say: one and a half times what is set. */
#define OVER_PERMILLE 1500

static const struct modality_reading *reading_of(const struct modality_channel_status *s, enum modality_quantity q)
{
    for (size_t i = 0; i < s->n_readings; i++)
        if (s->readings[i].quantity == q)
            return &s->readings[i];
    return NULL;
}

/* The largest duty that was in force or on its way. */
static int64_t duty_of(const struct arm *arm, uint32_t channel)
{
    for (size_t i = 0; i < arm->n_settings; i++) {
        const struct arm_setting *s = &arm->settings[i];
        if (s->channel == channel && s->quantity == QUANTITY_duty_permille)
            return s->in_force > s->value ? s->in_force : s->value;
    }
    return 1000;
}

/* Mean power of an intensity: SATP x duty x area, uW/cm2 and mm2 to uW, rounded up. */
static int power_of(int64_t satp, int64_t duty_permille, int64_t area_mm2, int64_t *out)
{
    int64_t sata = 0;
    if (satp < 0 || area_mm2 <= 0 || wide_mul_div_up(satp, duty_permille, 1000, &sata) < 0)
        return -1;
    return wide_mul_div_up(sata, area_mm2, 100, out);
}

static int64_t resolution_of(const struct modality_channel *c, enum modality_quantity q)
{
    const struct modality_range *range = gate_range(c, q);
    return range ? range->resolution : 0;
}

/* What may be measured when distance is the largest that was in force: with margin, and beyond noise. */
static int bound_of(int64_t distance, uint32_t over_permille, int64_t noise, int64_t resolution, int64_t *out)
{
    int64_t margin = noise > 2 * resolution ? noise : 2 * resolution;
    if (distance < 0 || wide_mul_div_up(distance, over_permille, 1000, out) < 0)
        return -1;
    return wide_add(*out, margin, out);
}

bool over_output(const struct unit *u, const struct arm *arm, size_t i, int64_t now_ns, int64_t *measured,
                 int64_t *bound)
{
    const struct envelope_channel *e = &arm->envelope.channels[i];
    const struct modality_channel *c = &u->device->channels[e->channel];
    const struct unit_level *level = &u->levels[e->channel];
    uint32_t over = arm->envelope.over_permille >= 1000 ? arm->envelope.over_permille : OVER_PERMILLE;
    if (!c->level_measured || e->channel >= u->status.n_channels)
        return false;
    int64_t at_min = gate_distance(e, level->min), at_max = gate_distance(e, level->max);
    int64_t farthest = at_min > at_max ? at_min : at_max;
    if (now_ns < level->lag_until_ns && level->lag > farthest)
        farthest = level->lag;
    const struct modality_channel_status *s = &u->status.channels[e->channel];
    const struct modality_reading *r = reading_of(s, c->level);
    if (r) {
        *measured = gate_distance(e, r->value);
        return bound_of(farthest, over, c->noise, resolution_of(c, c->level), bound) < 0 || *measured > *bound;
    }
    r = reading_of(s, QUANTITY_power_uw);
    if (!r || c->level != QUANTITY_intensity_satp_uw_cm2 || e->area_mm2 <= 0)
        return false;
    int64_t power = 0, noise = 0, duty = duty_of(arm, e->channel);
    *measured = r->value;
    if (power_of(farthest, duty, e->area_mm2, &power) < 0 || power_of(c->noise, duty, e->area_mm2, &noise) < 0)
        return true;
    return bound_of(power, over, noise, resolution_of(c, QUANTITY_power_uw), bound) < 0 || *measured > *bound;
}

static int64_t window_ns(const struct modality_device *d)
{
    uint32_t ms = d->rest_within_ms > d->settle_ms ? d->rest_within_ms : d->settle_ms;
    return d->rest_by_setpoint ? (int64_t)ms * NS_PER_MS : 0;
}

/* Distance from rest on the unsafe side. */
static int64_t from_rest(const struct modality_channel *c, int64_t absolute)
{
    bool up = modality_quantity_info(c->level)->safer == SAFER_UP;
    return up ? c->rest_value - absolute : absolute - c->rest_value;
}

static void lag_remember(struct unit_level *level, int64_t distance, int64_t now_ns, int64_t window)
{
    if (distance < level->lag && now_ns < level->lag_until_ns)
        return;
    level->lag = distance;
    level->lag_until_ns = now_ns + window;
}

void over_begin(struct unit *u, uint32_t channels, int64_t now_ns)
{
    for (uint32_t c = 0; c < u->status.n_channels && window_ns(u->device) > 0; c++) {
        const struct modality_channel *channel = &u->device->channels[c];
        const struct modality_reading *r = reading_of(&u->status.channels[c], channel->level);
        if (r && (channels & (UINT32_C(1) << c)))
            lag_remember(&u->levels[c], from_rest(channel, r->value), now_ns, window_ns(u->device));
    }
}

void over_follow(struct unit *u, int64_t now_ns)
{
    for (uint32_t c = 0; c < u->device->n_channels && window_ns(u->device) > 0; c++) {
        struct unit_level *level = &u->levels[c];
        const struct modality_channel *channel = &u->device->channels[c];
        int64_t a = from_rest(channel, level->min), b = from_rest(channel, level->max);
        lag_remember(level, a > b ? a : b, now_ns, window_ns(u->device));
    }
}
