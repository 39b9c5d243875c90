/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of unit.h share: one step on the line, and saying what a call came to. Private to them. */
#ifndef SCIENCEMODE4_UNIT_PARTS_H
#define SCIENCEMODE4_UNIT_PARTS_H

#include "unit.h"

/* Says what a call came to, when that changed; why is a static text. Returns error. */
int unit_report(struct modality_link *link, int error, const char *why);

/* One request: as sm4_port_exchange(), and -EACCES when the device answers with an error. -EIO in doubt, unsent. */
int unit_ask(struct modality_link *link, const struct sm4_request *request, int64_t deadline_ns,
             struct sm4_answer *out);

/* Ml_get_current_data: feeds the watchdog, and remembers the states of the channels. */
int unit_ask_channels(struct modality_link *link, int64_t deadline_ns, struct sm4_answer *out);

/* Whether the device says that all of channels run, faultless: 0; -EACCES they do not; else why it is not known. */
int unit_confirm(struct modality_link *link, unsigned channels, int64_t deadline_ns);

/* Ml_update with the pulses that memory holds for these channels; the others are switched off. */
int unit_update(struct modality_link *link, unsigned channels, int64_t deadline_ns);

#endif
