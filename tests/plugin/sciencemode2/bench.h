/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin's calls against the simulator's RehaStim 2 in a thread of its own, over a socketpair. What truly comes out
 * is asked of the model, never of the plugin. The transport between them can be made to fail by itself.
 */
#ifndef TEST_SCIENCEMODE2_BENCH_H
#define TEST_SCIENCEMODE2_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include "../common/sim_thread.h"
#include "../common/slip.h"
#include "front/rehastim2_front.h"
#include "modality/clock.h"
#include "model/rehastim2.h"
#include "unit.h"

/* For what happens in a moment, on a machine that has a moment: the patience of all waits for an event. */
#define BENCH_LONG_MS 20000
/* What a call may take beyond its deadline on a loaded machine under sanitizers. */
#define BENCH_SLACK_MS 1000
/* How often a device says Init that nobody answers. */
#define BENCH_INIT_MS 500
/* Rest within this is not the watchdog's. */
#define BENCH_REST_MS (SM2_WATCHDOG_MS - 100)

/* A command that the device acts on by itself. */
struct bench_trigger {
    int command; /* 0 = none */
    int error;
    bool reboot;
};

struct bench {
    struct modality_services services;
    struct modality_link link;
    unsigned toward_rest;         /* depth */
    unsigned recovered;           /* times that the transport was made usable again */
    struct slip_line line;        /* the plugin's end of the link */
    struct bench_trigger trigger; /* of the device's thread */
    struct sim_thread *sim;
};

/* The device alone, behind a descriptor that it takes over; the plugin's link is somebody else's. */
struct bench *bench_device(int fd);
/* An open link to a RehaStim 2 that is just switched on; nobody has said anything but the device. */
struct bench *bench_open(void);
/* The same, identified and made safe. */
struct bench *bench_new(void);
void bench_free(struct bench *b);
/* The link cut and opened anew with nothing remembered, as by another process; the device goes on. */
void bench_reconnect(struct bench *b);

/* The transport fails so at write number from (the next one is 0) and at the count - 1 after it. */
void bench_slip(struct bench *b, enum slip slip, unsigned from, unsigned count);

/* ---- the device ---- */

/* A fault of the wire or of the model; args are "count", ... by name, ended by -1: ARG_count, 1, ARG_ms, 50, -1. */
void bench_fault(struct bench *b, enum fault_id fault, ...);
/* The same for packets with this command alone. */
void bench_fault_on(struct bench *b, enum sm2_command command, enum fault_id fault, ...);
void bench_clear(struct bench *b);
void bench_clear_one(struct bench *b, enum fault_id fault);
/* When the next packet with this command comes, and before it is taken: the device says this error, or starts anew. */
void bench_complain_on(struct bench *b, enum sm2_command command, int error);
void bench_reboot_on(struct bench *b, enum sm2_command command);
void bench_complain(struct bench *b, int error);
/* The version that its Init names. */
void bench_version(struct bench *b, uint8_t version);
/* Bytes of the device's own making. */
void bench_say(struct bench *b, const char *hex);

/* What truly comes out of a channel (from 0), uA. */
int64_t bench_output(struct bench *b, unsigned channel);
bool bench_on(struct bench *b, unsigned channel);
int64_t bench_state(struct bench *b, unsigned channel, const char *name);
bool bench_all_rest(struct bench *b);
/* Waits, bounded, until all is at rest: the time from since_ns till then, or fails. */
int64_t bench_wait_rest(struct bench *b, int64_t since_ns, int bound_ms);
/* Waits, bounded, until a state has this value. */
void bench_wait_state(struct bench *b, const char *name, int64_t value, int bound_ms);
/* Waits, bounded, until what the device has said is there to be read: an Init, if it was not asked anything. */
void bench_await_words(struct bench *b);
/* Packets of one kind that the device received since the last call for it. */
unsigned bench_received(struct bench *b, enum sm2_command command);

/* ---- the plugin ---- */

static inline int64_t bench_in_ms(int64_t ms)
{
    return clock_monotonic_ns() + ms * NS_PER_MS;
}

/* One value, in time enough. */
int bench_set(struct bench *b, uint32_t channel, enum modality_quantity q, int64_t value);
/* 200 us, 50 Hz, at rest; not started. */
void bench_prepare(struct bench *b, uint32_t channel);
/* Prepared and started, and walked to this current. */
void bench_run(struct bench *b, uint32_t channel, int64_t ua);
struct modality_status bench_status(struct bench *b);

/* Fixtures of cmocka: bench_new() and bench_open(). */
int bench_setup(void **state);
int bench_setup_fresh(void **state);
int bench_teardown(void **state);

#endif
