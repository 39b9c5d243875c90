/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a batch. */
#include "api/batch.h"

#include <stdlib.h>

struct batch *batch_new(json_t *items, int64_t read_ns)
{
    struct batch *b = calloc(1, sizeof(*b));
    if (b == NULL)
        return NULL;
    b->items = json_incref(items);
    b->read_ns = read_ns;
    return b;
}

bool batch_done(const struct batch *b)
{
    return b->open == 0 && b->next >= json_array_size(b->items);
}

void batch_drop(struct batch **b)
{
    struct batch *dropped = *b;
    if (dropped == NULL)
        return;
    *b = NULL;
    dropped->next = json_array_size(dropped->items);
    if (dropped->open == 0)
        batch_free(dropped);
}

void batch_free(struct batch *b)
{
    json_decref(b->items);
    text_free(&b->text);
    free(b);
}
