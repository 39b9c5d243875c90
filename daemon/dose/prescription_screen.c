/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening of a prescription, at every body site that it touches: current between two sites passes through both, and
 * no site is exempt because another one is the target. What lies between the electrodes is judged too, by their sites
 * and sides, and what lies between them and those of the patient's other treatments. A finding that several sites give
 * is told once.
 */
#include "dose/prescription_parts.h"

#define SPANS_MAX (PRESCRIPTION_ELECTRODES_MAX * (PRESCRIPTION_ELECTRODES_MAX - 1) / 2)

static bool same_text(const char *a, const char *b)
{
    return a == b || prescription_same(a, b);
}

/* The same finding at another site: what hangs on a question or condition is told once, the rest by its sentence. */
static bool holds(const struct refusals *r, const struct refusal *item)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct refusal *known = &r->items[i];
        if (known->token == item->token && same_text(known->subject, item->subject) &&
            (item->subject != NULL || strcmp(known->message, item->message) == 0)) {
            return true;
        }
    }
    return false;
}

static void merge(struct refusals *to, const struct refusals *from, const char *site)
{
    for (size_t i = 0; i < from->n; i++) {
        const struct refusal *item = &from->items[i];
        if (!holds(to, item)) {
            struct refusal *fresh =
                refusal_add(to, item->token, item->subject, "electrode site %s: %.240s", site, item->message);
            fresh->origin = item->origin;
        }
    }
    to->dropped += from->dropped;
}

static void judge_at(const struct prescription *p, struct prescribed *d, const struct screening_case *c,
                     struct refusals *r)
{
    uint64_t conditions = 0;
    screening_judge(&d->tables->screening, c, p->answers, p->n_answers, p->overrides, p->n_overrides, &conditions, r);
    d->treatment.conditions |= conditions;
}

/* The side where an electrode lies: its own, or the target's; NULL when that is not one side. */
static const char *one_side(const struct prescription *p, const struct prescription_electrode *e)
{
    const char *side = e->side != NULL ? e->side : p->side;
    return prescription_same(side, "both") ? NULL : side;
}

static struct screening_span span_between(const struct prescription *p, const struct prescription_electrode *a,
                                          int site_a, const struct prescription_electrode *b, int site_b)
{
    const char *here = one_side(p, a), *there = one_side(p, b);
    bool one_channel = same_text(a->channel, b->channel);
    struct screening_span span = {
        .a = (unsigned)site_a, .b = (unsigned)site_b, .crosses = one_channel && !prescription_same(here, there)};
    return span;
}

/* Every two electrodes whose sites are known; the others were refused. */
static size_t spans_of(const struct prescription *p, const struct prescribed *d, struct screening_span *spans)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_electrodes; i++) {
        int site = prescription_site_of(d->tables, p, &p->electrodes[i]);
        for (size_t k = i + 1; k < p->n_electrodes && n < SPANS_MAX; k++) {
            int other = prescription_site_of(d->tables, p, &p->electrodes[k]);
            if (site >= 0 && other >= 0) {
                spans[n++] = span_between(p, &p->electrodes[i], site, &p->electrodes[k], other);
            }
        }
    }
    return n;
}

void prescription_screen(const struct prescription *p, struct prescribed *d, int64_t today, struct refusals *r)
{
    const struct screening *s = &d->tables->screening;
    struct screening_span spans[SPANS_MAX] = {{0}};
    struct screening_case c = {.therapy = d->protocol->therapy,
                               .site = (unsigned)d->site,
                               .indication = p->indication,
                               .protocol_indication = d->protocol->indication,
                               .today = today,
                               .n_spans = spans_of(p, d, spans),
                               .spans = spans,
                               .electrodes = d->protocol->modality == MODALITY_ESTIM ? d->treatment.sites : 0,
                               .n_others = p->n_others,
                               .others = p->others};
    judge_at(p, d, &c, r);
    for (c.site = 0; c.site < s->n_sites && c.site < DOSE_SITES_MAX; c.site++) {
        if (c.site != (unsigned)d->site && ((d->treatment.sites >> c.site) & 1u) != 0) {
            struct refusals here = {.n = 0};
            judge_at(p, d, &c, &here);
            merge(r, &here, s->sites[c.site].id);
        }
    }
}
