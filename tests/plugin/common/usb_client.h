/* SPDX-License-Identifier: Apache-2.0 */
/* What the USB tests do with a port: open it, say something, hear it, hold calls against the clock. */
#ifndef TEST_PLUGIN_COMMON_USB_CLIENT_H
#define TEST_PLUGIN_COMMON_USB_CLIENT_H

#include "usb_test.h"

#include "common/usb_cdc.h"
#include "modality/clock.h"

#define SOON_NS (200 * NS_PER_MS) /* and yet a loaded machine comes to do what is to end then */
#define LONG_NS (3 * NS_PER_S)
#define LATE_NS (500 * NS_PER_MS) /* how much later than asked a loaded machine may come back */

typedef int (*usb_open_fn)(const struct usb_name *name, const struct serial_line *line, int64_t deadline_ns,
                           char why[USB_WHY_MAX], struct usb_port **out);

/* The port of the test at hand; set by client_opens(). */
struct usb_client {
    struct usb_port *port; /* NULL = not open */
    struct transport t;
    char why[USB_WHY_MAX];
};
extern struct usb_client client;

int64_t in_ns(int64_t ns);
struct usb_name name_of(const char *link);

/* What opening the link as this kind says; the port is client's when that is 0. */
int client_open(usb_open_fn open, const char *link, const struct serial_line *line, int64_t deadline_ns);
/* The same, which must do. */
void client_opens(usb_open_fn open, const char *link, const struct serial_line *line);
void client_closes(void);

int client_write(const char *text, int64_t deadline_ns);
/* Waits for one byte at most. */
int client_read_byte(uint8_t *byte, int64_t deadline_ns);
/* Reads until n bytes are there. */
int client_read(uint8_t *bytes, size_t n, int64_t deadline_ns);

/* n bytes go and come back; up to USB_WRITE_MAX. */
void assert_echo(size_t n);
/* Since begun_ns so long, and not much longer. */
void assert_took(int64_t begun_ns, int64_t at_least_ns);

#endif
