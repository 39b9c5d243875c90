/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A serial port on USB: a virtual COM port (CDC-ACM) as microcontrollers make it, or an FTDI chip with its vendor
 * requests, its latency timer and the two status bytes at the head of each packet. Behind it stands whatever speaks in
 * bytes; before it a wire.
 */
#ifndef SIM_USB_SERIAL_H
#define SIM_USB_SERIAL_H

#include "front/usb_gadget.h"
#include "loop.h"

enum usb_serial_kind { USB_SERIAL_ACM, USB_SERIAL_FTDI };

/* What the port tells. Any of them may be NULL. */
struct usb_serial_user {
    void (*received)(void *ctx, const uint8_t *bytes, size_t n);
    /* Somebody has claimed it, or nobody any more: the wire knows it, a real device would not. */
    void (*held)(void *ctx, bool held);
    void *ctx;
};

/* How the host has set it. */
struct usb_serial_line {
    uint32_t baud;    /* ACM; 0 = not set */
    uint8_t stop;     /* ACM: 0 one, 2 two */
    uint8_t parity;   /* ACM: 0 none, 1 odd, 2 even */
    uint8_t bits;     /* ACM */
    uint16_t divisor; /* FTDI: value of its baud request */
    uint16_t format;  /* FTDI: value of its line request */
    uint16_t flow;    /* FTDI: index of its flow request */
    uint8_t latency;  /* FTDI, ms */
    bool dtr, rts;
    unsigned resets, purges; /* FTDI */
};

struct usb_serial;

/* loop is not owned. NULL without memory. */
struct usb_serial *usb_serial_new(struct loop *loop, enum usb_serial_kind kind, const struct usb_identity *identity,
                                  const struct usb_serial_user *user);
void usb_serial_free(struct usb_serial *s);

/* Its bytes to the host, in one burst: false and nothing, if there is no room for all of them. */
bool usb_serial_send(struct usb_serial *s, const uint8_t *bytes, size_t n);
/* As after power on: nothing buffered, nothing set. Called when it is plugged in. */
void usb_serial_reset(struct usb_serial *s);

struct usb_gadget *usb_serial_gadget(struct usb_serial *s);
const struct usb_serial_line *usb_serial_line(const struct usb_serial *s);

/*
 * For a wire in place of an FTDI chip, which has one of its own: the bytes as they pass between the chip and what
 * stands behind it. usb_serial_of() is NULL for a gadget that is no FTDI chip.
 */
struct usb_serial *usb_serial_of(const struct usb_gadget *gadget);
size_t usb_serial_take(struct usb_serial *s, uint8_t *bytes, size_t max);
void usb_serial_give(struct usb_serial *s, const uint8_t *bytes, size_t n);

/* The endpoints of both kinds. */
uint8_t usb_serial_in(const struct usb_serial *s);
uint8_t usb_serial_out(const struct usb_serial *s);

#endif
