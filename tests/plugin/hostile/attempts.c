/* SPDX-License-Identifier: Apache-2.0 */
#include "attempts.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

typedef const struct hostile_world world;

static int outcome(long r)
{
    return r < 0 ? -errno : 0;
}

static int opened(int fd)
{
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static const char *path_of(world *w, const char *name)
{
    static char path[300]; /* one thread tries */
    snprintf(path, sizeof path, "%s/%s", w->state_dir, name);
    return path;
}

/* ---- processes ---- */

static int started(long pid)
{
    if (pid < 0)
        return -errno;
    if (pid == 0)
        _exit(0);
    waitpid((pid_t)pid, NULL, 0);
    return 0;
}

static int make_process(world *w)
{
    (void)w;
    return started(fork());
}

static int make_process_by_clone(world *w)
{
    (void)w;
    return started(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
}

/* "secret" is no program: the kernel finds out after it has allowed to execute it. */
static int execute(world *w)
{
    char *const argv[] = {(char *)(uintptr_t) "secret", NULL};
    (void)execv(path_of(w, "secret"), argv);
    return errno == ENOEXEC ? 0 : -errno;
}

static int signal_parent(world *w)
{
    (void)w;
    return outcome(kill(getppid(), 0));
}

static int signal_by_pidfd(world *w)
{
    (void)w;
    return opened((int)syscall(SYS_pidfd_open, getppid(), 0));
}

static int trace_parent(world *w)
{
    (void)w;
    (void)ptrace(PTRACE_PEEKUSER, getppid(), 0, 0); /* not traced: the kernel finds out after it has allowed to ask */
    return errno == ESRCH ? 0 : -errno;
}

static int read_memory_of_parent(world *w)
{
    (void)w;
    char byte;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    return outcome(process_vm_readv(getppid(), &here, 1, &there, 1, 0));
}

static int open_memory_of_parent(world *w)
{
    (void)w;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)getppid());
    return opened(open(path, O_RDONLY | O_CLOEXEC));
}

