/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A serial port behind USB: a stream of bytes over the two bulk endpoints of a device, for plugins as a struct
 * transport (whose errors hold here too). usb_cdc.h and ftdi_link.h open it. One read is always in flight, so that
 * nothing that a device says is missed and a pulled plug shows at the next call; no write is sent twice. It writes and
 * reads in the calls only, and allocates nothing but what libusb allocates for a submission.
 */
#ifndef PLUGINS_USB_PORT_H
#define PLUGINS_USB_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport.h"
#include "usb_device.h"

#define USB_WRITE_MAX 4096  /* bytes of one write */
#define USB_PACKET_MAX 1024 /* of the fastest bulk endpoint there is */

struct usb_port;

/* Reading and writing; its close() is usb_port_close(). The port outlives it. */
struct transport usb_port_transport(struct usb_port *port);

/*
 * Makes it usable after -EIO or -ETIMEDOUT: ends what is in flight, clears halted endpoints, and drops what the device
 * still had to say until it was silent for USB_SILENCE_NS. Sends no bytes. 0; -EAGAIN it goes on talking; -ENODEV;
 * -EIO.
 */
#define USB_SILENCE_NS INT64_C(10000000)
int usb_port_recover(struct usb_port *port, int64_t deadline_ns);

/* Around a stop or make_safe: usb_device_toward_rest(). */
void usb_port_toward_rest(struct usb_port *port, bool on);

/* Who it is, and the node that is locked while the port is open. */
const struct usb_seen *usb_port_seen(const struct usb_port *port);

/* Closes without sending; accepts NULL. */
void usb_port_close(struct usb_port *port);

/* ---- for what opens ports ---- */

struct usb_pipes {
    uint8_t in, out;  /* endpoint addresses */
    uint16_t packet;  /* bytes of a packet of in */
    uint8_t overhead; /* bytes at the head of each packet of in that are not the stream's */
};

/* The bulk endpoints of an interface: 0, or -ENODEV if it has not one of each or an impossible packet size. */
int usb_pipes_find(const struct libusb_interface_descriptor *interface, struct usb_pipes *out);

/* What is special about what carries the port. */
struct usb_carrier {
    void *ctx;
    int (*purge)(void *ctx, int64_t deadline_ns); /* drops what the device has buffered; NULL = nothing to ask for */
    void (*close)(void *ctx);                     /* closes the handle, if it is its own; NULL = nothing to do */
};

/*
 * A port on a device whose interface is claimed; takes over the device and the carrier, and closes both on failure too.
 * 0, -EIO.
 */
int usb_port_new(struct usb_device *device, const struct usb_pipes *pipes, const struct usb_carrier *carrier,
                 struct usb_port **out);

#endif
