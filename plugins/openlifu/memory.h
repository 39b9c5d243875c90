/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin remembers of the unit because the devices cannot be asked: what was set, what the trigger was told,
 * which voltage the console was told to make and since when. Pure. Nothing outlives a stop.
 */
#ifndef OPENLIFU_MEMORY_H
#define OPENLIFU_MEMORY_H

#include "config.h"

/* SETTING(quantity): what is set before a start. The level is apart, it may change while running. */
#define LIFU_SETTINGS(SETTING)                                                                                         \
    SETTING(duty_permille)                                                                                             \
    SETTING(pulse_repetition_millihz)                                                                                  \
    SETTING(burst_width_us)                                                                                            \
    SETTING(us_frequency_khz)                                                                                          \
    SETTING(duration_ms)

enum lifu_setting {
#define SETTING(quantity) LIFU_SET_##quantity,
    LIFU_SETTINGS(SETTING)
#undef SETTING
        LIFU_SETTING_COUNT
};

struct lifu_memory {
    unsigned set; /* bit per enum lifu_setting */
    int64_t value[LIFU_SETTING_COUNT];
    int64_t level_uw_cm2;        /* as it was asked for last */
    bool started;                /* the trigger was told to run, and not told to stop since */
    struct lifu_trigger trigger; /* as it was told to the transmitter */
    int64_t ends_ns;             /* when its sequence ends by itself, at the latest */
    int64_t volts_mv;            /* what the console was told to switch on, 0 = off */
    bool switching;              /* it has not yet answered that it is on */
    int64_t switched_ns;         /* when it was told */
    bool refused;                /* it answered that it will not */
    bool silenced;               /* the trigger was stopped in a treatment, because the console was deaf */
    bool wrong_pattern;          /* a start found another pattern than the section's */
};

/* Place of a quantity among the settings, or -ENOENT. */
int lifu_setting_find(enum modality_quantity quantity);

/*
 * The trigger for what was set: trains of LIFU_TRAIN_MS, as many as fit into the duration. 0, or -EINVAL with *why: a
 * setting is missing, they contradict each other, or a number would not be whole.
 */
int lifu_trigger_for(const struct lifu_memory *memory, const struct lifu_config *config, struct lifu_trigger *out,
                     const char **why);

/* Whether this voltage may be on with what was set: 0, or -EINVAL. */
int lifu_volts_check(const struct lifu_memory *memory, int64_t millivolts);

#endif
