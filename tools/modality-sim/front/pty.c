/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus RTU on a pseudo terminal. The "connection" is the time a client has the terminal open: the kernel's hang-up
 * state says whether one has, inotify says when to look. (inotify alone cannot count: equal neighbouring events are
 * merged.) Request ends are known by their length; silence only ends what cannot be understood.
 */
#include "front/line.h"

#include <errno.h>
#include <fcntl.h>
#include <modality/clock.h>
#include <poll.h>
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

static void master_ready(void *ctx, uint32_t events);

static bool client_present(const struct line *line)
{
    struct pollfd look = {.fd = line->master_fd, .events = POLLIN};
    return poll(&look, 1, 0) >= 0 && !(look.revents & POLLHUP);
}

static int clients_watch(struct line *line)
{
    line->watch = inotify_add_watch(line->inotify_fd, line->slave_name, IN_OPEN | IN_CLOSE);
    return line->watch < 0 ? -errno : 0;
}

static int slave_reset(int fd)
{
    struct termios mode;
    if (tcgetattr(fd, &mode) < 0)
        return -errno;
    cfmakeraw(&mode);
    return tcsetattr(fd, TCSANOW, &mode) < 0 || tcflush(fd, TCIFLUSH) < 0 ? -errno : 0;
}

/* Opens the slave to set it raw, or to throw away what a client left unread: a line keeps nothing for the next one.
 * Our own opening is not to be seen as a client's, hence the watch is off meanwhile. */
static int slave_touch(struct line *line)
{
    if (line->watch >= 0)
        (void)inotify_rm_watch(line->inotify_fd, line->watch);
    int fd = open(line->slave_name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    int r = fd < 0 ? -errno : slave_reset(fd);
    if (fd >= 0)
        close(fd);
    int watched = clients_watch(line);
    return r < 0 ? r : watched;
}

static void client_opened(struct line *line)
{
    int fd = fcntl(line->master_fd, F_DUPFD_CLOEXEC, 0);
    struct peer *peer = fd >= 0 ? peer_new(line, fd, master_ready) : NULL;
    if (peer)
        trace_link(line->trace, "open", line->link, peer->id, "peer");
    else if (fd >= 0)
        close(fd);
}

/* The client is gone; what it wrote before it went still counts. */
static void client_closed(struct line *line)
{
    struct peer *peer = line->peers;
    int master_fd = line->master_fd;
    if (peer)
        master_take(peer);
    if (line->master_fd != master_fd)
        return; /* what it wrote cut the line */
    if (line->peers)
        peer_close(line->peers, "peer");
    int r = slave_touch(line);
    if (r < 0)
        fprintf(stderr, "modality-sim: %s: %s\n", line->link, strerror(-r));
}

/* What inotify has to tell: whether somebody opened, and whether that was after somebody closed. */
static void events_read(struct line *line, bool *opened, bool *reopened)
{
    _Alignas(struct inotify_event) char buffer[4096];
    bool closed = false;
    ssize_t n = read(line->inotify_fd, buffer, sizeof buffer);
    for (ssize_t at = 0; at < n;) {
        struct inotify_event event;
        memcpy(&event, buffer + at, sizeof event);
        at += (ssize_t)(sizeof event + event.len);
        closed |= (event.mask & IN_CLOSE) != 0;
        *opened |= (event.mask & IN_OPEN) != 0;
        *reopened |= (event.mask & IN_OPEN) != 0 && closed;
    }
}

/* Brings the connection in line with who has the terminal open. Unread bytes are the leaving client's, unless the next
 * one is here already. */
static void clients_follow(struct line *line)
{
    bool opened = false;
    bool reopened = false;
    events_read(line, &opened, &reopened);
    bool present = client_present(line);
    if (line->peers && present && reopened)
        peer_close(line->peers, "peer");
    if (!line->peers && (present || opened))
        client_opened(line);
    if (line->peers && !present)
        client_closed(line);
    if (!line->peers && line->master_fd >= 0 && client_present(line))
        client_opened(line); /* it came while the last one was seen off */
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
    if (line->peers && events & EPOLLIN)
        master_take(line->peers);
}

static int path_link(const char *name, const char *path)
{
    char old[64];
    ssize_t length = readlink(path, old, sizeof old);
    if (length > 9 && memcmp(old, "/dev/pts/", 9) == 0 && unlink(path) < 0)
        return -errno; /* only a left-over of a simulator is ever replaced */
    return symlink(name, path) < 0 ? -errno : 0;
}

static int terminal_open(struct line *line)
{
    line->master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (line->master_fd < 0 || grantpt(line->master_fd) < 0 || unlockpt(line->master_fd) < 0)
        return -errno;
    int r = ptsname_r(line->master_fd, line->slave_name, sizeof line->slave_name);
    if (r != 0)
        return -r;
    line->inotify_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (line->inotify_fd < 0)
        return -errno;
    r = slave_touch(line);
    if (r < 0)
        return r;
    line->inotify_source = loop_add(line->loop, line->inotify_fd, EPOLLIN, inotify_ready, line);
    return line->inotify_source ? path_link(line->slave_name, line->endpoint) : -errno;
}

int pty_open(struct line *line)
{
    line->gap_timer = (struct loop_timer){.fn = gap_over, .ctx = line};
    line->watch = -1;
    snprintf(line->link, sizeof line->link, "pty:%s", line->endpoint);
    int r = terminal_open(line);
    line->linked = r == 0;
    if (r < 0)
        pty_close(line);
    return r;
}

void pty_close(struct line *line)
{
    loop_timer_cancel(line->loop, &line->gap_timer);
    loop_remove(line->loop, line->inotify_source);
    if (line->inotify_fd >= 0)
        close(line->inotify_fd);
    if (line->master_fd >= 0)
        close(line->master_fd);
    if (line->linked)
        (void)unlink(line->endpoint);
    line->linked = false;
    line->inotify_source = NULL;
    line->inotify_fd = -1;
    line->master_fd = -1;
}
