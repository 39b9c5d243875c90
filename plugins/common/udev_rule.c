/* SPDX-License-Identifier: Apache-2.0 */
#include "udev_rule.h"

/* The group of modalityd.sysusers. */
#define GROUP "modalityd"

void udev_rule_print(FILE *out, const char *plugin, const struct usb_match *row)
{
    fprintf(out, "\n# %s (plugin %s)", row->what, plugin);
    if (row->shared)
        fprintf(out,
                ": its ids %04x:%04x are %s, and other products show them too.\n"
                "# Copy this line, without its #, and put the serial number of yours in the place of SERIAL.\n#",
                row->vendor, row->product, row->shared);
    else
        fprintf(out, "\n");
    fprintf(out,
            "ACTION!=\"remove\", SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", ATTR{idVendor}==\"%04x\", "
            "ATTR{idProduct}==\"%04x\", %sGROUP=\"" GROUP "\", MODE=\"0660\", ENV{ID_MM_DEVICE_IGNORE}=\"1\"\n",
            row->vendor, row->product, row->shared ? "ATTR{serial}==\"SERIAL\", " : "");
}
