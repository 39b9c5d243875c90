/* SPDX-License-Identifier: Apache-2.0 */
/* What can be called, and the commands it takes: each call by its number, on a device on which it does something. */
#ifndef TEST_SCIENCEMODE4_OPERATIONS_H
#define TEST_SCIENCEMODE4_OPERATIONS_H

#include "bench.h"

#define CALL_MS 50
#define REST_MS 100 /* a call toward rest, whose steps share it */
#define LATE_MS 150

enum op {
    OP_IDENTIFY,
    OP_STATUS,
    OP_STATUS_RUNNING,
    OP_KEEPALIVE,
    OP_START,
    OP_START_BESIDE,
    OP_APPLY,
    OP_STOP,
    OP_STOP_BESIDE,
    OP_MAKE_SAFE,
    OPS
};

struct operation {
    const char *name;
    bool rests, reads;
    unsigned running; /* channels that run before it */
    size_t n_steps;
    enum sm4_command steps[3];
};

extern const struct operation operations[OPS];

/* Brings the device to where the call makes sense. */
void op_prepare(struct bench *b, enum op op);
int op_call(struct bench *b, enum op op, int64_t deadline_ns);
/* All the time it needs. */
int op_call_patiently(struct bench *b, enum op op);
/* Given CALL_MS or REST_MS, and not a moment more. */
int op_call_in_time(struct bench *b, enum op op);
/*
 * The same, for which something is to come LATE_MS after it began. False: the machine held the call up until then, and
 * what it said means nothing. To be tried again, within the patience of BENCH_LONG_MS.
 */
bool op_try(struct bench *b, enum op op, int *result);

/* At rest and proved, over a link that was opened anew. */
void op_assert_healed(struct bench *b);

/* Fixture of cmocka: a device that switches fast. */
int op_setup(void **state);

#endif
