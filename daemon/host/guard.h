/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the control thread knows that the device thread hangs. The device thread says until when it must have come by
 * here again, before each plugin call (deadline + grace) and before each wait; the control thread wakes at that time.
 * Nothing is signalled between the threads: a limit that is moved further is seen when the earlier one is reached.
 */
#ifndef HOST_GUARD_H
#define HOST_GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "modality/clock.h"

/*
 * Between calls and waits the device thread only computes, microseconds; this is for a machine so loaded that it does
 * not get the processor. It is not part of any bound: the device's output is judged against the call's own limit.
 */
#define GUARD_IDLE_NS (500 * NS_PER_MS)

/* So many graces more are given to a device thread that does not get the processor. */
#define GUARD_STARVED_MAX 4

/* The dead-man bound as it is told: with those graces, because nobody outside can tell starved from endless. */
static inline uint32_t guard_bound_ms(uint32_t dead_man_ms, uint32_t grace_ms)
{
    return dead_man_ms + GUARD_STARVED_MAX * grace_ms;
}

struct guard {
    _Atomic int64_t limit_ns; /* CLOCK_MONOTONIC; INT64_MAX = nothing runs */
    _Atomic(const char *) what;
    _Atomic int tid; /* of the device thread, 0 = not running */
};

static inline void guard_set(struct guard *g, int64_t limit_ns, const char *what)
{
    atomic_store(&g->what, what);
    atomic_store(&g->limit_ns, limit_ns);
}

static inline void guard_clear(struct guard *g)
{
    guard_set(g, clock_monotonic_ns() + GUARD_IDLE_NS, "scheduling");
}

/*
 * True while the device thread could run and does not get the processor (or computes), or waits uninterruptibly inside
 * the kernel: a terminal's poll does that until a kernel worker gets the processor, and no program can be replaced
 * meanwhile in any case. A wait that a plugin hangs in is neither.
 */
bool guard_is_starved(struct guard *g);

static inline int64_t guard_limit(struct guard *g)
{
    return atomic_load(&g->limit_ns);
}

#endif
