/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any number of every quantity written, and its units, into buffers of any size.
 */
#include "any.h"

#include "dose/value.h"

/* With its body, since the proof rests on finding each quantity's display unit in the table of units. */
int strcmp(const char *a, const char *b)
{
    /*@ loop unroll 12; */
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static void write(enum modality_quantity q)
{
    char text[VALUE_TEXT_MAX], units[60], small[5], smallest[1];
    string_read(value_format(q, any_number(), text, sizeof text));
    string_read(value_format(q, any_number(), small, sizeof small));
    value_format(q, any_number(), smallest, 0);
    string_read(value_format_beside(q, any_number(), any_number(), text, sizeof text));
    string_read(value_units(q, units, sizeof units));
    string_read(value_units(q, small, sizeof small));
    string_read(value_units(q, smallest, sizeof smallest));
    value_units(q, smallest, 0);
}

static void use(enum modality_quantity q)
{
    int64_t num = 0, den = 0;
    write(q);
    value_display_factor(q, &num, &den);
}

int main(void)
{
    /*@ loop unroll QUANTITY_COUNT; */
    for (unsigned q = 0; q < QUANTITY_COUNT; q++)
        use((enum modality_quantity)q);
    return 0;
}
