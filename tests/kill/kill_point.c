/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into the daemon and its hosts: something happens to a program before the n-th of its steps. A step is what
 * others see of it: a message between daemon and host, a request to a device on a network, a write to the database or
 * its way to the disk. Who is struck, how and when stands in the file named by MODALITY_KILL, an array of struct point;
 * each strikes once.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POINTS 16
#define NEXT_DAEMON (-1)
#define NEXT_HOST (-2)
#define NS_PER_S INT64_C(1000000000)

enum deed { DEED_NONE, DEED_KILL, DEED_CRASH, DEED_FREEZE, DEED_LOOP, DEED_BLOCK, DEED_STARVE };
enum step { STEP_NONE, STEP_MESSAGE, STEP_REQUEST, STEP_WRITE, STEP_SYNC };

/* kill.py has the same. */
struct point {
    _Atomic int64_t pid;       /* of the program, 0 = the point is not set, NEXT_...: of the next one that starts */
    _Atomic int64_t kinds;     /* bit per enum step that counts, 0 = all */
    _Atomic int64_t at;        /* the step before which it happens, 0 = they are counted alone */
    _Atomic int64_t deed;      /* enum deed */
    _Atomic int64_t count;     /* steps so far */
    _Atomic int64_t struck_ns; /* CLOCK_MONOTONIC, 0 = it has not happened */
    _Atomic int64_t step;      /* enum step of the one before which it happened */
};

static struct point *points;
static atomic_bool starving;

/* Hosts that a daemon asks what they think of its configuration have another option. */
static int64_t role_of(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/'), *name = slash ? slash + 1 : argv[0];

    if (strcmp(name, "modalityd") == 0)
        return NEXT_DAEMON;
    return strcmp(name, "modality-host") == 0 && argc > 1 && strcmp(argv[1], "--link-fd") == 0 ? NEXT_HOST : 0;
}

/* A point of the daemon's is the daemon's; of those of hosts each takes one. */
static void claim(int64_t role)
{
    for (size_t i = 0; i < POINTS && role != 0; i++) {
        int64_t free = role;
        if (atomic_compare_exchange_strong(&points[i].pid, &free, getpid()))
            return;
    }
}

__attribute__((constructor)) static void open_points(int argc, char **argv)
{
    const char *path = getenv("MODALITY_KILL");
    const int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *page = fd >= 0 ? mmap(NULL, POINTS * sizeof *points, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

    if (fd >= 0)
        close(fd);
    if (page == MAP_FAILED)
        return;
    points = page;
    claim(role_of(argc, argv));
}

/* ---- what happens ---- */

/* A program that is fenced in may not send signals: the same, as far as anybody outside can tell. */
static void die(void)
{
    (void)syscall(SYS_kill, getpid(), SIGKILL);
    syscall(SYS_exit_group, 137);
}

static int *volatile nowhere; /* stays NULL, which no compiler may know */

static void strike(struct point *p, enum step step)
{
    struct timespec now;

    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
    p->step = step;
    p->struck_ns = now.tv_sec * NS_PER_S + now.tv_nsec;
    switch ((enum deed)p->deed) {
    case DEED_NONE:
        return;
    case DEED_KILL:
        die();
        return;
    case DEED_CRASH:
        signal(SIGSEGV, SIG_DFL);
        *nowhere = 0; /* that is the deed */
        return;
    case DEED_FREEZE: /* the whole program; where it may not do it itself, the test does when it sees this */
        (void)syscall(SYS_kill, getpid(), SIGSTOP);
        return;
    case DEED_LOOP:
        for (;;)
            atomic_signal_fence(memory_order_seq_cst);
    case DEED_BLOCK:
        for (;;)
            syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &(struct timespec){.tv_sec = 3600}, NULL);
    case DEED_STARVE:
        starving = true;
        return;
    }
}

static void step(enum step kind)
{
    const int saved = errno;
    const int64_t me = getpid();

    for (size_t i = 0; points && i < POINTS; i++) {
        struct point *p = &points[i];
        if (p->pid != me || p->struck_ns != 0 || (p->kinds != 0 && !(p->kinds >> kind & 1)))
            continue;
        if (atomic_fetch_add(&p->count, 1) + 1 == p->at)
            strike(p, kind);
    }
    errno = saved;
}

/* ---- the steps ---- */

/* Datagrams go between daemon and host, streams on a network to devices; clients and the journal do not count. */
static void socket_step(int fd)
{
    int domain = 0, type = 0;
    socklen_t size = sizeof(int);

    if (!points || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return;
    if (domain == AF_UNIX && type == SOCK_SEQPACKET)
        step(STEP_MESSAGE);
    else if (domain == AF_INET && type == SOCK_STREAM)
        step(STEP_REQUEST);
}

ssize_t send(int fd, const void *message, size_t size, int flags)
{
    socket_step(fd);
    return syscall(SYS_sendto, fd, message, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    socket_step(fd);
    return syscall(SYS_sendmsg, fd, message, flags);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t offset)
{
    step(STEP_WRITE);
    return syscall(SYS_pwrite64, fd, bytes, size, offset);
}

int fdatasync(int fd)
{
    step(STEP_SYNC);
    return (int)syscall(SYS_fdatasync, fd);
}

/* ---- memory ---- */

void *__libc_malloc(size_t size);                /* NOLINT: the names are glibc's */
void *__libc_calloc(size_t n, size_t size);      /* NOLINT */
void *__libc_realloc(void *memory, size_t size); /* NOLINT */

static bool refused(void)
{
    if (!starving)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return refused() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size)
{
    return refused() ? NULL : __libc_realloc(memory, size);
}
