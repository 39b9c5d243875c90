/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a device section names its USB device. Ids alone are no identity, many products share them: a serial number or
 * the port it is plugged into goes with them. There is one spelling for one name, so that equal links are equal texts.
 *
 *   link = usb:0483:5740,serial=ABC123
 *   link = usb:0403:6001,port=1-2.3
 *   link = usb:0483:57a0,serial=C1+0483:57af,serial=T1
 *
 *   link   = "usb:" name [ "+" name ]    two devices that are one unit
 *   name   = vendor ":" product [ ",serial=" text ] [ ",port=" port ]    at least one of the two; both must fit then
 *   vendor, product = four hexadecimal digits, lower case
 *   text   = 1 to 63 printable ASCII characters, without blank, comma and plus; other serial numbers need the port
 *   port   = bus "-" port { "." port }   as the kernel names it (lsusb -t, /sys/bus/usb/devices), no leading zeros
 */
#ifndef PLUGINS_USB_NAME_H
#define PLUGINS_USB_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USB_NAMES_MAX 2   /* devices of one link */
#define USB_SERIAL_MAX 64 /* bytes of a serial number, NUL included */
#define USB_PORT_MAX 32   /* bytes of "255-" and seven ports of three digits, NUL included */

struct usb_name {
    uint16_t vendor, product;
    char serial[USB_SERIAL_MAX]; /* "" = not asked for */
    char port[USB_PORT_MAX];     /* "" = not asked for */
};

/*
 * Reads a link into names[0..*n). 0, or -EINVAL with *fault a phrase that says what it needs ("needs ..."). Nothing but
 * *fault is touched on failure.
 */
int usb_link_parse(const char *text, struct usb_name names[USB_NAMES_MAX], size_t *n, const char **fault);

/* Bytes of the longest name as text, NUL included. */
#define USB_NAME_TEXT_MAX (9 + 8 + USB_SERIAL_MAX + 6 + USB_PORT_MAX)

/* A name in its one spelling, without "usb:". */
void usb_name_text(const struct usb_name *name, char out[USB_NAME_TEXT_MAX]);

#endif
