/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request gives that this treatment would not use: in the wrong place, for another modality, or about nothing
 * that exists. It is refused, because a value that is recorded but not done looks like a treatment that was.
 */
#include "session/internal.h"

bool check_misplaced(enum modality_quantity q, struct refusals *r)
{
    const char *place = NULL;
    if (q == QUANTITY_duration_ms)
        place = "duration_ms of the phase";
    else if (q == QUANTITY_treated_area_mm2)
        place = "treated_area_mm2 of the request";
    else if (q == QUANTITY_electrode_area_mm2)
        place = "area_mm2 of each electrode";
    else if (modality_quantity_info(q)->basis == BASIS_PROPERTY)
        place = "the applicator that applicator_ref names";
    if (!place)
        return false;
    struct refusal *refusal =
        refusal_add(r, TOKEN_OUT_OF_RANGE, modality_quantity_info(q)->id,
                    "%s is not one of the parameters: it is taken from %s", modality_quantity_info(q)->id, place);
    refusal->has_quantity = true;
    refusal->quantity = q;
    return true;
}

static void check_area(const struct protocol *p, const struct session_request *rq, struct refusals *r)
{
    if (rq->treated_area_mm2 <= 0)
        return;
    for (size_t i = 0; i < p->n_parameters; i++) {
        if (p->parameters[i].quantity == QUANTITY_treated_area_mm2)
            return;
    }
    struct refusal *refusal = refusal_add(r, TOKEN_OUT_OF_RANGE, p->id,
                                          "protocol %s knows no treated area: treated_area_mm2 is for a head "
                                          "that is moved (%s)",
                                          p->id, p->origin);
    refusal->has_quantity = true;
    refusal->quantity = QUANTITY_treated_area_mm2;
}

static void check_acknowledged(const struct dose_tables *t, const struct session_request *rq, struct refusals *r)
{
    for (size_t i = 0; i < rq->n_acknowledged; i++) {
        const char *id = rq->acknowledged[i] ? rq->acknowledged[i] : "";
        bool known = false;
        for (size_t k = 0; k < t->n_limits && !known; k++)
            known = strcmp(t->limits[k].id, id) == 0;
        if (!known) /* no subject: the name is the request's */
            refusal_add(r, TOKEN_NOT_FOUND, NULL, "acknowledged names %.64s, which is no limit", id);
    }
}

void check_parts(const struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    const struct protocol *p = plan->protocol;
    check_acknowledged(plan->tables, rq, r);
    if (!p)
        return;
    check_area(p, rq, r);
    if (p->modality == MODALITY_ESTIM && rq->output.applicator_ref)
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "electrical stimulation has no applicator: applicator_ref %.64s",
                    rq->output.applicator_ref);
    if (p->modality != MODALITY_ESTIM && rq->output.n_electrodes > 0)
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "%s has no electrodes: the request names %zu",
                    modality_id(p->modality), rq->output.n_electrodes);
}
