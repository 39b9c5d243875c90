/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The limit engine with any picture, any history and any table of limits, and the lists of what it refuses filled
 * beyond their size.
 */
#include "any_dose.h"

#define LIMITS_N 3
#define MANY (REFUSALS_MAX + 2)

static struct dose_picture picture;
static struct limit limits[LIMITS_N], many[MANY];

static void any_picture(struct dose_picture *p)
{
    ANY_BYTES(*p);
    any_treatment(&p->treatment);
}

static void check_many(void)
{
    static struct limit_verdict verdict;
    for (size_t i = 0; i < MANY; i++)
        many[i] = limits[0];
    limit_check(many, MANY, &picture, NULL, &verdict);
}

int main(void)
{
    static struct limit_verdict verdict;
    struct limit_finding findings[LIMITS_N];
    struct dose_history history;
    any_picture(&picture);
    any_history(&history);
    /*@ loop unroll LIMITS_N; */
    for (size_t i = 0; i < LIMITS_N; i++)
        any_limit(&limits[i]);
    const struct dose_history *h = any_flag() ? &history : NULL;
    limit_check(limits, LIMITS_N, &picture, h, &verdict);
    limit_explain(limits, LIMITS_N, &picture, h, findings);
    limit_tightest(limits, LIMITS_N, &picture, any_quantity(), (enum limit_class)any_number(), any_flag());
    check_many();
    limit_has_head_factor(&limits[0]);
    limit_when_covers(&limits[0], &limits[1]);
    limit_looser(&limits[0], &limits[1]);
    limit_use_of(any_quantity());
    limit_scope_id((enum limit_scope)any_number());
    limit_class_id((enum limit_class)any_number());
    limit_layer_id((enum limit_layer)any_number());
    limit_verified_id((enum limit_verified)any_number());
    return 0;
}
