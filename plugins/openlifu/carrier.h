/* SPDX-License-Identifier: Apache-2.0 */
/* What carries the bytes to one of the two devices: a virtual COM port on USB, by libusb. */
#ifndef OPENLIFU_CARRIER_H
#define OPENLIFU_CARRIER_H

#include "common/transport.h"
#include "common/usb_port.h"
#include "config.h"

struct carrier {
    const struct modality_services *services; /* the host's */
    const struct lifu_config *config;         /* outlives it */
    enum lifu_side side;
    struct usb_port *port; /* NULL = not open */
};

void carrier_begin(struct carrier *c, const struct modality_services *services, const struct lifu_config *config,
                   enum lifu_side side);

/* The wire to it; c outlives it. */
struct transport_wire carrier_wire(struct carrier *c);

#endif
