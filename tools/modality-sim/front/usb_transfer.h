/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transfers in flight between a wire and a gadget, whatever wire it is: each is carried packet by packet as far as the
 * gadget lets it, in order on each endpoint, and goes on when the gadget wakes the wire. Nothing here allocates; a
 * transfer is a part of what its wire keeps of it.
 */
#ifndef SIM_USB_TRANSFER_H
#define SIM_USB_TRANSFER_H

#include "front/usb_gadget.h"

#define USB_SETUP_SIZE 8

struct usb_transfer {
    struct usb_transfer *next;
    uint8_t endpoint; /* 0 = a request: bytes are its setup packet, then its data */
    uint8_t *bytes;   /* not owned; a request has room for USB_CONTROL_MAX of data */
    size_t length;    /* of what is sent, or room for what comes; of a request it is in the setup packet */
    size_t done;      /* bytes moved, of a request without its setup packet */
    int status;       /* when it is over: 0 or negative errno as the kernel's drivers know them */
};

struct usb_transfers {
    struct usb_gadget *gadget;
    struct usb_transfer *pending;
    /* One is over and out of the list; may submit more. */
    void (*over)(void *ctx, struct usb_transfer *transfer);
    void *ctx;
    bool pumping, again;
};

/* Whether data goes to the host. */
bool usb_transfer_is_in(const struct usb_transfer *t);
/* It is in flight from now on, and may be over when this returns. */
void usb_transfers_submit(struct usb_transfers *all, struct usb_transfer *t);
/* Tries all that are in flight: after the gadget woke its wire. */
void usb_transfers_pump(struct usb_transfers *all);
/* Takes one out unfinished: false if it is not in flight. */
bool usb_transfers_take(struct usb_transfers *all, const struct usb_transfer *t);

#endif
