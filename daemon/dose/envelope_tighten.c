/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tightening a running envelope: every bound becomes the safer one of the two, nothing is ever raised, and two
 * envelopes of different shape change nothing.
 */
#include "dose/envelope.h"

#include <errno.h>

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A number that names no quantity has no safer direction. */
static enum modality_safer safer_of(uint32_t quantity)
{
    return quantity < QUANTITY_COUNT ? modality_quantity_info((enum modality_quantity)quantity)->safer : SAFER_NONE;
}

/* The two ends of a setting without a safer direction, as an interval that both envelopes allow. */
struct interval {
    int64_t low, high;
};

static struct interval common_interval(const struct envelope_setting *a, const struct envelope_setting *b)
{
    struct interval i = {
        .low = larger(smaller(a->start, a->ceiling), smaller(b->start, b->ceiling)),
        .high = smaller(larger(a->start, a->ceiling), larger(b->start, b->ceiling)),
    };
    return i;
}

static bool channel_matches(const struct envelope_channel *a, const struct envelope_channel *b)
{
    if (a->channel != b->channel || a->level_quantity != b->level_quantity || a->waveform != b->waveform ||
        a->n_settings != b->n_settings || a->n_settings > ENVELOPE_SETTINGS_MAX || a->rest_value != b->rest_value ||
        a->level_quantity >= QUANTITY_COUNT) {
        return false;
    }
    for (uint32_t i = 0; i < a->n_settings && i < ENVELOPE_SETTINGS_MAX; i++) {
        const struct envelope_setting *s = &a->settings[i], *t = &b->settings[i];
        if (s->quantity != t->quantity || s->quantity >= QUANTITY_COUNT) {
            return false;
        }
        struct interval common = common_interval(s, t);
        if (safer_of(s->quantity) == SAFER_NONE && common.low > common.high) {
            return false; /* no value satisfies both */
        }
    }
    return true;
}

static bool envelope_matches(const struct envelope *a, const struct envelope *b)
{
    if (a->group != b->group || a->modality != b->modality || a->n_channels != b->n_channels ||
        a->n_channels > DOSE_CHANNELS_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < a->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        if (!channel_matches(&a->channels[i], &b->channels[i])) {
            return false;
        }
    }
    return true;
}

/* Moves start and ceiling to the safer of what both say; start never passes ceiling. */
static void tighten_ends(enum modality_safer safer, int64_t *start, int64_t *ceiling, int64_t other)
{
    if (safer == SAFER_DOWN) {
        *ceiling = smaller(*ceiling, other);
        *start = smaller(*start, *ceiling);
    } else if (safer == SAFER_UP) {
        *ceiling = larger(*ceiling, other);
        *start = larger(*start, *ceiling);
    }
}

static void tighten_setting(struct envelope_setting *s, const struct envelope_setting *tighter)
{
    if (safer_of(s->quantity) != SAFER_NONE) {
        tighten_ends(safer_of(s->quantity), &s->start, &s->ceiling, tighter->ceiling);
        return;
    }
    struct interval common = common_interval(s, tighter);
    s->start = smaller(larger(s->start, common.low), common.high);
    s->ceiling = smaller(larger(s->ceiling, common.low), common.high);
}

/* A ceiling beyond rest on the safe side would turn the order round: rest is as far as it goes. */
static void tighten_level(struct envelope_channel *c, const struct envelope_channel *tighter)
{
    enum modality_safer safer = safer_of(c->level_quantity);
    int64_t ceiling = tighter->level_ceiling;
    ceiling = safer == SAFER_UP ? smaller(ceiling, c->rest_value) : larger(ceiling, c->rest_value);
    tighten_ends(safer, &c->level_start, &c->level_ceiling, ceiling);
    c->rules.step = smaller(c->rules.step, tighter->rules.step);
    c->rules.slew_per_s = smaller(c->rules.slew_per_s, tighter->rules.slew_per_s);
}

int envelope_tighten(struct envelope *e, const struct envelope *tighter)
{
    if (!envelope_matches(e, tighter)) {
        return -EINVAL;
    }
    e->total_ms = smaller(e->total_ms, tighter->total_ms);
    e->over_permille = e->over_permille < tighter->over_permille ? e->over_permille : tighter->over_permille;
    for (uint32_t i = 0; i < e->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        struct envelope_channel *c = &e->channels[i];
        tighten_level(c, &tighter->channels[i]);
        for (uint32_t k = 0; k < c->n_settings && k < ENVELOPE_SETTINGS_MAX; k++) {
            tighten_setting(&c->settings[k], &tighter->channels[i].settings[k]);
        }
    }
    return 0;
}
