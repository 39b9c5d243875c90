/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What adds up over a session against its bounds: one list of amounts, so that none is counted and not judged.
 */
#include <stdio.h>

#include "record/amounts.h"
#include "supervise/judge.h"

bool supervise_totals_exceeded(const struct supervise_rules *rules, const struct supervise_state *state, char *why,
                               size_t size)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const enum modality_quantity q = amount_quantity(i);
        const int64_t value = amount_get(&state->delivered, i), max = amount_get(&rules->totals_max, i);
        if (value <= max)
            continue;
        snprintf(why, size, "%s reached %s, bound %s%s", modality_quantity_info(q)->id, IN_UNITS_BESIDE(q, value, max),
                 IN_UNITS(q, max), rules->by[BOUND_totals + i]);
        return true;
    }
    return false;
}

void judge_totals(struct judging *j)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const enum modality_quantity q = amount_quantity(i);
        const int64_t value = amount_get(&j->state->delivered, i);
        const int64_t max = amount_get(&j->rules->totals_max, i);
        const int64_t notice = amount_get(&j->rules->totals_notice, i);
        if (value > max)
            supervise_judge(j, FAULT_total_reached, true, q, value, max, "%s reached %s, bound %s%s",
                            modality_quantity_info(q)->id, IN_UNITS_BESIDE(q, value, max), IN_UNITS(q, max),
                            BY(j, BOUND_totals + i));
        if (value > notice)
            supervise_judge(j, FAULT_total_noticed, true, q, value, notice, "%s reached %s, notice above %s%s",
                            modality_quantity_info(q)->id, IN_UNITS_BESIDE(q, value, notice), IN_UNITS(q, notice),
                            BY(j, BOUND_notices + i));
    }
}
