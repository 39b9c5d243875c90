/* SPDX-License-Identifier: Apache-2.0 */
/* The far side of test_usb and test_room: RehaStim 2s behind FTDI chips. They have power of their own: a plug ends
 * nothing. */
#include "../common/bus_program.h"
#include "front/rehastim2_front.h"

static void *make(struct device *device, struct bus_port_user user)
{
    return rehastim2_front_new(device, (struct rehastim2_link){.send = user.send, .cut = user.cut, .ctx = user.ctx});
}

static void end(void *front)
{
    rehastim2_front_free(front);
}

static void receive(void *front, const uint8_t *bytes, size_t length)
{
    rehastim2_front_receive(front, bytes, length);
}

static void open_front(void *front)
{
    rehastim2_front_open(front);
}

static void close_front(void *front)
{
    rehastim2_front_close(front);
}

static void tell(void *front)
{
    rehastim2_front_tell(front);
}

int main(int argc, char **argv)
{
    static const struct bus_kind rehastim2 = {
        .serial = USB_SERIAL_FTDI,
        .identity = {.vendor = 0x0403, .product = 0x6001, .maker = "FTDI", .model = "USB <-> Serial"},
        .driver = "ftdi_sio",
        .page = &page_rehastim2,
        .name = "reha",
        .make = make,
        .end = end,
        .receive = receive,
        .open = open_front,
        .close = close_front,
        .tell = tell,
    };
    return bus_program(&rehastim2, argc > 1 ? argv[1] : NULL);
}
