/* SPDX-License-Identifier: Apache-2.0 */
/* Whole numbers and civil dates, by hand: no locale, no time zone, no silent normalising. */
#include <errno.h>
#include <string.h>

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

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

int date_parse(const char *text, int64_t *day)
{
    int64_t year, month, d;
    char part[3][5] = {"", "", ""};
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-')
        return -EINVAL;
    memcpy(part[0], text, 4);
    memcpy(part[1], text + 5, 2);
    memcpy(part[2], text + 8, 2);
    if (count_parse(part[0], 9999, &year) < 0 || count_parse(part[1], 12, &month) < 0 ||
        count_parse(part[2], 31, &d) < 0)
        return -EINVAL;
    if (year < 1970 || month < 1 || d < 1 || d > days_in_month(year, month))
        return -EINVAL;
    int64_t total = d - 1;
    for (int64_t y = 1970; y < year; y++)
        total += is_leap(y) ? 366 : 365;
    for (int64_t m = 1; m < month; m++)
        total += days_in_month(year, m);
    *day = total;
    return 0;
}
