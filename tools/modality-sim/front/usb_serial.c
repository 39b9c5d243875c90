/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both kinds of port over one buffer. Bytes leave in the bursts in which they came: a burst ends with a short packet,
 * as firmware does it, and an FTDI chip sends what it has when its latency timer strikes.
 */
#include "front/usb_serial.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#define FIFO_SIZE 16384
#define PACKET 64 /* full speed */
#define STATUS_SIZE 2
#define LATENCY_MS 16 /* of an FTDI chip after power on */

#define ACM_IN 0x81
#define ACM_OUT 0x01
#define ACM_NOTIFY 0x82
#define FTDI_IN 0x81
#define FTDI_OUT 0x02

struct usb_serial {
    struct usb_gadget gadget;
    enum usb_serial_kind kind;
    struct usb_serial_user user;
    struct usb_serial_line line;
    struct loop *loop;
    struct loop_timer latency;
    int64_t due_ns;    /* FTDI: the next packet that is not full */
    bool empty_packet; /* ACM: the burst filled its last packet, and ends with an empty one */
    size_t used;
    uint8_t fifo[FIFO_SIZE];
};

/* ST's virtual COM port: interface 0 control with a notification endpoint, interface 1 data. */
static const uint8_t acm_config[] = {
    9, 2,    0,          0,    2,      1,  0,    0xc0, 50, /* configuration */
    9, 4,    0,          0,    1,      2,  2,    1,    0,  /* control */
    5, 0x24, 0,          0x10, 0x01,   5,  0x24, 1,    0,  1,      4, 0x24,   2, 2, 5, 0x24, 6, 0, 1, /* functional */
    7, 5,    ACM_NOTIFY, 3,    8,      0,  16,            /* notifications */
    9, 4,    1,          0,    2,      10, 0,    0,    0, /* data */
    7, 5,    ACM_OUT,    2,    PACKET, 0,  0,    7,    5,  ACM_IN, 2, PACKET, 0, 0,
};

/* FT232R: one vendor interface. */
static const uint8_t ftdi_config[] = {
    9,    2, 0, 0, 1,       1, 0,      0xa0, 45, 9, 4, 0,        0, 2,      0xff, 0xff,
    0xff, 2, 7, 5, FTDI_IN, 2, PACKET, 0,    0,  7, 5, FTDI_OUT, 2, PACKET, 0,    0,
};
#define FT232R_RELEASE 0x0600

size_t usb_serial_take(struct usb_serial *s, uint8_t *bytes, size_t max)
{
    size_t n = s->used < max ? s->used : max;
    memcpy(bytes, s->fifo, n);
    s->used -= n;
    memmove(s->fifo, s->fifo + n, s->used);
    return n;
}

static int receive(void *ctx, uint8_t endpoint, const uint8_t *bytes, size_t n)
{
    struct usb_serial *s = ctx;
    (void)endpoint;
    if (s->user.received)
        s->user.received(s->user.ctx, bytes, n);
    return 0;
}

static void held(void *ctx, bool now)
{
    struct usb_serial *s = ctx;
    if (s->user.held)
        s->user.held(s->user.ctx, now);
}

/* ---- CDC-ACM ---- */

static int acm_in(void *ctx, uint8_t endpoint, uint8_t *bytes, size_t max)
{
    struct usb_serial *s = ctx;
    if (endpoint != ACM_IN || (s->used == 0 && !s->empty_packet))
        return USB_NAK;
    size_t n = usb_serial_take(s, bytes, max);
    s->empty_packet = n == max && s->used == 0;
    return (int)n;
}

static int acm_control(void *ctx, const struct usb_setup *setup, uint8_t *data)
{
    struct usb_serial *s = ctx;
    uint8_t coding[7];
    switch (setup->request) {
    case 0x20: /* SET_LINE_CODING */
        if (setup->length != sizeof coding)
            return USB_STALL;
        s->line.baud = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
        s->line.stop = data[4];
        s->line.parity = data[5];
        s->line.bits = data[6];
        return 0;
    case 0x21: /* GET_LINE_CODING */
        for (int i = 0; i < 4; i++)
            coding[i] = (uint8_t)(s->line.baud >> 8 * i & 0xff);
        coding[4] = s->line.stop;
        coding[5] = s->line.parity;
        coding[6] = s->line.bits;
        memcpy(data, coding, setup->length < sizeof coding ? setup->length : sizeof coding);
        return setup->length < sizeof coding ? setup->length : (int)sizeof coding;
    case 0x22: /* SET_CONTROL_LINE_STATE */
        s->line.dtr = setup->value & 1;
        s->line.rts = setup->value & 2;
        return 0;
    default:
        return USB_STALL;
    }
}

static const struct usb_function acm = {.control = acm_control, .out = receive, .in = acm_in, .held = held};

/* ---- FTDI ---- */

