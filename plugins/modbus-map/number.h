/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers as a register map writes them: whole numbers, and exact fractions from a decimal ("0.1", "-17.5") or a
 * quotient ("5/9"). Nothing is rounded and no locale is asked: what does not fit is an error.
 */
#ifndef MODBUS_MAP_NUMBER_H
#define MODBUS_MAP_NUMBER_H

#include <stdint.h>

/* A fraction in lowest terms, den > 0. */
struct number_fraction {
    int64_t num, den;
};

/* A whole number with an optional minus: 0, -EINVAL (another text), -ERANGE. *out is untouched on failure. */
int number_whole(const char *text, int64_t *out);

/* A decimal or a quotient of whole numbers; numerator and denominator up to 10^12: 0, -EINVAL or -ERANGE. */
int number_fraction(const char *text, struct number_fraction *out);

/* Greatest common divisor of the magnitudes; gcd(0, b) is b. */
int64_t number_gcd(int64_t a, int64_t b);

#endif
