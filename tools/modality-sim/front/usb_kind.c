/* SPDX-License-Identifier: Apache-2.0 */
#include "front/usb_kind.h"

#include "front/openlifu_front.h"
#include "front/p24_front.h"
#include "front/rehastim2_front.h"

/* ---- P24: lives on the bus's power ---- */

static void *p24_make(struct device *device, unsigned plug, struct usb_front_user user)
{
    (void)plug;
    return p24_front_new(device, (struct p24_link){.send = user.send, .cut = user.cut, .ctx = user.ctx});
}

static void p24_end(void *front)
{
    p24_front_free(front);
}

static void p24_receive(void *front, const uint8_t *bytes, size_t length)
{
    p24_front_receive(front, bytes, length);
}

static void p24_open(void *front)
{
    p24_front_open(front);
}

static void p24_close(void *front)
{
    p24_front_close(front);
}

static void p24_tell(void *front)
{
    p24_front_tell(front);
}

static void p24_plugged(void *front)
{
    p24_front_plug(front);
}

static void p24_pulled(void *front)
{
    p24_front_unplug(front);
}

/* ---- RehaStim 2: has power of its own, a plug ends nothing ---- */

static void *rehastim2_make(struct device *device, unsigned plug, struct usb_front_user user)
{
    (void)plug;
    return rehastim2_front_new(device, (struct rehastim2_link){.send = user.send, .cut = user.cut, .ctx = user.ctx});
}

static void rehastim2_end(void *front)
{
    rehastim2_front_free(front);
}

static void rehastim2_receive(void *front, const uint8_t *bytes, size_t length)
{
    rehastim2_front_receive(front, bytes, length);
}

static void rehastim2_open(void *front)
{
    rehastim2_front_open(front);
}

static void rehastim2_close(void *front)
{
    rehastim2_front_close(front);
}

static void rehastim2_tell(void *front)
{
    rehastim2_front_tell(front);
}

/* ---- Open-LIFU: two plugs, and nobody watches either ---- */

static void *olifu_make(struct device *device, unsigned plug, struct usb_front_user user)
{
    return olifu_front_new(device, plug == 0 ? OLIFU_CONSOLE : OLIFU_TRANSMITTER,
                           (struct olifu_link){.send = user.send, .cut = user.cut, .ctx = user.ctx});
}

static void olifu_end(void *front)
{
    olifu_front_free(front);
}

static void olifu_receive(void *front, const uint8_t *bytes, size_t length)
{
    olifu_front_receive(front, bytes, length);
}

static void olifu_open(void *front)
{
    olifu_front_open(front);
}

static void olifu_close(void *front)
{
    olifu_front_close(front);
}

/* ---- the kinds; ids and names as the makers' pages have them, or as the chip is delivered ---- */

static const struct usb_kind kinds[] = {
    {.page = &page_p24,
     .plugs = 1,
     .plug = {{.serial = USB_SERIAL_ACM,
               .identity = {.vendor = 0x0483, .product = 0x5740, .maker = "HASOMED GmbH", .model = "P24 Science"},
               .driver = "cdc_acm",
               .suffix = ""}},
     .make = p24_make,
     .end = p24_end,
     .receive = p24_receive,
     .open = p24_open,
     .close = p24_close,
     .tell = p24_tell,
     .plugged = p24_plugged,
     .pulled = p24_pulled},
    {.page = &page_rehastim2,
     .plugs = 1,
     .plug = {{.serial = USB_SERIAL_FTDI,
               .identity = {.vendor = 0x0403, .product = 0x6001, .maker = "FTDI", .model = "USB <-> Serial"},
               .driver = "ftdi_sio",
               .suffix = ""}},
     .make = rehastim2_make,
     .end = rehastim2_end,
     .receive = rehastim2_receive,
     .open = rehastim2_open,
     .close = rehastim2_close,
     .tell = rehastim2_tell},
    {.page = &page_openlifu,
     .plugs = 2,
     .bursts = true,
     .plug = {{.serial = USB_SERIAL_ACM,
               .identity = {.vendor = 0x0483, .product = 0x57a0, .maker = "Openwater", .model = "LIFU Console"},
               .driver = "cdc_acm",
               .suffix = "C"},
              {.serial = USB_SERIAL_ACM,
               .identity = {.vendor = 0x0483, .product = 0x57af, .maker = "Openwater", .model = "LIFU Transmitter"},
               .driver = "cdc_acm",
               .suffix = "T"}},
     .make = olifu_make,
     .end = olifu_end,
     .receive = olifu_receive,
     .open = olifu_open,
     .close = olifu_close},
};

const struct usb_kind *usb_kind_of(const struct page_kind *page)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].page == page)
            return &kinds[i];
    return NULL;
}
