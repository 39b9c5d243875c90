/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the points of a map must be to each other and to its channels: a level that can be set and brought to rest, an
 * output that can be judged, nothing that is described twice. Lists are checked in check_lists.c.
 */
#include <string.h>

#include "map_point.h"
#include "map_select.h"
#include "plan.h"
#include "reader.h"

static const struct section *point_section(struct reader *r, const struct map *map, const struct map_point *p)
{
    return reader_section(r, OWNER_POINT, map->id, p->name);
}

static bool same_channels(const struct map_point *a, const struct map_point *b)
{
    return a->channel == b->channel || a->channel == MAP_EVERY_CHANNEL || b->channel == MAP_EVERY_CHANNEL;
}

/* Roles of which a unit, or a channel and quantity, has one. */
static bool is_twin(const struct map_point *a, const struct map_point *b)
{
    if (a->role != b->role)
        return false;
    switch (a->role) {
    case ROLE_SETPOINT:
    case ROLE_ACTUAL:
        return a->has_quantity && b->has_quantity && a->quantity == b->quantity && same_channels(a, b);
    case ROLE_CONTACT:
    case ROLE_APPLICATOR:
        return same_channels(a, b);
    case ROLE_REMAINING:
    case ROLE_UPTIME:
    case ROLE_SERIAL:
    case ROLE_FIRMWARE:
    case ROLE_WATCHDOG:
        return true;
    case ROLE_NONE:
    case ROLE_RUN:
    case ROLE_STARTING:
    case ROLE_INTERLOCK:
    case ROLE_FAULT:
    case ROLE_FAULT_CODE:
    case ROLE_PATIENT_STOP:
        break;
    }
    return false;
}

/* Two points on one register are a slip of the hand, unless one is a bit of it. */
static bool overlap(const struct map_point *a, const struct map_point *b)
{
    bool register_bit = !map_point_is_bit_table(a) && (a->codec.type == CODEC_BIT || b->codec.type == CODEC_BIT);
    if (a->table != b->table)
        return false;
    if (register_bit)
        return a->codec.type == b->codec.type && a->address == b->address && a->bit == b->bit;
    return a->address < b->address + (int)codec_words(b->codec.type) &&
           b->address < a->address + (int)codec_words(a->codec.type);
}

static void check_pairs(struct reader *r, const struct map *map)
{
    for (size_t i = 0; i < map->n_points; i++) {
        for (size_t j = 0; j < i; j++) {
            const struct map_point *a = &map->points[i], *b = &map->points[j];
            if (a->broken || b->broken)
                continue;
            const struct section *s = point_section(r, map, a);
            if (overlap(a, b))
                reader_fault(r, reader_origin(s, KEY_POINT_ADDRESS), "points %s and %s overlap", b->name, a->name);
            if (is_twin(a, b))
                reader_fault(r, reader_origin(s, KEY_POINT_ROLE), "points %s and %s have the same role", b->name,
                             a->name);
        }
    }
}

/* Roles that mean something in a status only. */
static bool is_of_status(enum map_role role)
{
    switch (role) {
    case ROLE_ACTUAL:
    case ROLE_STARTING:
    case ROLE_INTERLOCK:
    case ROLE_FAULT:
    case ROLE_FAULT_CODE:
    case ROLE_WATCHDOG:
    case ROLE_PATIENT_STOP:
    case ROLE_CONTACT:
    case ROLE_REMAINING:
    case ROLE_UPTIME:
    case ROLE_APPLICATOR:
        return true;
    case ROLE_NONE:
    case ROLE_SETPOINT:
    case ROLE_RUN:
    case ROLE_SERIAL:
    case ROLE_FIRMWARE:
        break;
    }
    return false;
}

/* A set point whose outcome cannot be seen, and a status point that no status reads. */
static void check_visible(struct reader *r, const struct map *map)
{
    for (size_t i = 0; i < map->n_points; i++) {
        const struct map_point *p = &map->points[i];
        const struct section *s = point_section(r, map, p);
        const char *at = reader_origin(s, KEY_POINT_ROLE);
        if (p->broken || map->poll.broken)
            continue;
        if (p->role == ROLE_SETPOINT && !p->readable && p->has_quantity &&
            map_select_polled(map, ROLE_ACTUAL, p->channel, p->quantity) < 0)
            reader_fault(r, at, "set point %s can neither be read back nor is its actual value in poll", p->name);
        if (is_of_status(p->role) && !map_list_has(&map->poll, i))
            reader_fault(r, at, "point %s belongs to the status and is not in poll", p->name);
    }
}

