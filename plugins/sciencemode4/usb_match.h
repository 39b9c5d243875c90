/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USB ids of the devices that this plugin speaks with. Configuration is held against them, and udev rules are made
 * of them; a generic pair of ids is shared by products of many makers, so no rule may name it without a serial number.
 */
#ifndef SCIENCEMODE4_USB_MATCH_H
#define SCIENCEMODE4_USB_MATCH_H

/* MATCH(vendor, product, generic, what) */
#define SM4_USB_MATCHES(MATCH) MATCH(0x0483, 0x5740, true, "HASOMED P24; ids of ST's virtual COM port")

#endif
