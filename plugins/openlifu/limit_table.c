/* SPDX-License-Identifier: Apache-2.0 */
#include "limit_table.h"

#include <errno.h>
#include <stddef.h>

#define TIMES 3
static const int64_t times_ms[TIMES] = {120000, 300000, LIFU_DURATION_MAX_MS};
/* SDK, LIFUInterface.py: each row up to its duty, each column up to its time. */
static const struct {
    int64_t duty_permille;
    int64_t volts[TIMES];
} rows[] = {
    {50, {45, 45, 45}},  {100, {40, 40, 40}}, {200, {40, 40, 35}},
    {300, {40, 35, 30}}, {400, {35, 30, 25}}, {LIFU_DUTY_MAX_PERMILLE, {30, 25, 20}},
};

int lifu_limit_mv(int64_t duty_permille, int64_t duration_ms, int64_t *out)
{
    if (duty_permille < 1 || duration_ms < 1)
        return -ERANGE;
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++)
        for (size_t time = 0; time < TIMES && duty_permille <= rows[row].duty_permille; time++)
            if (duration_ms <= times_ms[time]) {
                *out = rows[row].volts[time] * 1000;
                return 0;
            }
    return -ERANGE;
}
