/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One point: base units to words and back, with bits, polarity and codes. Pure.
 */
#ifndef MODBUS_MAP_POINT_H
#define MODBUS_MAP_POINT_H

#include "map.h"

/* True for a coil or discrete input, which one word of an answer holds as 0 or 1. */
bool map_point_is_bit_table(const struct map_point *p);

/* Words to a value: 0; -EPROTO malformed; -ENOENT a raw number that codes do not name. */
int map_point_decode(const struct map_point *p, const uint16_t *words, int64_t *out);

/* A value to words: 0, or -EINVAL when it is outside the range or not representable. */
int map_point_encode(const struct map_point *p, int64_t value, uint16_t *words);

/* True if words, read back, mean value. */
bool map_point_same(const struct map_point *p, int64_t value, const uint16_t *words);

/* The raw number of a point with codes or without scale, as the device has it. */
int64_t map_point_raw(const struct map_point *p, const uint16_t *words);

/* A serial number or version as people read it, in the point's format. */
void map_point_text(const struct map_point *p, const uint16_t *words, char out[MODALITY_NAME_MAX]);

/* The code of a raw number, or NULL. */
const struct map_code *map_point_code(const struct map_point *p, int64_t raw);

#endif
