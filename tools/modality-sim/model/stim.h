/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refstim: a two-channel constant-current stimulator. Behind each output stage (compliance 100 V) sits a load of its
 * own. Charge is counted from the shape of the waveform, as the integral of the current and of its absolute value.
 */
#ifndef SIM_STIM_H
#define SIM_STIM_H

#include "model/load.h"
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

/* Codes of STIM_WAVEFORM, as the register page gives them. */
enum stim_waveform {
    STIM_SYMMETRIC,
    STIM_ASYMMETRIC,
    STIM_MONOPHASIC,
    STIM_SINE,
    STIM_TWO_TONE,
    STIM_RAISED_COSINE,
    STIM_RUSSIAN,
    STIM_BURSTS
};

extern const struct model_kind stim_kind;

/* What the device measures on a channel; all 0 where it reports rest. */
struct stim_measured {
    int64_t current_ua;
    int64_t voltage_mv;
    int64_t impedance_ohm;
    int64_t net_permille; /* charge of a pulse that does not come back, of that of its first phase */
    enum load_contact contact;
};
void stim_measure(const struct model *model, unsigned channel, struct stim_measured *out);

#endif
