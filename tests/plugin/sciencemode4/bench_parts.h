/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the bench share. Private to them. */
#ifndef TEST_SCIENCEMODE4_BENCH_PARTS_H
#define TEST_SCIENCEMODE4_BENCH_PARTS_H

#include "bench.h"

#define BENCH_SERIAL 1234567
#define BENCH_SERIAL_TEXT "0001234567"

/* A P24 that is just switched on, in a thread of its own. */
struct sim_thread *bench_sim_new(struct bench *b);

#endif
