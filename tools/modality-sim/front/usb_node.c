/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with libumockdev-preload 0.17.16, in messages of three words of the machine: the client says {1,
 * request, argument}; we say {5, address, n} and are sent n bytes of its memory, {6, address, n} and n bytes to write
 * there, {3, result, errno} when the ioctl is over. It is an interface between two parts of one package: another
 * version may have another.
 */
#include "front/usb_node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "front/usb_node_parts.h"

#define ASK_IOCTL 1
#define SAY_DONE 3
#define SAY_READ 5
#define SAY_WRITE 6

/* ---- what is said ---- */

/* The client waits in its ioctl and reads: a socket that is full is one that is broken. */
static void say(struct usb_client *c, unsigned long kind, unsigned long a, unsigned long b, const void *bytes)
{
    unsigned long message[3] = {kind, a, b};
    size_t n = kind == SAY_WRITE ? b : 0;
    ssize_t sent = send(c->fd, message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT | (n ? MSG_MORE : 0));
    c->broken = c->broken || sent != (ssize_t)sizeof message;
    if (n > 0 && !c->broken)
        c->broken = send(c->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)n;
}

static void want(struct usb_client *c, enum fetch what, void *into, size_t n)
{
    c->fetch = what;
    c->into = into;
    c->wanted = n;
    c->got = 0;
}

static void fetch(struct usb_client *c, enum fetch what, void *into, unsigned long address, size_t n)
{
    say(c, SAY_READ, address, n, NULL);
    want(c, what, into, n);
}

static void done(struct usb_client *c, long result)
{
    say(c, SAY_DONE, (unsigned long)(result < 0 ? -1 : result), (unsigned long)(result < 0 ? -result : 0), NULL);
    want(c, FETCH_COMMAND, c->command, sizeof c->command);
}

/* ---- transfers ---- */

static void submit_end(struct usb_client *c)
{
    struct urb *urb = c->urb;
    c->urb = NULL;
    if (c->node->gone) {
        free(urb);
        done(c, -ENODEV);
        return;
    }
    /* Told before it is tried, as the kernel does: the client may not yet know it by its address otherwise. */
    done(c, 0);
    urb_submit(c->node, urb);
}

/* The struct is here: takes it as it is, and its bytes next if the client sends some. */
static void submit_begin(struct usb_client *c)
{
    const struct usbdevfs_urb *asked = &c->argument.urb;
    bool control = asked->type == USBDEVFS_URB_TYPE_CONTROL;
    if (asked->buffer_length < (control ? USB_SETUP_SIZE : 0) || asked->buffer_length > URB_BYTES_MAX ||
        asked->type == USBDEVFS_URB_TYPE_ISO) {
        done(c, -EINVAL);
        return;
    }
    size_t n = (size_t)asked->buffer_length;
    c->urb = calloc(1, sizeof *c->urb + n + USB_CONTROL_MAX);
    if (!c->urb) {
        done(c, -ENOMEM);
        return;
    }
    c->urb->transfer =
        (struct usb_transfer){.endpoint = control ? 0 : asked->endpoint, .bytes = (uint8_t *)(c->urb + 1), .length = n};
    c->urb->client = c;
    c->urb->address = c->command[2];
    c->urb->urb = *asked;
    if (n > 0 && (control || !(asked->endpoint & USB_IN)))
        fetch(c, FETCH_BUFFER, c->urb->transfer.bytes, (unsigned long)asked->buffer, n);
    else
        submit_end(c);
}

static void reap(struct usb_client *c)
{
    struct urb *u = urb_reap(c->node, c);
    if (!u) {
        done(c, c->node->gone ? -ENODEV : -EAGAIN);
        return;
    }
    const struct usb_transfer *t = &u->transfer;
    size_t from = t->endpoint ? 0 : USB_SETUP_SIZE;
    u->urb.status = t->status;
    u->urb.actual_length = (int)t->done;
    if (usb_transfer_is_in(t) && t->done > 0)
        say(c, SAY_WRITE, (unsigned long)u->urb.buffer + from, t->done, t->bytes + from);
    say(c, SAY_WRITE, u->address, sizeof u->urb, &u->urb);
    say(c, SAY_WRITE, c->command[2], sizeof u->address, &u->address);
    free(u);
    done(c, 0);
}

/* ---- steps ---- */

static void carry_out(struct usb_client *c)
{
    size_t write = 0;
    long result;
    switch (c->command[1]) {
    case USBDEVFS_REAPURB: /* libusb only asks for what is ready */
    case USBDEVFS_REAPURBNDELAY:
        reap(c);
        break;
    case USBDEVFS_SUBMITURB:
        submit_begin(c);
        break;
    case USBDEVFS_DISCARDURB:
        done(c, c->node->gone ? -ENODEV : urb_discard(c->node, c, c->command[2]));
        break;
    default:
        result = c->node->gone ? -ENODEV : ioctl_carry_out(c, &write);
        if (write > 0)
            say(c, SAY_WRITE, c->command[2], write, &c->argument);
        done(c, result);
        break;
    }
}

