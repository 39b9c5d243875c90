/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to the lock. Its file is opened first, before the fence is closed behind the host and its plugin is loaded.
 * Then the lock: at once if it is free; while it is held wait at most the dead-man bound, in which its holder must have
 * rested everything; then end the recorded process; if that does not free it either, the output is unknown and the
 * tries go on.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "host/host.h"

#define OWNERSHIP_STEP_NS (5 * NS_PER_MS)
#define OWNERSHIP_SLOW_NS (100 * NS_PER_MS)
#define OWNERSHIP_KILLED_NS NS_PER_S

static void owned(struct host *h)
{
    if (host_prepare_reexec(h) < 0) {
        outbox_log(&h->outbox, MODALITY_LOG_ERROR, h->settings.link, "no memory to prepare a re-execution");
        return;
    }
    h->phase = HOST_RUN;
    mail_go(&h->mail, h->owner.waited);
}

static void say_unknown(struct host *h, const char *why)
{
    if (h->lock_said)
        return;
    h->lock_said = true;
    for (uint32_t i = 0; i < MODALITY_UNITS_MAX && settings_device(&h->settings, i); i++) {
        struct link_presence m = {.unit = i, .state = UNIT_OUTPUT_UNKNOWN};
        link_message_head(&m, LINK_PRESENCE, sizeof(m));
        snprintf(m.detail, sizeof(m.detail), "%s", why);
        outbox_send(&h->outbox, &m);
    }
}

static void holder_kill(struct host *h, int64_t now_ns)
{
    int64_t pid = 0;
    int r = owner_kill_recorded(&h->owner, &pid);
    h->lock_killed = true;
    h->lock_deadline_ns = now_ns + OWNERSHIP_KILLED_NS;
    outbox_log(&h->outbox, MODALITY_LOG_WARNING, h->settings.link,
               r == 0 ? "process %" PRId64 " held the link beyond its bound and was ended"
                      : "the link is held and its holder %" PRId64 " cannot be ended",
               pid);
    if (r == -ESRCH && pid != 0)
        h->leaving = true; /* somebody has come in between: the next host sees him from its beginning */
}

int ownership_open(struct host *h)
{
    int r = owner_open(&h->owner, h->settings.state_dir, h->settings.link);
    if (r < 0) {
        char why[LINK_TEXT_MAX];
        snprintf(why, sizeof(why), "no lock file can be made in %.255s: %s", h->settings.state_dir, strerror(-r));
        say_unknown(h, why);
        return r;
    }
    h->lock_said = false;
    return 0;
}

void ownership_begin(struct host *h, int64_t now_ns)
{
    h->phase = HOST_LOCK;
    h->lock_deadline_ns = now_ns + (int64_t)h->line.dead_man_ms * NS_PER_MS;
    ownership_step(h, now_ns);
}

void ownership_step(struct host *h, int64_t now_ns)
{
    int r = h->owner.held ? 0 : owner_try(&h->owner);
    if (r == 0) {
        owned(h);
        return;
    }
    if (r != -EAGAIN) {
        char why[LINK_TEXT_MAX];
        snprintf(why, sizeof(why), "the lock file in %.255s cannot be taken: %s", h->settings.state_dir, strerror(-r));
        say_unknown(h, why);
    } else if (now_ns >= h->lock_deadline_ns && !h->lock_killed) {
        holder_kill(h, now_ns);
    } else if (now_ns >= h->lock_deadline_ns) {
        say_unknown(h, "another process holds the link and cannot be ended");
    }
}

int64_t ownership_next_ns(const struct host *h, int64_t now_ns)
{
    return now_ns + (h->lock_said ? OWNERSHIP_SLOW_NS : OWNERSHIP_STEP_NS);
}
