/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the [point] sections of one map. A point is checked by itself here: its table, type, address, access, scale,
 * role and quantity fit each other. What points must be to each other is checked in check.c.
 */
#include <stdlib.h>
#include <string.h>

#include "map_point.h"
#include "reader.h"

static const struct choice tables[] = {
    {"coil", MODBUS_COIL}, {"discrete", MODBUS_DISCRETE}, {"input", MODBUS_INPUT}, {"holding", MODBUS_HOLDING}, {0}};
static const struct choice types[] = {{"bit", CODEC_BIT},
                                      {"u16", CODEC_U16},
                                      {"i16", CODEC_I16},
                                      {"u32", CODEC_U32},
                                      {"i32", CODEC_I32},
                                      {"f32", CODEC_F32},
                                      {0}};
static const struct choice orders[] = {{"high_first", 0}, {"low_first", 1}, {0}};
static const struct choice polarities[] = {{"high", 0}, {"low", 1}, {0}};
static const struct choice formats[] = {
    {"decimal", FORMAT_DECIMAL}, {"hex", FORMAT_HEX}, {"dotted", FORMAT_DOTTED}, {0}};
enum { READ_ONLY, READ_WRITE, WRITE_ONLY };
static const struct choice accesses[] = {{"ro", READ_ONLY}, {"rw", READ_WRITE}, {"wo", WRITE_ONLY}, {0}};
static const struct choice roles[] = {{"setpoint", ROLE_SETPOINT},
                                      {"actual", ROLE_ACTUAL},
                                      {"run", ROLE_RUN},
                                      {"starting", ROLE_STARTING},
                                      {"interlock", ROLE_INTERLOCK},
                                      {"fault", ROLE_FAULT},
                                      {"fault_code", ROLE_FAULT_CODE},
                                      {"watchdog", ROLE_WATCHDOG},
                                      {"patient_stop", ROLE_PATIENT_STOP},
                                      {"contact", ROLE_CONTACT},
                                      {"remaining", ROLE_REMAINING},
                                      {"uptime", ROLE_UPTIME},
                                      {"serial", ROLE_SERIAL},
                                      {"firmware", ROLE_FIRMWARE},
                                      {"applicator", ROLE_APPLICATOR},
                                      {0}};
/* What a role needs of its point. Bits of types; quantity: yes, no, or one given. */
#define TYPE(t) (1u << CODEC_##t)
#define TYPES_NUMBER (TYPE(U16) | TYPE(I16) | TYPE(U32) | TYPE(I32) | TYPE(F32))
#define TYPES_WHOLE (TYPE(U16) | TYPE(I16) | TYPE(U32) | TYPE(I32))
static const struct role_rule {
    const char *name;
    unsigned types;
    bool quantity, reads, writes, per_channel;
} role_rules[] = {
    [ROLE_NONE] = {"none", TYPE(BIT) | TYPES_NUMBER, false, false, false, false},
    [ROLE_SETPOINT] = {"setpoint", TYPES_NUMBER, true, false, true, true},
    [ROLE_ACTUAL] = {"actual", TYPE(BIT) | TYPES_NUMBER, true, true, false, true},
    [ROLE_RUN] = {"run", TYPE(BIT) | TYPES_WHOLE, false, false, false, true},
    [ROLE_STARTING] = {"starting", TYPE(BIT), false, true, false, true},
    [ROLE_INTERLOCK] = {"interlock", TYPE(BIT), false, true, false, true},
    [ROLE_FAULT] = {"fault", TYPE(BIT), false, true, false, false},
    [ROLE_FAULT_CODE] = {"fault_code", TYPES_WHOLE, false, true, false, false},
    [ROLE_WATCHDOG] = {"watchdog", TYPE(BIT), false, true, false, false},
    [ROLE_PATIENT_STOP] = {"patient_stop", TYPE(BIT), false, true, false, false},
    [ROLE_CONTACT] = {"contact", TYPES_WHOLE, false, true, false, true},
    [ROLE_REMAINING] = {"remaining", TYPES_NUMBER, true, true, false, false},
    [ROLE_UPTIME] = {"uptime", TYPES_NUMBER, true, true, false, false},
    [ROLE_SERIAL] = {"serial", TYPES_WHOLE, false, true, false, false},
    [ROLE_FIRMWARE] = {"firmware", TYPES_WHOLE, false, true, false, false},
    [ROLE_APPLICATOR] = {"applicator", TYPES_WHOLE, false, true, false, true},
};

/* The bit of a register, the order of two: keys that hang on table and type. */
static bool read_bit(struct reader *r, const struct section *s, struct map_point *p)
{
    int64_t bit = 0;
    if (map_point_is_bit_table(p) || p->codec.type != CODEC_BIT) {
        reader_refuse(r, s, KEY_POINT_BIT, "is for a bit of a register");
        return true;
    }
    if (!s->line[KEY_POINT_BIT])
        reader_fault(r, s->origin, "point %s: a bit of a register needs the key bit", s->name);
    else if (reader_number(r, s, KEY_POINT_BIT, 0, 15, &bit))
        p->bit = (uint8_t)bit;
    return s->line[KEY_POINT_BIT];
}

