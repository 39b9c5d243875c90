/* SPDX-License-Identifier: Apache-2.0 */
#include "front/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

unsigned peer_next_id(void)
{
    static unsigned last_id;
    return ++last_id;
}

struct peer *peer_new(struct line *line, int fd, loop_ready_fn ready)
{
    struct peer *peer = calloc(1, sizeof *peer);
    if (!peer)
        return NULL;
    peer->line = line;
    peer->fd = fd;
    peer->id = peer_next_id();
    peer->source = loop_add(line->loop, fd, EPOLLIN, ready, peer);
    if (!peer->source) {
        free(peer);
        return NULL;
    }
    peer->next = line->peers;
    line->peers = peer;
    line->peer_count++;
    return peer;
}

void peer_close(struct peer *peer, const char *cause)
{
    struct line *line = peer->line;
    struct peer **at = &line->peers;
    while (*at != peer)
        at = &(*at)->next;
    *at = peer->next;
    line->peer_count--;
    loop_remove(line->loop, peer->source);
    close(peer->fd);
    if (cause)
        trace_link(line->trace, "close", line->link, peer->id, cause);
    line_peer_gone(line, peer);
    free(peer);
}

bool peer_flush(struct peer *peer)
{
    while (peer->tx_length > 0) {
        ssize_t n = write(peer->fd, peer->tx, peer->tx_length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN) {
            peer_close(peer, "peer");
            return false;
        }
        if (n < 0)
            break;
        peer->tx_length -= (size_t)n;
        memmove(peer->tx, peer->tx + n, peer->tx_length);
    }
    loop_modify(peer->line->loop, peer->source, peer->tx_length ? EPOLLIN | EPOLLOUT : EPOLLIN);
    return true;
}

bool peer_send(struct peer *peer, const uint8_t *bytes, size_t length)
{
    ssize_t n = 0;
    if (peer->tx_length == 0)
        n = write(peer->fd, bytes, length);
    if (n == (ssize_t)length)
        return true;
    size_t sent = n > 0 ? (size_t)n : 0;
    if (peer->tx_length + length - sent > sizeof peer->tx) {
        if (peer->line->kind == LINE_PTY)
            return true;
        peer_close(peer, "not_reading");
        return false;
    }
    memcpy(peer->tx + peer->tx_length, bytes + sent, length - sent);
    peer->tx_length += length - sent;
    return peer_flush(peer);
}

ssize_t peer_read(struct peer *peer)
{
    ssize_t n = read(peer->fd, peer->rx + peer->rx_length, sizeof peer->rx - peer->rx_length);
    if (n > 0)
        peer->rx_length += (size_t)n;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return n > 0 ? n : -EPIPE;
}

void peer_consume(struct peer *peer, size_t length)
{
    peer->rx_length -= length;
    memmove(peer->rx, peer->rx + length, peer->rx_length);
}
