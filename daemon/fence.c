/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the [daemon] section says of the fence around plugins, and of the daemon's own memory and priority. Announced
 * before the first plugin is loaded, by --check too; the processes that are started then carry it out (host/sandbox.c).
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "daemon.h"
#include "link/fence.h"
#include "modality/log.h"
#include "modality/slice.h"

#define HOST_USER "modalityd-host"

/* The groups of that user are those of device nodes; of more than there is room for the first are his. */
static void user_find(const char *name, struct fence *fence)
{
    gid_t groups[FENCE_GROUPS_MAX];
    int n = FENCE_GROUPS_MAX;
    const struct passwd *user = getpwnam(name);
    if (!user)
        return;
    fence->has_user = true;
    fence->uid = user->pw_uid;
    fence->gid = user->pw_gid;
    if (getgrouplist(name, user->pw_gid, groups, &n) < 0)
        n = FENCE_GROUPS_MAX;
    for (int i = 0; i < n; i++)
        fence->groups[i] = groups[i];
    fence->n_groups = (size_t)n;
}

int daemon_announce_fence(const struct config_daemon *settings)
{
    struct fence fence = {.lock_memory = settings->lock_memory,
                          .realtime = settings->realtime_priority > 0 ? settings->realtime_priority + 1 : 0};
    if (geteuid() == 0)
        user_find(settings->host_user ? settings->host_user : HOST_USER, &fence);
    return fence_announce(settings->fence ? &fence : NULL);
}

void daemon_note_fence(const struct config_daemon *settings)
{
    if (!settings->fence)
        log_line(SD_NOTICE, "modalityd: note: fence = no: a plugin reaches what this user reaches");
    else if (geteuid() == 0 && !settings->host_user && !getpwnam(HOST_USER))
        log_line(SD_NOTICE,
                 "modalityd: note: there is no user " HOST_USER ": hosts stay root, without root's privileges");
}

/* Not under a limit: what is asked for beyond it later would be refused, and no memory is the end of a daemon. */
static int memory_lock(void)
{
    struct rlimit room;
    if (getrlimit(RLIMIT_MEMLOCK, &room) < 0)
        return -1;
    if (room.rlim_cur == RLIM_INFINITY || geteuid() == 0)
        return mlockall(MCL_CURRENT | MCL_FUTURE);
    errno = EPERM;
    return -1;
}

void daemon_take_priority(const struct config_daemon *settings)
{
    /* what alarm commands and record writer run with is not this */
    int r = settings->realtime_priority > 0 ? slice_realtime(settings->realtime_priority, true) : 0;
    if (r < 0)
        log_line(SD_WARNING, "modalityd: realtime_priority = %u: %s (LimitRTPRIO= of the unit)",
                 settings->realtime_priority, strerror(-r));
    if (settings->lock_memory && memory_lock() < 0)
        log_line(SD_WARNING, "modalityd: lock_memory = yes: %s (LimitMEMLOCK= of the unit)", strerror(errno));
}
