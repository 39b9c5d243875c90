/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Electrodes as areas: the smaller pad of a channel, its anode and cathode where they say which is which, and pads that
 * two channels share. A label is one pad: named again it must be the same pad, on another channel.
 */
#include "session/internal.h"

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static int channel_of(const struct session_request *rq, const struct session_electrode *e)
{
    for (size_t i = 0; i < rq->output.n_channels && i < DOSE_CHANNELS_MAX; i++) {
        if (same(e->channel, rq->output.channels[i]))
            return (int)i;
    }
    return -1;
}

/* What is not said of an electrode is that of the target. */
static bool same_place(const struct session_request *rq, const struct session_electrode *a,
                       const struct session_electrode *b)
{
    return same(a->skin_site ? a->skin_site : rq->site, b->skin_site ? b->skin_site : rq->site) &&
           same(a->side ? a->side : rq->side, b->side ? b->side : rq->side);
}

static void share(struct plan *plan, int a, int b)
{
    plan->treatment.channels[a].shares = (uint8_t)(plan->treatment.channels[a].shares | 1u << b);
    plan->treatment.channels[b].shares = (uint8_t)(plan->treatment.channels[b].shares | 1u << a);
}

/* Two entries with one label. */
static void judge_repeat(struct plan *plan, const struct session_request *rq, const struct session_electrode *a,
                         const struct session_electrode *b, struct refusals *r)
{
    const int first = channel_of(rq, a), second = channel_of(rq, b);
    if (first < 0 || second < 0)
        return; /* refused: no such channel */
    if (first == second)
        refusal_add(r, TOKEN_OUT_OF_RANGE, b->label,
                    "electrode %s is named twice on channel %s: a channel has two pads", b->label, b->channel);
    else if (a->area_mm2 != b->area_mm2 || !same_place(rq, a, b))
        refusal_add(r, TOKEN_OUT_OF_RANGE, b->label,
                    "electrode %s is named for channels %s and %s with another area, site or side: a pad lies in one "
                    "place, two pads have two labels",
                    b->label, a->channel, b->channel);
    else
        share(plan, first, second);
}

static void judge_repeats(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    const struct session_output *o = &rq->output;
    for (size_t i = 0; i < o->n_electrodes; i++) {
        for (size_t k = 0; k < i; k++) {
            if (o->electrodes[i].label && o->electrodes[i].label[0] &&
                same(o->electrodes[i].label, o->electrodes[k].label))
                judge_repeat(plan, rq, &o->electrodes[k], &o->electrodes[i], r);
        }
    }
}

/* The pads of one channel; NULL where fewer are named. */
struct pads {
    const struct session_electrode *first, *second;
};

static struct pads pads_of(const struct session_request *rq, size_t channel)
{
    struct pads pads = {0};
    for (size_t i = 0; i < rq->output.n_electrodes; i++) {
        const struct session_electrode *e = &rq->output.electrodes[i];
        if (!same(e->channel, rq->output.channels[channel]))
            continue;
        if (!pads.first)
            pads.first = e;
        else if (!pads.second)
            pads.second = e;
    }
    return pads;
}

static void put_area(struct dose_channel *c, enum modality_quantity q, int64_t area)
{
    if (area <= 0)
        return;
    quantity_put(&c->start, q, area);
    quantity_put(&c->ceiling, q, area);
}

/* One pad that says its pole says the other one's too. */
static void put_poles(struct dose_channel *c, const struct session_request *rq, size_t channel, struct pads pads,
                      struct refusals *r)
{
    const char *one = pads.first->polarity, *other = pads.second->polarity;
    const bool positive = same(one, "positive") || same(other, "negative");
    const bool negative = same(one, "negative") || same(other, "positive");
    if (positive && negative)
        refusal_add(r, TOKEN_OUT_OF_RANGE, rq->output.channels[channel],
                    "both electrodes of channel %s are %s: a current has two poles", rq->output.channels[channel], one);
    if (positive == negative)
        return;
    put_area(c, QUANTITY_anode_area_mm2, positive ? pads.first->area_mm2 : pads.second->area_mm2);
    put_area(c, QUANTITY_cathode_area_mm2, positive ? pads.second->area_mm2 : pads.first->area_mm2);
}

void plan_electrodes(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    judge_repeats(plan, rq, r);
    for (size_t i = 0; i < plan->treatment.n_channels; i++) {
        struct dose_channel *c = &plan->treatment.channels[i];
        const struct pads pads = pads_of(rq, i);
        if (!pads.first)
            continue;
        const bool second_smaller =
            pads.second && pads.second->area_mm2 > 0 && pads.second->area_mm2 < pads.first->area_mm2;
        put_area(c, QUANTITY_electrode_area_mm2, second_smaller ? pads.second->area_mm2 : pads.first->area_mm2);
        if (pads.second)
            put_poles(c, rq, i, pads, r);
    }
}
