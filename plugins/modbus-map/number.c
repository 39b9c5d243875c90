/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole numbers and exact fractions from text. Digits are read one by one with checked arithmetic; every character of
 * the text must belong to the number.
 */
#include "number.h"

#include <errno.h>
#include <stdbool.h>

/* Keeps the products of scale, offset and unit factor inside 63 bits for every unit of the quantity table. */
#define FRACTION_MAX INT64_C(1000000000000)

/* Reads digits from *text on, leaves *text behind them: 0, -EINVAL without a digit, -ERANGE. */
static int read_digits(const char **text, int64_t *value, int64_t *weight)
{
    const char *p = *text;
    if (*p < '0' || *p > '9')
        return -EINVAL;
    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, *p - '0', value) ||
            __builtin_mul_overflow(*weight, 10, weight))
            return -ERANGE;
    }
    *text = p;
    return 0;
}

int64_t number_gcd(int64_t a, int64_t b)
{
    a = a < 0 ? -a : a;
    b = b < 0 ? -b : b;
    while (a) {
        int64_t rest = b % a;
        b = a;
        a = rest;
    }
    return b;
}

int number_whole(const char *text, int64_t *out)
{
    bool minus = *text == '-';
    int64_t value = 0, weight = 1;
    if (minus)
        text++;
    int r = read_digits(&text, &value, &weight);
    if (r < 0)
        return r;
    if (*text)
        return -EINVAL;
    *out = minus ? -value : value;
    return 0;
}

int number_fraction(const char *text, struct number_fraction *out)
{
    bool minus = *text == '-';
    int64_t num = 0, den = 1, ignored = 1;
    if (minus)
        text++;
    int r = read_digits(&text, &num, &ignored);
    if (!r && *text == '.') {
        text++;
        r = read_digits(&text, &num, &den);
    } else if (!r && *text == '/') {
        text++;
        den = 0;
        ignored = 1;
        r = read_digits(&text, &den, &ignored);
    }
    if (r < 0)
        return r;
    if (*text || den == 0)
        return -EINVAL;
    if (num > FRACTION_MAX || den > FRACTION_MAX)
        return -ERANGE;
    int64_t common = number_gcd(num, den);
    out->num = (minus ? -num : num) / common;
    out->den = den / common;
    return 0;
}
