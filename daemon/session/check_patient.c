/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the ledger knows of this patient at every place that a request touches.
 */
#include "session/internal.h"

/* A site that has no sides is one place, whatever side the target or the pad has. */
static void place_add(const struct dose_tables *t, const char *site, const char *side, struct ledger_places *out)
{
    const int index = site ? site_find(t, site) : -1;
    if (index < 0)
        return; /* refused as unknown */
    if (!t->screening.sites[index].has_sides)
        side = "midline";
    (void)ledger_places_add(out, site, side ? side : "both"); /* there is room for every electrode */
}

void request_places(const struct dose_tables *tables, const struct session_request *rq, struct ledger_places *out)
{
    *out = (struct ledger_places){0};
    place_add(tables, rq->site, rq->side, out);
    for (size_t i = 0; i < rq->output.n_electrodes; i++) {
        const struct prescription_electrode *e = &rq->output.electrodes[i];
        place_add(tables, e->skin_site ? e->skin_site : rq->site, e->side ? e->side : rq->side, out);
    }
}

/* Another session that is prepared there and not started: one of the two could not be. Its output's holder is BUSY. */
static const struct session *prepared_there(const struct sessions *s, const struct session *own,
                                            const struct plan *plan, const struct session_request *rq,
                                            const struct ledger_places *places)
{
    const struct session *holder = plan->resolved ? unit_holder(s, plan->unit, plan->group, own) : NULL;
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *other = s->list[i];
        if (other == own || other == holder || other->state != SESSION_prepared ||
            !session_is_of(other, rq->patient_ref))
            continue;
        struct ledger_places theirs;
        request_places(plan->dose.tables, &other->request->r, &theirs);
        if (ledger_places_meet(&plan->dose.tables->screening, &theirs, places))
            return other;
    }
    return NULL;
}

static void check_ledger(struct sessions *s, const struct session *own, const struct plan *plan,
                         const struct session_request *rq, const struct ledger_places *places, struct refusals *r)
{
    enum ledger_state state;
    const char *blocking = record_blocking(s->record, rq->patient_ref, places, &state);
    const struct session *prepared = blocking ? NULL : prepared_there(s, own, plan, rq, places);
    if (prepared)
        refusal_add(r, TOKEN_DOSE_RESERVED, NULL, "session %s on this patient and site is prepared", prepared->id);
    if (!blocking)
        return;
    if (state == LEDGER_UNBOUNDED)
        refusal_add(r, TOKEN_DOSE_UNBOUNDED, NULL,
                    "the dose of session %s on this patient and site is not known: dose.review", blocking);
    else
        refusal_add(r, TOKEN_DOSE_RESERVED, NULL, "session %s on this patient and site is open", blocking);
}

void check_history(struct sessions *s, const struct session *own, const struct plan *plan,
                   const struct session_request *rq, struct dose_history *history, struct dose_history *of_protocol,
                   struct refusals *r)
{
    const struct protocol *p = plan->dose.protocol;
    if (!p || !rq->patient_ref || !rq->site || !rq->side)
        return;
    struct ledger_places places;
    request_places(plan->dose.tables, rq, &places);
    record_history(s->record, rq->patient_ref, &places, p->modality, 0, history);
    check_ledger(s, own, plan, rq, &places, r);
    record_history(s->record, rq->patient_ref, &places, p->modality, UINT32_C(1) << p->therapy, of_protocol);
    /* rest counts from any session of the modality, the day's sessions are those of this therapy */
    of_protocol->has_last_end = history->has_last_end;
    of_protocol->since_last_end_ms = history->since_last_end_ms;
    protocol_check_history(p, of_protocol, r);
}
