/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers, by hand: no locale, no sign, no silent wrap. */
#include <errno.h>

#include "config/field.h"

int count_parse(const char *text, int64_t max, int64_t *out)
{
    int64_t value = 0;
    if (*text == '\0')
        return -EINVAL;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '9')
            return -EINVAL;
        if (value > (INT64_MAX - (*p - '0')) / 10)
            return -ERANGE;
        value = value * 10 + (*p - '0');
    }
    if (value > max)
        return -ERANGE;
    *out = value;
    return 0;
}
