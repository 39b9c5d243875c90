/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USB ids that this plugin's device may show. udev rules are made of them; these are the FTDI chip's own, which
 * countless other products show too, so no rule may name them without a serial number. The makers' pages do not print
 * the device's ids: configuration may name others.
 */
#ifndef SCIENCEMODE2_USB_MATCH_H
#define SCIENCEMODE2_USB_MATCH_H

/* MATCH(vendor, product, generic, what) */
#define SM2_USB_MATCHES(MATCH) MATCH(0x0403, 0x6001, true, "HASOMED RehaStim 2; ids of FTDI's FT232")

#endif
