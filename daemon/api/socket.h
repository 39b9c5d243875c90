/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket in the file system: one daemon per path by a lock file, a stale socket replaced only after nobody answered
 * on it, owner and mode set by path in a directory that nobody else can write, and unlinked only while it is still
 * ours.
 */
#ifndef API_SOCKET_H
#define API_SOCKET_H

#include <sys/stat.h>

#include "config/config.h"

struct api_socket {
    int lock_fd, fd; /* -1 = none */
    char path[108];
    dev_t device; /* what we have bound, to know it again */
    ino_t inode;
    mode_t mode;
    gid_t group; /* (gid_t)-1 = as it comes */
};

/* 0 and a listening, non-blocking socket; or negative errno with one sentence in error and nothing left open. */
int socket_open(const struct config_daemon *settings, struct api_socket *out, char *error, size_t size);
/* Whether the name in the file system still leads to us. */
bool socket_is_ours(const struct api_socket *s);
/*
 * The name was deleted, renamed or replaced while we serve: binds and listens anew under it, with the same owner and
 * mode. What stands there gives way, because nobody else may hold the lock. *old_fd gets the socket that was served so
 * far, for its last clients. 0, or negative errno with one sentence in error and everything as before.
 */
int socket_rebind(struct api_socket *s, int *old_fd, char *error, size_t size);
/* Unlinks what is ours, closes, releases the lock. Accepts a socket that was never opened (both -1). */
void socket_close(struct api_socket *s);

#endif
