/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of transitions and the one function that walks it. A move that is not in the table changes nothing, is
 * audited as a fault of the daemon, and leaves the session to its deadlines, which end it.
 */
#include "session/internal.h"

static const struct {
    enum session_state from;
    enum session_event event;
    enum session_state to;
} moves[] = {
    {SESSION_prepared, EVENT_begin, SESSION_starting},
    {SESSION_prepared, EVENT_end, SESSION_ended},
    {SESSION_starting, EVENT_started, SESSION_ramping},
    {SESSION_starting, EVENT_hold, SESSION_holding},
    {SESSION_starting, EVENT_stop, SESSION_stopping},
    {SESSION_starting, EVENT_unproved, SESSION_output_unknown},
    {SESSION_ramping, EVENT_reached, SESSION_running},
    {SESSION_ramping, EVENT_pause, SESSION_pausing},
    {SESSION_ramping, EVENT_hold, SESSION_holding},
    {SESSION_ramping, EVENT_stop, SESSION_stopping},
    {SESSION_ramping, EVENT_unproved, SESSION_output_unknown},
    {SESSION_running, EVENT_walk, SESSION_ramping},
    {SESSION_running, EVENT_pause, SESSION_pausing},
    {SESSION_running, EVENT_hold, SESSION_holding},
    {SESSION_running, EVENT_stop, SESSION_stopping},
    {SESSION_running, EVENT_unproved, SESSION_output_unknown},
    {SESSION_pausing, EVENT_rested, SESSION_paused},
    {SESSION_pausing, EVENT_stop, SESSION_stopping},
    {SESSION_pausing, EVENT_unproved, SESSION_output_unknown},
    {SESSION_paused, EVENT_resume, SESSION_starting},
    {SESSION_paused, EVENT_unproved, SESSION_output_unknown},
    {SESSION_paused, EVENT_end, SESSION_ended},
    {SESSION_holding, EVENT_rested, SESSION_held},
    {SESSION_holding, EVENT_pause, SESSION_pausing},
    {SESSION_holding, EVENT_stop, SESSION_stopping},
    {SESSION_holding, EVENT_unproved, SESSION_output_unknown},
    {SESSION_held, EVENT_resume, SESSION_starting},
    {SESSION_held, EVENT_pause, SESSION_paused},
    {SESSION_held, EVENT_unproved, SESSION_output_unknown},
    {SESSION_held, EVENT_end, SESSION_ended},
    {SESSION_stopping, EVENT_rested, SESSION_ended},
    {SESSION_stopping, EVENT_unproved, SESSION_output_unknown},
    {SESSION_stopping, EVENT_end, SESSION_ended},
    {SESSION_output_unknown, EVENT_rested, SESSION_ended},
    {SESSION_output_unknown, EVENT_end, SESSION_ended},
};

static const struct {
    const char *id;
    bool output;
} states[SESSION_STATE_COUNT] = {
#define STATE(id, output, meaning) {#id, output},
    SESSION_STATES(STATE)
#undef STATE
};

static const char *const events[EVENT_COUNT] = {
#define EVENT(id, meaning) #id,
    SESSION_EVENTS(EVENT)
#undef EVENT
};

#define ALARM_KIND_NONE ALARM_KIND_COUNT
static const struct {
    const char *id, *by;
    enum alarm_kind alarm;
} ends[END_COUNT] = {
#define END(id, by, alarm, meaning) {#id, by, ALARM_KIND_##alarm},
    SESSION_ENDS(END)
#undef END
};

const char *session_state_id(enum session_state state)
{
    return states[state].id;
}

bool session_state_output(enum session_state state)
{
    return states[state].output;
}

const char *session_event_id(enum session_event event)
{
    return events[event];
}

const char *session_end_id(enum session_end end)
{
    return ends[end].id;
}

const char *session_end_origin(enum session_end end)
{
    return ends[end].by;
}