static int list_processes(world *w)
{
    (void)w;
    return opened(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* ---- files ---- */

static int read_state(world *w)
{
    return opened(open(path_of(w, "secret"), O_RDONLY | O_CLOEXEC));
}

static int write_state(world *w)
{
    return opened(open(path_of(w, "secret"), O_WRONLY | O_CLOEXEC));
}

static int list_state(world *w)
{
    return opened(open(w->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

static int make_file(world *w)
{
    return opened(open(path_of(w, "planted"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static int make_file_in_tmp(world *w)
{
    (void)w;
    return opened(open("/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
}

static int remove_file(world *w)
{
    return outcome(unlink(path_of(w, "secret")));
}

static int open_to_everybody(world *w)
{
    return outcome(chmod(path_of(w, "secret"), 0666));
}

static int read_users(world *w)
{
    (void)w;
    return opened(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int read_terminals(world *w)
{
    (void)w;
    return opened(open("/dev/pts", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* ---- sockets ---- */

static int socket_to_clients(world *w)
{
    (void)w;
    return opened(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static int socket_to_the_kernel(world *w)
{
    (void)w;
    return opened(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static int at_port(world *w, int (*act)(int fd, const struct sockaddr *address, socklen_t size))
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(w->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int r = outcome(act(fd, (const void *)&address, sizeof address));
    close(fd);
    return r;
}

static int connect_elsewhere(world *w)
{
    return at_port(w, connect);
}

static int serve(world *w)
{
    (void)w;
    return at_port(&(world){.port = 0}, bind);
}

/* ---- the machine, and the fence itself ---- */

static int mount_something(world *w)
{
    (void)w;
    return mount("none", "/there/is/no/such/place", "tmpfs", 0, NULL) < 0 && errno == ENOENT ? 0 : -errno;
}

static int go_round_the_list(world *w)
{
    (void)w;
    char parameters[120] = {0};
    return opened((int)syscall(SYS_io_uring_setup, 1, parameters));
}

static int come_before_others(world *w)
{
    (void)w;
    int r = outcome(sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){.sched_priority = 1}));
    if (r == 0)
        r = outcome(sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0}));
    return r;
}

static int raise_a_limit(world *w)
{
    (void)w;
    return outcome(setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, 64}));
}

static int be_looked_into(world *w)
{
    (void)w;
    return outcome(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

const struct hostile_attempt hostile_attempts[] = {{"make_process", make_process},
                                                   {"make_process_by_clone", make_process_by_clone},
                                                   {"execute", execute},
                                                   {"signal_parent", signal_parent},
                                                   {"signal_by_pidfd", signal_by_pidfd},
                                                   {"trace_parent", trace_parent},
                                                   {"read_memory_of_parent", read_memory_of_parent},
                                                   {"open_memory_of_parent", open_memory_of_parent},
                                                   {"list_processes", list_processes},
                                                   {"read_state", read_state},
                                                   {"write_state", write_state},
                                                   {"list_state", list_state},
                                                   {"make_file", make_file},
                                                   {"make_file_in_tmp", make_file_in_tmp},
                                                   {"open_to_everybody", open_to_everybody},
                                                   {"remove_file", remove_file},
                                                   {"read_users", read_users},
                                                   {"read_terminals", read_terminals},
                                                   {"socket_to_clients", socket_to_clients},
                                                   {"socket_to_the_kernel", socket_to_the_kernel},
                                                   {"connect_elsewhere", connect_elsewhere},
                                                   {"serve", serve},
                                                   {"mount_something", mount_something},
                                                   {"go_round_the_list", go_round_the_list},
                                                   {"come_before_others", come_before_others},
                                                   {"raise_a_limit", raise_a_limit},
                                                   {"be_looked_into", be_looked_into}};
const size_t hostile_n_attempts = sizeof hostile_attempts / sizeof hostile_attempts[0];

/* ---- as much as there is ---- */

#define ENOUGH 4096

static long take_processes(world *w)
{
    long n = 0;
    for (int i = 0; i < ENOUGH; i++)
        n += make_process(w) == 0;
    return n;
}

static long take_descriptors(world *w)
{
    static int fds[ENOUGH];
    long n = 0;
    (void)w;
    while (n < ENOUGH && (fds[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        n++;
    for (long i = 0; i < n; i++)
        close(fds[i]);
    return n;
}

static long take_memory(world *w)
{
    static void *blocks[ENOUGH];
    long n = 0;
    (void)w;
    while (n < ENOUGH && (blocks[n] = malloc(1 << 20)))
        n++;
    for (long i = 0; i < n; i++)
        free(blocks[i]);
    return n;
}

static void *nothing(void *argument)
{
    return argument;
}

static long take_threads(world *w)
{
    long n = 0;
    pthread_t thread;
    (void)w;
    for (int i = 0; i < 64; i++)
        if (pthread_create(&thread, NULL, nothing, NULL) == 0)
            n += pthread_join(thread, NULL) == 0;
    return n;
}

/* Its one writable file is the lock, whose descriptor it can guess. */
static long take_disk(world *w)
{
    static const char block[65536];
    long n = 0;
    (void)w;
    for (int fd = 3; fd < 64; fd++) {
        struct stat st;
        if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY)
            continue;
        for (int i = 0; i < ENOUGH && pwrite(fd, block, sizeof block, (off_t)i * (off_t)sizeof block) > 0; i++)
            n += 64;
    }
    return n;
}

const struct hostile_amount hostile_amounts[] = {{"processes", take_processes},
                                                 {"descriptors", take_descriptors},
                                                 {"memory", take_memory},
                                                 {"threads", take_threads},
                                                 {"disk", take_disk}};
const size_t hostile_n_amounts = sizeof hostile_amounts / sizeof hostile_amounts[0];
