/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is at the other end: credentials that the kernel vouches for, mapped to a role of the configuration. Login names
 * come from /etc/passwd, read at start and at reload: asking a name service here could block the loop.
 */
#ifndef API_PEER_H
#define API_PEER_H

#include "config/config.h"

struct peer_names;

/* Reads /etc/passwd; an unreadable one gives no names. *out NULL only without memory (-ENOMEM). */
int peer_names_load(struct peer_names **out);
void peer_names_free(struct peer_names *names); /* NULL is fine */
/* The login name of a uid, or NULL. */
const char *peer_names_find(const struct peer_names *names, uid_t uid);

struct peer {
    uid_t uid;
    gid_t gid;
    pid_t pid;
};

/* SO_PEERCRED of a connected socket: 0 or negative errno. */
int peer_read(int fd, struct peer *out);
/* The strongest role that names the peer's uid or one of its groups (SO_PEERGROUPS); NULL = none. */
const struct config_role *peer_role(int fd, const struct peer *peer, const struct config *config);

#endif
