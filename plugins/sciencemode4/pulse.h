/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a treatment asks of a channel to the points that the device repeats. Pure. Every pulse is balanced: the sum
 * of duration x current over its points is exactly 0, in the device's own units. What the device cannot repeat exactly
 * is refused with a reason; nothing is rounded.
 */
#ifndef SCIENCEMODE4_PULSE_H
#define SCIENCEMODE4_PULSE_H

#include "modality/waveform.h"
#include "packet.h"

#define PULSE_STEP_UA 500 /* the device's step of current */
#define PULSE_AMPLITUDE_MAX_UA (SM4_CURRENT_MAX * PULSE_STEP_UA)
#define PULSE_PERIOD_STEP_US 250
/* Rates whose periods the device reaches: 16383 ms and 0.5 ms. */
#define PULSE_RATE_MIN_MILLIHZ 62
#define PULSE_RATE_MAX_MILLIHZ 2000000

/* What is asked of one channel, in base units. */
struct pulse_shape {
    int64_t waveform; /* enum modality_waveform */
    int64_t amplitude_ua;
    int64_t phase_width_us;
    int64_t phase2_width_us;     /* biphasic_asymmetric */
    int64_t amplitude2_permille; /* biphasic_asymmetric */
    int64_t interphase_us;       /* 0 = none */
    int64_t pulse_rate_millihz;
};

/* Why no pulse can have this value, whatever the others are; NULL = one can. Ranges are not looked at. */
const char *pulse_refusal(enum modality_quantity quantity, int64_t value);

/* 0, or -EINVAL with the reason, a static sentence, in *why. *out is untouched on failure. */
int pulse_build(const struct pulse_shape *shape, struct sm4_pulse *out, const char **why);

/*
 * Whether the device can serve the pulses of these channels (pulses[channel]) together: 0 or -EINVAL. It works them off
 * one after the other and needs 60 us beside each; what is used of a second must stay below a second (the vendor's own
 * check).
 */
int pulse_check_load(unsigned mask, const struct sm4_pulse *pulses);

/*
 * The smallest step of current with which a second phase of this share of the first is exact in every pulse; 0 when the
 * share is none (1..1000 permille).
 */
int64_t pulse_step_ua(int64_t amplitude2_permille);

#endif
