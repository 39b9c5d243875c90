/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lock, probe, bind, own, listen - in this order, and once more when somebody takes the name away. The lock file is
 * never removed: a lock on a removed file would guard nothing.
 */
#include "api/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What a burst of clients may wait in; the kernel cuts it to net.core.somaxconn. */
#define BACKLOG 1024

struct fault {
    char *text;
    size_t size;
};

static int fail(const struct fault *fault, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

static int fail(const struct fault *fault, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->text, fault->size, format, args);
    va_end(args);
    return error;
}

/* A directory in which others can rename could be made to serve another socket. */
static int directory_check(const char *path, const struct fault *fault)
{
    char directory[108];
    snprintf(directory, sizeof(directory), "%s", path);
    char *slash = strrchr(directory, '/');
    if (slash == NULL || path[0] != '/')
        return fail(fault, -EINVAL, "socket %s is not an absolute path", path);
    slash[slash == directory ? 1 : 0] = 0;
    /* The mode once more, because of the umask: clients of the group come in through it. */
    if (mkdir(directory, 0755) < 0 ? errno != EEXIST : chmod(directory, 0755) < 0)
        return fail(fault, -errno, "directory %s of the socket cannot be made: %s", directory, strerror(errno));
    struct stat st;
    if (stat(directory, &st) < 0)
        return fail(fault, -errno, "directory %s of the socket: %s", directory, strerror(errno));
    bool foreign = st.st_uid != 0 && st.st_uid != geteuid();
    bool shared = (st.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (st.st_mode & S_ISVTX) == 0;
    if (!S_ISDIR(st.st_mode) || foreign || shared)
        return fail(fault, -EPERM,
                    "directory %s of the socket belongs to uid %u with mode %04o: others could replace the socket",
                    directory, (unsigned)st.st_uid, (unsigned)(st.st_mode & 07777));
    return 0;
}

static int lock_take(struct api_socket *s, const struct fault *fault)
{
    char path[128];
    snprintf(path, sizeof(path), "%s.lock", s->path);
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return fail(fault, -errno, "lock file %s cannot be opened: %s", path, strerror(errno));
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return fail(fault, -EADDRINUSE, "another daemon holds %s", path);
    return fail(fault, -errno, "lock file %s cannot be locked: %s", path, strerror(errno));
}

static void address_fill(const struct api_socket *s, struct sockaddr_un *address)
{
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(address->sun_path, s->path, sizeof(address->sun_path));
}

/* Whether somebody listens there. A full backlog (EAGAIN) is an answer too. */
static int probe(const struct api_socket *s, const struct fault *fault)
{
    struct sockaddr_un address;
    address_fill(s, &address);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return fail(fault, -errno, "no socket: %s", strerror(errno));
    int r = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
    close(fd);
    if (r == ECONNREFUSED || r == ENOENT)
        return 0;
    return fail(fault, -EADDRINUSE, "%s is served by another program%s%s", s->path, r != 0 ? ": " : "",
                r != 0 ? strerror(r) : "");
}

static int stale_remove(const struct api_socket *s, const struct fault *fault)
{
    struct stat st;
    if (lstat(s->path, &st) < 0)
        return errno == ENOENT ? 0 : fail(fault, -errno, "%s: %s", s->path, strerror(errno));
    if (!S_ISSOCK(st.st_mode))
        return fail(fault, -EEXIST, "%s is there and is no socket: it is left alone", s->path);
    int r = probe(s, fault);
    if (r < 0)
        return r;
    if (unlink(s->path) < 0 && errno != ENOENT)
        return fail(fault, -errno, "stale socket %s cannot be removed: %s", s->path, strerror(errno));
    return 0;
}

/* Owner and mode by path: fchown and fchmod of a socket descriptor do not reach the name in the file system. */
static int own(struct api_socket *s, const struct fault *fault)
{
    struct stat st;
    if (lstat(s->path, &st) < 0)
        return fail(fault, -errno, "%s: %s", s->path, strerror(errno));
    s->device = st.st_dev;
    s->inode = st.st_ino;
    if (s->group != (gid_t)-1 && lchown(s->path, (uid_t)-1, s->group) < 0)
        return fail(fault, -errno, "%s cannot be given to group %u: %s", s->path, (unsigned)s->group, strerror(errno));
    if (chmod(s->path, s->mode) < 0)
        return fail(fault, -errno, "%s cannot get mode %04o: %s", s->path, (unsigned)s->mode, strerror(errno));
    return 0;
}

/* Once, at the start: a name service may block. */
static int group_find(struct api_socket *s, const struct config_daemon *settings, const struct fault *fault)
{
    if (settings->socket_group == NULL)
        return 0;
    const struct group *group = getgrnam(settings->socket_group);
    if (group == NULL)
        return fail(fault, -ENOENT, "socket_group %s is no group of this machine", settings->socket_group);
    s->group = group->gr_gid;
    return 0;
}

static int bind_quiet(struct api_socket *s, const struct fault *fault)
{
    struct sockaddr_un address;
    address_fill(s, &address);
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return fail(fault, -errno, "no socket: %s", strerror(errno));
    mode_t before = umask(0177); /* nobody connects before owner and mode are set */
    int r = bind(s->fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
    umask(before);
    return r < 0 ? fail(fault, r, "%s cannot be bound: %s", s->path, strerror(-r)) : 0;
}

static int serve(struct api_socket *s, const struct fault *fault)
{
    int r = bind_quiet(s, fault);
    if (r == 0)
        r = own(s, fault);
    if (r == 0 && listen(s->fd, BACKLOG) < 0)
        r = fail(fault, -errno, "%s: listen: %s", s->path, strerror(errno));
    return r;
}

int socket_open(const struct config_daemon *settings, struct api_socket *out, char *error, size_t size)
{
    struct fault fault;
    fault.text = error;
    fault.size = size;
    struct api_socket s = {.lock_fd = -1, .fd = -1, .mode = settings->socket_mode, .group = (gid_t)-1};
    if (strlen(settings->socket_path) >= sizeof(s.path))
        return fail(&fault, -ENAMETOOLONG, "socket %s: a path has at most %zu bytes", settings->socket_path,
                    sizeof(s.path) - 1);
    memcpy(s.path, settings->socket_path, strlen(settings->socket_path));
    int r = directory_check(s.path, &fault);
    if (r == 0)
        r = lock_take(&s, &fault);
    if (r == 0)
        r = group_find(&s, settings, &fault);
    if (r == 0)
        r = stale_remove(&s, &fault);
    if (r == 0)
        r = serve(&s, &fault);
    if (r < 0) {
        socket_close(&s);
        return r;
    }
    *out = s;
    return 0;
}

bool socket_is_ours(const struct api_socket *s)
{
    struct stat st;
    return s->inode != 0 && lstat(s->path, &st) == 0 && st.st_dev == s->device && st.st_ino == s->inode;
}

/* A deleted lock file is made anew; when another daemon has done so, the name is that one's. */
static int lock_keep(struct api_socket *s, const struct fault *fault)
{
    char path[128];
    struct stat held, there;
    snprintf(path, sizeof(path), "%s.lock", s->path);
    if (fstat(s->lock_fd, &held) == 0 && lstat(path, &there) == 0 && held.st_dev == there.st_dev &&
        held.st_ino == there.st_ino)
        return 0;
    int old = s->lock_fd;
    int r = lock_take(s, fault);
    if (r < 0 && s->lock_fd >= 0)
        close(s->lock_fd);
    if (r < 0)
        s->lock_fd = old;
    else
        close(old);
    return r;
}

int socket_rebind(struct api_socket *s, int *old_fd, char *error, size_t size)
{
    struct fault fault;
    fault.text = error;
    fault.size = size;
    int r = directory_check(s->path, &fault);
    if (r == 0)
        r = lock_keep(s, &fault);
    if (r < 0)
        return r;
    if (unlink(s->path) < 0 && errno != ENOENT)
        return fail(&fault, -errno, "what stands at %s cannot be removed: %s", s->path, strerror(errno));
    struct api_socket fresh = *s;
    fresh.fd = -1;
    r = serve(&fresh, &fault);
    if (r < 0) {
        if (fresh.fd >= 0)
            close(fresh.fd);
        return r;
    }
    *old_fd = s->fd;
    *s = fresh;
    return 0;
}

void socket_close(struct api_socket *s)
{
    if (socket_is_ours(s))
        unlink(s->path);
    if (s->fd >= 0)
        close(s->fd);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    s->fd = s->lock_fd = -1;
    s->inode = 0;
}
