/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open-LIFU: a console that makes a high voltage and a transmitter that makes pulses with it, made from the published
 * firmware and interface pages; no such device was at hand. Sound comes out while the trigger runs and a voltage
 * stands. The console takes a voltage only when it is switched on, by a ramp; nobody watches the host. The transmitter
 * stops at 75 degC and starts nothing above 70, and says yes to a start all the same. A sequence ends by itself.
 */
#ifndef SIM_OPENLIFU_H
#define SIM_OPENLIFU_H

#include "model/model.h"

/* The transducer: spatial-average temporal-peak intensity of V volts is this times V squared, uW/cm2. */
#define OLIFU_UW_CM2_PER_V2 150

enum olifu_mode { OLIFU_SEQUENCE, OLIFU_CONTINUOUS, OLIFU_SINGLE };

struct olifu_trigger {
    unsigned long hz, pulses, width_us, interval_us, trains, mode, profile, increment;
};

extern const struct model_kind olifu_kind;

/* The console. None of these is refused by the firmware, whatever it is given. */
void olifu_set_voltage(struct model *model, double volts);
/* Time that it takes, in which the console hears nothing. */
int64_t olifu_voltage_on(struct model *model);
void olifu_voltage_off(struct model *model);
void olifu_supply(struct model *model, bool on);
bool olifu_voltage_is_on(const struct model *model);
bool olifu_supply_is_on(const struct model *model);
double olifu_measured_voltage(const struct model *model);

/* The transmitter. false: it answers with an error. */
void olifu_set_trigger(struct model *model, const struct olifu_trigger *trigger);
bool olifu_start(struct model *model);
bool olifu_stop(struct model *model);
const struct olifu_trigger *olifu_trigger_of(const struct model *model);
bool olifu_running(const struct model *model);
double olifu_temperature(const struct model *model);
double olifu_ambient(const struct model *model);

/*
 * Registers of the transmitter's two chips. They hold the maker's example pattern, as its tools have loaded it, until
 * the transmitter is switched off; clearing the reboot loads it again. false: there is no such register.
 */
bool olifu_register_read(const struct model *model, unsigned chip, unsigned address, uint32_t *value);
bool olifu_register_write(struct model *model, unsigned chip, unsigned address, uint32_t value);

/* As after switching one of them off and on. */
void olifu_console_reset(struct model *model);
void olifu_transmitter_reset(struct model *model);

#endif
