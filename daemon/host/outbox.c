/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte ring in front of a SOCK_SEQPACKET socket, whose own queue may hold no more than ten datagrams
 * (net.unix.max_dgram_qlen). Order is kept: once something waits, everything waits behind it.
 */
#include "host/outbox.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "modality/clock.h"

#define OUTBOX_LOG_PER_S 20

void outbox_init(struct outbox *o, int fd, int wake_fd)
{
    pthread_mutex_init(&o->lock, NULL);
    o->fd = fd;
    o->wake_fd = wake_fd;
    o->gone = fd < 0;
    o->head = o->used = 0;
    o->dropped = o->log_lines = o->log_suppressed = 0;
    o->log_window_ns = 0;
}

static void ring_copy_in(struct outbox *o, const void *data, size_t size)
{
    size_t tail = (o->head + o->used) % OUTBOX_RING, first = OUTBOX_RING - tail;
    if (first > size)
        first = size;
    memcpy(o->ring + tail, data, first);
    memcpy(o->ring, (const unsigned char *)data + first, size - first);
    o->used += size;
}

static void ring_copy_out(const struct outbox *o, size_t offset, void *data, size_t size)
{
    size_t at = (o->head + offset) % OUTBOX_RING, first = OUTBOX_RING - at;
    if (first > size)
        first = size;
    memcpy(data, o->ring + at, first);
    memcpy((unsigned char *)data + first, o->ring, size - first);
}

/* 1 sent, 0 the socket is full, -1 nobody is there. */
static int socket_send(struct outbox *o, const struct iovec *parts, size_t n)
{
    struct msghdr m = {.msg_iov = (struct iovec *)parts, .msg_iovlen = n};
    if (sendmsg(o->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 1;
    if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
        return 0;
    return -1;
}

static bool droppable(const struct link_header *header)
{
    return header->type == LINK_SAMPLE || header->type == LINK_LOG;
}

static void ring_add(struct outbox *o, const struct link_header *header)
{
    uint32_t size = header->size;
    size_t need = sizeof(size) + size;
    if (droppable(header) && o->used + need > OUTBOX_RING / 2) {
        o->dropped++;
        return;
    }
    if (o->used + need > OUTBOX_RING) {
        o->gone = true;
        return;
    }
    ring_copy_in(o, &size, sizeof(size));
    ring_copy_in(o, header, size);
}

static void control_wake(const struct outbox *o)
{
    uint64_t one = 1;
    ssize_t n = write(o->wake_fd, &one, sizeof(one));
    (void)n; /* a full counter wakes as well */
}

void outbox_send(struct outbox *o, const void *message)
{
    const struct link_header *header = message;
    pthread_mutex_lock(&o->lock);
    if (!o->gone) {
        struct iovec whole = {(void *)message, header->size};
        int r = o->used == 0 ? socket_send(o, &whole, 1) : 0;
        if (r == 0)
            ring_add(o, header);
        if (r < 0)
            o->gone = true;
        if (r <= 0)
            control_wake(o);
    }
    pthread_mutex_unlock(&o->lock);
}

/* One datagram of the ring, as one or two parts of it. */
static int ring_send(struct outbox *o)
{
    uint32_t size = 0;
    ring_copy_out(o, 0, &size, sizeof(size));
    size_t at = (o->head + sizeof(size)) % OUTBOX_RING, first = OUTBOX_RING - at;
    if (first > size)
        first = size;
    struct iovec parts[2] = {{o->ring + at, first}, {o->ring, size - first}};
    int r = socket_send(o, parts, size > first ? 2 : 1);
    if (r == 1) {
        o->head = (o->head + sizeof(size) + size) % OUTBOX_RING;
        o->used -= sizeof(size) + size;
    }
    return r;
}

bool outbox_flush(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    int r = 1;
    while (!o->gone && o->used > 0 && r == 1)
        r = ring_send(o);
    if (r < 0)
        o->gone = true;
    bool waits = !o->gone && o->used > 0;
    pthread_mutex_unlock(&o->lock);
    return waits;
}

bool outbox_gone(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    bool gone = o->gone;
    pthread_mutex_unlock(&o->lock);
    return gone;
}

/* True if this line may go; *suppressed is what was held back before it. */
static bool log_admit(struct outbox *o, unsigned *suppressed)
{
    int64_t now = clock_monotonic_ns();
    pthread_mutex_lock(&o->lock);
    *suppressed = 0;
    if (now - o->log_window_ns >= NS_PER_S) {
        o->log_window_ns = now;
        o->log_lines = 0;
        *suppressed = o->log_suppressed;
        o->log_suppressed = 0;
    }
    bool admit = o->log_lines < OUTBOX_LOG_PER_S;
    if (admit)
        o->log_lines++;
    else
        o->log_suppressed++;
    pthread_mutex_unlock(&o->lock);
    return admit;
}

static void text_send(struct outbox *o, enum link_message_type type, enum modality_log_level level, const char *origin,
                      const char *text)
{
    struct link_text m = {.level = level};
    link_message_head(&m, type, sizeof(m));
    snprintf(m.origin, sizeof(m.origin), "%s", origin);
    snprintf(m.text, sizeof(m.text), "%s", text);
    outbox_send(o, &m);
}

void outbox_log(struct outbox *o, enum modality_log_level level, const char *origin, const char *format, ...)
{
    unsigned suppressed = 0;
    if (!log_admit(o, &suppressed))
        return;
    char text[LINK_TEXT_MAX];
    if (suppressed > 0) {
        snprintf(text, sizeof(text), "%u lines suppressed", suppressed);
        text_send(o, LINK_LOG, MODALITY_LOG_WARNING, origin, text);
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    text_send(o, LINK_LOG, level, origin, text);
}

void outbox_config_fault(struct outbox *o, const char *origin, const char *text)
{
    text_send(o, LINK_CONFIG_FAULT, MODALITY_LOG_ERROR, origin, text);
}
