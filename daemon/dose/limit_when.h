/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the limit engine: whether a limit applies. Shared with the host's gate and the protocols' lock, which ask
 * the same of less than a whole treatment.
 */
#ifndef DOSE_LIMIT_WHEN_H
#define DOSE_LIMIT_WHEN_H

#include "dose/limit.h"

/* Modality, therapy, sites touched, conditions, applicator, indicator and thermal: what is the same for all channels.
 */
bool limit_meets_treatment(const struct limit *l, const struct dose_treatment *t);
/* Waveform and bands: what each channel has of its own. low and high are the two ends of its values. */
bool limit_meets_channel(const struct limit *l, enum modality_waveform waveform, const struct quantity_set *low,
                         const struct quantity_set *high);
/* The value as judged: the head factor applied where it belongs. Saturates. */
int64_t limit_judged(const struct limit *l, int64_t value);

#endif
