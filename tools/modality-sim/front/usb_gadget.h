/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A USB device as its own firmware sees it, whatever carries the bus: descriptors, standard requests, endpoints that
 * can be halted. A function (a virtual COM port, an FTDI chip) stands behind it and knows no wire; a wire (usb_node.h
 * for umockdev) stands before it and knows no function.
 */
#ifndef SIM_USB_GADGET_H
#define SIM_USB_GADGET_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USB_NAK (-EAGAIN)  /* not now: asked again after usb_gadget_wake() */
#define USB_STALL (-EPIPE) /* refused */

#define USB_PACKET_MAX 1024
#define USB_CONTROL_MAX 4096
#define USB_DEVICE_SIZE 18
#define USB_CONFIG_MAX 256
#define USB_STRING_MAX 64

#define USB_IN 0x80 /* of an endpoint's address and of a request's type */

struct usb_setup {
    uint8_t type, request;
    uint16_t value, index, length;
};

struct usb_function {
    /* Class and vendor requests; data is what came, or takes what goes: its bytes, or USB_STALL. */
    int (*control)(void *ctx, const struct usb_setup *setup, uint8_t *data);
    /* One packet from the host: 0, USB_NAK or USB_STALL. */
    int (*out)(void *ctx, uint8_t endpoint, const uint8_t *bytes, size_t n);
    /* One packet to the host: its bytes, USB_NAK or USB_STALL. */
    int (*in)(void *ctx, uint8_t endpoint, uint8_t *bytes, size_t max);
    /* Somebody on the host's side uses it, or nobody does any more. */
    void (*held)(void *ctx, bool held);
};

/* Who it says it is. NULL texts are left out. */
struct usb_identity {
    uint16_t vendor, product, release;
    const char *maker, *model, *serial;
};

struct usb_gadget {
    const struct usb_function *function;
    void *ctx;
    uint8_t device[USB_DEVICE_SIZE];
    uint8_t config[USB_CONFIG_MAX];
    size_t config_size;
    char texts[3][USB_STRING_MAX]; /* maker, model, serial */
    uint8_t configuration;
    uint32_t halted;         /* bit per endpoint, 16 up for IN */
    uint32_t deaf;           /* endpoints that answer nothing: a device that hangs */
    uint32_t babbling;       /* IN endpoints that answer with babble in place of nothing */
    size_t babble;           /* bytes of it in a packet */
    bool refuses;            /* every request that is not standard */
    void (*wake)(void *ctx); /* the wire's */
    void *wake_ctx;
};

/* config begins with the configuration descriptor; its total length is filled in here. class is the device's. */
void usb_gadget_init(struct usb_gadget *g, const struct usb_function *function, void *ctx,
                     const struct usb_identity *identity, uint8_t class, const uint8_t *config, size_t config_size);

/* The function has something to send, or room for what it did not take. */
void usb_gadget_wake(struct usb_gadget *g);

/*
 * For faults: from now on the endpoint stalls until the host clears it; or it is silent (endpoint 0 is requests); or it
 * sends packets of so many zeros, and be it none, as fast as they are asked for (until a negative number).
 */
void usb_gadget_halt(struct usb_gadget *g, uint8_t endpoint);
void usb_gadget_deafen(struct usb_gadget *g, uint8_t endpoint, bool deaf);
void usb_gadget_babble(struct usb_gadget *g, uint8_t endpoint, int bytes);

/* For wires. A request: bytes of data, USB_NAK or USB_STALL. One packet each way, as the function's. */
int usb_gadget_control(struct usb_gadget *g, const struct usb_setup *setup, uint8_t *data);
int usb_gadget_out(struct usb_gadget *g, uint8_t endpoint, const uint8_t *bytes, size_t n);
int usb_gadget_in(struct usb_gadget *g, uint8_t endpoint, uint8_t *bytes, size_t max);
void usb_gadget_clear_halt(struct usb_gadget *g, uint8_t endpoint);
/* Bytes of a packet of this endpoint, 0 if there is none. */
uint16_t usb_gadget_packet(const struct usb_gadget *g, uint8_t endpoint);

#endif
