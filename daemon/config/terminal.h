/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The USB device behind a terminal: by the name that was written, which may hold a serial number or a port, and by what
 * the kernel says while the terminal is there. One chip may be reached as either, and two hosts must never do so.
 */
#ifndef CONFIG_TERMINAL_H
#define CONFIG_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

#define TERMINAL_USB_MAX 256 /* bytes of "usb:..." as below, NUL included */

/* "/dev/ttyUSB0", "/dev/ttyACM1": whichever adapter was plugged in first has it. */
bool terminal_is_numbered(const char *path);

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
