/* SPDX-License-Identifier: Apache-2.0 */
/* Enumeration by libusb; serial number and names as the kernel keeps them, because libusb would ask the device. */
#include "usb_find.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 7 /* ports from root to device, as libusb says */

/* "1-2.3": what the kernel calls the device, and the folder it has under sysfs. */
static bool read_port(libusb_device *device, char out[USB_PORT_MAX])
{
    uint8_t ports[DEPTH_MAX];
    int depth = libusb_get_port_numbers(device, ports, DEPTH_MAX);
    if (depth <= 0) /* a root hub */
        return false;
    int used = snprintf(out, USB_PORT_MAX, "%u-%u", libusb_get_bus_number(device), ports[0]);
    for (int i = 1; i < depth; i++)
        used += snprintf(out + used, USB_PORT_MAX - (size_t)used, ".%u", ports[i]);
    return true;
}

/* One attribute of the device: false if it has none or it does not fit, out is "" then. */
static bool read_attribute(const char *port, const char *attribute, char *out, size_t size, bool cut)
{
    char path[96], text[256];
    out[0] = '\0';
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/%s", port, attribute);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return false;
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    if (!cut && strlen(text) >= size)
        return false;
    snprintf(out, size, "%s", text);
    return true;
}

/* False for what no name can mean: hubs, and what is gone already. */
static bool see(libusb_device *device, struct usb_seen *out)
{
    struct libusb_device_descriptor d;
    *out = (struct usb_seen){0};
    if (libusb_get_device_descriptor(device, &d) != LIBUSB_SUCCESS || d.bDeviceClass == LIBUSB_CLASS_HUB ||
        !read_port(device, out->port))
        return false;
    out->vendor = d.idVendor;
    out->product = d.idProduct;
    snprintf(out->node, sizeof out->node, "/dev/bus/usb/%03u/%03u", libusb_get_bus_number(device),
             libusb_get_device_address(device));
    read_attribute(out->port, "serial", out->serial, sizeof out->serial, false);
    read_attribute(out->port, "manufacturer", out->maker, sizeof out->maker, true);
    read_attribute(out->port, "product", out->model, sizeof out->model, true);
    return true;
}

bool usb_name_fits(const struct usb_name *name, const struct usb_seen *seen)
{
    return name->vendor == seen->vendor && name->product == seen->product &&
           (name->serial[0] == '\0' || strcmp(name->serial, seen->serial) == 0) &&
           (name->port[0] == '\0' || strcmp(name->port, seen->port) == 0);
}

int usb_list(libusb_context *ctx, struct usb_seen *seen, size_t max, size_t *n)
{
    libusb_device **list;
    ssize_t count = libusb_get_device_list(ctx, &list);
    if (count < 0)
        return -EIO;
    size_t found = 0;
    for (ssize_t i = 0; i < count; i++) {
        struct usb_seen one;
        if (!see(list[i], &one))
            continue;
        if (found < max)
            seen[found] = one;
        found++;
    }
    libusb_free_device_list(list, 1);
    *n = found;
    return 0;
}

#define BUS_MAX 256 /* devices that are looked at; a bus has 127 */

int usb_find_each(const struct usb_name *name, struct usb_name *names, size_t max, size_t *n)
{
    struct usb_seen *seen = calloc(BUS_MAX, sizeof *seen);
    libusb_context *ctx = NULL;
    size_t count = 0, fit = 0;
    int r = seen && libusb_init(&ctx) == LIBUSB_SUCCESS ? usb_list(ctx, seen, BUS_MAX, &count) : -EIO;
    for (size_t i = 0; r == 0 && i < count && i < BUS_MAX; i++) {
        if (!usb_name_fits(name, &seen[i]))
            continue;
        if (fit < max) {
            names[fit] = *name;
            memcpy(names[fit].port, seen[i].port, sizeof names[fit].port);
        }
        fit++;
    }
    if (ctx)
        libusb_exit(ctx);
    free(seen);
    if (r == 0)
        *n = fit;
    return r;
}

/* All that fit, counted; the first two are kept. */
static size_t search(libusb_device **list, ssize_t count, const struct usb_name *name, struct usb_seen seen[2],
                     libusb_device **device)
{
    size_t found = 0;
    for (ssize_t i = 0; i < count; i++) {
        struct usb_seen one;
        if (!see(list[i], &one) || !usb_name_fits(name, &one))
            continue;
        if (found == 0)
            *device = list[i];
        if (found < 2)
            seen[found] = one;
        found++;
    }
    return found;
}

int usb_find(libusb_context *ctx, const struct usb_name *name, struct usb_seen *seen, libusb_device **device,
             char why[USB_WHY_MAX])
{
    char text[USB_NAME_TEXT_MAX];
    struct usb_seen fit[2];
    libusb_device **list, *first = NULL;
    usb_name_text(name, text);
    ssize_t count = libusb_get_device_list(ctx, &list);
    if (count < 0) {
        snprintf(why, USB_WHY_MAX, "USB cannot be listed: %s", libusb_strerror((int)count));
        return -EIO;
    }
    size_t found = search(list, count, name, fit, &first);
    if (found == 1) {
        *seen = fit[0];
        *device = libusb_ref_device(first);
    } else if (found == 0) {
        snprintf(why, USB_WHY_MAX, "%s is not plugged in", text);
    } else {
        snprintf(why, USB_WHY_MAX, "%zu devices are %s, on the ports %s and %s: unplug one", found, text, fit[0].port,
                 fit[1].port);
    }
    libusb_free_device_list(list, 1);
    return found == 1 ? 0 : -ENODEV;
}
