/* SPDX-License-Identifier: Apache-2.0 */
/* Where each amount lies in its structure, and which quantity it is. */
#include "record/amounts.h"

#include <stddef.h>
#include <string.h>

static const struct {
    enum modality_quantity quantity;
    size_t offset;
} amounts_table[AMOUNT_COUNT] = {
#define AMOUNT(name, with) {QUANTITY_##name, offsetof(struct dose_amounts, name)},
    DOSE_AMOUNTS(AMOUNT, )
#undef AMOUNT
};

enum modality_quantity amount_quantity(size_t i)
{
    return amounts_table[i].quantity;
}

const char *amount_name(size_t i)
{
    return modality_quantity_info(amount_quantity(i))->id;
}

int64_t amount_get(const struct dose_amounts *amounts, size_t i)
{
    int64_t value;

    memcpy(&value, (const char *)amounts + amounts_table[i].offset, sizeof(value));
    return value;
}

void amount_set(struct dose_amounts *amounts, size_t i, int64_t value)
{
    memcpy((char *)amounts + amounts_table[i].offset, &value, sizeof(value));
}
