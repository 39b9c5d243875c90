/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hosts say: who they are, what their units are and do, how an arm went. A message about another turn than the
 * present one is late and changes nothing.
 */
#include "session/internal.h"

/* How a reason of the host ends a session, and who is behind it. */
static enum session_end end_of(enum link_reason reason)
{
    switch (reason) {
    case LINK_REASON_END_TIME:
        return END_complete;
    case LINK_REASON_PERMIT:
    case LINK_REASON_WATCHDOG:
        return END_dead_man;
    case LINK_REASON_DEVICE_FAULT:
    case LINK_REASON_OUTPUT_LOST:
        return END_device_fault;
    case LINK_REASON_PATIENT_STOP:
        return END_patient_stop;
    case LINK_REASON_OVER_OUTPUT:
        return END_over_output;
    case LINK_REASON_DEVICE_RESTARTED:
        return END_device_restarted;
    case LINK_REASON_LINK_LOST:
    case LINK_REASON_PLUGIN_HUNG:
        return END_link_lost;
    case LINK_REASON_INTERLOCK:
        return END_interlock_open;
    case LINK_REASON_CONTACT_LOST:
        return END_contact_lost;
    case LINK_REASON_OUTSIDE_ENVELOPE:
        return END_outside_envelope;
    case LINK_REASON_NOT_READY:
        return END_not_started;
    case LINK_REASON_NONE:
    case LINK_REASON_TOLD:
    case LINK_REASON_DAEMON_GONE:
    case LINK_REASON_HOST_STOPPING:
        return END_shutdown;
    }
    return END_device_fault; /* a reason of a newer host */
}

static void take_reason(struct session *session, const struct link_session *m, const struct session_time *now)
{
    const enum link_reason reason = (enum link_reason)m->reason;
    const bool told = reason == LINK_REASON_TOLD || reason == LINK_REASON_NONE;
    const bool asked = session->state == SESSION_pausing || session->state == SESSION_holding ||
                       session->state == SESSION_stopping || session->state == SESSION_output_unknown;
    if (told && asked)
        return;
    const enum session_end end = reason == LINK_REASON_END_TIME ? session_time_end(session) : end_of(reason);
    session_end_by(session, end, session_end_origin(end), m->detail[0] ? m->detail : link_reason_id(reason), now);
}

/* Treatment time begins with the output, and so does what is left of it. */
static void on_started(struct session *session, const struct link_session *m, const struct session_time *now)
{
    const int64_t ago_ns = now->monotonic_ns > m->at_ns ? now->monotonic_ns - m->at_ns : 0;
    if (session->state != SESSION_starting)
        return;
    session->output_boot_ns = now->boot_ns - ago_ns;
    const int64_t end_boot_ns = session->output_boot_ns + session->arm.envelope.total_ms * NS_PER_MS;
    if (end_boot_ns < session->arm.end_boot_ns)
        session->arm.end_boot_ns = end_boot_ns;
    session->supervised.began = true;
    state_apply(session, EVENT_started, now);
}

static const char *unproved_text(const struct link_session *m)
{
    return m->detail[0] ? m->detail : "rest was not proved after a stop";
}

static void on_unproved(struct session *session, const struct link_session *m, const char *why,
                        const struct session_time *now)
{
    if (!session->armed)
        return;
    take_reason(session, m, now);
    state_apply(session, EVENT_unproved, now);
    unit_set_unproved(session->unit, why, now);
}

/* A host proves rest of whatever stands in the port: whose rest it is, the identity told before says. */
static void on_rested(struct session *session, const struct link_session *m, const struct session_time *now)
{
    if (!session->armed)
        return;
    const enum modality_evidence evidence = (enum modality_evidence)m->evidence;
    if (!identity_same(&session->identity, &session->unit->identity)) {
        static const char why[] = "another device answers in its place: whether the first one is at rest is not known";
        on_unproved(session, m, why, now);
        unit_tell_unproved(session->unit, why);
        return;
    }
    if (evidence != EVIDENCE_MEASURED && evidence != EVIDENCE_REPORTED) {
        on_unproved(session, m, unproved_text(m), now); /* only these two prove */
        return;
    }
    take_reason(session, m, now);
    session_rested(session, evidence, m->at_ns, now);
    unit_proved(session->owner, session->unit, evidence, now);
}

