/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical links. Nothing is looked up in a network: a configuration must load on a machine without one. */
#include "config/canonical.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/field.h"
#include "config/terminal.h"

static const char tcp_form[] = "needs tcp:HOST:PORT";

static bool is_host_name(const char *host)
{
    size_t n = strlen(host);
    if (n == 0 || n > 253)
        return false;
    for (const char *p = host; *p != '\0'; p++)
        if (!isalnum((unsigned char)*p) && *p != '.' && *p != '-')
            return false;
    return true;
}

/* The host part in its one form; NULL if it is none. */
static const char *host_canonical(struct arena *a, const char *host, size_t length)
{
    unsigned char address[sizeof(struct in6_addr)];
    char shortest[INET6_ADDRSTRLEN];
    if (length > 2 && host[0] == '[' && host[length - 1] == ']') {
        const char *inner = arena_copy(a, host + 1, length - 2);
        if (inet_pton(AF_INET6, inner, address) != 1 ||
            inet_ntop(AF_INET6, address, shortest, sizeof(shortest)) == NULL)
            return NULL;
        return arena_text(a, "[%s]", shortest);
    }
    char *name = arena_alloc(a, length + 1);
    if (name == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++)
        name[i] = (char)tolower((unsigned char)host[i]);
    if (!is_host_name(name))
        return NULL;
    return strcmp(name, "localhost") == 0 ? "127.0.0.1" : name;
}

static const char *tcp_canonical(struct arena *a, const char *text, const char **fault)
{
    const char *host = text + strlen("tcp:");
    const char *colon = strrchr(host, ':');
    int64_t port = 0;
    *fault = tcp_form;
    if (colon == NULL)
        return NULL;
    const char *name = host_canonical(a, host, (size_t)(colon - host));
    if (name == NULL)
        return NULL;
    if (count_parse(colon + 1, 65535, &port) < 0 || port < 1) {
        *fault = "needs a port from 1 to 65535";
        return NULL;
    }
    return arena_text(a, "tcp:%s:%u", name, (unsigned)port);
}

static const char *serial_path(const char *text)
{
    static const char scheme[] = "serial:";
    return strncmp(text, scheme, strlen(scheme)) == 0 ? text + strlen(scheme) : NULL;
}

/* ---- USB: ids, then what else is said of the device, and "+" before a second one ---- */

static const char *usb_devices(const char *text)
{
    return strncmp(text, "usb:", 4) == 0 ? text + 4 : NULL;
}

/* What a device is said to have under a key: its length, 0 when nothing is said. */
static size_t said(const char *device, const char *key, const char **out)
{
    const size_t end = strcspn(device, "+"), n = strlen(key);
    for (size_t at = strcspn(device, ",+"); at < end; at += 1 + strcspn(device + at + 1, ",+")) {
        *out = device + at + 1 + n;
        if (strncmp(device + at + 1, key, n) == 0)
            return strcspn(*out, ",+");
    }
    return 0;
}

static bool agrees(const char *a, const char *b, const char *key)
{
    const char *x = "", *y = "";
    const size_t n = said(a, key, &x), m = said(b, key, &y);
    return n == 0 || m == 0 || (n == m && strncmp(x, y, n) == 0);
}

static bool one_device(const char *a, const char *b)
{
    const size_t n = strcspn(a, ",+"), m = strcspn(b, ",+");
    return n == m && strncasecmp(a, b, n) == 0 && agrees(a, b, "serial=") && agrees(a, b, "port=");
}

static const char *usb_next(const char *device)
{
    const char *plus = strchr(device, '+');
    return plus != NULL ? plus + 1 : NULL;
}

/* A port has one plug in it, whatever ids and serial numbers are said of it. */
static bool one_port(const char *a, const char *b)
{
    const char *x = "", *y = "";
    const size_t n = said(a, "port=", &x);
    return n > 0 && n == said(b, "port=", &y) && strncmp(x, y, n) == 0;
}

static bool meets_itself(const char *text)
{
    for (const char *a = usb_devices(text); a != NULL; a = usb_next(a))
        for (const char *b = usb_next(a); b != NULL; b = usb_next(b))
            if (one_device(a, b) || one_port(a, b))
                return true;
    return false;
}

