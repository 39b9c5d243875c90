/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the bench share. Private to them. */
#ifndef TEST_SCIENCEMODE2_BENCH_PARTS_H
#define TEST_SCIENCEMODE2_BENCH_PARTS_H

#include "bench.h"

/* A RehaStim 2 that is just switched on, in a thread of its own. */
struct sim_thread *bench_sim_new(struct bench *b);

#endif
