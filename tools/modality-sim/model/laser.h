/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reflaser: a class 3B laser with a continuous and a superpulsed probe, which exclude each other. Emission begins 2 s
 * after the run command; key and door interlock end it and latch. The continuous diode's mean power is regulated; a
 * photodiode in each probe sees what truly comes out.
 */
#ifndef SIM_LASER_H
#define SIM_LASER_H

#include "model/model.h"

enum laser_probe { LASER_CW, LASER_SP, LASER_PROBES };

/* Both probes have three settings; what they mean differs. */
enum laser_setting {
    LASER_POWER,   /* cw: mean, uW; sp: peak, uW */
    LASER_SHAPE,   /* cw: duty, permille; sp: pulse width, ns */
    LASER_RATE,    /* cw: chopping, mHz; sp: pulses, mHz */
    LASER_SETTINGS /* their number */
};

extern const struct model_kind laser_kind;

struct laser_probe_data {
    uint16_t wavelength_nm;
    uint16_t spot_mm2;
};
extern const struct laser_probe_data laser_probe[LASER_PROBES];

/* Mean optical power that the device reads from its photodiode, uW; 0 where it reports rest. */
int64_t laser_photodiode_uw(const struct model *model, unsigned channel);
bool laser_key_on(const struct model *model);
bool laser_door_closed(const struct model *model);

#endif
