/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of derive: what the waveform classes of electrical stimulation share once each is reduced to a peak, a rate
 * and a mean square. Limits are stated into 500 ohm; the threshold of an output indicator into 1 kohm, where a constant
 * current is the same and a set voltage drives half of it.
 */
#ifndef DOSE_CURRENT_PARTS_H
#define DOSE_CURRENT_PARTS_H

#include "dose/derive_parts.h"
#include "dose/wide.h"

#define DUTY_ONE UINT64_C(1000000000) /* us x mHz of a pulse that fills its period */
#define SECOND_US UINT64_C(1000000)
#define PERMILLE UINT64_C(1000)
#define HVPC_UA_PER_MV (1000 / DOSE_LOAD_OHM)
#define UA2_PER_UW 2000 /* mean square in uA2 to uW into 500 ohm, as a divisor */
/* Mean of |i| over its peak, in millionths, rounded up: 2/pi of a sine, 4/pi2 of two tones, 1/pi under a cosine. */
#define MEAN_SINE 636620
#define MEAN_TWO_TONE 405285
#define MEAN_RAISED_COSINE 318310
#define MILLIONTHS 1000000

struct current {
    bool volts;              /* commanded in volts: a voltage source, and its peak is that into 500 ohm */
    uint64_t area;           /* mm2, of the smaller electrode */
    uint64_t anode, cathode; /* mm2; the smaller electrode's where the polarity is not said */
    uint64_t peak;           /* uA */
    uint64_t rate;           /* pulses, mHz */
    uint64_t worst_rate;     /* mHz: as many whole pulses as one second can hold */
    struct wide peak2;       /* uA2 */
    struct wide square;      /* mean square of the worst second, uA2 */
};

/* Rates count as whole pulses in the worst second: half a hertz still puts one whole pulse into it. */
uint64_t current_worst_second(uint64_t millihz);
/* Peak and areas, which every class has: level and electrode area are needed, the areas by polarity are not. */
int current_need_peak(const struct derive *d, struct current *c, bool volts);
/* Rate, and whether flow_us of pulse and the gap between its phases fit its period. */
int current_need_rate(const struct derive *d, struct current *c, uint64_t flow_us);
/* c->square = factors over divisor, but never more than the square of the peak, however the rate was rounded. */
int current_square(const struct derive *d, struct current *c, const uint64_t *factors, size_t n, uint64_t divisor);

/* r.m.s. current, voltage, density and power density, from the mean square. */
int current_put_square(const struct derive *d, const struct current *c);
/* Charge of the larger phase, factors over divisor in nC, and what follows from it. */
int current_put_charge(const struct derive *d, const struct current *c, const uint64_t *factors, size_t n,
                       uint64_t divisor);
/* Direct component, factors over divisor in uA, at most the peak, and its densities. */
int current_put_direct(const struct derive *d, const struct current *c, const uint64_t *factors, size_t n,
                       uint64_t divisor);
/* A current without a direct component. */
void current_put_balanced(const struct derive *d);
/* Energy of one pulse into 500 ohm, factors over divisor in uJ, and into 1 kohm. The divisor is even. */
int current_put_energy(const struct derive *d, bool volts, const uint64_t *factors, size_t n, uint64_t divisor);

/* The shapes. */
int derive_rectangular(const struct derive *d, uint64_t phases, bool direct, bool volts);
int derive_burst(const struct derive *d);
int derive_asymmetric(const struct derive *d);
int derive_carrier(const struct derive *d, enum modality_waveform waveform);

#endif
