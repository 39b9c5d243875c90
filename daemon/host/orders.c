/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device thread takes its mail, between any two calls to a device. Stops are taken first; an energising that a stop
 * has overtaken is refused and never reaches the device.
 */
#include <string.h>

#include "host/line.h"

static void refuse_overtaken(struct line *l, size_t slot)
{
    struct mail_slot *s = &l->mail->slots[slot];
    struct link_session m = {
        .ref = s->ref, .event = LINK_SESSION_REFUSED, .reason = LINK_REASON_TOLD, .at_ns = clock_monotonic_ns()};
    link_message_head(&m, LINK_SESSION, sizeof(m));
    strcpy(m.detail, "stopped before it began");
    s->used = false;
    l->mail->finished[l->mail->n_finished++ % MAIL_FINISHED] = m;
    outbox_send(l->outbox, &m);
}

static void take_stop_all(struct line *l, int64_t now_ns)
{
    for (size_t i = 0; i < l->n_units; i++) {
        struct unit *u = &l->units[i];
        arm_stop_unit(l, u, LINK_REASON_TOLD, "everything was told to stop");
        if (!unit_has_arm(l, u))
            rest_begin(l, u, true, 0, now_ns);
        if (u->hot)
            rest_hurry(u);
    }
}

static void take_make_safe(struct line *l, uint32_t units, uint32_t stated, int64_t now_ns)
{
    for (size_t i = 0; i < l->n_units; i++) {
        struct unit *u = &l->units[i];
        if (!(units & (UINT32_C(1) << i)))
            continue;
        arm_stop_unit(l, u, LINK_REASON_TOLD, "the unit was told to be made safe");
        if (stated & (UINT32_C(1) << i))
            u->newcomer_until_ns = 0;
        rest_begin(l, u, true, 0, now_ns);
        rest_hurry(u);
        u->safe_asked = true;
    }
}

static void take_trials(struct line *l, uint32_t units, int64_t now_ns)
{
    for (size_t i = 0; i < l->n_units; i++)
        if (units & (UINT32_C(1) << i))
            trial_begin(l, &l->units[i], now_ns);
}

static void take_leave(struct line *l, enum link_reason reason, int64_t now_ns)
{
    l->leaving = true;
    l->leave_reason = reason;
    l->leave_ns = now_ns;
    for (size_t i = 0; i < l->n_units; i++) {
        struct unit *u = &l->units[i];
        arm_stop_unit(l, u, reason,
                      reason == LINK_REASON_DAEMON_GONE ? "the daemon is gone" : "the host was told to end");
        if (!unit_has_arm(l, u) && u->identified)
            rest_begin(l, u, true, 0, now_ns);
        if (u->hot)
            rest_hurry(u);
    }
}

/* One session's orders, stop first. The energising and what belongs to it are copied out under the lock. */
static void take_slot(struct line *l, size_t i, int64_t now_ns)
{
    struct mail_slot *s = &l->mail->slots[i];
    struct arm *arm = &l->arms[i];
    if (s->arm_fresh && (s->stop || l->mail->stop_all)) {
        s->arm_fresh = false;
        refuse_overtaken(l, i);
        return;
    }
    if (s->stop)
        arm_stop(l, arm, LINK_REASON_TOLD, "told to stop");
    s->stop = false;
    if (s->overflow)
        arm_stop(l, arm, LINK_REASON_OUTSIDE_ENVELOPE, "more targets than an envelope has settings");
    arm->permit_boot_ns = s->permit_boot_ns;
    if (s->tighten_fresh && !s->arm_fresh) {
        s->tighten_fresh = false;
        arm_order_tighten(l, arm, &s->tighten, now_ns);
    }
    for (size_t t = 0; t < s->n_targets && !s->arm_fresh; t++)
        arm_order_target(l, arm, &s->targets[t], now_ns);
    if (!s->arm_fresh)
        s->n_targets = 0;
}

/* Takes one energising; the gate and the answer run without the lock, the slot is ours. */
static bool take_arm(struct line *l, size_t i, int64_t now_ns)
{
    static struct link_arm order; /* one device thread; too large for its stack beside a plugin's */
    struct mail_slot *s = &l->mail->slots[i];
    pthread_mutex_lock(&l->mail->lock);
    bool fresh = s->used && s->arm_fresh;
    int64_t permit = s->permit_boot_ns;
    if (fresh)
        order = s->arm;
    s->arm_fresh = false;
    pthread_mutex_unlock(&l->mail->lock);
    if (fresh)
        arm_accept(l, i, &order, permit, now_ns);
    return fresh;
}

void orders_take(struct line *l)
{
    struct mail *m = l->mail;
    if (!atomic_exchange(&m->waiting, false))
        return;
    int64_t now = clock_monotonic_ns();
    pthread_mutex_lock(&m->lock);
    if (m->stop_all)
        take_stop_all(l, now);
    for (size_t i = 0; i < MAIL_SLOTS; i++)
        if (m->slots[i].used)
            take_slot(l, i, now);
    m->stop_all = false;
    uint32_t make_safe = m->make_safe, stated = m->stated, trials = m->trials;
    m->make_safe = m->stated = m->trials = 0;
    bool leave = m->leave;
    enum link_reason reason = m->leave_reason;
    pthread_mutex_unlock(&m->lock);
    if (make_safe != 0)
        take_make_safe(l, make_safe, stated, now);
    take_trials(l, trials, now);
    if (leave && !l->leaving)
        take_leave(l, reason, now);
    bool any = false;
    for (size_t i = 0; i < MAIL_SLOTS; i++)
        any = take_arm(l, i, now) || any;
    if (any) /* targets that came after it wait in its slot */
        atomic_store(&m->waiting, true);
}
