/* SPDX-License-Identifier: Apache-2.0 */
/* A client's transfers: in flight, done, and which of them can be reaped by whom. */
#include <stdlib.h>
#include <string.h>

#include "front/usb_node_parts.h"

static struct urb *urb_of(struct usb_transfer *t)
{
    return (struct urb *)t;
}

static void append(struct usb_transfer **list, struct usb_transfer *t)
{
    while (*list)
        list = &(*list)->next;
    t->next = NULL;
    *list = t;
}

static void gate_update(struct usb_node *node)
{
    usb_gate_set(&node->gate, node->done || node->gone);
}

static void over(void *ctx, struct usb_transfer *t)
{
    append(&((struct usb_node *)ctx)->done, t);
}

void urb_begin(struct usb_node *node)
{
    node->transfers = (struct usb_transfers){.gadget = node->gadget, .over = over, .ctx = node};
}

void urb_pump(struct usb_node *node)
{
    if (node->gone)
        return;
    usb_transfers_pump(&node->transfers);
    gate_update(node);
}

void urb_submit(struct usb_node *node, struct urb *urb)
{
    usb_transfers_submit(&node->transfers, &urb->transfer);
    gate_update(node);
}

int urb_discard(struct usb_node *node, const struct usb_client *client, unsigned long address)
{
    for (struct usb_transfer *t = node->transfers.pending; t; t = t->next) {
        if (urb_of(t)->client != client || urb_of(t)->address != address)
            continue;
        usb_transfers_take(&node->transfers, t);
        t->status = -ENOENT;
        append(&node->done, t);
        urb_pump(node);
        return 0;
    }
    return -EINVAL;
}

struct urb *urb_reap(struct usb_node *node, const struct usb_client *client)
{
    for (struct usb_transfer **at = &node->done; *at; at = &(*at)->next) {
        struct urb *u = urb_of(*at);
        if (u->client != client)
            continue;
        *at = u->transfer.next;
        gate_update(node);
        return u;
    }
    return NULL;
}

static void end(struct usb_node *node, struct usb_transfer **list, const struct usb_client *client, int status)
{
    while (*list) {
        struct usb_transfer *t = *list;
        if (client && urb_of(t)->client != client) {
            list = &t->next;
            continue;
        }
        *list = t->next;
        t->status = status;
        if (status)
            append(&node->done, t);
        else
            free(urb_of(t));
    }
}

void urb_end_all(struct usb_node *node, const struct usb_client *client, int status)
{
    end(node, &node->transfers.pending, client, status);
    if (!status)
        end(node, &node->done, client, 0);
    gate_update(node);
}
