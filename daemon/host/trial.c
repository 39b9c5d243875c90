/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A self-test of one unit that is idle: who it is, whether it is at rest, and every way to rest that it has, each
 * written and read back. Nothing here can energise: of the plugin's functions it calls those that ask and those that
 * rest. One call is one step, and it ends as soon as the unit has anything else to do.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "host/line.h"

/* Between two read-backs of a unit that does not say rest yet. */
#define TRIAL_AGAIN_NS (10 * NS_PER_MS)

void trial_begin(struct line *l, struct unit *u, int64_t now_ns)
{
    (void)l;
    u->trial = (struct trial){.active = true, .step = LINK_TRIAL_IDENTITY, .due_ns = now_ns};
}

static void say(struct line *l, struct unit *u, enum link_trial_step step, int result, enum modality_evidence evidence,
                const char *detail)
{
    struct link_tried m = {.unit = u->index,
                           .step = step,
                           .group = u->trial.group,
                           .result = result,
                           .evidence = evidence,
                           .took_ns = clock_monotonic_ns() - u->trial.begun_ns};
    link_message_head(&m, LINK_TRIED, sizeof(m));
    snprintf(m.detail, sizeof(m.detail), "%s", detail);
    outbox_send(l->outbox, &m);
}

static void over(struct line *l, struct unit *u, int result, const char *detail)
{
    say(l, u, LINK_TRIAL_OVER, result, EVIDENCE_NONE, detail);
    u->trial.active = false;
}

void trial_tick(struct line *l, struct unit *u)
{
    if (u->trial.active && (!u->identified || unit_has_arm(l, u) || l->leaving))
        over(l, u, -ECANCELED, u->identified ? "the unit is wanted for something else" : u->detail);
}

/* What is tried after this, at once. */
static void next(struct line *l, struct unit *u)
{
    struct trial *t = &u->trial;
    const uint32_t group = t->step == LINK_TRIAL_STOP ? t->group + 1 : 0;
    t->begun_ns = t->due_ns = 0;
    t->reads = t->step == LINK_TRIAL_IDENTITY;
    t->group = 0;
    if (t->step == LINK_TRIAL_MAKE_SAFE) {
        over(l, u, 0, "");
    } else if (t->step == LINK_TRIAL_IDENTITY) {
        t->step = LINK_TRIAL_REST;
    } else if (group < u->device->n_groups) {
        t->step = LINK_TRIAL_STOP;
        t->group = group;
    } else {
        t->step = LINK_TRIAL_MAKE_SAFE;
    }
}

static bool identity_same(const struct modality_identity *a, const struct modality_identity *b)
{
    return strcmp(a->serial, b->serial) == 0 && strcmp(a->model, b->model) == 0 && strcmp(a->maker, b->maker) == 0 &&
           strcmp(a->firmware, b->firmware) == 0;
}

static void ask_who(struct line *l, struct unit *u)
{
    struct modality_identity identity = {0};
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, "identify");
    int r = l->plugin->identify(l->link, u->index, deadline, &identity);
    call_end(l);
    const char *detail = r < 0 ? call_error(r) : "";
    if (r == 0 && !identity_same(&identity, &u->identity)) {
        r = -ENODEV;
        detail = "it says another identity than before";
    }
    say(l, u, LINK_TRIAL_IDENTITY, r, EVIDENCE_NONE, detail);
    next(l, u);
    if (r < 0)
        presence_failed(l, u, r, "identify", began);
}

/* In earnest a stop that was not acknowledged may have been done, and the read-back decides; here it has failed. */
static void write_rest(struct line *l, struct unit *u)
{
    struct trial *t = &u->trial;
    const bool stop = t->step == LINK_TRIAL_STOP;
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, stop ? "stop" : "make_safe");
    int r = stop ? l->plugin->stop(l->link, u->index, t->group, deadline)
                 : l->plugin->make_safe(l->link, u->index, deadline);
    call_end(l);
    t->reads = true;
    if (r == 0)
        return;
    say(l, u, t->step, r, EVIDENCE_NONE, call_error(r));
    next(l, u);
    if (r == -EPROTO)
        l->doubt = true; /* something late may follow the answer */
    else if (r == -ETIMEDOUT || r == -EIO || r == -ENODEV)
        presence_failed(l, u, r, stop ? "stop" : "make_safe", began);
}

static uint32_t channels_of(const struct unit *u)
{
    return u->trial.step == LINK_TRIAL_STOP ? u->device->groups[u->trial.group].channels
                                            : (UINT32_C(1) << u->device->n_channels) - 1;
}

static void read_back(struct line *l, struct unit *u)
{
    struct trial *t = &u->trial;
    enum modality_evidence evidence = EVIDENCE_NONE;
    const uint64_t seq = u->seq;
    presence_poll(l, u);
    const bool read = u->seq != seq, rest = read && rest_proved(u, channels_of(u), &evidence);
    const int64_t now = clock_monotonic_ns();
    if (!rest && now - t->begun_ns < (int64_t)l->dead_man_ms * NS_PER_MS) {
        t->due_ns = now + TRIAL_AGAIN_NS;
        return;
    }
    say(l, u, t->step, rest ? 0 : -ETIME, evidence,
        rest   ? ""
        : read ? "it does not say that it is at rest"
               : "its state cannot be read");
    next(l, u);
}

void trial_step(struct line *l, struct unit *u)
{
    if (u->trial.begun_ns == 0)
        u->trial.begun_ns = clock_monotonic_ns();
    if (u->trial.step == LINK_TRIAL_IDENTITY)
        ask_who(l, u);
    else if (u->trial.reads)
        read_back(l, u);
    else
        write_rest(l, u);
}
