/* SPDX-License-Identifier: Apache-2.0 */
/* What is plugged in: as struct modality_plugin says. A console and a transmitter are one unit when there is one each.
 */
#ifndef OPENLIFU_SCAN_H
#define OPENLIFU_SCAN_H

#include "modality/plugin.h"

int lifu_scan(const struct modality_services *services, void *ctx,
              void (*found)(void *ctx, const struct modality_found *unit));

#endif
