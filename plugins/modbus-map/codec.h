/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers to base units and back, as pure functions. A value is (raw x mul + add) / div, all integers. Reading rounds
 * to the unsafe side, so that what is judged is never smaller than what is there; writing is exact or refused. A float
 * exists only here, where the wire has one.
 */
#ifndef MODBUS_MAP_CODEC_H
#define MODBUS_MAP_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modality/quantity.h"
#include "number.h"

enum codec_type { CODEC_BIT, CODEC_U16, CODEC_I16, CODEC_U32, CODEC_I32, CODEC_F32 };

/* Where a reading goes that lies between two base units. */
enum codec_round { CODEC_ROUND_NEAREST, CODEC_ROUND_FROM_ZERO, CODEC_ROUND_UP, CODEC_ROUND_DOWN };

struct codec {
    enum codec_type type;
    bool low_first; /* of two registers the first holds the low word */
    enum codec_round round;
    int64_t mul, add, div; /* div > 0, mul not 0 */
    int64_t step;          /* smallest difference in base units that the device tells apart, at least 1 */
};

/* Registers that a value of this type takes: 1 or 2. */
size_t codec_words(enum codec_type type);

/* Sets mul, add, div and step for scale, offset and base units per written unit: 0, or -ERANGE. */
int codec_scale(struct codec *c, struct number_fraction scale, struct number_fraction offset, int64_t unit);

/* Rounds a reading of this quantity away from rest. */
enum codec_round codec_round_of(const struct modality_quantity_info *info);

/* True if every step of the raw value is a whole number of base units: a condition for writing. */
bool codec_is_exact(const struct codec *c);

/* Smallest and largest value that the type can say; of f32 what 62 bits hold. */
void codec_span(const struct codec *c, int64_t *min, int64_t *max);

/* Words to base units: 0, or -EPROTO for a float that is no number or a value over 63 bits. */
int codec_decode(const struct codec *c, const uint16_t *words, int64_t *out);

/* Base units to words: 0, or -EINVAL when the device has no raw value that means exactly this. */
int codec_encode(const struct codec *c, int64_t value, uint16_t *words);

/* True if words, read back, mean value at the device's resolution. */
bool codec_same(const struct codec *c, int64_t value, const uint16_t *words);

#endif
