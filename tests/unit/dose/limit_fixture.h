/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One picture and one verdict for the tests of limits: a treatment is pictured, then held against limits.
 */
#ifndef LIMIT_FIXTURE_H
#define LIMIT_FIXTURE_H

#include "dose_test.h"

#include <errno.h>
#include <stdio.h>

#include "fixture.h"

static struct dose_picture picture;
static struct limit_verdict verdict;
static struct refusals refusals;

static inline void pictured(const struct dose_treatment *t)
{
    refusals.n = refusals.dropped = 0;
    if (dose_picture_make(t, &picture, &refusals) != 0) {
        fail_msg("%s", refusals.n > 0 ? refusals.items[0].message : "no picture and no reason");
    }
}

static inline int check(const struct limit *l, size_t n, const struct dose_history *history)
{
    return limit_check(l, n, &picture, history, &verdict);
}

#endif
