/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk with any rules - those that make no sense are refused at each entry - any target and any sequence of calls
 * at any times of the first 73 years since the machine was started.
 */
#include "any.h"

#include "dose/walk.h"

#define TIME_MAX (INT64_MAX / 4) /* ns */

static void call(const struct walk_rules *r, struct walk *w, int64_t now)
{
    switch (any_below(5)) {
    case 0:
        walk_target(w, any_number());
        break;
    case 1:
        walk_advance(r, w, now);
        break;
    case 2:
        walk_next_ns(r, w, now);
        break;
    case 3:
        walk_surges(r, w, now);
        break;
    default:
        walk_settled(r, w, now);
    }
}

static void use(uint8_t surged)
{
    struct walk_rules rules;
    struct walk walk;
    Frama_C_make_unknown((char *)&rules, sizeof rules);
    rules.surged = surged;
    walk_begin(&walk, between(0, TIME_MAX));
    /*@ loop widen_hints "all", 1000000000000; */
    while (any_flag())
        call(&rules, &walk, between(0, TIME_MAX));
}

int main(void)
{
    use(0);
    use((uint8_t)Frama_C_interval(1, UINT8_MAX));
    return 0;
}
