/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the device reports to the status of the unit. Pure. The device says which level is initialised, whether its
 * high voltage is on, which channels are active and which of them has an electrode fault; it measures no current. So
 * every judgement is reported at best, and rest of the whole unit is the level gone and the high voltage off.
 */
#ifndef SCIENCEMODE4_JUDGE_H
#define SCIENCEMODE4_JUDGE_H

#include "memory.h"

/* Current from which the device finds an electrode that is off (vendor's library, at its code 10). */
#define SM4_CONTACT_FROM_UA 15000

/* What one poll brought. */
struct sm4_report {
    struct sm4_answer status; /* of Get_stim_status */
    bool asked;               /* Ml_get_current_data was asked too, and answered */
    struct sm4_answer current;
    unsigned general_error; /* sent by the device by itself and not made safe since; 0 = none */
};

/* memory says what should be; its seen states count as part of the report. */
void sm4_judge(const struct sm4_memory *memory, const struct sm4_report *report, struct modality_status *out);

#endif
