/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of lists that are made in memory. The cursor is the place in the list, as text; clients do not look into it.
 */
#ifndef API_PAGE_H
#define API_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct page {
    size_t at, from, limit; /* next place; first wanted; how many */
    json_t *items;
};

/* From cursor and limit of params. 0, or -EINVAL for a cursor that no page has given. */
int page_open(struct page *page, const json_t *params);
/* Whether the item at this place is wanted; counts it. Make it only then. */
bool page_wants(struct page *page);
/* {items, next_cursor?}: a new reference; the page is used up. */
json_t *page_close(struct page *page);
/* A page of an array (stolen): new reference, or NULL for a bad cursor. */
json_t *page_of_array(json_t *array, const json_t *params);

#endif
