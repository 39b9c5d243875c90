/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A configuration checked while treatments run: by `modalityd --check` in a process of its own, because plugins take as
 * long as they take, and permits cannot wait. Its faults go to the same log; the loop is told when it is done.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"

/* A path, and a fault or what a good configuration holds. */
#define LINE_MAX_BYTES 5120

struct check_child {
    int out; /* what it printed, read when it has ended */
    check_done *done;
    void *userdata;
};

/* The one line that --check prints; "" if there is none. */
static void read_line(int fd, char text[LINE_MAX_BYTES])
{
    const ssize_t n = read(fd, text, LINE_MAX_BYTES - 1);
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
}

/* Its last word is the hash of a good configuration. */
static const char *hash_of(const char *line)
{
    const char *last = strrchr(line, ' ');
    return last && strlen(last + 1) == 64 ? last + 1 : NULL;
}

static const char *why_of(const char *line)
{
    const char *refused = strstr(line, CHECK_REFUSED);
    return refused ? refused + strlen(CHECK_REFUSED) : "it could not be checked";
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *userdata)
{
    struct check_child *child = userdata;
    char line[LINE_MAX_BYTES];
    read_line(child->out, line);
    const bool good = info->si_code == CLD_EXITED && info->si_status == 0;
    close(child->out);
    child->done(child->userdata, good ? hash_of(line) : NULL, why_of(line));
    free(child);
    sd_event_source_unref(source);
    return 0;
}

static int spawn(const char *dir, int out, pid_t *pid)
{
    char *const arguments[] = {(char *)(uintptr_t) "modalityd", (char *)(uintptr_t) "--config", (char *)(uintptr_t)dir,
                               (char *)(uintptr_t) "--check", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int r = posix_spawn(pid, "/proc/self/exe", &actions, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return -r;
}

int check_child_start(sd_event *event, const char *dir, check_done *done, void *userdata)
{
    int ends[2];
    pid_t pid;
    sd_event_source *source;
    struct check_child *child = calloc(1, sizeof *child);
    if (!child)
        return -ENOMEM;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        const int error = -errno;
        free(child);
        return error;
    }
    *child = (struct check_child){.out = ends[0], .done = done, .userdata = userdata};
    int r = spawn(dir, ends[1], &pid);
    close(ends[1]);
    if (r == 0) {
        r = sd_event_add_child(event, &source, pid, WEXITED, on_child, child);
        if (r >= 0)
            return 0;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    close(ends[0]);
    free(child);
    return r;
}
