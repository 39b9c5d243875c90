/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of derive: what the formulas of the modalities share. A formula takes its inputs through derive_need, which
 * answers for missing and impossible ones, and leaves its results through derive_put, rounded up.
 */
#ifndef DOSE_DERIVE_PARTS_H
#define DOSE_DERIVE_PARTS_H

#include "dose/derive.h"
#include "dose/wide.h"

#define DERIVE_AREA_MAX 10000000 /* mm2, ten square metres: keeps every divisor that holds an area in 64 bits */
#define HUNDREDTHS_CM2 100       /* 1 mm2 is a hundredth of a cm2: per-cm2 values are x 100 / mm2 */

struct derive {
    struct quantity_set *values;
    enum modality_quantity *missing;
};

/* The value of q, at least least and at most most: -EINVAL when absent, -ERANGE outside; *missing names q. */
int derive_need(const struct derive *d, enum modality_quantity q, int64_t least, int64_t most, uint64_t *out);
/* The same for a quantity that may be absent: then *out keeps what it holds. */
int derive_may(const struct derive *d, enum modality_quantity q, int64_t least, int64_t most, uint64_t *out);
/* Names q as the one at fault; returns -ERANGE. */
int derive_impossible(const struct derive *d, enum modality_quantity q);
/* Puts the product of factors over divisor, rounded up, as q. */
int derive_put(const struct derive *d, enum modality_quantity q, const uint64_t *factors, size_t n, uint64_t divisor);
/* The same of a product that is there already. */
int derive_put_over(const struct derive *d, enum modality_quantity q, struct wide w, uint64_t divisor);

/* The modalities: instantaneous values. */
int derive_current(const struct derive *d, enum modality_waveform waveform);
int derive_ultrasound(const struct derive *d, bool pulsed);
int derive_laser(const struct derive *d);

/* Charge that flows in t_ms, the current's absolute value, in nC rounded up. */
int current_charge_nc(enum modality_waveform waveform, const struct quantity_set *values, int64_t t_ms, int64_t *out);

#endif
