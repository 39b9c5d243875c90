/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refcold: a Peltier pad on a barrier cloth on the skin. The set point is the output: below 25 degC the unit cools, and
 * the watchdog and the timer run; every way to rest writes 25 degC into it. The pad follows at a limited rate, the skin
 * follows the pad slowly and never gets as cold.
 */
#ifndef SIM_COLD_H
#define SIM_COLD_H

#include "model/model.h"

#define COLD_REST_MILLIC 25000

enum cold_setting { COLD_SET_POINT, COLD_SETTINGS };
enum cold_tuning { COLD_SKIN_TAU_MS, COLD_PAD_MS_PER_K, COLD_TUNINGS };

enum cold_sensor { COLD_SENSOR_ON_SKIN = 1, COLD_SENSOR_OFF = 3 };

extern const struct model_kind cold_kind;

struct cold_measured {
    int64_t pad_millic;
    int64_t skin_millic; /* meaningless without a sensor */
    bool skin_known;     /* a sensor is plugged in */
    enum cold_sensor sensor;
    int64_t cooling_permille;
};
void cold_measure(const struct model *model, struct cold_measured *out);

#endif