/* Nothing was energised: no stop is needed, and what was proved before still stands. */
static void on_refused(struct session *session, const struct link_session *m, const struct session_time *now)
{
    if (!session->armed)
        return;
    const enum session_end end = m->reason == LINK_REASON_OUTSIDE_ENVELOPE ? END_outside_envelope : END_not_started;
    session->armed = false;
    session->evidence = EVIDENCE_REPORTED;
    session_end_by(session, end, session_end_origin(end), m->detail, now);
}

static void on_heard(struct sessions *s, size_t link, const struct link_stop *m)
{
    struct session *session = session_by_number(s, m->session);
    if (session && session->unit->settings->link == link)
        session->stop_told_ns = 0;
}

static void on_session(struct sessions *s, size_t link, const struct link_session *m, const struct session_time *now)
{
    struct session *session = session_by_number(s, m->ref.session);
    if (!session || session->unit->settings->link != link || m->ref.turn != session->arm.ref.turn)
        return;
    switch ((enum link_session_event)m->event) {
    case LINK_SESSION_REFUSED:
        on_refused(session, m, now);
        return;
    case LINK_SESSION_STARTED:
        on_started(session, m, now);
        return;
    case LINK_SESSION_STOPPING:
        if (session->armed) /* of one that has rested since, it is late */
            take_reason(session, m, now);
        return;
    case LINK_SESSION_RESTED:
        on_rested(session, m, now);
        return;
    case LINK_SESSION_UNPROVED:
        on_unproved(session, m, unproved_text(m), now);
        return;
    }
}

static void on_unit(struct unit *unit, const struct link_unit *m)
{
    unit->described = unit->news = true;
    unit->info = *m;
}

static enum modality_evidence least_evidence(const struct unit *unit)
{
    enum modality_evidence least = EVIDENCE_MEASURED;
    for (size_t i = 0; i < unit->sample.status.n_channels && i < MODALITY_CHANNELS_MAX; i++) {
        if (unit->sample.status.channels[i].evidence < least)
            least = unit->sample.status.channels[i].evidence;
    }
    return unit->sample.status.n_channels > 0 ? least : EVIDENCE_NONE;
}

/* An idle sample younger than the loss, with every channel at rest, proves rest; so does the host's word "ready". */
static void judge_proof(struct sessions *s, struct unit *unit, const struct session_time *now)
{
    const bool known = unit->presence == UNIT_READY || unit->presence == UNIT_QUARANTINE;
    if (!unit->unproved || !known)
        return;
    bool rest = unit->has_sample && unit->sample.session == 0 && unit->sample.taken_ns > unit->unproved_ns;
    for (size_t i = 0; rest && i < unit->sample.status.n_channels && i < MODALITY_CHANNELS_MAX; i++) {
        const enum modality_output output = unit->sample.status.channels[i].output;
        rest = output == OUTPUT_REST || output == OUTPUT_PROBE;
    }
    const enum modality_evidence evidence = rest ? least_evidence(unit) : EVIDENCE_NONE;
    if (evidence >= EVIDENCE_REPORTED)
        unit_proved(s, unit, evidence, now);
    else if (unit->presence == UNIT_READY && !unit->has_sample)
        unit_proved(s, unit, EVIDENCE_REPORTED, now);
}

