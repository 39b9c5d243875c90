/* SPDX-License-Identifier: Apache-2.0 */
/* How temperatures move: by themselves towards an end, or driven at a limited pace. */
#ifndef SIM_THERMAL_H
#define SIM_THERMAL_H

#include <math.h>

static inline double thermal_approach(double from, double to, double seconds, double constant_s)
{
    return to + (from - to) * exp(-seconds / constant_s);
}

/* Arrives exactly, so that what has arrived can be told by comparison. */
static inline double thermal_move(double from, double to, double most)
{
    return fabs(to - from) <= most ? to : from + copysign(most, to - from);
}

#endif
