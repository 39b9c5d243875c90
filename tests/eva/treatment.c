/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A treatment of any content - counts, codes and numbers that no one may ask for included - to its picture, and the
 * picture, of which nothing else is initialised, to the limits.
 */
#include "any_dose.h"

static struct limit limits[2];
static struct dose_history history;

static void use(size_t n_channels)
{
    static struct dose_treatment treatment;
    static struct refusals refusals;
    static struct limit_verdict verdict;
    struct dose_picture picture;
    struct limit_finding findings[2];
    any_treatment(&treatment);
    treatment.n_channels = n_channels;
    if (dose_picture_make(&treatment, &picture, &refusals) < 0)
        return;
    limit_check(limits, 2, &picture, any_flag() ? &history : NULL, &verdict);
    limit_explain(limits, 2, &picture, any_flag() ? &history : NULL, findings);
    limit_tightest(limits, 2, &picture, any_quantity(), LIMIT_HARD, any_flag());
}

int main(void)
{
    any_history(&history);
    any_limit(&limits[0]);
    any_limit(&limits[1]);
    /*@ loop unroll DOSE_CHANNELS_MAX + 2; */
    for (size_t n = 0; n <= DOSE_CHANNELS_MAX + 1; n++)
        use(n);
    return 0;
}
