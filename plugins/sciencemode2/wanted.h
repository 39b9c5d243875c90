/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked of the channels, gathered from single set points, because the device takes them only together: a list
 * of active channels with one common interval, then the pulses of all of them at once. Pure. What the device cannot do
 * exactly is refused with a reason, nothing is rounded.
 */
#ifndef SCIENCEMODE2_WANTED_H
#define SCIENCEMODE2_WANTED_H

#include "modality/quantity.h"
#include "packet.h"

#define WANTED_STEP_UA 1000
#define WANTED_AMPLITUDE_MAX_UA (SM2_CURRENT_MAX * WANTED_STEP_UA)
#define WANTED_PERIOD_STEP_US 500
/* Rates of the longest interval whose rate is a whole number of mHz, and of the shortest interval. */
#define WANTED_RATE_MIN_MILLIHZ 976
#define WANTED_RATE_MAX_MILLIHZ 125000

struct wanted_channel {
    bool has_width, has_rate;
    int32_t interval; /* half ms */
    struct sm2_pulse pulse;
};

struct wanted {
    struct wanted_channel channels[SM2_CHANNELS];
};

/* Takes one set point: 0, or -EINVAL with the reason, a static sentence, in *why. Untouched on failure. */
int wanted_put(struct wanted *w, size_t channel, enum modality_quantity quantity, int64_t value, const char **why);

/*
 * The list of those of the channels that have a width and a rate: 0; -EINVAL with the reason when there is none, when
 * their rates differ, or when the device cannot serve so many so often.
 */
int wanted_list(const struct wanted *w, unsigned channels, struct sm2_list *out, const char **why);

/* The pulses of all channels, SM2_CHANNELS of them. */
void wanted_pulses(const struct wanted *w, struct sm2_pulse out[SM2_CHANNELS]);

/* Interval in half ms with exactly this rate, as modality/range.h writes it: 0 or -EINVAL. */
int wanted_interval(int64_t rate_millihz, int32_t *out);

#endif
