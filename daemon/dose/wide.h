/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place for overflow checks and 128-bit products, with a portable two-limb body (no __int128, no compiler
 * builtins), so that a static analyser can follow it. All inputs of the products are non-negative. Out of range is
 * -ERANGE with *out untouched: an overflow is never a value, and the caller refuses.
 */
#ifndef DOSE_WIDE_H
#define DOSE_WIDE_H

#include <stddef.h>
#include <stdint.h>

int wide_add(int64_t a, int64_t b, int64_t *out);
int wide_sub(int64_t a, int64_t b, int64_t *out);
int wide_mul(int64_t a, int64_t b, int64_t *out);
/* a * b / c, rounded up or down; a, b >= 0, c > 0. */
int wide_mul_div_up(int64_t a, int64_t b, int64_t c, int64_t *out);
int wide_mul_div_down(int64_t a, int64_t b, int64_t c, int64_t *out);

/* A 128-bit unsigned number, hi * 2^64 + lo. */
struct wide {
    uint64_t hi, lo;
};
struct wide wide_product(uint64_t a, uint64_t b);
/* w * m and w / d (rounded up; over 0 the largest number); wide_times is -ERANGE when 128 bits do not hold it. */
int wide_times(struct wide w, uint64_t m, struct wide *out);
struct wide wide_over_up(struct wide w, uint64_t d);
/* Square root, rounded up; UINT64_MAX where the true root is 2^64. */
uint64_t wide_sqrt_up(struct wide w);
/* Below 0, 0 or above 0 as a is below, equal to or above b. */
int wide_compare(struct wide a, struct wide b);

/*
 * The form of nearly every dose formula: the product of factors[0..n) over divisor (> 0), rounded up once at the end.
 * wide_factors is the product alone; wide_ratio keeps 128 bits; wide_ratio_up must fit int64_t; wide_root_up is the
 * square root of the ratio.
 */
int wide_factors(const uint64_t *factors, size_t n, struct wide *out);
int wide_ratio(const uint64_t *factors, size_t n, uint64_t divisor, struct wide *out);
int wide_ratio_up(const uint64_t *factors, size_t n, uint64_t divisor, int64_t *out);
int wide_root_up(const uint64_t *factors, size_t n, uint64_t divisor, int64_t *out);

#endif
