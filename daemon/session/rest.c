/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way to rest. One function ends a session, whatever the reason; it sends first and explains later, allocates
 * nothing and waits for nothing. A session is ended only by proof; what cannot be proved is output_unknown.
 */
#include "session/internal.h"

/* Beyond the device's own dead-man bound: time for the proof to come back through both processes. */
#define PROOF_SLACK_NS (NS_PER_S / 2)
/* The line of a stop acts when it is read and again when it is answered: within this it is the same stop. */
#define TOLD_NS (20 * NS_PER_MS)

static int64_t stop_bound_ns(const struct session *session)
{
    return (int64_t)session->dead_man_ms * NS_PER_MS + PROOF_SLACK_NS;
}

/* A host that does not read cannot be told to stop: it is killed, and at its end of file everything rests. */
int link_tell(struct sessions *s, size_t link, const void *message, const struct session_time *now)
{
    const int r = s->ports.send(s->ports.userdata, link, message);
    if (r == 0)
        return 0;
    if (r == -EAGAIN)
        s->ports.replace_host(s->ports.userdata, link, "the host does not read its messages");
    link_lost(s, link, "its host does not take messages", now);
    return r;
}

/* The bound runs from the first order to rest: to end what is being paused or held gives nobody more time. */
void session_rest(struct session *session, enum session_event event, const struct session_time *now)
{
    const bool rests = session->state == SESSION_pausing || session->state == SESSION_holding;
    state_apply(session, event, now);
    if (!rests) {
        session->stop_until_ns = now->monotonic_ns + stop_bound_ns(session);
        session->stop_told_ns = now->monotonic_ns;
    }
    if (event == EVENT_hold)
        session->hold_since_ns = now->monotonic_ns;
    link_tell(session->owner, session->unit->settings->link, &session->stop, now);
}

void session_pause_by(struct session *session, const char *reason, const struct session_time *now)
{
    snprintf(session->pause_reason, sizeof session->pause_reason, "%s", reason);
    if (session->state == SESSION_held)
        state_apply(session, EVENT_pause, now);
    else if (state_next(session->state, EVENT_pause) >= 0)
        session_rest(session, EVENT_pause, now);
}

static void note_end(struct session *session, enum session_end end, const char *by, const char *detail)
{
    if (session->end != END_none)
        return; /* the first reason stands */
    session->end = end;
    session->origin = session_end_origin(end);
    snprintf(session->end_by, sizeof session->end_by, "%s", by[0] ? by : session->origin);
    snprintf(session->end_detail, sizeof session->end_detail, "%s", detail ? detail : "");
}

void session_end_by(struct session *session, enum session_end end, const char *by, const char *detail,
                    const struct session_time *now)
{
    switch (session->state) {
    case SESSION_prepared:
    case SESSION_paused:
    case SESSION_held:
        note_end(session, end, by, detail);
        state_apply(session, EVENT_end, now);
        return;
    case SESSION_starting:
        note_end(session, end, by, detail);
        if (session->armed)
            session_rest(session, EVENT_stop, now);
        else
            state_apply(session, EVENT_stop, now); /* nothing was energised: ends when the reservation is settled */
        return;
    case SESSION_ramping:
    case SESSION_running:
    case SESSION_pausing:
    case SESSION_holding:
        note_end(session, end, by, detail);
        session_rest(session, EVENT_stop, now);
        return;
    case SESSION_stopping:
    case SESSION_output_unknown: /* told again: it costs nothing and may have been lost with a host */
        if (session->armed && now->monotonic_ns - session->since.monotonic_ns >= TOLD_NS)
            link_tell(session->owner, session->unit->settings->link, &session->stop, now);
        return;
    case SESSION_ended:
    case SESSION_STATE_COUNT:
        return;
    }
}

/* Rest is proved at rested_ns (CLOCK_MONOTONIC). */
void session_rested(struct session *session, enum modality_evidence evidence, int64_t rested_ns,
                    const struct session_time *now)
{
    if (session->armed) {
        const int64_t at_ns = rested_ns < now->monotonic_ns ? rested_ns : now->monotonic_ns;
        const int64_t boot_ns = now->boot_ns - (now->monotonic_ns - at_ns);
        const int64_t until_ns = boot_ns < session->arm.end_boot_ns ? boot_ns : session->arm.end_boot_ns;
        session_settle(session, at_ns, now);
        if (until_ns > session->output_boot_ns)
            session->treated_ms += (until_ns - session->output_boot_ns) / NS_PER_MS;
    }
    session->armed = false;
    session->evidence = evidence;
    state_apply(session, EVENT_rested, now);
    if (session->state == SESSION_held)
        session->hold_until_ns = session->hold_since_ns + session->contact_hold_ms * NS_PER_MS;
}

/* What was energised has lost its host, or the host cannot prove rest. */
void session_lost(struct session *session, const char *why, const struct session_time *now)
{
    if (session->state == SESSION_output_unknown || session->state == SESSION_ended)
        return;
    if (!session_unproved(session)) {
        if (session->state != SESSION_prepared)
            session_end_by(session, END_link_lost, "daemon", why, now); /* at rest, proved */
        return;
    }
    note_end(session, END_host_lost, "daemon", why);
    state_apply(session, EVENT_unproved, now);
    unit_set_unproved(session->unit, why, now);
}

