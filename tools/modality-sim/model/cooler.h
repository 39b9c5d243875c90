/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcmidi: a Peltier gas cooler for laboratories (Buhler TC-MIDI). It has no run command and no watchdog: it cools its
 * block to the set point from the moment it has power, and whatever happens to the link it goes on. Its warmest set
 * point is the nearest thing to rest. The set point outlasts a loss of power.
 */
#ifndef SIM_COOLER_H
#define SIM_COOLER_H

#include "model/model.h"

#define COOLER_REST_MILLIC 20000

enum cooler_setting { COOLER_SET_POINT, COOLER_ABOVE, COOLER_BELOW, COOLER_SETTINGS };
enum cooler_tuning { COOLER_BLOCK_MS_PER_K, COOLER_TUNINGS };

extern const struct model_kind cooler_kind;

/* What the device measures and judges. */
struct cooler_measured {
    int64_t block_millic;
    bool error;
    bool initialising; /* just switched on */
    bool stabilising;  /* on its way to the set point */
    bool over;         /* outside the tolerances around the set point */
    bool under;
    int64_t use_percent; /* of the controller */
};
void cooler_measure(const struct model *model, struct cooler_measured *out);

#endif
