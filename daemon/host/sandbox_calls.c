/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which system calls a host can make, by seccomp: those of this list. Everything else fails with an error instead of
 * ending the program: a plugin, or a library of it, that tries what it may not still has an output to rest.
 *
 * Not in it, on purpose: making processes, signals to others, looking into others, changing files and their rights,
 * mounts, keys, io_uring (which would go round the list), sockets of any other kind than the link's.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/sandbox.h"

static const int calls[] = {
    /* memory */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mprotect), SCMP_SYS(mremap), SCMP_SYS(madvise),
    SCMP_SYS(mlock), SCMP_SYS(mlockall), SCMP_SYS(munlock), SCMP_SYS(membarrier),
    /* files and descriptors; which files is for Landlock */
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(close_range), SCMP_SYS(read), SCMP_SYS(readv),
    SCMP_SYS(pread64), SCMP_SYS(preadv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64), SCMP_SYS(pwritev),
    SCMP_SYS(lseek), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(fcntl), SCMP_SYS(flock), SCMP_SYS(ioctl),
    SCMP_SYS(fstat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(statfs),
    SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(ftruncate), SCMP_SYS(name_to_handle_at),
    /* waiting */
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(epoll_create),
    SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
    SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime), SCMP_SYS(timerfd_gettime),
    SCMP_SYS(signalfd4), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
    SCMP_SYS(restart_syscall),
    /* clocks and facts */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
    SCMP_SYS(getrandom), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid),
    SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getresuid), SCMP_SYS(getresgid),
    SCMP_SYS(getgroups), SCMP_SYS(getpgrp), SCMP_SYS(getrlimit), SCMP_SYS(getrusage), SCMP_SYS(sched_getaffinity),
    SCMP_SYS(sched_getattr), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler), SCMP_SYS(getcpu),
    /* threads and signals of its own */
    SCMP_SYS(futex), SCMP_SYS(futex_waitv), SCMP_SYS(set_robust_list), SCMP_SYS(get_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(set_tid_address), SCMP_SYS(arch_prctl), SCMP_SYS(sched_yield), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigpending), SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(seccomp),
    /* the host replaces itself; which program it could execute is for Landlock */
    SCMP_SYS(execve),
    /* what is open; which sockets can be is below */
    SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt),
    SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(sendto), SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg)};

static const unsigned long process_options[] = {PR_SET_NAME,       PR_GET_NAME,        PR_SET_TIMERSLACK,
                                                PR_GET_TIMERSLACK, PR_GET_DUMPABLE,    PR_CAPBSET_READ,
                                                PR_SET_SECCOMP,    PR_SET_NO_NEW_PRIVS};

struct filter {
    scmp_filter_ctx ctx;
    int n;
    int error;
};

/* A call that this machine does not have needs no rule. */
static void add(struct filter *f, int call, unsigned n, const struct scmp_arg_cmp *with)
{
    if (call < 0)
        return;
    int r = seccomp_rule_add_array(f->ctx, SCMP_ACT_ALLOW, call, n, with);
    f->n += n == 0;
    if (r < 0 && f->error == 0)
        f->error = r;
}

/* Compared in 64 bits: what the kernel would cut off is not let through. */
static struct scmp_arg_cmp argument_is(unsigned which, uint64_t value)
{
    return (struct scmp_arg_cmp){.arg = which, .op = SCMP_CMP_EQ, .datum_a = value};
}

static void add_1(struct filter *f, int call, uint64_t first)
{
    const struct scmp_arg_cmp with = argument_is(0, first);
    add(f, call, 1, &with);
}

static void add_2(struct filter *f, int call, uint64_t first, unsigned which, uint64_t value)
{
    const struct scmp_arg_cmp with[] = {argument_is(0, first), argument_is(which, value)};
    add(f, call, 2, with);
}

/* Of itself: threads, signals, limits that are read, options that take nothing from the fence. */
static void add_own(struct filter *f, const struct sandbox *sandbox)
{
    const uint64_t self = (uint64_t)getpid(); /* a re-execution keeps it */
    const struct scmp_arg_cmp thread = {
        .arg = 0, .op = SCMP_CMP_MASKED_EQ, .datum_a = CLONE_THREAD, .datum_b = CLONE_THREAD};
    if (sandbox->reach != SANDBOX_NO_DEVICE)
        add(f, SCMP_SYS(clone), 1, &thread);
    add_1(f, SCMP_SYS(kill), self);
    add_1(f, SCMP_SYS(tgkill), self);
    add_2(f, SCMP_SYS(prlimit64), 0, 2, 0);
    add_2(f, SCMP_SYS(prctl), PR_SET_DUMPABLE, 1, 0);
    for (size_t i = 0; i < sizeof process_options / sizeof process_options[0]; i++)
        add_1(f, SCMP_SYS(prctl), process_options[i]);
    if (sandbox->holder_fd >= 0)
        add_2(f, SCMP_SYS(pidfd_send_signal), (uint64_t)sandbox->holder_fd, 1, SIGKILL);
}

/* USB listens to the kernel's and udev's word of what is plugged in. */
static void add_sockets(struct filter *f, enum sandbox_reach reach)
{
    if (reach == SANDBOX_TCP) {
        add_1(f, SCMP_SYS(socket), AF_INET);
        add_1(f, SCMP_SYS(socket), AF_INET6);
    }
    if (reach != SANDBOX_USB && reach != SANDBOX_LIST)
        return;
    add_2(f, SCMP_SYS(socket), AF_NETLINK, 2, NETLINK_KOBJECT_UEVENT);
    if (!getenv("UMOCKDEV_DIR"))
        return;
    add_1(f, SCMP_SYS(socket), AF_UNIX); /* a bus that a program plays is behind such sockets */
    add(f, SCMP_SYS(unlink), 0, NULL);
}

int sandbox_calls(const struct sandbox *sandbox)
{
    struct filter f = {.ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM))};
    if (!f.ctx)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        add(&f, calls[i], 0, NULL);
    add_own(&f, sandbox);
    add_sockets(&f, sandbox->reach);
    /* its flags are in memory, where a filter cannot look: the C library then takes clone */
    int r = seccomp_rule_add(f.ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    r = f.error < 0 ? f.error : r;
    if (r == 0)
        (void)seccomp_attr_set(f.ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree in place of a list */
    r = r < 0 ? r : seccomp_load(f.ctx);
    seccomp_release(f.ctx);
    return r < 0 ? r : f.n;
}

int sandbox_no_threads(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    if (!ctx)
        return -ENOMEM;
    int r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EAGAIN), SCMP_SYS(clone), 0);
    r = r < 0 ? r : seccomp_load(ctx);
    seccomp_release(ctx);
    return r;
}
