/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What samples mean in dose, for supervise.c: the value a measurement should have at a set level, the derived
 * quantities of what was measured, and the running integral of what was delivered.
 */
#ifndef SUPERVISE_DOSE_H
#define SUPERVISE_DOSE_H

#include "supervise/supervise.h"

/* The measurement (quantity c->actual) that belongs to this level; -EINVAL where it cannot be derived. */
int supervise_expect(const struct supervise_channel_rules *c, int64_t level, int64_t *expected);

/*
 * Everything measured on this channel and derived from it: at the farther of level and actual where the actual is the
 * level itself; with measured power, and what follows from it, where power is measured; with the heat gathered so far.
 * Negative errno where nothing can be derived.
 */
int supervise_measure(const struct supervise_channel_rules *c, const struct supervise_channel_state *cs,
                      const struct link_sample *sample, struct quantity_set *out);

/* Adds the dose of the time since the previous sample: max(commanded, measured), rounded up. */
void supervise_integrate(const struct supervise_rules *rules, struct supervise_state *state,
                         const struct link_sample *sample, int64_t since_ns);

#endif
