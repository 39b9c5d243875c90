/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One conversation with QEMU's "usb-redir", over a socket that is connected: whoever is in the machine's port while it
 * lasts. The bus of a real machine knows nothing of who has claimed a device: it counts as held while it is configured.
 */
#ifndef SIM_USBREDIR_TALK_H
#define SIM_USBREDIR_TALK_H

#include "front/usb_gadget.h"
#include "loop.h"

struct usbredir_talk;

/*
 * fd, which does not block, belongs to the conversation if there comes one. gone is called when the other side has
 * left, once, and frees it. NULL without memory.
 */
struct usbredir_talk *usbredir_talk_new(struct loop *loop, int fd, void (*gone)(void *ctx), void *ctx);
/* Takes NULL. */
void usbredir_talk_free(struct usbredir_talk *talk);

/* The machine finds it as soon as it can; there must be none in it. gadget is not owned. */
void usbredir_talk_plug(struct usbredir_talk *talk, struct usb_gadget *gadget);
/* At once, if there is one in it; not while it is being asked something. */
void usbredir_talk_pull(struct usbredir_talk *talk);

#endif
