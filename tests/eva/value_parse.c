/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text of up to TEXT_MAX bytes parsed as any quantity.
 */
#include "any.h"

#include "dose/value.h"

#define TEXT_MAX 20

int main(void)
{
    char text[TEXT_MAX + 1];
    int64_t value = 0;
    any_text(text, sizeof text);
    value_parse((enum modality_quantity)any_below(QUANTITY_COUNT), text, &value);
    return 0;
}
