/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USB ids of the devices that this plugin speaks with. Configuration is held against them, and udev rules are made
 * of them; a generic pair of ids is shared by products of many makers, so no rule may name it without a serial number.
 */
#ifndef OPENLIFU_USB_MATCH_H
#define OPENLIFU_USB_MATCH_H

/* Ids of ST, which gives them to whoever asks; the products' numbers are the maker's own choice. */
#define LIFU_USB_VENDOR 0x0483
#define LIFU_USB_CONSOLE 0x57a0
#define LIFU_USB_TRANSMITTER 0x57af

/* MATCH(vendor, product, generic, what) */
#define LIFU_USB_MATCHES(MATCH)                                                                                        \
    MATCH(LIFU_USB_VENDOR, LIFU_USB_CONSOLE, true, "Openwater Open-LIFU console")                                      \
    MATCH(LIFU_USB_VENDOR, LIFU_USB_TRANSMITTER, true, "Openwater Open-LIFU transmitter")

#endif
