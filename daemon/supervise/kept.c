/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging limits over configurations. Two limits with the same quantity, side, scope and bands are one, with the
 * tighter bound. Where there is no room for more bands, those of one quantity become one bound without a band: that is
 * tighter than any of them was, never looser.
 */
#include "supervise/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dose/limit_when.h"

bool kept_adds_up(const struct limit *l)
{
    if (l->scope != SCOPE_PER_SESSION && l->scope != SCOPE_PER_24H)
        return false;
    switch ((int)l->quantity) {
    case QUANTITY_duration_ms:
    case QUANTITY_energy_uj:
    case QUANTITY_energy_density_uj_cm2:
    case QUANTITY_session_charge_uc:
    case QUANTITY_iontophoresis_dose_ua_min:
    case QUANTITY_contraction_count:
    case QUANTITY_cem43_ms:
    case QUANTITY_cold_dose_millic_min:
    case QUANTITY_temperature_rise_millik:
        return true;
    default:
        return false;
    }
}

bool kept_binds(const struct limit *l)
{
    return l->use == USE_TREATMENT && (l->class == LIMIT_HARD || l->class == LIMIT_DEVICE) &&
           (l->has_max || l->has_min);
}

static bool same_bands(const struct limit_when *a, const struct limit_when *b)
{
    if (a->n_ranges != b->n_ranges)
        return false;
    for (size_t i = 0; i < a->n_ranges; i++) {
        const struct limit_range *x = &a->ranges[i], *y = &b->ranges[i];
        if (x->quantity != y->quantity || x->has_above != y->has_above || x->has_upto != y->has_upto ||
            (x->has_above && x->above != y->above) || (x->has_upto && x->upto != y->upto))
            return false;
    }
    return true;
}

/* Everything but bands and bound: the head factor is part of how a value is judged. */
static bool same_kind(const struct limit *a, const struct limit *b)
{
    return a->quantity == b->quantity && a->has_max == b->has_max && a->scope == b->scope &&
           a->when.after == b->when.after && limit_has_head_factor(a) == limit_has_head_factor(b);
}

static bool tighter(const struct limit *a, const struct limit *b)
{
    return a->has_max ? a->max < b->max : a->min > b->min;
}

/* Of equal bounds the installation's own is named: it says where the number comes from. */
static bool better(const struct limit *a, const struct limit *b)
{
    return tighter(a, b) || (!tighter(b, a) && b->layer == LAYER_COMPILED && a->layer != LAYER_COMPILED);
}

static struct kept_limit *copy_of(const struct limit *l)
{
    const char *id = l->id ? l->id : "", *origin = l->origin ? l->origin : "";
    const size_t id_size = strlen(id) + 1, origin_size = strlen(origin) + 1;
    struct kept_limit *copy = calloc(1, sizeof *copy + id_size + origin_size);
    if (!copy)
        return NULL;
    memcpy(copy->texts, id, id_size);
    memcpy(copy->texts + id_size, origin, origin_size);
    copy->limit = *l;
    copy->limit.id = copy->texts;
    copy->limit.origin = copy->texts + id_size;
    copy->limit.source = "";
    return copy;
}

static void replace(struct kept_limits *k, size_t at, struct kept_limit *item)
{
    item->met = item->met || k->items[at]->met;
    free(k->items[at]);
    k->items[at] = item;
}

/* Two of one kind with different bands become the tighter one, everywhere. False: no two are of one kind. */
static bool make_room(struct kept_limits *k)
{
    for (size_t i = 0; i < k->n; i++) {
        for (size_t j = i + 1; j < k->n; j++) {
            struct kept_limit *a = k->items[i], *b = k->items[j];
            if (!same_kind(&a->limit, &b->limit))
                continue;
            struct kept_limit *wide = tighter(&b->limit, &a->limit) ? b : a;
            wide->limit.when.n_ranges = 0;
            wide->met = a->met || b->met;
            k->items[i] = wide;
            free(wide == a ? b : a);
            k->items[j] = k->items[--k->n];
            return true;
        }
    }
    return false;
}

static int keep(struct kept_limits *k, const struct limit *l)
{
    for (size_t i = 0; i < k->n; i++) {
        const struct limit *held = &k->items[i]->limit;
        if (!same_kind(held, l))
            continue;
        const bool same = same_bands(&held->when, &l->when);
        if ((same || held->when.n_ranges == 0) && !better(l, held))
            return 0;
        if (!same)
            continue;
        struct kept_limit *item = copy_of(l);
        if (!item)
            return -ENOMEM;
        replace(k, i, item);
        return 0;
    }
    if (k->n == KEPT_MAX && !make_room(k))
        return -ENOSPC;
    struct kept_limit *item = copy_of(l);
    if (!item)
        return -ENOMEM;
    k->items[k->n++] = item;
    return 0;
}

static bool of_waveform(const struct limit *l, const struct dose_treatment *t)
{
    bool any = l->when.waveforms == 0;
    for (size_t i = 0; i < t->n_channels && i < DOSE_CHANNELS_MAX; i++)
        any = any || ((l->when.waveforms >> t->channels[i].waveform) & 1u) != 0;
    return any;
}

static int keep_sides(struct kept_limits *k, const struct limit *l)
{
    struct limit side = *l;
    int r = 0;
    side.when = (struct limit_when){.after = l->when.after, .n_ranges = l->when.n_ranges};
    memcpy(side.when.ranges, l->when.ranges, sizeof side.when.ranges);
    side.has_min = false;
    if (l->has_max)
        r = keep(k, &side);
    side.has_max = false;
    side.has_min = true;
    return r == 0 && l->has_min ? keep(k, &side) : r;
}

int kept_take(struct kept_limits *k, const struct dose_tables *tables, const struct dose_treatment *t)
{
    for (size_t i = 0; i < tables->n_limits; i++) {
        const struct limit *l = &tables->limits[i];
        if (!kept_binds(l) || !limit_meets_treatment(l, t) || !of_waveform(l, t))
            continue;
        const int r = keep_sides(k, l);
        if (r < 0)
            return r;
    }
    return 0;
}

void kept_meet(struct kept_limits *k, const struct dose_picture *picture)
{
    for (size_t i = 0; i < k->n; i++) {
        struct limit_finding f;
        limit_explain(&k->items[i]->limit, 1, picture, NULL, &f);
        k->items[i]->met = k->items[i]->met || f.applies;
    }
}

void kept_free(struct kept_limits *k)
{
    for (size_t i = 0; i < k->n; i++)
        free(k->items[i]);
    k->n = 0;
}
