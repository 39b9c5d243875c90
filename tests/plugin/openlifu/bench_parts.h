/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the bench share. Private to them. */
#ifndef TEST_OPENLIFU_BENCH_PARTS_H
#define TEST_OPENLIFU_BENCH_PARTS_H

#include "bench.h"

/* Console and transmitter that are just switched on, in a thread of their own. */
struct sim_thread *bench_sim_new(int ramp_ms);

#endif
