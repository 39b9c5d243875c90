/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked 64-bit arithmetic and 128-bit products in two limbs. Plain C on uint64_t; every result is exact or an error.
 */
#include "dose/wide.h"

#include <errno.h>
#include <stdbool.h>

#define LOW32 UINT64_C(0xffffffff)
#define TOP32 UINT64_C(0x80000000)

int wide_add(int64_t a, int64_t b, int64_t *out)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b)) {
        return -ERANGE;
    }
    *out = a + b;
    return 0;
}

int wide_sub(int64_t a, int64_t b, int64_t *out)
{
    if ((b < 0 && a > INT64_MAX + b) || (b > 0 && a < INT64_MIN + b)) {
        return -ERANGE;
    }
    *out = a - b;
    return 0;
}

/* The distance of a from zero; right for INT64_MIN too. */
static uint64_t magnitude(int64_t a)
{
    return a < 0 ? UINT64_C(0) - (uint64_t)a : (uint64_t)a;
}

int wide_mul(int64_t a, int64_t b, int64_t *out)
{
    struct wide p = wide_product(magnitude(a), magnitude(b));
    bool negative = (a < 0) != (b < 0);
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1u : 0u);
    if (p.hi != 0 || p.lo > most) {
        return -ERANGE;
    }
    if (!negative) {
        *out = (int64_t)p.lo;
    } else {
        *out = p.lo == 0 ? 0 : -(int64_t)(p.lo - 1) - 1;
    }
    return 0;
}

struct wide wide_product(uint64_t a, uint64_t b)
{
    if ((a | b) <= LOW32) { /* the usual case, and most of the time of a root */
        return (struct wide){.lo = a * b};
    }
    uint64_t a_hi = a >> 32, a_lo = a & LOW32, b_hi = b >> 32, b_lo = b & LOW32;
    uint64_t low = a_lo * b_lo;
    uint64_t middle = a_hi * b_lo + (low >> 32); /* at most (2^32-1)^2 + 2^32-1: fits */
    uint64_t cross = a_lo * b_hi + (middle & LOW32);
    struct wide w = {
        .hi = a_hi * b_hi + (middle >> 32) + (cross >> 32),
        .lo = (cross << 32) | (low & LOW32),
    };
    return w;
}

int wide_times(struct wide w, uint64_t m, struct wide *out)
{
    if (w.hi == 0) { /* the usual case: one product, and nothing can overflow */
        *out = wide_product(w.lo, m);
        return 0;
    }
    struct wide high = wide_product(w.hi, m);
    struct wide low = wide_product(w.lo, m);
    if (high.hi != 0 || high.lo > UINT64_MAX - low.hi) {
        return -ERANGE;
    }
    out->hi = high.lo + low.hi;
    out->lo = low.lo;
    return 0;
}

/* How many leading zero bits d has; d is not 0. */
static unsigned leading_zeros(uint64_t d)
{
    unsigned n = 0;
    for (unsigned half = 0; half < 6; half++) {
        unsigned width = 32u >> half;
        if (d >> (64 - width) == 0) {
            n += width;
            d <<= width;
        }
    }
    return n;
}

/*
 * One 32-bit digit of a quotient: (rem * 2^32 + next) / d for rem < d, with d's top bit set. The estimate from d's
 * upper half is at most two too large (Knuth, volume 2, 4.3.1, algorithm D).
 */
static uint64_t quotient_digit(uint64_t rem, uint64_t next, uint64_t d, uint64_t *rest)
{
    uint64_t d_hi = (d >> 32) | TOP32,
             d_lo = d & LOW32; /* the top bit is set: said again for who proves no division by 0 */
    uint64_t digit = rem / d_hi;
    uint64_t over = rem % d_hi;
    while (digit > LOW32 || digit * d_lo > ((over << 32) | next)) {
        digit--;
        over += d_hi;
        if (over > LOW32) {
            break;
        }
    }
    *rest = (rem << 32) + next - digit * d; /* modulo 2^64: the true remainder is below d */
    return digit;
}

/* hi:lo over d for hi < d; the quotient fits 64 bits. */
static uint64_t narrow_quotient(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *rest)
{
    unsigned shift = leading_zeros(d);
    d <<= shift;
    if (shift > 0) {
        hi = (hi << shift) | (lo >> (64 - shift));
        lo <<= shift;
    }
    uint64_t upper = quotient_digit(hi, lo >> 32, d, &hi);
    uint64_t lower = quotient_digit(hi, lo & LOW32, d, &hi);
    *rest = hi >> shift;
    return (upper << 32) | lower;
}

