/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What adds up over a session against its bounds: one list of amounts, so that none is counted and not judged.
 */
#include "record/amounts.h"
#include "session/supervise_judge.h"

bool supervise_totals_exceeded(const struct supervise_rules *rules, const struct supervise_state *state)
{
    bool exceeded = false;
    for (size_t i = 0; i < AMOUNT_COUNT; i++)
        exceeded = exceeded || amount_get(&state->delivered, i) > amount_get(&rules->totals_max, i);
    return exceeded;
}

void judge_totals(struct judging *j)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const enum modality_quantity q = amount_quantity(i);
        const int64_t value = amount_get(&j->state->delivered, i);
        const int64_t max = amount_get(&j->rules->totals_max, i);
        const int64_t notice = amount_get(&j->rules->totals_notice, i);
        if (value > max)
            supervise_judge(j, FAULT_total_reached, true, q, value, max, "%s reached %lld, bound %lld",
                            modality_quantity_info(q)->id, (long long)value, (long long)max);
        if (value > notice)
            supervise_judge(j, FAULT_total_noticed, true, q, value, notice, "%s reached %lld, notice above %lld",
                            modality_quantity_info(q)->id, (long long)value, (long long)notice);
    }
}
