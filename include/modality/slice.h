/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time slices. Client, daemon, host and device of a small machine share its processors, and the kernel (6.6 and later)
 * lets a thread run its slice to the end before it looks at who was woken meanwhile, unless the woken one asked for a
 * shorter slice. So whoever carries a stop asks for the shorter one, the nearer it is to the device; what only writes
 * records keeps the usual one. It needs no privilege and takes no share from anybody; older kernels ignore it.
 */
#ifndef MODALITY_SLICE_H
#define MODALITY_SLICE_H

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "modality/clock.h"

#define SLICE_HOST_NS (100 * NS_PER_US) /* the kernel's least */
#define SLICE_DAEMON_NS (400 * NS_PER_US)
#define SLICE_WRITER_NS (3 * NS_PER_MS)

/* Of sched_setattr(2), first version; glibc 2.36 does not declare it. */
struct slice_attr {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
};

/* Of the calling thread; new threads and processes have their parent's. Where it cannot be had it is not needed. */
static inline void slice_ask(int64_t ns)
{
    struct slice_attr attr = {.size = sizeof(attr)};
    if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 || attr.policy != SCHED_OTHER)
        return;
    attr.runtime = (uint64_t)ns;
    (void)syscall(SYS_sched_setattr, 0, &attr, 0);
}

/*
 * SCHED_FIFO for the calling thread, for who was told to: 0 or negative errno. Its threads have it too, unless it is
 * for this thread alone.
 */
static inline int slice_realtime(uint32_t priority, bool alone)
{
    struct slice_attr attr = {.size = sizeof(attr),
                              .policy = SCHED_FIFO,
                              .flags = alone ? 1 : 0, /* SCHED_FLAG_RESET_ON_FORK */
                              .priority = priority};
    return syscall(SYS_sched_setattr, 0, &attr, 0) < 0 ? -errno : 0;
}

#endif
