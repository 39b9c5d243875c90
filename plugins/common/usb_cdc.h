/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CDC-ACM ("virtual COM port") without the kernel's driver: control and data interface from the descriptors, line
 * coding and line state set, the bulk endpoints as a port.
 */
#ifndef PLUGINS_USB_CDC_H
#define PLUGINS_USB_CDC_H

#include "transport_fd.h"
#include "usb_port.h"

/*
 * Opens the device of a name. line: what it is told; it has no electrical meaning for most. DTR and RTS are set,
 * because many devices say nothing to a terminal that is not there. A device that refuses line coding or line state
 * does not need them. 0; -ENODEV not there, several, or no CDC-ACM device; -EBUSY another process holds it; -EIO;
 * -ETIMEDOUT and -EAGAIN out of time. On failure why says what stands in the way.
 */
int usb_cdc_open(const struct usb_name *name, const struct serial_line *line, int64_t deadline_ns,
                 char why[USB_WHY_MAX], struct usb_port **out);

/* Where control and data are. */
struct cdc_interfaces {
    uint8_t control, data;
    struct usb_pipes pipes;
};

/* Reads them from a configuration: 0, or -ENODEV if it has no whole CDC-ACM function. The first one counts. */
int cdc_interfaces_find(const struct libusb_config_descriptor *config, struct cdc_interfaces *out);

/*
 * The data interface that the functional descriptors of a control interface name (CDC 1.2, 5.2.3): 0, or -ENODEV when
 * they name none. extra[0..n) are the bytes behind the interface descriptor, as the device sent them.
 */
int cdc_data_interface(const uint8_t *extra, size_t n, uint8_t *out);

#endif
