/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the lists of a map must do: a stop rests every channel of its group, make_safe rests all, neither energises
 * anything, a start energises nothing but its group, identify compares something, and each fits the line.
 */
#include <string.h>

#include "map_point.h"
#include "map_select.h"
#include "plan.h"
#include "reader.h"

/* True if the step brings, or leaves, the point at rest; points that do not matter for rest always do. */
static bool step_rests(const struct map *map, const struct map_step *step)
{
    const struct map_point *p = &map->points[step->point];
    if (p->role == ROLE_RUN)
        return step->value == 0;
    for (size_t i = 0; i < map->n_channels; i++) {
        if (map->channels[i].level_point == (int)step->point)
            return step->value == map->channels[i].rest;
    }
    return true;
}

static bool list_writes(const struct map_list *list, size_t point, int64_t value)
{
    for (size_t i = 0; i < list->n_steps; i++) {
        if (list->steps[i].point == point && list->steps[i].value == value)
            return true;
    }
    return false;
}

/* Whether the list brings one channel to rest: by its run points, or by its level where there is none to write. */
static bool list_rests(const struct map *map, const struct map_list *list, int channel)
{
    bool by_run = false;
    for (size_t i = 0; i < map->n_points; i++) {
        const struct map_point *p = &map->points[i];
        if (p->role != ROLE_RUN || !p->writable || !map_point_concerns(p, channel))
            continue;
        by_run = true;
        if (!list_writes(list, i, 0))
            return false;
    }
    const struct map_channel *c = &map->channels[channel];
    return by_run || c->level_point < 0 || list_writes(list, (size_t)c->level_point, c->rest);
}

static void check_rest_list(struct reader *r, const struct modality_line *line, const struct map *map,
                            const struct map_list *list, uint32_t channels)
{
    for (size_t i = 0; !list->broken && i < list->n_steps; i++) {
        if (!step_rests(map, &list->steps[i]))
            reader_fault(r, line->origin, "key %s: writing %s leads away from rest", line->key,
                         map->points[list->steps[i].point].name);
    }
    for (size_t i = 0; !list->broken && map->n_broken_points == 0 && i < map->n_channels; i++) {
        if (channels & UINT32_C(1) << i && !list_rests(map, list, (int)i))
            reader_fault(r, line->origin, "key %s does not rest channel %s", line->key, map->channels[i].id);
    }
}

static void check_start(struct reader *r, const struct modality_line *line, const struct map *map,
                        const struct map_group *g)
{
    for (size_t i = 0; g->channels && !g->start.broken && i < g->start.n_steps; i++) {
        const struct map_step *step = &g->start.steps[i];
        const struct map_point *p = &map->points[step->point];
        if (step_rests(map, step))
            continue;
        bool own = p->channel == MAP_EVERY_CHANNEL || g->channels & UINT32_C(1) << p->channel;
        if (p->role != ROLE_RUN)
            reader_fault(r, line->origin, "key %s: a start leaves the level %s at rest", line->key, p->name);
        else if (!own)
            reader_fault(r, line->origin, "key %s: %s is no channel of the group", line->key, p->name);
    }
}

static void check_identify(struct reader *r, const struct modality_line *line, const struct map *map)
{
    for (size_t i = 0; i < map->identify.n_steps; i++) {
        const struct map_point *p = &map->points[map->identify.steps[i].point];
        bool useful = p->has_expect || p->role == ROLE_SERIAL || p->role == ROLE_FIRMWARE || p->role == ROLE_UPTIME;
        if (!useful && !p->broken)
            reader_fault(r, line->origin, "key %s: point %s has no expect", line->key, p->name);
    }
    for (size_t i = 0; i < map->n_points; i++) {
        /* A property is compared in every status, where every actual value must be. */
        bool compared = map->points[i].role == ROLE_ACTUAL || map_list_has(&map->identify, i);
        if (map->points[i].has_expect && !map->identify.broken && !compared) {
            const struct section *s = reader_section(r, OWNER_POINT, map->id, map->points[i].name);
            reader_fault(r, reader_origin(s, KEY_POINT_EXPECT), "point %s has expect and is not in identify",
                         map->points[i].name);
        }
    }
}

static void make_plan(struct reader *r, const struct section *s, enum map_key key, const struct map *map,
                      const struct map_list *list, struct map_plan *plan)
{
    if (map_plan_make(map, list, plan) < 0)
        reader_fault(r, reader_origin(s, key), "key %s needs more than %d requests or %d registers", key_rows[key].key,
                     MAP_REQUESTS_MAX, MAP_PLAN_WORDS);
}

void map_check_lists(struct reader *r, struct section *s, struct map *map)
{
    uint32_t all = (UINT32_C(1) << map->n_channels) - 1;
    if (s->line[KEY_MAP_MAKE_SAFE])
        check_rest_list(r, s->line[KEY_MAP_MAKE_SAFE], map, &map->make_safe, all);
    if (s->line[KEY_MAP_KEEPALIVE])
        check_rest_list(r, s->line[KEY_MAP_KEEPALIVE], map, &map->keepalive, 0);
    for (size_t i = 0; i < map->n_groups; i++) {
        const struct map_group *g = &map->groups[i];
        const struct section *group = reader_section(r, OWNER_GROUP, map->id, g->id);
        if (group && group->line[KEY_GROUP_STOP])
            check_rest_list(r, group->line[KEY_GROUP_STOP], map, &g->stop, g->channels);
        if (group && group->line[KEY_GROUP_START])
            check_start(r, group->line[KEY_GROUP_START], map, g);
    }
    if (s->line[KEY_MAP_IDENTIFY])
        check_identify(r, s->line[KEY_MAP_IDENTIFY], map);
    if (!map->identify.broken)
        make_plan(r, s, KEY_MAP_IDENTIFY, map, &map->identify, &map->identify_plan);
    if (!map->poll.broken)
        make_plan(r, s, KEY_MAP_POLL, map, &map->poll, &map->poll_plan);
}
