/* SPDX-License-Identifier: Apache-2.0 */
/* Typed values by the table of keys. Each reader: find the text (line or default), parse, hold against the range. */
#include "config/field.h"

#include <errno.h>
#include <string.h>

#include "dose/value.h"
#include "modality/person.h"

/* The text of a key and where it stands: its line, else the table's default; false if there is neither. */
static bool field_find(const struct raw_section *s, const char *key, const struct key_info **info, const char **text,
                       struct place *at)
{
    const struct raw_line *line = section_line(s, key);
    *info = keys_find(s->kind, key);
    if (*info == NULL || (line != NULL && line->refused))
        return false;
    *text = line != NULL ? line->value : (*info)->initial;
    *at = line != NULL ? line->at : s->at;
    return *text != NULL;
}

bool field_text(struct load *load, const struct raw_section *s, const char *key, const char **out)
{
    const struct key_info *info;
    const char *text;
    struct place at;
    (void)load;
    if (!field_find(s, key, &info, &text, &at))
        return false;
    *out = text;
    return true;
}

bool field_path(struct load *load, const struct raw_section *s, const char *key, const char **out)
{
    const struct key_info *info;
    const char *text;
    struct place at;
    if (!field_find(s, key, &info, &text, &at))
        return false;
    if (text[0] != '/') {
        fault_add(&load->faults, at, "%s = %s: needs an absolute path", key, text);
        return false;
    }
    *out = text;
    return true;
}

/* Position of text among words ("a, b, c"), -1 if it is none of them. */
static int word_find(const char *words, const char *text)
{
    const size_t length = strlen(text);
    int i = 0;
    for (const char *p = words; *p != '\0'; i++) {
        size_t n = strcspn(p, ",");
        if (n == length && memcmp(p, text, n) == 0)
            return i;
        p += n;
        p += strspn(p, ", ");
    }
    return -1;
}

bool field_word(struct load *load, const struct raw_section *s, const char *key, unsigned *out)
{
    const struct key_info *info;
    const char *text;
    struct place at;
    if (!field_find(s, key, &info, &text, &at))
        return false;
    int i = word_find(info->words, text);
    if (i < 0) {
        fault_add(&load->faults, at, "%s = %s: must be %s%s", key, text,
                  strchr(info->words, ',') == NULL ? "" : "one of ", info->words);
        return false;
    }
    *out = (unsigned)i;
    return true;
}

bool field_yes(struct load *load, const struct raw_section *s, const char *key, bool *out)
{
    unsigned word;
    if (!field_word(load, s, key, &word))
        return false;
    *out = word == 0;
    return true;
}

bool field_count(struct load *load, const struct raw_section *s, const char *key, int64_t *out)
{
    int64_t low, high;
    if (!field_counts(load, s, key, &low, &high))
        return false;
    *out = low;
    return true;
}

bool field_counts(struct load *load, const struct raw_section *s, const char *key, int64_t *low, int64_t *high)
{
    const struct key_info *info;
    const char *text;
    struct place at;
    int64_t least = 0, most = 0, a = 0, b = 0;
    if (!field_find(s, key, &info, &text, &at))
        return false;
    count_parse(info->low, INT64_MAX, &least);
    count_parse(info->high, INT64_MAX, &most);
    const char *dots = info->type == KEY_COUNTS ? strstr(text, "..") : NULL;
    const char *first = dots == NULL ? text : arena_copy(load->arena, text, (size_t)(dots - text));
    int bad = count_parse(first, INT64_MAX, &a);
    if (bad == 0)
        bad = dots == NULL ? (b = a, 0) : count_parse(dots + 2, INT64_MAX, &b);
    if (bad != 0 || a < least || b > most || a > b) {
        fault_add(&load->faults, at, "%s = %s: needs %s from %s to %s", key, text, keys_type_text(info->type),
                  info->low, info->high);
        return false;
    }
    *low = a;
    *high = b;
    return true;
}

