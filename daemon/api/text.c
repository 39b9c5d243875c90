/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grows by doubling; JSON is written into it without a copy in between.
 */
#include "api/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_KEEP ((size_t)16 * 1024)

int text_add(struct text *t, const char *bytes, size_t n, size_t max)
{
    size_t need = t->length + n;
    if (need > max)
        return -E2BIG;
    if (need > t->size) {
        size_t size = t->size == 0 ? 512 : t->size;
        while (size < need)
            size *= 2;
        char *grown = realloc(t->bytes, size);
        if (grown == NULL)
            return -ENOMEM;
        t->bytes = grown;
        t->size = size;
    }
    memcpy(t->bytes + t->length, bytes, n);
    t->length = need;
    return 0;
}

struct sink {
    struct text *text;
    size_t max;
    int error;
};

static int on_piece(const char *bytes, size_t n, void *userdata)
{
    struct sink *sink = userdata;
    sink->error = text_add(sink->text, bytes, n, sink->max);
    return sink->error < 0 ? -1 : 0;
}

int text_add_json(struct text *t, const json_t *value, size_t max)
{
    const size_t before = t->length;
    struct sink sink = {.text = t, .max = max};
    if (json_dump_callback(value, on_piece, &sink, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
        return 0;
    t->length = before;
    return sink.error < 0 ? sink.error : -ENOMEM;
}

void text_clear(struct text *t)
{
    t->length = 0;
    if (t->size > TEXT_KEEP)
        text_free(t);
}

void text_free(struct text *t)
{
    free(t->bytes);
    *t = (struct text){0};
}
