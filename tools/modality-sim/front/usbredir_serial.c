/* SPDX-License-Identifier: Apache-2.0 */
#include "front/usbredir_serial.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/usb_serial.h"

#define BURST 512

struct usbredir_serial {
    struct loop *loop;
    int fd;
    struct loop_source *source;
    struct usb_gadget *gadget;
    struct usb_serial *port;
    size_t used; /* of what QEMU has not taken */
    uint8_t out[BURST];
    struct loop_timer end; /* a connection does not end inside a callback of the port */
    void (*gone)(void *ctx);
    void *ctx;
};

static void end(void *ctx, int64_t now_ns)
{
    struct usbredir_serial *s = ctx;
    (void)now_ns;
    s->gone(s->ctx);
}

/* A broken connection is found when it is read. What has no room stays in the port's own buffer. */
static void flush(void *ctx)
{
    struct usbredir_serial *s = ctx;
    for (;;) {
        s->used += usb_serial_take(s->port, s->out + s->used, sizeof s->out - s->used);
        ssize_t n = s->used ? send(s->fd, s->out, s->used, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
        if (n <= 0)
            break;
        s->used -= (size_t)n;
        memmove(s->out, s->out + n, s->used);
    }
    loop_modify(s->loop, s->source, EPOLLIN | (s->used ? EPOLLOUT : 0u));
}

static void ready(void *ctx, uint32_t events)
{
    struct usbredir_serial *s = ctx;
    uint8_t bytes[BURST];
    (void)events;
    ssize_t n = recv(s->fd, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n > 0)
        usb_serial_give(s->port, bytes, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        loop_timer_arm(s->loop, &s->end, clock_monotonic_ns());
    flush(s);
}

struct usbredir_serial *usbredir_serial_new(struct loop *loop, int fd, struct usb_gadget *gadget,
                                            void (*gone)(void *ctx), void *ctx)
{
    struct usbredir_serial *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    *s = (struct usbredir_serial){.loop = loop,
                                  .fd = fd,
                                  .gadget = gadget,
                                  .port = usb_serial_of(gadget),
                                  .end = {.fn = end, .ctx = s},
                                  .gone = gone,
                                  .ctx = ctx};
    s->source = loop_add(loop, fd, EPOLLIN, ready, s);
    if (!s->source) {
        free(s);
        return NULL;
    }
    gadget->wake = flush;
    gadget->wake_ctx = s;
    gadget->function->held(gadget->ctx, true);
    return s;
}

void usbredir_serial_free(struct usbredir_serial *s)
{
    if (!s)
        return;
    s->gadget->wake = NULL;
    s->gadget->function->held(s->gadget->ctx, false);
    loop_timer_cancel(s->loop, &s->end);
    loop_remove(s->loop, s->source);
    close(s->fd);
    free(s);
}
