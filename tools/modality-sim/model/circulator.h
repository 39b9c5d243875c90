/* SPDX-License-Identifier: Apache-2.0 */
/*
 * julabo: a heating and cooling bath circulator for laboratories (Julabo MAGIO, PRESTO). Started, it drives its bath to
 * the set point, or with the power it is told; in standby the bath drifts to the room. It has no watchdog.
 */
#ifndef SIM_CIRCULATOR_H
#define SIM_CIRCULATOR_H

#include "model/model.h"

#define CIRCULATOR_LOWEST_MILLIC (-40000)
#define CIRCULATOR_HIGHEST_MILLIC 100000

enum circulator_setting {
    CIRCULATOR_SET_POINT,
    CIRCULATOR_CONTROL, /* 0 its controller, 1 the power below, 2 a program */
    CIRCULATOR_POWER,   /* percent, heating positive */
    CIRCULATOR_SETTINGS
};
enum circulator_tuning { CIRCULATOR_MS_PER_K, CIRCULATOR_DATA_FORMAT, CIRCULATOR_FAHRENHEIT, CIRCULATOR_TUNINGS };

extern const struct model_kind circulator_kind;

/* Bath temperature as the device measures it; heating (positive) or cooling power in percent. */
int64_t circulator_bath_millic(const struct model *model);
int64_t circulator_power_percent(const struct model *model);

#endif
