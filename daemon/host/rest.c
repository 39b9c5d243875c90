/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to rest: write it, read it back, again until it is proved. It needs no identity, no permit and no daemon, it
 * allocates nothing and never gives up. On a shared line the rounds keep order: all units are written to before the
 * first is read back, and a unit that fails goes behind those that answer.
 */
#include <errno.h>
#include <string.h>

#include "host/line.h"

/* Between two rounds on a device that answers and is not yet at rest: no busy line, and far below any stop bound. */
#define REST_ROUND_NS (10 * NS_PER_MS)
/* Longest wait between two tries on a device that may have output and does not answer. */
#define REST_RETRY_MAX_NS (100 * NS_PER_MS)

void rest_begin(struct line *l, struct unit *u, bool whole, uint32_t groups, int64_t now_ns)
{
    struct rest *r = &u->rest;
    bool news = !r->active || (whole && !r->whole) || (groups & ~r->groups) != 0;
    if (!r->active || !u->identified)
        r->give_up_ns = now_ns + (int64_t)l->dead_man_ms * NS_PER_MS;
    r->active = true;
    r->whole = r->whole || whole;
    r->groups |= groups;
    r->write_whole = r->write_whole || whole;
    r->write_groups |= groups;
    if (news) { /* what was asked for now is not behind what has failed before */
        r->round = 0;
        r->next_ns = r->begun_ns = 0;
    }
}

void rest_hurry(struct unit *u)
{
    u->rest.round = 0;
    u->rest.next_ns = 0;
    u->retry_ns = 0;
    u->rest.write_whole = u->rest.whole;
    u->rest.write_groups = u->rest.groups;
}

/*
 * The next round writes everything again that is not proved. A unit that answers and does not come to rest in time
 * keeps trying, with half of the time, so that the others on the line can be fed and supervised.
 */
static void next_round(struct unit *u, int64_t next_ns)
{
    struct rest *r = &u->rest;
    int64_t now = clock_monotonic_ns();
    if (u->unproved && r->begun_ns != 0 && next_ns < now + (now - r->begun_ns))
        next_ns = now + (now - r->begun_ns);
    r->begun_ns = 0;
    r->round++;
    r->write_whole = r->whole;
    r->write_groups = r->groups;
    r->next_ns = next_ns;
}

void rest_failed(struct line *l, struct unit *u, int64_t now_ns)
{
    (void)l;
    if (!u->rest.active)
        return;
    unsigned doubling = u->failures < 5 ? u->failures : 5;
    int64_t wait = (REST_ROUND_NS / 2) << doubling;
    next_round(u, now_ns + (wait < REST_RETRY_MAX_NS ? wait : REST_RETRY_MAX_NS));
}

static uint32_t lowest_bit(uint32_t set)
{
    uint32_t index = 0;
    while (!(set & (UINT32_C(1) << index)))
        index++;
    return index;
}

static void say_stopping(struct line *l, const struct unit *u)
{
    for (size_t i = 0; i < LINE_ARMS; i++)
        if (l->arms[i].phase == ARM_STOPPING && l->arms[i].ref.unit == u->index)
            arm_say_stopping(l, &l->arms[i]);
}

void rest_write(struct line *l, struct unit *u)
{
    struct rest *rest = &u->rest;
    int64_t began = clock_monotonic_ns();
    if (rest->begun_ns == 0)
        rest->begun_ns = began;
    int64_t deadline = call_begin(l, u->device->slice_ms, rest->write_groups ? "stop" : "make_safe");
    int r = 0;
    if (rest->write_groups) {
        uint32_t group = lowest_bit(rest->write_groups);
        rest->write_groups &= ~(UINT32_C(1) << group);
        r = l->plugin->stop(l->link, u->index, group, deadline);
    } else {
        rest->write_whole = false;
        r = l->plugin->make_safe(l->link, u->index, deadline);
    }
    call_end(l);
    say_stopping(l, u);
    if (r == -EPROTO)
        l->doubt = true; /* something late may follow the answer */
    if (r != -ETIMEDOUT && r != -EIO && r != -ENODEV)
        return; /* done or answered: the read-back tells */
    /*
     * An unknown outcome is followed by another write, once; then the device is asked, because one that does not
     * acknowledge a stop may have done it.
     */
    bool again = rest->round == 0;
    presence_failed(l, u, r, "stop", began);
    if (!again) {
        rest->write_groups = 0;
        rest->write_whole = false;
    }
}

bool rest_proved(const struct unit *u, uint32_t channels, enum modality_evidence *evidence)
{
    enum modality_evidence weakest = EVIDENCE_MEASURED;
    for (uint32_t c = 0; c < u->device->n_channels; c++) {
        if (!(channels & (UINT32_C(1) << c)))
            continue;
        const struct modality_channel_status *s = &u->status.channels[c];
        if (c >= u->status.n_channels || s->output != OUTPUT_REST || s->evidence < EVIDENCE_REPORTED)
            return false;
        if (s->evidence < weakest)
            weakest = s->evidence;
    }
    *evidence = weakest;
    return true;
}

