/* SPDX-License-Identifier: Apache-2.0 */
#include "usb_scan.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUS_MAX 256 /* devices that are looked at; a bus has 127 */

static const struct usb_match *row_of(const struct usb_match *table, size_t n, const struct usb_seen *seen)
{
    for (size_t i = 0; i < n; i++)
        if (table[i].vendor == seen->vendor && table[i].product == seen->product)
            return &table[i];
    return NULL;
}

/* A serial number may hold what a link cannot: then the port names it. */
static bool nameable(const struct usb_name *name)
{
    char text[USB_NAME_TEXT_MAX], link[USB_NAME_TEXT_MAX + 4];
    struct usb_name names[USB_NAMES_MAX];
    const char *fault;
    size_t n;
    usb_name_text(name, text);
    snprintf(link, sizeof link, "usb:%s", text);
    return usb_link_parse(link, names, &n, &fault) == 0 && n == 1;
}

static struct usb_name name_make(const struct usb_seen *seen, bool serial, bool port)
{
    struct usb_name name = {.vendor = seen->vendor, .product = seen->product};
    if (serial)
        memcpy(name.serial, seen->serial, sizeof name.serial);
    if (port)
        memcpy(name.port, seen->port, sizeof name.port);
    return name;
}

static bool has_serial(const struct usb_seen *seen)
{
    const struct usb_name by_serial = name_make(seen, true, false);
    return seen->serial[0] != '\0' && nameable(&by_serial);
}

/*
 * Whether its serial number leaves open which device is meant: another of its ids has the same, or one that cannot be
 * said, so that it goes by its port, and a port and a serial number may be one device for all that a section knows.
 */
static bool needs_port(const struct usb_seen *all, size_t n, const struct usb_seen *seen)
{
    for (size_t i = 0; i < n; i++)
        if (&all[i] != seen && all[i].vendor == seen->vendor && all[i].product == seen->product &&
            (!has_serial(&all[i]) || strcmp(all[i].serial, seen->serial) == 0))
            return true;
    return false;
}

static struct usb_name name_of(const struct usb_seen *all, size_t n, const struct usb_seen *seen)
{
    const bool serial = has_serial(seen);
    return name_make(seen, serial, !serial || needs_port(all, n, seen));
}

static int list(struct usb_seen *seen, size_t *n)
{
    libusb_context *ctx;
    if (libusb_init(&ctx) != LIBUSB_SUCCESS)
        return -EIO;
    int r = usb_list(ctx, seen, BUS_MAX, n);
    libusb_exit(ctx);
    if (r == 0 && *n > BUS_MAX)
        *n = BUS_MAX;
    return r;
}

int usb_scan(const struct usb_match *table, size_t n_rows, struct usb_scanned out[USB_SCAN_MAX], size_t *n)
{
    size_t all = 0, count = 0;
    struct usb_seen *seen = calloc(BUS_MAX, sizeof *seen);
    int r = seen ? list(seen, &all) : -EIO;
    for (size_t i = 0; r == 0 && i < all && count < USB_SCAN_MAX; i++) {
        const struct usb_match *match = row_of(table, n_rows, &seen[i]);
        if (match)
            out[count++] = (struct usb_scanned){match, seen[i], name_of(seen, all, &seen[i])};
    }
    free(seen);
    if (r == 0)
        *n = count;
    return r;
}

void usb_scan_note(struct modality_found *out, const char *format, ...)
{
    va_list arguments;
    size_t used = strlen(out->note);
    if (used > 0 && used < sizeof out->note - 3)
        used += (size_t)snprintf(out->note + used, sizeof out->note - used, "; ");
    va_start(arguments, format);
    vsnprintf(out->note + used, sizeof out->note - used, format, arguments);
    va_end(arguments);
}

static void link_text(const struct usb_name *name, char out[MODALITY_LINK_MAX])
{
    char text[USB_NAME_TEXT_MAX];
    usb_name_text(name, text);
    snprintf(out, MODALITY_LINK_MAX, "usb:%s", text);
}

void usb_scan_note_ids(const struct usb_scanned *s, struct modality_found *out)
{
    if (s->match->shared)
        usb_scan_note(out, "its ids are %s: other products show them too, see that it is this device",
                      s->match->shared);
}

void usb_scan_note_name(const struct usb_scanned *s, struct modality_found *out)
{
    if (s->name.serial[0] == '\0')
        usb_scan_note(out, "no serial number that a link can hold: whatever is plugged into this port is meant");
    else if (s->name.port[0])
        usb_scan_note(out, "one like it has the same serial number or none: named by its port as well");
}

void usb_scan_note_node(const struct usb_scanned *s, struct modality_found *out)
{
    const char *by = s->name.serial[0] ? "ATTR{serial}" : "KERNEL";
    if (access(s->seen.node, R_OK | W_OK) < 0)
        usb_scan_note(out, "%s may not be opened: see %s in 60-modalityd.rules", s->seen.node, by);
}

void usb_scan_tell(const struct usb_scanned *s, struct modality_found *out)
{
    const struct usb_name all = name_make(&s->seen, has_serial(&s->seen), true);
    *out = (struct modality_found){0};
    link_text(&s->name, out->link);
    link_text(&all, out->known_as);
    snprintf(out->what, sizeof out->what, "%s", s->match->what);
    snprintf(out->maker, sizeof out->maker, "%s", s->seen.maker);
    snprintf(out->model, sizeof out->model, "%s", s->seen.model);
    snprintf(out->serial, sizeof out->serial, "%s", s->seen.serial);
}

static void tell_with_notes(const struct usb_scanned *s, struct modality_found *out)
{
    usb_scan_tell(s, out);
    usb_scan_note_ids(s, out);
    usb_scan_note_name(s, out);
    usb_scan_note_node(s, out);
}

int usb_scan_each(const struct usb_match *table, size_t n_rows, void *ctx,
                  void (*found)(void *ctx, const struct modality_found *unit))
{
    struct usb_scanned *scanned = calloc(USB_SCAN_MAX, sizeof *scanned);
    size_t n = 0;
    int r = scanned ? usb_scan(table, n_rows, scanned, &n) : -EIO;
    for (size_t i = 0; i < n; i++) {
        struct modality_found unit;
        tell_with_notes(&scanned[i], &unit);
        found(ctx, &unit);
    }
    free(scanned);
    return r;
}
