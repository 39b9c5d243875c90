/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading what the raw numbers of a point mean: unit, scale and offset, codes, the range that may be written, and the
 * value that identify expects.
 */
#include <string.h>

#include "map_point.h"
#include "reader.h"

static const struct choice contacts[] = {{"unknown", CONTACT_UNKNOWN},
                                         {"not_monitored", CONTACT_NOT_MONITORED},
                                         {"good", CONTACT_GOOD},
                                         {"poor", CONTACT_POOR},
                                         {"lost", CONTACT_LOST},
                                         {"shorted", CONTACT_SHORTED},
                                         {0}};

static const struct choice polarities[] = {{"anode", POLARITY_ANODE}, {"cathode", POLARITY_CATHODE}, {0}};

static bool is_waveform(const struct map_point *p)
{
    return p->has_quantity && p->quantity == QUANTITY_waveform_class;
}

/* A polarity may come as it is, 1 or 2, or by codes; a waveform class always comes by codes. */
static bool is_selection(const struct section *s, const struct map_point *p)
{
    return is_waveform(p) || (p->has_quantity && p->quantity == QUANTITY_active_polarity && s->line[KEY_POINT_CODES]);
}

/* Base units of one written unit: the exact value of "1 <unit>". */
static void read_unit(struct reader *r, const struct section *s, const struct map_point *p, int64_t *unit)
{
    const struct modality_line *line = s->line[KEY_POINT_UNIT];
    char text[MODALITY_NAME_MAX + 2] = "1 ";
    if (!line) {
        reader_fault(r, s->origin, "point %s has a quantity and no unit", s->name);
        return;
    }
    if (reader_copy(text + 2, MODALITY_NAME_MAX, line->value, strlen(line->value)) == 0 &&
        r->services->value_parse(r->services->ctx, p->quantity, text, unit) == 0 && *unit > 0)
        return;
    reader_fault(r, line->origin, "point %s: %s is no unit of %s that is a whole number of its base units", s->name,
                 line->value, s->line[KEY_POINT_QUANTITY]->value);
}

void map_read_scale(struct reader *r, const struct section *s, struct map_point *p, struct known *known)
{
    struct number_fraction scale = {1, 1}, offset = {0, 1};
    int64_t unit = 1;
    size_t faults = r->n_faults;
    p->codec.mul = p->codec.div = p->codec.step = 1;
    if (reader_quantity(r, s, KEY_POINT_QUANTITY, &p->quantity)) {
        p->has_quantity = true;
        p->codec.round = codec_round_of(r->services->quantity_info(r->services->ctx, p->quantity));
    }
    known->scale = known->place && r->n_faults == faults;
    if (!known->scale)
        return;
    p->selects = is_selection(s, p);
    if (p->codec.type == CODEC_BIT || p->selects) {
        const char *why = p->selects ? "has no meaning for a selection" : "has no meaning for a bit";
        reader_refuse(r, s, KEY_POINT_SCALE, why);
        reader_refuse(r, s, KEY_POINT_OFFSET, why);
        reader_refuse(r, s, KEY_POINT_UNIT, why);
        return;
    }
    if (p->has_quantity)
        read_unit(r, s, p, &unit);
    else
        reader_refuse(r, s, KEY_POINT_UNIT, "needs a quantity");
    reader_fraction(r, s, KEY_POINT_SCALE, &scale);
    reader_fraction(r, s, KEY_POINT_OFFSET, &offset);
    if (r->n_faults == faults && codec_scale(&p->codec, scale, offset, unit) < 0)
        reader_fault(r, reader_origin(s, KEY_POINT_SCALE), "point %s: scale is 0, or scale and offset are too large",
                     s->name);
    known->scale = r->n_faults == faults;
}

