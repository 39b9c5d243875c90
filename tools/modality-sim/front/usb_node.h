/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usbfs node of one plugged device under umockdev: its clients' ioctls, their transfers, who has claimed what. The
 * ioctls come over the socket of libumockdev-preload, which lets the server read and write the client's memory; no step
 * of it blocks here, a client may be stopped in the middle of one.
 */
#ifndef SIM_USB_NODE_H
#define SIM_USB_NODE_H

#include "front/usb_gadget.h"
#include "loop.h"

#define USB_NODE_INTERFACES 8

struct usb_node;

/*
 * Serves gadget, which is not owned and outlives the node, at two places: ioctls at a socket, polling at a link. Both
 * are made. kernel_driver: the name of one that sits on every interface until it is detached; NULL = none. NULL with
 * errno.
 */
struct usb_node *usb_node_new(struct loop *loop, struct usb_gadget *gadget, const char *socket_path,
                              const char *node_path, const char *kernel_driver);

/*
 * The plug is pulled: what is in flight ends, clients find it gone, the gadget is not touched any more. The node must
 * be kept until it has no clients: one whose conversation is cut off in the middle dies of it.
 */
void usb_node_unplug(struct usb_node *node);
/* Closes all clients and frees; takes NULL. */
void usb_node_free(struct usb_node *node);

/* Who sits on an interface: "usbfs" for a client, the kernel's driver, or "". */
const char *usb_node_driver(const struct usb_node *node, unsigned interface);
/* Clients that have it open. */
unsigned usb_node_clients(const struct usb_node *node);

#endif
