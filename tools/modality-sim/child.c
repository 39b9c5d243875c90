/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOT_STARTED 127 /* as a shell has it */

struct child {
    struct loop *loop; /* not owned */
    pid_t pid;
    int fd;
    struct loop_source *source;
};

static void ended(void *ctx, uint32_t events)
{
    struct child *child = ctx;
    (void)events;
    loop_stop(child->loop);
}

static void run(char **command)
{
    sigset_t none;
    sigemptyset(&none);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execvp(command[0], command);
    fprintf(stderr, "modality-sim: %s: %s\n", command[0], strerror(errno));
    _exit(NOT_STARTED);
}

int child_start(struct loop *loop, char **command, struct child **out)
{
    struct child *child = calloc(1, sizeof *child);
    if (!child)
        return -ENOMEM;
    *child = (struct child){.loop = loop, .fd = -1};
    child->pid = fork();
    if (child->pid == 0)
        run(command);
    int r = child->pid < 0 ? -errno : 0;
    if (r == 0) {
        child->fd = pidfd_open(child->pid, 0);
        child->source = child->fd < 0 ? NULL : loop_add(loop, child->fd, EPOLLIN, ended, child);
        r = child->source ? 0 : -errno;
    }
    if (r < 0) {
        (void)child_end(child);
        return r;
    }
    *out = child;
    return 0;
}

void child_signal(struct child *child, int signal)
{
    if (child->pid > 0)
        kill(child->pid, signal);
}

int child_end(struct child *child)
{
    int status = 0, r = EXIT_FAILURE;
    if (!child)
        return EXIT_SUCCESS;
    child_signal(child, SIGKILL);
    if (child->pid > 0 && waitpid(child->pid, &status, 0) == child->pid)
        r = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    loop_remove(child->loop, child->source);
    if (child->fd >= 0)
        close(child->fd);
    free(child);
    return r;
}
