/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device on USB: its plugs, the serial port behind each, and the front behind that. A plug is in or pulled; each time
 * it is put in it is a new one for whoever talks to it, and the device behind it stays itself.
 */
#ifndef SIM_USB_UNIT_H
#define SIM_USB_UNIT_H

#include "front/usb_carrier.h"
#include "front/usb_kind.h"

#define USB_LINK_MAX 96
#define USB_UNIT_ALL 0 /* in place of the number of a plug, which counts from 1 */

struct usb_unit;

struct usb_unit_options {
    unsigned port[USB_PLUGS_MAX];
    const char *serial; /* of the descriptors; NULL = made from the device's own, "" = none */
};

/*
 * Nothing is plugged in yet. device is not owned, outlives it and is told of it; so is carrier. NULL without memory, or
 * for a kind that is not reached over USB.
 */
struct usb_unit *usb_unit_new(struct device *device, const struct usb_carrier *carrier,
                              const struct usb_unit_options *options);
/* Pulls its plugs; takes NULL. */
void usb_unit_free(struct usb_unit *unit);

/* Puts a plug in, or all: 0 or negative errno; one that is in stays in. */
int usb_unit_plug(struct usb_unit *unit, unsigned plug);
/* Pulls a plug, or all; back after ms, 0 = not by itself. -EINVAL: it has no such plug. */
int usb_unit_pull(struct usb_unit *unit, unsigned plug, int64_t ms);

/* For faults of the bus, on a plug or all: -EINVAL when there is no such plug. */
enum usb_endpoint { USB_ENDPOINT_IN, USB_ENDPOINT_OUT, USB_ENDPOINT_REQUESTS };
/* One of data stalls until the host clears it; requests that are not standard are refused until told otherwise. */
int usb_unit_stall(struct usb_unit *unit, unsigned plug, enum usb_endpoint endpoint, bool stalls);
int usb_unit_deafen(struct usb_unit *unit, unsigned plug, enum usb_endpoint endpoint, bool deaf);
int usb_unit_babble(struct usb_unit *unit, unsigned plug, int bytes); /* negative = no longer */

/* After something was done to the model. */
void usb_unit_tell(struct usb_unit *unit);

/* "usb:0483:5740,port=1-3", as configuration names it; of two plugs with a "+" between. */
const char *usb_unit_link(const struct usb_unit *unit);
unsigned usb_unit_plugs(const struct usb_unit *unit);
bool usb_unit_is_in(const struct usb_unit *unit, unsigned plug);
/* Plugs that somebody has claimed. */
unsigned usb_unit_held(const struct usb_unit *unit);
/* Who sits on an interface, "" = nobody; NULL = the plug has no such interface. */
const char *usb_unit_driver(const struct usb_unit *unit, unsigned plug, unsigned interface);
/* How the host has set the line of a plug. */
const struct usb_serial_line *usb_unit_line(const struct usb_unit *unit, unsigned plug);

#endif
