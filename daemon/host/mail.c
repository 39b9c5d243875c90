/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders at rest between two threads. Every function holds the lock for a copy and no longer; the device thread looks
 * between any two calls to a device.
 */
#include "host/mail.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void mail_init(struct mail *m, int wake_fd)
{
    pthread_mutex_init(&m->lock, NULL);
    m->wake_fd = wake_fd;
    atomic_init(&m->waiting, false);
}

static void unlock_and_wake(struct mail *m)
{
    atomic_store(&m->waiting, true);
    pthread_mutex_unlock(&m->lock);
    uint64_t one = 1;
    ssize_t n = write(m->wake_fd, &one, sizeof(one));
    (void)n; /* a full counter wakes as well */
}

static struct mail_slot *slot_find(struct mail *m, const struct link_session_ref *ref)
{
    for (size_t i = 0; i < MAIL_SLOTS; i++) {
        struct mail_slot *s = &m->slots[i];
        if (s->used && s->ref.session == ref->session && s->ref.turn == ref->turn && s->ref.unit == ref->unit)
            return s;
    }
    return NULL;
}

int mail_arm(struct mail *m, const struct link_arm *arm)
{
    pthread_mutex_lock(&m->lock);
    struct mail_slot *slot = NULL;
    for (size_t i = 0; i < MAIL_SLOTS && !slot; i++)
        if (!m->slots[i].used)
            slot = &m->slots[i];
    if (!slot || slot_find(m, &arm->ref)) {
        pthread_mutex_unlock(&m->lock);
        return -EBUSY;
    }
    slot->used = slot->arm_fresh = true;
    slot->stop = slot->tighten_fresh = slot->overflow = false;
    slot->n_targets = 0;
    slot->ref = arm->ref;
    slot->permit_boot_ns = arm->permit_boot_ns;
    slot->arm = *arm;
    unlock_and_wake(m);
    return 0;
}

static void target_keep(struct mail_slot *slot, const struct link_target *target)
{
    for (size_t i = 0; i < slot->n_targets; i++)
        if (slot->targets[i].channel == target->channel && slot->targets[i].quantity == target->quantity) {
            slot->targets[i].value = target->value;
            return;
        }
    if (slot->n_targets == MAIL_TARGETS)
        slot->overflow = true;
    else
        slot->targets[slot->n_targets++] = *target;
}

void mail_target(struct mail *m, const struct link_target *target)
{
    pthread_mutex_lock(&m->lock);
    struct mail_slot *slot = slot_find(m, &target->ref);
    if (slot)
        target_keep(slot, target);
    unlock_and_wake(m);
}

void mail_permit(struct mail *m, const struct link_permit *permit)
{
    pthread_mutex_lock(&m->lock);
    struct mail_slot *slot = slot_find(m, &permit->ref);
    /* A longer permit is no reason to wake: the device thread looks when the shorter one is over. */
    if (slot && permit->until_boot_ns > slot->permit_boot_ns)
        slot->permit_boot_ns = permit->until_boot_ns;
    atomic_store(&m->waiting, true);
    pthread_mutex_unlock(&m->lock);
}

void mail_tighten(struct mail *m, const struct link_arm *tighter)
{
    pthread_mutex_lock(&m->lock);
    struct mail_slot *slot = slot_find(m, &tighter->ref);
    if (slot && slot->tighten_fresh && envelope_tighten(&slot->tighten.envelope, &tighter->envelope) == 0) {
        if (tighter->end_boot_ns < slot->tighten.end_boot_ns)
            slot->tighten.end_boot_ns = tighter->end_boot_ns;
    } else if (slot) {
        slot->tighten = *tighter;
        slot->tighten_fresh = true;
    }
    unlock_and_wake(m);
}

int mail_stop(struct mail *m, const struct link_stop *stop, struct link_session *last)
{
    bool found = stop->session == 0;
    pthread_mutex_lock(&m->lock);
    m->stop_all = m->stop_all || stop->session == 0;
    for (size_t i = 0; i < MAIL_SLOTS; i++) {
        struct mail_slot *slot = &m->slots[i];
        if (!slot->used || (stop->session != 0 && slot->ref.session != stop->session))
            continue;
        slot->stop = found = true;
    }
    last->header.type = 0;
    for (size_t i = 0; i < MAIL_FINISHED && !found; i++) {
        const struct link_session *old = &m->finished[(m->n_finished + i) % MAIL_FINISHED];
        if (old->ref.session == stop->session)
            *last = *old;
    }
    unlock_and_wake(m);
    return found ? 0 : -ENOENT;
}

void mail_make_safe(struct mail *m, uint32_t unit, bool stated)
{
    pthread_mutex_lock(&m->lock);
    if (unit < MODALITY_UNITS_MAX) {
        m->make_safe |= UINT32_C(1) << unit;
        m->stated |= (stated ? UINT32_C(1) : 0) << unit;
    }
    unlock_and_wake(m);
}

void mail_try(struct mail *m, uint32_t unit)
{
    pthread_mutex_lock(&m->lock);
    if (unit < MODALITY_UNITS_MAX)
        m->trials |= UINT32_C(1) << unit;
    unlock_and_wake(m);
}

void mail_go(struct mail *m, bool predecessor)
{
    pthread_mutex_lock(&m->lock);
    m->go = true;
    m->predecessor = predecessor;
    unlock_and_wake(m);
}

void mail_leave(struct mail *m, enum link_reason reason)
{
    pthread_mutex_lock(&m->lock);
    if (!m->leave)
        m->leave_reason = reason;
    m->leave = true;
    unlock_and_wake(m);
}

void mail_finish(struct mail *m, size_t slot, const struct link_session *last)
{
    pthread_mutex_lock(&m->lock);
    m->slots[slot].used = false;
    m->finished[m->n_finished++ % MAIL_FINISHED] = *last;
    pthread_mutex_unlock(&m->lock);
}

int mail_resume(struct mail *m, const struct link_session_ref *ref, uint32_t group)
{
    for (int i = 0; i < MAIL_SLOTS; i++) {
        struct mail_slot *slot = &m->slots[i];
        if (slot->used)
            continue;
        slot->used = true;
        slot->ref = *ref;
        slot->arm.envelope.group = group;
        return i;
    }
    return -1;
}

void mail_list(struct mail *m, char *out, size_t size)
{
    bool locked = pthread_mutex_trylock(&m->lock) == 0;
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < MAIL_SLOTS; i++) {
        const struct mail_slot *s = &m->slots[i];
        if (!s->used || s->arm_fresh)
            continue;
        int n = snprintf(out + used, size - used, "%s%" PRIu64 ":%" PRIu32 ":%" PRIu32 ":%" PRIu32, used ? "," : "",
                         s->ref.session, s->ref.turn, s->ref.unit, s->arm.envelope.group);
        if (n < 0 || (size_t)n >= size - used)
            break;
        used += (size_t)n;
    }
    if (locked)
        pthread_mutex_unlock(&m->lock);
}
