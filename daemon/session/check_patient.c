/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What touches the patient: electrodes, the applicator, and what the ledger knows of this patient and site. Positions
 * are not judged; the screening asks at every site that an electrode names.
 */
#include "session/internal.h"

#define ELECTRODES_PER_CHANNEL 2

static bool same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static void check_electrode(const struct session_request *rq, size_t index, struct refusals *r)
{
    const struct session_electrode *e = &rq->output.electrodes[index];
    const char *label = e->label ? e->label : "";
    bool known = false;
    for (size_t i = 0; i < rq->output.n_channels; i++)
        known = known || same(e->channel, rq->output.channels[i]);
    if (!known)
        refusal_add(r, TOKEN_OUT_OF_RANGE, e->label, "electrode %s names channel %s, which is not in the request",
                    label, e->channel ? e->channel : "");
    if (e->area_mm2 <= 0)
        refusal_add(r, TOKEN_INCOMPLETE, e->label, "electrode %s needs its contact area", label);
    if (!e->label || !e->label[0])
        refusal_add(r, TOKEN_INCOMPLETE, NULL, "electrode %zu needs a label", index + 1);
    const bool opposite =
        (same(e->side, "left") && same(rq->side, "right")) || (same(e->side, "right") && same(rq->side, "left"));
    if (opposite)
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, e->label, "electrode %s lies on the %s side, the target is the %s one",
                    label, e->side, rq->side);
}

void check_electrodes(const struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    if (!plan->protocol || plan->protocol->modality != MODALITY_ESTIM)
        return;
    for (size_t i = 0; i < rq->output.n_electrodes; i++)
        check_electrode(rq, i, r);
    for (size_t c = 0; c < rq->output.n_channels; c++) {
        size_t n = 0;
        for (size_t i = 0; i < rq->output.n_electrodes; i++)
            n += same(rq->output.electrodes[i].channel, rq->output.channels[c]);
        if (n != ELECTRODES_PER_CHANNEL)
            refusal_add(r, TOKEN_INCOMPLETE, rq->output.channels[c], "channel %s needs %d electrodes, %zu are named",
                        rq->output.channels[c], ELECTRODES_PER_CHANNEL, n);
    }
}

static void check_frequency(const struct plan *plan, const struct applicator *a, struct refusals *r)
{
    const struct quantity_set *start = &plan->treatment.channels[0].start;
    if (a->n_frequencies == 0 || !quantity_has(start, QUANTITY_us_frequency_khz))
        return;
    const int64_t khz = start->value[QUANTITY_us_frequency_khz];
    for (size_t i = 0; i < a->n_frequencies; i++) {
        if (a->frequencies_khz[i] == khz)
            return;
    }
    refusal_add(r, TOKEN_OUT_OF_RANGE, a->id, "applicator %s does not work at %lld kHz (%s)", a->id, (long long)khz,
                a->origin);
}

void check_applicator(const struct plan *plan, const struct session_time *now, struct refusals *r)
{
    if (!plan->protocol)
        return;
    const enum modality m = plan->protocol->modality;
    const int index = plan->treatment.applicator;
    if (index < 0) {
        if (m == MODALITY_ULTRASOUND)
            refusal_add(r, TOKEN_INCOMPLETE, plan->protocol->id, "ultrasound needs an applicator with its calibration");
        return;
    }
    const struct applicator *a = &plan->tables->applicators[index];
    const int64_t today = civil_day(now->wall_ms);
    if (a->modality != m)
        refusal_add(r, TOKEN_OUT_OF_RANGE, a->id, "applicator %s is for %s, not for %s (%s)", a->id,
                    modality_id(a->modality), modality_id(m), a->origin);
    if (a->calibration_due_day < today)
        refusal_add(r, TOKEN_DEVICE_OVERDUE, a->id, "calibration of applicator %s is overdue by %lld days (%s)", a->id,
                    (long long)(today - a->calibration_due_day), a->origin);
    if (a->device && plan->unit && strcmp(a->device, plan->unit->id) != 0)
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, a->id, "applicator %s belongs to device %s, not to %s (%s)", a->id,
                    a->device, plan->unit->id, a->origin);
    if (m == MODALITY_ULTRASOUND && (a->era_mm2 <= 0 || a->bnr_permille <= 0))
        refusal_add(r, TOKEN_INCOMPLETE, a->id, "applicator %s needs its ERA and BNR (%s)", a->id, a->origin);
    check_frequency(plan, a, r);
}

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
        const struct session_electrode *e = &rq->output.electrodes[i];
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
            !same(other->request->r.patient_ref, rq->patient_ref))
            continue;
        struct ledger_places theirs;
        request_places(plan->tables, &other->request->r, &theirs);
        if (ledger_places_meet(&theirs, places))
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
                   const struct session_request *rq, struct dose_history *history, struct refusals *r)
{
    const struct protocol *p = plan->protocol;
    if (!p || !rq->patient_ref || !rq->site || !rq->side)
        return;
    struct ledger_places places;
    request_places(plan->tables, rq, &places);
    record_history(s->record, rq->patient_ref, &places, p->modality, 0, history);
    check_ledger(s, own, plan, rq, &places, r);
    struct dose_history therapy = {0};
    record_history(s->record, rq->patient_ref, &places, p->modality, UINT32_C(1) << p->therapy, &therapy);
    /* rest counts from any session of the modality, the day's sessions are those of this therapy */
    therapy.has_last_end = history->has_last_end;
    therapy.since_last_end_ms = history->since_last_end_ms;
    protocol_check_history(p, &therapy, r);
}
