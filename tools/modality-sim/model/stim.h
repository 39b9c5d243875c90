/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refstim: a two-channel constant-current stimulator. Behind each output stage (compliance 100 V) sit the resistance of
 * the body and that of the skin under the electrodes, which grows as less of the electrode touches.
 */
#ifndef SIM_STIM_H
#define SIM_STIM_H

#include "model/model.h"

enum stim_setting {
    STIM_AMPLITUDE,
    STIM_PHASE_WIDTH,
    STIM_PULSE_RATE,
    STIM_CARRIER,
    STIM_BEAT,
    STIM_WAVEFORM,
    STIM_PHASE2_WIDTH,
    STIM_AMPLITUDE2,
    STIM_BURST_RATE,
    STIM_BURST_DUTY,
    STIM_SETTINGS
};

enum stim_contact {
    STIM_CONTACT_UNKNOWN,
    STIM_CONTACT_GOOD,
    STIM_CONTACT_POOR,
    STIM_CONTACT_LOST,
    STIM_CONTACT_SHORTED
};

extern const struct model_kind stim_kind;

/* What the device measures on a channel; all 0 where it reports rest. */
struct stim_measured {
    int64_t current_ua;
    int64_t voltage_mv;
    int64_t impedance_ohm;
    enum stim_contact contact;
};
void stim_measure(const struct model *model, unsigned channel, struct stim_measured *out);

#endif