void unit_make_safe(struct sessions *s, struct unit *unit, bool stated, const struct session_time *now)
{
    struct link_unit_ref message = {.unit = (uint32_t)unit->settings->unit, .stated = stated};
    link_message_head(&message, LINK_MAKE_SAFE, sizeof message);
    unit->make_safe_ns = now->monotonic_ns;
    link_tell(s, unit->settings->link, &message, now);
}

/* Shared by both stops: acts on one session or on all, and tells every link when all are meant. */
static void stop_one(struct session *session, enum session_end end, const char *by, const char *detail,
                     const struct session_time *now)
{
    if (session->state == SESSION_ended)
        return;
    session->stop_asked = true;
    session_end_by(session, end, by, detail, now);
}

void session_stop_now(struct sessions *s, const char *session_id, const struct session_time *now)
{
    s->now = *now;
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (!session_id || strcmp(s->list[i]->id, session_id) == 0)
            stop_one(s->list[i], session_id ? END_stopped : END_stop_all, "operator", "", now);
    }
}

static bool known_by(const char *by)
{
    return by && (!strcmp(by, "operator") || !strcmp(by, "patient") || !strcmp(by, "other"));
}

/* The fast path has acted before anybody said who and why: its end is completed as long as no record is written. */
static void say_who(struct session *session, const char *who, const char *reason)
{
    const bool by_person = session->end == END_stopped || session->end == END_stop_all;
    if (!by_person || session->finished || session->end_detail[0])
        return;
    snprintf(session->end_by, sizeof session->end_by, "%s", who);
    snprintf(session->end_detail, sizeof session->end_detail, "%s", reason ? reason : "");
}

/* The sessions that this request has stopped, be it through the scanner a moment ago. */
static json_t *take_stopping(struct sessions *s, const char *session_id, const char *who, const char *reason)
{
    json_t *stopping = json_array();
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct session *session = s->list[i];
        if (session_id && strcmp(session->id, session_id) != 0)
            continue;
        say_who(session, who, reason);
        if (session->stop_asked)
            json_array_append_new(stopping, json_string(session->id));
        session->stop_asked = false;
    }
    return stopping;
}

void session_stop(struct sessions *s, const char *session_id, const char *reason, const char *by,
                  const struct session_actor *actor, const struct session_time *now, struct session_reply reply)
{
    s->now = *now;
    const char *who = known_by(by) ? by : "operator";
    const enum session_end end = session_id ? END_stopped : END_stop_all;
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (!session_id || strcmp(s->list[i]->id, session_id) == 0)
            stop_one(s->list[i], end, who, reason ? reason : "", now);
    }
    const struct session *named = session_id ? session_find(s, session_id) : NULL;
    json_t *stopping = take_stopping(s, session_id, who, reason);
    json_t *detail = json_pack("{s:O,s:s}", "stopping", stopping, "by", who);
    doc_text(detail, "reason", reason);
    doc_text(detail, "session", session_id);
    say_audit(s, session_id ? "session.stop" : "stop.all", actor, named, detail);
    state_publish(s, now);
    if (!session_id || named) {
        say_result(reply, json_pack("{s:o}", "stopping", stopping));
        return;
    }
    json_decref(stopping);
    say_error(reply, TOKEN_NOT_FOUND, NULL, "there is no session %.64s", session_id);
}

/*
 * A host that neither reports nor hears a stop does nothing any more, and a device that goes on without it gives its
 * output until a successor takes it away: that one is not made to wait for what only a host that works needs.
 */
static int64_t deaf_ns(const struct session *session)
{
    const struct modality_device *d = &session->unit->info.device;
    const int64_t stale_ns = session->supervised.last_taken_ns + session->rules.stale_ns;
    const int64_t heard_ns = session->stop_told_ns + (int64_t)d->slice_ms * NS_PER_MS;
    if (session->stop_told_ns == 0 || d->on_link_loss != LINK_LOSS_CONTINUES)
        return INT64_MAX;
    return (stale_ns > heard_ns ? stale_ns : heard_ns) + 1;
}

int64_t session_rest_due_ns(const struct session *session)
{
    const bool waits =
        session->state == SESSION_stopping || session->state == SESSION_pausing || session->state == SESSION_holding;
    const int64_t deaf = deaf_ns(session);
    if (!waits || !session->armed)
        return INT64_MAX;
    return deaf < session->stop_until_ns ? deaf : session->stop_until_ns;
}

void session_rest_tick(struct session *session, const struct session_time *now)
{
    if (now->monotonic_ns < session_rest_due_ns(session))
        return;
    struct sessions *s = session->owner;
    const size_t link = session->unit->settings->link;
    const bool late = now->monotonic_ns >= session->stop_until_ns;
    session_lost(session,
                 late ? "rest was not proved in time after a stop" : "its host neither reports nor hears a stop", now);
    s->ports.replace_host(s->ports.userdata, link,
                          late ? "a stop was not answered in time" : "it does not hear a stop");
    link_lost(s, link, late ? "its host did not answer a stop in time" : "its host does not hear a stop", now);
}
