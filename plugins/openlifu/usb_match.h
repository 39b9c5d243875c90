/* SPDX-License-Identifier: Apache-2.0 */
/* The USB ids of the two devices that are one Open-LIFU (common/usb_match.h). */
#ifndef OPENLIFU_USB_MATCH_H
#define OPENLIFU_USB_MATCH_H

/* Ids of ST, which gives them to whoever asks; the products' numbers are the maker's own choice. */
#define LIFU_USB_VENDOR 0x0483
#define LIFU_USB_CONSOLE 0x57a0
#define LIFU_USB_TRANSMITTER 0x57af

/* MATCH(vendor, product, what, shared); in the order of enum lifu_side */
#define LIFU_USB_MATCHES(MATCH)                                                                                        \
    MATCH(LIFU_USB_VENDOR, LIFU_USB_CONSOLE, "Openwater Open-LIFU console", "ST's range for everybody")                \
    MATCH(LIFU_USB_VENDOR, LIFU_USB_TRANSMITTER, "Openwater Open-LIFU transmitter", "ST's range for everybody")

#endif
