/* SPDX-License-Identifier: Apache-2.0 */
/*
 * P24: an eight-channel stimulator that repeats pulses by itself (mid level) or gives one at a time (low level), made
 * from the published pages of its protocol; no such device was at hand. Behind each channel sits a load of its own, 150
 * V in front of it. Watchdog 2 s in mid level; a fault of an electrode is found from 15 mA on and stops that channel or
 * all. Bus powered: without its plug nothing comes out.
 */
#ifndef SIM_P24_H
#define SIM_P24_H

#include "model/load.h"
#include "model/model.h"

#define P24_CHANNELS 8
#define P24_POINTS_MAX 16

enum p24_tuning {
    P24_SWITCH_MS, /* that the high voltage takes, on and off */
    P24_TUNINGS
};

/* Result codes, as the device sends them. */
enum p24_result {
    P24_OK = 0,
    P24_TRANSFER_ERROR = 1,
    P24_PARAMETER_ERROR = 2,
    P24_NOT_INITIALISED = 7,
    P24_ELECTRODE_ERROR = 10,
    P24_UNKNOWN_COMMAND = 11,
    P24_PULSE_TIMEOUT = 16,
    P24_LOW_CURRENT = 28,
};

enum p24_mode { P24_NOTHING, P24_LOW_LEVEL, P24_MID_LEVEL, P24_MID_LEVEL_RUNNING };
enum p24_channel_state { P24_STATE_OK, P24_STATE_ELECTRODE, P24_STATE_TIMEOUT, P24_STATE_LOW_CURRENT };

struct p24_point {
    int32_t us;
    int32_t current_ua;
};

struct p24_pulse {
    unsigned points;
    struct p24_point point[P24_POINTS_MAX];
    int64_t period_us; /* mid level */
    unsigned ramp;     /* pulses of rising current when the channel is switched on */
};

/* What the device says of its channels. */
struct p24_report {
    uint32_t active;
    enum p24_channel_state state[P24_CHANNELS];
};

extern const struct model_kind p24_kind;

/* Commands; each returns the result that the device answers. One that is not P24_OK has changed nothing. */
enum p24_result p24_low_init(struct model *model, bool voltage);
enum p24_result p24_low_pulse(struct model *model, unsigned channel, bool execute, const struct p24_pulse *pulse);
enum p24_result p24_low_stop(struct model *model);
enum p24_result p24_mid_init(struct model *model, bool stop_all);
/* pulses has P24_CHANNELS entries, of which those in mask count. */
enum p24_result p24_mid_update(struct model *model, uint32_t mask, const struct p24_pulse *pulses);
enum p24_result p24_mid_stop(struct model *model);
enum p24_result p24_mid_data(struct model *model, struct p24_report *out);
void p24_reset(struct model *model);

enum p24_mode p24_mode(const struct model *model);
bool p24_voltage(const struct model *model);
/* What a channel repeats when it is on. */
const struct p24_pulse *p24_pulse_of(const struct model *model, unsigned channel);
/* Time that a pulse takes, us. */
int64_t p24_pulse_us(const struct p24_pulse *pulse);

/* An error that the device has to tell by itself, once; 0 = none. */
unsigned p24_take_error(struct model *model);

#endif
