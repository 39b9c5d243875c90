/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checked arithmetic and 128-bit products of any numbers, divisors of 0 and products of no or many factors included.
 */
#include "any.h"

#include "dose/wide.h"

static uint64_t any_magnitude(void)
{
    return (uint64_t)any_number();
}

static struct wide any_wide(void)
{
    struct wide w = {.hi = any_magnitude(), .lo = any_magnitude()};
    return w;
}

int main(void)
{
    int64_t out = 0;
    struct wide w;
    uint64_t factors[6];
    for (size_t i = 0; i < 6; i++)
        factors[i] = any_magnitude();
    wide_add(any_number(), any_number(), &out);
    wide_sub(any_number(), any_number(), &out);
    wide_mul(any_number(), any_number(), &out);
    wide_mul_div_up(any_number(), any_number(), any_number(), &out);
    wide_mul_div_down(any_number(), any_number(), any_number(), &out);
    wide_times(any_wide(), any_magnitude(), &w);
    wide_over_up(any_wide(), any_magnitude());
    wide_sqrt_up(any_wide());
    wide_compare(any_wide(), any_wide());
    wide_factors(factors, any_below(7), &w);
    wide_ratio(factors, any_below(7), any_magnitude(), &w);
    wide_ratio_up(factors, any_below(7), any_magnitude(), &out);
    wide_root_up(factors, any_below(7), any_magnitude(), &out);
    return 0;
}
