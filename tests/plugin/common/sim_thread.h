/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far side of a plugin's bench: a simulated device in a thread of its own, with the simulator's loop, behind a
 * descriptor for each of its plugs. What a test asks of it is a job that its thread does between two events, and has
 * done when the call returns: nobody else touches the device. A job that cannot be done fails the test.
 */
#ifndef TEST_PLUGIN_COMMON_SIM_THREAD_H
#define TEST_PLUGIN_COMMON_SIM_THREAD_H

#include <stdarg.h>

#include "device.h"

#define SIM_ENDS_MAX 2
#define SIM_COMMANDS 256

struct sim_thread;

/* One plug, as hooks and jobs see it. */
struct sim_end {
    struct sim_thread *thread;
    struct device *device; /* the same for all */
    void *front;           /* what the hook made */
    void *own;             /* the bench's */
    unsigned index;
    int fd; /* -1 = nothing is plugged in */
    struct loop_source *source;
};

/* What kinds of devices differ in. All of it is called in the device's thread, make and free without one. */
struct sim_hooks {
    unsigned ends;
    /* Makes the front; its link is sim_end_send and sim_end_cut with the end as their ctx. NULL without memory. */
    void *(*make)(struct sim_end *end);
    void (*free)(void *front);
    void (*connect)(void *front);
    void (*receive)(struct sim_end *end, const uint8_t *bytes, size_t n);
    void (*close)(void *front);
    void (*tell)(void *front); /* after each job; NULL = it says nothing by itself */
};

void sim_end_send(void *end, const uint8_t *bytes, size_t n);
void sim_end_cut(void *end);
/* A command has come, for sim_thread_received(). */
void sim_end_count(struct sim_end *end, unsigned command);

/* A device that is just switched on, nothing plugged in. */
struct sim_thread *sim_thread_new(const struct device_options *options, const struct sim_hooks *hooks, void *own);
void sim_thread_free(struct sim_thread *t);

typedef void sim_job(struct sim_end *ends, void *arg);
void sim_thread_do(struct sim_thread *t, sim_job *job, void *arg);

/* The far end of a new link, which it owns, in place of what it has; -1 pulls the plug. */
void sim_thread_connect(struct sim_thread *t, unsigned end, int fd);
/* Bytes of the device's own making. */
void sim_thread_say(struct sim_thread *t, unsigned end, const uint8_t *bytes, size_t n);

/* A fault of the wire, the model or the page; args by name, ended by -1. match: of the wire alone, NULL = all. */
void sim_thread_fault(struct sim_thread *t, enum fault_id fault, const struct rule_match *match, va_list args);
void sim_thread_clear(struct sim_thread *t, enum fault_id fault);
void sim_thread_clear_all(struct sim_thread *t);

/* Commands of one kind that it received since the last call for it. */
unsigned sim_thread_received(struct sim_thread *t, unsigned command);
void sim_thread_forget_received(struct sim_thread *t);

/* A state by its name; channel from 1, 0 = the device's own. */
int64_t sim_thread_state(struct sim_thread *t, unsigned channel, const char *name);
/* Whether no channel is on. */
bool sim_thread_rests(struct sim_thread *t);

/* Wait, bounded. The time from since_ns until all is at rest. */
int64_t sim_thread_wait_rest(struct sim_thread *t, int64_t since_ns, int bound_ms);
void sim_thread_wait_state(struct sim_thread *t, unsigned channel, const char *name, int64_t value, int bound_ms);

#endif
