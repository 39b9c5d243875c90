/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values for the analyser: any number, any flag, any text. What stands here is the precondition of every proof.
 */
#ifndef EVA_ANY_H
#define EVA_ANY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "__fc_builtin.h"

static inline int64_t between(int64_t least, int64_t most)
{
    return Frama_C_long_long_interval(least, most);
}

static inline int64_t any_number(void)
{
    return between(INT64_MIN, INT64_MAX);
}

static inline unsigned any_below(unsigned n)
{
    return Frama_C_unsigned_int_interval(0, n - 1);
}

static inline bool any_flag(void)
{
    return Frama_C_interval(0, 1) != 0;
}

/* size - 1 bytes of anything, and a NUL at the latest behind them. */
static inline void any_text(char *text, size_t size)
{
    Frama_C_make_unknown(text, size);
    text[size - 1] = '\0';
}

#endif
