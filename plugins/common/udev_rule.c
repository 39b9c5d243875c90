/* SPDX-License-Identifier: Apache-2.0 */
#include "udev_rule.h"

/* Of modalityd.sysusers: whom plugins run as, and not whoever may connect to the daemon. */
#define GROUP "modalityd-host"

static void line_print(FILE *out, const struct usb_match *row, const char *which)
{
    fprintf(out,
            "ACTION!=\"remove\", SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"%04x\", "
            "ATTR{idProduct}==\"%04x\", %sGROUP=\"" GROUP "\", MODE=\"0660\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n",
            row->vendor, row->product, which);
}

void udev_rule_print(FILE *out, const char *plugin, const struct usb_match *row)
{
    fprintf(out, "\n# %s (plugin %s)", row->what, plugin);
    if (!row->shared) {
        fprintf(out, "\n");
        line_print(out, row, "");
        return;
    }
    fprintf(
        out,
        ": its ids %04x:%04x are %s, and other products show them too.\n"
        "# Copy one of these lines, without its #: the first with the serial number of yours in the place of SERIAL,\n"
        "# the second for a device that its section names by its port, with that in the place of BUS-PORT.\n#",
        row->vendor, row->product, row->shared);
    line_print(out, row, "ATTR{serial}==\"SERIAL\", ");
    fprintf(out, "#");
    line_print(out, row, "KERNEL==\"BUS-PORT\", ");
}
