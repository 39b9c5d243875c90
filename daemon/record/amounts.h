/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The amounts of a dose as a row of numbers: whoever plans, judges, binds, reads, sums or shows them walks the one list
 * of DOSE_AMOUNTS, so that an amount cannot be stored and not counted, or counted and not judged.
 */
#ifndef RECORD_AMOUNTS_H
#define RECORD_AMOUNTS_H

#include "record/record.h"

/* Sums of fewer than 32768 such amounts cannot overflow, and JSON readers with doubles hold them exactly. */
#define RECORD_AMOUNT_MAX (INT64_C(1) << 48)

enum amount {
#define AMOUNT(name, with) AMOUNT_##name,
    DOSE_AMOUNTS(AMOUNT, )
#undef AMOUNT
        AMOUNT_COUNT
};

/* i below AMOUNT_COUNT. */
enum modality_quantity amount_quantity(size_t i);
const char *amount_name(size_t i); /* the id of its quantity */
int64_t amount_get(const struct dose_amounts *amounts, size_t i);
void amount_set(struct dose_amounts *amounts, size_t i, int64_t value);

#endif
