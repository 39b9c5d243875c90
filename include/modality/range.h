/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which values a range takes. Devices that count the period of a rate in steps reach few rates exactly; one is then
 * written as the next whole mHz above, so that a dose by it is never less than what comes out, and every rate between
 * two of them is refused by whoever is asked, never rounded. Pure; for plugins, host and daemon alike.
 */
#ifndef MODALITY_RANGE_H
#define MODALITY_RANGE_H

#include "plugin.h"

#define MODALITY_US_MILLIHZ INT64_C(1000000000) /* period in us x rate in mHz */

/* The rate of a period of so many steps (>= 1), in mHz, rounded up. */
static inline int64_t modality_period_rate(int64_t steps, uint32_t step_us)
{
    int64_t period_us = steps * step_us;
    return (MODALITY_US_MILLIHZ + period_us - 1) / period_us;
}

/* Steps of the shortest period that is not faster than the rate (>= 1 mHz); 0 = it is out of all reason. */
static inline int64_t modality_period_steps(int64_t millihz, uint32_t step_us)
{
    if (millihz < 1 || millihz > MODALITY_US_MILLIHZ || step_us < 1)
        return 0;
    int64_t per_step = millihz * step_us;
    return (MODALITY_US_MILLIHZ + per_step - 1) / per_step;
}

/* Whether a period of whole steps has exactly this rate, as it is written. */
static inline bool modality_period_has(int64_t millihz, uint32_t step_us)
{
    int64_t steps = modality_period_steps(millihz, step_us);
    return steps > 0 && modality_period_rate(steps, step_us) == millihz;
}

/* The rate of the grid at or below this one, and that above it; equal to it where it is on the grid. */
static inline void modality_period_near(int64_t millihz, uint32_t step_us, int64_t *below, int64_t *above)
{
    int64_t steps = modality_period_steps(millihz, step_us);
    *below = *above = millihz;
    if (steps == 0 || modality_period_has(millihz, step_us))
        return;
    *below = modality_period_rate(steps, step_us);
    *above = modality_period_rate(steps > 1 ? steps - 1 : 1, step_us);
}

/* Whether the value is one of those between min and max that can be represented. */
static inline bool modality_range_takes(const struct modality_range *range, int64_t value)
{
    const int64_t step = range->resolution > 0 ? range->resolution : 1;
    if (value < range->min || value > range->max)
        return false;
    if (range->period_step_us > 0)
        return modality_period_has(value, range->period_step_us);
    return value % step == 0 || (value - range->min) % step == 0;
}

/* Whether the channel can be given the value. */
static inline bool modality_channel_takes(const struct modality_channel *channel, enum modality_quantity quantity,
                                          int64_t value)
{
    for (size_t i = 0; i < channel->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        const struct modality_range *range = &channel->ranges[i];
        if (range->quantity == quantity && range->settable)
            return modality_range_takes(range, value);
    }
    return false;
}

#endif
