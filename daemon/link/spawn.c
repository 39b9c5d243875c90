/* SPDX-License-Identifier: Apache-2.0 */
/*
 * posix_spawn with what a host needs: its own process group (no terminal or group signal meant for the daemon reaches
 * it), default signals, and no descriptor but the named ones: what the daemon's starter has left open is not the
 * daemon's, and no plugin's either.
 */
#include "link/spawn.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int attributes_make(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    sigdelset(&all, SIGKILL);
    sigdelset(&all, SIGSTOP);
    int r = posix_spawnattr_init(attributes);
    if (r != 0)
        return -r;
    r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (r == 0)
        r = posix_spawnattr_setpgroup(attributes, 0);
    if (r == 0)
        r = posix_spawnattr_setsigmask(attributes, &none);
    if (r == 0)
        r = posix_spawnattr_setsigdefault(attributes, &all);
    if (r != 0)
        posix_spawnattr_destroy(attributes);
    return -r;
}

/* from[i] becomes descriptor to[i] of the child; the rest is closed. */
static int actions_fill(posix_spawn_file_actions_t *actions, const int *from, const int *to, size_t n)
{
    int r = 0, rest = STDERR_FILENO + 1;
    for (size_t i = 0; i < n && r == 0; i++) {
        r = posix_spawn_file_actions_adddup2(actions, from[i], to[i]);
        rest = to[i] >= rest ? to[i] + 1 : rest;
    }
    return r == 0 ? posix_spawn_file_actions_addclosefrom_np(actions, rest) : r;
}

static int spawn(const char *path, char *const argv[], const int *from, const int *to, size_t n, struct spawned *out)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    int r = attributes_make(&attributes);
    if (r < 0)
        return r;
    r = posix_spawn_file_actions_init(&actions);
    if (r != 0) {
        posix_spawnattr_destroy(&attributes);
        return -r;
    }
    r = actions_fill(&actions, from, to, n);
    pid_t pid = 0;
    if (r == 0)
        r = posix_spawn(&pid, path, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (r != 0)
        return -r;
    int pidfd = pidfd_open(pid, 0); /* the pid cannot be reused: nobody else reaps it */
    if (pidfd < 0) {
        r = -errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return r;
    }
    *out = (struct spawned){pid, pidfd};
    return 0;
}

int spawn_host(const char *path, int socket, struct spawned *out)
{
    char name[] = "modality-host", option[] = "--link-fd", number[] = "3";
    char *const argv[] = {name, option, number, NULL};
    const int from[] = {socket}, to[] = {SPAWN_LINK_FD};
    return spawn(path, argv, from, to, 1, out);
}

int spawn_check(const char *path, int input, int output, struct spawned *out)
{
    char name[] = "modality-host", option[] = "--check";
    char *const argv[] = {name, option, NULL};
    const int from[] = {input, output}, to[] = {STDIN_FILENO, STDOUT_FILENO};
    return spawn(path, argv, from, to, 2, out);
}

int spawn_scan(const char *path, const char *plugin_path, int output, struct spawned *out)
{
    char name[] = "modality-host", option[] = "--scan";
    char *const argv[] = {name, option, (char *)(uintptr_t)plugin_path, NULL};
    const int from[] = {output}, to[] = {STDOUT_FILENO};
    return spawn(path, argv, from, to, 1, out);
}

void spawned_kill(const struct spawned *child, int signal)
{
    if (child->pid != 0)
        pidfd_send_signal(child->pidfd, signal, NULL, 0);
}

int spawned_reap(struct spawned *child, int *status, int *killed)
{
    siginfo_t info;
    memset(&info, 0, sizeof(info));
    if (waitid(P_PIDFD, (id_t)child->pidfd, &info, WEXITED | WNOHANG) < 0)
        return -errno;
    if (info.si_pid == 0)
        return 0;
    *status = info.si_status;
    *killed = info.si_code != CLD_EXITED;
    child->pid = 0;
    return 1;
}

void spawned_close(struct spawned *child)
{
    if (child->pidfd >= 0)
        close(child->pidfd);
    child->pidfd = -1;
}
