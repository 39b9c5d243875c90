/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as people write them, and sets of values. A decimal with its unit ("0.5 W/cm2", "12mA") becomes an int64_t in
 * base units exactly, or it is an error; nothing is rounded, no locale is asked, no float is used.
 */
#ifndef DOSE_VALUE_H
#define DOSE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "modality/quantity.h"

/*
 * Parses a decimal with a mandatory unit into base units of q: [+-]digits[.digits] blanks unit. Nothing before or after
 * it, no exponent, at most 18 digits after the point (zeros at the end not counted); unit texts are case-sensitive.
 * A pure number, whose display unit is "1", may leave its unit out: a count is "20", a BNR of 5.2 is "5.2", "5.2 1" or
 * "5200 permille".
 * 0; -EINVAL no number, no unit, or a unit of another dimension; -ERANGE not representable exactly or over int64.
 * *out is untouched on failure.
 */
int value_parse(enum modality_quantity q, const char *text, int64_t *out);

/*
 * Writes value in the quantity's display unit: "12.5 mA"; a pure number without a unit. Exact: value_parse gives the
 * same value back. What the display unit cannot show in finitely many digits is shown in the next smaller unit (20000
 * ms: "20 s", not a third of a minute). Returns buffer; VALUE_TEXT_MAX bytes always suffice.
 */
#define VALUE_TEXT_MAX 40
const char *value_format(enum modality_quantity q, int64_t value, char *buffer, size_t size);

/*
 * Writes value in the unit in which value_format shows other, so that the two can be compared at sight. At most three
 * digits after the point; what lies beyond them moves it away from other, never onto it.
 */
const char *value_format_beside(enum modality_quantity q, int64_t value, int64_t other, char *buffer, size_t size);

/* The unit texts that a quantity understands, for messages: "uA, mA, A". Returns buffer. */
const char *value_units(enum modality_quantity q, char *buffer, size_t size);

/* Base units in one display unit, as num/den in lowest terms (mA: 1000/1; min of ms: 60000/1). */
void value_display_factor(enum modality_quantity q, int64_t *num, int64_t *den);

#define QUANTITY_WORDS ((QUANTITY_COUNT + 63) / 64)

/* A set of values: which quantities are present, and their values. "Unset" is a missing flag, never a number. */
struct quantity_set {
    uint64_t present[QUANTITY_WORDS];
    int64_t value[QUANTITY_COUNT];
};

static inline bool quantity_has(const struct quantity_set *s, enum modality_quantity q)
{
    return (s->present[(unsigned)q / 64] >> ((unsigned)q % 64)) & 1u;
}

static inline void quantity_put(struct quantity_set *s, enum modality_quantity q, int64_t value)
{
    s->present[(unsigned)q / 64] |= UINT64_C(1) << ((unsigned)q % 64);
    s->value[q] = value;
}

/* The first quantity at or after q that is in the set, QUANTITY_COUNT if there is none: empty bytes are skipped. */
static inline unsigned quantity_next(const struct quantity_set *s, unsigned q)
{
    while (q < QUANTITY_COUNT) {
        uint64_t rest = s->present[q / 64] >> (q % 64);
        if ((rest & 1u) != 0) {
            return q;
        }
        q += (rest & 0xffu) != 0 ? 1 : 8 - q % 8;
    }
    return QUANTITY_COUNT;
}

/* The value, or 0 where it is absent: only for quantities whose absence means none of it. */
static inline int64_t quantity_or_zero(const struct quantity_set *s, enum modality_quantity q)
{
    return quantity_has(s, q) ? s->value[q] : 0;
}

#endif
