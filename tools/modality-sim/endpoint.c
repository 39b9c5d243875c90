/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint.h"

#include <errno.h>

#include "front/line.h"
#include "front/usb_unit.h"

const char *endpoint_link(const struct device *device)
{
    return device->usb ? usb_unit_link(device->usb) : device->line->link;
}

bool endpoint_absent(const struct device *device)
{
    if (!device->usb)
        return device->line->absent;
    for (unsigned plug = 1; plug <= usb_unit_plugs(device->usb); plug++)
        if (usb_unit_is_in(device->usb, plug))
            return false;
    return true;
}

unsigned endpoint_connections(const struct device *device)
{
    return device->usb ? usb_unit_held(device->usb) : device->line->peer_count;
}

static int usb_inject(struct usb_unit *unit, enum fault_id fault, const struct fault_args *args)
{
    unsigned plug = (unsigned)fault_arg_or(args, ARG_plug, USB_UNIT_ALL);
    enum usb_endpoint endpoint = (enum usb_endpoint)fault_arg_or(args, ARG_endpoint, USB_ENDPOINT_IN);
    if (fault == FAULT_stall)
        return usb_unit_stall(unit, plug, endpoint, true);
    if (fault == FAULT_hang)
        return usb_unit_deafen(unit, plug, endpoint, true);
    if (fault == FAULT_babble)
        return usb_unit_babble(unit, plug, (int)args->value[ARG_bytes]);
    return usb_unit_pull(unit, plug, fault_arg_or(args, ARG_ms, 0));
}

static int usb_clear(struct usb_unit *unit, enum fault_id fault, unsigned plug)
{
    int r = 0;
    if (fault == FAULT_absent)
        return usb_unit_plug(unit, plug);
    if (fault == FAULT_babble)
        return usb_unit_babble(unit, plug, -1);
    if (fault == FAULT_stall)
        return usb_unit_stall(unit, plug, USB_ENDPOINT_REQUESTS, false);
    for (int endpoint = USB_ENDPOINT_IN; fault == FAULT_hang && r == 0 && endpoint <= USB_ENDPOINT_REQUESTS; endpoint++)
        r = usb_unit_deafen(unit, plug, (enum usb_endpoint)endpoint, false);
    return r;
}

int endpoint_inject(struct device *device, enum fault_id fault, const struct fault_args *args)
{
    if (device->usb)
        return usb_inject(device->usb, fault, args);
    if (fault != FAULT_absent || args->present & (1u << ARG_plug))
        return -ENOTSUP;
    line_vanish(device->line, fault_arg_or(args, ARG_ms, 0));
    return 0;
}

int endpoint_clear(struct device *device, enum fault_id fault, const struct fault_args *args)
{
    if (device->usb)
        return usb_clear(device->usb, fault, (unsigned)fault_arg_or(args, ARG_plug, USB_UNIT_ALL));
    if (fault != FAULT_absent)
        return -ENOTSUP;
    line_return(device->line);
    return 0;
}

void endpoint_settle(struct device *device)
{
    device_settle(device);
    if (device->usb)
        usb_unit_tell(device->usb);
}
