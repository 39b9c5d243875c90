/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch under way: its items, which are carried out one by one, and the answers so far, in the order in which they
 * come.
 */
#ifndef API_BATCH_H
#define API_BATCH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/text.h"

struct batch {
    json_t *items;
    size_t next;
    unsigned open; /* dispatched, not answered */
    int64_t read_ns;
    struct text text; /* answers so far */
};

/* items is borrowed. NULL when there is no memory. */
struct batch *batch_new(json_t *items, int64_t read_ns);
/* Every item was dispatched and answered. */
bool batch_done(const struct batch *b);
/* What is not dispatched yet never is, and the connection forgets it: freed here, or with its last answer. */
void batch_drop(struct batch **b);
void batch_free(struct batch *b);

#endif
