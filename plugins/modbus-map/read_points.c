/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the [point] sections of one map. A point is checked by itself here: its table, type, address, access, scale,
 * range, codes and role fit each other. What points must be to each other is checked in check.c.
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
                                      {"fault", ROLE_FAULT},
                                      {"fault_code", ROLE_FAULT_CODE},
                                      {"watchdog", ROLE_WATCHDOG},
                                      {"patient_stop", ROLE_PATIENT_STOP},
                                      {"contact", ROLE_CONTACT},
                                      {"remaining", ROLE_REMAINING},
                                      {"uptime", ROLE_UPTIME},
                                      {"serial", ROLE_SERIAL},
                                      {"firmware", ROLE_FIRMWARE},
                                      {0}};
static const struct choice contacts[] = {{"unknown", CONTACT_UNKNOWN},
                                         {"not_monitored", CONTACT_NOT_MONITORED},
                                         {"good", CONTACT_GOOD},
                                         {"poor", CONTACT_POOR},
                                         {"lost", CONTACT_LOST},
                                         {"shorted", CONTACT_SHORTED},
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
    [ROLE_ACTUAL] = {"actual", TYPES_NUMBER, true, true, false, true},
    [ROLE_RUN] = {"run", TYPE(BIT) | TYPES_WHOLE, false, false, false, true},
    [ROLE_FAULT] = {"fault", TYPE(BIT), false, true, false, false},
    [ROLE_FAULT_CODE] = {"fault_code", TYPES_WHOLE, false, true, false, false},
    [ROLE_WATCHDOG] = {"watchdog", TYPE(BIT), false, true, false, false},
    [ROLE_PATIENT_STOP] = {"patient_stop", TYPE(BIT), false, true, false, false},
    [ROLE_CONTACT] = {"contact", TYPES_WHOLE, false, true, false, true},
    [ROLE_REMAINING] = {"remaining", TYPES_NUMBER, true, true, false, false},
    [ROLE_UPTIME] = {"uptime", TYPES_NUMBER, true, true, false, false},
    [ROLE_SERIAL] = {"serial", TYPES_WHOLE, false, true, false, false},
    [ROLE_FIRMWARE] = {"firmware", TYPES_WHOLE, false, true, false, false},
};

/* Reports when a key stands where it means nothing. */
static void refuse(struct reader *r, const struct section *s, enum map_key key, const char *why)
{
    if (s->line[key])
        reader_fault(r, s->line[key]->origin, "point %s: key %s %s", s->name, s->line[key]->key, why);
}

/* The origin of a key, or of the section where the key is missing. */
static const char *origin_of(const struct section *s, enum map_key key)
{
    return s->line[key] ? s->line[key]->origin : s->origin;
}

static bool is_waveform(const struct map_point *p)
{
    return p->has_quantity && p->quantity == QUANTITY_waveform_class;
}

static void read_place(struct reader *r, const struct section *s, const struct map *map, struct map_point *p)
{
    int table = MODBUS_INPUT, type = CODEC_U16, choice = 0;
    int64_t address = 0, bit = 0;
    bool placed = reader_choice(r, s, KEY_POINT_TABLE, tables, &table);
    placed &= reader_choice(r, s, KEY_POINT_TYPE, types, &type);
    p->table = (enum modbus_table)table;
    p->codec.type = (enum codec_type)type;
    if (reader_number(r, s, KEY_POINT_ADDRESS, 0, UINT16_MAX, &address)) {
        p->address = (uint16_t)address;
        if (address + (int64_t)codec_words(p->codec.type) - 1 > UINT16_MAX)
            reader_fault(r, s->line[KEY_POINT_ADDRESS]->origin, "point %s: its second register is beyond 65535",
                         s->name);
    }
    if (placed && map_point_is_bit_table(p) && type != CODEC_BIT)
        reader_fault(r, origin_of(s, KEY_POINT_TYPE), "point %s: a %s is a bit, not %s", s->name,
                     s->line[KEY_POINT_TABLE]->value, s->line[KEY_POINT_TYPE]->value);
    bool register_bit = placed && !map_point_is_bit_table(p) && type == CODEC_BIT;
    if (register_bit && !s->line[KEY_POINT_BIT])
        reader_fault(r, s->origin, "point %s: a bit of a register needs the key bit", s->name);
    else if (register_bit && reader_number(r, s, KEY_POINT_BIT, 0, 15, &bit))
        p->bit = (uint8_t)bit;
    else if (placed && !register_bit)
        refuse(r, s, KEY_POINT_BIT, "is for a bit of a register");
    if (codec_words(p->codec.type) == 2) {
        if (reader_choice(r, s, KEY_POINT_WORD_ORDER, orders, &choice))
            p->codec.low_first = choice;
        else if (!map->has_word_order && !s->line[KEY_POINT_WORD_ORDER])
            reader_fault(r, s->origin, "point %s takes two registers: word_order is needed here or in its map",
                         s->name);
        else
            p->codec.low_first = map->low_first;
    } else {
        refuse(r, s, KEY_POINT_WORD_ORDER, "is for points of two registers");
    }
    choice = 0;
    if (type == CODEC_BIT && reader_choice(r, s, KEY_POINT_ACTIVE, polarities, &choice))
        p->active_low = choice;
    else if (type != CODEC_BIT)
        refuse(r, s, KEY_POINT_ACTIVE, "is for bits");
}

