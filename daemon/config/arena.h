/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One block of memory per loaded configuration: everything in it lives and dies together. Memory is zeroed. A failed
 * allocation is remembered in the arena, so that the loader asks once at its end instead of at every string.
 */
#ifndef CONFIG_ARENA_H
#define CONFIG_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void); /* NULL when out of memory */
void arena_free(struct arena *a);
bool arena_failed(const struct arena *a);

/* size bytes, aligned for anything; NULL when out of memory. */
void *arena_alloc(struct arena *a, size_t size);
/* n items of size; NULL when out of memory or n * size overflows. n = 0 gives a valid pointer. */
void *arena_array(struct arena *a, size_t n, size_t size);
/* A copy with a NUL behind it; "" when out of memory. */
const char *arena_copy(struct arena *a, const char *text, size_t length);
const char *arena_text(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *arena_vtext(struct arena *a, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

/* Room for one item more behind n: returns items, or a larger copy of them; NULL when out of memory. */
void *arena_grow(struct arena *a, void *items, size_t n, size_t *capacity, size_t size);

#endif
