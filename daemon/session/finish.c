/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a session: its dose is settled in the ledger, its record is written once, the head of the audit chain goes
 * out. Nothing here is on the way to rest: it runs after rest was proved, or when nothing was ever energised.
 */
#include "session/internal.h"

/* A stop acts before its line is parsed: the record waits this long for who stopped it, and why. */
#define ANSWER_NS (300 * NS_PER_MS)
/* Making the record takes a millisecond of the loop: those who wait for the proof, and other stops, go first. */
#define TELL_NS (5 * NS_PER_MS)

static json_t *end_document(const struct session *session)
{
    json_t *o = json_object();
    doc_text(o, "reason", session_end_reason(session));
    doc_text(o, "by", session->end_by);
    doc_text(o, "detail", session->end_detail);
    doc_text(o, "evidence", evidence_id(session->evidence));
    doc_text(o, "dose", session->dose_unbounded ? "unbounded" : "settled");
    doc_int(o, "at_ms", session->ended_at.wall_ms);
    return o;
}

static json_t *operator_document(const struct session *session)
{
    json_t *o = json_object();
    doc_text(o, "id", session->operator_id);
    doc_text(o, "name", session->operator_name);
    doc_text(o, "role", session->operator_role);
    doc_int(o, "uid", (int64_t)session->uid);
    return o;
}

static json_t *channels_document(const struct session *session)
{
    json_t *array = json_array();
    for (size_t i = 0; i < session->n_channels; i++) {
        json_t *o = json_object();
        doc_text(o, "channel", session->unit->info.device.channels[session->channels[i]].id);
        doc_text(o, "quantity", modality_quantity_info(session->level)->id);
        if (session->rules.channels[i].has_actual)
            doc_text(o, "measured_quantity", modality_quantity_info(session->rules.channels[i].actual)->id);
        doc_put(o, "peak_level", doc_quantity(session->level, session->peak[i]));
        doc_put(o, "series", series_document(&session->series, i));
        json_array_append_new(array, o);
    }
    return array;
}

static json_t *limits_in_force(const struct session *session)
{
    json_t *array = json_array();
    for (size_t i = 0; i < session->rules.n_channels; i++) {
        const struct supervise_channel_rules *c = &session->rules.channels[i];
        for (size_t k = 0; i == 0 && k < c->n_limits; k++) {
            const struct limit *l = c->limits[k];
            json_t *o = json_object();
            doc_text(o, "id", l->id);
            doc_text(o, "quantity", modality_quantity_info(l->quantity)->id);
            doc_int(o, l->has_max ? "max" : "min", l->has_max ? l->max : l->min);
            doc_text(o, "layer", limit_layer_id(l->layer));
            doc_text(o, "origin", l->origin);
            doc_text(o, "verified", limit_verified_id(l->verified));
            json_array_append_new(array, o);
        }
    }
    return array;
}

static json_t *summary_document(const struct session *session, const struct session_time *now)
{
    json_t *o = json_object();
    doc_int(o, "planned_ms", session->planned_ms);
    doc_int(o, "treated_ms", session_delivered_ms(session, now));
    doc_int(o, "held_ms", session->held_ms);
    doc_int(o, "paused_ms", session->paused_ms);
    doc_int(o, "turns", (int64_t)session->arm.ref.turn);
    course_show(session, now, o);
    doc_put(o, "planned", doc_amounts(&session->planned));
    doc_put(o, "worst", doc_amounts(&session->worst));
    doc_put(o, "delivered", doc_amounts(&session->supervised.delivered));
    return o;
}

static json_t *record_document(const struct session *session, const struct session_time *now)
{
    const struct sessions *s = session->owner;
    const struct session_request *rq = &session->request->r;
    json_t *o = json_object();
    doc_int(o, "schema_version", SESSION_SCHEMA_VERSION);
    doc_text(o, "session_id", session->id);
    doc_put(o, "operator", operator_document(session));
    doc_text(o, "patient_ref", rq->patient_ref);
    doc_text(o, "course_id", rq->course_id);
    doc_put(o, "target", json_pack("{s:s,s:s}", "site", rq->site, "side", rq->side));
    doc_put(o, "places", ledger_places_document(&session->places));
    doc_text(o, "protocol", rq->protocol);
    doc_text(o, "device", session->unit->id);
    doc_put(o, "identity", doc_identity(&session->identity));
    doc_bool(o, "simulated", session->unit->settings->simulated || session->unit->info.device.simulated);
    doc_int(o, "prepared_at_ms", session->prepared_at.wall_ms);
    doc_int(o, "started_at_ms", session->started_at.wall_ms);
    doc_int(o, "ended_at_ms", session->ended_at.wall_ms);
    doc_int(o, "config_generation", (int64_t)session->generation);
    doc_put(o, "config_hash", json_incref(json_object_get(session->sheet, "config_hash")));
    doc_int(o, "config_generation_at_end", (int64_t)s->settings.config_generation);
    doc_put(o, "request", rq->document ? json_incref(rq->document) : NULL);
    doc_put(o, "sheet", json_incref(session->sheet));
    doc_put(o, "limits", limits_in_force(session));
    doc_put(o, "states", json_incref(session->changes));
    doc_put(o, "adjustments", json_incref(session->adjustments));
    doc_put(o, "alarms", json_incref(session->alarms));
    doc_put(o, "observations", json_incref(session->observations));
    doc_put(o, "channels", channels_document(session));
    doc_put(o, "summary", summary_document(session, now));
    if (session->notes_dropped > 0)
        doc_int(o, "notes_dropped", session->notes_dropped);
    doc_put(o, "end", end_document(session));
    return o;
}

