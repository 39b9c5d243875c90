/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's protocol against the simulator's console and transmitter in a thread of their own, over two socketpairs
 * that keep bursts apart. What truly comes out is asked of the model, never of the plugin.
 */
#ifndef TEST_OPENLIFU_BENCH_H
#define TEST_OPENLIFU_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include "../common/sim_thread.h"
#include "device.h"
#include "front/openlifu_front.h"
#include "modality/clock.h"
#include "unit.h"

/* For what happens in a moment, on a machine that has a moment: the patience of all waits for an event. */
#define BENCH_LONG_MS 20000
/* What a call may take beyond its deadline on a loaded machine under sanitizers. */
#define BENCH_SLACK_MS 1000
#define BENCH_STEP_UW_CM2 15000 /* of the calibration; 10 V */

struct bench_side {
    struct bench *bench;
    enum lifu_side side;
    int client_fd; /* -1 = not open */
    bool unplugged;
};

struct bench {
    struct modality_services services;
    struct modality_link link;
    struct bench_side side[LIFU_SIDES];
    int call_ms; /* that the calls below are given; plenty unless a test is about it */
    struct sim_thread *sim;
};

/* An open link to a unit that is just switched on, whose voltage ramps up within ramp_ms for 100 V; made safe. */
struct bench *bench_new(int ramp_ms);
void bench_free(struct bench *b);

/* ---- the devices ---- */

/* A fault of the wire, for one command; args by name, ended by -1: ARG_count, 1, ARG_ms, 50, -1. */
void bench_fault_on(struct bench *b, uint8_t command, enum fault_id fault, ...);
void bench_fault(struct bench *b, enum fault_id fault, ...);
void bench_clear(struct bench *b);
/* Pulls or puts back the plug of one. The devices have supplies of their own and go on. */
void bench_unplug(struct bench *b, enum lifu_side side);
void bench_plug(struct bench *b, enum lifu_side side);
/* Switches one off and on; its plug stays in. */
void bench_restart(struct bench *b, enum lifu_side side);
/* What the maker's tools do: one register of a transmitter's chip. */
void bench_load(struct bench *b, unsigned chip, unsigned address, uint32_t value);
/* Bytes of a device's own making. */
void bench_say(struct bench *b, enum lifu_side side, const uint8_t *bytes, size_t n);

int64_t bench_state(struct bench *b, const char *name);
/* What truly comes out, uW/cm2. */
int64_t bench_output(struct bench *b);
/* Commands of one kind that the devices received since the last call for it. */
unsigned bench_received(struct bench *b, uint8_t command);
/* Waits, bounded. */
void bench_wait_output(struct bench *b, int64_t uw_cm2, int bound_ms);
void bench_wait_running(struct bench *b, bool running, int bound_ms);

/* ---- the plugin ---- */

static inline int64_t bench_in_ms(int64_t ms)
{
    return clock_monotonic_ns() + ms * NS_PER_MS;
}

int bench_set(struct bench *b, enum modality_quantity q, int64_t value);
/* 1 kHz, 200 us, 20 %, this long, level at rest. */
void bench_prepare(struct bench *b, int64_t duration_ms);
int bench_start(struct bench *b);
/* Prepared, started, and on at this level, proved. */
void bench_run(struct bench *b, int64_t uw_cm2);
int bench_status(struct bench *b, struct modality_status *out);
/* Polls until the channel is in this state, bounded. */
struct modality_status bench_wait_state(struct bench *b, enum modality_output output, enum modality_evidence evidence,
                                        int bound_ms);

#endif
