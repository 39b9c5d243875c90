/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fence around a plugin. A host enters it after it was told its link and before the plugin's file is loaded, and
 * never leaves it: a re-execution stays inside. It bounds what a plugin can reach and use up beside its own device;
 * what it does to that device is the plugin's.
 *
 * A fence that a kernel or a build does not have is said and done without: a host that does not run rests nothing.
 */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include <stdint.h>

#include "link/fence.h"

/* Programs of sanitizers are left the system calls and the memory that these need: neither is bounded there. */
#if defined(__SANITIZE_ADDRESS__)
#define SANDBOX_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANDBOX_SANITIZED 1
#endif
#endif
#ifndef SANDBOX_SANITIZED
#define SANDBOX_SANITIZED 0
#endif

enum sandbox_reach {
    SANDBOX_NO_DEVICE, /* --check */
    SANDBOX_LIST,      /* --scan: what is attached, by the system's own lists */
    SANDBOX_TCP,
    SANDBOX_SERIAL,
    SANDBOX_USB,
};

struct sandbox {
    enum sandbox_reach reach;
    const char *link;        /* canonical; NULL with SANDBOX_NO_DEVICE and SANDBOX_LIST */
    const char *plugin_path; /* its folder is where it may have libraries of its own */
    int holder_fd;           /* pidfd of the one process it may have to end, -1 = none */
};

#define SANDBOX_TEXT_MAX 320

/* What a canonical link needs. */
enum sandbox_reach sandbox_reach_of(const char *link);

/*
 * Enters the fence. out says which parts hold and why others do not, for a person: the return is 0 when all hold that
 * this build has, else negative.
 */
int sandbox_enter(const struct fence *fence, const struct sandbox *sandbox, char out[SANDBOX_TEXT_MAX]);

/* Enters it when one was given to this process; for what is said there is nobody. */
void sandbox_enter_given(const struct sandbox *sandbox);

/* What does not survive a re-execution. */
void sandbox_reenter(const struct fence *fence);

/* sandbox_files.c: files, TCP ports, other processes (Landlock). The kernel's version of it, or negative errno. */
int sandbox_files(const struct sandbox *sandbox);
/* sandbox_calls.c: system calls (seccomp). Their number, or negative errno. */
int sandbox_calls(const struct sandbox *sandbox);
/* From then on this thread, and what it would start, starts no thread: of a device that needs none. 0 or -errno. */
int sandbox_no_threads(void);

#endif
