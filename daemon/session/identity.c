/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is this the patient, and the place: a second identifier that goes with the reference, and what a start says it is
 * about. The daemon knows no names; it only finds that two statements about one patient differ.
 */
#include "session/internal.h"

#include "record/patient.h"

bool session_is_of(const struct session *session, const char *patient_ref)
{
    return patient_ref && patient_same(session->request->r.patient_ref, patient_ref);
}

static bool differs(const char *a, const char *b)
{
    return a && b && strcmp(a, b) != 0;
}

void check_identity(const struct sessions *s, const struct session *own, const struct session_request *rq,
                    struct refusals *r)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *other = s->list[i];
        if (other == own || other->state == SESSION_ended || !session_is_of(other, rq->patient_ref) ||
            !differs(other->request->r.patient_check, rq->patient_check))
            continue;
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, "patient_check",
                    "session %s is open for this patient reference with another patient_check: one of them is wrong",
                    other->id);
        return;
    }
}

const char *identity_difference(const struct session_request *rq, const struct session_confirmation *confirmed)
{
    if (confirmed->patient_ref && !patient_same(rq->patient_ref, confirmed->patient_ref))
        return "patient_ref";
    if (confirmed->patient_check && (!rq->patient_check || differs(rq->patient_check, confirmed->patient_check)))
        return "patient_check";
    if (differs(rq->site, confirmed->site) || differs(rq->side, confirmed->side))
        return "target";
    return NULL;
}
