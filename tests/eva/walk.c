/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The walk with every rule that walk_rules_check passes, any target and any sequence of calls at times that do not run
 * backward. Rules outside are refused at the entry of each function, and tried as well.
 */
#include "any.h"

#include "dose/walk.h"

#define RULE_MAX INT64_C(9000000000)
#define DAY_MS INT64_C(86400000)
#define TIME_MAX (INT64_MAX / 4) /* 73 years of nanoseconds */

static struct walk_rules allowed_rules(void)
{
    struct walk_rules r = {.step = between(1, RULE_MAX),
                           .slew_per_s = between(1, RULE_MAX),
                           .resolution = between(1, RULE_MAX),
                           .surged = (uint8_t)any_below(256),
                           .surge_on_ms = between(1, DAY_MS),
                           .surge_off_ms = between(0, DAY_MS),
                           .ramp_up_ms = between(0, DAY_MS),
                           .ramp_down_ms = between(0, DAY_MS)};
    return r;
}

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

int main(void)
{
    struct walk_rules refused = {any_number(), any_number(), any_number(), (uint8_t)any_below(256),
                                 any_number(), any_number(), any_number(), any_number()};
    struct walk_rules allowed = allowed_rules();
    struct walk walk;
    walk_begin(&walk, between(0, TIME_MAX));
    /*@ loop widen_hints "all", 1000000000000; */
    while (any_flag())
        call(&allowed, &walk, between(0, TIME_MAX));
    return walk_rules_check(&refused);
}