enum alarm_kind session_end_alarm(enum session_end end)
{
    return ends[end].alarm;
}

const char *session_end_reason(const struct session *session)
{
    return session->end == END_fault && session->end_fault ? session->end_fault : session_end_id(session->end);
}

int state_next(enum session_state from, enum session_event event)
{
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        if (moves[i].from == from && moves[i].event == event)
            return (int)moves[i].to;
    }
    return -1;
}

/* Time spent at rest is not treatment time: it is added up where it ends. */
static void count_rest(struct session *session, const struct session_time *now)
{
    const int64_t ms = (now->monotonic_ns - session->since.monotonic_ns) / NS_PER_MS;
    if (session->state == SESSION_paused || session->state == SESSION_pausing)
        session->paused_ms += ms;
    else if (session->state == SESSION_held || session->state == SESSION_holding)
        session->held_ms += ms;
}

int state_apply(struct session *session, enum session_event event, const struct session_time *now)
{
    const int to = state_next(session->state, event);
    if (to < 0)
        return -EPROTO;
    if (session->n_news == SESSION_NEWS_MAX)
        state_publish(session->owner, now);
    count_rest(session, now);
    session->news[session->n_news++] =
        (struct session_news){.from = session->state, .to = (enum session_state)to, .event = event, .at = *now};
    session->state = (enum session_state)to;
    session->since = *now;
    if (to == SESSION_ended)
        session->ended_at = *now;
    return 0;
}

static void publish_one(struct session *session, const struct session_news *news)
{
    struct sessions *s = session->owner;
    json_t *change =
        json_pack("{s:s,s:s,s:s,s:I}", "from", session_state_id(news->from), "to", session_state_id(news->to), "event",
                  session_event_id(news->event), "at_ms", (json_int_t)news->at.wall_ms);
    if (session->end != END_none) {
        doc_text(change, "reason", session_end_reason(session));
        doc_text(change, "by", session->end_by);
        doc_text(change, "detail", session->end_detail[0] ? session->end_detail : NULL);
    } else if (news->to == SESSION_pausing || news->to == SESSION_paused)
        doc_text(change, "reason", session->pause_reason);
    if (news->to == SESSION_ended || news->to == SESSION_paused || news->to == SESSION_held)
        doc_text(change, "evidence", evidence_id(session->evidence));
    say_audit(s, "session.state", NULL, session, json_deep_copy(change));
    session->notes_dropped += !doc_append(session->changes, json_incref(change), SESSION_NOTES_MAX);
    say_event(s, "session.state", session, change);
}

/* The alarm of an end is raised when the session begins to end, not when rest is proved. */
static void publish_alarm(struct session *session, const struct session_news *news)
{
    const enum alarm_kind kind = session_end_alarm(session->end);
    const bool completed = kind == ALARM_KIND_session_complete || kind == ALARM_KIND_dose_not_reached;
    const bool ending = news->to == SESSION_stopping || news->to == SESSION_output_unknown || news->to == SESSION_ended;
    const bool first = session_state_output(news->from) || news->to == SESSION_ended;
    if (kind == ALARM_KIND_COUNT || !ending || !first || session->end_alarmed)
        return;
    if (completed && news->to != SESSION_ended)
        return;
    session->end_alarmed = true;
    say_alarm(session->owner, kind, session->unit->id, session, "%s", session->end_detail);
}

void state_publish(struct sessions *s, const struct session_time *now)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct session *session = s->list[i];
        for (size_t k = 0; k < session->n_news; k++) {
            const struct session_news news = session->news[k];
            publish_alarm(session, &news);
            publish_one(session, &news);
        }
        session->n_news = 0;
        if (session->state == SESSION_ended && !session->closed && !session->reserve_pending)
            session_close(session);
        if (session->state == SESSION_ended && !session->finished && now->monotonic_ns >= session_finish_ns(session))
            session_finish(session, now);
    }
    units_publish(s, now);
}
