/* SPDX-License-Identifier: Apache-2.0 */
/* What can be called, and the commands it takes: each call by its number, on a device on which it does something. */
#ifndef TEST_SCIENCEMODE2_OPERATIONS_H
#define TEST_SCIENCEMODE2_OPERATIONS_H

#include "bench.h"

#define CALL_MS 60 /* less than the document gives the device: so that the deadline is what ends a wait */
#define LATE_MS 110

enum op { OP_IDENTIFY, OP_STATUS, OP_STATUS_RUNNING, OP_KEEPALIVE, OP_START, OP_APPLY, OP_STOP, OP_MAKE_SAFE, OPS };

struct operation {
    const char *name;
    bool rests, runs; /* toward rest; on a device that stimulates */
    size_t n_steps;
    enum sm2_command steps[2];
};

extern const struct operation operations[OPS];

/* Brings the device to where the call makes sense. */
void op_prepare(struct bench *b, enum op op);
int op_call(struct bench *b, enum op op, int64_t deadline_ns);
/* All the time it needs. */
int op_call_patiently(struct bench *b, enum op op);
/* Given CALL_MS, and not a moment more. */
int op_call_in_time(struct bench *b, enum op op);
/*
 * Given CALL_MS, for which something is to come LATE_MS after it began. False: the machine held the call up until then,
 * and what it said means nothing. To be tried again, within the patience of BENCH_LONG_MS.
 */
bool op_try(struct bench *b, enum op op, int *result);

/* At rest and proved, over a link that was opened anew; it may take the device's next Init. */
void op_assert_healed(struct bench *b);

#endif
