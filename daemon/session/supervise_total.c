/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What adds up over a session against its bounds: one list of amounts, so that none is counted and not judged.
 */
#include <string.h>

#include "session/supervise_judge.h"

static const struct supervise_amount amounts[] = {
    {QUANTITY_duration_ms, offsetof(struct dose_amounts, duration_ms)},
    {QUANTITY_energy_uj, offsetof(struct dose_amounts, energy_uj)},
    {QUANTITY_session_charge_uc, offsetof(struct dose_amounts, charge_uc)},
    {QUANTITY_iontophoresis_dose_ua_min, offsetof(struct dose_amounts, ion_dose_ua_min)},
    {QUANTITY_contraction_count, offsetof(struct dose_amounts, contractions)},
    {QUANTITY_cem43_ms, offsetof(struct dose_amounts, cem43_ms)},
    {QUANTITY_cold_dose_millic_min, offsetof(struct dose_amounts, cold_dose_millic_min)},
};
#define AMOUNTS (sizeof amounts / sizeof amounts[0])
_Static_assert(sizeof(struct dose_amounts) == AMOUNTS * sizeof(int64_t), "every amount is judged");

const struct supervise_amount *supervise_amounts(size_t *n)
{
    *n = AMOUNTS;
    return amounts;
}

int64_t supervise_amount_of(const struct dose_amounts *d, const struct supervise_amount *amount)
{
    int64_t value;
    memcpy(&value, (const char *)d + amount->offset, sizeof value);
    return value;
}

bool supervise_totals_exceeded(const struct supervise_rules *rules, const struct supervise_state *state)
{
    bool exceeded = false;
    for (size_t i = 0; i < AMOUNTS; i++)
        exceeded = exceeded || supervise_amount_of(&state->delivered, &amounts[i]) >
                                   supervise_amount_of(&rules->totals_max, &amounts[i]);
    return exceeded;
}

void judge_totals(struct judging *j)
{
    for (size_t i = 0; i < AMOUNTS; i++) {
        const enum modality_quantity q = amounts[i].quantity;
        const int64_t value = supervise_amount_of(&j->state->delivered, &amounts[i]);
        const int64_t max = supervise_amount_of(&j->rules->totals_max, &amounts[i]);
        const int64_t notice = supervise_amount_of(&j->rules->totals_notice, &amounts[i]);
        if (value > max)
            supervise_judge(j, FAULT_total_reached, true, q, value, max, "%s reached %lld, bound %lld",
                            modality_quantity_info(q)->id, (long long)value, (long long)max);
        if (value > notice)
            supervise_judge(j, FAULT_total_noticed, true, q, value, notice, "%s reached %lld, notice above %lld",
                            modality_quantity_info(q)->id, (long long)value, (long long)notice);
    }
}
