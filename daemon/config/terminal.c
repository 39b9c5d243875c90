/* SPDX-License-Identifier: Apache-2.0 */
#include "config/terminal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *after(const char *text, const char *start)
{
    const size_t n = strlen(start);
    return strncmp(text, start, n) == 0 ? text + n : NULL;
}

bool terminal_is_numbered(const char *path)
{
    return after(path, "/dev/ttyUSB") != NULL || after(path, "/dev/ttyACM") != NULL;
}

/* Whether the text has this between the two. */
static bool has_between(const char *text, const char *before, const char *what, size_t n, const char *behind)
{
    for (const char *at = strstr(text, before); at != NULL; at = strstr(at + 1, before)) {
        const char *found = at + strlen(before);
        if (strncmp(found, what, n) == 0 && after(found + n, behind) != NULL)
            return true;
    }
    return false;
}

bool terminal_names(const char *path, const char *serial, size_t n_serial, const char *port, size_t n_port)
{
    const char *by_id = after(path, "/dev/serial/by-id/"), *by_path = after(path, "/dev/serial/by-path/");
    const char *ports = memchr(port, '-', n_port); /* which bus it is, a path does not say */
    if (by_id != NULL && n_serial > 0)
        return has_between(by_id, "_", serial, n_serial, "-if");
    if (by_path != NULL && ports != NULL)
        return has_between(by_path, "usb-0:", ports + 1, n_port - (size_t)(ports + 1 - port), ":");
    return false;
}

/* One line of a file of the kernel's, without its end; "" when there is none. */
static void attribute_read(const char *folder, const char *name, char *out, size_t size)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    out[0] = '\0';
    if (file == NULL)
        return;
    if (fgets(out, (int)size, file) == NULL)
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(file);
}

bool terminal_usb_link(const char *sys, const char *path, char out[TERMINAL_USB_MAX])
{
    char node[PATH_MAX], device[PATH_MAX + 64], folder[PATH_MAX], vendor[8], product[8], serial[64];
    if (realpath(path, node) == NULL)
        return false;
    snprintf(device, sizeof(device), "%s/class/tty/%s/device", sys, strrchr(node, '/') + 1);
    if (realpath(device, folder) == NULL)
        return false;
    /* Up from the interface to the device, which alone has ids. */
    for (char *slash = strrchr(folder, '/'); slash != NULL && slash != folder; slash = strrchr(folder, '/')) {
        attribute_read(folder, "idVendor", vendor, sizeof(vendor));
        if (vendor[0] != '\0') {
            attribute_read(folder, "idProduct", product, sizeof(product));
            attribute_read(folder, "serial", serial, sizeof(serial));
            const bool told = serial[0] != '\0' && serial[strcspn(serial, ",+")] == '\0';
            snprintf(out, TERMINAL_USB_MAX, "usb:%s:%s%s%s,port=%s", vendor, product, told ? ",serial=" : "",
                     told ? serial : "", slash + 1);
            return true;
        }
        *slash = '\0';
    }
    return false;
}
