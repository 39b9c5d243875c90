/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the device reports to the status of the unit. Pure. The device reports one mode for all of its channels and
 * says by itself what went wrong; it measures nothing that a host can read. So an output is reported at best.
 */
#ifndef SCIENCEMODE2_JUDGE_H
#define SCIENCEMODE2_JUDGE_H

#include "memory.h"
#include "modality/plugin.h"

/* The smallest level there is: a test pulse goes before each pulse that has one. */
#define SM2_CONTACT_FROM_UA WANTED_STEP_UA

/* memory has just taken the mode that the device reports, and what it said after that. */
void sm2_judge(const struct sm2_memory *memory, struct modality_status *out);

#endif
