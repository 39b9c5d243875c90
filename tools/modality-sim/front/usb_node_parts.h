/* SPDX-License-Identifier: Apache-2.0 */
/* What the files usb_node*.c share. Private to them. */
#ifndef SIM_USB_NODE_PARTS_H
#define SIM_USB_NODE_PARTS_H

#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#include "front/usb_gate.h"
#include "front/usb_node.h"
#include "front/usb_transfer.h"

#define URB_BYTES_MAX 65536 /* libusb cuts longer transfers into 16 KiB */
#define DRIVER_MAX 32

/* One transfer of a client. The kernel's struct stands last because it has a flexible end. */
struct urb {
    struct usb_transfer transfer; /* first; its bytes are in the same block, its next also links those that are done */
    struct usb_client *client;
    unsigned long address; /* of the client's struct */
    struct usbdevfs_urb urb;
};

/* What of the client's memory a step waits for. */
enum fetch { FETCH_COMMAND, FETCH_ARGUMENT, FETCH_BUFFER };

struct usb_client {
    struct usb_client *next;
    struct usb_node *node;
    int fd;
    struct loop_source *source;
    enum fetch fetch;
    unsigned long command[3]; /* kind, request, address of the argument */
    struct urb *urb;          /* whose buffer is being fetched */
    uint8_t *into;
    size_t wanted, got;
    bool broken; /* closed as soon as the step at hand is over */
    union {
        unsigned number;
        struct usbdevfs_disconnect_claim claim;
        struct usbdevfs_ioctl ioctl;
        struct usbdevfs_getdriver driver;
        struct usbdevfs_urb urb;
    } argument;
};

struct usb_node {
    struct loop *loop;
    struct usb_gadget *gadget;
    struct usb_gate gate;
    int listen_fd;
    struct loop_source *listen_source;
    struct usb_client *clients;
    struct usb_transfers transfers;
    struct usb_transfer *done;
    struct usb_client *claims[USB_NODE_INTERFACES];
    char drivers[USB_NODE_INTERFACES][DRIVER_MAX]; /* of the kernel, "" = detached or none */
    char kernel_driver[DRIVER_MAX];
    char socket_path[sizeof((struct sockaddr_un *)0)->sun_path];
    char node_path[256];
    bool gone;
};

/* usb_urb.c */
/* A transfer whose client's struct and bytes are here: it is in flight from now on. */
void urb_submit(struct usb_node *node, struct urb *urb);
/* Begins with none in flight. */
void urb_begin(struct usb_node *node);
/* The gadget has woken. */
void urb_pump(struct usb_node *node);
/* Ends one: 0 or -EINVAL if it is not in flight. */
int urb_discard(struct usb_node *node, const struct usb_client *client, unsigned long address);
/* Takes the first that is done of this client, NULL if none; the caller frees it. */
struct urb *urb_reap(struct usb_node *node, const struct usb_client *client);
/* Ends all, of one client or of all (NULL): told as status, or forgotten when that is 0. */
void urb_end_all(struct usb_node *node, const struct usb_client *client, int status);

/* usb_ioctl.c */
/* Bytes of the argument that an ioctl needs to be read first. */
size_t ioctl_argument_size(unsigned long request);
/* Carries out what is not about transfers: 0 or negative errno. Answers into the argument, *write is its size then. */
int ioctl_carry_out(struct usb_client *client, size_t *write);
/* A client has gone: what it had claimed is free. */
void ioctl_release_all(struct usb_client *client);

#endif
