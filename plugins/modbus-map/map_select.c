/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding points of a map by what they are for.
 */
#include "map_select.h"

bool map_point_concerns(const struct map_point *p, int channel)
{
    return channel == MAP_EVERY_CHANNEL || p->channel == MAP_EVERY_CHANNEL || p->channel == channel;
}

bool map_list_has(const struct map_list *list, size_t point)
{
    for (size_t i = 0; i < list->n_steps; i++) {
        if (list->steps[i].point == point)
            return true;
    }
    return false;
}

static int select_point(const struct map *map, enum map_role role, int channel, enum modality_quantity q, bool polled)
{
    for (size_t i = 0; i < map->n_points; i++) {
        const struct map_point *p = &map->points[i];
        if (p->role == role && map_point_concerns(p, channel) &&
            (q == QUANTITY_COUNT || (p->has_quantity && p->quantity == q)) && (!polled || map_list_has(&map->poll, i)))
            return (int)i;
    }
    return -1;
}

int map_select(const struct map *map, enum map_role role, int channel, enum modality_quantity q)
{
    return select_point(map, role, channel, q, false);
}

int map_select_polled(const struct map *map, enum map_role role, int channel, enum modality_quantity q)
{
    return select_point(map, role, channel, q, true);
}

/* The range of a selection goes over the codes' values, of a reading over what its type can say. */
static struct modality_range range_of(const struct map_point *p)
{
    struct modality_range range = {.quantity = p->quantity, .resolution = p->codec.step};
    if (p->n_codes) {
        range.min = range.max = p->codes[0].value;
        for (size_t i = 1; i < p->n_codes; i++) {
            range.min = p->codes[i].value < range.min ? p->codes[i].value : range.min;
            range.max = p->codes[i].value > range.max ? p->codes[i].value : range.max;
        }
    } else if (p->has_range) {
        range.min = p->min;
        range.max = p->max;
    } else {
        codec_span(&p->codec, &range.min, &range.max);
    }
    return range;
}

/* Whether what is set can be seen: a measurement of it, or a device timer that tells at least as finely as it is set.
 */
static bool is_seen(const struct map *map, int channel, const struct map_point *set)
{
    const int left = map_select_polled(map, ROLE_REMAINING, channel, set->quantity);
    if (map_select_polled(map, ROLE_ACTUAL, channel, set->quantity) >= 0)
        return true;
    return left >= 0 && map->points[left].codec.step <= set->codec.step;
}

size_t map_select_ranges(const struct map *map, int channel, struct modality_range *out, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < map->n_points; i++) {
        const struct map_point *p = &map->points[i];
        bool sets = p->role == ROLE_SETPOINT;
        bool reads = p->role == ROLE_ACTUAL || p->role == ROLE_INTERLOCK || p->role == ROLE_REMAINING;
        if ((!sets && !reads) || !map_point_concerns(p, channel))
            continue;
        /*
         * One row per quantity: a set point brings the range, its actual value makes it readable; of several interlocks
         * the first speaks for all.
         */
        if (reads && map_select(map, ROLE_SETPOINT, channel, p->quantity) >= 0)
            continue;
        if (p->role == ROLE_INTERLOCK && map_select(map, ROLE_INTERLOCK, channel, QUANTITY_COUNT) != (int)i)
            continue;
        if (n < max) {
            out[n] = range_of(p);
            out[n].settable = sets;
            out[n].readable = reads || is_seen(map, channel, p);
        }
        n++;
    }
    return n;
}
