/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers to base units and back. All arithmetic on integers is checked; a float on the wire is taken apart into a
 * double, which holds every 32-bit float exactly.
 */
#include "codec.h"

#include <errno.h>
#include <math.h>
#include <string.h>

size_t codec_words(enum codec_type type)
{
    switch (type) {
    case CODEC_BIT:
    case CODEC_U16:
    case CODEC_I16:
        return 1;
    case CODEC_U32:
    case CODEC_I32:
    case CODEC_F32:
        return 2;
    }
    return 1;
}

int codec_scale(struct codec *c, struct number_fraction scale, struct number_fraction offset, int64_t unit)
{
    int64_t mul, add, div;
    if (scale.num == 0)
        return -ERANGE;
    if (__builtin_mul_overflow(scale.num, offset.den, &mul) || __builtin_mul_overflow(mul, unit, &mul) ||
        __builtin_mul_overflow(offset.num, scale.den, &add) || __builtin_mul_overflow(add, unit, &add) ||
        __builtin_mul_overflow(scale.den, offset.den, &div))
        return -ERANGE;
    int64_t common = number_gcd(number_gcd(mul, add), div);
    c->mul = mul / common;
    c->add = add / common;
    c->div = div / common;
    /* A float has no step of its own; one that is written declares it. */
    int64_t step = c->mul < 0 ? -c->mul : c->mul;
    c->step = c->type == CODEC_F32 ? 1 : step / c->div + (step % c->div != 0);
    return 0;
}

enum codec_round codec_round_of(const struct modality_quantity_info *info)
{
    if (info->rest == REST_ZERO)
        return CODEC_ROUND_FROM_ZERO;
    switch (info->safer) {
    case SAFER_DOWN:
        return CODEC_ROUND_UP;
    case SAFER_UP:
        return CODEC_ROUND_DOWN;
    case SAFER_NONE:
        break;
    }
    return CODEC_ROUND_NEAREST;
}

bool codec_is_exact(const struct codec *c)
{
    return c->div == 1;
}

/* top / c->div, rounded as c says. */
static int64_t divide(const struct codec *c, int64_t top)
{
    int64_t quotient = top / c->div, rest = top % c->div;
    if (rest == 0)
        return quotient;
    int64_t outward = top < 0 ? -1 : 1;
    switch (c->round) {
    case CODEC_ROUND_FROM_ZERO:
        return quotient + outward;
    case CODEC_ROUND_UP:
        return top > 0 ? quotient + 1 : quotient;
    case CODEC_ROUND_DOWN:
        return top < 0 ? quotient - 1 : quotient;
    case CODEC_ROUND_NEAREST:
        break;
    }
    int64_t size = rest < 0 ? -rest : rest;
    return size >= c->div - size ? quotient + outward : quotient;
}

