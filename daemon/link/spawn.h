/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts modality-host programs: own process group, clean signal mask and dispositions, only the descriptors it is
 * given, and a pidfd that outlives any reuse of the pid.
 */
#ifndef LINK_SPAWN_H
#define LINK_SPAWN_H

#include <stdint.h>

/* The descriptor under which a host finds its socket. */
#define SPAWN_LINK_FD 3

struct spawned {
    int64_t pid; /* 0 = none */
    int pidfd;
};

/*
 * Starts path with "--link-fd 3" and socket as descriptor 3. 0 or negative errno. The caller closes socket, watches
 * pidfd and reaps through spawned_reap.
 */
int spawn_host(const char *path, int socket, struct spawned *out);

/* Starts path with "--check", its standard input and output as given. */
int spawn_check(const char *path, int input, int output, struct spawned *out);

/* Starts path with "--scan" and a plugin's path, its standard output as given. */
int spawn_scan(const char *path, const char *plugin_path, int output, struct spawned *out);

/* Kills with signal through the pidfd; a process that is gone is no error. */
void spawned_kill(const struct spawned *child, int signal);

/*
 * Reaps without waiting: 1 when it is reaped (child->pid is 0, *status as of waitid's si_status, *killed true when a
 * signal ended it), 0 when it still runs, negative errno. The pidfd stays open: spawned_close.
 */
int spawned_reap(struct spawned *child, int *status, int *killed);

/*
 * Closes the pidfd. Whoever watches it stops that first: a program that is just being started holds a copy of every
 * descriptor for a moment, and until then epoll goes on reporting a description that is closed here only.
 */
void spawned_close(struct spawned *child);

#endif
