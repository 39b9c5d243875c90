/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every reference device keeps around its outputs: run commands, the watchdog, the device timer, and the latches
 * for fault, watchdog trip, patient stop and interlock. Pure: time comes in as an argument. While anything is latched
 * no start is accepted; a stop always is. A stuck output is held here, so that no way to rest can be forgotten.
 */
#ifndef SIM_GUARD_H
#define SIM_GUARD_H

#include "fault.h"

#include <stdbool.h>
#include <stdint.h>

#define GUARD_CHANNELS_MAX 8
#define GUARD_WATCHDOG_NS INT64_C(1000000000) /* of the reference devices: 1000 ms */
#define GUARD_TIMER_MAX_MS 3600000

/* Why an output changed; the trace's "cause". CAUSE(id). */
#define SIM_CAUSES(CAUSE)                                                                                              \
    CAUSE(switch_on)                                                                                                   \
    CAUSE(write)                                                                                                       \
    CAUSE(start)                                                                                                       \
    CAUSE(emission)                                                                                                    \
    CAUSE(stop)                                                                                                        \
    CAUSE(watchdog)                                                                                                    \
    CAUSE(timer)                                                                                                       \
    CAUSE(fault)                                                                                                       \
    CAUSE(patient_stop)                                                                                                \
    CAUSE(interlock)                                                                                                   \
    CAUSE(injected)                                                                                                    \
    CAUSE(resumed)                                                                                                     \
    CAUSE(reboot)                                                                                                      \
    CAUSE(load)                                                                                                        \
    CAUSE(sample)

enum cause {
#define CAUSE(id) CAUSE_##id,
    SIM_CAUSES(CAUSE)
#undef CAUSE
        CAUSE_COUNT
};

struct guard_channel {
    bool run;          /* the device's own view: the run coil */
    int64_t begins_ns; /* told to run, and its output begins only then; 0 = nothing to wait for */
    bool held;         /* told to rest, and stuck */
    bool interrupted;  /* was on when the watchdog tripped */
    bool stuck;
    bool stuck_hidden;
    enum stuck_ignores stuck_ignores;
};

struct guard {
    unsigned channels;
    struct guard_channel channel[GUARD_CHANNELS_MAX];
    int64_t start_delay_ns; /* from a run command to the output: a laser's emission delay */
    int64_t watchdog_ns;    /* 0 = the device has none */
    int64_t switched_on_ns;
    int64_t watchdog_due_ns; /* INT64_MAX while no output is on */
    uint16_t feed_value;
    uint32_t timer_preset_ms;
    int64_t timer_end_ns;  /* INT64_MAX = not running */
    int64_t timer_left_ns; /* while stalled */
    bool timer_stalled;
    bool watchdog_disabled;
    bool resume_when_fed;
    bool tripped;
    uint16_t fault_code;
    bool fault_present; /* the cause of fault_code is still there */
    bool patient_latched;
    bool patient_pressed;
    bool interlock_latched;
    bool interlock_open;
};

/* As after switch-on at now_ns: all at rest, nothing latched but what is still pressed or open. What the device is
 * (delay, watchdog, variants, stuck channels) survives. */
void guard_switch_on(struct guard *guard, unsigned channels, int64_t now_ns);

/* What truly flows, and what the device says (which counts an output that waits for its begin). */
bool guard_output_on(const struct guard *guard, unsigned channel);
bool guard_reported_on(const struct guard *guard, unsigned channel);
bool guard_any_reported_on(const struct guard *guard);
bool guard_waiting(const struct guard *guard, unsigned channel);
bool guard_latched(const struct guard *guard);

/* Run commands for the channels in mask. Starting returns -EPERM while something is latched. */
int guard_start(struct guard *guard, uint32_t mask, int64_t now_ns);
void guard_stop(struct guard *guard, uint32_t mask);

/* A write to the feed register; true when it put outputs on again (device variant). */
bool guard_feed(struct guard *guard, uint16_t value, int64_t now_ns);
/* Clears each latch whose cause is gone. */
void guard_clear(struct guard *guard);

/* Latch and rest all outputs; keep_output leaves them as they are. */
void guard_fault(struct guard *guard, uint16_t code, bool keep_output);
void guard_fault_gone(struct guard *guard);
void guard_patient_stop(struct guard *guard, bool pressed);
void guard_interlock(struct guard *guard, bool open);
void guard_stuck(struct guard *guard, unsigned channel, bool stuck, bool hidden, enum stuck_ignores ignores);
/* On at once, whatever is latched and without the delay. */
void guard_self_start(struct guard *guard, unsigned channel, int64_t now_ns);
void guard_timer_stall(struct guard *guard, bool stalled, int64_t now_ns);

/* When time alone changes something next; INT64_MAX = never. */
int64_t guard_next_ns(const struct guard *guard);
/* Acts on what is due at now_ns; CAUSE_COUNT when nothing was. */
enum cause guard_expire(struct guard *guard, int64_t now_ns);

uint32_t guard_uptime_ms(const struct guard *guard, int64_t now_ns);
uint32_t guard_timer_left_ms(const struct guard *guard, int64_t now_ns);

#endif
