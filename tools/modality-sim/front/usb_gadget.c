/* SPDX-License-Identifier: Apache-2.0 */
/* Chapter 9 of the USB 2.0 specification, as far as a device with one configuration needs it. */
#include "front/usb_gadget.h"

#include <stdio.h>
#include <string.h>

#define KIND_MASK 0x60
#define TO_ENDPOINT 0x02 /* recipient */
#define GET_STATUS 0
#define CLEAR_FEATURE 1
#define SET_FEATURE 3
#define SET_ADDRESS 5
#define GET_DESCRIPTOR 6
#define GET_CONFIGURATION 8
#define SET_CONFIGURATION 9
#define GET_INTERFACE 10
#define SET_INTERFACE 11
#define DESCRIPTOR_DEVICE 1
#define DESCRIPTOR_CONFIG 2
#define DESCRIPTOR_STRING 3
#define DESCRIPTOR_ENDPOINT 5
#define ENGLISH 0x0409

static uint32_t bit_of(uint8_t endpoint)
{
    return UINT32_C(1) << ((endpoint & 0x0f) + (endpoint & USB_IN ? 16 : 0));
}

static void word_put(uint8_t *at, unsigned word)
{
    at[0] = (uint8_t)(word & 0xff);
    at[1] = (uint8_t)(word >> 8 & 0xff);
}

/* Keeps a text and gives the number of its descriptor, 0 for none. */
static uint8_t text_keep(struct usb_gadget *g, unsigned index, const char *text)
{
    snprintf(g->texts[index], sizeof g->texts[index], "%s", text ? text : "");
    return text ? (uint8_t)(index + 1) : 0;
}

