/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Typed values out of a section's lines, by the table of keys: defaults, ranges and words come from there. A value that
 * cannot be read is reported at its line; every function returns false when there is no usable value and leaves *out
 * alone. A missing required key was reported by section_check, so silence here is enough.
 */
#ifndef CONFIG_FIELD_H
#define CONFIG_FIELD_H

#include "config/load.h"
#include "dose/date.h"

bool field_text(struct load *load, const struct raw_section *s, const char *key, const char **out);
bool field_path(struct load *load, const struct raw_section *s, const char *key, const char **out);
/* Index into the key's words. */
bool field_word(struct load *load, const struct raw_section *s, const char *key, unsigned *out);
bool field_yes(struct load *load, const struct raw_section *s, const char *key, bool *out);
bool field_count(struct load *load, const struct raw_section *s, const char *key, int64_t *out);
bool field_counts(struct load *load, const struct raw_section *s, const char *key, int64_t *low, int64_t *high);
bool field_mode(struct load *load, const struct raw_section *s, const char *key, unsigned *out);
bool field_date(struct load *load, const struct raw_section *s, const char *key, int64_t *day);
/* The same of what has been done: a day to come is a fault. */
bool field_past_date(struct load *load, const struct raw_section *s, const char *key, int64_t *day);
bool field_is_past(struct load *load, struct place at, const char *key, const char *text, int64_t day);
/* Somebody can be asked what they accepted: a name has two letters at least, and is not what a form says there. */
bool field_is_acceptor(struct load *load, struct place at, const char *key, const char *text);
/* The day of it: it has been, and there was nothing to accept before this program. */
bool field_is_acceptance(struct load *load, struct place at, const char *key, const char *text, int64_t day);
/* A decimal with unit in base units of q; the key's own quantity when q is QUANTITY_COUNT. */
bool field_value(struct load *load, const struct raw_section *s, const char *key, enum modality_quantity q,
                 int64_t *out);
/* Items of a comma-separated list; no empty item, none twice. *at is where the line stands. */
bool field_list(struct load *load, const struct raw_section *s, const char *key, const char *const **items, size_t *n,
                struct place *at);

struct band {
    bool has_low, has_high;
    int64_t low, high;
};
/* "A..B", "A..", "..B" of q. */
bool field_band(struct load *load, const struct raw_line *line, enum modality_quantity q, struct band *out);
/* "A" or "A..B, default C" of q. */
bool field_parameter(struct load *load, const struct raw_line *line, enum modality_quantity q, int64_t *low,
                     int64_t *initial, int64_t *high);

/* A whole number of digits only, up to max: 0, -EINVAL or -ERANGE. */
int count_parse(const char *text, int64_t max, int64_t *out);
/* Items of a list in text, without judging them. */
bool text_split(struct arena *a, const char *text, const char *const **items, size_t *n);

#endif
