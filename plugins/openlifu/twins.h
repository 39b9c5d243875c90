/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two devices of one USB name, and one of them may have sound on: which is ours? Each is opened by its port and asked
 * for its hardware id, and gets nothing else; only the one that is the section's stays open. Never done unless rest is
 * owed, because another program may be at work with the other one.
 */
#ifndef OPENLIFU_TWINS_H
#define OPENLIFU_TWINS_H

#include "common/transport_fd.h"
#include "common/usb_port.h"
#include "config.h"

/*
 * 0 with *out open; -ENODEV when no two devices have the name of that side, why untouched, or when not exactly one of
 * them says that it is ours; -EIO. why is a sentence.
 */
int twins_open(const struct lifu_config *config, enum lifu_side side, const struct serial_line *line,
               int64_t deadline_ns, char why[USB_WHY_MAX], struct usb_port **out);

#endif
