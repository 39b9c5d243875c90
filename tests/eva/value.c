/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as people write them: for each quantity any bytes parsed, and any number formatted.
 */
#include "any.h"

#include "dose/value.h"

static void use(enum modality_quantity q)
{
    char text[10], buffer[VALUE_TEXT_MAX];
    int64_t value = 0, num = 1, den = 1;
    any_text(text, sizeof text);
    value_parse(q, text, &value);
    value_format(q, any_number(), buffer, sizeof buffer);
    value_units(q, buffer, sizeof buffer);
    value_display_factor(q, &num, &den);
}

int main(void)
{
    /*@ loop unroll QUANTITY_COUNT; */
    for (unsigned q = 0; q < QUANTITY_COUNT; q++)
        use((enum modality_quantity)q);
    return 0;
}
