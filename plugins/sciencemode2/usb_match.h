/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USB ids that a RehaStim 2 may show (common/usb_match.h). The makers' pages do not print them: these are the FTDI
 * chip's own, and configuration may name others.
 */
#ifndef SCIENCEMODE2_USB_MATCH_H
#define SCIENCEMODE2_USB_MATCH_H

/* MATCH(vendor, product, what, shared) */
#define SM2_USB_MATCHES(MATCH) MATCH(0x0403, 0x6001, "HASOMED RehaStim 2", "FTDI's FT232")

/* Whose ids it never shows: ST makes no FTDI chip, and what shows them may be another device that drives a patient. */
#define SM2_USB_STRANGER 0x0483

#endif
