/* SPDX-License-Identifier: Apache-2.0 */
#include "front/usbredir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "front/usb_serial.h"
#include "front/usbredir_serial.h"
#include "front/usbredir_talk.h"

#define BACKLOG 4

struct port {
    struct loop *loop;
    struct sockaddr_un address;
    int listen_fd;
    struct loop_source *listen_source;
    struct usb_gadget *gadget;    /* NULL = nothing plugged in */
    bool serial;                  /* what was plugged in last is behind QEMU's own chip */
    struct usbredir_talk *talk;   /* NULL = no machine */
    struct usbredir_serial *wire; /* likewise; only while something is plugged in */
};

struct usbredir {
    struct port ports[USB_PORTS_MAX];
};

static void gone(void *ctx)
{
    struct port *p = ctx;
    usbredir_talk_free(p->talk);
    usbredir_serial_free(p->wire);
    p->talk = NULL;
    p->wire = NULL;
}

/* One machine at a time: another one takes its place. */
static void listen_ready(void *ctx, uint32_t events)
{
    struct port *p = ctx;
    (void)events;
    int fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    gone(p);
    if (p->serial)
        p->wire = usbredir_serial_new(p->loop, fd, p->gadget, gone, p);
    else
        p->talk = usbredir_talk_new(p->loop, fd, gone, p);
    if (!p->wire && !p->talk)
        close(fd);
    else if (p->talk && p->gadget)
        usbredir_talk_plug(p->talk, p->gadget);
}

static int port_open(struct port *p)
{
    if (p->listen_source)
        return 0;
    unlink(p->address.sun_path); /* of a simulator that was killed */
    p->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (p->listen_fd >= 0 && bind(p->listen_fd, (const struct sockaddr *)&p->address, sizeof p->address) == 0 &&
        listen(p->listen_fd, BACKLOG) == 0)
        p->listen_source = loop_add(p->loop, p->listen_fd, EPOLLIN, listen_ready, p);
    if (p->listen_source)
        return 0;
    int r = -errno;
    if (p->listen_fd >= 0)
        close(p->listen_fd);
    p->listen_fd = -1;
    return r;
}

static void port_close(struct port *p)
{
    gone(p);
    if (!p->listen_source)
        return;
    loop_remove(p->loop, p->listen_source);
    p->listen_source = NULL;
    close(p->listen_fd);
    p->listen_fd = -1;
    unlink(p->address.sun_path);
}

static struct port *port_of(struct usbredir *bus, unsigned number)
{
    return number >= 1 && number <= USB_PORTS_MAX ? &bus->ports[number - 1] : NULL;
}

static int plug(void *ctx, unsigned number, struct usb_gadget *gadget, const char *kernel_driver)
{
    struct port *p = port_of(ctx, number);
    (void)kernel_driver; /* the machine has its own */
    if (!p)
        return -EINVAL;
    if (p->gadget)
        return -EBUSY;
    p->gadget = gadget;
    p->serial = usb_serial_of(gadget) != NULL;
    int r = port_open(p);
    if (r < 0)
        p->gadget = NULL;
    else if (p->talk)
        usbredir_talk_plug(p->talk, gadget);
    return r;
}

static void pull(void *ctx, unsigned number)
{
    struct port *p = port_of(ctx, number);
    if (!p || !p->gadget)
        return;
    if (p->serial)
        port_close(p);
    else if (p->talk)
        usbredir_talk_pull(p->talk);
    p->gadget = NULL;
}

struct usbredir *usbredir_new(struct loop *loop, const char *folder)
{
    struct usbredir *bus = calloc(1, sizeof *bus);
    if (!bus)
        return NULL;
    for (unsigned i = 0; i < USB_PORTS_MAX; i++) {
        struct port *p = &bus->ports[i];
        *p = (struct port){.loop = loop, .listen_fd = -1, .address = {.sun_family = AF_UNIX}};
        snprintf(p->address.sun_path, sizeof p->address.sun_path, "%s/%u", folder, i + 1);
    }
    return bus;
}

void usbredir_free(struct usbredir *bus)
{
    if (!bus)
        return;
    for (unsigned i = 0; i < USB_PORTS_MAX; i++) {
        pull(bus, i + 1);
        port_close(&bus->ports[i]);
    }
    free(bus);
}

struct usb_carrier usbredir_carrier(struct usbredir *bus)
{
    return (struct usb_carrier){.plug = plug, .pull = pull, .ctx = bus};
}
