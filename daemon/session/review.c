/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A person settles the dose of a session that nobody knows. The ledger's rule holds for people too: what was seen is
 * not taken away, what is not said counts as the worst that was reserved, and more than the worst must be meant. Who
 * said it and how it was judged stands in the audit chain and beside the record; it is answered once it is durable.
 */
#include "record/amounts.h"
#include "session/internal.h"

static void refuse_amount(struct refusals *r, enum modality_quantity q, int64_t value, int64_t bound, bool is_min)
{
    const char *id = modality_quantity_info(q)->id;
    struct refusal *refusal =
        is_min ? refusal_add(r, TOKEN_OUT_OF_RANGE, id, "%s %lld: %lld of it was seen, a review cannot take it away",
                             id, (long long)value, (long long)bound)
               : refusal_add(r, TOKEN_OUT_OF_RANGE, id,
                             "%s %lld is above the worst that was reserved, %lld: say exceeds_worst if it is meant", id,
                             (long long)value, (long long)bound);
    refusal->has_quantity = refusal->has_value = refusal->has_bound = true;
    refusal->quantity = q;
    refusal->value = value;
    refusal->bound = bound;
    refusal->is_min = is_min;
    refusal->layer = LAYER_PRESCRIPTION;
}

/* Every amount as it will be settled; above gets the names of those beyond the worst. */
static void judge(const struct dose_review_request *rq, const struct dose_amounts *worst,
                  const struct dose_amounts *seen, struct dose_amounts *judged, json_t *above, struct refusals *r)
{
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const enum modality_quantity q = amount_quantity(i);
        const int64_t least = amount_get(seen, i), most = amount_get(worst, i);
        const bool said = quantity_has(&rq->delivered, q);
        const int64_t value = said ? rq->delivered.value[q] : most > least ? most : least;
        if (value < least)
            refuse_amount(r, q, value, least, true);
        else if (said && value > most && !rq->exceeds_worst)
            refuse_amount(r, q, value, most, false);
        if (value > most)
            json_array_append_new(above, json_string(amount_name(i)));
        amount_set(judged, i, value);
    }
}

static bool may_be_reviewed(struct sessions *s, const struct dose_review_request *rq, const struct session *session,
                            const struct session_actor *actor, struct session_reply reply)
{
    char why[SESSION_TEXT_MAX] = "";
    if (session && session->state != SESSION_ended)
        say_refused(s, "dose.review", actor, session, reply, TOKEN_WRONG_STATE, NULL, "session %s has not ended",
                    session->id);
    else if (!rq->statement || !rq->statement[0])
        say_refused(s, "dose.review", actor, session, reply, TOKEN_INCOMPLETE, NULL, "a review needs a statement");
    else if (record_health(s->record, why, sizeof why) != RECORD_OK)
        say_refused(s, "dose.review", actor, session, reply, TOKEN_RECORDS_UNAVAILABLE, NULL,
                    "records cannot be written in time: %.200s", why);
    else
        return say_actor_may_act(s, actor, "dose.review", session, reply);
    return false;
}

static void write_review(struct sessions *s, const struct session_actor *actor, const struct session *session,
                         const char *session_id, const json_t *detail)
{
    const struct audit_actor who = {
        .uid = actor->uid, .operator_id = actor->operator_id, .operator_name = actor->operator_name};
    say_audit(s, "dose.review", actor, session, json_deep_copy(detail));
    /* beside the record too; should this not be written, the chain has it */
    (void)record_append(s->record, session_id, "addendum", &who, json_pack("{s:O}", "dose_review", detail), NULL, NULL);
    alarms_condition_over(s->alarms, ALARM_KIND_dose_unbounded, NULL, session_id, s->now.wall_ms);
}

void dose_review(struct sessions *s, const struct dose_review_request *rq, const struct session_actor *actor,
                 const struct session_time *now, struct session_reply reply)
{
    s->now = *now;
    const char *session_id = rq->session_id ? rq->session_id : "";
    const struct session *session = session_find(s, session_id);
    struct dose_amounts worst, seen, judged = {0};
    struct refusals refused = {0};
    if (!may_be_reviewed(s, rq, session, actor, reply))
        return;
    int r = record_unbounded(s->record, session_id, &worst, &seen);
    if (r < 0) {
        say_refused(s, "dose.review", actor, session, reply, r == -ENOENT ? TOKEN_NOT_FOUND : TOKEN_WRONG_STATE, NULL,
                    "session %.64s has no dose that waits for a review", session_id);
        return;
    }
    json_t *above = json_array(), *detail = json_object();
    judge(rq, &worst, &seen, &judged, above, &refused);
    doc_text(detail, "session_id", session_id);
    doc_put(detail, "delivered", doc_amounts(&judged));
    doc_put(detail, "seen", doc_amounts(&seen));
    doc_put(detail, "worst", doc_amounts(&worst));
    doc_put(detail, "above_worst", above);
    doc_text(detail, "statement", rq->statement);
    if (refused.n > 0) {
        json_t *data = refusal_document(&refused.items[0]);
        doc_put(data, "violations", doc_refusals(&refused));
        say_refused(s, "dose.review", actor, session, reply, TOKEN_OUT_OF_RANGE, data, "%s", refused.items[0].message);
        json_decref(detail);
        return;
    }
    struct observing *waiting = observing_new(s, session_id, json_deep_copy(detail), reply);
    r = waiting ? record_settle(s->record, session_id, LEDGER_REVIEWED, &judged, observing_told, waiting) : -ENOMEM;
    if (r == 0)
        write_review(s, actor, session, session_id, detail);
    else if (waiting)
        observing_told(waiting, r);
    json_decref(detail);
}
