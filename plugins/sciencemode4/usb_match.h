/* SPDX-License-Identifier: Apache-2.0 */
/* The USB ids of the P24 (common/usb_match.h). */
#ifndef SCIENCEMODE4_USB_MATCH_H
#define SCIENCEMODE4_USB_MATCH_H

/* MATCH(vendor, product, what, shared) */
#define SM4_USB_MATCHES(MATCH) MATCH(0x0483, 0x5740, "HASOMED P24", "ST's virtual COM port")

#endif
