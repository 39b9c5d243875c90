/* SPDX-License-Identifier: Apache-2.0 */
/* Pages and cursors: nothing that is answered grows with the database. */
#include "record/query.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int page_begin(struct page *page, const struct query *query)
{
    *page = (struct page){.items = json_array(), .limit = query_limit(query)};
    return page->items ? 0 : -ENOMEM;
}

int page_add(struct page *page, json_t *item)
{
    size_t bytes = item ? json_dumpb(item, NULL, 0, JSON_COMPACT | JSON_ENCODE_ANY) : 0;
    size_t n = json_array_size(page->items);

    if (!item)
        return -ENOMEM;
    if (n >= (size_t)page->limit || (n > 0 && page->bytes + bytes > QUERY_PAGE_BYTES)) {
        page->full = true;
        json_decref(item);
        return 0;
    }
    page->bytes += bytes;
    return json_array_append_new(page->items, item) < 0 ? -ENOMEM : 1;
}

json_t *page_end(struct page *page, const char *cursor)
{
    json_t *result = json_pack("{s:o}", "items", page->items);

    page->items = NULL;
    if (result && cursor && cursor[0] != '\0')
        json_object_set_new(result, "next_cursor", json_string(cursor));
    return result;
}

bool cursor_read(const char *text, int64_t *values, size_t n)
{
    int64_t read[CURSOR_VALUES];
    char *end;

    if (!text)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (*text < '0' || *text > '9')
            return false;
        errno = 0;
        read[i] = strtoll(text, &end, 10);
        if (errno != 0 || *end != (i + 1 < n ? ':' : '\0'))
            return false;
        text = end + 1;
    }
    for (size_t i = 0; i < n; i++)
        values[i] = read[i];
    return true;
}

void cursor_write(char out[CURSOR_MAX], const int64_t *values, size_t n)
{
    int length = 0;

    for (size_t i = 0; i < n; i++)
        length += snprintf(out + length, CURSOR_MAX - (size_t)length, "%s%lld", i > 0 ? ":" : "", (long long)values[i]);
}
