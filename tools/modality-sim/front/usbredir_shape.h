/* SPDX-License-Identifier: Apache-2.0 */
/* What usbredir wants to know of a device before it is asked: taken from the gadget's own descriptors. */
#ifndef SIM_USBREDIR_SHAPE_H
#define SIM_USBREDIR_SHAPE_H

#include <usbredirproto.h>

#include "front/usb_gadget.h"

void usbredir_shape(const struct usb_gadget *gadget, struct usb_redir_device_connect_header *device,
                    struct usb_redir_interface_info_header *interfaces, struct usb_redir_ep_info_header *endpoints);

#endif