/* A record that is too large is written without its series: those are the part that a person can do without. */
static void drop_series(json_t *document)
{
    const json_t *channels = json_object_get(document, "channels");
    for (size_t i = 0; i < json_array_size(channels); i++)
        json_object_del(json_array_get(channels, i), "series");
    doc_bool(document, "series_dropped", true);
}

/*
 * Hands dose and record to the disk. A crowded queue is asked again with every tick: an open entry would block the
 * patient, and a record that was never queued would be lost.
 */
void session_write(struct session *session)
{
    struct sessions *s = session->owner;
    if (session->unsettled) {
        const enum ledger_state state = session->dose_unbounded ? LEDGER_UNBOUNDED : LEDGER_SETTLED;
        static const struct dose_amounts none = {0};
        const struct dose_amounts *delivered = session->ever_armed ? &session->supervised.delivered : &none;
        const int r = record_settle(s->record, session->id, state, delivered, NULL, NULL);
        session->unsettled = r == -EAGAIN || r == -ENOMEM;
    }
    if (!session->unwritten)
        return;
    int r = record_finish(s->record, session->id, json_incref(session->unwritten), NULL, NULL);
    if (r == -E2BIG) {
        drop_series(session->unwritten);
        r = record_finish(s->record, session->id, json_incref(session->unwritten), NULL, NULL);
    }
    if (r == -EAGAIN || r == -ENOMEM)
        return;
    json_decref(session->unwritten);
    session->unwritten = NULL;
}

/* The condition of every alarm of this session is over: latched ones wait for their acknowledgement. */
static void settle_alarms(struct session *session, const struct session_time *now)
{
    for (enum alarm_kind k = 0; k < ALARM_KIND_COUNT; k++) {
        if (k != ALARM_KIND_session_complete && k != ALARM_KIND_dose_not_reached && k != ALARM_KIND_dose_unbounded)
            alarms_condition_over(session->owner->alarms, k, session->unit->id, session->id, now->wall_ms);
    }
}

void session_close(struct session *session)
{
    session->closed = true;
    session->unsettled = session->reserved;
    session_write(session);
}

int64_t session_finish_ns(const struct session *session)
{
    if (session->reserve_pending)
        return INT64_MAX;
    return session->ended_at.monotonic_ns + (session->stop_asked ? ANSWER_NS : TELL_NS);
}

void session_finish(struct session *session, const struct session_time *now)
{
    struct sessions *s = session->owner;
    session->finished = true;
    if (session->reserved) {
        session->unwritten = record_document(session, now);
        session_write(session);
    }
    if (session->dose_unbounded) {
        alarms_raise(s->alarms, ALARM_KIND_dose_unbounded, NULL, session->id, session->end_detail, now->wall_ms);
    }
    json_t *detail = end_document(session);
    doc_put(detail, "delivered", doc_amounts(&session->supervised.delivered));
    say_audit(s, "session.ended", NULL, session, detail);
    (void)record_audit_head(s->record);
    settle_alarms(session, now);
    session->final = session_snapshot(session, now);
    if (session->final)
        doc_put(session->final, "end", end_document(session));
    session->ruled = false; /* nothing of its rules is looked at any more */
    kept_free(&session->kept);
    series_free(&session->series);
    request_free(session->request);
    session->request = NULL;
    say_event(s, "session.ended", session, session_snapshot(session, now));
}

void sessions_catch_up(struct sessions *s, const struct session_time *now)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct session *session = s->list[i];
        const bool waits = session->state == SESSION_ended && !session->finished && !session->reserve_pending;
        if (!waits || session->stop_asked)
            continue;
        s->now = *now;
        session_finish(session, now);
    }
}
