/* SPDX-License-Identifier: Apache-2.0 */
/* What the answers of both devices say together about the one output that they make. Pure. */
#ifndef OPENLIFU_JUDGE_H
#define OPENLIFU_JUDGE_H

#include "memory.h"

/* Temperatures of the transmitter at which it stops by itself, and down to which it starts nothing. */
#define LIFU_HOT_MILLIC 75000
#define LIFU_COOL_MILLIC 70000
/* Voltage below which nothing is on. The transducer is capacitive: what is left in it is gone with the first burst. */
#define LIFU_ZERO_MV 1000

/* The unit's own codes, in fault_code. */
enum lifu_fault {
    LIFU_FAULT_HOT = 1,
    LIFU_FAULT_STOPPED,
    LIFU_FAULT_OVER,
    LIFU_FAULT_UNDER,
    LIFU_FAULT_REFUSED,
    LIFU_FAULT_PATTERN
};

/* One round of answers. */
struct lifu_report {
    int64_t now_ns;
    struct lifu_trigger trigger;
    int64_t tx_millic, surface_millic;
    bool console_told; /* the two that follow were answered: it is not busy switching on */
    bool voltage_on;
    int64_t measured_mv;
};

void lifu_judge(const struct lifu_memory *memory, const struct lifu_config *config, const struct lifu_report *report,
                struct modality_status *out);

#endif
