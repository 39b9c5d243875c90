/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one command does to the model of a device, and what is answered to it. No clock, no bytes on a wire. The
 * hardware ids of both sides end with the device's serial number.
 */
#ifndef SIM_OPENLIFU_COMMAND_H
#define SIM_OPENLIFU_COMMAND_H

#include "device.h"
#include "front/openlifu_codec.h"

enum olifu_side { OLIFU_CONSOLE, OLIFU_TRANSMITTER };
#define OLIFU_SIDES 2

/* Whether it changes anything: what wire faults call a write. */
bool olifu_command_writes(uint8_t command);

/*
 * Runs it, or without acts only answers as if it had. *busy_ns is how long the device is occupied before its answer
 * goes out.
 */
void olifu_command_run(struct device *device, enum olifu_side side, const struct olifu_packet *packet, bool acts,
                       struct olifu_packet *answer, int64_t *busy_ns);

/* An error in the dialect of the side. code: what the transmitter says in its reserved field. */
void olifu_error(enum olifu_side side, enum olifu_read read, struct olifu_packet *answer);

#endif