static void read_access(struct reader *r, const struct section *s, struct map_point *p)
{
    int access = READ_ONLY;
    if (!reader_choice(r, s, KEY_POINT_ACCESS, accesses, &access))
        return;
    p->readable = access != WRITE_ONLY;
    p->writable = access != READ_ONLY;
    bool never = p->table == MODBUS_DISCRETE || p->table == MODBUS_INPUT;
    if (p->writable && s->line[KEY_POINT_TABLE] && never)
        reader_fault(r, origin_of(s, KEY_POINT_ACCESS), "point %s: table %s cannot be written", s->name,
                     s->line[KEY_POINT_TABLE]->value);
    else if (p->writable && p->codec.type == CODEC_BIT && p->table == MODBUS_HOLDING)
        reader_fault(r, origin_of(s, KEY_POINT_ACCESS), "point %s: one bit of a register cannot be written alone",
                     s->name);
}

/* Base units of one written unit: the exact value of "1 <unit>". */
static bool read_unit(struct reader *r, const struct section *s, const struct map_point *p, int64_t *unit)
{
    const struct modality_line *line = s->line[KEY_POINT_UNIT];
    char text[MODALITY_NAME_MAX + 2] = "1 ";
    if (!line) {
        reader_fault(r, s->origin, "point %s has a quantity and no unit", s->name);
        return false;
    }
    if (reader_copy(text + 2, MODALITY_NAME_MAX, line->value, strlen(line->value)) == 0 &&
        r->services->value_parse(r->services->ctx, p->quantity, text, unit) == 0 && *unit > 0)
        return true;
    reader_fault(r, line->origin, "point %s: %s is no unit of %s that is a whole number of its base units", s->name,
                 line->value, s->line[KEY_POINT_QUANTITY]->value);
    return false;
}

static void read_scale(struct reader *r, const struct section *s, struct map_point *p)
{
    struct number_fraction scale = {1, 1}, offset = {0, 1};
    int64_t unit = 1;
    p->codec.mul = p->codec.div = p->codec.step = 1;
    if (reader_quantity(r, s, KEY_POINT_QUANTITY, &p->quantity)) {
        p->has_quantity = true;
        p->codec.round = codec_round_of(r->services->quantity_info(r->services->ctx, p->quantity));
    }
    if (p->codec.type == CODEC_BIT || is_waveform(p)) {
        const char *why = is_waveform(p) ? "has no meaning for a selection" : "has no meaning for a bit";
        refuse(r, s, KEY_POINT_SCALE, why);
        refuse(r, s, KEY_POINT_OFFSET, why);
        refuse(r, s, KEY_POINT_UNIT, why);
        return;
    }
    bool whole = true;
    if (p->has_quantity)
        whole = read_unit(r, s, p, &unit);
    else if (!s->line[KEY_POINT_QUANTITY])
        refuse(r, s, KEY_POINT_UNIT, "needs a quantity");
    reader_fraction(r, s, KEY_POINT_SCALE, &scale);
    reader_fraction(r, s, KEY_POINT_OFFSET, &offset);
    if (whole && codec_scale(&p->codec, scale, offset, unit) < 0)
        reader_fault(r, origin_of(s, KEY_POINT_SCALE), "point %s: scale is 0, or scale and offset are too large",
                     s->name);
}

int map_point_value(struct reader *r, const struct map_point *p, const char *text, int64_t *out, const char **why)
{
    for (size_t i = 0; i < p->n_codes; i++) {
        if (strcmp(p->codes[i].word, text) == 0) {
            *out = is_waveform(p) ? p->codes[i].value : p->codes[i].raw;
            return 0;
        }
    }
    bool with_unit = p->has_quantity && !is_waveform(p);
    *why = is_waveform(p) ? "is none of its codes" : with_unit ? "is no exact value with unit" : "is no whole number";
    if (with_unit)
        return r->services->value_parse(r->services->ctx, p->quantity, text, out);
    return is_waveform(p) ? -1 : number_whole(text, out);
}