static void find_waveforms(struct reader *r, const struct section *s, const struct map *map, struct map_channel *c,
                           int channel)
{
    int point = map_select(map, ROLE_SETPOINT, channel, QUANTITY_waveform_class);
    if (point >= 0 && s->line[KEY_CHANNEL_WAVEFORMS]) {
        reader_fault(r, s->line[KEY_CHANNEL_WAVEFORMS]->origin, "channel %s: its waveforms are the codes of point %s",
                     c->id, map->points[point].name);
        return;
    }
    for (size_t i = 0; point >= 0 && i < map->points[point].n_codes; i++) {
        const struct map_code *code = &map->points[point].codes[i];
        c->waveforms |= UINT32_C(1) << code->value;
        if (map_waveform_modality(code->value) != c->modality)
            reader_fault(r, reader_origin(point_section(r, map, &map->points[point]), KEY_POINT_CODES),
                         "point %s: %s is of another modality than channel %s", map->points[point].name, code->word,
                         c->id);
    }
    if (!c->waveforms && !s->line[KEY_CHANNEL_WAVEFORMS] && point < 0)
        reader_fault(r, s->origin, "channel %s has neither waveforms nor a waveform point", c->id);
}

static void find_points(struct reader *r, const struct section *s, struct map *map, struct map_channel *c, int channel)
{
    const struct modality_quantity_info *level = r->services->quantity_info(r->services->ctx, c->level);
    uint16_t words[2];
    c->level_point = map_select(map, ROLE_SETPOINT, channel, c->level);
    if (c->level_point < 0)
        reader_fault(r, reader_origin(s, KEY_CHANNEL_LEVEL), "channel %s has no set point of its level %s", c->id,
                     level->id);
    else if (map_point_encode(&map->points[c->level_point], c->rest, words) < 0)
        reader_fault(r, reader_origin(s, KEY_CHANNEL_REST), "channel %s: point %s cannot be written to rest", c->id,
                     map->points[c->level_point].name);
    c->actual_point = map_select_polled(map, ROLE_ACTUAL, channel, c->level);
    if (c->actual_point < 0)
        c->actual_point = map_select_polled(map, ROLE_ACTUAL, channel, QUANTITY_power_uw);
    if (c->actual_point >= 0 && !s->line[KEY_CHANNEL_NOISE])
        reader_fault(r, s->origin, "channel %s: its output is measured by %s and it has no noise", c->id,
                     map->points[c->actual_point].name);
    if (c->actual_point >= 0 && map->points[c->actual_point].has_absent)
        reader_fault(r, s->origin, "channel %s: its output is judged by %s, which must not be absent", c->id,
                     map->points[c->actual_point].name);
    if (c->actual_point >= 0 && map->points[c->actual_point].quantity != c->level &&
        !map->points[c->actual_point].has_range)
        reader_fault(r, reader_origin(point_section(r, map, &map->points[c->actual_point]), KEY_POINT_ROLE),
                     "channel %s: its output is judged by %s, which needs a max", c->id,
                     map->points[c->actual_point].name);
    c->has_run = map_select_polled(map, ROLE_RUN, channel, QUANTITY_COUNT) >= 0;
}

/* A channel without a run point rests by its set point: both proofs of that must be in the status. */
static void check_rest(struct reader *r, const struct section *top, const struct section *s, const struct map *map,
                       struct map_channel *c, int channel)
{
    if (c->has_run) {
        if (!map->channels[0].has_run && !map->channels[0].broken && channel > 0)
            reader_fault(r, s->origin, "channel %s has a run point in poll and channel %s has none", c->id,
                         map->channels[0].id);
        return;
    }
    if (map_select(map, ROLE_RUN, channel, QUANTITY_COUNT) >= 0) {
        reader_fault(r, s->origin, "channel %s: none of its run points is in poll", c->id);
        c->broken = true;
        return;
    }
    if (top->line[KEY_MAP_START_TIME])
        reader_fault(r, top->line[KEY_MAP_START_TIME]->origin,
                     "channel %s has no run point that could show when a start has become output", c->id);
    if (c->actual_point < 0)
        reader_fault(r, s->origin, "channel %s has neither a run point nor a measured output", c->id);
    if (c->level_point >= 0 && !map_list_has(&map->poll, (size_t)c->level_point))
        reader_fault(r, s->origin, "channel %s has no run point: its set point must be in poll", c->id);
    if (!top->line[KEY_MAP_REST_WITHIN])
        reader_fault(r, s->origin, "channel %s has no run point: the map needs rest_within", c->id);
}

