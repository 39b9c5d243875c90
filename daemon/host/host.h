/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One modality-host: the control thread's half (socket, phases, lock, guard) and what it shares with the device thread.
 */
#ifndef HOST_HOST_H
#define HOST_HOST_H

#include "host/line.h"
#include "host/sandbox.h"
#include "host/services.h"
#include "host/settings.h"

/* Of every thread: where memory is locked, all of a stack is. */
#define HOST_STACK ((size_t)128 << 10)

enum host_phase {
    HOST_CONFIG,   /* lines are coming in */
    HOST_ENTER,    /* all are in; the lock file cannot be opened yet */
    HOST_DESCRIBE, /* the device thread loads the plugin */
    HOST_FAILED,   /* no plugin or no valid configuration: stays to say so */
    HOST_LOCK,     /* described; somebody else holds the link */
    HOST_RUN,
};

struct host {
    enum host_phase phase;
    struct host_settings settings;
    bool fenced;
    struct fence fence;
    struct outbox outbox;
    struct mail mail;
    struct guard guard;
    struct owner owner;
    struct services services;
    struct line line;
    struct modality_device devices[MODALITY_UNITS_MAX];
    int link_fd, epoll_fd, timer_fd, signal_fd, device_wake_fd, control_wake_fd;
    bool listening, leaving, device_thread;
    bool writing;         /* the link's socket is watched for room too */
    atomic_int described; /* 0 not yet, 1 units are known, -1 failed */
    atomic_bool finished; /* the device thread has returned: everything is at rest */
    /* lock phase */
    int64_t lock_deadline_ns;
    bool lock_killed, lock_said;
    /* guard */
    int64_t timer_ns, forgiven_limit_ns, forgiven_until_ns, begun_ns;
    unsigned forgiven; /* graces given to forgiven_limit_ns */
    /* re-execution */
    bool reexecuted;
    unsigned reexecutions; /* in a row */
    const char *resumed;   /* sessions of the predecessor, as text */
    char **argv;
    char count_text[16], sessions_text[MAIL_LIST_MAX];
};

/* device.c: the device thread. */
int device_thread_start(struct host *h);

/* control.c: runs the host on link_fd until everything is at rest and nobody needs it; returns the exit status. */
int host_run(struct host *h, int link_fd);
/* The same after a re-execution: argv as made by settings_argv. */
int host_run_reexecuted(struct host *h, int argc, char **argv);

/* reexec.c: replaces the process. Does not return unless the kernel refuses. */
int host_prepare_reexec(struct host *h);
void host_reexec(struct host *h);

/* ownership.c: the way to the lock, step by step. 0 once its file is open, else negative: again later. */
int ownership_open(struct host *h);
void ownership_begin(struct host *h, int64_t now_ns);
void ownership_step(struct host *h, int64_t now_ns);
/* When to call it again. */
int64_t ownership_next_ns(const struct host *h, int64_t now_ns);

/* inspect.c: --check. Exit status. */
int host_inspect(FILE *in, FILE *out);

/* scan.c: --scan. Exit status. */
int host_scan(const char *plugin_path, FILE *out);

#endif
