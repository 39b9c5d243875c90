/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device is reached by, a line or plugs on USB, as far as the rest of the program asks: its name, whether it is
 * there, and the faults that befall the endpoint itself.
 */
#ifndef SIM_ENDPOINT_H
#define SIM_ENDPOINT_H

#include "device.h"

/* "tcp:HOST:PORT", "pty:PATH" or "usb:VVVV:PPPP,port=1-N". */
const char *endpoint_link(const struct device *device);
/* On USB: all of its plugs are pulled. */
bool endpoint_absent(const struct device *device);
unsigned endpoint_connections(const struct device *device);

/* A fault of scope SCOPE_LINK: -ENOTSUP for one that this endpoint cannot have, -EINVAL. */
int endpoint_inject(struct device *device, enum fault_id fault, const struct fault_args *args);
int endpoint_clear(struct device *device, enum fault_id fault, const struct fault_args *args);

/* After anything was done to the device: wake it up, and let it say what it says by itself. */
void endpoint_settle(struct device *device);

#endif
