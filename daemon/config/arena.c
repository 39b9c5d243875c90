/* SPDX-License-Identifier: Apache-2.0 */
/* Chunks in a list, handed out from the newest; a large request gets a chunk of its own. */
#include "config/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (64u * 1024u)

struct chunk {
    struct chunk *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

struct arena {
    struct chunk *chunks;
    bool failed;
};

struct arena *arena_new(void)
{
    return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    for (struct chunk *c = a->chunks; c != NULL;) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(a);
}

bool arena_failed(const struct arena *a)
{
    return a->failed;
}

static struct chunk *chunk_new(struct arena *a, size_t size)
{
    struct chunk *c = size < SIZE_MAX - sizeof(struct chunk) ? calloc(1, sizeof(struct chunk) + size) : NULL;
    if (c == NULL) {
        a->failed = true;
        return NULL;
    }
    c->size = size;
    c->next = a->chunks;
    a->chunks = c;
    return c;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align) {
        a->failed = true;
        return NULL;
    }
    size_t rounded = size == 0 ? align : (size + align - 1) / align * align;
    struct chunk *c = a->chunks;
    if (c == NULL || c->size - c->used < rounded)
        c = chunk_new(a, rounded > CHUNK_BYTES ? rounded : CHUNK_BYTES);
    if (c == NULL)
        return NULL;
    void *p = c->bytes + c->used;
    c->used += rounded;
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        a->failed = true;
        return NULL;
    }
    return arena_alloc(a, n * size);
}

const char *arena_copy(struct arena *a, const char *text, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_alloc(a, length + 1) : NULL;
    if (copy == NULL)
        return "";
    memcpy(copy, text, length);
    return copy;
}

const char *arena_vtext(struct arena *a, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *text = length < 0 ? NULL : arena_alloc(a, (size_t)length + 1);
    if (text == NULL)
        return "";
    vsnprintf(text, (size_t)length + 1, format, args);
    return text;
}

const char *arena_text(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = arena_vtext(a, format, args);
    va_end(args);
    return text;
}

void *arena_grow(struct arena *a, void *items, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity)
        return items;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *larger = arena_array(a, wanted, size);
    if (larger == NULL)
        return NULL;
    if (n > 0)
        memcpy(larger, items, n * size);
    *capacity = wanted;
    return larger;
}
