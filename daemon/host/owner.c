/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locks that end with the process. The start time in the record is field 22 of /proc/<pid>/stat, in clock ticks since
 * boot: together with the pid it names one process and no later one.
 */
#include "host/owner.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/settings.h"

#define STAT_FIELD_START 22
#define OWNER_NAME_MAX 200 /* of an escaped link in a file name; NAME_MAX is 255 */

/* FNV-1a, for names too long for a file system. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

int owner_path(const char *state_dir, const char *link, char *out, size_t size)
{
    char name[OWNER_NAME_MAX + 4];
    size_t used = 0;
    for (const char *c = link; *c && used < OWNER_NAME_MAX; c++) {
        bool plain = isalnum((unsigned char)*c) || *c == '-' || *c == '.' || *c == ':';
        used += (size_t)snprintf(name + used, sizeof(name) - used, plain ? "%c" : "_%02x", (unsigned char)*c);
    }
    int n = used < OWNER_NAME_MAX ? snprintf(out, size, "%s/link-%s.lock", state_dir, name)
                                  : snprintf(out, size, "%s/link-%016" PRIx64 ".lock", state_dir, hash_of(link));
    return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

/* Start time of a process: 0 or negative errno. */
static int start_time(int64_t pid, uint64_t *out)
{
    char path[64], text[1024];
    snprintf(path, sizeof(path), "/proc/%" PRId64 "/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    if (n <= 0)
        return -ESRCH;
    text[n] = '\0';
    char *at = strrchr(text, ')'); /* the name may hold anything, a parenthesis too */
    for (int field = 2; at && field < STAT_FIELD_START; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return -EPROTO;
    char *end = strchr(at + 1, ' ');
    if (end)
        *end = '\0';
    return settings_number(at + 1, UINT64_MAX, out);
}

static int record_write(const struct owner *o)
{
    uint64_t started = 0;
    int r = start_time(getpid(), &started);
    if (r < 0)
        return r;
    char text[64];
    int n = snprintf(text, sizeof(text), "%ld %" PRIu64 "\n", (long)getpid(), started);
    if (ftruncate(o->lock_fd, 0) < 0 || pwrite(o->lock_fd, text, (size_t)n, 0) != n)
        return -EIO;
    return 0;
}

static int record_read(const struct owner *o, int64_t *pid, uint64_t *started)
{
    char text[64];
    ssize_t n = pread(o->lock_fd, text, sizeof(text) - 1, 0);
    if (n <= 0)
        return -ESRCH;
    text[n] = '\0';
    char *blank = strchr(text, ' '), *end = strchr(text, '\n');
    if (!blank || !end)
        return -ESRCH;
    *blank = *end = '\0';
    uint64_t number = 0;
    if (settings_number(text, INT32_MAX, &number) < 0 || settings_number(blank + 1, UINT64_MAX, started) < 0)
        return -ESRCH;
    *pid = (int64_t)number;
    return 0;
}

/* The pidfd is opened first: if what then runs under the pid is what was recorded, it is that process, and stays it. */
static void holder_open(struct owner *o)
{
    uint64_t recorded = 0, running = 0;
    o->holder_fd = -1;
    if (record_read(o, &o->holder_pid, &recorded) < 0)
        return;
    o->holder_fd = pidfd_open((pid_t)o->holder_pid, 0);
    if (o->holder_fd < 0 || (start_time(o->holder_pid, &running) == 0 && running == recorded))
        return;
    close(o->holder_fd);
    o->holder_fd = -1;
}

int owner_open(struct owner *o, const char *state_dir, const char *link)
{
    char path[PATH_MAX];
    int r = owner_path(state_dir, link, path, sizeof(path));
    if (r < 0)
        return r;
    o->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (o->lock_fd < 0)
        return -errno;
    holder_open(o);
    return 0;
}

int owner_try(struct owner *o)
{
    if (flock(o->lock_fd, LOCK_EX | LOCK_NB) < 0) {
        o->waited = o->waited || errno == EWOULDBLOCK;
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    }
    o->held = true;
    if (o->holder_fd >= 0)
        close(o->holder_fd);
    o->holder_fd = -1;
    return record_write(o);
}

int owner_inherit(struct owner *o, int lock_fd)
{
    /* The same open file description: taking the lock again is no change if it is ours, and fails if it is not. */
    if (flock(lock_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    o->lock_fd = lock_fd;
    o->holder_fd = -1;
    o->held = true;
    return record_write(o);
}

int owner_kill_recorded(const struct owner *o, int64_t *pid)
{
    *pid = o->holder_fd < 0 ? 0 : o->holder_pid;
    if (o->holder_fd < 0)
        return -ESRCH;
    return pidfd_send_signal(o->holder_fd, SIGKILL, NULL, 0) < 0 ? -errno : 0;
}

/* A replugged adapter is a new node, under the same name or behind the same symbolic link. */
bool owner_node_held(const struct owner *o, const char *link)
{
    struct stat held, named;
    if (strncmp(link, "serial:", 7) != 0)
        return true;
    return o->node_fd >= 0 && fstat(o->node_fd, &held) == 0 && stat(link + 7, &named) == 0 &&
           held.st_dev == named.st_dev && held.st_ino == named.st_ino && held.st_rdev == named.st_rdev &&
           held.st_ctim.tv_sec == named.st_ctim.tv_sec;
}

int owner_node(struct owner *o, const char *link)
{
    if (owner_node_held(o, link))
        return 0;
    /* Given up even if there is nothing to lock: a node that is kept open keeps its number from the one that returns.
     */
    if (o->node_fd >= 0)
        close(o->node_fd);
    o->node_fd = open(link + 7, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (o->node_fd < 0)
        return -errno;
    if (flock(o->node_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    int r = errno == EWOULDBLOCK ? -EBUSY : -errno;
    close(o->node_fd);
    o->node_fd = -1;
    return r;
}
