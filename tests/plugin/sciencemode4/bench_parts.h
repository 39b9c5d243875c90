/* SPDX-License-Identifier: Apache-2.0 */
/* What the two files of the bench share. Private to them. */
#ifndef TEST_SCIENCEMODE4_BENCH_PARTS_H
#define TEST_SCIENCEMODE4_BENCH_PARTS_H

#include "bench.h"

#define BENCH_SERIAL 1234567
#define BENCH_SERIAL_TEXT "0001234567"

/* A P24 that is just switched on, in a thread of its own. */
struct bench_sim *bench_sim_new(void);
void bench_sim_free(struct bench_sim *sim);
/* Its end of a new link, which it owns; an earlier one is closed. */
void bench_sim_connect(struct bench_sim *sim, int fd);
/* What it received until now is not counted. */
void bench_sim_forget(struct bench_sim *sim);

#endif
