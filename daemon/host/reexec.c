/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host replaces itself: the one way out of a plugin call that does not return. Nothing is allocated then, no daemon
 * is needed, and nothing survives but the socket and the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/host.h"

/* After this long a life the next hang is a new one and not part of a loop. */
#define REEXEC_FORGET_NS (10 * NS_PER_S)

int host_prepare_reexec(struct host *h)
{
    char link_text[16], lock_text[16];
    snprintf(link_text, sizeof(link_text), "%d", h->link_fd);
    snprintf(lock_text, sizeof(lock_text), "%d", h->owner.lock_fd);
    h->argv = settings_argv(&h->settings, link_text, lock_text, h->count_text, h->sessions_text);
    return h->argv ? 0 : -ENOMEM;
}

static void keep(int fd)
{
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0);
}

void host_reexec(struct host *h)
{
    bool loop = clock_monotonic_ns() - h->begun_ns < REEXEC_FORGET_NS;
    snprintf(h->count_text, sizeof(h->count_text), "%u", loop ? h->reexecutions + 1 : 1);
    mail_list(&h->mail, h->sessions_text, sizeof(h->sessions_text));
    if (!h->argv)
        _exit(EXIT_FAILURE); /* it hung before it had the link: there is nothing to make safe */
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    keep(h->link_fd);
    keep(h->owner.lock_fd);
    execve("/proc/self/exe", h->argv, environ);
    _exit(EXIT_FAILURE); /* the daemon, or the next one, starts a replacement */
}
