/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order of the fence: first what needs privileges, then their end, then what anybody may do to himself. Whatever
 * fails is said and the rest is done.
 */
#include "host/sandbox.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "modality/slice.h"

/*
 * A host has some ten descriptors, libusb some ten more for each open device (measured: 24 with two plugs). Its memory
 * is 30 MiB of addresses with its libraries, and the reserve that USB keeps. It writes one record of 40 bytes.
 */
#define SANDBOX_FILES 128
#define SANDBOX_MEMORY (UINT64_C(512) << 20)
#define SANDBOX_FILE_SIZE (UINT64_C(1) << 20) /* also bounds a log file that is its standard error */
/* Threads of all hosts together, where they have a user of their own: 64 links, two of the host and two of libusb. */
#define SANDBOX_TASKS 512
/* What stays in memory has to have room to grow: with less, the next block that is asked for would be refused. */
#define SANDBOX_LOCKED_MIN (UINT64_C(64) << 20)
/* Processor time of a thread under real-time priority without once waiting: then the kernel ends the program. */
#define SANDBOX_REALTIME_US 2000000

struct told {
    char *text;
    size_t used;
    int result;
};

__attribute__((format(printf, 3, 4))) static void tell(struct told *t, int r, const char *format, ...)
{
    va_list arguments;
    if (r < 0)
        t->result = r;
    if (t->used > 0 && t->used < SANDBOX_TEXT_MAX)
        t->used += (size_t)snprintf(t->text + t->used, SANDBOX_TEXT_MAX - t->used, ", ");
    if (t->used >= SANDBOX_TEXT_MAX)
        return;
    va_start(arguments, format);
    t->used += (size_t)vsnprintf(t->text + t->used, SANDBOX_TEXT_MAX - t->used, format, arguments);
    va_end(arguments);
}

enum sandbox_reach sandbox_reach_of(const char *link)
{
    if (strncmp(link, "usb:", 4) == 0)
        return SANDBOX_USB;
    return strncmp(link, "serial:", 7) == 0 ? SANDBOX_SERIAL : SANDBOX_TCP;
}

/* ---- limits, memory, priority ---- */

static int limit(__rlimit_resource_t resource, uint64_t value)
{
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return -errno;
    const rlim_t most = now.rlim_max < value ? now.rlim_max : value;
    return setrlimit(resource, &(struct rlimit){most, most}) < 0 ? -errno : 0;
}

static void limits_set(const struct fence *fence, struct told *t)
{
    int r = limit(RLIMIT_CORE, 0);
    r = r < 0 ? r : limit(RLIMIT_NOFILE, SANDBOX_FILES);
    signal(SIGXFSZ, SIG_IGN);
    if (!SANDBOX_SANITIZED) {
        r = r < 0 ? r : limit(RLIMIT_AS, SANDBOX_MEMORY);
        r = r < 0 ? r : limit(RLIMIT_FSIZE, SANDBOX_FILE_SIZE);
    }
    if (fence->has_user) /* counted by user: shared with others it would be their number */
        r = r < 0 ? r : limit(RLIMIT_NPROC, SANDBOX_TASKS);
    if (r < 0)
        tell(t, r, "no limits (%s)", strerror(-r));
    else
        tell(t, 0, "limits");
}

static int memory_lock(void)
{
    struct rlimit room = {SANDBOX_MEMORY, SANDBOX_MEMORY};
    (void)setrlimit(RLIMIT_MEMLOCK, &room); /* root raises it for whom it becomes */
    if (getrlimit(RLIMIT_MEMLOCK, &room) < 0)
        return -errno;
    if (room.rlim_cur < SANDBOX_LOCKED_MIN)
        return -EPERM;
    return mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ? -errno : 0;
}

