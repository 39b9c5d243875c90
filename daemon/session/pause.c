/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pause and resume by a person. A pause is a stop of the output that keeps the session; resume arms a new turn with the
 * treatment time that is left, and the level ramps from rest.
 */
#include "session/internal.h"

/* Session, operator and lease of an acting method; NULL when it was refused and answered. */
static struct session *acting(struct sessions *s, const char *session_id, const char *lease_key, const char *method,
                              const struct session_actor *actor, struct session_reply reply)
{
    struct session *session = session_find(s, session_id);
    if (!session) {
        say_refused(s, method, actor, NULL, reply, TOKEN_NOT_FOUND, NULL, "there is no session %.64s",
                    session_id ? session_id : "");
        return NULL;
    }
    if (!session_lease_holds(s, session, lease_key, method, actor, reply) ||
        !say_actor_may_act(s, actor, method, session, reply))
        return NULL;
    return session;
}

static json_t *state_document(const struct session *session)
{
    return json_pack("{s:s,s:s}", "session_id", session->id, "state", session_state_id(session->state));
}

void session_pause(struct sessions *s, const char *session_id, const char *lease_key, const struct session_actor *actor,
                   const struct session_time *now, struct session_reply reply)
{
    s->now = *now;
    struct session *session = acting(s, session_id, lease_key, "session.pause", actor, reply);
    if (!session)
        return;
    const bool paused = session->state == SESSION_paused || session->state == SESSION_pausing;
    if (!paused && state_next(session->state, EVENT_pause) < 0) {
        say_refused(s, "session.pause", actor, session, reply, TOKEN_WRONG_STATE, NULL, "session %s is %s", session->id,
                    session_state_id(session->state));
        return;
    }
    if (!paused)
        session_pause_by(session, "operator", now);
    session->origin = "operator";
    say_audit(s, "session.pause", actor, session, json_object());
    state_publish(s, now);
    say_result(reply, state_document(session));
}

/* Limits may have changed while it was paused, and what else puts current through this patient. */
static bool limits_stand(struct session *session, char *why, size_t size)
{
    struct assessment *a = calloc(1, sizeof *a);
    const bool stands = a && session_stands(session, a);
    if (!stands)
        snprintf(why, size, "%.190s", a && a->refused.n > 0 ? a->refused.items[0].message : "it cannot be judged");
    free(a);
    return stands;
}

static const char *why_not_resumable(struct session *session, char *why, size_t size)
{
    struct sessions *s = session->owner;
    const struct unit *u = session->unit;
    if (session->lease_lost)
        return "its lease was lost: renew it first";
    /* Energised by another group of it, or by this one a moment ago: its own rest is what the pause waited for. */
    if (u->unproved || (u->presence != UNIT_READY && u->presence != UNIT_ENERGISED))
        snprintf(why, size, "device %s is %s", u->id, unit_state_text(u));
    else if (u->epoch != session->epoch)
        snprintf(why, size, "device %s was identified anew since the session was prepared", u->id);
    else if (s->records_bad)
        snprintf(why, size, "records cannot be written in time");
    else if (session->planned_ms - session->treated_ms <= 0)
        snprintf(why, size, "no treatment time is left");
    else if (u->has_sample && (u->sample.status.fault || u->sample.status.patient_stop))
        snprintf(why, size, "device %s reports %s", u->id, u->sample.status.fault ? "a fault" : "the patient's stop");
    else if (limits_stand(session, why, size))
        return session_sensors_stand(session, why, size);
    return why;
}

/* What is to flow again, against every limit since the start: nothing begins anew that would be refused. */
static bool limits_allow(struct session *session, const struct session_actor *actor, struct session_reply reply)
{
    struct assessment *a = calloc(1, sizeof *a);
    const bool allowed = a && session_stands(session, a);
    if (!allowed)
        say_refused(session->owner, "session.resume", actor, session, reply, TOKEN_LIMIT_EXCEEDED,
                    a ? assess_violations(a) : NULL, "session %s cannot go on: %s", session->id,
                    a && a->refused.n > 0 ? a->refused.items[0].message : "the limits could not be checked");
    free(a);
    return allowed;
}

void session_resume(struct sessions *s, const char *session_id, const char *lease_key,
                    const struct session_actor *actor, const struct session_time *now, struct session_reply reply)
{
    char text[200];
    s->now = *now;
    struct session *session = acting(s, session_id, lease_key, "session.resume", actor, reply);
    if (!session)
        return;
    if (state_next(session->state, EVENT_resume) < 0) {
        say_refused(s, "session.resume", actor, session, reply, TOKEN_WRONG_STATE, NULL, "session %s is %s",
                    session->id, session_state_id(session->state));
        return;
    }
    const char *why = why_not_resumable(session, text, sizeof text);
    if (why) {
        say_refused(s, "session.resume", actor, session, reply, TOKEN_WRONG_STATE, NULL, "session %s cannot go on: %s",
                    session->id, why);
        return;
    }
    if (!limits_allow(session, actor, reply))
        return;
    state_apply(session, EVENT_resume, now);
    session->origin = "operator";
    session->faults_told = 0;
    alarms_condition_over(s->alarms, ALARM_KIND_coupling_lost, session->unit->id, session->id, now->wall_ms);
    session_arm(session, now);
    say_audit(s, "session.resume", actor, session,
              json_pack("{s:I}", "remaining_ms", (json_int_t)session_remaining_ms(session, now)));
    state_publish(s, now);
    say_result(reply, state_document(session));
}