/* Octal digits to a mode: 0 or -EINVAL. */
static int mode_parse(const char *text, unsigned *out)
{
    unsigned mode = 0;
    size_t n = strlen(text);
    if (n < 3 || n > 4)
        return -EINVAL;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p < '0' || *p > '7')
            return -EINVAL;
        mode = mode * 8 + (unsigned)(*p - '0');
    }
    *out = mode;
    return 0;
}

bool field_mode(struct load *load, const struct raw_section *s, const char *key, unsigned *out)
{
    const struct key_info *info;
    const char *text;
    struct place at;
    unsigned low = 0, high = 0, mode;
    if (!field_find(s, key, &info, &text, &at))
        return false;
    mode_parse(info->low, &low);
    mode_parse(info->high, &high);
    if (mode_parse(text, &mode) < 0 || (mode & low) != low || (mode & ~high) != 0) {
        fault_add(&load->faults, at, "%s = %s: needs an octal mode with at least %s and at most %s", key, text,
                  info->low, info->high);
        return false;
    }
    *out = mode;
    return true;
}

bool field_date(struct load *load, const struct raw_section *s, const char *key, int64_t *day)
{
    const struct key_info *info;
    const char *text;
    struct place at;
    if (!field_find(s, key, &info, &text, &at))
        return false;
    if (date_parse(text, day) < 0) {
        fault_add(&load->faults, at, "%s = %s: needs a date that exists, YYYY-MM-DD", key, text);
        return false;
    }
    return true;
}

bool field_is_past(struct load *load, struct place at, const char *key, const char *text, int64_t day)
{
    if (day <= load->today)
        return true;
    fault_add(&load->faults, at, "%s = %s: lies in the future; it is the day on which it was done", key, text);
    return false;
}

bool field_is_acceptor(struct load *load, struct place at, const char *key, const char *text)
{
    if (modality_is_person(text))
        return true;
    fault_add(&load->faults, at, "%s = %s: needs the name of who accepts", key, text);
    return false;
}

bool field_is_acceptance(struct load *load, struct place at, const char *key, const char *text, int64_t day)
{
    int64_t first;
    if (!field_is_past(load, at, key, text, day))
        return false;
    if (date_parse("2020-01-01", &first) < 0 || day >= first)
        return true;
    fault_add(&load->faults, at, "%s = %s: lies before 2020; it is the day of the acceptance", key, text);
    return false;
}

bool field_past_date(struct load *load, const struct raw_section *s, const char *key, int64_t *day)
{
    int64_t read;
    const struct raw_line *line = section_line(s, key);
    if (!field_date(load, s, key, &read) || line == NULL || !field_is_past(load, line->at, key, line->value, read))
        return false;
    *day = read;
    return true;
}

/* Parses text as q; what is wrong is told at the place. */
static bool value_read(struct load *load, struct place at, const char *key, const char *text, enum modality_quantity q,
                       int64_t *out)
{
    char units[128];
    int rc = value_parse(q, text, out);
    if (rc == 0)
        return true;
    value_units(q, units, sizeof(units));
    if (rc == -ERANGE)
        fault_add(&load->faults, at, "%s = %s: not a whole number of %s, or too large", key, text,
                  modality_quantity_info(q)->base_unit);
    else
        fault_add(&load->faults, at, "%s = %s: needs a decimal number with one of the units %s", key, text, units);
    return false;
}

bool field_value(struct load *load, const struct raw_section *s, const char *key, enum modality_quantity q,
                 int64_t *out)
{
    const struct key_info *info;
    const char *text;
    struct place at;
    int64_t value, low, high;
    if (!field_find(s, key, &info, &text, &at))
        return false;
    if (q == QUANTITY_COUNT)
        q = info->quantity;
    if (!value_read(load, at, key, text, q, &value))
        return false;
    bool has_low = info->low != NULL && value_parse(q, info->low, &low) == 0;
    bool has_high = info->high != NULL && value_parse(q, info->high, &high) == 0;
    if ((has_low && value < low) || (has_high && value > high)) {
        fault_add(&load->faults, at, "%s = %s: must lie between %s and %s", key, text, info->low, info->high);
        return false;
    }
    *out = value;
    return true;
}