static double float_of(uint32_t bits)
{
    float f;
    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

static int decode_float(const struct codec *c, uint32_t bits, int64_t *out)
{
    double raw = float_of(bits);
    if (!isfinite(raw))
        return -EPROTO;
    double value = (raw * (double)c->mul + (double)c->add) / (double)c->div;
    if (fabs(value) >= 0x1p62)
        return -EPROTO;
    /* A decimal that a 32-bit float cannot hold is off by at most its last bit: that is the wire, not a measurement. */
    double nearest = round(value);
    double last_bit = fabs(raw * (double)c->mul / (double)c->div) * 0x1p-23;
    if (fabs(value - nearest) > last_bit) {
        switch (c->round) {
        case CODEC_ROUND_FROM_ZERO:
            nearest = value < 0 ? floor(value) : ceil(value);
            break;
        case CODEC_ROUND_UP:
            nearest = ceil(value);
            break;
        case CODEC_ROUND_DOWN:
            nearest = floor(value);
            break;
        case CODEC_ROUND_NEAREST:
            break;
        }
    }
    *out = (int64_t)nearest;
    return 0;
}

static uint32_t join(const struct codec *c, const uint16_t *words)
{
    uint32_t first = words[0], second = words[1];
    return c->low_first ? second << 16 | first : first << 16 | second;
}

static void split(const struct codec *c, uint32_t bits, uint16_t *words)
{
    uint16_t high = (uint16_t)(bits >> 16), low = (uint16_t)(bits & 0xffff);
    words[0] = c->low_first ? low : high;
    words[1] = c->low_first ? high : low;
}

int codec_decode(const struct codec *c, const uint16_t *words, int64_t *out)
{
    int64_t raw = 0;
    switch (c->type) {
    case CODEC_BIT:
    case CODEC_U16:
        raw = words[0];
        break;
    case CODEC_I16:
        raw = (int16_t)words[0];
        break;
    case CODEC_U32:
        raw = join(c, words);
        break;
    case CODEC_I32:
        raw = (int32_t)join(c, words);
        break;
    case CODEC_F32:
        return decode_float(c, join(c, words), out);
    }
    int64_t top;
    if (__builtin_mul_overflow(raw, c->mul, &top) || __builtin_add_overflow(top, c->add, &top))
        return -EPROTO;
    *out = divide(c, top);
    return 0;
}

static int encode_float(const struct codec *c, int64_t value, uint16_t *words)
{
    if (value % c->step != 0)
        return -EINVAL;
    double raw = ((double)value * (double)c->div - (double)c->add) / (double)c->mul;
    float f = (float)raw;
    uint32_t bits;
    if (!isfinite(f))
        return -EINVAL;
    memcpy(&bits, &f, sizeof bits);
    uint16_t packed[2];
    split(c, bits, packed);
    if (!codec_same(c, value, packed))
        return -EINVAL;
    words[0] = packed[0];
    words[1] = packed[1];
    return 0;
}

/* Raw limits of a whole-number type. */
static void raw_span(enum codec_type type, int64_t *low, int64_t *high)
{
    *low = 0;
    switch (type) {
    case CODEC_BIT:
        *high = 1;
        return;
    case CODEC_U16:
        *high = UINT16_MAX;
        return;
    case CODEC_I16:
        *low = INT16_MIN;
        *high = INT16_MAX;
        return;
    case CODEC_I32:
        *low = INT32_MIN;
        *high = INT32_MAX;
        return;
    case CODEC_U32:
    case CODEC_F32:
        break;
    }
    *high = UINT32_MAX;
}

void codec_span(const struct codec *c, int64_t *min, int64_t *max)
{
    int64_t low, high, at_low, at_high;
    *min = -((int64_t)1 << 62);
    *max = (int64_t)1 << 62;
    if (c->type == CODEC_F32)
        return;
    raw_span(c->type, &low, &high);
    if (__builtin_mul_overflow(low, c->mul, &at_low) || __builtin_add_overflow(at_low, c->add, &at_low) ||
        __builtin_mul_overflow(high, c->mul, &at_high) || __builtin_add_overflow(at_high, c->add, &at_high))
        return;
    at_low = divide(c, at_low);
    at_high = divide(c, at_high);
    *min = at_low < at_high ? at_low : at_high;
    *max = at_low < at_high ? at_high : at_low;
}

int codec_encode(const struct codec *c, int64_t value, uint16_t *words)
{
    if (c->type == CODEC_F32)
        return encode_float(c, value, words);
    int64_t top;
    if (__builtin_mul_overflow(value, c->div, &top) || __builtin_sub_overflow(top, c->add, &top) || top % c->mul != 0)
        return -EINVAL;
    int64_t raw = top / c->mul, low, high;
    raw_span(c->type, &low, &high);
    if (raw < low || raw > high)
        return -EINVAL;
    if (codec_words(c->type) == 1)
        words[0] = (uint16_t)(raw & 0xffff);
    else
        split(c, (uint32_t)(raw & 0xffffffff), words);
    return 0;
}

bool codec_same(const struct codec *c, int64_t value, const uint16_t *words)
{
    int64_t back;
    if (c->type != CODEC_F32)
        return !codec_decode(c, words, &back) && back == value;
    struct codec nearest = *c;
    nearest.round = CODEC_ROUND_NEAREST;
    if (codec_decode(&nearest, words, &back))
        return false;
    int64_t apart;
    if (__builtin_sub_overflow(back, value, &apart))
        return false;
    /* Less than half a step away: the device may hold the float in a resolution of its own. */
    apart = apart < 0 ? -apart : apart;
    return apart * 2 < c->step || apart == 0;
}
