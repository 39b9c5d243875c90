/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as people type them, read exactly by the daemon's own code: "12mA", "12 mA", "12mA..20mA", "12..20 mA".
 * Nothing is rounded and nothing is guessed; a value that cannot be read is an error that says what would be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "dose/date.h"

static void fault_say(const char *option, enum modality_quantity q, const char *text, int error)
{
    char fault[80] = "a number with its unit is needed", units[160];
    const struct modality_quantity_info *info = modality_quantity_info(q);
    const bool bare = strcmp(info->display_unit, "1") == 0;
    if (strchr(text, ','))
        snprintf(fault, sizeof fault, "a decimal point is needed, not a comma");
    else if (error == -ERANGE)
        snprintf(fault, sizeof fault, "too large, or not a whole number of %s", info->base_unit);
    fprintf(stderr, "modalityctl: --%s \"%s\": %s, such as \"12%s%s\" (units: %s)\n", option, text, fault,
            bare ? "" : " ", bare ? "" : info->display_unit, value_units(q, units, sizeof units));
}

bool typed_value(const char *option, enum modality_quantity q, const char *text, int64_t *out)
{
    const int r = value_parse(q, text, out);
    if (r < 0)
        fault_say(option, q, text, r);
    return r == 0;
}

/* Where the unit begins in "-12.5 mA". */
static const char *unit_of(const char *text)
{
    return text + strspn(text, "+-0123456789. \t");
}

bool typed_range(const char *option, enum modality_quantity q, const char *text, int64_t *start, int64_t *ceiling)
{
    char first[80];
    const char *dots = strstr(text, "..");
    const int length = dots ? (int)(dots - text) : (int)strlen(text);
    if (length >= 40 || (dots && strlen(dots) >= 40)) {
        fprintf(stderr, "modalityctl: --%s \"%.40s...\": too long for a value\n", option, text);
        return false;
    }
    snprintf(first, sizeof first, "%.*s", length, text);
    while (first[0] && strchr(" \t", first[strlen(first) - 1]))
        first[strlen(first) - 1] = '\0';
    if (dots && *unit_of(first) == '\0')
        snprintf(first + strlen(first), sizeof first - strlen(first), "%s", unit_of(dots + 2));
    if (!typed_value(option, q, first, start))
        return false;
    *ceiling = *start;
    return !dots || typed_value(option, q, dots + 2 + strspn(dots + 2, " \t"), ceiling);
}

bool typed_count(const char *option, const char *text, long min, long max, long *out)
{
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (end == text || *end || errno || value < min || value > max) {
        fprintf(stderr, "modalityctl: --%s \"%s\": a whole number from %ld to %ld is needed\n", option, text, min, max);
        return false;
    }
    *out = value;
    return true;
}

bool typed_day(const char *text, char out[TYPED_DAY_MAX])
{
    int64_t day;
    struct tm local;
    const time_t now = time(NULL);
    if (strcmp(text, "today") == 0)
        return localtime_r(&now, &local) && strftime(out, TYPED_DAY_MAX, "%Y-%m-%d", &local) > 0;
    if (date_parse(text, &day) < 0)
        return false;
    snprintf(out, TYPED_DAY_MAX, "%s", text);
    return true;
}

int64_t typed_today(void)
{
    char text[TYPED_DAY_MAX];
    int64_t day = 0;
    return typed_day("today", text) && date_parse(text, &day) == 0 ? day : 0;
}