static void read_order(struct reader *r, const struct section *s, const struct map *map, struct map_point *p)
{
    int low_first = map->low_first;
    if (codec_words(p->codec.type) == 1)
        reader_refuse(r, s, KEY_POINT_WORD_ORDER, "is for points of two registers");
    else if (!reader_choice(r, s, KEY_POINT_WORD_ORDER, orders, &low_first) && !s->line[KEY_POINT_WORD_ORDER] &&
             !map->has_word_order)
        reader_fault(r, s->origin, "point %s takes two registers: word_order is needed here or in its map", s->name);
    p->codec.low_first = low_first;
}

static void read_place(struct reader *r, const struct section *s, const struct map *map, struct map_point *p,
                       struct known *known)
{
    int table = MODBUS_INPUT, type = CODEC_U16, active_low = 0;
    int64_t address = 0;
    bool has_table = reader_choice(r, s, KEY_POINT_TABLE, tables, &table);
    bool has_type = reader_choice(r, s, KEY_POINT_TYPE, types, &type);
    p->table = (enum modbus_table)table;
    p->codec.type = (enum codec_type)type;
    if (reader_number(r, s, KEY_POINT_ADDRESS, 0, UINT16_MAX, &address) &&
        address + (int64_t)codec_words(p->codec.type) - 1 > UINT16_MAX)
        reader_fault(r, s->line[KEY_POINT_ADDRESS]->origin, "point %s: its second register is beyond 65535", s->name);
    p->address = (uint16_t)address;
    if (!has_table || !has_type)
        return;
    if (map_point_is_bit_table(p) && type != CODEC_BIT) {
        reader_fault(r, reader_origin(s, KEY_POINT_TYPE), "point %s: a %s is a bit, not %s", s->name,
                     s->line[KEY_POINT_TABLE]->value, s->line[KEY_POINT_TYPE]->value);
        return;
    }
    known->place = read_bit(r, s, p);
    read_order(r, s, map, p);
    if (type == CODEC_BIT)
        reader_choice(r, s, KEY_POINT_ACTIVE, polarities, &active_low);
    else
        reader_refuse(r, s, KEY_POINT_ACTIVE, "is for bits");
    p->active_low = active_low;
}

static void read_access(struct reader *r, const struct section *s, struct map_point *p, struct known *known)
{
    int access = READ_ONLY;
    if (!reader_choice(r, s, KEY_POINT_ACCESS, accesses, &access))
        return;
    known->access = true;
    p->readable = access != WRITE_ONLY;
    p->writable = access != READ_ONLY;
    bool never = p->table == MODBUS_DISCRETE || p->table == MODBUS_INPUT;
    if (!p->writable || !known->place)
        return;
    const char *at = s->line[KEY_POINT_ACCESS]->origin;
    if (never)
        reader_fault(r, at, "point %s: table %s cannot be written", s->name, s->line[KEY_POINT_TABLE]->value);
    else if (p->codec.type == CODEC_BIT && p->table == MODBUS_HOLDING)
        reader_fault(r, at, "point %s: one bit of a register cannot be written alone", s->name);
    known->access = !never;
}

/* Whether table, type, quantity and access are such that the point can play its role. */
static void check_role(struct reader *r, const struct section *s, const struct map_point *p, const struct known *known)
{
    const struct role_rule *rule = &role_rules[p->role];
    const char *at = reader_origin(s, KEY_POINT_ROLE);
    if (known->place && !(rule->types & 1u << p->codec.type))
        reader_fault(r, at, "point %s: role %s does not go with type %s", s->name, rule->name,
                     s->line[KEY_POINT_TYPE]->value);
    if (rule->quantity && !s->line[KEY_POINT_QUANTITY])
        reader_fault(r, at, "point %s: role %s needs a quantity", s->name, rule->name);
    if (!rule->quantity && p->role != ROLE_NONE && s->line[KEY_POINT_QUANTITY])
        reader_fault(r, at, "point %s: role %s has no quantity", s->name, rule->name);
    bool wrong = (rule->reads && !p->readable) || (rule->writes && !p->writable) ||
                 (p->role == ROLE_ACTUAL && p->writable); /* what is measured is not set */
    if (known->access && wrong)
        reader_fault(r, at, "point %s: role %s does not go with access %s", s->name, rule->name,
                     s->line[KEY_POINT_ACCESS]->value);
}

