/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus RTU on a pseudo terminal. The simulator holds the slave open itself, so that the line exists without a client,
 * and learns from inotify when a client opens and closes it: that is the "connection". Request ends are known by their
 * length; silence only ends what cannot be understood.
 */
#include "front/line.h"

#include <errno.h>
#include <fcntl.h>
#include <modality/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <termios.h>
#include <unistd.h>

/* 3.5 characters last 4 ms at 9600 baud; a pty client may be scheduled away between two writes, hence more. */
#define GAP_NS (20 * NS_PER_MS)

static void request_decode(struct peer *peer, size_t length, struct modbus_request *request,
                           enum modbus_exception *exception)
{
    *request = (struct modbus_request){.unit = peer->rx[0]};
    *exception = modbus_request_decode(peer->rx + 1, length - 3, request);
}

/* Takes a frame of this length from the buffer. False when the peer was closed. */
static bool frame_take(struct peer *peer, size_t length)
{
    struct modbus_request request;
    enum modbus_exception exception;
    if (!rtu_crc_valid(peer->rx, length)) {
        peer->rx_length = 0; /* out of step: what is here is lost */
        return true;
    }
    request_decode(peer, length, &request, &exception);
    peer_consume(peer, length);
    return line_request(peer->line, peer, &request, exception, length);
}

static void gap_over(void *ctx, int64_t now_ns)
{
    struct line *line = ctx;
    struct peer *peer = line->peers;
    (void)now_ns;
    if (!peer || peer->rx_length == 0)
        return;
    if (rtu_request_length(peer->rx, peer->rx_length) == -ENOSYS && !frame_take(peer, peer->rx_length))
        return;
    peer->rx_length = 0;
}

/* Reads what is there and takes the frames that are whole. */
static void master_take(struct peer *peer)
{
    struct line *line = peer->line;
    if (peer_read(peer) <= 0)
        return;
    for (;;) {
        ssize_t length = rtu_request_length(peer->rx, peer->rx_length);
        if (length <= 0)
            break;
        if (!frame_take(peer, (size_t)length))
            return;
    }
    if (peer->rx_length == sizeof peer->rx)
        peer->rx_length = 0;
    loop_timer_arm(line->loop, &line->gap_timer, peer->rx_length ? clock_monotonic_ns() + GAP_NS : LOOP_NEVER);
}

static void client_opened(struct line *line)
{
    if (line->openers++ > 0)
        return;
    line->peers->id = peer_next_id();
    trace_link(line->trace, "open", line->link, line->peers->id, "peer");
}

/* Bytes carry no mark of who wrote them: unread ones are the leaving client's, unless the next one is here already.
 * Nor does a line keep replies for the next client. */
static void client_closed(struct line *line, bool next_is_here)
{
    if (line->openers == 0 || --line->openers > 0)
        return;
    if (!next_is_here)
        master_take(line->peers);
    if (!line->peers)
        return;
    struct peer *peer = line->peers;
    trace_link(line->trace, "close", line->link, peer->id, "peer");
    line_peer_gone(line, peer);
    peer->rx_length = 0;
    peer->tx_length = 0;
    if (!next_is_here)
        (void)tcflush(line->slave_fd, TCIFLUSH);
}

/* Comings and goings so far. The line may be cut by what a leaving client wrote: then the rest is of no interest. */
static void clients_follow(struct line *line)
{
    int fd = line->inotify_fd;
    _Alignas(struct inotify_event) char buffer[4096];
    ssize_t n = read(fd, buffer, sizeof buffer);
    for (ssize_t at = 0; at < n && line->peers && line->inotify_fd == fd;) {
        struct inotify_event event;
        memcpy(&event, buffer + at, sizeof event);
        at += (ssize_t)(sizeof event + event.len);
        if (event.mask & IN_OPEN)
            client_opened(line);
        if (event.mask & (IN_CLOSE_WRITE | IN_CLOSE_NOWRITE))
            client_closed(line, at < n);
    }
}

static void inotify_ready(void *ctx, uint32_t events)
{
    (void)events;
    clients_follow(ctx);
}

static void master_ready(void *ctx, uint32_t events)
{
    struct peer *peer = ctx;
    struct line *line = peer->line;
    if (events & EPOLLOUT && !peer_flush(peer))
        return;
    clients_follow(line); /* a request is never read before the opening it came through */
    if (line->peers == peer && events & EPOLLIN)
        master_take(peer);
}

static int slave_prepare(struct line *line, int master, char *name, size_t size)
{
    struct termios raw;
    if (grantpt(master) < 0 || unlockpt(master) < 0)
        return -errno;
    int r = ptsname_r(master, name, size);
    if (r != 0)
        return -r;
    line->slave_fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (line->slave_fd < 0 || tcgetattr(line->slave_fd, &raw) < 0)
        return -errno;
    cfmakeraw(&raw);
    return tcsetattr(line->slave_fd, TCSANOW, &raw) < 0 ? -errno : 0;
}

static int clients_watch(struct line *line, const char *name)
{
    line->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (line->inotify_fd < 0 || inotify_add_watch(line->inotify_fd, name, IN_OPEN | IN_CLOSE) < 0)
        return -errno;
    line->inotify_source = loop_add(line->loop, line->inotify_fd, EPOLLIN, inotify_ready, line);
    return line->inotify_source ? 0 : -errno;
}

static int path_link(const char *name, const char *path)
{
    char old[64];
    ssize_t length = readlink(path, old, sizeof old);
    if (length > 9 && memcmp(old, "/dev/pts/", 9) == 0 && unlink(path) < 0)
        return -errno; /* only a left-over of a simulator is ever replaced */
    return symlink(name, path) < 0 ? -errno : 0;
}

int pty_open(struct line *line)
{
    char name[64];
    line->gap_timer = (struct loop_timer){.fn = gap_over, .ctx = line};
    line->openers = 0;
    snprintf(line->link, sizeof line->link, "pty:%s", line->endpoint);
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (master < 0)
        return -errno;
    int r = slave_prepare(line, master, name, sizeof name);
    if (r == 0)
        r = clients_watch(line, name);
    if (r == 0 && !peer_new(line, master, master_ready))
        r = -ENOMEM;
    if (r < 0) {
        close(master);
        pty_close(line);
        return r;
    }
    r = path_link(name, line->endpoint);
    line->linked = r == 0;
    if (r < 0) {
        peer_close(line->peers, NULL);
        pty_close(line);
    }
    return r;
}

void pty_close(struct line *line)
{
    loop_timer_cancel(line->loop, &line->gap_timer);
    if (line->inotify_fd >= 0) {
        loop_remove(line->loop, line->inotify_source);
        close(line->inotify_fd);
    }
    if (line->slave_fd >= 0)
        close(line->slave_fd);
    if (line->linked)
        (void)unlink(line->endpoint);
    line->linked = false;
    line->inotify_source = NULL;
    line->inotify_fd = -1;
    line->slave_fd = -1;
}
