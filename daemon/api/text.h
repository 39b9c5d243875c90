/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes under construction, with a bound. A failed addition leaves what was there.
 */
#ifndef API_TEXT_H
#define API_TEXT_H

#include <jansson.h>
#include <stddef.h>

struct text {
    char *bytes;
    size_t length, size;
};

/* 0, -E2BIG beyond max, -ENOMEM. */
int text_add(struct text *t, const char *bytes, size_t n, size_t max);
/* The same with a value as compact JSON. */
int text_add_json(struct text *t, const json_t *value, size_t max);
/* Empties it; keeps a small buffer for the next time. */
void text_clear(struct text *t);
void text_free(struct text *t);

#endif
