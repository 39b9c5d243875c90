/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ends of a wire on which the devices of these tests stand.
 */
#include "wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "support.h"

static void open_tcp(struct wire *w)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    w->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(w->listener >= 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(w->listener, 4), 0);
    assert_int_equal(getsockname(w->listener, (struct sockaddr *)&at, &size), 0);
    snprintf(w->link, sizeof w->link, "tcp:127.0.0.1:%u", ntohs(at.sin_port));
}

static void open_rtu(struct wire *w)
{
    struct termios raw;
    char name[48];
    w->fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(w->fd >= 0 && grantpt(w->fd) == 0 && unlockpt(w->fd) == 0);
    assert_int_equal(ptsname_r(w->fd, name, sizeof name), 0);
    w->slave_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(w->slave_fd >= 0 && tcgetattr(w->slave_fd, &raw) == 0);
    cfmakeraw(&raw);
    assert_int_equal(tcsetattr(w->slave_fd, TCSANOW, &raw), 0);
    snprintf(w->link, sizeof w->link, "serial:%s", name);
}

void wire_open(struct wire *w, bool rtu)
{
    *w = (struct wire){.rtu = rtu, .listener = -1, .fd = -1, .slave_fd = -1};
    if (rtu)
        open_rtu(w);
    else
        open_tcp(w);
}

void wire_drop(struct wire *w)
{
    if (w->rtu || w->fd < 0)
        return;
    close(w->fd);
    w->fd = -1;
}

void wire_accept(struct wire *w)
{
    wire_drop(w);
    w->fd = accept4(w->listener, NULL, NULL, SOCK_CLOEXEC);
}

void wire_close(struct wire *w)
{
    int fds[] = {w->listener, w->fd, w->slave_fd};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

bool wire_send(const struct wire *w, const uint8_t *bytes, size_t size)
{
    ssize_t n = w->rtu ? write(w->fd, bytes, size) : send(w->fd, bytes, size, MSG_NOSIGNAL);
    return n >= 0;
}

uint16_t wire_crc(const uint8_t *bytes, size_t size)
{
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1);
    }
    return crc;
}
