/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Civil dates as people write them, YYYY-MM-DD, and as the rest counts them: whole days since 1970-01-01. No locale, no
 * time zone, no silent normalising: the 30th of February is no date.
 */
#ifndef DOSE_DATE_H
#define DOSE_DATE_H

#include <stdint.h>

/* Days since 1970-01-01 of a date that exists, from that year on: 0, or -EINVAL with *day untouched. */
int date_parse(const char *text, int64_t *day);

#endif