/* Reads a key that holds a value of the point itself. */
static bool read_own_value(struct reader *r, const struct section *s, enum map_key key, const struct map_point *p,
                           int64_t *out)
{
    const struct modality_line *line = reader_line(r, s, key);
    const char *why = "";
    if (!line)
        return false;
    if (map_point_value(r, p, line->value, out, &why) == 0)
        return true;
    reader_fault(r, line->origin, "point %s: %s %s %s", s->name, line->key, line->value, why);
    return false;
}

static void read_range(struct reader *r, const struct section *s, struct map_point *p)
{
    bool f32 = p->codec.type == CODEC_F32;
    if (!p->writable || p->codec.type == CODEC_BIT || is_waveform(p)) {
        const char *why = "is for numbers that are written";
        refuse(r, s, KEY_POINT_MIN, why);
        refuse(r, s, KEY_POINT_MAX, why);
        refuse(r, s, KEY_POINT_RESOLUTION, why);
        return;
    }
    if (f32 && !s->line[KEY_POINT_RESOLUTION])
        reader_fault(r, s->origin, "point %s is written as f32 and has no resolution", s->name);
    if (f32 && read_own_value(r, s, KEY_POINT_RESOLUTION, p, &p->codec.step) && p->codec.step < 1) {
        reader_fault(r, origin_of(s, KEY_POINT_RESOLUTION), "point %s: resolution is not above 0", s->name);
        p->codec.step = 1;
    }
    if (!f32)
        refuse(r, s, KEY_POINT_RESOLUTION, "follows from scale for whole numbers");
    if (!f32 && !codec_is_exact(&p->codec))
        reader_fault(r, origin_of(s, KEY_POINT_SCALE),
                     "point %s is written, and one raw step is no whole number of base units", s->name);
    bool low = read_own_value(r, s, KEY_POINT_MIN, p, &p->min);
    bool high = read_own_value(r, s, KEY_POINT_MAX, p, &p->max);
    if (!s->line[KEY_POINT_MIN] || !s->line[KEY_POINT_MAX])
        reader_fault(r, s->origin, "point %s is written and has no %s", s->name,
                     s->line[KEY_POINT_MIN] ? "max" : "min");
    if (!low || !high)
        return;
    uint16_t words[2];
    p->has_range = true;
    if (p->min > p->max)
        reader_fault(r, origin_of(s, KEY_POINT_MIN), "point %s: min is above max", s->name);
    else if (codec_encode(&p->codec, p->min, words) < 0)
        reader_fault(r, origin_of(s, KEY_POINT_MIN), "point %s: min has no raw value of its own", s->name);
    else if (codec_encode(&p->codec, p->max, words) < 0)
        reader_fault(r, origin_of(s, KEY_POINT_MAX), "point %s: max has no raw value of its own", s->name);
}

/* What a code word means: a waveform class, a contact state, or nothing beyond itself. */
static bool code_meaning(struct reader *r, const struct map_point *p, const char *word, int64_t *value)
{
    enum modality_waveform waveform;
    *value = 0;
    if (is_waveform(p)) {
        if (r->services->waveform_find(r->services->ctx, word, &waveform) < 0)
            return false;
        *value = waveform;
    } else if (p->role == ROLE_CONTACT) {
        const struct choice *c = contacts;
        while (c->word && strcmp(c->word, word) != 0)
            c++;
        if (!c->word)
            return false;
        *value = c->value;
    }
    return true;
}

static const char *read_code(struct reader *r, struct map_point *p, const char *text, size_t length)
{
    char raw_text[24];
    struct map_code code;
    const char *colon = memchr(text, ':', length);
    if (p->n_codes == MAP_CODES_MAX)
        return "is one too many";
    if (!colon || reader_copy(code.word, sizeof code.word, text, (size_t)(colon - text)) < 0 ||
        reader_copy(raw_text, sizeof raw_text, colon + 1, length - (size_t)(colon - text) - 1) < 0 ||
        number_whole(raw_text, &code.raw) < 0)
        return "is not word:number";
    uint16_t words[2];
    struct codec plain = {.type = p->codec.type, .mul = 1, .div = 1, .step = 1};
    if (codec_encode(&plain, code.raw, words) < 0)
        return "has a number that its type cannot hold";
    if (!code_meaning(r, p, code.word, &code.value))
        return is_waveform(p) ? "names no waveform class" : "names no contact state";
    for (size_t i = 0; i < p->n_codes; i++) {
        if (p->codes[i].raw == code.raw || strcmp(p->codes[i].word, code.word) == 0)
            return "stands twice";
    }
    p->codes[p->n_codes++] = code;
    return NULL;
}