/* w / d, rounded down, and what is left. */
static struct wide quotient(struct wide w, uint64_t d, uint64_t *rest)
{
    struct wide q = {.hi = w.hi / d};
    if (w.hi == 0) {
        q.lo = w.lo / d;
        *rest = w.lo % d;
    } else {
        q.lo = narrow_quotient(w.hi % d, w.lo, d, rest);
    }
    return q;
}

struct wide wide_over_up(struct wide w, uint64_t d)
{
    uint64_t rest = 0;
    if (d == 0) {
        return (struct wide){.hi = UINT64_MAX, .lo = UINT64_MAX};
    }
    struct wide q = quotient(w, d, &rest);
    if (rest != 0) {
        q.lo++;
        q.hi += q.lo == 0 ? 1u : 0u; /* d is at least 2 here, so hi cannot wrap */
    }
    return q;
}

/* Bits that w occupies. */
static unsigned wide_bits(struct wide w)
{
    if (w.hi != 0) {
        return 128 - leading_zeros(w.hi);
    }
    return w.lo == 0 ? 0 : 64 - leading_zeros(w.lo);
}

uint64_t wide_sqrt_up(struct wide w)
{
    uint64_t root = 0;
    unsigned bits = (wide_bits(w) + 1) / 2;
    for (uint64_t bit = bits == 0 ? 0 : UINT64_C(1) << (bits - 1); bit > 0; bit >>= 1) {
        uint64_t candidate = root | bit;
        if (wide_compare(wide_product(candidate, candidate), w) <= 0) {
            root = candidate;
        }
    }
    bool exact = wide_compare(wide_product(root, root), w) == 0;
    return exact || root == UINT64_MAX ? root : root + 1;
}

int wide_compare(struct wide a, struct wide b)
{
    if (a.hi != b.hi) {
        return a.hi < b.hi ? -1 : 1;
    }
    if (a.lo != b.lo) {
        return a.lo < b.lo ? -1 : 1;
    }
    return 0;
}

/* A 128-bit result as an int64_t. */
static int narrowed(struct wide w, int64_t *out)
{
    if (w.hi != 0 || w.lo > (uint64_t)INT64_MAX) {
        return -ERANGE;
    }
    *out = (int64_t)w.lo;
    return 0;
}

int wide_mul_div_up(int64_t a, int64_t b, int64_t c, int64_t *out)
{
    if (a < 0 || b < 0 || c <= 0) {
        return -ERANGE;
    }
    return narrowed(wide_over_up(wide_product((uint64_t)a, (uint64_t)b), (uint64_t)c), out);
}

int wide_mul_div_down(int64_t a, int64_t b, int64_t c, int64_t *out)
{
    uint64_t rest = 0;
    if (a < 0 || b < 0 || c <= 0) {
        return -ERANGE;
    }
    return narrowed(quotient(wide_product((uint64_t)a, (uint64_t)b), (uint64_t)c, &rest), out);
}

int wide_factors(const uint64_t *factors, size_t n, struct wide *out)
{
    struct wide w = {.lo = 1};
    for (size_t i = 0; i < n; i++) {
        int r = wide_times(w, factors[i], &w);
        if (r < 0) {
            return r;
        }
    }
    *out = w;
    return 0;
}

int wide_ratio(const uint64_t *factors, size_t n, uint64_t divisor, struct wide *out)
{
    struct wide w = {0};
    int r = wide_factors(factors, n, &w);
    if (r < 0) {
        return r;
    }
    *out = wide_over_up(w, divisor);
    return 0;
}

int wide_ratio_up(const uint64_t *factors, size_t n, uint64_t divisor, int64_t *out)
{
    struct wide w = {0};
    int r = wide_ratio(factors, n, divisor, &w);
    return r < 0 ? r : narrowed(w, out);
}

int wide_root_up(const uint64_t *factors, size_t n, uint64_t divisor, int64_t *out)
{
    struct wide w = {0};
    int r = wide_ratio(factors, n, divisor, &w);
    if (r < 0) {
        return r;
    }
    return narrowed((struct wide){.lo = wide_sqrt_up(w)}, out);
}
