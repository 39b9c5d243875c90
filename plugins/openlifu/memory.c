/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"

#include <errno.h>

#include "limit_table.h"

int lifu_setting_find(enum modality_quantity quantity)
{
    switch ((int)quantity) {
#define SETTING(q)                                                                                                     \
    case QUANTITY_##q:                                                                                                 \
        return LIFU_SET_##q;
        LIFU_SETTINGS(SETTING)
#undef SETTING
    default:
        return -ENOENT;
    }
}

/* What a start cannot do without; a burst width and a frequency that are not said are the section's. */
static bool is_complete(const struct lifu_memory *m)
{
    const unsigned needed =
        1u << LIFU_SET_duty_permille | 1u << LIFU_SET_pulse_repetition_millihz | 1u << LIFU_SET_duration_ms;
    return (m->set & needed) == needed;
}

int lifu_trigger_for(const struct lifu_memory *memory, const struct lifu_config *config, struct lifu_trigger *out,
                     const char **why)
{
    int64_t duty = memory->value[LIFU_SET_duty_permille], rate = memory->value[LIFU_SET_pulse_repetition_millihz];
    int64_t trains = memory->value[LIFU_SET_duration_ms] / LIFU_TRAIN_MS, width = config->burst_width_us;
    *why = "a start without duty, repetition and duration";
    if (!is_complete(memory))
        return -EINVAL;
    *why = "a repetition that makes no whole pulses in each train";
    if (rate <= 0 || rate % LIFU_RATE_STEP_MILLIHZ != 0)
        return -EINVAL;
    *why = "a duty that its burst width does not make at this repetition";
    if (duty * 1000000 != width * rate)
        return -EINVAL;
    *why = "a duration of no whole trains";
    if (trains < 1)
        return -EINVAL;
    *out = (struct lifu_trigger){.frequency_hz = (uint32_t)(rate / 1000),
                                 .pulse_count = (uint32_t)(rate / LIFU_RATE_STEP_MILLIHZ),
                                 .pulse_width_us = (uint32_t)width,
                                 .train_interval_us = LIFU_TRAIN_MS * 1000,
                                 .train_count = (uint32_t)trains,
                                 .mode = LIFU_SEQUENCE};
    return 0;
}

int lifu_volts_check(const struct lifu_memory *memory, int64_t millivolts)
{
    int64_t limit = 0;
    int r = lifu_limit_mv(memory->value[LIFU_SET_duty_permille], memory->value[LIFU_SET_duration_ms], &limit);
    return r < 0 || millivolts > limit ? -EINVAL : 0;
}
