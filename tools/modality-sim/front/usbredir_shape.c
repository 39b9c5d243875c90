/* SPDX-License-Identifier: Apache-2.0 */
#include "front/usbredir_shape.h"

#include <string.h>

#define DESCRIPTOR_INTERFACE 4
#define DESCRIPTOR_ENDPOINT 5
#define SLOTS 32
#define SLOT_IN 16 /* endpoints to the host follow those to the device */
#define REQUESTS_PACKET 64

static uint16_t word_at(const uint8_t *at)
{
    return (uint16_t)(at[0] | at[1] << 8);
}

/* Setting 0 of each interface; others are never used. */
static void interface_add(struct usb_redir_interface_info_header *all, const uint8_t *d)
{
    uint32_t i = all->interface_count;
    if (d[3] != 0 || i == SLOTS)
        return;
    all->interface[i] = d[2];
    all->interface_class[i] = d[5];
    all->interface_subclass[i] = d[6];
    all->interface_protocol[i] = d[7];
    all->interface_count++;
}

static void endpoint_add(struct usb_redir_ep_info_header *all, const uint8_t *d, uint8_t interface)
{
    unsigned slot = (d[2] & 0x0fu) + (d[2] & USB_IN ? SLOT_IN : 0u);
    all->type[slot] = d[3] & 3;
    all->interval[slot] = d[6];
    all->interface[slot] = interface;
    all->max_packet_size[slot] = word_at(d + 4);
}

void usbredir_shape(const struct usb_gadget *g, struct usb_redir_device_connect_header *device,
                    struct usb_redir_interface_info_header *interfaces, struct usb_redir_ep_info_header *endpoints)
{
    uint8_t interface = 0;
    *interfaces = (struct usb_redir_interface_info_header){0};
    *endpoints = (struct usb_redir_ep_info_header){0};
    memset(endpoints->type, usb_redir_type_invalid, sizeof endpoints->type);
    endpoints->type[0] = endpoints->type[SLOT_IN] = usb_redir_type_control;
    endpoints->max_packet_size[0] = endpoints->max_packet_size[SLOT_IN] = REQUESTS_PACKET;
    for (size_t at = 0; at + 1 < g->config_size && g->config[at] >= 2; at += g->config[at]) {
        const uint8_t *d = g->config + at;
        if (d[1] == DESCRIPTOR_INTERFACE) {
            interface = d[2];
            interface_add(interfaces, d);
        } else if (d[1] == DESCRIPTOR_ENDPOINT) {
            endpoint_add(endpoints, d, interface);
        }
    }
    *device = (struct usb_redir_device_connect_header){.speed = usb_redir_speed_full,
                                                       .device_class = g->device[4],
                                                       .device_subclass = g->device[5],
                                                       .device_protocol = g->device[6],
                                                       .vendor_id = word_at(g->device + 8),
                                                       .product_id = word_at(g->device + 10),
                                                       .device_version_bcd = word_at(g->device + 12)};
}
