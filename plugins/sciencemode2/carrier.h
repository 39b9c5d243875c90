/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What carries the bytes: the FTDI chip itself by libusb and libftdi, or a terminal of the kernel's driver for it. Both
 * with the device's line: 460800 baud, 8 data bits, even parity, 1 stop bit, no flow control (protocol 1.24, 2.1).
 */
#ifndef SCIENCEMODE2_CARRIER_H
#define SCIENCEMODE2_CARRIER_H

#include "common/transport.h"
#include "config.h"

struct usb_port;

struct carrier {
    const struct modality_services *services; /* the host's */
    const struct sm2_config *config;          /* outlives it */
    struct usb_port *port;                    /* usb, open; owned by the transport */
    struct transport terminal;                /* otherwise, open */
};

void carrier_begin(struct carrier *c, const struct modality_services *services, const struct sm2_config *config);

/* The wire of a link; c outlives it. */
struct transport_wire carrier_wire(struct carrier *c);

/* The USB serial number of the open chip, "" where there is none to know. Valid while it is open. */
const char *carrier_serial(const struct carrier *c);

#endif
