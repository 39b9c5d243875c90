/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live block of lines that shows a running treatment: rewritten in place on a terminal, never wider than it; a new
 * pair of lines after each change elsewhere. What is shown is what the daemon said; nothing is guessed in between.
 */
#ifndef CTL_PROGRESS_H
#define CTL_PROGRESS_H

#include "ctl.h"

#define PROGRESS_LINES 10
#define PROGRESS_WIDTH 400

struct progress {
    const struct ctl *ctl;
    size_t n;     /* lines of the newest snapshot */
    size_t drawn; /* lines of it that were printed */
    size_t rows;  /* of a terminal, that they fill */
    bool changed; /* off a terminal: the next snapshot is printed */
    char lines[PROGRESS_LINES][PROGRESS_WIDTH];
};

/* Shows a snapshot (session.progress, session.get). alarms: how many stand for this session. */
void progress_show(struct progress *p, const json_t *snapshot, unsigned alarms);
/* Takes the block away, so that a line can be printed that stays. */
void progress_clear(struct progress *p);
/* Adds a line under the last snapshot, until the next one. */
void progress_note(struct progress *p, const char *text);

#endif
