/* SPDX-License-Identifier: Apache-2.0 */
/* The ioctls of usbfs that are not about transfers: claims, the kernel's driver, halts. */
#include <string.h>
#include <sys/ioctl.h>

#include "front/usb_node_parts.h"

/* Transfers of more than a packet, short ones told, and what is done can be reaped after the plug was pulled. */
#define CAPABILITIES (USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM | USBDEVFS_CAP_REAP_AFTER_DISCONNECT)
#define SPEED_FULL 2

size_t ioctl_argument_size(unsigned long request)
{
    switch (request) {
    case USBDEVFS_SUBMITURB:
        return sizeof(struct usbdevfs_urb);
    case USBDEVFS_CLAIMINTERFACE:
    case USBDEVFS_RELEASEINTERFACE:
    case USBDEVFS_CLEAR_HALT:
    case USBDEVFS_RESETEP:
    case USBDEVFS_SETCONFIGURATION:
        return sizeof(unsigned);
    case USBDEVFS_DISCONNECT_CLAIM:
        return sizeof(struct usbdevfs_disconnect_claim);
    case USBDEVFS_IOCTL:
        return sizeof(struct usbdevfs_ioctl);
    case USBDEVFS_GETDRIVER:
        return sizeof(struct usbdevfs_getdriver);
    default:
        return 0;
    }
}

static bool is_held(const struct usb_node *node)
{
    for (unsigned i = 0; i < USB_NODE_INTERFACES; i++)
        if (node->claims[i])
            return true;
    return false;
}

static void claims_changed(struct usb_node *node, bool before)
{
    if (is_held(node) != before && !node->gone && node->gadget->function->held)
        node->gadget->function->held(node->gadget->ctx, !before);
}

static int claim(struct usb_client *client, unsigned interface)
{
    struct usb_node *node = client->node;
    bool before = is_held(node);
    if (interface >= node->gadget->config[4])
        return -ENOENT;
    if (node->drivers[interface][0] || (node->claims[interface] && node->claims[interface] != client))
        return -EBUSY;
    node->claims[interface] = client;
    claims_changed(node, before);
    return 0;
}

static int release(struct usb_client *client, unsigned interface)
{
    struct usb_node *node = client->node;
    if (interface >= USB_NODE_INTERFACES || node->claims[interface] != client)
        return -EINVAL;
    bool before = is_held(node);
    node->claims[interface] = NULL;
    claims_changed(node, before);
    return 0;
}

void ioctl_release_all(struct usb_client *client)
{
    for (unsigned i = 0; i < USB_NODE_INTERFACES; i++)
        (void)release(client, i);
}

/* The kernel's driver is taken off an interface or put back on it. */
static int connect_driver(struct usb_node *node, int interface, bool connect)
{
    if (interface < 0 || interface >= node->gadget->config[4])
        return -EINVAL;
    char *driver = node->drivers[interface];
    if (connect) {
        if (node->claims[interface])
            return -EBUSY;
        memcpy(driver, node->kernel_driver, DRIVER_MAX);
        return driver[0] ? 1 : 0;
    }
    if (!driver[0])
        return -ENODATA;
    driver[0] = '\0';
    return 0;
}

static int disconnect_and_claim(struct usb_client *client)
{
    unsigned interface = client->argument.claim.interface;
    if (interface >= client->node->gadget->config[4])
        return -ENOENT;
    (void)connect_driver(client->node, (int)interface, false); /* there may be none */
    return claim(client, interface);
}

static int driver_ioctl(struct usb_client *client)
{
    switch ((unsigned)client->argument.ioctl.ioctl_code) {
    case USBDEVFS_DISCONNECT:
        return connect_driver(client->node, client->argument.ioctl.ifno, false);
    case USBDEVFS_CONNECT:
        return connect_driver(client->node, client->argument.ioctl.ifno, true);
    default:
        return -ENOTTY;
    }
}

static int get_driver(struct usb_client *client, size_t *write)
{
    struct usbdevfs_getdriver *d = &client->argument.driver;
    const char *name = usb_node_driver(client->node, d->interface);
    if (!name[0])
        return -ENODATA;
    strncpy(d->driver, name, sizeof d->driver - 1);
    d->driver[sizeof d->driver - 1] = '\0';
    *write = sizeof *d;
    return 0;
}

int ioctl_carry_out(struct usb_client *client, size_t *write)
{
    struct usb_node *node = client->node;
    unsigned number = client->argument.number;
    switch (client->command[1]) {
    case USBDEVFS_GET_CAPABILITIES:
        client->argument.number = CAPABILITIES;
        *write = sizeof client->argument.number;
        return 0;
    case USBDEVFS_GET_SPEED:
        return SPEED_FULL;
    case USBDEVFS_CLAIMINTERFACE:
        return claim(client, number);
    case USBDEVFS_RELEASEINTERFACE:
        return release(client, number);
    case USBDEVFS_DISCONNECT_CLAIM:
        return disconnect_and_claim(client);
    case USBDEVFS_IOCTL:
        return driver_ioctl(client);
    case USBDEVFS_GETDRIVER:
        return get_driver(client, write);
    case USBDEVFS_CLEAR_HALT:
        usb_gadget_clear_halt(node->gadget, (uint8_t)(number & 0xff));
        return 0;
    case USBDEVFS_SETCONFIGURATION:
    case USBDEVFS_SETINTERFACE:
    case USBDEVFS_RESETEP:
    case USBDEVFS_RESET:
        return 0;
    default:
        return -ENOTTY;
    }
}
