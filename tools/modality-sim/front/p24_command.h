/* SPDX-License-Identifier: Apache-2.0 */
/* What each command of the P24 makes of the model, and the packet that answers it. */
#ifndef SIM_P24_COMMAND_H
#define SIM_P24_COMMAND_H

#include "device.h"
#include "front/p24_codec.h"

#define P24_GENERAL_ERROR 66

/* Whether a command changes the stimulation, the high voltage or the device itself. */
bool p24_command_writes(unsigned command);
/* Time the device takes for it before it answers, us. */
int64_t p24_command_us(const struct device *device, const struct p24_packet *packet);
/* Carries it out unless act is false, and leaves the answer; of what was not carried out it says that it was. */
void p24_command_run(struct device *device, const struct p24_packet *packet, bool act, struct p24_packet *answer);

#endif
