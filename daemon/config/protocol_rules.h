/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the quantities of one protocol must say of each other: parts that only make sense together, values that the
 * waveform does not have, a default that could never be delivered.
 */
#ifndef CONFIG_PROTOCOL_RULES_H
#define CONFIG_PROTOCOL_RULES_H

#include "config/load.h"

/* A fault at the header unless the section has this quantity. */
void protocol_need(struct load *load, const struct raw_section *s, enum modality_quantity q);
/* Every rule, once the parameters are built; says whether the protocol has surges. */
void protocol_check_rules(struct load *load, const struct raw_section *s, struct protocol *p);

/* The parameter of this quantity, or NULL. */
const struct protocol_parameter *protocol_parameter_find(const struct protocol *p, enum modality_quantity q);

#endif
