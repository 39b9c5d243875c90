/* SPDX-License-Identifier: Apache-2.0 */
#include "front/usb_transfer.h"

#include <string.h>

bool usb_transfer_is_in(const struct usb_transfer *t)
{
    return (t->endpoint ? t->endpoint : t->bytes[0]) & USB_IN;
}

static unsigned word_at(const uint8_t *at)
{
    return (unsigned)at[0] | (unsigned)at[1] << 8;
}

/* Each step: true when the transfer is over, with its status set. */

static bool step_control(struct usb_gadget *g, struct usb_transfer *t)
{
    struct usb_setup setup = {.type = t->bytes[0],
                              .request = t->bytes[1],
                              .value = (uint16_t)word_at(t->bytes + 2),
                              .index = (uint16_t)word_at(t->bytes + 4),
                              .length = (uint16_t)word_at(t->bytes + 6)};
    int n = usb_gadget_control(g, &setup, t->bytes + USB_SETUP_SIZE);
    if (n == USB_NAK)
        return false;
    t->status = n < 0 ? n : 0;
    t->done = n < 0 ? 0 : setup.type & USB_IN ? (size_t)n : setup.length;
    return true;
}

static bool step_in(struct usb_gadget *g, struct usb_transfer *t, size_t packet)
{
    uint8_t bytes[USB_PACKET_MAX];
    for (;;) {
        int n = usb_gadget_in(g, t->endpoint, bytes, packet);
        if (n == USB_NAK)
            return false;
        bool overflow = n > 0 && (size_t)n > t->length - t->done;
        t->status = n < 0 ? n : overflow ? -EOVERFLOW : 0;
        if (n < 0 || overflow)
            return true;
        memcpy(t->bytes + t->done, bytes, (size_t)n);
        t->done += (size_t)n;
        if ((size_t)n < packet || t->done == t->length)
            return true;
    }
}

static bool step_out(struct usb_gadget *g, struct usb_transfer *t, size_t packet)
{
    do {
        size_t left = t->length - t->done, n = left < packet ? left : packet;
        int r = usb_gadget_out(g, t->endpoint, t->bytes + t->done, n);
        if (r == USB_NAK)
            return false;
        t->status = r;
        if (r < 0)
            return true;
        t->done += n;
    } while (t->done < t->length);
    return true;
}

static bool step(struct usb_gadget *g, struct usb_transfer *t)
{
    if (!t->endpoint)
        return step_control(g, t);
    size_t packet = usb_gadget_packet(g, t->endpoint);
    if (packet == 0) {
        t->status = -ENOENT;
        return true;
    }
    return usb_transfer_is_in(t) ? step_in(g, t, packet) : step_out(g, t, packet);
}

/* Whether one before it on the same endpoint is still in flight. */
static bool waits(const struct usb_transfers *all, const struct usb_transfer *t)
{
    for (const struct usb_transfer *before = all->pending; before != t; before = before->next)
        if (before->endpoint == t->endpoint)
            return true;
    return false;
}

static struct usb_transfer *next_over(const struct usb_transfers *all)
{
    for (struct usb_transfer *t = all->pending; t; t = t->next)
        if (!waits(all, t) && step(all->gadget, t))
            return t;
    return NULL;
}

/* A function that answers at once wakes us while we are here: that is another turn, not another call. */
void usb_transfers_pump(struct usb_transfers *all)
{
    all->again = true;
    if (all->pumping)
        return;
    all->pumping = true;
    while (all->again) {
        all->again = false;
        struct usb_transfer *t = next_over(all);
        if (!t || !usb_transfers_take(all, t))
            continue;
        all->again = true;
        all->over(all->ctx, t);
    }
    all->pumping = false;
}

void usb_transfers_submit(struct usb_transfers *all, struct usb_transfer *t)
{
    struct usb_transfer **at = &all->pending;
    while (*at)
        at = &(*at)->next;
    t->next = NULL;
    *at = t;
    usb_transfers_pump(all);
}

bool usb_transfers_take(struct usb_transfers *all, const struct usb_transfer *t)
{
    for (struct usb_transfer **at = &all->pending; *at; at = &(*at)->next) {
        if (*at != t)
            continue;
        *at = t->next;
        return true;
    }
    return false;
}
