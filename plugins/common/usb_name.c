/* SPDX-License-Identifier: Apache-2.0 */
/* Reads left to right, each part up to its end character; nothing is skipped and nothing is guessed. */
#include "usb_name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS 4
#define BUS_MAX 255 /* libusb has eight bits for it, the kernel fewer */
#define PORT_MAX 255
#define PORT_DEPTH_MAX                                                                                                 \
    7 /* ports from root to device (USB 2.0, 4.1.1: seven tiers, five hubs in a row; libusb says 7) */

static const char needs_form[] = "needs usb:VVVV:PPPP with ,serial=TEXT or ,port=BUS-PORT, and + before a second one";
static const char needs_id[] = "needs vendor and product as four hexadecimal digits, lower case";
static const char needs_place[] = "needs ,serial= or ,port= as well: other products have the same ids";
static const char needs_serial[] =
    "needs a serial number of 1 to 63 printable characters without blank, comma and plus";
static const char needs_port[] = "needs a port as the kernel names it, such as 1-2.3";
static const char needs_two[] = "needs two different devices around the +";

static bool take(const char **at, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(*at, word, n) != 0)
        return false;
    *at += n;
    return true;
}

static bool take_id(const char **at, uint16_t *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned value = 0;
    for (int i = 0; i < ID_DIGITS; i++, (*at)++) {
        const char *digit = **at ? strchr(digits, **at) : NULL;
        if (!digit)
            return false;
        value = value << 4 | (unsigned)(digit - digits);
    }
    *out = (uint16_t)(value & 0xffff);
    return true;
}

/* A decimal number from 1 to max without leading zeros. */
static bool take_number(const char **at, unsigned max)
{
    unsigned value = 0;
    if (**at < '1' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9'; (*at)++) {
        value = value * 10 + (unsigned)(**at - '0');
        if (value > max)
            return false;
    }
    return true;
}

static bool ends_name(char c)
{
    return c == '\0' || c == ',' || c == '+';
}

static bool take_serial(const char **at, char out[USB_SERIAL_MAX])
{
    size_t n = 0;
    for (; !ends_name((*at)[n]); n++)
        if ((*at)[n] <= ' ' || (*at)[n] > '~' || n == USB_SERIAL_MAX - 1)
            return false;
    if (n == 0)
        return false;
    memcpy(out, *at, n);
    *at += n;
    return true;
}

static bool take_port(const char **at, char out[USB_PORT_MAX])
{
    const char *begin = *at;
    if (!take_number(at, BUS_MAX) || !take(at, "-") || !take_number(at, PORT_MAX))
        return false;
    for (int depth = 1; take(at, "."); depth++)
        if (depth == PORT_DEPTH_MAX || !take_number(at, PORT_MAX))
            return false;
    if (!ends_name(**at))
        return false;
    memcpy(out, begin, (size_t)(*at - begin)); /* at most "255-" and seven ports of three digits: 31 */
    return true;
}

/* One name: NULL, or what it needs. */
static const char *take_name(const char **at, struct usb_name *out)
{
    if (!take_id(at, &out->vendor) || !take(at, ":") || !take_id(at, &out->product))
        return needs_id;
    if (**at == '\0' || **at == '+')
        return needs_place;
    bool serial = take(at, ",serial=");
    if (serial && !take_serial(at, out->serial))
        return needs_serial;
    bool port = take(at, ",port=");
    if (port && !take_port(at, out->port))
        return needs_port;
    return (serial || port) && (**at == '\0' || **at == '+') ? NULL : needs_form;
}

static const char *take_link(const char *at, struct usb_name *names, size_t *n)
{
    if (!take(&at, "usb:"))
        return needs_form;
    for (size_t i = 0; i < USB_NAMES_MAX; i++) {
        const char *fault = take_name(&at, &names[i]);
        if (fault)
            return fault;
        if (*at == '\0') {
            *n = i + 1;
            return i > 0 && memcmp(&names[0], &names[1], sizeof names[0]) == 0 ? needs_two : NULL;
        }
        at++; /* the plus */
    }
    return needs_form;
}

int usb_link_parse(const char *text, struct usb_name names[USB_NAMES_MAX], size_t *n, const char **fault)
{
    struct usb_name read[USB_NAMES_MAX];
    size_t count = 0;
    memset(read, 0, sizeof read); /* compared as a whole */
    const char *wrong = take_link(text, read, &count);
    if (wrong) {
        *fault = wrong;
        return -EINVAL;
    }
    memcpy(names, read, count * sizeof read[0]);
    *n = count;
    return 0;
}

void usb_name_text(const struct usb_name *name, char out[USB_NAME_TEXT_MAX])
{
    snprintf(out, USB_NAME_TEXT_MAX, "%04x:%04x%s%s%s%s", name->vendor, name->product,
             name->serial[0] ? ",serial=" : "", name->serial, name->port[0] ? ",port=" : "", name->port);
}