void usb_gadget_init(struct usb_gadget *g, const struct usb_function *function, void *ctx,
                     const struct usb_identity *identity, uint8_t class, const uint8_t *config, size_t config_size)
{
    *g = (struct usb_gadget){.function = function, .ctx = ctx, .config_size = config_size};
    const uint8_t device[USB_DEVICE_SIZE] = {
        USB_DEVICE_SIZE, DESCRIPTOR_DEVICE, 0x00, 0x02, class, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    memcpy(g->device, device, sizeof device);
    word_put(g->device + 8, identity->vendor);
    word_put(g->device + 10, identity->product);
    word_put(g->device + 12, identity->release);
    g->device[14] = text_keep(g, 0, identity->maker);
    g->device[15] = text_keep(g, 1, identity->model);
    g->device[16] = text_keep(g, 2, identity->serial);
    memcpy(g->config, config, config_size);
    word_put(g->config + 2, (unsigned)config_size);
    g->configuration = g->config[5];
}

void usb_gadget_wake(struct usb_gadget *g)
{
    if (g->wake)
        g->wake(g->wake_ctx);
}

void usb_gadget_halt(struct usb_gadget *g, uint8_t endpoint)
{
    g->halted |= bit_of(endpoint);
    usb_gadget_wake(g);
}

static void bit_set(struct usb_gadget *g, uint32_t *bits, uint8_t endpoint, bool on)
{
    *bits = on ? *bits | bit_of(endpoint) : *bits & ~bit_of(endpoint);
    usb_gadget_wake(g);
}

void usb_gadget_deafen(struct usb_gadget *g, uint8_t endpoint, bool deaf)
{
    bit_set(g, &g->deaf, endpoint, deaf);
}

void usb_gadget_babble(struct usb_gadget *g, uint8_t endpoint, int bytes)
{
    g->babble = bytes > 0 ? (size_t)bytes : 0;
    bit_set(g, &g->babbling, endpoint, bytes >= 0);
}

void usb_gadget_clear_halt(struct usb_gadget *g, uint8_t endpoint)
{
    g->halted &= ~bit_of(endpoint);
    usb_gadget_wake(g);
}

static int give(const uint8_t *bytes, size_t n, uint16_t length, uint8_t *data)
{
    n = n < length ? n : length;
    memcpy(data, bytes, n);
    return (int)n;
}

/* A text as UTF-16, or the list of languages. */
static int give_string(const struct usb_gadget *g, uint8_t index, uint16_t length, uint8_t *data)
{
    uint8_t bytes[2 + 2 * USB_STRING_MAX] = {0, DESCRIPTOR_STRING};
    size_t n = 2;
    if (index == 0) {
        word_put(bytes + n, ENGLISH);
        n += 2;
    } else if (index > 3 || g->texts[index - 1][0] == '\0') {
        return USB_STALL;
    } else {
        for (const char *c = g->texts[index - 1]; *c; c++, n += 2)
            bytes[n] = (uint8_t)*c;
    }
    bytes[0] = (uint8_t)n;
    return give(bytes, n, length, data);
}

static int get_descriptor(const struct usb_gadget *g, const struct usb_setup *s, uint8_t *data)
{
    switch (s->value >> 8) {
    case DESCRIPTOR_DEVICE:
        return give(g->device, sizeof g->device, s->length, data);
    case DESCRIPTOR_CONFIG:
        return give(g->config, g->config_size, s->length, data);
    case DESCRIPTOR_STRING:
        return give_string(g, (uint8_t)(s->value & 0xff), s->length, data);
    default:
        return USB_STALL;
    }
}

static int standard(struct usb_gadget *g, const struct usb_setup *s, uint8_t *data)
{
    uint8_t endpoint = (uint8_t)(s->index & 0xff);
    bool of_endpoint = (s->type & 0x1f) == TO_ENDPOINT;
    uint8_t status[2] = {of_endpoint && g->halted & bit_of(endpoint), 0};
    switch (s->request) {
    case GET_STATUS:
        return give(status, sizeof status, s->length, data);
    case GET_DESCRIPTOR:
        return get_descriptor(g, s, data);
    case GET_CONFIGURATION:
        return give(&g->configuration, 1, s->length, data);
    case GET_INTERFACE:
        return give(&status[1], 1, s->length, data);
    case SET_CONFIGURATION:
        g->configuration = (uint8_t)(s->value & 0xff);
        return 0;
    case CLEAR_FEATURE:
        if (of_endpoint)
            usb_gadget_clear_halt(g, endpoint);
        return 0;
    case SET_FEATURE:
        if (of_endpoint)
            usb_gadget_halt(g, endpoint);
        return 0;
    case SET_ADDRESS:
    case SET_INTERFACE:
        return 0;
    default:
        return USB_STALL;
    }
}

int usb_gadget_control(struct usb_gadget *g, const struct usb_setup *setup, uint8_t *data)
{
    if (g->deaf & bit_of(0))
        return USB_NAK;
    if ((setup->type & KIND_MASK) == 0)
        return standard(g, setup, data);
    return g->refuses ? USB_STALL : g->function->control(g->ctx, setup, data);
}

int usb_gadget_out(struct usb_gadget *g, uint8_t endpoint, const uint8_t *bytes, size_t n)
{
    if (g->deaf & bit_of(endpoint))
        return USB_NAK;
    return g->halted & bit_of(endpoint) ? USB_STALL : g->function->out(g->ctx, endpoint, bytes, n);
}

int usb_gadget_in(struct usb_gadget *g, uint8_t endpoint, uint8_t *bytes, size_t max)
{
    if (g->deaf & bit_of(endpoint))
        return USB_NAK;
    int n = g->halted & bit_of(endpoint) ? USB_STALL : g->function->in(g->ctx, endpoint, bytes, max);
    if (n != USB_NAK || !(g->babbling & bit_of(endpoint)))
        return n;
    n = (int)(g->babble < max ? g->babble : max);
    memset(bytes, 0, (size_t)n);
    return n;
}

uint16_t usb_gadget_packet(const struct usb_gadget *g, uint8_t endpoint)
{
    for (size_t at = 0; at + 1 < g->config_size && g->config[at] >= 2; at += g->config[at]) {
        const uint8_t *d = g->config + at;
        if (d[1] == DESCRIPTOR_ENDPOINT && d[2] == endpoint)
            return (uint16_t)(d[4] | d[5] << 8);
    }
    return 0;
}
