/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical links. Nothing is looked up in a network: a configuration must load on a machine without one. */
#include "config/canonical.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "config/field.h"

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
    if (strncmp(text, "usb:", 4) == 0 && text[4] != '\0')
        return text;
    *fault = "needs tcp:HOST:PORT, serial:/dev/NAME or usb:...";
    return NULL;
}

const char *link_node(struct arena *a, const char *canonical)
{
    char resolved[PATH_MAX];
    const char *path = serial_path(canonical);
    return path != NULL && realpath(path, resolved) != NULL ? arena_text(a, "serial:%s", resolved) : canonical;
}
