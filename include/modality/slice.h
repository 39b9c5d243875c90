/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time slices. Client, daemon, host and device of a small machine share its processors, and the kernel (6.6 and later)
 * lets a thread run its slice to the end before it looks at who was woken meanwhile, unless the woken one asked for a
 * shorter slice. So whoever carries a stop asks for the shorter one, the nearer it is to the device; what only writes
 * records keeps the usual one. It needs no privilege and takes no share from anybody; older kernels ignore it.
 */
#ifndef MODALITY_SLICE_H
#define MODALITY_SLICE_H

#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "modality/clock.h"

#define SLICE_HOST_NS (100 * NS_PER_US) /* the kernel's least */
#define SLICE_DAEMON_NS (400 * NS_PER_US)
#define SLICE_WRITER_NS (3 * NS_PER_MS)

/* Of the calling thread; new threads and processes have their parent's. Where it cannot be had it is not needed. */
static inline void slice_ask(int64_t ns)
{
    struct { /* of sched_setattr(2), first version; glibc 2.36 does not declare it */
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } attr = {.size = sizeof(attr)};
    if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) < 0 || attr.policy != SCHED_OTHER)
        return;
    attr.runtime = (uint64_t)ns;
    (void)syscall(SYS_sched_setattr, 0, &attr, 0);
}

#endif
