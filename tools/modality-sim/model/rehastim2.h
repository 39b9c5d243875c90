/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RehaStim 2: eight channels of constant-current pulses that one list starts, repeats and stops, made from the
 * published pages of its protocol (ScienceMode 2, version 1.24); no such device was at hand. Behind each channel sits a
 * load of its own, which is looked at before each pulse; an emergency switch and a watchdog over the whole. It has
 * power of its own: a cut link ends nothing before the watchdog does.
 */
#ifndef SIM_REHASTIM2_H
#define SIM_REHASTIM2_H

#include "model/load.h"
#include "model/model.h"

#define REHASTIM2_CHANNELS 8

/* Results of commands, as the device sends them. */
enum rehastim2_result { REHASTIM2_OK = 0, REHASTIM2_PARAMETER = -2, REHASTIM2_WRONG_MODE = -3 };

enum rehastim2_mode { REHASTIM2_START, REHASTIM2_INITIALISED, REHASTIM2_STARTED };

/* What it says by itself; 0 = nothing. Stimulation has ended by then. */
enum rehastim2_error { REHASTIM2_SWITCH = -1, REHASTIM2_ELECTRODE = -2, REHASTIM2_MODULE = -3 };

/* A list, in the codes of the wire. */
struct rehastim2_list {
    uint8_t skipped, active, low_frequency, spacing, fast;
    uint16_t interval; /* 0 = it runs once */
};

struct rehastim2_pulse {
    uint8_t more; /* pulses in a group, less one */
    uint16_t width_us;
    uint8_t current_ma;
};

extern const struct model_kind rehastim2_kind;

/* Every valid packet feeds the watchdog of a device that is connected. */
void rehastim2_heard(struct model *model);
/* Its Init was accepted. */
void rehastim2_connect(struct model *model);
bool rehastim2_connected(const struct model *model);

/* Commands; each returns the result that the device answers. One that is not REHASTIM2_OK has changed nothing. */
enum rehastim2_result rehastim2_init_list(struct model *model, const struct rehastim2_list *list);
/* Start and update; the pulses of the active channels in their order. */
enum rehastim2_result rehastim2_start_list(struct model *model, const struct rehastim2_pulse *pulses, size_t n);
enum rehastim2_result rehastim2_stop_list(struct model *model);
enum rehastim2_result rehastim2_single_pulse(struct model *model, unsigned channel, const struct rehastim2_pulse *p);

/* As it reports it. */
enum rehastim2_mode rehastim2_mode(const struct model *model);

/* It ends stimulation, if there is any, and will say this error. */
void rehastim2_complain(struct model *model, enum rehastim2_error error);
/* What it has to say by itself, once; 0 = nothing. */
int rehastim2_take_error(struct model *model);

#endif
