/* SPDX-License-Identifier: Apache-2.0 */
/* Never blocks but in poll, which ends at the deadline. */
#include "transport_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

#include "modality/clock.h"

static int fd_of(void *ctx)
{
    return (int)(intptr_t)ctx;
}

static int error_of(int error)
{
    return error == EIO || error == ENXIO || error == ENODEV || error == EPIPE || error == ECONNRESET ||
                   error == EBADF || error == ENOENT
               ? -ENODEV
               : -EIO;
}

/* Until fd is ready for events or broken: 0; -EAGAIN at the deadline. */
static int wait_for(int fd, short events, int64_t deadline_ns)
{
    for (;;) {
        int64_t left = deadline_ns - clock_monotonic_ns();
        if (left < 0)
            left = 0;
        struct timespec t = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
        struct pollfd p = {.fd = fd, .events = events};
        int r = ppoll(&p, 1, &t, NULL);
        if (r > 0)
            return p.revents & POLLNVAL ? -ENODEV : 0;
        if (r == 0)
            return -EAGAIN;
        if (errno != EINTR)
            return -EIO;
    }
}

static int fd_write(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    for (size_t sent = 0; sent < n;) {
        ssize_t r = write(fd_of(ctx), bytes + sent, n - sent);
        if (r > 0) {
            sent += (size_t)r;
            continue;
        }
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0 && errno != EAGAIN)
            return error_of(errno);
        int w = wait_for(fd_of(ctx), POLLOUT, deadline_ns);
        if (w < 0)
            return w == -EAGAIN && sent > 0 ? -ETIMEDOUT : w;
    }
    return 0;
}

static int fd_read(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    for (;;) {
        ssize_t r = read(fd_of(ctx), bytes, size);
        if (r > 0) {
            *n = (size_t)r;
            return 0;
        }
        if (r == 0)
            return -ENODEV;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN)
            return error_of(errno);
        int w = wait_for(fd_of(ctx), POLLIN, deadline_ns);
        if (w < 0)
            return w;
    }
}

static void fd_close(void *ctx)
{
    (void)close(fd_of(ctx));
}

struct transport transport_of_fd(int fd)
{
    return (struct transport){.ctx = (void *)(intptr_t)fd, .write = fd_write, .read = fd_read, .close = fd_close};
}

/* ---- terminals ---- */

static speed_t speed_of(unsigned baud)
{
    static const struct {
        unsigned baud;
        speed_t speed;
    } speeds[] = {{9600, B9600},       {19200, B19200},     {38400, B38400},    {57600, B57600},
                  {115200, B115200},   {230400, B230400},   {460800, B460800},  {921600, B921600},
                  {1000000, B1000000}, {2000000, B2000000}, {3000000, B3000000}};
    for (size_t i = 0; i < sizeof speeds / sizeof *speeds; i++)
        if (speeds[i].baud == baud)
            return speeds[i].speed;
    return B0;
}

/* Majors of the slave side of pseudo terminals (Linux, devices.txt). */
static bool is_pty(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && major(st.st_rdev) >= 136 && major(st.st_rdev) <= 143;
}

/*
 * The C library compares what it asked for with what the kernel kept and says EINVAL for a parity that was dropped, or
 * 0 when anything else could be done: the terminal is asked what it has.
 */
static int set_line(int fd, const struct serial_line *line, bool *parity_lost)
{
    struct termios mode, kept;
    speed_t speed = speed_of(line->baud);
    if (speed == B0)
        return -EINVAL;
    if (tcgetattr(fd, &mode) < 0)
        return errno == ENOTTY ? -EINVAL : error_of(errno);
    cfmakeraw(&mode);
    mode.c_cflag &= ~(tcflag_t)(PARENB | PARODD | CSTOPB | CRTSCTS);
    mode.c_cflag |= CLOCAL | CREAD | (line->parity == 'E' ? PARENB : 0) | (line->stop_bits == 2 ? CSTOPB : 0);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    if (cfsetispeed(&mode, speed) < 0 || cfsetospeed(&mode, speed) < 0)
        return -EINVAL;
    if (tcsetattr(fd, TCSANOW, &mode) < 0 && errno != EINVAL)
        return error_of(errno);
    if (tcgetattr(fd, &kept) < 0)
        return error_of(errno);
    const tcflag_t asked = CSIZE | PARODD | CSTOPB | CRTSCTS;
    if ((kept.c_cflag & asked) != (mode.c_cflag & asked) || cfgetospeed(&kept) != speed)
        return -EINVAL;
    *parity_lost = (mode.c_cflag & PARENB) && !(kept.c_cflag & PARENB);
    return *parity_lost && !is_pty(fd) ? -EINVAL : 0;
}

/* ftdi_sio takes it for a latency timer of 1 ms in place of 16; a port that has no such thing refuses. */
static void ask_low_latency(int fd)
{
    struct serial_struct port;
    memset(&port, 0, sizeof port);
    if (ioctl(fd, TIOCGSERIAL, &port) < 0)
        return;
    port.flags = (int)((unsigned)port.flags | ASYNC_LOW_LATENCY);
    (void)ioctl(fd, TIOCSSERIAL, &port);
}

int serial_open(const char *path, const struct serial_line *line, bool *parity_lost, int *fd)
{
    bool lost = false;
    int port = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (port < 0)
        return errno == EACCES || errno == EPERM ? -ENODEV : error_of(errno);
    int r = set_line(port, line, &lost);
    if (r < 0) {
        (void)close(port);
        return r;
    }
    ask_low_latency(port);
    (void)tcflush(port, TCIFLUSH); /* what came before the line was set is noise */
    *parity_lost = lost;
    *fd = port;
    return 0;
}
