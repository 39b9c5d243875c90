/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to the formulas: which modality's apply, how an input is fetched, and how a result is put. The formulas
 * themselves are in derive_current.c and derive_beam.c, what adds up over time in totals.c.
 */
#include "dose/derive.h"

#include "dose/derive_parts.h"
#include "dose/wide.h"

#include <errno.h>

int derive_impossible(const struct derive *d, enum modality_quantity q)
{
    *d->missing = q;
    return -ERANGE;
}

int derive_need(const struct derive *d, enum modality_quantity q, int64_t least, int64_t most, uint64_t *out)
{
    if (!quantity_has(d->values, q)) {
        *d->missing = q;
        return -EINVAL;
    }
    if (d->values->value[q] < least || d->values->value[q] > most) {
        return derive_impossible(d, q);
    }
    *out = (uint64_t)d->values->value[q];
    return 0;
}

int derive_may(const struct derive *d, enum modality_quantity q, int64_t least, int64_t most, uint64_t *out)
{
    return quantity_has(d->values, q) ? derive_need(d, q, least, most, out) : 0;
}

int derive_put(const struct derive *d, enum modality_quantity q, const uint64_t *factors, size_t n, uint64_t divisor)
{
    int64_t value = 0;
    if (wide_ratio_up(factors, n, divisor, &value) < 0) {
        return derive_impossible(d, q);
    }
    quantity_put(d->values, q, value);
    return 0;
}

int derive_put_over(const struct derive *d, enum modality_quantity q, struct wide w, uint64_t divisor)
{
    struct wide over = wide_over_up(w, divisor);
    if (over.hi != 0 || over.lo > (uint64_t)INT64_MAX) {
        return derive_impossible(d, q);
    }
    quantity_put(d->values, q, (int64_t)over.lo);
    return 0;
}

/* A cold unit's set point is its own dose rate; there is nothing to compute but that it is there and possible. */
static int derive_cold(const struct derive *d)
{
    if (!quantity_has(d->values, QUANTITY_temperature_millic)) {
        *d->missing = QUANTITY_temperature_millic;
        return -EINVAL;
    }
    int64_t temperature = d->values->value[QUANTITY_temperature_millic];
    if (temperature < -DOSE_INPUT_MAX || temperature > DOSE_INPUT_MAX) {
        return derive_impossible(d, QUANTITY_temperature_millic);
    }
    return 0;
}

int dose_derive(enum modality_waveform waveform, struct quantity_set *values, enum modality_quantity *missing)
{
    struct derive d = {.values = values, .missing = missing};
    *missing = QUANTITY_waveform_class;
    if (waveform >= WAVEFORM_COUNT) {
        return -EINVAL;
    }
    switch (modality_waveform_modality(waveform)) {
    case MODALITY_ESTIM:
        return derive_current(&d, waveform);
    case MODALITY_ULTRASOUND:
        return derive_ultrasound(&d, waveform == WAVEFORM_us_pulsed);
    case MODALITY_LASER:
        return derive_laser(&d);
    case MODALITY_COLD:
        return derive_cold(&d);
    }
    return -EINVAL;
}
