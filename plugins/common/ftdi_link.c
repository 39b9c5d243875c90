/* SPDX-License-Identifier: Apache-2.0 */
#include "ftdi_link.h"

#include <errno.h>
#include <ftdi.h>
#include <stdio.h>
#include <stdlib.h>

#include "modality/clock.h"

#define LATENCY_MS 1  /* of 1 to 255: a packet goes out after this time even if it is not full; 16 after a reset */
#define STATUS_SIZE 2 /* modem and line status at the head of each packet */

struct ftdi_link {
    struct ftdi_context *ftdi; /* owned */
    int64_t deadline_ns;       /* of the step at hand */
};

static void link_close(void *ctx)
{
    struct ftdi_link *link = ctx;
    if (link->ftdi) {
        (void)ftdi_usb_close(link->ftdi); /* fails when the device is gone: nothing is left then */
        ftdi_free(link->ftdi);
    }
    free(link);
}

/* Gives libftdi what is left of the time, for its next control request: false when there is none. */
static bool in_time(const struct ftdi_link *link)
{
    int64_t left_ms = (link->deadline_ns - clock_monotonic_ns()) / NS_PER_MS;
    link->ftdi->usb_read_timeout = link->ftdi->usb_write_timeout = left_ms > 0 ? (int)left_ms : 1;
    return left_ms > 0;
}

static int link_purge(void *ctx, int64_t deadline_ns)
{
    struct ftdi_link *link = ctx;
    link->deadline_ns = deadline_ns;
    if (!in_time(link))
        return -EAGAIN;
    return ftdi_tcioflush(link->ftdi) < 0 ? -EIO : 0;
}

static int set_baud(struct ftdi_link *link, const struct serial_line *line)
{
    return ftdi_set_baudrate(link->ftdi, (int)line->baud);
}

static int set_line(struct ftdi_link *link, const struct serial_line *line)
{
    return ftdi_set_line_property(link->ftdi, BITS_8, line->stop_bits == 2 ? STOP_BIT_2 : STOP_BIT_1,
                                  line->parity == 'E' ? EVEN : NONE);
}

static int set_flow(struct ftdi_link *link, const struct serial_line *line)
{
    (void)line;
    return ftdi_setflowctrl(link->ftdi, SIO_DISABLE_FLOW_CTRL);
}

static int set_latency(struct ftdi_link *link, const struct serial_line *line)
{
    (void)line;
    return ftdi_set_latency_timer(link->ftdi, LATENCY_MS);
}

static int set_ready(struct ftdi_link *link, const struct serial_line *line)
{
    (void)line;
    return ftdi_setdtr_rts(link->ftdi, 1, 1);
}

static int purge(struct ftdi_link *link, const struct serial_line *line)
{
    (void)line;
    return ftdi_tcioflush(link->ftdi);
}

/* What it takes after the reset that opening it is, in this order. */
static int set_up(struct ftdi_link *link, const struct serial_line *line, const char **failed)
{
    static const struct {
        const char *what;
        int (*act)(struct ftdi_link *link, const struct serial_line *line);
    } steps[] = {{"baud rate", set_baud},  {"line format", set_line},  {"flow control", set_flow},
                 {"latency", set_latency}, {"DTR and RTS", set_ready}, {"purge", purge}};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        *failed = steps[i].what;
        if (!in_time(link))
            return -EAGAIN;
        int r = steps[i].act(link, line);
        if (r < 0) /* -1 of the baud rate is libftdi's own refusal; all others come from the wire */
            return steps[i].act == set_baud && r == -1 ? -EINVAL : -EIO;
    }
    return 0;
}

static int find_pipes(const struct usb_device *device, int interface, struct usb_pipes *out)
{
    struct libusb_config_descriptor *config;
    if (libusb_get_active_config_descriptor(usb_device_of(device), &config) != LIBUSB_SUCCESS)
        return -EIO;
    int r = interface < config->bNumInterfaces && config->interface[interface].num_altsetting > 0
                ? usb_pipes_find(&config->interface[interface].altsetting[0], out)
                : -ENODEV;
    libusb_free_config_descriptor(config);
    out->overhead = STATUS_SIZE;
    return r;
}

static int prepare(struct ftdi_link *link, struct usb_device *device, const struct serial_line *line,
                   char why[USB_WHY_MAX], struct usb_pipes *pipes)
{
    const char *node = usb_device_seen(device)->node, *failed = "opening";
    snprintf(why, USB_WHY_MAX, "%s cannot be opened as an FTDI chip", node);
    int r = find_pipes(device, link->ftdi->interface, pipes);
    if (r < 0)
        return r;
    link->ftdi->module_detach_mode = AUTO_DETACH_REATACH_SIO_MODULE;
    if (!in_time(link))
        return -EAGAIN;
    if (ftdi_usb_open_dev(link->ftdi, usb_device_of(device)) < 0) {
        snprintf(why, USB_WHY_MAX, "%s cannot be opened: %s", node, ftdi_get_error_string(link->ftdi));
        return -EIO;
    }
    usb_device_adopt(device, link->ftdi->usb_dev);
    r = set_up(link, line, &failed);
    if (r < 0)
        snprintf(why, USB_WHY_MAX, "%s: %s: %s", node, failed, ftdi_get_error_string(link->ftdi));
    return r;
}

int ftdi_link_open(const struct usb_name *name, const struct serial_line *line, int64_t deadline_ns,
                   char why[USB_WHY_MAX], struct usb_port **out)
{
    struct usb_device *device;
    struct usb_pipes pipes = {0};
    int r = usb_device_hold(name, why, &device);
    if (r < 0)
        return r;
    struct ftdi_link *link = calloc(1, sizeof *link);
    if (link)
        link->ftdi = ftdi_new();
    if (!link || !link->ftdi) {
        snprintf(why, USB_WHY_MAX, "no memory");
        free(link);
        usb_device_close(device);
        return -EIO;
    }
    link->deadline_ns = deadline_ns;
    r = prepare(link, device, line, why, &pipes);
    if (r < 0) {
        link_close(link);
        usb_device_close(device);
        return r;
    }
    snprintf(why, USB_WHY_MAX, "no memory");
    return usb_port_new(device, &pipes, &(struct usb_carrier){.ctx = link, .purge = link_purge, .close = link_close},
                        out);
}
