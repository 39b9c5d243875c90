/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that this room says to the outside: answers to requests, events to clients, alarms, audit entries. Always
 * after the message that makes the patient safe has been sent, never before.
 */
#include "session/internal.h"

void say_result(struct session_reply reply, json_t *result)
{
    if (reply.done)
        reply.done(reply.userdata, result, NULL);
    else
        json_decref(result);
}

__attribute__((format(printf, 4, 0))) static void say_error_list(struct session_reply reply, enum modality_token token,
                                                                 json_t *data, const char *format, va_list arguments)
{
    struct session_error error = {.token = token, .data = data};
    vsnprintf(error.message, sizeof error.message, format, arguments);
    if (reply.done)
        reply.done(reply.userdata, NULL, &error);
    else
        json_decref(data);
}

void say_error(struct session_reply reply, enum modality_token token, json_t *data, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_error_list(reply, token, data, format, arguments);
    va_end(arguments);
}

void say_audit(struct sessions *s, const char *event, const struct session_actor *actor, const struct session *session,
               json_t *detail)
{
    const struct audit_actor who = {.uid = actor ? actor->uid : 0,
                                    .operator_id = actor ? actor->operator_id : NULL,
                                    .operator_name = actor ? actor->operator_name : NULL};
    if (actor && actor->peer_name)
        doc_text(detail, "peer", actor->peer_name);
    /* -EAGAIN shows in record_health, which every tick asks */
    (void)record_audit(s->record, event, actor ? &who : NULL, session ? session->id : NULL, detail);
}

void say_refused(struct sessions *s, const char *method, const struct session_actor *actor,
                 const struct session *session, struct session_reply reply, enum modality_token token, json_t *data,
                 const char *format, ...)
{
    char message[REFUSAL_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    json_t *detail = json_object();
    doc_text(detail, "method", method);
    doc_text(detail, "token", modality_token_id(token));
    doc_text(detail, "message", message);
    if (data)
        doc_put(detail, "data", json_deep_copy(data));
    say_audit(s, "refused", actor, session, detail);
    say_error(reply, token, data, "%s", message);
}

void say_event(struct sessions *s, const char *type, const struct session *session, json_t *params)
{
    if (s->ports.event)
        s->ports.event(s->ports.userdata, type, session ? session->id : NULL, params);
    else
        json_decref(params);
}

void say_alarm(struct sessions *s, enum alarm_kind kind, const char *device, struct session *session,
               const char *format, ...)
{
    char detail[LINK_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    const uint64_t number = alarms_raise(s->alarms, kind, device, session ? session->id : NULL, detail, s->now.wall_ms);
    if (session && session->alarms) {
        json_t *entry = json_object();
        doc_int(entry, "number", (int64_t)number);
        doc_text(entry, "kind", alarm_kind_id(kind));
        doc_text(entry, "priority", alarm_priority_id(alarm_kind_priority(kind)));
        doc_text(entry, "detail", detail);
        doc_int(entry, "at_ms", s->now.wall_ms);
        session->notes_dropped += !doc_append(session->alarms, entry, SESSION_NOTES_MAX);
    }
}

bool say_actor_may_act(struct sessions *s, const struct session_actor *actor, const char *method,
                       const struct session *session, struct session_reply reply)
{
    if (!actor->operator_id || !actor->operator_id[0] || !actor->operator_name || !actor->operator_name[0]) {
        say_refused(s, method, actor, session, reply, TOKEN_INCOMPLETE, NULL, "%s needs the operator's id and name",
                    method);
        return false;
    }
    if (!actor->may_act_for && actor->peer_name && strcmp(actor->operator_id, actor->peer_name) != 0) {
        say_refused(s, method, actor, session, reply, TOKEN_NOT_ACTING_FOR, NULL,
                    "uid %u (%s) may not act for operator %.100s: its role has no may_act_for", (unsigned)actor->uid,
                    actor->peer_name, actor->operator_id);
        return false;
    }
    return true;
}
