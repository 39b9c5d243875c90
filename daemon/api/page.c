/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Places are counted over what passes the filter of the method, in the stable order of its table.
 */
#include "api/page.h"

#include <errno.h>
#include <stdio.h>

#include "api/limits.h"
#include "api/params.h"

static int place_read(const char *text, size_t *out)
{
    size_t place = 0;
    if (text[0] == 0)
        return -EINVAL;
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9' || place > 100000000)
            return -EINVAL;
        place = place * 10 + (size_t)(*text - '0');
    }
    *out = place;
    return 0;
}

int page_open(struct page *page, const json_t *params)
{
    const char *cursor = param_text(params, "cursor");
    size_t from = 0;
    if (cursor != NULL && place_read(cursor, &from) < 0)
        return -EINVAL;
    *page = (struct page){
        .from = from, .limit = (size_t)param_integer(params, "limit", API_PAGE_DEFAULT), .items = json_array()};
    return 0;
}

bool page_wants(struct page *page)
{
    size_t place = page->at++;
    return place >= page->from && place - page->from < page->limit;
}

json_t *page_close(struct page *page)
{
    json_t *result = json_pack("{s:o}", "items", page->items);
    if (page->at > page->from && page->at - page->from > page->limit) {
        char cursor[24];
        snprintf(cursor, sizeof(cursor), "%zu", page->from + page->limit);
        json_object_set_new(result, "next_cursor", json_string(cursor));
    }
    return result;
}

json_t *page_of_array(json_t *array, const json_t *params)
{
    struct page page;
    if (page_open(&page, params) < 0) {
        json_decref(array);
        return NULL;
    }
    size_t i;
    json_t *item;
    json_array_foreach(array, i, item)
    {
        if (page_wants(&page))
            json_array_append(page.items, item);
    }
    json_decref(array);
    return page_close(&page);
}
