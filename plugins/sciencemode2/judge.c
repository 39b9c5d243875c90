/* SPDX-License-Identifier: Apache-2.0 */
#include "judge.h"

#include <stdio.h>

static enum modality_contact contact_of(const struct sm2_memory *m, unsigned channel, bool on)
{
    if (m->electrode && (m->electrodes & (1u << channel)))
        return CONTACT_LOST;
    /* It tests every pulse and would have stopped: silence is good news, but only while there are pulses. */
    return on && m->wanted.channels[channel].pulse.current_ma > 0 ? CONTACT_GOOD : CONTACT_UNKNOWN;
}

void sm2_judge(const struct sm2_memory *memory, struct modality_status *out)
{
    *out = (struct modality_status){.patient_stop = memory->patient_stop,
                                    .watchdog_tripped = memory->tripped,
                                    .restarted = memory->restarted,
                                    .n_channels = SM2_CHANNELS};
    if (memory->fault != 0) { /* an electrode's is no fault but a contact */
        out->fault = true;
        out->fault_code = (uint32_t)-memory->fault & 0xffu;
        snprintf(out->fault_text, sizeof out->fault_text, "%s", sm2_error_text(memory->fault));
    }
    for (unsigned c = 0; c < SM2_CHANNELS; c++) {
        /* Which channels stimulate is known from the list alone; a list that is not known may hold them all. */
        bool on = memory->started && (memory->listed == 0 || (memory->listed & (1u << c)));
        out->channels[c].output = on ? OUTPUT_ON : OUTPUT_REST;
        out->channels[c].evidence = EVIDENCE_REPORTED;
        out->channels[c].contact = contact_of(memory, c, on);
    }
}
