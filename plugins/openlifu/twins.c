/* SPDX-License-Identifier: Apache-2.0 */
#include "twins.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/unit_call.h"
#include "common/usb_cdc.h"
#include "modality/clock.h"
#include "port.h"

/* Units of one make in one room; whoever has more of one name has to unplug some. */
#define TWINS_MAX 8

/* Whether what is open says that it is ours. */
static bool is_ours(const struct lifu_config *config, enum lifu_side side, struct usb_port *port, int64_t deadline_ns)
{
    const struct transport transport = usb_port_transport(port);
    const struct lifu_request question = {.command = LIFU_HARDWARE_ID};
    struct lifu_answer a = {0};
    struct lifu_port asked;
    lifu_port_begin(&asked, side, &transport, (uint64_t)(clock_monotonic_ns() / NS_PER_MS));
    return lifu_port_exchange(&asked, &question, deadline_ns, &a) == 0 &&
           strncmp(a.text, lifu_config_hardware_id(config, side), LIFU_HARDWARE_ID_CHARS) == 0;
}

int twins_open(const struct lifu_config *config, enum lifu_side side, const struct serial_line *line,
               int64_t deadline_ns, char why[USB_WHY_MAX], struct usb_port **out)
{
    struct usb_name names[TWINS_MAX];
    struct usb_port *ours = NULL;
    size_t n = 0, found = 0;
    if (usb_find_each(&config->names[side], names, TWINS_MAX, &n) < 0)
        return -EIO;
    if (n < 2)
        return -ENODEV;
    for (size_t i = 0; i < n && i < TWINS_MAX; i++) {
        char nobodys[USB_WHY_MAX];
        struct usb_port *port = NULL;
        const int64_t share = unit_call_share(deadline_ns, (unsigned)(n - i));
        if (usb_cdc_open(&names[i], line, share, nobodys, &port) < 0)
            continue;
        bool keep = is_ours(config, side, port, share) && ++found == 1;
        if (keep)
            ours = port;
        else
            usb_port_close(port);
    }
    if (found == 1) {
        *out = ours;
        return 0;
    }
    usb_port_close(ours);
    snprintf(why, USB_WHY_MAX,
             "%zu devices are called alike, on the ports %s and %s, and %s has hardware id %.24s: unplug one", n,
             names[0].port, names[1].port, found == 0 ? "none" : "more than one",
             lifu_config_hardware_id(config, side));
    return -ENODEV;
}
