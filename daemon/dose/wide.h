/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place for overflow checks and 128-bit products, with a portable two-limb body (no __int128, no compiler
 * builtins), so that a static analyser can follow it. All inputs of the products are non-negative. Out of range is
 * -ERANGE with *out untouched: an overflow is never a value, and the caller refuses.
 */
#ifndef DOSE_WIDE_H
#define DOSE_WIDE_H

#include <stdint.h>

int wide_add(int64_t a, int64_t b, int64_t *out);
int wide_sub(int64_t a, int64_t b, int64_t *out);
int wide_mul(int64_t a, int64_t b, int64_t *out);
/* a * b / c, rounded up or down; a, b >= 0, c > 0. */
int wide_mul_div_up(int64_t a, int64_t b, int64_t c, int64_t *out);
int wide_mul_div_down(int64_t a, int64_t b, int64_t c, int64_t *out);
/* Square root of hi:lo as a 128-bit unsigned number, rounded up. */
struct wide {
    uint64_t hi, lo;
};
struct wide wide_product(uint64_t a, uint64_t b);
/* w * m and w / d (rounded up); wide_times is -ERANGE when 128 bits do not hold it. */
int wide_times(struct wide w, uint64_t m, struct wide *out);
struct wide wide_over_up(struct wide w, uint64_t d);
uint64_t wide_sqrt_up(struct wide w);
int wide_compare(struct wide a, struct wide b);

#endif
