/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One owner per link. A host holds an exclusive flock on a file of the state directory named after the canonical link,
 * and on the device node where there is one, until it exits; the file records pid and start time, so that a successor
 * can end a predecessor that does not let go, and only that one. Nothing here waits.
 */
#ifndef HOST_OWNER_H
#define HOST_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct owner {
    int lock_fd;        /* -1 = not opened */
    int node_fd;        /* the device node, -1 = none or absent */
    bool held;          /* the lock file's lock */
    bool waited;        /* somebody else held it: he may have left an output */
    int64_t holder_pid; /* recorded when the lock file was opened */
    int holder_fd;      /* its pidfd, -1 = nobody was, or it was gone */
};

/*
 * The lock file of a link: 0 or -ENAMETOOLONG. The name is the link, escaped one to one; a very long one is hashed (two
 * links that share a file would only not be usable at once).
 */
int owner_path(const char *state_dir, const char *link, char *out, size_t size);

/*
 * Opens the lock file, made if absent, and whoever is recorded in it: 0 or negative errno; call again to try again.
 * After it a host may close itself off: neither the state directory nor a process is looked for any more.
 */
int owner_open(struct owner *o, const char *state_dir, const char *link);

/* Tries to take the opened lock: 0 held and recorded, -EAGAIN somebody holds it, other errno. */
int owner_try(struct owner *o);

/* Takes over a descriptor whose lock survived a re-execution: 0, or -EAGAIN if it does not hold the lock. */
int owner_inherit(struct owner *o, int lock_fd);

/*
 * Ends the process that was recorded when the lock file was opened, and gives its number, 0 if nobody was: 0, -ESRCH
 * nobody to end, other errno. What the file says by now is not asked: whoever has the link may have written anything.
 */
int owner_kill_recorded(const struct owner *o, int64_t *pid);

/*
 * Locks the node that a "serial:" link names now and lets go of an earlier one: 0 (also where there is no node to
 * lock), -EBUSY somebody else holds it, other errno of opening it. Called before the plugin opens the link.
 */
int owner_node(struct owner *o, const char *link);

/* Whether the node that the link names now is the locked one; true where there is no node to lock. */
bool owner_node_held(const struct owner *o, const char *link);

#endif
