/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of dose share: cmocka with what it needs before it, and a random source with a fixed seed, so that a
 * failure found once is found again.
 */
#ifndef DOSE_TEST_H
#define DOSE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define DOSE_TESTS(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* xorshift64*: the next number of a sequence that begins with any state but 0. */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* A number of random length, so that small and large ones are equally likely. */
static inline uint64_t random_length(uint64_t *state)
{
    uint64_t bits = random_next(state) % 65;
    return bits == 0 ? 0 : random_next(state) >> (64 - bits);
}

/* Between low and high, both included. */
static inline int64_t random_between(uint64_t *state, int64_t low, int64_t high)
{
    return low + (int64_t)(random_next(state) % (uint64_t)(high - low + 1));
}

#endif
