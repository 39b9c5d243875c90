/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from the class definitions for communications devices 1.2 and their PSTN subclass 1.2. */
#include "usb_cdc.h"

#include <errno.h>
#include <stdio.h>

#define SUBCLASS_ACM 0x02
#define CS_INTERFACE 0x24
#define CALL_MANAGEMENT 0x01 /* its fifth byte is the data interface */
#define UNION 0x06           /* its fifth byte is the first subordinate interface */
#define NAMES_DATA_SIZE 5    /* of both of these at least */

#define TO_INTERFACE (LIBUSB_REQUEST_TYPE_CLASS | LIBUSB_RECIPIENT_INTERFACE)
#define SET_LINE_CODING 0x20
#define SET_CONTROL_LINE_STATE 0x22
#define DTR_AND_RTS 0x03

int cdc_data_interface(const uint8_t *extra, size_t n, uint8_t *out)
{
    int called = -1;
    while (n >= 2 && extra[0] >= 2 && extra[0] <= n) {
        bool functional = extra[1] == CS_INTERFACE && extra[0] >= NAMES_DATA_SIZE;
        if (functional && extra[2] == UNION) {
            *out = extra[4];
            return 0;
        }
        if (functional && extra[2] == CALL_MANAGEMENT)
            called = extra[4];
        n -= extra[0];
        extra += extra[0];
    }
    if (called < 0)
        return -ENODEV;
    *out = (uint8_t)called;
    return 0;
}

static const struct libusb_interface_descriptor *interface_of(const struct libusb_config_descriptor *config,
                                                              uint8_t number)
{
    for (uint8_t i = 0; i < config->bNumInterfaces; i++)
        if (config->interface[i].num_altsetting > 0 && config->interface[i].altsetting[0].bInterfaceNumber == number)
            return &config->interface[i].altsetting[0];
    return NULL;
}

/* Where descriptors do not say it, data follows control, as it does in practice. */
static bool data_of(const struct libusb_config_descriptor *config, const struct libusb_interface_descriptor *control,
                    struct cdc_interfaces *out)
{
    size_t n = control->extra_length > 0 ? (size_t)control->extra_length : 0;
    if (cdc_data_interface(control->extra, n, &out->data) < 0)
        out->data = (uint8_t)(control->bInterfaceNumber + 1);
    const struct libusb_interface_descriptor *data = interface_of(config, out->data);
    return data && usb_pipes_find(data, &out->pipes) == 0;
}

int cdc_interfaces_find(const struct libusb_config_descriptor *config, struct cdc_interfaces *out)
{
    for (uint8_t i = 0; i < config->bNumInterfaces; i++) {
        if (config->interface[i].num_altsetting < 1)
            continue;
        const struct libusb_interface_descriptor *control = &config->interface[i].altsetting[0];
        struct cdc_interfaces found = {.control = control->bInterfaceNumber};
        if (control->bInterfaceClass != LIBUSB_CLASS_COMM || control->bInterfaceSubClass != SUBCLASS_ACM ||
            !data_of(config, control, &found))
            continue;
        *out = found;
        return 0;
    }
    return -ENODEV;
}

static int find(const struct usb_device *device, struct cdc_interfaces *out)
{
    struct libusb_config_descriptor *config;
    if (libusb_get_active_config_descriptor(usb_device_of(device), &config) != LIBUSB_SUCCESS)
        return -EIO;
    int r = cdc_interfaces_find(config, out);
    libusb_free_config_descriptor(config);
    return r;
}

static int set_line(struct usb_device *device, uint8_t control, const struct serial_line *line, int64_t deadline_ns)
{
    uint8_t coding[7] = {(uint8_t)(line->baud & 0xff),
                         (uint8_t)(line->baud >> 8 & 0xff),
                         (uint8_t)(line->baud >> 16 & 0xff),
                         (uint8_t)(line->baud >> 24),
                         line->stop_bits == 2 ? 2 : 0,
                         line->parity == 'E' ? 2 : 0,
                         8};
    struct usb_request set_coding = {.type = TO_INTERFACE, .request = SET_LINE_CODING, .index = control};
    struct usb_request set_state = {
        .type = TO_INTERFACE, .request = SET_CONTROL_LINE_STATE, .value = DTR_AND_RTS, .index = control};
    size_t done;
    int r = usb_device_control(device, &set_coding, coding, sizeof coding, deadline_ns, &done);
    if (r == 0 || r == -EACCES)
        r = usb_device_control(device, &set_state, NULL, 0, deadline_ns, &done);
    return r == -EACCES ? 0 : r;
}

static int prepare(struct usb_device *device, const struct serial_line *line, int64_t deadline_ns,
                   char why[USB_WHY_MAX], struct cdc_interfaces *found)
{
    const char *node = usb_device_seen(device)->node;
    int r = find(device, found);
    if (r < 0) {
        snprintf(why, USB_WHY_MAX, "%s is no CDC-ACM device", node);
        return r;
    }
    r = usb_device_claim(device, found->control);
    if (r == 0 && found->data != found->control)
        r = usb_device_claim(device, found->data);
    if (r < 0) {
        snprintf(why, USB_WHY_MAX, "the interfaces of %s cannot be claimed", node);
        return r;
    }
    r = set_line(device, found->control, line, deadline_ns);
    if (r < 0)
        snprintf(why, USB_WHY_MAX, "%s does not take the line settings", node);
    return r;
}

int usb_cdc_open(const struct usb_name *name, const struct serial_line *line, int64_t deadline_ns,
                 char why[USB_WHY_MAX], struct usb_port **out)
{
    struct usb_device *device;
    struct cdc_interfaces found = {0};
    struct usb_carrier plain = {0};
    int r = usb_device_open(name, why, &device);
    if (r < 0)
        return r;
    r = prepare(device, line, deadline_ns, why, &found);
    if (r < 0) {
        usb_device_close(device);
        return r;
    }
    snprintf(why, USB_WHY_MAX, "no memory");
    return usb_port_new(device, &found.pipes, &plain, out);
}
