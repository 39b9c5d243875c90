/* SPDX-License-Identifier: Apache-2.0 */
#include "config/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* Devices of the kernel's list: adapters of makers' own chips, and those of the class for modems. */
#define MAJOR_TTY_USB 188
#define MAJOR_TTY_ACM 166
#define LINKS_MAX 8 /* of links in a row that lead nowhere yet */

static const char *after(const char *text, const char *start)
{
    const size_t n = strlen(start);
    return strncmp(text, start, n) == 0 ? text + n : NULL;
}

/* Without doubled slashes, "." and "..", whether or not it is there. */
static void name_normalise(const char *path, char out[PATH_MAX])
{
    size_t used = 0;
    while (*path != '\0') {
        path += strspn(path, "/");
        const size_t n = strcspn(path, "/");
        if (n == 2 && strncmp(path, "..", n) == 0) {
            do
                used -= used > 0;
            while (used > 0 && out[used] != '/');
        } else if (n > 0 && !(n == 1 && path[0] == '.') && used + n + 2 <= PATH_MAX)
            used += (size_t)snprintf(out + used, PATH_MAX - used, "/%.*s", (int)n, path);
        path += n;
    }
    snprintf(out + used, PATH_MAX - used, "%s", used == 0 ? "/" : "");
}

/* The next name, where the last part is a link; false when it is none. */
static bool link_followed(const char *path, char out[PATH_MAX])
{
    char target[PATH_MAX], whole[2 * PATH_MAX];
    const ssize_t n = readlink(path, target, sizeof(target) - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    const char *slash = strrchr(path, '/');
    snprintf(whole, sizeof(whole), "%.*s/%s", target[0] == '/' ? 0 : (int)(slash - path), path, target);
    name_normalise(whole, out);
    return true;
}

/* Where it leads: to what is there, or to the name at the end of links that lead nowhere yet. */
static void name_resolve(const char *path, char out[PATH_MAX])
{
    char next[PATH_MAX];
    name_normalise(path, out);
    for (int i = 0; i < LINKS_MAX; i++) {
        if (realpath(out, next) != NULL) {
            memcpy(out, next, sizeof(next));
            return;
        }
        if (!link_followed(out, next))
            return;
        memcpy(out, next, sizeof(next));
    }
}

void terminal_node(const char *path, char out[PATH_MAX])
{
    struct stat st;
    name_resolve(path, out);
    if (stat(out, &st) == 0 && S_ISCHR(st.st_mode))
        snprintf(out, PATH_MAX, "char %u:%u", major(st.st_rdev), minor(st.st_rdev));
}

/* What the kernel names so, as adapters come. */
static bool is_numbered(const char *name)
{
    return after(name, "/dev/ttyUSB") != NULL || after(name, "/dev/ttyACM") != NULL ||
           after(name, "/dev/char/188:") != NULL || after(name, "/dev/char/166:") != NULL;
}

/* Terminals that are no adapters on USB, whether they are there or not. */
static bool is_kernels(const char *name)
{
    return after(name, "/dev/tty") != NULL || after(name, "/dev/pts/") != NULL || after(name, "/dev/rfcomm") != NULL;
}

static bool is_adapter(const char *node)
{
    char link[TERMINAL_USB_MAX];
    struct stat st;
    if (stat(node, &st) == 0 && S_ISCHR(st.st_mode) &&
        (major(st.st_rdev) == MAJOR_TTY_USB || major(st.st_rdev) == MAJOR_TTY_ACM))
        return true;
    return is_numbered(node) || terminal_usb_link("/sys", node, link);
}

enum terminal_kind terminal_kind(const char *path)
{
    char name[PATH_MAX], node[PATH_MAX];
    name_normalise(path, name);
    if (after(name, "/dev/serial/by-id/") != NULL)
        return TERMINAL_BY_ID;
    if (after(name, "/dev/serial/by-path/") != NULL)
        return TERMINAL_BY_PATH;
    if (is_numbered(name))
        return TERMINAL_NUMBERED;
    name_resolve(name, node);
    if (is_adapter(node))
        return TERMINAL_ALIAS;
    const bool absent = access(node, F_OK) != 0;
    return absent && after(node, "/dev/") != NULL && !is_kernels(node) ? TERMINAL_ALIAS : TERMINAL_OTHER;
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
    char name[PATH_MAX];
    name_normalise(path, name);
    const char *by_id = after(name, "/dev/serial/by-id/"), *by_path = after(name, "/dev/serial/by-path/");
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