static void on_presence(struct sessions *s, struct unit *unit, const struct link_presence *m,
                        const struct session_time *now)
{
    unit->presence = (enum unit_state)m->state;
    unit->epoch = m->epoch;
    unit->quarantine_until_ns = m->quarantine_until_ns;
    unit->identity = m->identity;
    unit->news = true;
    snprintf(unit->detail, sizeof unit->detail, "%s", m->detail);
    if (unit->presence == UNIT_OUTPUT_UNKNOWN) {
        unit_set_unproved(unit, unit->detail, now);
        unit_note_unproved(unit, unit->detail);
    }
    judge_proof(s, unit, now);
}

static void on_sample(struct sessions *s, struct unit *unit, const struct link_sample *m,
                      const struct session_time *now)
{
    struct session *session = m->session ? session_by_number(s, m->session) : NULL;
    unit->sample = *m;
    unit->has_sample = true;
    if (session && session->unit == unit)
        session_sample(session, m, now);
    unit_judge_output(s, unit, now);
    judge_proof(s, unit, now);
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (s->list[i]->unit == unit && s->list[i]->state == SESSION_held)
            session_hold_sample(s->list[i], now);
    }
}

static void on_hello(struct sessions *s, size_t link, const struct link_hello *m, const struct session_time *now)
{
    if (m->reexecuted)
        link_lost(s, link, "a plugin call hung: the host has replaced itself", now);
    for (size_t i = 0; i < s->n_units; i++) {
        if (s->units[i].settings->link != link)
            continue;
        snprintf(s->units[i].plugin_version, sizeof s->units[i].plugin_version, "%s", m->plugin_version);
        snprintf(s->units[i].maturity, sizeof s->units[i].maturity, "%s", m->maturity);
    }
}

static void on_text(struct sessions *s, size_t link, const struct link_text *m, const char *what)
{
    json_t *detail = json_object();
    doc_int(detail, "link", (int64_t)link);
    doc_text(detail, "origin", m->origin);
    doc_text(detail, "text", m->text);
    say_event(s, what, NULL, detail);
}

void sessions_host_message(struct sessions *s, size_t link, const struct link_header *message,
                           const struct session_time *now)
{
    const void *m = message;
    struct unit *unit;
    s->now = *now;
    units_heard(s, link, now);
    switch ((int)message->type) {
    case LINK_HELLO:
        on_hello(s, link, m, now);
        break;
    case LINK_UNIT:
        if ((unit = unit_of(s, link, ((const struct link_unit *)m)->unit)))
            on_unit(unit, m);
        break;
    case LINK_PRESENCE:
        if ((unit = unit_of(s, link, ((const struct link_presence *)m)->unit)))
            on_presence(s, unit, m, now);
        break;
    case LINK_SAMPLE:
        if ((unit = unit_of(s, link, ((const struct link_sample *)m)->unit)))
            on_sample(s, unit, m, now);
        break;
    case LINK_SESSION:
        on_session(s, link, m, now);
        break;
    case LINK_HEARD:
        on_heard(s, link, m);
        break;
    case LINK_TRIED:
        selftest_tried(s, link, m);
        break;
    case LINK_CONFIG_FAULT:
        on_text(s, link, m, "device.config_fault");
        break;
    case LINK_LOG: /* the link's owner writes it to the journal */
    default:
        break;
    }
    state_publish(s, now);
}

void link_lost(struct sessions *s, size_t link, const char *why, const struct session_time *now)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (s->list[i]->unit->settings->link == link && s->list[i]->state != SESSION_prepared)
            session_lost(s->list[i], why, now);
    }
    for (size_t i = 0; i < s->n_units; i++) {
        struct unit *unit = &s->units[i];
        if (unit->settings->link != link || unit->presence == UNIT_PROBING)
            continue;
        unit->presence = UNIT_PROBING;
        unit->has_sample = false;
        unit->news = true;
        snprintf(unit->detail, sizeof unit->detail, "%s", why);
    }
}

void sessions_host_gone(struct sessions *s, size_t link, const char *why, const struct session_time *now)
{
    s->now = *now;
    link_lost(s, link, why, now);
    state_publish(s, now);
}
