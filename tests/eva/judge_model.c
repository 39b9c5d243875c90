/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a prescription may rely on of the picture and of the limits: any refusals, any verdict. treatment.c and limit.c
 * prove both.
 */
#include "any_dose.h"

#include <errno.h>

/*@ requires treatment: \valid_read(t) && \initialized(&t->duration_ms); */
int dose_picture_make(const struct dose_treatment *t, struct dose_picture *out, struct refusals *r)
{
    if (any_flag()) {
        refusal_add(r, TOKEN_INCOMPLETE, any_name(), "%s is missing", any_name());
        return -EINVAL;
    }
    ANY_BYTES(*out);
    any_treatment(&out->treatment);
    return 0;
}

/*@ requires limits: \valid_read(limits + (0 .. n - 1)); */
int limit_check(const struct limit *limits, size_t n, const struct dose_picture *picture,
                const struct dose_history *history, struct limit_verdict *out)
{
    any_refusals(&out->refused);
    any_refusals(&out->notices);
    return out->refused.n > 0 ? -EPERM : 0;
}
