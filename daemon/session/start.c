/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second act: the confirm token is spent, everything is computed again and compared, the dose is reserved, and only
 * when the reservation is durable is the device armed and the start answered.
 */
#include "session/internal.h"

#include <sys/random.h>

/*
 * A device that has not acknowledged its start by then is stopped: high voltage stages take up to two seconds. What a
 * device says that it needs from the start to its output comes on top.
 */
#define START_BOUND_NS (5 * NS_PER_S)

void session_random_hex(char out[TOKEN_HEX])
{
    unsigned char bytes[(TOKEN_HEX - 1) / 2];
    size_t n = 0;
    while (n < sizeof bytes) {
        const ssize_t got = getrandom(bytes + n, sizeof bytes - n, 0);
        if (got < 0 && errno != EINTR)
            abort(); /* a guessable token would be worse than no daemon: the hosts rest their outputs */
        n += got > 0 ? (size_t)got : 0;
    }
    for (size_t i = 0; i < sizeof bytes; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static json_t *accepted(const struct session *session)
{
    return json_pack("{s:s,s:s,s:s,s:I}", "session_id", session->id, "state", "accepted", "lease_key",
                     session->lease_key, "lease_ms", (json_int_t)session->owner->settings.lease_ms);
}

static void answer_waiters(struct session *session, enum modality_token token, const char *message)
{
    for (size_t i = 0; i < session->n_waiters; i++) {
        if (token == TOKEN_NONE)
            say_result(session->waiters[i], accepted(session));
        else
            say_error(session->waiters[i], token, NULL, "%s", message);
    }
    session->n_waiters = 0;
}

/* A token that was spent answers its own peer again, as soon as the first answer is known. */
static void repeat(struct session *session, const struct session_actor *actor, struct session_reply reply)
{
    struct sessions *s = session->owner;
    if (!session->reserve_pending && session->reserved)
        say_result(reply, accepted(session));
    else if (!session->reserve_pending)
        say_refused(s, "session.start", actor, session, reply, TOKEN_WRONG_STATE, NULL, "session %s did not start: %s",
                    session->id, session_end_reason(session));
    else if (session->n_waiters < SESSION_WAITERS_MAX)
        session->waiters[session->n_waiters++] = reply;
    else
        say_refused(s, "session.start", actor, session, reply, TOKEN_OVERLOADED, NULL,
                    "the start of session %s is under way and was repeated too often", session->id);
}

static void give_up(struct session *session, enum session_end end, const char *why, const struct session_time *now)
{
    session->token_used = true;
    session_end_by(session, end, session_end_origin(end), why, now);
}

static void on_reserved(void *userdata, int error)
{
    struct session *session = userdata;
    session->reserve_pending = false;
    session->reserve_error = error;
    session->reserved = error == 0;
}

static int reserve(struct session *session, const struct session_time *now)
{
    const struct session_request *rq = &session->request->r;
    struct ledger_entry e = {.modality = session->treatment.modality,
                             .state = LEDGER_OPEN,
                             .planned = session->planned,
                             .worst = session->worst,
                             .started_wall_ms = now->wall_ms};
    snprintf(e.session_id, sizeof e.session_id, "%s", session->id);
    snprintf(e.patient_ref, sizeof e.patient_ref, "%s", rq->patient_ref);
    e.places = session->places;
    snprintf(e.therapy, sizeof e.therapy, "%s", modality_therapy_id(session->treatment.therapy));
    snprintf(e.protocol, sizeof e.protocol, "%s", rq->protocol);
    snprintf(e.device, sizeof e.device, "%s", session->unit->id);
    snprintf(e.serial, sizeof e.serial, "%s", session->identity.serial);
    session->reserve_pending = true;
    const int r = record_reserve(session->owner->record, &e, on_reserved, session);
    if (r < 0)
        session->reserve_pending = false;
    return r;
}

static int take_over(struct session *session, const struct assessment *a)
{
    struct sessions *s = session->owner;
    request_places(s->settings.tables, &session->request->r, &session->places);
    session->generation = s->settings.config_generation;
    session->treatment = a->plan.dose.treatment;
    session->history = a->history;
    session->planned = a->planned;
    session->worst = a->worst;
    session->rms_sum_ua = quantity_or_zero(&a->picture.whole, QUANTITY_rms_current_sum_ua);
    session->lease_loss = a->plan.dose.protocol->lease_loss;
    session->contact_hold_ms = a->plan.dose.protocol->contact_hold_ms;
    for (size_t i = 0; i < session->n_channels; i++) {
        session->present[i] = session->treatment.channels[i].start;
        session->peak[i] = a->plan.device[i]->rest_value;
    }
    envelope_arm(session, a);
    const int r = kept_take(&session->kept, s->settings.tables, &session->treatment);
    if (r < 0)
        return r;
    session->ruled = true;
    return rules_make(s, session, a);
}

static void begin(struct session *session, const struct assessment *a, const struct session_actor *actor,
                  const struct session_time *now, struct session_reply reply)
{
    struct sessions *s = session->owner;
    if (take_over(session, a) < 0) {
        say_refused(s, "session.start", actor, session, reply, TOKEN_OVERLOADED, NULL,
                    "session %s has more limits than can be held", session->id);
        give_up(session, END_refused, "its limits cannot be held", now);
        return;
    }
    session->token_used = true;
    session->started_at = *now;
    session_random_hex(session->lease_key);
    session->lease_until_ns = now->monotonic_ns + (int64_t)s->settings.lease_ms * NS_PER_MS;
    state_apply(session, EVENT_begin, now);
    session->waiters[session->n_waiters++] = reply;
    say_audit(s, "session.start", actor, session,
              json_pack("{s:O,s:s}", "worst", json_object_get(session->sheet, "worst"), "config_hash",
                        s->settings.config_hash));
    if (reserve(session, now) < 0) {
        session_end_by(session, END_records, "daemon", "the dose could not be reserved", now);
        answer_waiters(session, TOKEN_RECORDS_UNAVAILABLE, "the dose could not be reserved: records take no writes");
    }
}

static void refuse(struct session *session, const struct assessment *a, const struct session_actor *actor,
                   const struct session_time *now, struct session_reply reply)
{
    const struct refusal *first = &a->refused.items[0];
    say_refused(session->owner, "session.start", actor, session, reply, first->token, assess_violations(a), "%s",
                first->message);
    give_up(session, END_refused, first->message, now);
}

static void compare(struct session *session, const struct assessment *a, const struct session_actor *actor,
                    const struct session_time *now, struct session_reply reply)
{
    struct sessions *s = session->owner;
    const struct session_actor prepared = {.operator_id = session->operator_id,
                                           .operator_name = session->operator_name};
    json_t *sheet = sheet_make(s, a, &session->request->r, &prepared);
    json_t *changed = sheet_differences(session->sheet, sheet);
    if (json_array_size(changed) > 0) {
        char why[LINK_TEXT_MAX];
        snprintf(why, sizeof why, "%s has changed since it was prepared",
                 json_string_value(json_array_get(changed, 0)));
        json_t *data = json_object();
        doc_put(data, "changed", json_incref(changed));
        doc_put(data, "sheet", json_incref(sheet));
        say_refused(s, "session.start", actor, session, reply, TOKEN_SHEET_CHANGED, data, "%s", why);
        give_up(session, END_sheet_changed, why, now);
    } else {
        begin(session, a, actor, now, reply);
    }
    json_decref(changed);
    json_decref(sheet);
}

/* What stands before anything is computed. True = go on. */
static bool may_start(struct session *session, const struct session_actor *actor, const struct session_time *now,
                      struct session_reply reply)
{
    struct sessions *s = session->owner;
    if (session->state != SESSION_prepared)
        say_refused(s, "session.start", actor, session, reply, TOKEN_WRONG_STATE, NULL, "session %s is %s", session->id,
                    session_state_id(session->state));
    else if (now->monotonic_ns >= session->token_until_ns)
        say_refused(s, "session.start", actor, session, reply, TOKEN_TOKEN_EXPIRED, NULL,
                    "the confirm token of session %s was good for %u s", session->id, s->settings.token_ms / 1000);
    else if (s->shutting_down)
        say_refused(s, "session.start", actor, session, reply, TOKEN_SHUTTING_DOWN, NULL, "the daemon is stopping");
    else if (!actor->subscribed)
        say_refused(s, "session.start", actor, session, reply, TOKEN_NOT_SUBSCRIBED, NULL,
                    "a start needs events.subscribe on the same connection");
    else
        return say_actor_may_act(s, actor, "session.start", session, reply);
    return false;
}

/* The wrong patient or place in front of the person who starts: what was prepared is not for here. */
static void refuse_identity(struct session *session, const char *what, const struct session_actor *actor,
                            const struct session_time *now, struct session_reply reply)
{
    char why[SESSION_TEXT_MAX];
    json_t *data = json_object();
    snprintf(why, sizeof why, "%s is not what session %s was prepared for", what, session->id);
    doc_text(data, "field", what);
    say_refused(session->owner, "session.start", actor, session, reply, TOKEN_IDENTITY_MISMATCH, data, "%s", why);
    give_up(session, END_refused, why, now);
    state_publish(session->owner, now);
}

void session_start(struct sessions *s, const char *session_id, const struct session_confirmation *confirmed,
                   const struct session_actor *actor, const struct session_time *now, struct session_reply reply)
{
    s->now = *now;
    struct session *session = session_find(s, session_id);
    if (!session) {
        say_refused(s, "session.start", actor, NULL, reply, TOKEN_NOT_FOUND, NULL, "there is no session %.64s",
                    session_id ? session_id : "");
        return;
    }
    if (!confirmed->token || !secret_equal(confirmed->token, session->token) || actor->uid != session->uid) {
        say_refused(s, "session.start", actor, session, reply, TOKEN_TOKEN_INVALID, NULL,
                    "the confirm token is not the one given to this peer for session %s", session->id);
        return;
    }
    if (session->token_used) {
        repeat(session, actor, reply);
        return;
    }
    if (!may_start(session, actor, now, reply))
        return;
    const char *differs = identity_difference(&session->request->r, confirmed);
    if (differs) {
        refuse_identity(session, differs, actor, now, reply);
        return;
    }
    struct assessment *a = NULL;
    if (assess(s, &session->request->r, session, now, &a) < 0) {
        say_refused(s, "session.start", actor, session, reply, TOKEN_OVERLOADED, NULL, "no memory for the check");
        return;
    }
    if (a->refused.n > 0)
        refuse(session, a, actor, now, reply);
    else
        compare(session, a, actor, now, reply);
    free(a);
    state_publish(s, now);
}

void session_arm(struct session *session, const struct session_time *now)
{
    struct sessions *s = session->owner;
    const int64_t left_ms = session->planned_ms - session->treated_ms;
    const int64_t start_ns = (int64_t)session->unit->info.device.start_ms * NS_PER_MS;
    struct link_arm *arm = &session->arm;
    arm->ref.turn++;
    arm->end_boot_ns = now->boot_ns + left_ms * NS_PER_MS + start_ns;
    arm->permit_boot_ns = now->boot_ns + (int64_t)s->settings.permit_ms * NS_PER_MS;
    arm->envelope.total_ms = left_ms;
    for (size_t i = 0; i < session->n_channels; i++)
        arm->targets[i] = session->farthest[i] = session->present[i].value[session->level];
    supervise_begin(&session->supervised, now->monotonic_ns);
    session_course_begin(session);
    if (session->unit->has_sample && session->unit->sample.seq > session->supervised.last_seq)
        session->supervised.last_seq = session->unit->sample.seq;
    session->armed = session->ever_armed = true;
    session->output_boot_ns = INT64_MAX;
    session->asleep_ns = now->boot_ns - now->monotonic_ns;
    session->start_until_ns = now->monotonic_ns + START_BOUND_NS + start_ns;
    session->contact_good = 0;
    if (link_tell(s, session->unit->settings->link, arm, now) < 0)
        return; /* the host is being replaced: the session was told */
    for (size_t i = 0; i < session->n_channels; i++)
        session_send_changed(session, i, now);
}

static bool unit_can_be_armed(const struct session *session)
{
    const struct unit *u = session->unit;
    return !u->unproved && u->epoch == session->epoch && (u->presence == UNIT_READY || u->presence == UNIT_ENERGISED);
}

/* Called from the tick: a start goes on when its reservation is durable. */
void session_start_tick(struct session *session, const struct session_time *now)
{
    if (session->reserve_pending)
        return;
    if (session->state == SESSION_stopping && !session->armed) {
        state_apply(session, EVENT_end, now);
        answer_waiters(session, session->reserved ? TOKEN_WRONG_STATE : TOKEN_RECORDS_UNAVAILABLE,
                       session->reserved ? "the session was stopped before it began"
                                         : "the dose could not be reserved: records take no writes");
        return;
    }
    if (session->state != SESSION_starting)
        return;
    if (session->armed) {
        if (now->monotonic_ns >= session->start_until_ns)
            session_end_by(session, END_not_started, "daemon", "the device did not acknowledge the start in time", now);
        return;
    }
    if (!session->reserved) {
        session_end_by(session, END_records, "daemon", "the dose could not be reserved", now);
        session_start_tick(session, now);
        return;
    }
    answer_waiters(session, TOKEN_NONE, NULL);
    if (unit_can_be_armed(session))
        session_arm(session, now);
    else
        session_end_by(session, END_not_started, "daemon", "the device is no longer ready", now);
}
