/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device of modality-sim, "it", behind the plugin as built: made safe, ready to be told what to do, with faults put
 * in and the truth asked by the simulator's control socket.
 */
#ifndef TEST_MODBUS_MAP_SIM_BENCH_H
#define TEST_MODBUS_MAP_SIM_BENCH_H

#include "support.h"

struct sim_bench {
    struct support *s;
    struct support_child sim;
    const struct modality_plugin *p;
    struct modality_link *link;
    struct modality_device unit;
    char directory[32], control[48], pty[48];
    int fd;
};

/* Where a kind of the simulator is described, and how it is reached. */
struct sim_kind {
    const char *kind, *map, *folder;
    const char *serial; /* that the section asks for; NULL: none */
    unsigned unit;
    bool rtu;
};

/* A reference device on TCP; options of its --device go on after it, each behind a comma. */
void sim_bench_open(struct sim_bench *b, const char *kind, const char *options);
/* Any kind: connected only, neither identified nor made safe. */
void sim_bench_connect(struct sim_bench *b, const struct sim_kind *kind, const char *options);
void sim_bench_close(struct sim_bench *b);

/* Puts in a fault or clears one: "fault", "key_off" and further members, which begin with a comma. */
void sim_bench_tell(struct sim_bench *b, const char *what, const char *name, const char *more);
/* The n-th number of this name in the true state: that of the device before those of its channels. */
long long sim_bench_truth(struct sim_bench *b, const char *name, int nth);

int sim_bench_identify(struct sim_bench *b);
struct modality_status sim_bench_status(struct sim_bench *b);
int sim_bench_apply(struct sim_bench *b, uint32_t channel, enum modality_quantity q, int64_t value);
int sim_bench_start(struct sim_bench *b, size_t group);
int sim_bench_stop(struct sim_bench *b, size_t group);
int sim_bench_make_safe(struct sim_bench *b);
/* Polls, and feeds where there is a watchdog, until the channel is as wanted; bounded. */
struct modality_channel_status sim_bench_await(struct sim_bench *b, size_t channel, enum modality_output output,
                                               enum modality_evidence evidence);

/* A reading of a status, or INT64_MIN. */
int64_t sim_bench_reading(const struct modality_channel_status *c, enum modality_quantity q);

#define SIM_BENCH_CALL_MS 20000
/* Longer than an emission delay, a watchdog, and the ways of these tests' pads. */
#define SIM_BENCH_CHANGE_MS 20000

#endif
