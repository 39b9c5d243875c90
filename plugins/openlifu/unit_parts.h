/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of unit.h share: one step on a line, and saying what a call came to. Private to them. */
#ifndef OPENLIFU_UNIT_PARTS_H
#define OPENLIFU_UNIT_PARTS_H

#include "unit.h"

/* Says what a call came to, when that changed; why is a static text. Returns error. */
int unit_report(struct modality_link *link, int error, const char *why);

/* One request: as lifu_port_exchange(); -EIO when one of the devices is missing or in doubt, nothing was sent. */
int unit_ask(struct modality_link *link, enum lifu_side side, enum lifu_command command, int64_t deadline_ns,
             struct lifu_answer *out);

/* Looks whether the console has answered that it switched on: 0 it did, or was not asked; -EAGAIN not yet; else why. */
int unit_await_switch(struct modality_link *link, int64_t deadline_ns);

#endif