static void latency_over(void *ctx, int64_t now_ns)
{
    struct usb_serial *s = ctx;
    (void)now_ns;
    usb_gadget_wake(&s->gadget);
}

/* Modem status (CTS, DSR set) and line status (transmitter empty) at its head. */
static int ftdi_in(void *ctx, uint8_t endpoint, uint8_t *bytes, size_t max)
{
    struct usb_serial *s = ctx;
    int64_t now = clock_monotonic_ns();
    (void)endpoint;
    if (s->used < max - STATUS_SIZE && now < s->due_ns) {
        loop_timer_arm(s->loop, &s->latency, s->due_ns);
        return USB_NAK;
    }
    bytes[0] = 0x31;
    bytes[1] = 0x60;
    s->due_ns = now + s->line.latency * NS_PER_MS;
    return (int)(STATUS_SIZE + usb_serial_take(s, bytes + STATUS_SIZE, max - STATUS_SIZE));
}

static void ftdi_reset(struct usb_serial *s, uint16_t what)
{
    if (what == 0)
        s->line.resets++;
    else
        s->line.purges++;
    if (what != 1) /* 1 drops what is on its way to the serial side, and that is nothing here */
        s->used = 0;
}

static int ftdi_control(void *ctx, const struct usb_setup *setup, uint8_t *data)
{
    struct usb_serial *s = ctx;
    switch (setup->request) {
    case 0:
        ftdi_reset(s, setup->value);
        return 0;
    case 1:
        s->line.dtr = setup->value & 0x0100 ? setup->value & 1 : s->line.dtr;
        s->line.rts = setup->value & 0x0200 ? (setup->value & 2) != 0 : s->line.rts;
        return 0;
    case 2:
        s->line.flow = setup->index;
        return 0;
    case 3:
        s->line.divisor = setup->value;
        return 0;
    case 4:
        s->line.format = setup->value;
        return 0;
    case 9:
        s->line.latency = (uint8_t)(setup->value & 0xff);
        return setup->value == 0 || setup->value > 0xff ? USB_STALL : 0;
    case 10:
        data[0] = s->line.latency;
        return 1;
    case 0x90: /* its EEPROM is empty */
        data[0] = data[1] = 0xff;
        return 2;
    default:
        return USB_STALL;
    }
}

static const struct usb_function ftdi = {.control = ftdi_control, .out = receive, .in = ftdi_in, .held = held};

/* ---- both ---- */

struct usb_serial *usb_serial_new(struct loop *loop, enum usb_serial_kind kind, const struct usb_identity *identity,
                                  const struct usb_serial_user *user)
{
    struct usb_serial *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->kind = kind;
    s->user = *user;
    s->loop = loop;
    s->latency = (struct loop_timer){.fn = latency_over, .ctx = s};
    struct usb_identity is = *identity;
    if (kind == USB_SERIAL_FTDI) {
        is.release = FT232R_RELEASE;
        usb_gadget_init(&s->gadget, &ftdi, s, &is, 0, ftdi_config, sizeof ftdi_config);
    } else {
        usb_gadget_init(&s->gadget, &acm, s, &is, 2, acm_config, sizeof acm_config);
    }
    usb_serial_reset(s);
    return s;
}

void usb_serial_free(struct usb_serial *s)
{
    if (!s)
        return;
    loop_timer_cancel(s->loop, &s->latency);
    free(s);
}

void usb_serial_reset(struct usb_serial *s)
{
    s->line = (struct usb_serial_line){.latency = LATENCY_MS};
    s->used = 0;
    s->empty_packet = false;
    s->due_ns = 0;
    s->gadget.halted = 0;
}

bool usb_serial_send(struct usb_serial *s, const uint8_t *bytes, size_t n)
{
    if (n > sizeof s->fifo - s->used)
        return false;
    memcpy(s->fifo + s->used, bytes, n);
    s->used += n;
    usb_gadget_wake(&s->gadget);
    return true;
}

struct usb_serial *usb_serial_of(const struct usb_gadget *gadget)
{
    return gadget->function == &ftdi ? gadget->ctx : NULL;
}

void usb_serial_give(struct usb_serial *s, const uint8_t *bytes, size_t n)
{
    (void)receive(s, FTDI_OUT, bytes, n);
}

struct usb_gadget *usb_serial_gadget(struct usb_serial *s)
{
    return &s->gadget;
}

const struct usb_serial_line *usb_serial_line(const struct usb_serial *s)
{
    return &s->line;
}

uint8_t usb_serial_in(const struct usb_serial *s)
{
    return s->kind == USB_SERIAL_FTDI ? FTDI_IN : ACM_IN;
}

uint8_t usb_serial_out(const struct usb_serial *s)
{
    return s->kind == USB_SERIAL_FTDI ? FTDI_OUT : ACM_OUT;
}
