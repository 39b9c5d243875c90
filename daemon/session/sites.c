/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every body site that a treatment touches: the target, and wherever an electrode sits. Screening is judged at each of
 * them, for current between two sites passes through both; no site is exempt because another one is the target.
 */
#include "session/internal.h"

#define BIT(site) (UINT64_C(1) << (unsigned)(site))

void plan_sites(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    plan->sites = plan->site >= 0 && plan->site < DOSE_SITES_MAX ? BIT(plan->site) : 0;
    for (size_t i = 0; i < rq->output.n_electrodes; i++) {
        const struct session_electrode *e = &rq->output.electrodes[i];
        if (!e->skin_site)
            continue; /* at the target's site */
        const int site = site_find(plan->tables, e->skin_site);
        if (site >= 0 && site < DOSE_SITES_MAX)
            plan->sites |= BIT(site);
        else
            refusal_add(r, TOKEN_NOT_FOUND, e->label, "electrode %s sits at %.64s, which is no body site here",
                        e->label ? e->label : "", e->skin_site);
    }
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

static void judge_at(struct plan *plan, const struct session_request *rq, unsigned site, struct refusals *r)
{
    uint64_t conditions = 0;
    screening_judge(&plan->tables->screening, plan->protocol->therapy, site, rq->indication, rq->answers, rq->n_answers,
                    rq->overrides, rq->n_overrides, &conditions, r);
    plan->treatment.conditions |= conditions;
}

void plan_screen(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    judge_at(plan, rq, (unsigned)plan->site, r);
    for (unsigned site = 0; site < plan->tables->screening.n_sites && site < DOSE_SITES_MAX; site++) {
        if (site == (unsigned)plan->site || !((plan->sites >> site) & 1u))
            continue;
        struct refusals here = {0};
        judge_at(plan, rq, site, &here);
        merge(r, &here, plan->tables->screening.sites[site].id);
    }
}
