/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rest of daemon/dose may rely on of the formulas: any values in the set, any fault named. formulas.c proves
 * the formulas for any waveform and any set.
 */
#include "any.h"

#include "dose/derive.h"

#include <errno.h>

/*@ requires set: \valid(set) && \initialized(set); */
static int any_outcome(struct quantity_set *set)
{
    Frama_C_make_unknown((char *)set, sizeof *set);
    return any_flag() ? 0 : any_flag() ? -EINVAL : -ERANGE;
}

int dose_derive(enum modality_waveform waveform, struct quantity_set *values, enum modality_quantity *missing)
{
    *missing = (enum modality_quantity)any_below(QUANTITY_COUNT);
    return any_outcome(values);
}

int dose_totals(enum modality_waveform waveform, struct quantity_set *values, int64_t duration_ms)
{
    return any_outcome(values);
}
