/* SPDX-License-Identifier: Apache-2.0 */
/* Writes 60-modalityd.rules while the project is built: a rule, or the pattern of one, for each row of each plugin. */
#include <stdio.h>
#include <stdlib.h>

#include "common/udev_rule.h"
#include "openlifu/usb_match.h"
#include "sciencemode2/usb_match.h"
#include "sciencemode4/usb_match.h"

static const struct usb_match openlifu[] = {LIFU_USB_MATCHES(USB_MATCH_ROW)};
static const struct usb_match sciencemode2[] = {SM2_USB_MATCHES(USB_MATCH_ROW)};
static const struct usb_match sciencemode4[] = {SM4_USB_MATCHES(USB_MATCH_ROW)};

#define TABLE(plugin)                                                                                                  \
    {                                                                                                                  \
#plugin, plugin, sizeof plugin / sizeof *plugin                                                                \
    }

static const struct {
    const char *plugin;
    const struct usb_match *rows;
    size_t n;
} tables[] = {TABLE(openlifu), TABLE(sciencemode2), TABLE(sciencemode4)};

static const char head[] =
    "# USB devices of modalityd, made from the tables of its plugins: change those, not this file.\n"
    "#\n"
    "# What is commented out waits for a serial number or a port: other products have the same ids, and a rule for\n"
    "# these alone would hand them to the daemon. `modalityctl scan` prints both (characters *, ? and [ of a serial\n"
    "# number are escaped by a backslash). Put the line into /etc/udev/rules.d/61-modalityd.rules, then:\n"
    "#   udevadm control --reload && udevadm trigger --subsystem-match=usb\n";

int main(void)
{
    fputs(head, stdout);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (size_t i = 0; i < tables[t].n; i++)
            udev_rule_print(stdout, tables[t].plugin, &tables[t].rows[i]);
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
