/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refgalv: a constant-current channel of 60 V for direct and slow pulsed current, and a voltage source of 500 V for
 * twin peaks; they exclude each other. Behind each sits the same load as behind a stimulator. What counts here is the
 * charge, its direction, and the dose of iontophoresis.
 */
#ifndef SIM_GALVANIC_H
#define SIM_GALVANIC_H

#include "model/load.h"
#include "model/model.h"

enum galv_channel { GALV_DC, GALV_HV, GALV_CHANNELS };

enum galv_dc_setting { GALV_CURRENT, GALV_POLARITY, GALV_WAVEFORM, GALV_RATE, GALV_WIDTH, GALV_DC_SETTINGS };
enum galv_hv_setting { GALV_VOLTAGE, GALV_HV_POLARITY, GALV_PEAK_WIDTH, GALV_PAIR_RATE, GALV_HV_SETTINGS };

/* Codes of GALV_WAVEFORM, as the register page gives them. */
enum galv_waveform { GALV_DIRECT, GALV_IONTOPHORESIS, GALV_MONOPHASIC, GALV_BIPHASIC };

enum galv_polarity { GALV_ANODE = 1, GALV_CATHODE = 2 };

extern const struct model_kind galv_kind;

/* What the device measures on a channel; all 0 where it reports rest. */
struct galv_measured {
    int64_t current_ua; /* hv: of the peak */
    int64_t voltage_mv;
    int64_t impedance_ohm;
    enum load_contact contact;
};
void galv_measure(const struct model *model, unsigned channel, struct galv_measured *out);

#endif
