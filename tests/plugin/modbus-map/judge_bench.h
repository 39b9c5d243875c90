/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A map from its file and the words of one poll, without a wire: registers are put where the poll plan reads them, and
 * judged.
 */
#ifndef TEST_MODBUS_MAP_JUDGE_BENCH_H
#define TEST_MODBUS_MAP_JUDGE_BENCH_H

#include "judge.h"
#include "map.h"
#include "support.h"

/* Begins with every register 0. */
struct judge_bench {
    struct support *s;
    struct map_config *config;
    const struct map *map;
    struct judge_memory memory;
    uint16_t words[MAP_PLAN_WORDS];
    struct modality_status status;
};

/* The only map of a file, for one device. */
struct judge_bench judge_bench_begin(const char *file, const char *map);
void judge_bench_end(struct judge_bench *b);

/* Reads the map again, after the test has changed its lines in s. */
void judge_bench_again(struct judge_bench *b);

/* Puts a register, or a bit, where the plan reads it. */
void judge_bench_put(struct judge_bench *b, enum modbus_table table, uint16_t address, uint16_t word);

/* Judges what is there, at a time; the status stays in the bench. */
struct modality_channel_status *judge_bench_at(struct judge_bench *b, int64_t ms);

#endif