int map_point_value(struct reader *r, const struct map_point *p, const char *text, int64_t *out, const char **why)
{
    for (size_t i = 0; i < p->n_codes; i++) {
        if (strcmp(p->codes[i].word, text) == 0) {
            *out = p->selects ? p->codes[i].value : p->codes[i].raw;
            return 0;
        }
    }
    bool with_unit = p->has_quantity && !p->selects && p->codec.type != CODEC_BIT;
    *why = p->selects ? "is none of its codes" : with_unit ? "is no exact value with unit" : "is no whole number";
    if (with_unit)
        return r->services->value_parse(r->services->ctx, p->quantity, text, out);
    return p->selects ? -1 : number_whole(text, out);
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

/* The step of a float; that of a whole number is its scale. */
static void read_resolution(struct reader *r, const struct section *s, struct map_point *p)
{
    if (p->codec.type != CODEC_F32) {
        reader_refuse(r, s, KEY_POINT_RESOLUTION, "follows from scale for whole numbers");
    } else if (read_own_value(r, s, KEY_POINT_RESOLUTION, p, &p->codec.step) && p->codec.step < 1) {
        reader_fault(r, reader_origin(s, KEY_POINT_RESOLUTION), "point %s: resolution is not above 0", s->name);
        p->codec.step = 1;
    }
}

/* What an actual value can show at most: its type may hold far more than the device can do. */
static void read_span(struct reader *r, const struct section *s, struct map_point *p)
{
    reader_refuse(r, s, KEY_POINT_MIN, "is for numbers that are written");
    read_resolution(r, s, p);
    if (!read_own_value(r, s, KEY_POINT_MAX, p, &p->max))
        return;
    int64_t largest;
    codec_span(&p->codec, &p->min, &largest);
    p->has_range = true;
    if (p->max <= p->min || p->max > largest)
        reader_fault(r, reader_origin(s, KEY_POINT_MAX), "point %s: max is not what its type can show", s->name);
}

void map_read_range(struct reader *r, const struct section *s, struct map_point *p, const struct known *known)
{
    bool f32 = p->codec.type == CODEC_F32, number = p->codec.type != CODEC_BIT && !p->selects;
    if (!known->place || !known->access || !known->scale)
        return;
    if (number && p->role == ROLE_ACTUAL) {
        if (!p->writable)
            read_span(r, s, p);
        return;
    }
    if (!number || !p->writable) {
        const char *why = "is for numbers that are written";
        reader_refuse(r, s, KEY_POINT_MIN, why);
        reader_refuse(r, s, KEY_POINT_MAX, why);
        reader_refuse(r, s, KEY_POINT_RESOLUTION, why);
        return;
    }
    if (f32 && !s->line[KEY_POINT_RESOLUTION])
        reader_fault(r, s->origin, "point %s is written as f32 and has no resolution", s->name);
    read_resolution(r, s, p);
    if (!f32 && !codec_is_exact(&p->codec))
        reader_fault(r, reader_origin(s, KEY_POINT_SCALE),
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
        reader_fault(r, reader_origin(s, KEY_POINT_MIN), "point %s: min is above max", s->name);
    else if (codec_encode(&p->codec, p->min, words) < 0)
        reader_fault(r, reader_origin(s, KEY_POINT_MIN), "point %s: min has no raw value of its own", s->name);
    else if (codec_encode(&p->codec, p->max, words) < 0)
        reader_fault(r, reader_origin(s, KEY_POINT_MAX), "point %s: max has no raw value of its own", s->name);
}

/* What a code word means: a waveform class, a polarity, a contact state, or nothing beyond itself. */
static bool code_meaning(struct reader *r, const struct map_point *p, const char *word, int64_t *value)
{
    enum modality_waveform waveform;
    *value = 0;
    if (is_waveform(p)) {
        if (r->services->waveform_find(r->services->ctx, word, &waveform) < 0)
            return false;
        *value = waveform;
    } else if (p->selects || p->role == ROLE_CONTACT) {
        const struct choice *c = p->selects ? polarities : contacts;
        while (c->word && strcmp(c->word, word) != 0)
            c++;
        if (!c->word)
            return false;
        *value = c->value;
    }
    return true;
}

static const char *no_meaning(const struct map_point *p)
{
    if (is_waveform(p))
        return "names " READER_NO_WAVEFORM;
    return p->selects ? "is neither anode nor cathode" : "names no contact state";
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
        return no_meaning(p);
    for (size_t i = 0; i < p->n_codes; i++) {
        if (p->codes[i].raw == code.raw || strcmp(p->codes[i].word, code.word) == 0)
            return "stands twice";
    }
    p->codes[p->n_codes++] = code;
    return NULL;
}

void map_read_codes(struct reader *r, const struct section *s, struct map_point *p, const struct known *known)
{
    const struct modality_line *line = s->line[KEY_POINT_CODES];
    bool needed = p->selects || p->role == ROLE_CONTACT;
    if (!known->place || !known->role)
        return;
    if (!line && needed)
        reader_fault(r, s->origin, "point %s has no codes", s->name);
    if (line && !needed && p->role != ROLE_FAULT_CODE)
        reader_refuse(r, s, KEY_POINT_CODES, "is for waveforms, polarity, contact and fault codes");
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

void map_read_expect(struct reader *r, const struct section *s, struct map_point *p, const struct known *known)
{
    if (!known->place || !known->scale)
        return;
    p->has_expect = read_own_value(r, s, KEY_POINT_EXPECT, p, &p->expect);
    if (p->role == ROLE_ACTUAL && p->has_quantity) {
        reader_value(r, s, KEY_POINT_NOISE, p->quantity, &p->noise);
        if (p->codec.type == CODEC_BIT)
            reader_refuse(r, s, KEY_POINT_ABSENT, "has no meaning for a bit");
        else
            p->has_absent = reader_number(r, s, KEY_POINT_ABSENT, INT32_MIN, UINT32_MAX, &p->absent);
    } else if (known->role) {
        reader_refuse(r, s, KEY_POINT_NOISE, "is for actual values");
        reader_refuse(r, s, KEY_POINT_ABSENT, "is for actual values");
    }
}