/* A part of a value without blanks around it. */
static const char *part_copy(struct load *load, const char *start, const char *end)
{
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    return arena_copy(load->arena, start, (size_t)(end - start));
}

bool field_band(struct load *load, const struct raw_line *line, enum modality_quantity q, struct band *out)
{
    const char *dots = strstr(line->value, "..");
    struct band b = {0};
    if (dots == NULL) {
        fault_add(&load->faults, line->at, "%s = %s: needs A..B, A.. or ..B with units", line->key, line->value);
        return false;
    }
    const char *low = part_copy(load, line->value, dots);
    const char *high = part_copy(load, dots + 2, line->value + strlen(line->value));
    b.has_low = low[0] != '\0';
    b.has_high = high[0] != '\0';
    if (b.has_low && !value_read(load, line->at, line->key, low, q, &b.low))
        return false;
    if (b.has_high && !value_read(load, line->at, line->key, high, q, &b.high))
        return false;
    if ((!b.has_low && !b.has_high) || (b.has_low && b.has_high && b.low >= b.high)) {
        fault_add(&load->faults, line->at, "%s = %s: the band is empty", line->key, line->value);
        return false;
    }
    *out = b;
    return true;
}

bool field_parameter(struct load *load, const struct raw_line *line, enum modality_quantity q, int64_t *low,
                     int64_t *initial, int64_t *high)
{
    const char *text = line->value, *end = text + strlen(text);
    const char *dots = strstr(text, ".."), *comma = strchr(text, ',');
    int64_t a, b, c;
    if (dots == NULL && comma == NULL) {
        if (!value_read(load, line->at, line->key, text, q, &a))
            return false;
        *low = *initial = *high = a;
        return true;
    }
    const char *word = comma == NULL ? end : comma + 1 + strspn(comma + 1, " \t");
    if (dots == NULL || comma == NULL || dots > comma || strncmp(word, "default ", 8) != 0) {
        fault_add(&load->faults, line->at, "%s = %s: needs a value, or A..B, default C", line->key, text);
        return false;
    }
    if (!value_read(load, line->at, line->key, part_copy(load, text, dots), q, &a) ||
        !value_read(load, line->at, line->key, part_copy(load, dots + 2, comma), q, &b) ||
        !value_read(load, line->at, line->key, part_copy(load, word + 8, end), q, &c))
        return false;
    if (a > c || c > b) {
        fault_add(&load->faults, line->at, "%s = %s: the default must lie inside a range that rises", line->key, text);
        return false;
    }
    *low = a;
    *initial = c;
    *high = b;
    return true;
}

bool text_split(struct arena *a, const char *text, const char *const **items, size_t *n)
{
    size_t commas = 0;
    for (const char *p = text; *p != '\0'; p++)
        commas += *p == ',';
    const char **all = arena_array(a, commas + 1, sizeof(*all));
    if (all == NULL)
        return false;
    size_t found = 0;
    for (const char *p = text;; p++) {
        p += strspn(p, " \t");
        size_t length = strcspn(p, ",");
        size_t used = length;
        while (used > 0 && (p[used - 1] == ' ' || p[used - 1] == '\t'))
            used--;
        all[found++] = arena_copy(a, p, used);
        p += length;
        if (*p == '\0')
            break;
    }
    *items = all;
    *n = found;
    return true;
}

bool field_list(struct load *load, const struct raw_section *s, const char *key, const char *const **items, size_t *n,
                struct place *at)
{
    const struct key_info *info;
    const char *text;
    const char *const *all;
    size_t found;
    if (!field_find(s, key, &info, &text, at) || !text_split(load->arena, text, &all, &found))
        return false;
    for (size_t i = 0; i < found; i++) {
        if (all[i][0] == '\0') {
            fault_add(&load->faults, *at, "%s = %s: the list has an empty item", key, text);
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (strcmp(all[i], all[j]) == 0) {
                fault_add(&load->faults, *at, "%s = %s: \"%s\" stands twice", key, text, all[i]);
                return false;
            }
        }
    }
    *items = all;
    *n = found;
    return true;
}
