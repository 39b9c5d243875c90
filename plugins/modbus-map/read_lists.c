/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the lists of a map: points to read, and writes as point=value in order. Each entry is checked against its
 * point, so that a list that was accepted can be carried out.
 */
#include <stdio.h>
#include <string.h>

#include "map_point.h"
#include "reader.h"

/* Finds the point of an entry and appends a step; NULL and reported if it cannot be. */
static struct map_step *append(struct reader *r, const struct modality_line *line, const struct map *map,
                               const char *name, struct map_list *list)
{
    int point = map_point_find(map, name);
    if (point < 0) {
        reader_fault(r, line->origin, "key %s: point %s.%s does not exist", line->key, map->id, name);
        return NULL;
    }
    if (list->n_steps == MAP_STEPS_MAX) {
        reader_fault(r, line->origin, "key %s: more than %d entries", line->key, MAP_STEPS_MAX);
        return NULL;
    }
    struct map_step *step = &list->steps[list->n_steps++];
    *step = (struct map_step){.point = (uint16_t)point};
    return step;
}

static void read_points_list(struct reader *r, const struct section *s, enum map_key key, const struct map *map,
                             struct map_list *list)
{
    const struct modality_line *line = reader_line(r, s, key);
    const char *text = line ? line->value : "", *word;
    size_t length, faults = r->n_faults;
    while (line && (word = reader_word(&text, &length))) {
        char name[MODALITY_NAME_MAX];
        if (reader_copy(name, sizeof name, word, length) < 0 || memchr(word, '=', length)) {
            reader_fault(r, line->origin, "key %s: %.*s is no name of a point", line->key, (int)length, word);
            continue;
        }
        int point = map_point_find(map, name);
        bool twice = false;
        for (size_t i = 0; i < list->n_steps; i++)
            twice |= point >= 0 && list->steps[i].point == point;
        if (twice)
            reader_fault(r, line->origin, "key %s: %s stands twice", line->key, name);
        else if (point >= 0 && !map->points[point].broken && !map->points[point].readable)
            reader_fault(r, line->origin, "key %s: %s cannot be read", line->key, name);
        else
            append(r, line, map, name, list);
    }
    list->broken |= !line || r->n_faults != faults;
}

static void read_write(struct reader *r, const struct modality_line *line, const struct map *map, const char *entry,
                       struct map_list *list)
{
    char name[MODALITY_NAME_MAX];
    const char *equals = strchr(entry, '='), *why = "";
    if (!equals || reader_copy(name, sizeof name, entry, (size_t)(equals - entry)) < 0) {
        reader_fault(r, line->origin, "key %s: %s is not point=value", line->key, entry);
        return;
    }
    struct map_step *step = append(r, line, map, name, list);
    if (!step)
        return;
    const struct map_point *p = &map->points[step->point];
    list->broken |= p->broken;
    if (p->broken)
        return;
    if (!p->writable)
        reader_fault(r, line->origin, "key %s: %s cannot be written", line->key, name);
    else if (map_point_value(r, p, equals + 1, &step->value, &why) < 0)
        reader_fault(r, line->origin, "key %s: %s %s", line->key, entry, why);
    else if (map_point_encode(p, step->value, step->words) < 0)
        reader_fault(r, line->origin, "key %s: %s is outside what may be written", line->key, entry);
}

static void read_writes_list(struct reader *r, const struct section *s, enum map_key key, const struct map *map,
                             struct map_list *list)
{
    const struct modality_line *line = reader_line(r, s, key);
    const char *text = line ? line->value : "", *word;
    size_t length, faults = r->n_faults;
    while (line && (word = reader_word(&text, &length))) {
        char entry[2 * MODALITY_NAME_MAX];
        if (reader_copy(entry, sizeof entry, word, length) < 0)
            reader_fault(r, line->origin, "key %s: %.*s is too long", line->key, (int)length, word);
        else
            read_write(r, line, map, entry, list);
    }
    list->broken |= r->n_faults != faults;
}

void map_read_lists(struct reader *r, struct section *s, struct map *map)
{
    read_points_list(r, s, KEY_MAP_IDENTIFY, map, &map->identify);
    read_points_list(r, s, KEY_MAP_POLL, map, &map->poll);
    read_writes_list(r, s, KEY_MAP_MAKE_SAFE, map, &map->make_safe);
    for (size_t i = 0; i < r->n_sections; i++) {
        const struct section *part = &r->sections[i];
        if (part->owner != OWNER_PART || strcmp(part->map, map->id) != 0)
            continue;
        if (part->line[KEY_PART_IDENTIFY])
            read_points_list(r, part, KEY_PART_IDENTIFY, map, &map->identify);
        if (part->line[KEY_PART_POLL])
            read_points_list(r, part, KEY_PART_POLL, map, &map->poll);
        read_writes_list(r, part, KEY_PART_MAKE_SAFE, map, &map->make_safe);
    }
    read_writes_list(r, s, KEY_MAP_KEEPALIVE, map, &map->keepalive);
    for (size_t i = 0; i < map->n_groups; i++) {
        const struct section *group = reader_section(r, OWNER_GROUP, map->id, map->groups[i].id);
        if (!group)
            continue;
        read_writes_list(r, group, KEY_GROUP_START, map, &map->groups[i].start);
        read_writes_list(r, group, KEY_GROUP_STOP, map, &map->groups[i].stop);
    }
}
