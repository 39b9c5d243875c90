/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person saw or asked: pain before and after, skin, a mark, a note. While the session lives it is gathered for
 * its record; afterwards it is added to the record, which itself never changes. "recorded" is answered when it is so.
 */
#include "session/internal.h"

/* What was handed to the records, and is answered once they have it. */
struct observing {
    struct observing *next;
    struct sessions *owner;
    struct session_reply reply;
    json_t *result;
    char session_id[80];
};

void observing_free(struct observing *list)
{
    while (list) {
        struct observing *next = list->next;
        json_decref(list->result);
        free(list);
        list = next;
    }
}

static json_t *recorded(const char *session_id)
{
    return json_pack("{s:s,s:b}", "session_id", session_id, "recorded", 1);
}

static void say_unrecorded(struct session_reply reply, const char *session_id, int error)
{
    if (error == -ENOENT)
        say_error(reply, TOKEN_NOT_FOUND, NULL, "there is no session and no record %.64s", session_id);
    else
        say_error(reply, TOKEN_RECORDS_UNAVAILABLE, NULL, "what was said of session %.64s could not be recorded",
                  session_id);
}

struct observing *observing_new(struct sessions *s, const char *session_id, json_t *result, struct session_reply reply)
{
    struct observing *o = calloc(1, sizeof *o);
    if (!o) {
        json_decref(result);
        say_unrecorded(reply, session_id, -ENOMEM);
        return NULL;
    }
    *o = (struct observing){.next = s->observing, .owner = s, .reply = reply, .result = result};
    snprintf(o->session_id, sizeof o->session_id, "%s", session_id);
    s->observing = o;
    return o;
}

void observing_told(void *userdata, int error)
{
    struct observing *o = userdata;
    struct observing **at = &o->owner->observing;
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    if (error == 0)
        say_result(o->reply, json_incref(o->result));
    else
        say_unrecorded(o->reply, o->session_id, error);
    json_decref(o->result);
    free(o);
}

/* Adds to a finished record; note is stolen. */
static void append(struct sessions *s, const char *session_id, json_t *note, const struct session_actor *actor,
                   struct session_reply reply)
{
    const struct audit_actor who = {
        .uid = actor->uid, .operator_id = actor->operator_id, .operator_name = actor->operator_name};
    struct observing *o = observing_new(s, session_id, recorded(session_id), reply);
    if (!o) {
        json_decref(note);
        return;
    }
    const int r = record_append(s->record, session_id, "observation", &who, note, observing_told, o);
    if (r < 0)
        observing_told(o, r);
}

void session_observe(struct sessions *s, const char *session_id, json_t *observation, const struct session_actor *actor,
                     const struct session_time *now, struct session_reply reply)
{
    s->now = *now;
    struct session *session = session_find(s, session_id);
    if (!session_id || !json_is_object(observation)) {
        say_refused(s, "session.observe", actor, session, reply, TOKEN_INCOMPLETE, NULL,
                    "an observation needs a session and its members");
        return;
    }
    if (!say_actor_may_act(s, actor, "session.observe", session, reply))
        return;
    json_t *note = json_deep_copy(observation), *by = json_object();
    doc_text(by, "id", actor->operator_id);
    doc_text(by, "name", actor->operator_name);
    doc_put(note, "operator", by);
    doc_int(note, "recorded_at_ms", now->wall_ms);
    json_t *detail = json_object();
    doc_text(detail, "session", session_id);
    doc_put(detail, "observation", json_deep_copy(note));
    say_audit(s, "session.observe", actor, session, detail);
    if (session && !session->finished) {
        say_event(s, "session.observed", session, json_deep_copy(note));
        if (!doc_append(session->observations, note, SESSION_NOTES_MAX)) {
            say_error(reply, TOKEN_OVERLOADED, NULL, "session %s holds %d observations already", session->id,
                      SESSION_NOTES_MAX);
            return;
        }
        say_result(reply, recorded(session_id));
        return;
    }
    append(s, session_id, note, actor, reply);
}
