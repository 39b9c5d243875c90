/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peer credentials, groups and names. What cannot be read gives fewer rights, never more.
 */
#include "api/peer.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct peer_name {
    uid_t uid;
    char *name;
};
struct peer_names {
    size_t n, size;
    struct peer_name *list;
};

static int names_add(struct peer_names *names, uid_t uid, const char *name)
{
    if (names->n == names->size) {
        size_t size = names->size == 0 ? 64 : names->size * 2;
        struct peer_name *list = realloc(names->list, size * sizeof(*list));
        if (list == NULL)
            return -ENOMEM;
        names->list = list;
        names->size = size;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return -ENOMEM;
    names->list[names->n].uid = uid;
    names->list[names->n].name = copy;
    names->n++;
    return 0;
}

int peer_names_load(struct peer_names **out)
{
    struct peer_names *names = calloc(1, sizeof(*names));
    if (names == NULL)
        return -ENOMEM;
    FILE *file = fopen("/etc/passwd", "re");
    int r = 0;
    for (const struct passwd *row; r == 0 && file != NULL && (row = fgetpwent(file)) != NULL;)
        r = names_add(names, row->pw_uid, row->pw_name);
    if (file != NULL)
        fclose(file);
    if (r < 0) {
        peer_names_free(names);
        return r;
    }
    *out = names;
    return 0;
}

void peer_names_free(struct peer_names *names)
{
    if (names == NULL)
        return;
    for (size_t i = 0; i < names->n; i++)
        free(names->list[i].name);
    free(names->list);
    free(names);
}

const char *peer_names_find(const struct peer_names *names, uid_t uid)
{
    for (size_t i = 0; names != NULL && i < names->n; i++) {
        if (names->list[i].uid == uid)
            return names->list[i].name;
    }
    return NULL;
}

int peer_read(int fd, struct peer *out)
{
    struct ucred cred;
    socklen_t length = sizeof(cred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &length) < 0)
        return -errno;
    *out = (struct peer){.uid = cred.uid, .gid = cred.gid, .pid = cred.pid};
    return 0;
}

const struct config_role *peer_role(int fd, const struct peer *peer, const struct config *config)
{
    gid_t few[64];
    gid_t *groups = few;
    socklen_t length = sizeof(few) - sizeof(gid_t); /* room for the primary group */
    int r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length);
    if (r < 0 && errno == ERANGE) {
        groups = malloc(length + sizeof(gid_t));
        if (groups != NULL)
            r = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length);
    }
    if (groups == NULL)
        groups = few;
    size_t n = r == 0 ? length / sizeof(gid_t) : 0;
    groups[n++] = peer->gid;
    const struct config_role *role = config_role_of(config, peer->uid, groups, n);
    if (groups != few)
        free(groups);
    return role;
}
