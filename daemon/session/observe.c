/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a person saw or asked: pain before and after, skin, a mark, a note. While the session lives it is gathered for
 * its record; afterwards it is added to the record, which itself never changes.
 */
#include "session/internal.h"

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
    } else {
        const struct audit_actor who = {
            .uid = actor->uid, .operator_id = actor->operator_id, .operator_name = actor->operator_name};
        const int r = record_append(s->record, session_id, "observation", &who, note, NULL, NULL);
        if (r < 0) {
            say_error(reply, r == -ENOENT ? TOKEN_NOT_FOUND : TOKEN_RECORDS_UNAVAILABLE, NULL,
                      "the observation of session %.64s could not be recorded", session_id);
            return;
        }
    }
    say_result(reply, json_pack("{s:s,s:b}", "session_id", session_id, "recorded", 1));
}
