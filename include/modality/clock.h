/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one clock helper. Deadlines are absolute int64_t nanoseconds: CLOCK_MONOTONIC for waits and freshness,
 * CLOCK_BOOTTIME for what bounds an output (it runs in suspend, as devices do), CLOCK_REALTIME for records only.
 */
#ifndef MODALITY_CLOCK_H
#define MODALITY_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/* The clock's value now, in ns. These clocks cannot fail on Linux when their id is valid. */
static inline int64_t clock_ns(clockid_t id)
{
    struct timespec t = {0};
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static inline int64_t clock_monotonic_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static inline int64_t clock_boot_ns(void)
{
    return clock_ns(CLOCK_BOOTTIME);
}

/* Milliseconds since 1970, UTC. */
static inline int64_t clock_wall_ms(void)
{
    return clock_ns(CLOCK_REALTIME) / NS_PER_MS;
}

#endif
