/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every body site that a treatment touches: the target, and wherever an electrode sits. Screening is judged at each of
 * them, for current between two sites passes through both; no site is exempt because another one is the target. What
 * lies between the electrodes is judged too, by their sites and sides.
 */
#include "session/internal.h"

#define BIT(site) (UINT64_C(1) << (unsigned)(site))

/* Where an electrode sits: where it says, else at the target's site; -1 = nowhere that is known. */
static int electrode_site(const struct plan *plan, const struct session_electrode *e)
{
    const int site = e->skin_site ? site_find(plan->tables, e->skin_site) : plan->site;
    return site < DOSE_SITES_MAX ? site : -1;
}

/* A dose that is booked at one site and given at others is the wrong patient's part, or the wrong patient. */
static void check_target_touched(const struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    bool touched = rq->output.n_electrodes == 0 || plan->site < 0;
    for (size_t i = 0; i < rq->output.n_electrodes; i++)
        touched = touched || electrode_site(plan, &rq->output.electrodes[i]) == plan->site;
    if (!touched)
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, plan->tables->screening.sites[plan->site].id,
                    "no electrode lies at the target's site %.64s", rq->site);
}

void plan_sites(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    plan->sites = plan->site >= 0 && plan->site < DOSE_SITES_MAX ? BIT(plan->site) : 0;
    for (size_t i = 0; i < rq->output.n_electrodes; i++) {
        const struct session_electrode *e = &rq->output.electrodes[i];
        const int site = electrode_site(plan, e);
        if (site >= 0)
            plan->sites |= BIT(site);
        else if (e->skin_site)
            refusal_add(r, TOKEN_NOT_FOUND, e->label, "electrode %s sits at %.64s, which is no body site here",
                        e->label ? e->label : "", e->skin_site);
    }
    check_target_touched(plan, rq, r);
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* The same finding at another site: what hangs on a question or condition is told once, the rest by its sentence. */
static bool holds(const struct refusals *r, const struct refusal *item)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct refusal *known = &r->items[i];
        if (known->token == item->token && same_text(known->subject, item->subject) &&
            (item->subject || strcmp(known->message, item->message) == 0))
            return true;
    }
    return false;
}

static void merge(struct refusals *to, const struct refusals *from, const char *site)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct refusal *item = &from->items[i];
        if (holds(to, item))
            continue;
        struct refusal *fresh =
            refusal_add(to, item->token, item->subject, "electrode site %s: %.240s", site, item->message);
        fresh->origin = item->origin;
    }
    to->dropped += from->dropped;
}

static void judge_at(struct plan *plan, const struct session_request *rq, const struct screening_case *c,
                     struct refusals *r)
{
    uint64_t conditions = 0;
    screening_judge(&plan->tables->screening, c, rq->answers, rq->n_answers, rq->overrides, rq->n_overrides,
                    &conditions, r);
    plan->treatment.conditions |= conditions;
}

/* The side where an electrode lies: its own, or the target's; NULL when that is not one side. */
static const char *one_side(const struct session_request *rq, const struct session_electrode *e)
{
    const char *side = e->side ? e->side : rq->side;
    return side && strcmp(side, "both") != 0 ? side : NULL;
}

static struct screening_span span_between(const struct plan *plan, const struct session_request *rq, size_t i, size_t k)
{
    const struct session_electrode *a = &rq->output.electrodes[i], *b = &rq->output.electrodes[k];
    const char *here = one_side(rq, a), *there = one_side(rq, b);
    const bool one_channel = same_text(a->channel, b->channel);
    return (struct screening_span){
        .a = (unsigned)electrode_site(plan, a),
        .b = (unsigned)electrode_site(plan, b),
        .crosses = one_channel && !(here && there && strcmp(here, there) == 0),
    };
}

#define SPANS_MAX (SESSION_ELECTRODES_MAX * (SESSION_ELECTRODES_MAX - 1) / 2)

/* Every two electrodes whose sites are known; the others were refused. */
static size_t spans_of(const struct plan *plan, const struct session_request *rq,
                       struct screening_span spans[SPANS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < rq->output.n_electrodes; i++) {
        for (size_t k = i + 1; k < rq->output.n_electrodes; k++) {
            if (electrode_site(plan, &rq->output.electrodes[i]) >= 0 &&
                electrode_site(plan, &rq->output.electrodes[k]) >= 0)
                spans[n++] = span_between(plan, rq, i, k);
        }
    }
    return n;
}

void plan_screen(struct plan *plan, const struct session_request *rq, int64_t today, struct refusals *r)
{
    const struct screening *s = &plan->tables->screening;
    struct screening_span spans[SPANS_MAX];
    struct screening_case c = {.therapy = plan->protocol->therapy,
                               .site = (unsigned)plan->site,
                               .indication = rq->indication,
                               .protocol_indication = plan->protocol->indication,
                               .today = today,
                               .n_spans = spans_of(plan, rq, spans),
                               .spans = spans};
    judge_at(plan, rq, &c, r);
    for (c.site = 0; c.site < s->n_sites && c.site < DOSE_SITES_MAX; c.site++) {
        if (c.site == (unsigned)plan->site || !((plan->sites >> c.site) & 1u))
            continue;
        struct refusals here = {0};
        judge_at(plan, rq, &c, &here);
        merge(r, &here, s->sites[c.site].id);
    }
}
