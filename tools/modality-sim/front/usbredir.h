/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USB ports of a machine under QEMU. Each port is a Unix socket FOLDER/N, to which a device of that machine
 * connects: "usb-redir" for the devices that we play, "usb-serial" for those behind an FTDI chip, because QEMU brings a
 * chip of its own. So a real kernel drives the same devices as the clients of umockdev do. A machine that goes away
 * takes nothing along: the next one finds the devices again.
 */
#ifndef SIM_USBREDIR_H
#define SIM_USBREDIR_H

#include "front/usb_carrier.h"
#include "loop.h"

struct usbredir;

/* folder must be there; it is made the sockets' home. loop is not owned. NULL without memory. */
struct usbredir *usbredir_new(struct loop *loop, const char *folder);
/* Pulls all plugs, removes the sockets; takes NULL. */
void usbredir_free(struct usbredir *bus);

/* The ports as whoever has plugs knows them. The socket of a port is there from its first plug on. */
struct usb_carrier usbredir_carrier(struct usbredir *bus);

#endif
