/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's protocol against the simulator's P24 in a thread of its own, over a socketpair. What truly comes out is
 * asked of the model, never of the plugin. The transport between them can be made to fail by itself.
 */
#ifndef TEST_SCIENCEMODE4_BENCH_H
#define TEST_SCIENCEMODE4_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include "../common/sim_thread.h"
#include "../common/slip.h"
#include "front/p24_codec.h"
#include "front/p24_front.h"
#include "modality/clock.h"
#include "model/p24.h"
#include "unit.h"

/* For what happens in a moment, on a machine that has a moment: the patience of all waits for an event. */
#define BENCH_LONG_MS 20000
/* What a call may take beyond its deadline on a loaded machine under sanitizers. */
#define BENCH_SLACK_MS 1000
/* Rest within this is not the watchdog's. */
#define BENCH_REST_MS 1500

/* Its groups: each channel by its index, and all of them. */
#define BENCH_ALL SM4_CHANNELS

struct bench {
    struct modality_services services;
    struct modality_link link;
    struct sm4_config config;
    unsigned toward_rest;       /* depth */
    unsigned rests;             /* times that something was on the way to rest */
    struct slip_line line;      /* the plugin's end of the link */
    struct p24_reader received; /* the device's thread counts with it */
    struct sim_thread *sim;
};

/* An open link to a P24 that is just switched on; identified and made safe. */
struct bench *bench_new(void);
void bench_free(struct bench *b);
/* The same with asymmetric pulses on offer: a second phase of this share. */
struct bench *bench_new_asymmetric(int64_t permille);

/* The high voltage takes this long, on and off; 40 ms unless it is said. */
void bench_switch_ms(struct bench *b, int ms);
/* The link as it is, closed and opened anew; the device is not asked anything. */
void bench_reconnect(struct bench *b);

/* The transport fails so at write number from (the next one is 0) and at the count - 1 after it. */
void bench_slip(struct bench *b, enum slip slip, unsigned from, unsigned count);

/* ---- the device ---- */

/* A fault of the wire or of the model; args are "count", ... by name, ended by -1: ARG_count, 1, ARG_ms, 50, -1. */
void bench_fault(struct bench *b, enum fault_id fault, ...);
/* The same for requests with this command alone. */
void bench_fault_on(struct bench *b, enum sm4_command command, enum fault_id fault, ...);
void bench_clear(struct bench *b);

/* What truly comes out of a channel (from 0), uA. */
int64_t bench_output(struct bench *b, unsigned channel);
bool bench_on(struct bench *b, unsigned channel);
int64_t bench_state(struct bench *b, unsigned channel, const char *name);
bool bench_all_rest(struct bench *b);
bool bench_voltage(struct bench *b);
/* Waits, bounded, until all is at rest: the time from since_ns till then, or fails. */
int64_t bench_wait_rest(struct bench *b, int64_t since_ns, int bound_ms);
/* Commands of one kind that the device received since the last call for it. */
unsigned bench_received(struct bench *b, enum sm4_command command);
/* The pulse that the device repeats on a channel. */
struct p24_pulse bench_pulse(struct bench *b, unsigned channel);
/* Frames of the device's own making. */
void bench_say(struct bench *b, const uint8_t *bytes, size_t n);

/* ---- the plugin ---- */

static inline int64_t bench_in_ms(int64_t ms)
{
    return clock_monotonic_ns() + ms * NS_PER_MS;
}

/* One value, in time enough. */
int bench_set(struct bench *b, uint32_t channel, enum modality_quantity q, int64_t value);
/* 200 us, 50 Hz, symmetric, at rest; not started. */
void bench_prepare(struct bench *b, uint32_t channel);
/* Prepared and started as its own group, and walked to this current. */
void bench_run(struct bench *b, uint32_t channel, int64_t ua);
struct modality_status bench_status(struct bench *b);
int bench_start(struct bench *b, size_t group);
int bench_stop(struct bench *b, size_t group);
int bench_keepalive(struct bench *b);

/* A channel is said to be at rest, and by whom. */
void bench_assert_rest(const struct modality_status *s, unsigned channel);
/* All of it is, in truth and as it is told, and the high voltage is off. */
void bench_assert_all_rest(struct bench *b);

/* Fixture of cmocka. */
int bench_setup(void **state);
int bench_teardown(void **state);

#endif
