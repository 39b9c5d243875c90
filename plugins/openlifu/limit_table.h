/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the maker's own program allows the hardware ("evt2"): the highest voltage by duty cycle and total time. The
 * firmware checks none of it. Pure.
 */
#ifndef OPENLIFU_LIMIT_TABLE_H
#define OPENLIFU_LIMIT_TABLE_H

#include <stdint.h>

#define LIFU_DUTY_MAX_PERMILLE 500
#define LIFU_DURATION_MAX_MS INT64_C(600000)
#define LIFU_VOLTAGE_LEAST_MV 5000

/* The highest voltage at this duty for this long: 0, or -ERANGE when there is none. */
int lifu_limit_mv(int64_t duty_permille, int64_t duration_ms, int64_t *out);

#endif
