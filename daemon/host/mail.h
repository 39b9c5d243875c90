/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control thread leaves for the device thread. Not a queue: orders of the same kind replace each other, so a
 * stop is never behind anything and a set point that nobody has sent yet gives way to the next one. All memory is here.
 */
#ifndef HOST_MAIL_H
#define HOST_MAIL_H

#include <pthread.h>
#include <stdatomic.h>

#include "link/message.h"

#define MAIL_SLOTS 32 /* energised sessions on one link at a time */
#define MAIL_TARGETS (DOSE_CHANNELS_MAX * 4)
#define MAIL_FINISHED 32 /* last words of sessions, for a stop that comes after */

struct mail_slot {
    bool used;
    bool arm_fresh, stop, tighten_fresh;
    bool overflow; /* more targets than an envelope has: the daemon is at fault */
    struct link_session_ref ref;
    int64_t permit_boot_ns;
    size_t n_targets; /* one per channel and quantity, the latest */
    struct link_target targets[MAIL_TARGETS];
    struct link_arm arm, tighten;
};

struct mail {
    pthread_mutex_t lock;
    int wake_fd;         /* eventfd of the device thread */
    atomic_bool waiting; /* something was left */
    bool stop_all;
    bool go;          /* the link is owned: devices may be touched */
    bool leave;       /* rest everything, prove it, return */
    bool predecessor; /* somebody else had the link before: begin blind */
    enum link_reason leave_reason;
    uint32_t make_safe; /* bit per unit */
    uint32_t stated;    /* the same: somebody has said that its output is at rest */
    uint32_t trials;    /* the same */
    struct mail_slot slots[MAIL_SLOTS];
    struct link_session finished[MAIL_FINISHED];
    size_t n_finished;
};

void mail_init(struct mail *m, int wake_fd);

/* Control thread. Each leaves its order and wakes the device thread. */
int mail_arm(struct mail *m, const struct link_arm *arm); /* -EBUSY no slot is free */
void mail_target(struct mail *m, const struct link_target *target);
void mail_permit(struct mail *m, const struct link_permit *permit);
void mail_tighten(struct mail *m, const struct link_arm *tighter);
/*
 * 0 when it concerns a session at hand. Else -ENOENT, and *last receives that session's last word if it is remembered
 * (its type is 0 otherwise). For session 0 always 0.
 */
int mail_stop(struct mail *m, const struct link_stop *stop, struct link_session *last);
void mail_make_safe(struct mail *m, uint32_t unit, bool stated);
void mail_try(struct mail *m, uint32_t unit);
void mail_go(struct mail *m, bool predecessor);
void mail_leave(struct mail *m, enum link_reason reason);

/* Before the threads run: a slot for a session that a re-executed host has to rest. -1 when none is free. */
int mail_resume(struct mail *m, const struct link_session_ref *ref, uint32_t group);
/*
 * "session:turn:unit:group,..." of every session whose rest is not proved: what a re-execution hands on. Takes the lock
 * only if nobody holds it, because it is called when the device thread hangs.
 */
void mail_list(struct mail *m, char *out, size_t size);
#define MAIL_LIST_MAX (MAIL_SLOTS * 64)

/* Device thread: the slot is free again and its last word remembered. The lock is taken inside. */
void mail_finish(struct mail *m, size_t slot, const struct link_session *last);

#endif
