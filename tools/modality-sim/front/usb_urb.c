/* SPDX-License-Identifier: Apache-2.0 */
/* Transfers in flight: packet by packet between the gadget and the buffers of the clients, in order on each endpoint.
 */
#include <stdlib.h>
#include <string.h>

#include "front/usb_node_parts.h"

#define SETUP_SIZE 8

static void append(struct urb **list, struct urb *urb)
{
    while (*list)
        list = &(*list)->next;
    urb->next = NULL;
    *list = urb;
}

static void gate_update(struct usb_node *node)
{
    usb_gate_set(&node->gate, node->done || node->gone);
}

static unsigned word_at(const uint8_t *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

/* Each step: true when the transfer is over, with its status set. */

static bool step_control(struct usb_gadget *g, struct urb *u)
{
    struct usb_setup setup = {.type = u->bytes[0],
                              .request = u->bytes[1],
                              .value = (uint16_t)word_at(u->bytes + 2),
                              .index = (uint16_t)word_at(u->bytes + 4),
                              .length = (uint16_t)word_at(u->bytes + 6)};
    int n = usb_gadget_control(g, &setup, u->bytes + SETUP_SIZE);
    if (n == USB_NAK)
        return false;
    u->urb.status = n < 0 ? n : 0;
    u->done = n < 0 ? 0 : setup.type & USB_IN ? (size_t)n : setup.length;
    return true;
}

static bool step_in(struct usb_gadget *g, struct urb *u, size_t packet)
{
    uint8_t bytes[USB_PACKET_MAX];
    size_t length = (size_t)u->urb.buffer_length;
    for (;;) {
        int n = usb_gadget_in(g, u->urb.endpoint, bytes, packet);
        if (n == USB_NAK)
            return false;
        bool overflow = n > 0 && (size_t)n > length - u->done;
        u->urb.status = n < 0 ? n : overflow ? -EOVERFLOW : 0;
        if (n < 0 || overflow)
            return true;
        memcpy(u->bytes + u->done, bytes, (size_t)n);
        u->done += (size_t)n;
        if ((size_t)n < packet || u->done == length)
            return true;
    }
}

static bool step_out(struct usb_gadget *g, struct urb *u, size_t packet)
{
    size_t length = (size_t)u->urb.buffer_length;
    do {
        size_t left = length - u->done, n = left < packet ? left : packet;
        int r = usb_gadget_out(g, u->urb.endpoint, u->bytes + u->done, n);
        if (r == USB_NAK)
            return false;
        u->urb.status = r;
        if (r < 0)
            return true;
        u->done += n;
    } while (u->done < length);
    return true;
}

static bool step(struct usb_gadget *g, struct urb *u)
{
    if (u->urb.type == USBDEVFS_URB_TYPE_CONTROL)
        return step_control(g, u);
    size_t packet = usb_gadget_packet(g, u->urb.endpoint);
    if (packet == 0) {
        u->urb.status = -ENOENT;
        return true;
    }
    return u->urb.endpoint & USB_IN ? step_in(g, u, packet) : step_out(g, u, packet);
}

/* Whether one before it on the same endpoint is still in flight. */
static bool waits(const struct usb_node *node, const struct urb *u)
{
    for (const struct urb *before = node->pending; before != u; before = before->next)
        if (before->urb.endpoint == u->urb.endpoint)
            return true;
    return false;
}

static bool pump_once(struct usb_node *node)
{
    bool moved = false;
    for (struct urb **at = &node->pending; *at;) {
        struct urb *u = *at;
        if (waits(node, u) || !step(node->gadget, u)) {
            at = &u->next;
            continue;
        }
        *at = u->next;
        append(&node->done, u);
        moved = true;
    }
    return moved;
}

/* A function that answers at once wakes us while we are here: that is another turn, not another call. */
void urb_pump(struct usb_node *node)
{
    node->again = true;
    if (node->pumping || node->gone)
        return;
    node->pumping = true;
    while (node->again) {
        node->again = false;
        node->again = pump_once(node) || node->again;
    }
    node->pumping = false;
    gate_update(node);
}

void urb_submit(struct usb_node *node, struct urb *urb)
{
    append(&node->pending, urb);
    urb_pump(node);
}

int urb_discard(struct usb_node *node, const struct usb_client *client, unsigned long address)
{
    for (struct urb **at = &node->pending; *at; at = &(*at)->next) {
        struct urb *u = *at;
        if (u->client != client || u->address != address)
            continue;
        *at = u->next;
        u->urb.status = -ENOENT;
        append(&node->done, u);
        urb_pump(node);
        return 0;
    }
    return -EINVAL;
}

struct urb *urb_reap(struct usb_node *node, const struct usb_client *client)
{
    for (struct urb **at = &node->done; *at; at = &(*at)->next) {
        struct urb *u = *at;
        if (u->client != client)
            continue;
        *at = u->next;
        gate_update(node);
        return u;
    }
    return NULL;
}

static void end(struct usb_node *node, struct urb **list, const struct usb_client *client, int status)
{
    while (*list) {
        struct urb *u = *list;
        if (client && u->client != client) {
            list = &u->next;
            continue;
        }
        *list = u->next;
        u->urb.status = status;
        if (status)
            append(&node->done, u);
        else
            free(u);
    }
}

void urb_end_all(struct usb_node *node, const struct usb_client *client, int status)
{
    end(node, &node->pending, client, status);
    if (!status)
        end(node, &node->done, client, 0);
    gate_update(node);
}
