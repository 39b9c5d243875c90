/* SPDX-License-Identifier: Apache-2.0 */
/* A request as request_build makes it, read back as a prescription. Texts belong to the JSON. */
#ifndef CTL_CALCULATOR_READ_H
#define CTL_CALCULATOR_READ_H

#include <jansson.h>

#include "dose/prescription.h"

/* A prescription with room for its lists. Large: from the heap. */
struct calculation {
    struct prescription p;
    const char *channels[DOSE_CHANNELS_MAX];
    struct prescription_parameter parameters[PROTOCOL_PARAMETERS_MAX];
    struct prescription_electrode electrodes[PRESCRIPTION_ELECTRODES_MAX];
    struct given_answer answers[SCREENING_QUESTIONS_MAX];
    struct given_override overrides[SCREENING_CONDITIONS_MAX];
    const char *acknowledged[REFUSALS_MAX];
};

/* What is beyond the room of a list is refused: none is cut silently. */
void calculation_read(const json_t *request, struct calculation *out, struct refusals *r);

#endif
