/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this plugin's calls share. Not for others. */
#ifndef SCIENCEMODE2_UNIT_PARTS_H
#define SCIENCEMODE2_UNIT_PARTS_H

#include "unit.h"

/* Says what a call came to, when that changed; returns error. act is static. */
int unit_report(struct modality_link *link, int error, const char *act);

/* Takes what the device has said by itself: 0, -EIO, -ENODEV. */
int unit_hear(struct modality_link *link);

/*
 * One command with an answer that has a result, which is -EACCES unless it is good. An Init in its place comes back as
 * -ECONNRESET, everything else as by dialog_ask().
 */
int unit_ask(struct modality_link *link, struct sm2_request *request, int64_t deadline_ns, struct sm2_answer *out);

/*
 * What r comes to for the host: -EACCES when an Init came in place of the answer. What the device says behind a good
 * answer does not undo that it has acted; the next status tells it, and nothing is sent before a stop.
 */
int unit_settled(int r);

/*
 * Whether nothing may be sent, because the device's watchdog is what has to end its output; one that has just said Init
 * is at rest and waits to be spoken to. rest: it would be a stop.
 */
bool unit_is_silent(const struct modality_link *link, bool rest);

/* Waits for the end of such a silence, or for the Init that says that it did its work: 0 go on, -EAGAIN not yet. */
int unit_keep_silence(struct modality_link *link, int64_t deadline_ns, bool rest);

#endif
