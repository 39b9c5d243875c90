/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a transducer gives at a voltage, as it was measured: a list of intensities in equal steps, each with the voltage
 * that makes it. Nothing lies between two of them; what is not in the list cannot be set. Intensity goes with the
 * square of the voltage, so entries that no one transducer can have given are refused. Pure.
 */
#ifndef OPENLIFU_CALIBRATION_H
#define OPENLIFU_CALIBRATION_H

#include "modality/plugin.h"

#define LIFU_LEVELS_MAX 32
#define LIFU_WHY_MAX 256

struct lifu_calibration {
    int64_t step_uw_cm2; /* SATP; the first entry is one step, the second two, ... */
    size_t n;
    int64_t millivolts[LIFU_LEVELS_MAX]; /* rising */
};

/*
 * Reads "30 mW/cm2 at 12.5 V, 60 mW/cm2 at 17.625 V". 0; -EINVAL with a phrase in why that says what it needs.
 * *out is untouched on failure.
 */
int lifu_calibration_read(const struct modality_services *services, const char *text, struct lifu_calibration *out,
                          char why[LIFU_WHY_MAX]);

/* Thousandths as "17.625", for what is kept in millivolts and uW/cm2 and written in volts and mW/cm2. Returns buffer.
 */
#define LIFU_NUMBER_MAX 24
const char *lifu_thousandths(int64_t value, char buffer[LIFU_NUMBER_MAX]);

/* The voltage of an intensity, 0 for 0: 0, or -EINVAL when it is not in the list. */
int lifu_calibration_mv(const struct lifu_calibration *c, int64_t uw_cm2, int64_t *out);

#endif
