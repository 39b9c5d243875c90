/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fake plugins share: the memory behind a link, the trace of calls, and what a test has ordered for a call.
 */
#ifndef TEST_FAKE_WORLD_H
#define TEST_FAKE_WORLD_H

#include "fake.h"
#include "modality/clock.h"
#include "modality/plugin.h"

struct modality_link {
    struct fake_world *world;
};

int fake_number(const char *text, uint32_t *out);
struct fake_entry *fake_trace_begin(struct fake_world *w, size_t unit, enum fake_call call);
int fake_trace_end(struct fake_entry *e, int result);
/* What is ordered for this call: 0 go on, else its error. */
int fake_ordered(struct fake_unit *u, enum fake_call call, int64_t deadline_ns);

/* Descriptor functions that every fake has in common. */
int fake_open(const struct modality_services *services, const struct modality_config *config, int64_t deadline_ns,
              struct modality_link **out);
int fake_reopen(struct modality_link *link, int64_t deadline_ns);
void fake_close(struct modality_link *link);

#endif
