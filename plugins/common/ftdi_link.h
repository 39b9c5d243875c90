/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A serial port behind an FTDI chip, without the kernel's driver. libftdi opens the chip, knows its kinds and sets the
 * line; the bytes go over the port's own transfers, because libftdi's reading waits by timeouts of its own and
 * allocates for each call.
 */
#ifndef PLUGINS_FTDI_LINK_H
#define PLUGINS_FTDI_LINK_H

#include "transport_fd.h"
#include "usb_port.h"

/*
 * Opens the device of a name: reset, line, no flow control, latency 1 ms, DTR and RTS set, buffers purged. 0; -ENODEV
 * not there, or several; -EBUSY another process holds it; -EINVAL a baud rate the chip cannot make; -EIO, also when it
 * is no FTDI chip; -EAGAIN out of time. On failure why says what stands in the way.
 */
int ftdi_link_open(const struct usb_name *name, const struct serial_line *line, int64_t deadline_ns,
                   char why[USB_WHY_MAX], struct usb_port **out);

#endif
