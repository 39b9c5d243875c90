/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Treatments that run well, one per modality, fed sample by sample: each test takes one and breaks one thing.
 */
#ifndef SUPERVISE_BENCH_H
#define SUPERVISE_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "modality/clock.h"
#include "supervise/supervise.h"

#define PERIOD (50 * NS_PER_MS)
#define SAMPLES_PER_S ((int)(NS_PER_S / PERIOD))

struct bench {
    struct supervise_rules rules;
    struct supervise_state state;
    struct link_sample sample;
    struct supervise_outcome outcome;
};

/* 20 mA, 200 us, 100 Hz, 25 cm2, 1000 ohm. */
void bench_stimulator(struct bench *b);
/* 2 mA of iontophoresis over 25 cm2, to a dose. */
void bench_galvanic(struct bench *b, int64_t dose_ua_min);
/* 1.0 W/cm2 continuous at 1 MHz over an ERA of 5 cm2: 5 W measured. */
void bench_ultrasound(struct bench *b);
/* 100 mW continuous on a spot of 50 mm2, to this energy at each of four points; 0 = by time. */
void bench_laser(struct bench *b, int64_t point_uj);
/* Set to 13 degC from a rest of 25, pad at 13, skin at 16; the pad may lag for 20 s. */
void bench_cold(struct bench *b);

struct modality_channel_status *bench_channel(struct bench *b);
void bench_put(struct bench *b, enum modality_quantity q, int64_t value);
void bench_remove(struct bench *b, enum modality_quantity q);
/* The level in force, commanded and walked. */
void bench_level(struct bench *b, int64_t level);

void bench_feed(struct bench *b);
/* So many samples in which nothing is found. */
void bench_feed_well(struct bench *b, int samples);
/* The fault acts at exactly its number of samples, with its action, and names itself. */
void bench_expect(struct bench *b, enum supervise_fault fault, int samples);
bool bench_found(const struct bench *b, enum supervise_fault fault);

#endif
