/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ids that a plugin's devices show on USB. Each plugin has one table of them, in its own usb_match.h; the check of
 * its links, its scan and the udev rules are made of it. Ids that other products show as well are no identity: nothing
 * is opened, and no rule is made, for them alone.
 */
#ifndef PLUGINS_USB_MATCH_H
#define PLUGINS_USB_MATCH_H

#include <stdint.h>

struct usb_match {
    uint16_t vendor, product;
    const char *what; /* "HASOMED P24" */
    const char
        *shared; /* whose ids they are if other products show them too: "ST's virtual COM port"; NULL = its own */
};

/* For the tables: PLUGIN_USB_MATCHES(USB_MATCH_ROW) between braces is an array of them. */
#define USB_MATCH_ROW(vendor, product, what, shared) {vendor, product, what, shared},

#endif
