/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The serial side of QEMU's own "usb-serial", an FT232R that nobody here wrote: its socket is wired to what stands
 * behind a simulated FTDI chip, past that chip. A connection is the plug: QEMU takes the chip out of the machine while
 * there is none.
 */
#ifndef SIM_USBREDIR_SERIAL_H
#define SIM_USBREDIR_SERIAL_H

#include "front/usb_gadget.h"
#include "loop.h"

struct usbredir_serial;

/*
 * gadget is an FTDI chip of usb_serial.h, not owned. fd, which does not block, belongs to it if it is made. gone is
 * called when the other side has left, once, and frees it. NULL without memory.
 */
struct usbredir_serial *usbredir_serial_new(struct loop *loop, int fd, struct usb_gadget *gadget,
                                            void (*gone)(void *ctx), void *ctx);
/* Takes NULL. */
void usbredir_serial_free(struct usbredir_serial *serial);

#endif
