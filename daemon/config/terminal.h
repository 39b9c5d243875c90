/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USB device behind a terminal: by the name that was written, which may hold a serial number or a port, and by what
 * the kernel says while the terminal is there. One chip may be reached as either, and two hosts must never do so.
 */
#ifndef CONFIG_TERMINAL_H
#define CONFIG_TERMINAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_USB_MAX 256 /* bytes of "usb:..." as below, NUL included */

/* What the name of a terminal tells of the adapter behind it. Decided alike with the adapter plugged in and without. */
enum terminal_kind {
    TERMINAL_OTHER,    /* no adapter on USB, as far as can be seen: /dev/ttyS0, /dev/pts/3, a node elsewhere */
    TERMINAL_BY_ID,    /* in /dev/serial/by-id: its serial number */
    TERMINAL_BY_PATH,  /* in /dev/serial/by-path: its port */
    TERMINAL_NUMBERED, /* /dev/ttyUSB0, /dev/ttyACM1, /dev/char/188:0: whichever was plugged in first has it */
    TERMINAL_ALIAS,    /* any other name in /dev, or one that leads to an adapter: nobody here knows which */
};
enum terminal_kind terminal_kind(const char *path);

/*
 * What a name leads to: without links as far as they lead to something that is there, without doubled slashes and dots
 * in any case. A character device is "char M:N", since one may have several nodes.
 */
void terminal_node(const char *path, char out[PATH_MAX]);

/*
 * Whether a name of /dev/serial/by-id ends with that serial number, or one of /dev/serial/by-path with that port; both
 * are n bytes, 0 when not known.
 */
bool terminal_names(const char *path, const char *serial, size_t n_serial, const char *port, size_t n_port);

/*
 * What the kernel says of a terminal that is there: "usb:VVVV:PPPP,serial=TEXT,port=BUS-PORT". False when it is not
 * there, or not on USB. sys is the folder "/sys".
 */
bool terminal_usb_link(const char *sys, const char *path, char out[TERMINAL_USB_MAX]);

#endif
