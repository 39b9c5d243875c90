/* SPDX-License-Identifier: Apache-2.0 */
/* Where each amount lies in its structure, and what it is called. */
#include "record/amounts.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *name;
    size_t offset;
} amounts_table[AMOUNT_COUNT] = {
#define AMOUNT(name, with) {#name, offsetof(struct dose_amounts, name)},
    DOSE_AMOUNTS(AMOUNT, )
#undef AMOUNT
};

const char *amount_name(size_t i)
{
    return amounts_table[i].name;
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
