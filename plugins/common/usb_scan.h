/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plugin's scan: what of its table is plugged in, and how a [device] section names it. By what the system knows, as
 * usb_find.h; no device is opened and none is asked.
 */
#ifndef PLUGINS_USB_SCAN_H
#define PLUGINS_USB_SCAN_H

#include "modality/plugin.h"
#include "usb_find.h"
#include "usb_match.h"

#define USB_SCAN_MAX 64 /* devices that are told of */

struct usb_scanned {
    const struct usb_match *match;
    struct usb_seen seen;
    struct usb_name name; /* by its serial number; by its port too, or alone, where that leaves open which is meant */
};

/* All that a row of the table fits, in the order of the bus: 0, or -EIO. */
int usb_scan(const struct usb_match *table, size_t n_rows, struct usb_scanned out[USB_SCAN_MAX], size_t *n);

/* What it is, without a note; out->link is its name by itself. */
void usb_scan_tell(const struct usb_scanned *s, struct modality_found *out);

/* Notes, each where there is something to say: whose ids it shows, why it has this name, whether its node opens. */
void usb_scan_note_ids(const struct usb_scanned *s, struct modality_found *out);
void usb_scan_note_name(const struct usb_scanned *s, struct modality_found *out);
void usb_scan_note_node(const struct usb_scanned *s, struct modality_found *out);

/* Adds a sentence to its note, as far as there is room. */
void usb_scan_note(struct modality_found *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The whole scan of a plugin whose links are one device each. */
int usb_scan_each(const struct usb_match *table, size_t n_rows, void *ctx,
                  void (*found)(void *ctx, const struct modality_found *unit));

#endif