static void step(struct usb_client *c)
{
    size_t size;
    switch (c->fetch) {
    case FETCH_COMMAND:
        size = c->command[0] == ASK_IOCTL ? ioctl_argument_size(c->command[1]) : 0;
        if (c->command[0] != ASK_IOCTL)
            done(c, -EINVAL);
        else if (size > 0)
            fetch(c, FETCH_ARGUMENT, &c->argument, c->command[2], size);
        else
            carry_out(c);
        break;
    case FETCH_ARGUMENT:
        carry_out(c);
        break;
    case FETCH_BUFFER:
        submit_end(c);
        break;
    }
}

/* ---- clients ---- */

static void client_close(struct usb_client *c)
{
    struct usb_node *node = c->node;
    struct usb_client **at = &node->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    urb_end_all(node, c, 0);
    ioctl_release_all(c);
    loop_remove(node->loop, c->source);
    close(c->fd);
    free(c->urb);
    free(c);
}

static void client_ready(void *ctx, uint32_t events)
{
    struct usb_client *c = ctx;
    (void)events;
    while (!c->broken) {
        ssize_t n = recv(c->fd, c->into + c->got, c->wanted - c->got, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0)
            break;
        c->got += (size_t)n;
        if (c->got == c->wanted)
            step(c);
    }
    client_close(c);
}

static void listen_ready(void *ctx, uint32_t events)
{
    struct usb_node *node = ctx;
    (void)events;
    int fd = accept4(node->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0)
        return;
    struct usb_client *c = calloc(1, sizeof *c);
    if (c)
        c->source = loop_add(node->loop, fd, EPOLLIN, client_ready, c);
    if (!c || !c->source) {
        free(c);
        close(fd);
        return;
    }
    c->node = node;
    c->fd = fd;
    want(c, FETCH_COMMAND, c->command, sizeof c->command);
    c->next = node->clients;
    node->clients = c;
}

/* ---- the node ---- */

static void woken(void *ctx)
{
    urb_pump(ctx);
}

static int open_socket(struct usb_node *node)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, node->socket_path, sizeof address.sun_path);
    node->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (node->listen_fd < 0 || bind(node->listen_fd, (const struct sockaddr *)&address, sizeof address) < 0 ||
        listen(node->listen_fd, 16) < 0)
        return -errno;
    node->listen_source = loop_add(node->loop, node->listen_fd, EPOLLIN, listen_ready, node);
    return node->listen_source ? 0 : -errno;
}

struct usb_node *usb_node_new(struct loop *loop, struct usb_gadget *gadget, const char *socket_path,
                              const char *node_path, const char *kernel_driver)
{
    struct usb_node *node = calloc(1, sizeof *node);
    if (!node)
        return NULL;
    *node = (struct usb_node){.loop = loop, .gadget = gadget, .listen_fd = -1};
    node->gate = (struct usb_gate){.master = -1, .slave = -1, .guard = -1};
    snprintf(node->socket_path, sizeof node->socket_path, "%s", socket_path);
    snprintf(node->node_path, sizeof node->node_path, "%s", node_path);
    snprintf(node->kernel_driver, sizeof node->kernel_driver, "%s", kernel_driver ? kernel_driver : "");
    for (unsigned i = 0; i < gadget->config[4] && i < USB_NODE_INTERFACES; i++)
        memcpy(node->drivers[i], node->kernel_driver, DRIVER_MAX);
    int r = usb_gate_open(&node->gate);
    if (r == 0)
        r = open_socket(node);
    if (r == 0 && symlink(node->gate.path, node->node_path) < 0)
        r = -errno;
    if (r < 0) {
        usb_node_free(node);
        errno = -r;
        return NULL;
    }
    urb_begin(node);
    gadget->wake = woken;
    gadget->wake_ctx = node;
    return node;
}

void usb_node_unplug(struct usb_node *node)
{
    if (node->gone)
        return;
    bool held = false;
    for (unsigned i = 0; i < USB_NODE_INTERFACES; i++)
        held = held || node->claims[i];
    node->gone = true;
    node->gadget->wake = NULL;
    urb_end_all(node, NULL, -ESHUTDOWN);
    usb_gate_close(&node->gate);
    unlink(node->node_path);
    unlink(node->socket_path);
    loop_remove(node->loop, node->listen_source);
    if (node->listen_fd >= 0)
        close(node->listen_fd);
    node->listen_fd = -1;
    node->listen_source = NULL;
    if (held && node->gadget->function->held)
        node->gadget->function->held(node->gadget->ctx, false);
}

void usb_node_free(struct usb_node *node)
{
    if (!node)
        return;
    usb_node_unplug(node);
    for (struct usb_client *c = node->clients, *next; c; c = next) {
        next = c->next;
        client_close(c);
    }
    free(node);
}

const char *usb_node_driver(const struct usb_node *node, unsigned interface)
{
    if (interface >= USB_NODE_INTERFACES)
        return "";
    return node->claims[interface] ? "usbfs" : node->drivers[interface];
}

unsigned usb_node_clients(const struct usb_node *node)
{
    unsigned n = 0;
    for (const struct usb_client *c = node->clients; c; c = c->next)
        n++;
    return n;
}
