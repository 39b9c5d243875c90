/* SPDX-License-Identifier: Apache-2.0 */
/* Modbus TCP: a listener and its connections. The port found at first is kept when the endpoint comes back. */
#include "front/line.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* The requests that are whole. False when the peer was closed. */
static bool frames_take(struct peer *peer)
{
    for (;;) {
        ssize_t length = mbap_frame_length(peer->rx, peer->rx_length);
        if (length == 0)
            return true;
        if (length < 0) {
            peer_close(peer, "not_modbus");
            return false;
        }
        struct modbus_request request = {0};
        request.transaction = (uint16_t)((peer->rx[0] << 8) | peer->rx[1]);
        request.unit = peer->rx[6];
        enum modbus_exception exception =
            modbus_request_decode(peer->rx + MBAP_SIZE, (size_t)length - MBAP_SIZE, &request);
        peer_consume(peer, (size_t)length);
        if (!line_request(peer->line, peer, &request, exception, (size_t)length))
            return false;
    }
}

static void peer_ready(void *ctx, uint32_t events)
{
    struct peer *peer = ctx;
    if (events & EPOLLOUT && !peer_flush(peer))
        return;
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
        return;
    ssize_t n = peer_read(peer);
    if (n < 0)
        peer_close(peer, "peer");
    else if (n > 0)
        (void)frames_take(peer);
}

static void accept_ready(void *ctx, uint32_t events)
{
    struct line *line = ctx;
    int on = 1;
    (void)events;
    int fd = accept4(line->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return; /* it went away before we looked, or no descriptor is free: the client sees no connection */
    if (line->peer_count == LINE_PEERS_MAX || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) {
        close(fd);
        return;
    }
    struct peer *peer = peer_new(line, fd, peer_ready);
    if (peer)
        trace_link(line->trace, "open", line->link, peer->id, "peer");
    else
        close(fd);
}

static int address_parse(struct line *line, struct sockaddr_in *out)
{
    char host[LINE_ENDPOINT_MAX];
    char *end;
    snprintf(host, sizeof host, "%s", line->endpoint);
    char *colon = strrchr(host, ':');
    if (!colon)
        return -EINVAL;
    *colon = '\0';
    errno = 0;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (errno || end == colon + 1 || *end || port > UINT16_MAX)
        return -EINVAL;
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(line->port ? line->port : (uint16_t)port)};
    return inet_pton(AF_INET, host, &out->sin_addr) == 1 ? 0 : -EINVAL;
}

/* A socket bound to the line's address, not listening: the kernel refuses connections to it. */
static int socket_bind(struct line *line)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    char host[INET_ADDRSTRLEN];
    int on = 1;
    int r = address_parse(line, &address);
    if (r < 0)
        return r;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
        r = -errno;
        close(fd);
        return r;
    }
    line->listen_fd = fd;
    line->port = ntohs(address.sin_port);
    inet_ntop(AF_INET, &address.sin_addr, host, sizeof host);
    snprintf(line->link, sizeof line->link, "tcp:%s:%u", host, line->port);
    return 0;
}

int tcp_open(struct line *line)
{
    int r = line->listen_fd < 0 ? socket_bind(line) : 0;
    if (r < 0)
        return r;
    if (listen(line->listen_fd, SOMAXCONN) < 0)
        return -errno;
    line->listen_source = loop_add(line->loop, line->listen_fd, EPOLLIN, accept_ready, line);
    return line->listen_source ? 0 : -errno;
}

void tcp_reserve(struct line *line)
{
    int r = socket_bind(line);
    if (r < 0)
        fprintf(stderr, "modality-sim: %s cannot be kept: %s\n", line->link, strerror(-r));
}

void tcp_close(struct line *line)
{
    if (line->listen_fd < 0)
        return;
    loop_remove(line->loop, line->listen_source);
    close(line->listen_fd);
    line->listen_source = NULL;
    line->listen_fd = -1;
}