static void urgency_set(const struct fence *fence, struct told *t)
{
    int r = 0;
    if (fence->lock_memory) {
        r = memory_lock();
        tell(t, r, r < 0 ? "memory not locked (%s)" : "memory locked", strerror(-r));
    }
    if (fence->realtime > 0) {
        r = limit(RLIMIT_RTTIME, SANDBOX_REALTIME_US);
        r = r < 0 ? r : slice_realtime(fence->realtime, false);
        tell(t, r, r < 0 ? "no real-time priority (%s)" : "real-time priority", strerror(-r));
    }
    limit(RLIMIT_RTPRIO, 0);
}

/* ---- privileges ---- */

/* What a program that root executes would have again. Asks for a privilege, which whoever is not root has not. */
static int bounding_set_drop(void)
{
    for (unsigned long c = 0; prctl(PR_CAPBSET_READ, c) >= 0; c++)
        if (prctl(PR_CAPBSET_READ, c) == 1 && prctl(PR_CAPBSET_DROP, c) < 0 && geteuid() == 0)
            return -errno;
    return 0;
}

static int user_become(const struct fence *fence)
{
    gid_t groups[FENCE_GROUPS_MAX];
    for (size_t i = 0; i < fence->n_groups; i++)
        groups[i] = fence->groups[i];
    if (setgroups(fence->n_groups, groups) < 0 || setresgid(fence->gid, fence->gid, fence->gid) < 0 ||
        setresuid(fence->uid, fence->uid, fence->uid) < 0)
        return -errno;
    return 0;
}

static int capabilities_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}

static void privileges_drop(const struct fence *fence, enum sandbox_reach reach, struct told *t)
{
    struct fence user = *fence;
    if (reach == SANDBOX_TCP || reach == SANDBOX_NO_DEVICE)
        user.n_groups = 0; /* they are those of device nodes */
    int bounding = bounding_set_drop();
    if (fence->has_user && geteuid() == 0) {
        int r = user_become(&user);
        tell(t, r, r < 0 ? "not user %u (%s)" : "user %u", user.uid, strerror(-r));
    }
    int r = capabilities_drop();
    r = r < 0 ? r : bounding;
    tell(t, r, r < 0 ? "capabilities kept (%s)" : "no capabilities", strerror(-r));
    r = prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL) < 0 ? -errno : 0;
    tell(t, r, r < 0 ? "new privileges possible (%s)" : "no new privileges", strerror(-r));
}

/* Nobody of the same user looks into it or takes it over, another host neither. The leak sanitizer does just that. */
static void hide(void)
{
    prctl(PR_SET_DUMPABLE, (unsigned long)SANDBOX_SANITIZED, 0UL, 0UL, 0UL);
}

/* ---- all of it ---- */

int sandbox_enter(const struct fence *fence, const struct sandbox *sandbox, char out[SANDBOX_TEXT_MAX])
{
    struct told t = {.text = out};
    out[0] = '\0';
    urgency_set(fence, &t);
    limits_set(fence, &t);
    privileges_drop(fence, sandbox->reach, &t);
    hide();
    if (SANDBOX_SANITIZED) {
        tell(&t, 0, "sanitizers: files and system calls as they are");
        return t.result;
    }
    int r = sandbox_files(sandbox);
    if (r < 0)
        tell(&t, r, "files as they are (%s)", strerror(-r));
    else
        tell(&t, 0, "Landlock %d", r);
    r = sandbox_calls(sandbox);
    if (r < 0)
        tell(&t, r, "all system calls (%s)", strerror(-r));
    else
        tell(&t, 0, "%d system calls", r);
    return t.result;
}

void sandbox_enter_given(const struct sandbox *sandbox)
{
    char text[SANDBOX_TEXT_MAX];
    struct fence fence;
    if (!fence_given(&fence))
        return;
    fence.lock_memory = false;
    fence.realtime = 0; /* nothing is energised by it */
    (void)sandbox_enter(&fence, sandbox, text);
}

void sandbox_reenter(const struct fence *fence)
{
    hide();
    if (fence->lock_memory)
        (void)memory_lock(); /* what kept it from being so was said the first time */
}
