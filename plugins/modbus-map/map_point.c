/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One point: bits, polarity and codes around the codec.
 */
#include "map_point.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

bool map_point_is_bit_table(const struct map_point *p)
{
    return p->table == MODBUS_COIL || p->table == MODBUS_DISCRETE;
}

const struct map_code *map_point_code(const struct map_point *p, int64_t raw)
{
    for (size_t i = 0; i < p->n_codes; i++) {
        if (p->codes[i].raw == raw)
            return &p->codes[i];
    }
    return NULL;
}

/* The codec without scale and offset. */
static struct codec plain(const struct map_point *p)
{
    return (struct codec){.type = p->codec.type, .low_first = p->codec.low_first, .mul = 1, .div = 1, .step = 1};
}

int64_t map_point_raw(const struct map_point *p, const uint16_t *words)
{
    struct codec c = plain(p);
    int64_t raw = 0;
    return codec_decode(&c, words, &raw) == 0 ? raw : 0;
}

void map_point_text(const struct map_point *p, const uint16_t *words, char out[MODALITY_NAME_MAX])
{
    int64_t raw = map_point_raw(p, words);
    uint32_t bits = (uint32_t)(raw & UINT32_MAX);
    if (p->format == FORMAT_HEX)
        snprintf(out, MODALITY_NAME_MAX, "%" PRIx32, bits);
    else if (p->format == FORMAT_DECIMAL)
        snprintf(out, MODALITY_NAME_MAX, "%" PRId64, raw);
    else if (codec_words(p->codec.type) == 1)
        snprintf(out, MODALITY_NAME_MAX, "%u.%u", bits >> 8 & 255u, bits & 255u);
    else
        snprintf(out, MODALITY_NAME_MAX, "%u.%u.%u.%u", bits >> 24, bits >> 16 & 255u, bits >> 8 & 255u, bits & 255u);
}

int map_point_decode(const struct map_point *p, const uint16_t *words, int64_t *out)
{
    if (p->codec.type == CODEC_BIT) {
        unsigned state = map_point_is_bit_table(p) ? words[0] : (unsigned)words[0] >> p->bit;
        *out = (state & 1u) != (p->active_low ? 1u : 0u);
        return 0;
    }
    if (!p->selects)
        return codec_decode(&p->codec, words, out);
    const struct map_code *code = map_point_code(p, map_point_raw(p, words));
    if (!code)
        return -ENOENT;
    *out = code->value;
    return 0;
}

int map_point_encode(const struct map_point *p, int64_t value, uint16_t *words)
{
    if (p->codec.type == CODEC_BIT) {
        if (value != 0 && value != 1)
            return -EINVAL;
        words[0] = (value == 1) != p->active_low;
        return 0;
    }
    if (p->selects) {
        struct codec c = plain(p);
        for (size_t i = 0; i < p->n_codes; i++) {
            if (p->codes[i].value == value)
                return codec_encode(&c, p->codes[i].raw, words);
        }
        return -EINVAL;
    }
    if (p->has_range && (value < p->min || value > p->max))
        return -EINVAL;
    return codec_encode(&p->codec, value, words);
}

bool map_point_same(const struct map_point *p, int64_t value, const uint16_t *words)
{
    int64_t back;
    if (p->codec.type == CODEC_BIT || p->selects)
        return map_point_decode(p, words, &back) == 0 && back == value;
    return codec_same(&p->codec, value, words);
}
