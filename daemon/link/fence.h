/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon decides about the processes that run plugins: that they are fenced in, and as whom and how urgently
 * they run. It is one word list in the environment, so that every way in which modality-host is started (a link,
 * --check, --scan, its own re-execution) has it before a byte of a plugin is read. A host without it is not fenced in.
 */
#ifndef LINK_FENCE_H
#define LINK_FENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FENCE_VARIABLE "MODALITY_FENCE"
#define FENCE_GROUPS_MAX 16
#define FENCE_TEXT_MAX 320

struct fence {
    bool has_user; /* the host becomes this user, who needs root: else it stays who it is */
    uint32_t uid, gid;
    size_t n_groups;
    uint32_t groups[FENCE_GROUPS_MAX]; /* besides gid: of device nodes */
    bool lock_memory;                  /* mlockall */
    uint32_t realtime;                 /* priority under SCHED_FIFO, 0 = scheduled as everybody */
};

/* Every process started from now on is given it; NULL takes it back. 0 or negative errno. */
int fence_announce(const struct fence *fence);

/* What this process was given: true, or false when nothing is. What cannot be read of it is left out. */
bool fence_given(struct fence *out);

#endif