static void levels_rest(struct unit *u, uint32_t channels, int64_t now_ns)
{
    for (uint32_t c = 0; c < u->device->n_channels; c++)
        if (channels & (UINT32_C(1) << c)) {
            int64_t rest = u->device->channels[c].rest_value;
            u->levels[c] = (struct unit_level){.now = rest, .min = rest, .max = rest, .since_ns = now_ns};
        }
}

static void groups_prove(struct line *l, struct unit *u, int64_t taken_ns)
{
    for (uint32_t g = 0; g < u->device->n_groups; g++) {
        enum modality_evidence evidence = EVIDENCE_NONE;
        uint32_t channels = u->device->groups[g].channels;
        uint32_t written = u->rest.groups & ~u->rest.write_groups;
        if (!(written & (UINT32_C(1) << g)) || !rest_proved(u, channels, &evidence))
            continue;
        u->rest.groups &= ~(UINT32_C(1) << g);
        levels_rest(u, channels, taken_ns);
        for (size_t i = 0; i < LINE_ARMS; i++) {
            struct arm *arm = &l->arms[i];
            if (arm->phase == ARM_STOPPING && arm->ref.unit == u->index && arm->group == g)
                arm_finish(l, arm, evidence, taken_ns);
        }
    }
}

/* ---- whose rest it is ---- */

/* Its own clock may be off by a quarter: no watchdog is built to be exact. */
void rest_newcomer(struct unit *u, int64_t now_ns)
{
    if (!u->device->nameless || !u->hot)
        return;
    int64_t watchdog = (int64_t)u->device->watchdog_ms * NS_PER_MS;
    u->newcomer_until_ns = watchdog > 0 ? now_ns + watchdog * 5 / 4 : INT64_MAX;
}

bool rest_is_newcomer(const struct unit *u, int64_t now_ns)
{
    return now_ns < u->newcomer_until_ns;
}

/* It is told to rest, most likely it is the one; what it says of itself is heard again when it can be no other's. */
static void newcomer_wait(struct unit *u, int64_t taken_ns)
{
    const bool ever = u->newcomer_until_ns == INT64_MAX;
    const char *why = ever
                          ? "it says no serial number and has no watchdog: whether the one that had output is at rest, "
                            "only a person can say"
                          : "it says no serial number: the watchdog of the one that had output has to have ended first";
    u->reworded = u->reworded || strcmp(u->detail, why) != 0;
    presence_note(u, "%s", why);
    int64_t next = taken_ns + (ever ? NS_PER_S : REST_RETRY_MAX_NS);
    next_round(u, next < u->newcomer_until_ns ? next : u->newcomer_until_ns);
}

/* Rest is proved on everything that was to be rested. */
static void rest_done(struct line *l, struct unit *u, bool whole, int64_t taken_ns)
{
    u->newcomer_until_ns = 0;
    u->rest.active = false;
    u->rest.begun_ns = 0;
    u->unproved = false;
    u->backoff_ns = 0;
    u->hot = unit_has_live_arm(l, u);
    u->left = l->leaving;
    if (!unit_has_live_arm(l, u))
        u->fed_ns = u->feed_due_ns = 0;
    if (u->unsure)
        presence_quarantine(l, u, taken_ns);
    else if (whole && u->quarantine_until_ns == 0)
        presence_note(u, "proved at rest");
}

void rest_readback(struct line *l, struct unit *u)
{
    struct modality_status status = {0};
    int64_t began = clock_monotonic_ns(), deadline = call_begin(l, u->device->slice_ms, "status");
    int r = call_status(l, u, deadline, &status);
    int64_t taken = call_end(l);
    if (r < 0) {
        presence_failed(l, u, r, "status", began);
        return;
    }
    u->failures = 0;
    u->status = status;
    u->has_status = true;
    judge_status(l, u, taken);
    if (!u->identified) /* it restarted: who it is comes before what it says */
        return;
    if (rest_is_newcomer(u, taken)) {
        newcomer_wait(u, taken);
        return;
    }
    enum modality_evidence evidence = EVIDENCE_NONE;
    bool was_whole = u->rest.whole;
    uint32_t all = (UINT32_C(1) << u->device->n_channels) - 1;
    groups_prove(l, u, taken);
    if (u->rest.whole && !u->rest.write_whole && rest_proved(u, all, &evidence)) {
        u->rest.whole = false;
        levels_rest(u, all, taken);
    }
    if (!u->rest.whole && u->rest.groups == 0)
        rest_done(l, u, was_whole, taken);
    else
        next_round(u, u->rest.write_whole || u->rest.write_groups ? 0 : taken + REST_ROUND_NS);
}