static void read_role(struct reader *r, const struct section *s, const struct map *map, struct map_point *p,
                      struct known *known)
{
    int role = ROLE_NONE, format = FORMAT_DECIMAL;
    const struct modality_line *line = s->line[KEY_POINT_CHANNEL];
    p->channel = MAP_EVERY_CHANNEL;
    if (!reader_choice(r, s, KEY_POINT_ROLE, roles, &role) && s->line[KEY_POINT_ROLE])
        return;
    known->role = true;
    p->role = (enum map_role)role;
    check_role(r, s, p, known);
    if (role == ROLE_INTERLOCK) {
        p->has_quantity = true;
        p->quantity = QUANTITY_interlock_closed;
    }
    if (line && !role_rules[role].per_channel)
        reader_refuse(r, s, KEY_POINT_CHANNEL, "has no meaning for this role");
    else if (line && map->n_channels && (p->channel = map_channel_find(map, line->value)) < 0)
        reader_fault(r, line->origin, "point %s: channel %s is not in channels", s->name, line->value);
    if (role != ROLE_SERIAL && role != ROLE_FIRMWARE && role != ROLE_APPLICATOR)
        reader_refuse(r, s, KEY_POINT_FORMAT, "is for serial, firmware and applicator");
    else if (reader_choice(r, s, KEY_POINT_FORMAT, formats, &format))
        p->format = (enum map_format)format;
}

/* Quantities that are no magnitude, or not measured, in a role that takes them for one. */
static void check_kind(struct reader *r, const struct section *s, const struct map_point *p,
                       const struct modality_quantity_info *info)
{
    const char *at = reader_origin(s, KEY_POINT_QUANTITY);
    if (p->role == ROLE_ACTUAL && p->quantity == QUANTITY_interlock_closed)
        reader_fault(r, at, "point %s: %s is what role interlock reads", s->name, info->id);
    if (p->role == ROLE_ACTUAL && p->codec.type == CODEC_BIT && info->dimension != DIMENSION_NUMBER)
        reader_fault(r, at, "point %s: %s is more than a bit can say", s->name, info->id);
    if (p->role == ROLE_ACTUAL && p->has_expect && info->basis != BASIS_PROPERTY)
        reader_fault(r, reader_origin(s, KEY_POINT_EXPECT), "point %s: %s is no property that could be expected",
                     s->name, info->id);
    if (p->role == ROLE_SETPOINT && p->quantity == QUANTITY_active_polarity && p->has_range &&
        (p->min < POLARITY_FIRST || p->max > POLARITY_LAST))
        reader_fault(r, at, "point %s: %s is 1 or 2; another number needs codes", s->name, info->id);
}

/* The quantity must be one that the role and the modality of its channels know. */
static void check_quantity(struct reader *r, const struct section *s, const struct map *map, const struct map_point *p)
{
    if (!p->has_quantity)
        return;
    const char *at = reader_origin(s, KEY_POINT_QUANTITY);
    const struct modality_quantity_info *info = r->services->quantity_info(r->services->ctx, p->quantity);
    if (p->role == ROLE_REMAINING && p->quantity != QUANTITY_duration_ms)
        reader_fault(r, at, "point %s: role remaining is a duration_ms", s->name);
    if (p->role == ROLE_UPTIME && p->quantity != QUANTITY_uptime_ms)
        reader_fault(r, at, "point %s: role uptime is an uptime_ms", s->name);
    if (p->role == ROLE_SETPOINT && info->basis != BASIS_COMMANDED)
        reader_fault(r, at, "point %s: %s is not a quantity that is commanded", s->name, info->id);
    check_kind(r, s, p, info);
    for (size_t i = 0; i < map->n_channels; i++) {
        if (p->channel >= 0 && (size_t)p->channel != i)
            continue;
        if (!map->channels[i].broken && !(info->modalities & map->channels[i].modality)) {
            reader_fault(r, at, "point %s: %s does not belong to the modality of channel %s", s->name, info->id,
                         map->channels[i].id);
            return;
        }
    }
}

static void read_point(struct reader *r, const struct section *s, struct map *map, struct map_point *p)
{
    struct known known = {0};
    size_t faults = r->n_faults;
    reader_copy(p->name, sizeof p->name, s->name, strlen(s->name));
    read_place(r, s, map, p, &known);
    read_access(r, s, p, &known);
    map_read_scale(r, s, p, &known);
    read_role(r, s, map, p, &known);
    map_read_codes(r, s, p, &known);
    map_read_range(r, s, p, &known);
    map_read_expect(r, s, p, &known);
    check_quantity(r, s, map, p);
    p->broken = r->n_faults != faults || map->n_channels == 0;
    map->n_broken_points += p->broken;
}

int map_point_find(const struct map *map, const char *name)
{
    for (size_t i = 0; i < map->n_points; i++) {
        if (strcmp(map->points[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

void map_read_points(struct reader *r, struct map *map)
{
    size_t count = 0;
    for (size_t i = 0; i < r->n_sections; i++)
        count += r->sections[i].owner == OWNER_POINT && strcmp(r->sections[i].map, map->id) == 0;
    map->points = calloc(count + 1, sizeof *map->points);
    if (!map->points) {
        r->no_memory = true;
        return;
    }
    for (size_t i = 0; i < r->n_sections; i++) {
        const struct section *s = &r->sections[i];
        if (s->owner != OWNER_POINT || strcmp(s->map, map->id) != 0)
            continue;
        if (map->n_points == MAP_POINTS_MAX) {
            reader_fault(r, s->origin, "map %s has more than %d points", map->id, MAP_POINTS_MAX);
            return;
        }
        read_point(r, s, map, &map->points[map->n_points++]);
    }
}