static void read_codes(struct reader *r, const struct section *s, struct map_point *p)
{
    const struct modality_line *line = s->line[KEY_POINT_CODES];
    bool needed = is_waveform(p) || p->role == ROLE_CONTACT;
    if (!line && needed)
        reader_fault(r, s->origin, "point %s has no codes", s->name);
    if (line && !needed && p->role != ROLE_FAULT_CODE)
        refuse(r, s, KEY_POINT_CODES, "is for waveforms, contact and fault codes");
    if (!line || (!needed && p->role != ROLE_FAULT_CODE))
        return;
    const char *text = line->value, *word;
    size_t length;
    while ((word = reader_word(&text, &length))) {
        const char *why = read_code(r, p, word, length);
        if (why)
            reader_fault(r, line->origin, "point %s: code %.*s %s", s->name, (int)length, word, why);
    }
}

static void read_role(struct reader *r, const struct section *s, const struct map *map, struct map_point *p)
{
    int role = ROLE_NONE, format = FORMAT_DECIMAL;
    reader_choice(r, s, KEY_POINT_ROLE, roles, &role);
    p->role = (enum map_role)role;
    const struct role_rule *rule = &role_rules[role];
    const char *at = origin_of(s, KEY_POINT_ROLE);
    if (!(rule->types & 1u << p->codec.type) && s->line[KEY_POINT_TYPE])
        reader_fault(r, at, "point %s: role %s does not go with type %s", s->name, rule->name,
                     s->line[KEY_POINT_TYPE]->value);
    if (rule->quantity && !s->line[KEY_POINT_QUANTITY])
        reader_fault(r, at, "point %s: role %s needs a quantity", s->name, rule->name);
    if (!rule->quantity && role != ROLE_NONE && s->line[KEY_POINT_QUANTITY])
        reader_fault(r, at, "point %s: role %s has no quantity", s->name, rule->name);
    if (s->line[KEY_POINT_ACCESS] && ((rule->reads && !p->readable) || (rule->writes && !p->writable)))
        reader_fault(r, at, "point %s: role %s does not go with access %s", s->name, rule->name,
                     s->line[KEY_POINT_ACCESS]->value);
    p->channel = MAP_EVERY_CHANNEL;
    const struct modality_line *line = s->line[KEY_POINT_CHANNEL];
    if (line && !rule->per_channel)
        refuse(r, s, KEY_POINT_CHANNEL, "has no meaning for this role");
    else if (line && (p->channel = map_channel_find(map, line->value)) < 0)
        reader_fault(r, line->origin, "point %s: channel %s is not in channels", s->name, line->value);
    if (role == ROLE_SERIAL || role == ROLE_FIRMWARE) {
        reader_choice(r, s, KEY_POINT_FORMAT, formats, &format);
        p->format = (enum map_format)format;
    } else {
        refuse(r, s, KEY_POINT_FORMAT, "is for serial and firmware");
    }
}

/* The quantity must be one that the role and the modality of its channels know. */
static void check_quantity(struct reader *r, const struct section *s, const struct map *map, const struct map_point *p)
{
    if (!p->has_quantity)
        return;
    const char *at = origin_of(s, KEY_POINT_QUANTITY);
    const struct modality_quantity_info *info = r->services->quantity_info(r->services->ctx, p->quantity);
    if (p->role == ROLE_REMAINING && p->quantity != QUANTITY_duration_ms)
        reader_fault(r, at, "point %s: role remaining is a duration_ms", s->name);
    if (p->role == ROLE_UPTIME && p->quantity != QUANTITY_uptime_ms)
        reader_fault(r, at, "point %s: role uptime is an uptime_ms", s->name);
    if (p->role == ROLE_SETPOINT && info->basis != BASIS_COMMANDED)
        reader_fault(r, at, "point %s: %s is not a quantity that is commanded", s->name, info->id);
    for (size_t i = 0; i < map->n_channels; i++) {
        if (p->channel >= 0 && (size_t)p->channel != i)
            continue;
        if (map->channels[i].modality && !(info->modalities & map->channels[i].modality)) {
            reader_fault(r, at, "point %s: %s does not belong to the modality of channel %s", s->name, info->id,
                         map->channels[i].id);
            return;
        }
    }
}

static void read_point(struct reader *r, const struct section *s, const struct map *map, struct map_point *p)
{
    reader_copy(p->name, sizeof p->name, s->name, strlen(s->name));
    read_place(r, s, map, p);
    read_access(r, s, p);
    read_scale(r, s, p);
    read_role(r, s, map, p);
    read_codes(r, s, p);
    read_range(r, s, p);
    check_quantity(r, s, map, p);
    p->has_expect = read_own_value(r, s, KEY_POINT_EXPECT, p, &p->expect);
    if (p->role == ROLE_ACTUAL && p->has_quantity) {
        reader_value(r, s, KEY_POINT_NOISE, p->quantity, &p->noise);
        p->has_absent = reader_number(r, s, KEY_POINT_ABSENT, INT32_MIN, UINT32_MAX, &p->absent);
    } else {
        refuse(r, s, KEY_POINT_NOISE, "is for actual values");
        refuse(r, s, KEY_POINT_ABSENT, "is for actual values");
    }
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
