/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The udev rule of one row of a match table: the daemon's group may open the node, and ModemManager, which writes to
 * whatever looks like a serial port, keeps away. Ids that other products show too get comments to be completed by the
 * serial number or by the port, never a rule.
 */
#ifndef PLUGINS_UDEV_RULE_H
#define PLUGINS_UDEV_RULE_H

#include <stdio.h>

#include "usb_match.h"

void udev_rule_print(FILE *out, const char *plugin, const struct usb_match *row);

#endif
