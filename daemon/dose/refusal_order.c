/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which refusals are told. Stable, and the lists are short.
 */
#include "dose/prescription.h"

#include "dose/wide.h"

/* What can never be, then what the dose forbids, then what a person can put right. */
static const enum modality_token order[] = {
    TOKEN_NOT_FOUND,      TOKEN_CONTRAINDICATED,    TOKEN_IDENTITY_MISMATCH,   TOKEN_OUTPUT_UNKNOWN,
    TOKEN_DOSE_UNBOUNDED, TOKEN_DOSE_RESERVED,      TOKEN_LIMIT_EXCEEDED,      TOKEN_OUT_OF_RANGE,
    TOKEN_REST_INTERVAL,  TOKEN_LIMIT_NOT_ACCEPTED, TOKEN_DEVICE_NOT_ACCEPTED, TOKEN_DEVICE_OVERDUE,
    TOKEN_BUSY,           TOKEN_DEVICE_ABSENT,      TOKEN_DEVICE_NOT_READY,    TOKEN_RECORDS_UNAVAILABLE,
    TOKEN_AUDIT_BROKEN,   TOKEN_PRECAUTION,         TOKEN_INCOMPLETE,          TOKEN_NOTICE_REQUIRED,
};
#define ORDERED (sizeof order / sizeof order[0])

static size_t rank(const struct refusal *r)
{
    size_t i = 0;
    while (i < ORDERED && order[i] != r->token) {
        i++;
    }
    return i;
}

/* How far outside its bound a value lies: value over bound, or bound over value for a minimum, in permille. */
static int64_t excess(const struct refusal *r)
{
    if (!r->has_value || !r->has_bound) {
        return 0;
    }
    int64_t over = r->is_min ? r->bound : r->value;
    int64_t under = r->is_min ? r->value : r->bound;
    int64_t permille = 0;
    if (over < 0 || under <= 0 || wide_mul_div_up(over, 1000, under, &permille) < 0) {
        return INT64_MAX;
    }
    return permille;
}

static bool before(const struct refusal *a, const struct refusal *b)
{
    size_t ra = rank(a), rb = rank(b);
    return ra != rb ? ra < rb : excess(a) > excess(b);
}

void refusals_sort(struct refusals *r)
{
    for (size_t i = 1; i < r->n; i++) {
        struct refusal *moving = &r->spill; /* not a result: room for one */
        *moving = r->items[i];
        size_t k = i;
        while (k > 0 && before(moving, &r->items[k - 1])) {
            r->items[k] = r->items[k - 1];
            k--;
        }
        r->items[k] = *moving;
    }
}