static bool usb_meets(const char *a, const char *b)
{
    for (const char *x = a; x != NULL; x = usb_next(x))
        for (const char *y = b; y != NULL; y = usb_next(y))
            if (one_device(x, y))
                return true;
    return false;
}

static bool one_node(const char *a, const char *b)
{
    char x[PATH_MAX], y[PATH_MAX];
    terminal_node(a, x);
    terminal_node(b, y);
    return strcmp(x, y) == 0;
}

/* By its name, or by what is behind it now. */
static bool terminal_meets(const char *path, const char *devices)
{
    char behind[TERMINAL_USB_MAX];
    for (const char *d = devices; d != NULL; d = usb_next(d)) {
        const char *serial = "", *port = "";
        const size_t n_serial = said(d, "serial=", &serial), n_port = said(d, "port=", &port);
        if (terminal_names(path, serial, n_serial, port, n_port))
            return true;
    }
    return terminal_usb_link("/sys", path, behind) && usb_meets(usb_devices(behind), devices);
}

bool link_meets(const char *a, const char *b)
{
    if (strcmp(a, b) == 0)
        return true;
    if (usb_devices(a) != NULL && usb_devices(b) != NULL)
        return usb_meets(usb_devices(a), usb_devices(b));
    if (serial_path(a) != NULL && usb_devices(b) != NULL)
        return terminal_meets(serial_path(a), usb_devices(b));
    if (usb_devices(a) != NULL && serial_path(b) != NULL)
        return terminal_meets(serial_path(b), usb_devices(a));
    return serial_path(a) != NULL && serial_path(b) != NULL && one_node(serial_path(a), serial_path(b));
}

bool link_shares_port(const char *a, const char *b)
{
    for (const char *x = usb_devices(a); x != NULL; x = usb_next(x))
        for (const char *y = usb_devices(b); y != NULL; y = usb_next(y))
            if (one_port(x, y))
                return true;
    return false;
}

/* Whether one of them is named without its serial number. */
static bool goes_by_port(const char *devices)
{
    const char *serial = "";
    for (const char *d = devices; d != NULL; d = usb_next(d))
        if (said(d, "serial=", &serial) == 0)
            return true;
    return false;
}

const char *link_may_become(const char *link, const char *beside)
{
    const char *path = serial_path(link), *other = serial_path(beside), *devices = usb_devices(beside);
    if (path == NULL || (other == NULL && devices == NULL))
        return NULL;
    const enum terminal_kind kind = terminal_kind(path), others = other != NULL ? terminal_kind(other) : TERMINAL_OTHER;
    if (kind == TERMINAL_BY_ID && devices != NULL && goes_by_port(devices))
        return "the one is named by its serial number, the other by its port: name both by the same, the terminal in "
               "/dev/serial/by-path or the device with its serial number";
    if ((kind != TERMINAL_NUMBERED && kind != TERMINAL_ALIAS) ||
        (other != NULL && (others == kind || others == TERMINAL_OTHER)))
        return NULL;
    return kind == TERMINAL_NUMBERED
               ? "a terminal is numbered as adapters come, so that one may be the other: use its name in "
                 "/dev/serial/by-id or by-path"
               : "the terminal's name does not say which adapter it is: use its name in /dev/serial/by-id or by-path";
}

const char *link_canonical(struct arena *a, const char *text, const char **fault)
{
    if (strncmp(text, "tcp:", 4) == 0)
        return tcp_canonical(a, text, fault);
    const char *path = serial_path(text);
    if (path != NULL && path[0] == '/')
        return text;
    if (path != NULL) {
        *fault = "needs serial: and an absolute path";
        return NULL;
    }
    if (usb_devices(text) != NULL && text[4] != '\0') {
        *fault = "needs two different devices around the +";
        return meets_itself(text) ? NULL : text;
    }
    *fault = "needs tcp:HOST:PORT, serial:/dev/NAME or usb:VVVV:PPPP,serial=TEXT";
    return NULL;
}

const char *link_node(struct arena *a, const char *canonical)
{
    char node[PATH_MAX];
    const char *path = serial_path(canonical);
    if (path == NULL)
        return canonical;
    terminal_node(path, node);
    return arena_text(a, "serial:%s", node);
}
