/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The port under a Modbus line. TCP is connected here, so that the connect ends at the deadline and small writes leave
 * at once; its context only keeps the socket. A serial port is opened by libmodbus, which sets the line parameters.
 */
#include "modbus_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "modality/clock.h"

/* Reads the digits after the last colon as a port; *host_end is that colon. */
static int parse_port(const char *text, const char **host_end, uint16_t *port)
{
    const char *colon = strrchr(text, ':');
    if (!colon || !colon[1] || strlen(colon + 1) > 5)
        return -EINVAL;
    unsigned value = 0;
    for (const char *p = colon + 1; *p; p++) {
        if (*p < '0' || *p > '9')
            return -EINVAL;
        value = value * 10 + (unsigned)(*p - '0');
    }
    if (value == 0 || value > UINT16_MAX)
        return -EINVAL;
    *host_end = colon;
    *port = (uint16_t)value;
    return 0;
}

static int parse_tcp(const char *text, struct modbus_line_config *out)
{
    const char *end;
    uint16_t port;
    char host[INET6_ADDRSTRLEN];
    if (parse_port(text, &end, &port) < 0)
        return -EINVAL;
    size_t length = (size_t)(end - text);
    bool six = length > 2 && text[0] == '[' && end[-1] == ']';
    if (six) {
        text++;
        length -= 2;
    }
    if (length == 0 || length >= sizeof host)
        return -EINVAL;
    memcpy(host, text, length);
    host[length] = '\0';
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->address;
    memset(&out->address, 0, sizeof out->address);
    if (six) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        out->address_size = sizeof *v6;
        return inet_pton(AF_INET6, host, &v6->sin6_addr) == 1 ? 0 : -EINVAL;
    }
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out->address_size = sizeof *v4;
    return inet_pton(AF_INET, host, &v4->sin_addr) == 1 ? 0 : -EINVAL;
}

int modbus_line_parse(const char *text, struct modbus_line_config *out)
{
    if (!strncmp(text, "tcp:", 4)) {
        out->kind = LINK_KIND_TCP;
        return parse_tcp(text + 4, out);
    }
    if (strncmp(text, "serial:/", 8) != 0 || strlen(text + 7) >= sizeof out->path)
        return -EINVAL;
    out->kind = LINK_KIND_SERIAL;
    snprintf(out->path, sizeof out->path, "%s", text + 7);
    return 0;
}

int modbus_port_create(const struct modbus_line_config *config, modbus_t **out)
{
    /* The address given here is never used: the socket is connected below and handed over. */
    modbus_t *ctx = config->kind == LINK_KIND_TCP
                        ? modbus_new_tcp("127.0.0.1", MODBUS_TCP_DEFAULT_PORT)
                        : modbus_new_rtu(config->path, config->baud, config->parity, 8, config->stop_bits);
    if (!ctx)
        return errno == ENOMEM ? -ENOMEM : -EINVAL;
    /* Zero: the response timeout bounds the whole reply; any other value lets a dripping device prolong it. */
    if (modbus_set_byte_timeout(ctx, 0, 0) < 0 || modbus_set_error_recovery(ctx, MODBUS_ERROR_RECOVERY_NONE) < 0) {
        modbus_free(ctx);
        return -EINVAL;
    }
    *out = ctx;
    return 0;
}

int modbus_port_wait(int fd, short events, int64_t deadline_ns)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        int64_t left = deadline_ns - clock_monotonic_ns();
        if (left <= 0)
            left = 0;
        struct timespec t = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
        int n = ppoll(&p, 1, &t, NULL);
        if (n >= 0)
            return n;
        if (errno != EINTR)
            return -errno;
    }
}

static int connect_by(int fd, const struct modbus_line_config *config, int64_t deadline_ns)
{
    if (connect(fd, (const struct sockaddr *)&config->address, config->address_size) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    int n = modbus_port_wait(fd, POLLOUT, deadline_ns);
    if (n <= 0)
        return n < 0 ? n : -ETIMEDOUT;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return -errno;
    return -error;
}

static int open_tcp(const struct modbus_line_config *config, modbus_t *ctx, int64_t deadline_ns)
{
    int fd = socket(config->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -EIO;
    int one = 1, r = connect_by(fd, config, deadline_ns);
    if (r == 0 && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0)
        r = -errno;
    if (r == 0 && modbus_set_socket(ctx, fd) < 0)
        r = -errno;
    if (r == 0)
        return 0;
    close(fd);
    return r == -ECONNREFUSED || r == -EHOSTUNREACH || r == -ENETUNREACH ? -ENODEV : -EIO;
}

int modbus_port_open(const struct modbus_line_config *config, modbus_t *ctx, int64_t deadline_ns)
{
    if (config->kind == LINK_KIND_TCP)
        return open_tcp(config, ctx, deadline_ns);
    if (modbus_connect(ctx) == 0)
        return 0;
    return errno == ENOENT || errno == ENODEV || errno == ENXIO ? -ENODEV : -EIO;
}

void modbus_port_close(const struct modbus_line_config *config, modbus_t *ctx)
{
    int fd = modbus_get_socket(ctx);
    if (fd < 0)
        return;
    if (config->kind != LINK_KIND_TCP) {
        modbus_close(ctx);
        return;
    }
    struct linger drop = {.l_onoff = 1, .l_linger = 0};
    if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &drop, sizeof drop) < 0)
        shutdown(fd, SHUT_RDWR);
    close(fd);
    modbus_set_socket(ctx, -1);
}

int modbus_port_discard(const struct modbus_line_config *config, modbus_t *ctx)
{
    if (config->kind != LINK_KIND_TCP)
        return modbus_flush(ctx) < 0 ? -EIO : 0;
    uint8_t bytes[MODBUS_TCP_MAX_ADU_LENGTH];
    int discarded = 0;
    /* A peer that floods cannot hold us here: what is left after some frames shows as a wrong transaction. */
    for (int i = 0; i < 8; i++) {
        ssize_t n = recv(modbus_get_socket(ctx), bytes, sizeof bytes, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN))
            return -EIO;
        if (n < 0)
            break;
        discarded += (int)n;
    }
    return discarded;
}

int modbus_port_silence(modbus_t *ctx, int64_t last_ns, int64_t silence_ns, int64_t deadline_ns)
{
    int fd = modbus_get_socket(ctx);
    for (;;) {
        int64_t until = last_ns + silence_ns;
        int n = modbus_port_wait(fd, POLLIN, until < deadline_ns ? until : deadline_ns);
        if (n < 0)
            return -EIO;
        int64_t now = clock_monotonic_ns();
        if (n == 0 && now >= until)
            return 0;
        if (n > 0) {
            uint8_t bytes[MODBUS_RTU_MAX_ADU_LENGTH];
            if (read(fd, bytes, sizeof bytes) <= 0)
                return -EIO;
            last_ns = now;
        }
        if (now >= deadline_ns)
            return -EAGAIN;
    }
}
