/* SPDX-License-Identifier: Apache-2.0 */
#include "scan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "common/usb_scan.h"
#include "usb_match.h"

static const struct usb_match table[LIFU_SIDES] = {LIFU_USB_MATCHES(USB_MATCH_ROW)};

/* Two links of one device each as the link of both. */
static void join(char out[MODALITY_LINK_MAX], const char *console, const char *transmitter)
{
    snprintf(out, MODALITY_LINK_MAX, "%s+%s", console, transmitter + sizeof "usb:" - 1);
}

/* Both serial numbers as far as there is room: the same of each. What they are in full, known_as says. */
static void join_serials(char out[MODALITY_NAME_MAX], const char *console, const char *transmitter)
{
    const size_t whole = strlen(console) + strlen("+") + strlen(transmitter);
    const int most = whole < MODALITY_NAME_MAX ? MODALITY_NAME_MAX : (MODALITY_NAME_MAX - 2) / 2;
    snprintf(out, MODALITY_NAME_MAX, "%.*s+%.*s", most, console, most, transmitter);
}

static void tell_pair(const struct usb_scanned *console, const struct usb_scanned *transmitter,
                      struct modality_found *out)
{
    struct modality_found c, t;
    usb_scan_tell(console, &c);
    usb_scan_tell(transmitter, &t);
    *out = c;
    join(out->link, c.link, t.link);
    join(out->known_as, c.known_as, t.known_as);
    snprintf(out->what, sizeof out->what, "Openwater Open-LIFU");
    join_serials(out->serial, c.serial, t.serial);
    usb_scan_note_name(console, &c);
    usb_scan_note_name(transmitter, &t);
    usb_scan_note_ids(console, out);
    if (c.note[0])
        usb_scan_note(out, "%s", c.note);
    if (strcmp(c.note, t.note) != 0)
        usb_scan_note(out, "of the transmitter: %s", t.note[0] ? t.note : "named by its serial number");
    usb_scan_note_node(console, out);
    usb_scan_note_node(transmitter, out);
}

/* Nobody can see which console a transmitter is wired to. */
static void tell_half(const struct usb_scanned *s, size_t consoles, size_t transmitters, struct modality_found *out)
{
    usb_scan_tell(s, out);
    out->link[0] = '\0';
    if (consoles == 0 || transmitters == 0)
        usb_scan_note(out, "half of a unit: there is no %s beside it", consoles == 0 ? "console" : "transmitter");
    else
        usb_scan_note(out,
                      "half of a unit, of %zu consoles and %zu transmitters: a person has to say which are wired "
                      "together: link = usb:CONSOLE+TRANSMITTER",
                      consoles, transmitters);
}

int lifu_scan(const struct modality_services *services, void *ctx,
              void (*found)(void *ctx, const struct modality_found *unit))
{
    struct usb_scanned *all = calloc(USB_SCAN_MAX, sizeof *all);
    const struct usb_scanned *last[LIFU_SIDES] = {NULL};
    size_t n = 0, count[LIFU_SIDES] = {0};
    struct modality_found unit;
    (void)services;
    int r = all ? usb_scan(table, LIFU_SIDES, all, &n) : -EIO;
    for (size_t i = 0; i < n; i++) {
        size_t side = (size_t)(all[i].match - table);
        last[side] = &all[i];
        count[side]++;
    }
    if (count[LIFU_CONSOLE] == 1 && count[LIFU_TRANSMITTER] == 1) {
        tell_pair(last[LIFU_CONSOLE], last[LIFU_TRANSMITTER], &unit);
        found(ctx, &unit);
        n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        tell_half(&all[i], count[LIFU_CONSOLE], count[LIFU_TRANSMITTER], &unit);
        found(ctx, &unit);
    }
    free(all);
    return r;
}