/* How much of it a description and a status can carry. */
static void check_capacity(struct reader *r, const struct section *s, const struct map *map, int channel)
{
    size_t readings = 0;
    size_t ranges = map_select_ranges(map, channel, NULL, 0);
    for (size_t i = 0; i < map->n_points; i++)
        readings += map->points[i].role == ROLE_ACTUAL && map_point_concerns(&map->points[i], channel);
    readings += map_select(map, ROLE_INTERLOCK, channel, QUANTITY_COUNT) >= 0;
    if (ranges > MODALITY_RANGES_MAX)
        reader_fault(r, s->origin, "channel %s has more than %d quantities", s->name, MODALITY_RANGES_MAX);
    if (readings > MODALITY_READINGS_MAX)
        reader_fault(r, s->origin, "channel %s has more than %d actual values", s->name, MODALITY_READINGS_MAX);
}

static void check_channels(struct reader *r, const struct section *top, struct map *map)
{
    for (size_t i = 0; i < map->n_channels; i++) {
        struct map_channel *c = &map->channels[i];
        const struct section *s = reader_section(r, OWNER_CHANNEL, map->id, c->id);
        /* What is missing may be what was reported already. */
        if (!s || c->broken || map->n_broken_points || map->poll.broken)
            continue;
        find_waveforms(r, s, map, c, (int)i);
        find_points(r, s, map, c, (int)i);
        check_rest(r, top, s, map, c, (int)i);
        check_capacity(r, s, map, (int)i);
    }
}

/* A start that takes time, and the bit that tells it. */
static void check_starting(struct reader *r, const struct section *s, const struct map *map)
{
    for (size_t i = 0; i < map->n_points; i++) {
        const struct map_point *p = &map->points[i];
        if (p->role == ROLE_STARTING && !p->broken && !s->line[KEY_MAP_START_TIME])
            reader_fault(r, reader_origin(point_section(r, map, p), KEY_POINT_ROLE),
                         "point %s has role starting and map %s no start_time", p->name, map->id);
    }
}

static void check_watchdog(struct reader *r, const struct section *s, const struct map *map)
{
    if (s->line[KEY_MAP_WATCHDOG] && map->keepalive.n_steps == 0)
        reader_fault(r, s->line[KEY_MAP_WATCHDOG]->origin, "map %s has a watchdog and no keepalive", map->id);
    if (s->line[KEY_MAP_WATCHDOG] && !s->line[KEY_MAP_AFTER_WATCHDOG])
        reader_fault(r, s->line[KEY_MAP_WATCHDOG]->origin, "map %s has a watchdog and no after_watchdog", map->id);
    if (!s->line[KEY_MAP_WATCHDOG] && s->line[KEY_MAP_KEEPALIVE])
        reader_fault(r, s->line[KEY_MAP_KEEPALIVE]->origin, "map %s has keepalive and no watchdog", map->id);
    else if (!s->line[KEY_MAP_WATCHDOG] && s->line[KEY_MAP_AFTER_WATCHDOG])
        reader_fault(r, s->line[KEY_MAP_AFTER_WATCHDOG]->origin, "map %s has after_watchdog and no watchdog", map->id);
}

static void check_contact(struct reader *r, const struct section *s, struct map *map)
{
    static const enum map_key keys[] = {KEY_MAP_CONTACT_FROM, KEY_MAP_CONTACT_PROBE_POWER,
                                        KEY_MAP_AFTER_CONTACT_RETURN};
    for (size_t i = 0; i < map->n_points; i++) {
        map->contact_monitored |= map->points[i].role == ROLE_CONTACT;
        map->patient_stop |= map->points[i].role == ROLE_PATIENT_STOP;
    }
    for (size_t i = 0; !map->contact_monitored && map->n_broken_points == 0 && i < sizeof keys / sizeof *keys; i++) {
        if (s->line[keys[i]])
            reader_fault(r, s->line[keys[i]]->origin, "map %s has %s and no contact point", map->id,
                         s->line[keys[i]]->key);
    }
}

void map_check(struct reader *r, struct section *s, struct map *map)
{
    check_pairs(r, map);
    check_visible(r, map);
    check_channels(r, s, map);
    check_starting(r, s, map);
    check_watchdog(r, s, map);
    check_contact(r, s, map);
    map_check_lists(r, s, map);
}
