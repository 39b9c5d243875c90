/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first of the two acts, and its rehearsal: check tells, prepare claims. A prepared session holds its outputs and
 * a confirm token until it is started, stopped, or its time has passed.
 */
#include "session/internal.h"

void session_check(struct sessions *s, const struct session_request *request, const struct session_actor *actor,
                   const struct session_time *now, struct session_reply reply)
{
    struct assessment *a = NULL;
    s->now = *now;
    if (assess(s, request, NULL, now, &a) < 0) {
        say_error(reply, TOKEN_OVERLOADED, NULL, "no memory for the check");
        return;
    }
    const struct prescription asked = request_prescription(request, a->plan.unit);
    const struct prescribed *dose = &a->plan.dose;
    json_t *result = doc_verdict(a->refused.n == 0 && !s->shutting_down, &asked, &a->refused, &a->verdict);
    doc_put(
        result, "questions",
        doc_questions(dose->tables, dose->protocol, dose->site >= 0 ? dose->treatment.sites : 0, request->indication));
    doc_put(result, "sheet", a->has_picture ? sheet_make(s, a, request, actor) : NULL);
    doc_put(result, "history", sheet_history(&a->history));
    doc_put(result, "limits", assess_limits(a));
    doc_put(result, "dose", doc_dose(&asked, dose, a->has_picture ? &a->picture : NULL, a->plan.level));
    free(a);
    say_result(reply, result);
}

json_t *session_bounds(struct sessions *s, const struct session_request *request, enum modality_quantity q,
                       const struct session_time *now)
{
    struct assessment *a = NULL;
    s->now = *now;
    if (assess(s, request, NULL, now, &a) < 0)
        return NULL;
    json_t *bounds = doc_limits_on(assess_limits(a), q);
    free(a);
    return bounds;
}

static void fill_texts(struct session *session, const struct session_actor *actor)
{
    session->uid = actor->uid;
    snprintf(session->operator_id, sizeof session->operator_id, "%s", actor->operator_id);
    snprintf(session->operator_name, sizeof session->operator_name, "%s", actor->operator_name);
    snprintf(session->operator_role, sizeof session->operator_role, "%s",
             actor->operator_role ? actor->operator_role : "");
}

static void make_id(struct session *session, const struct session_time *now)
{
    char random[TOKEN_HEX];
    session_random_hex(random);
    snprintf(session->id, sizeof session->id, "s%lld-%.12s", (long long)now->wall_ms, random);
}

static int session_new(struct sessions *s, const struct session_request *request, const struct assessment *a,
                       const struct session_actor *actor, const struct session_time *now, struct session **out)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return -ENOMEM;
    session->owner = s;
    session->number = s->next_number++;
    session->state = SESSION_prepared;
    session->since = session->prepared_at = *now;
    session->origin = "operator";
    make_id(session, now);
    fill_texts(session, actor);
    session->unit = a->plan.unit;
    session->group = a->plan.group;
    session->identity = session->unit->identity;
    session->epoch = session->unit->epoch;
    session->generation = s->settings.config_generation;
    session->level = a->plan.level;
    session->n_channels = a->plan.dose.treatment.n_channels;
    memcpy(session->channels, a->plan.channels, sizeof session->channels);
    session->planned_ms = a->plan.dose.treatment.duration_ms;
    session->treatment = a->plan.dose.treatment;
    session->rms_sum_ua = quantity_or_zero(&a->picture.whole, QUANTITY_rms_current_sum_ua);
    session->dead_man_ms = a->dead_man_ms;
    session->token_until_ns = now->monotonic_ns + (int64_t)s->settings.token_ms * NS_PER_MS;
    session_random_hex(session->token);
    link_message_head(&session->stop, LINK_STOP, sizeof session->stop);
    session->stop.session = session->number;
    session->sheet = sheet_make(s, a, request, actor);
    session->adjustments = json_array();
    session->alarms = json_array();
    session->observations = json_array();
    session->changes = json_array();
    if (request_keep(request, &session->request) < 0 || series_new(&session->series, session->n_channels) < 0 ||
        !session->sheet) {
        session_free(session);
        return -ENOMEM;
    }
    s->list[s->n_sessions++] = session;
    *out = session;
    return 0;
}

/* Room for one more: the oldest ended one makes place. */
static bool make_room(struct sessions *s)
{
    if (s->n_sessions < SESSIONS_MAX)
        return true;
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (!s->list[i]->finished || s->list[i]->unsettled || s->list[i]->unwritten)
            continue;
        session_free(s->list[i]);
        s->n_sessions--;
        for (size_t k = i; k < s->n_sessions; k++)
            s->list[k] = s->list[k + 1];
        return true;
    }
    return false;
}

static void claim(struct sessions *s, const struct session_request *request, const struct assessment *a,
                  const struct session_actor *actor, const struct session_time *now, struct session_reply reply)
{
    struct session *session = NULL;
    if (!make_room(s) || session_new(s, request, a, actor, now, &session) < 0) {
        say_refused(s, "session.prepare", actor, NULL, reply, TOKEN_OVERLOADED, NULL, "no room for another session");
        return;
    }
    json_t *detail = json_object();
    doc_put(detail, "sheet", json_deep_copy(session->sheet));
    doc_put(detail, "request", request->document ? json_deep_copy(request->document) : NULL);
    say_audit(s, "session.prepared", actor, session, detail);
    json_t *event = json_object();
    doc_text(event, "from", "none");
    doc_text(event, "to", session_state_id(session->state));
    doc_text(event, "device", session->unit->id);
    say_event(s, "session.state", session, event);
    say_result(reply, json_pack("{s:s,s:O,s:s,s:I}", "session_id", session->id, "sheet", session->sheet,
                                "confirm_token", session->token, "expires_in_ms", (json_int_t)s->settings.token_ms));
}

void session_prepare(struct sessions *s, const struct session_request *request, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply)
{
    struct assessment *a = NULL;
    s->now = *now;
    if (s->shutting_down) {
        say_refused(s, "session.prepare", actor, NULL, reply, TOKEN_SHUTTING_DOWN, NULL, "the daemon is stopping");
        return;
    }
    if (!say_actor_may_act(s, actor, "session.prepare", NULL, reply))
        return;
    if (assess(s, request, NULL, now, &a) < 0) {
        say_refused(s, "session.prepare", actor, NULL, reply, TOKEN_OVERLOADED, NULL, "no memory for the check");
        return;
    }
    if (a->refused.n > 0)
        say_refused(s, "session.prepare", actor, NULL, reply, a->refused.items[0].token, assess_violations(a), "%s",
                    a->refused.items[0].message);
    else
        claim(s, request, a, actor, now, reply);
    free(a);
}
