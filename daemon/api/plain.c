/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ranges of Unicode: refused everywhere, refused but in free text, and blanks. Named are the controls (Cc), the format
 * characters that change order or width unseen (Cf), and the separators that break lines (Zl, Zp).
 */
#include "api/plain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "dose/date.h"
#include "record/patient.h"

struct range {
    uint32_t first, last;
    bool free; /* free text may hold it */
};

static const struct range refused[] = {
    {0x00, 0x09, false},     {0x0a, 0x0a, true},      {0x0b, 0x1f, false},     {0x7f, 0x9f, false},
    {0xad, 0xad, false},     {0x61c, 0x61c, false},   {0x180e, 0x180e, false}, {0x200b, 0x200b, false},
    {0x200c, 0x200d, true},  {0x200e, 0x200f, false}, {0x2028, 0x202e, false}, {0x2060, 0x2069, false},
    {0xfeff, 0xfeff, false}, {0xfff9, 0xfffb, false},
};

static const struct range blanks[] = {
    {0x20, 0x20, true},     {0xa0, 0xa0, true},     {0x1680, 0x1680, true}, {0x2000, 0x200a, true},
    {0x202f, 0x202f, true}, {0x205f, 0x205f, true}, {0x3000, 0x3000, true},
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const struct range *find(const struct range *ranges, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return &ranges[i];
    }
    return NULL;
}

/* One character of valid UTF-8; *at moves on. */
static uint32_t next(const char *text, size_t length, size_t *at)
{
    unsigned char lead = (unsigned char)text[(*at)++];
    unsigned more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    uint32_t c = more == 0 ? lead : lead & (0x3fu >> more);
    for (; more > 0 && *at < length; more--)
        c = c << 6 | ((unsigned char)text[(*at)++] & 0x3fu);
    return c;
}

static bool allowed(enum plain_kind kind, uint32_t c)
{
    const struct range *range = find(refused, LENGTH(refused), c);
    if (kind == PLAIN_ID)
        return c > 0x20 && c < 0x7f;
    return range == NULL || (kind == PLAIN_FREE && range->free);
}

static bool letter_or_digit(uint32_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int patient_check(const char *text, size_t length, char fault[PLAIN_FAULT_MAX])
{
    static const char wanted[] = "letters A to Z of either case, digits, and any of " PATIENT_MARKS " between them";
    uint32_t last = 0, c = 0;
    bool first_mark = false;
    for (size_t at = 0; at < length; last = c) {
        const bool first = at == 0;
        c = next(text, length, &at);
        if (!letter_or_digit(c) && (c == 0 || c > 0x7e || strchr(PATIENT_MARKS, (int)c) == NULL)) {
            snprintf(fault, PLAIN_FAULT_MAX, "%s: U+%04X is in it", wanted, (unsigned)c);
            return -EINVAL;
        }
        first_mark = first ? !letter_or_digit(c) : first_mark;
    }
    if (first_mark || !letter_or_digit(last)) {
        snprintf(fault, PLAIN_FAULT_MAX, "%s: it begins or ends with another", wanted);
        return -EINVAL;
    }
    return 0;
}

int plain_check(enum plain_kind kind, const char *text, size_t length, char fault[PLAIN_FAULT_MAX])
{
    bool something = false, first_blank = false, last_blank = false;
    int64_t day;
    if (kind == PLAIN_DATE) {
        snprintf(fault, PLAIN_FAULT_MAX, "a date that exists, YYYY-MM-DD, from 1970 on");
        return date_parse(text, &day);
    }
    if (kind == PLAIN_PATIENT)
        return patient_check(text, length, fault);
    for (size_t at = 0; at < length;) {
        bool first = at == 0;
        uint32_t c = next(text, length, &at);
        if (!allowed(kind, c)) {
            snprintf(fault, PLAIN_FAULT_MAX, "%s: U+%04X is in it",
                     kind == PLAIN_ID     ? "visible ASCII characters only"
                     : kind == PLAIN_FREE ? "a text without control or invisible characters but newlines"
                                          : "one line without control or invisible characters",
                     (unsigned)c);
            return -EINVAL;
        }
        last_blank = find(blanks, LENGTH(blanks), c) != NULL;
        first_blank = first ? last_blank : first_blank;
        something = something || (!last_blank && find(refused, LENGTH(refused), c) == NULL);
    }
    if (length > 0 && !something)
        snprintf(fault, PLAIN_FAULT_MAX, "a text that is not blank");
    else if (kind == PLAIN_REFERENCE && (first_blank || last_blank))
        snprintf(fault, PLAIN_FAULT_MAX, "a text without blanks at its ends");
    else
        return 0;
    return -EINVAL;
}

/* "\u0000-\u0009\u000a..." of those that are refused, or of all. */
static size_t put_class(char *out, size_t size, const struct range *ranges, size_t n, bool not_free)
{
    size_t used = 0;
    out[0] = 0;
    for (size_t i = 0; i < n && used < size; i++) {
        if (not_free && ranges[i].free)
            continue;
        used += (size_t)snprintf(out + used, size - used, "\\u%04x-\\u%04x", (unsigned)ranges[i].first,
                                 (unsigned)ranges[i].last);
    }
    return used;
}

const char *plain_name(enum plain_kind kind)
{
    static const char *const names[PLAIN_COUNT] = {[PLAIN_REFERENCE] = "text.reference",
                                                   [PLAIN_FREE] = "text.free",
                                                   [PLAIN_DATE] = "text.date",
                                                   [PLAIN_ID] = "text.id",
                                                   [PLAIN_PATIENT] = "text.patient"};
    return names[kind];
}

void plain_pattern(enum plain_kind kind, char out[PLAIN_PATTERN_MAX])
{
    char bad[LENGTH(refused) * 14], every[LENGTH(refused) * 14], blank[LENGTH(blanks) * 14];
    put_class(bad, sizeof(bad), refused, LENGTH(refused), kind == PLAIN_FREE);
    put_class(every, sizeof(every), refused, LENGTH(refused), false);
    put_class(blank, sizeof(blank), blanks, LENGTH(blanks), false);
    if (kind == PLAIN_DATE)
        snprintf(out, PLAIN_PATTERN_MAX, "^(19[7-9]|[2-9][0-9]{2})[0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$");
    else if (kind == PLAIN_PATIENT)
        snprintf(out, PLAIN_PATTERN_MAX, "^(?![\\s\\S]*[^A-Za-z0-9%s])[A-Za-z0-9](.*[A-Za-z0-9])?$", PATIENT_MARKS);
    else if (kind == PLAIN_ID)
        snprintf(out, PLAIN_PATTERN_MAX, "^(?![\\s\\S]*[^!-~])");
    else if (kind == PLAIN_FREE)
        snprintf(out, PLAIN_PATTERN_MAX, "^(?![\\s\\S]*[%s])(?=[\\s\\S]*[^%s%s])", bad, every, blank);
    else
        snprintf(out, PLAIN_PATTERN_MAX, "^(?![%s])(?![\\s\\S]*[%s])(?![\\s\\S]*[%s]$)", blank, bad, blank);
}
