/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One patient, however many sessions: electrodes of all that are open lie on one body, and what flows through it is
 * their sum. A session counts from its preparation until its rest is proved. What an earlier run left behind has no
 * session any more, only an entry in the ledger: until rest is proved there, no further current is put in.
 */
#include "session/internal.h"

#include "dose/wide.h"
#include "record/patient.h"

/* Whether the session may put current through this patient, now or when it is started. */
static bool counts(const struct session *other, const struct session *own, const char *patient_ref)
{
    return other != own && other->state != SESSION_ended && session_is_of(other, patient_ref) &&
           other->request->r.output.n_electrodes > 0;
}

size_t others_electrodes(const struct sessions *s, const struct session *own, const struct dose_tables *tables,
                         const char *patient_ref, struct screening_other out[SESSIONS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *other = s->list[i];
        if (!counts(other, own, patient_ref))
            continue;
        const struct prescription theirs = request_prescription(&other->request->r, other->unit);
        out[n++] = (struct screening_other){
            .session = other->id, .therapy = other->treatment.therapy, .sites = prescription_sites(tables, &theirs)};
    }
    return n;
}

void others_currents(const struct sessions *s, const struct session *own, const char *patient_ref,
                     struct dose_history *history)
{
    int64_t most = -1;
    history->rms_sum_ua = 0;
    history->rms_by = NULL;
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *other = s->list[i];
        if (!counts(other, own, patient_ref))
            continue;
        if (wide_add(history->rms_sum_ua, other->rms_sum_ua, &history->rms_sum_ua) < 0)
            history->rms_sum_ua = INT64_MAX;
        if (other->rms_sum_ua > most)
            history->rms_by = other->id;
        most = other->rms_sum_ua > most ? other->rms_sum_ua : most;
    }
}

void check_left_behind(const struct sessions *s, const struct plan *plan, const struct session_request *rq,
                       struct refusals *r)
{
    const struct protocol *p = plan->dose.protocol;
    for (size_t i = 0; p && p->modality == MODALITY_ESTIM && rq->patient_ref && i < s->n_orphans; i++) {
        const struct ledger_entry *e = &s->orphans[i].entry;
        if (s->orphans[i].settled || e->modality != MODALITY_ESTIM || !patient_same(e->patient_ref, rq->patient_ref))
            continue;
        refusal_add(r, TOKEN_OUTPUT_UNKNOWN, NULL,
                    "session %s of this patient was left behind, and device %s is not proved at rest", e->session_id,
                    e->device);
    }
}
