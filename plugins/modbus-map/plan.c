/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The poll planner: points sorted by table and address, merged while the next begins at or before the end of the last,
 * or behind a hole in the registers that the map says may be read along.
 */
#include "plan.h"

#include <errno.h>

#include "map_point.h"

#define FRAME_REQUEST ((size_t)8) /* unit, function, address, count or value, CRC */
#define FRAME_ANSWER_EXTRA 5      /* unit, function, byte count, CRC */
#define FRAME_MULTIPLE_EXTRA 1

static size_t words_of(const struct map_point *p)
{
    return map_point_is_bit_table(p) ? 1 : codec_words(p->codec.type);
}

/* The place of a point in the order of all registers. */
static uint32_t place(const struct map_point *p)
{
    return (uint32_t)p->table << 16 | p->address;
}

/* Indexes of the list's steps, by place. Lists are short: insertion sort. */
static void sort_steps(const struct map *map, const struct map_list *list, size_t order[MAP_STEPS_MAX])
{
    for (size_t i = 0; i < list->n_steps; i++) {
        size_t j = i;
        for (;
             j > 0 && place(&map->points[list->steps[order[j - 1]].point]) > place(&map->points[list->steps[i].point]);
             j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
}

/* Adds a point behind the last request if it touches it or may be reached from it, else opens a new one. */
static int add_point(struct map_plan *plan, const struct map_point *p, size_t step, uint16_t read_over)
{
    size_t words = words_of(p);
    struct map_request *last = plan->n_requests ? &plan->requests[plan->n_requests - 1] : NULL;
    uint32_t end = (uint32_t)p->address + (uint32_t)words;
    bool bits = map_point_is_bit_table(p);
    uint32_t hole = bits ? 0 : read_over;
    if (last && last->table == p->table && p->address <= last->address + last->count + hole) {
        uint32_t count = end - last->address;
        if (count <= (bits ? MAP_PLAN_WORDS : MODBUS_LINE_READ_MAX)) {
            if (count > last->count)
                last->count = (uint16_t)count;
            plan->word[step] = (uint16_t)(last->first_word + p->address - last->address);
            return 0;
        }
    }
    if (plan->n_requests == MAP_REQUESTS_MAX)
        return -E2BIG;
    uint16_t first = last ? (uint16_t)(last->first_word + last->count) : 0;
    plan->requests[plan->n_requests++] =
        (struct map_request){.table = p->table, .address = p->address, .count = (uint16_t)words, .first_word = first};
    plan->word[step] = first;
    return 0;
}

int map_plan_make(const struct map *map, const struct map_list *list, struct map_plan *out)
{
    struct map_plan plan = {0};
    size_t order[MAP_STEPS_MAX] = {0};
    sort_steps(map, list, order);
    for (size_t i = 0; i < list->n_steps; i++) {
        int r = add_point(&plan, &map->points[list->steps[order[i]].point], order[i], map->read_over);
        if (r < 0)
            return r;
    }
    if (plan.n_requests) {
        const struct map_request *last = &plan.requests[plan.n_requests - 1];
        plan.n_words = (size_t)last->first_word + last->count;
    }
    if (plan.n_words > MAP_PLAN_WORDS)
        return -E2BIG;
    *out = plan;
    return 0;
}

size_t map_plan_read_bytes(const struct map_request *request)
{
    bool bits = request->table == MODBUS_COIL || request->table == MODBUS_DISCRETE;
    size_t payload = bits ? (size_t)(request->count + 7) / 8 : (size_t)request->count * 2;
    return FRAME_REQUEST + FRAME_ANSWER_EXTRA + payload;
}

size_t map_plan_write_bytes(const struct map *map, const struct map_point *point)
{
    size_t words = words_of(point);
    bool multiple = !map_point_is_bit_table(point) && (map->multiple || words > 1);
    return FRAME_REQUEST * 2 + (multiple ? FRAME_MULTIPLE_EXTRA + words * 2 : 0);
}
