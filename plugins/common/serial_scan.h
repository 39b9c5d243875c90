/* SPDX-License-Identifier: Apache-2.0 */
/* The serial ports that are plugged in, by the names that udev gives them. No port is opened. */
#ifndef PLUGINS_SERIAL_SCAN_H
#define PLUGINS_SERIAL_SCAN_H

#include "modality/plugin.h"

#define SERIAL_BY_ID "/dev/serial/by-id"

/* Tells of every port in the folder, sorted: 0 (also when there is no such folder: there are no ports then), -EIO. */
int serial_scan(const char *folder, void *ctx, void (*found)(void *ctx, const struct modality_found *unit));

#endif
