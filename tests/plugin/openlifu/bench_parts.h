/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of bench.h share: the devices in their thread. Private to them. */
#ifndef TEST_OPENLIFU_BENCH_PARTS_H
#define TEST_OPENLIFU_BENCH_PARTS_H

#include "bench.h"

#define BENCH_COMMANDS 256

struct bench_sim *bench_sim_new(int ramp_ms);
void bench_sim_free(struct bench_sim *sim);

/* Gives a device its end of a socketpair, in place of what it has; -1 pulls its plug. */
void bench_sim_connect(struct bench_sim *sim, enum lifu_side side, int fd);

#endif
