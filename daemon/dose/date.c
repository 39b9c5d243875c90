/* SPDX-License-Identifier: Apache-2.0 */
/* The calendar, by hand, digit by digit: what is not exactly four, two and two digits is not a date. */
#include "dose/date.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* n digits and nothing else, or -1. */
static int64_t digits(const char *text, size_t n)
{
    int64_t value = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
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

/* Leap years from the year 1 to this one. */
static int64_t leap_years_until(int64_t year)
{
    return year / 4 - year / 100 + year / 400;
}

int date_parse(const char *text, int64_t *day)
{
    if (strlen(text) != 10 || text[4] != '-' || text[7] != '-') {
        return -EINVAL;
    }
    int64_t year = digits(text, 4), month = digits(text + 5, 2), d = digits(text + 8, 2);
    if (year < 1970 || month < 1 || month > 12 || d < 1 || d > days_in_month(year, month)) {
        return -EINVAL;
    }
    int64_t total = (year - 1970) * 365 + leap_years_until(year - 1) - leap_years_until(1969) + d - 1;
    for (int64_t m = 1; m < month; m++) {
        total += days_in_month(year, m);
    }
    *day = total;
    return 0;
}
