/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ranges of a protocol and of a device as bounds: of each quantity the side that binds, on the channel that comes
 * nearest to it.
 */
#include "document/bound.h"

#include "dose/wide.h"

/* The nearest of several channels; b.state is NULL before the first. */
struct nearest {
    struct bound b;
    int64_t room;
};

/* Room to the side that binds: away from rest, or the nearer one where neither direction is safer. */
static int64_t judge_range(struct bound *b, int64_t start, int64_t ceiling)
{
    const int64_t low = start < ceiling ? start : ceiling, high = start < ceiling ? ceiling : start;
    int64_t above = INT64_MAX, below = INT64_MAX;
    (void)wide_sub(b->max, high, &above);
    (void)wide_sub(low, b->min, &below);
    switch (modality_quantity_info(b->quantity)->safer) {
    case SAFER_NONE:
        b->is_min = below < above;
        break;
    case SAFER_DOWN:
        b->is_min = below < 0 && above >= 0;
        break;
    case SAFER_UP:
        b->is_min = below < 0 || above >= 0;
        break;
    }
    b->exceeded = above < 0 || below < 0;
    b->has_value = b->has_min = b->has_max = true;
    b->value = b->is_min ? low : high;
    b->state = b->exceeded ? "exceeded" : "within";
    b->fixed = b->min == b->max;
    return b->is_min ? below : above;
}

/* Holds the treatment's values of one channel against a range, and keeps it if it comes nearer than those before. */
static void consider(struct nearest *nearest, struct bound b, const struct dose_treatment *t, size_t channel)
{
    const enum modality_quantity q = b.quantity;
    const struct dose_channel *c = &t->channels[channel];
    const bool time = q == QUANTITY_duration_ms;
    if (q == QUANTITY_active_polarity || q == QUANTITY_waveform_class)
        return; /* selections: nothing is nearer to one end of them */
    if (!time && !quantity_has(&c->ceiling, q))
        return;
    b.scope = time ? SCOPE_PER_SESSION : SCOPE_INSTANTANEOUS;
    b.channel = time ? -1 : (int)channel;
    const int64_t room =
        judge_range(&b, time ? t->duration_ms : c->start.value[q], time ? t->duration_ms : c->ceiling.value[q]);
    if (!nearest->b.state || room < nearest->room)
        *nearest = (struct nearest){.b = b, .room = room};
}

static void add_nearest(json_t *array, const struct nearest *nearest)
{
    if (nearest->b.state)
        json_array_append_new(array, bound_document(&nearest->b));
}

/* --- the protocol --- */

static struct bound of_protocol(const struct protocol *p)
{
    return (struct bound){.id = p->id,
                          .class = LIMIT_HARD,
                          .layer = LAYER_PROTOCOL,
                          .channel = -1,
                          .source = p->source,
                          .has_verified = true,
                          .verified = p->verified};
}

static void add_range(json_t *array, const struct prescribed *d, const struct protocol_parameter *range)
{
    struct nearest nearest = {.b.state = NULL};
    struct bound b = of_protocol(d->protocol);
    b.quantity = range->quantity;
    b.min = range->min;
    b.max = range->max;
    b.origin = range->origin;
    for (size_t i = 0; i < d->treatment.n_channels; i++)
        consider(&nearest, b, &d->treatment, i);
    add_nearest(array, &nearest);
}

static void add_rest(json_t *array, const struct protocol *p, const struct dose_history *h)
{
    struct bound b = of_protocol(p);
    b.quantity = QUANTITY_rest_interval_ms;
    b.scope = SCOPE_PER_24H;
    b.has_min = b.is_min = true;
    b.min = p->rest_min_ms;
    b.has_value = h && h->has_last_end;
    b.value = b.has_value ? h->since_last_end_ms : 0;
    b.exceeded = b.has_value && b.value < b.min;
    b.state = b.exceeded ? "exceeded" : b.has_value ? "within" : "nothing_before";
    b.origin = p->rest_origin;
    json_array_append_new(array, bound_document(&b));
}

static void add_sessions(json_t *array, const struct protocol *p, const struct dose_history *h)
{
    struct bound b = of_protocol(p);
    const int64_t before = h ? h->session_count : 0;
    b.quantity = QUANTITY_session_count;
    b.scope = SCOPE_PER_24H;
    b.has_max = b.has_value = true;
    b.max = p->sessions_per_day;
    b.value = before < INT64_MAX ? before + 1 : INT64_MAX;
    b.exceeded = b.value > b.max;
    b.state = b.exceeded ? "exceeded" : "within";
    b.origin = p->sessions_origin;
    json_array_append_new(array, bound_document(&b));
}

void bound_protocol(json_t *array, const struct prescribed *d, const struct dose_history *before)
{
    const struct protocol *p = d->protocol;
    for (size_t i = 0; i < p->n_parameters; i++)
        add_range(array, d, &p->parameters[i]);
    if (p->rest_min_ms > 0)
        add_rest(array, p, before);
    if (p->sessions_per_day > 0)
        add_sessions(array, p, before);
}

/* --- the device --- */

static const struct modality_range *settable(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; c && i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        if (c->ranges[i].quantity == q && c->ranges[i].settable)
            return &c->ranges[i];
    }
    return NULL;
}

static void add_device_range(json_t *array, const struct dose_treatment *t, const struct doc_device *device,
                             enum modality_quantity q)
{
    struct nearest nearest = {.b.state = NULL};
    for (size_t i = 0; i < t->n_channels && i < device->n_channels; i++) {
        const struct modality_range *range = settable(device->channels[i], q);
        if (!range)
            continue;
        const struct bound b = {.id = device->id,
                                .quantity = q,
                                .class = LIMIT_HARD,
                                .layer = LAYER_DEVICE,
                                .min = range->min,
                                .max = range->max,
                                .origin = device->origin};
        consider(&nearest, b, t, i);
    }
    add_nearest(array, &nearest);
}

void bound_device(json_t *array, const struct dose_treatment *t, const struct doc_device *device)
{
    for (int q = 0; q < QUANTITY_COUNT; q++)
        add_device_range(array, t, device, (enum modality_quantity)q);
}
