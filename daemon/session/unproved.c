/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output_unknown: set when rest could not be proved, cleared by proof on the same identity or by a person's statement.
 * A device whose ledger entry an earlier run left open begins here: its dose is worst once rest is proved on the same
 * serial, and unbounded otherwise.
 */
#include "session/internal.h"

void unit_tell_unproved(struct unit *unit, const char *why)
{
    if (unit->unproved && strcmp(unit->unproved_why, why) == 0)
        return; /* told already, however often it is found */
    unit->unproved = unit->news = true;
    unit->unproved_told = false;
    unit->unproved_now[0] = '\0';
    snprintf(unit->unproved_why, sizeof unit->unproved_why, "%s", why);
}

void unit_note_unproved(struct unit *unit, const char *words)
{
    if (!words[0] || strcmp(words, unit->unproved_why) == 0 || strcmp(words, unit->unproved_now) == 0)
        return;
    unit->news = true;
    unit->unproved_told = false;
    snprintf(unit->unproved_now, sizeof unit->unproved_now, "%s", words);
}

void unit_set_unproved(struct unit *unit, const char *why, const struct session_time *now)
{
    if (!unit->unproved)
        unit_tell_unproved(unit, why);
    unit->unproved_ns = now->monotonic_ns;
}

static bool same_serial(const char *held, const struct modality_identity *seen)
{
    return strcmp(held, seen->serial) == 0;
}

bool identity_same(const struct modality_identity *a, const struct modality_identity *b)
{
    return strcmp(a->serial, b->serial) == 0 && strcmp(a->model, b->model) == 0 && strcmp(a->maker, b->maker) == 0;
}

/* A session of an earlier run gets the record that it could not write itself. */
static void orphan_close(struct sessions *s, struct orphan *orphan, enum ledger_state state, const char *why,
                         enum modality_evidence evidence)
{
    const struct ledger_entry *e = &orphan->entry;
    orphan->settled = true;
    (void)record_settle(s->record, e->session_id, state, NULL, NULL, NULL); /* record_health tells a failure */
    json_t *o = json_object(), *end = json_object();
    doc_int(o, "schema_version", SESSION_SCHEMA_VERSION);
    doc_text(o, "session_id", e->session_id);
    doc_text(o, "patient_ref", e->patient_ref);
    doc_put(o, "target", json_pack("{s:s,s:s}", "site", e->places.at[0].site, "side", e->places.at[0].side));
    doc_put(o, "places", ledger_places_document(&e->places));
    doc_int(o, "ended_at_ms", s->now.wall_ms);
    doc_text(o, "protocol", e->protocol);
    doc_text(o, "device", e->device);
    doc_text(o, "serial", e->serial);
    doc_int(o, "started_at_ms", e->started_wall_ms);
    doc_put(o, "planned", doc_amounts(&e->planned));
    doc_put(o, "worst", doc_amounts(&e->worst));
    doc_text(end, "reason", session_end_id(END_daemon_lost));
    doc_text(end, "by", "daemon");
    doc_text(end, "evidence", evidence_id(evidence));
    doc_text(end, "detail", why);
    doc_text(end, "dose", state == LEDGER_CRASHED ? "worst" : "unbounded");
    doc_int(end, "at_ms", s->now.wall_ms);
    doc_put(o, "end", end);
    (void)record_audit(s->record, "session.recovered", NULL, e->session_id, json_deep_copy(end));
    (void)record_finish(s->record, e->session_id, o, NULL, NULL);
    if (state == LEDGER_UNBOUNDED)
        alarms_raise(s->alarms, ALARM_KIND_dose_unbounded, NULL, e->session_id, why, s->now.wall_ms);
}

/*
 * The worst that was reserved covers every second until then. Who was seen to be on later, or goes on without anybody
 * and has nothing that ends it, may have given more.
 */
static bool outlasts(const struct orphan *orphan, const struct unit *unit, const struct session_time *now)
{
    const struct modality_device *d = &unit->info.device;
    const int64_t covered_ms = orphan->entry.worst.duration_ms, begun_ms = orphan->entry.started_wall_ms;
    const bool goes_on = d->on_link_loss != LINK_LOSS_STOPS && d->watchdog_ms == 0;
    if (goes_on && now->wall_ms - begun_ms > covered_ms)
        return true;
    if (unit->on_ns == 0)
        return false;
    const int64_t wall_ms = unit->on_wall_ms - begun_ms, run_ms = (unit->on_ns - unit->on_since_ns) / NS_PER_MS;
    return wall_ms > covered_ms || run_ms > covered_ms;
}

static void close_orphans(struct sessions *s, struct unit *unit, enum modality_evidence evidence)
{
    for (size_t i = 0; i < s->n_orphans; i++) {
        struct orphan *orphan = &s->orphans[i];
        if (orphan->unit != unit || orphan->settled)
            continue;
        if (same_serial(orphan->entry.serial, &unit->identity) && outlasts(orphan, unit, &s->now))
            orphan_close(s, orphan, LEDGER_UNBOUNDED, "its output may have gone on for longer than was reserved",
                         evidence);
        else if (same_serial(orphan->entry.serial, &unit->identity))
            orphan_close(s, orphan, LEDGER_CRASHED, "rest was proved on the same device after a restart", evidence);
        else
            orphan_close(s, orphan, LEDGER_UNBOUNDED, "another device answers in its place", EVIDENCE_NONE);
    }
}

void unit_proved(struct sessions *s, struct unit *unit, enum modality_evidence evidence, const struct session_time *now)
{
    if (!unit->unproved)
        return;
    close_orphans(s, unit, evidence);
    bool remains = false;
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct session *session = s->list[i];
        if (session->unit != unit || session->state != SESSION_output_unknown)
            continue;
        if (identity_same(&session->identity, &unit->identity))
            session_rested(session, evidence, now->monotonic_ns, now);
        else
            remains = true;
    }
    if (remains)
        return;
    unit->unproved = false;
    unit->news = true;
    alarms_condition_over(s->alarms, ALARM_KIND_output_unknown, unit->id, NULL, now->wall_ms);
    alarms_condition_over(s->alarms, ALARM_KIND_output_while_off, unit->id, NULL, now->wall_ms);
    json_t *detail = json_object();
    doc_text(detail, "device", unit->id);
    doc_text(detail, "evidence", evidence_id(evidence));
    say_audit(s, "device.rest_proved", NULL, NULL, detail);
}

void orphans_load(struct sessions *s, const struct session_time *now)
{
    size_t n = 0;
    const struct ledger_entry *entries = record_open_entries(s->record, &n);
    s->orphans = n > 0 ? calloc(n, sizeof *s->orphans) : NULL;
    if (!s->orphans)
        return;
    s->n_orphans = n;
    for (size_t i = 0; i < n; i++) /* valid until the next settle: copied first */
        s->orphans[i].entry = entries[i];
    for (size_t i = 0; i < n; i++) {
        struct orphan *orphan = &s->orphans[i];
        orphan->unit = unit_find(s, orphan->entry.device);
        if (orphan->entry.state == LEDGER_UNBOUNDED) {
            orphan->settled = true;
            alarms_raise(s->alarms, ALARM_KIND_dose_unbounded, NULL, orphan->entry.session_id,
                         "the dose of this session was never reviewed", now->wall_ms);
        } else if (orphan->entry.state != LEDGER_OPEN) {
            orphan->settled = true;
        } else if (!orphan->unit) {
            orphan_close(s, orphan, LEDGER_UNBOUNDED, "its device is not configured any more", EVIDENCE_NONE);
        } else {
            unit_set_unproved(orphan->unit, "a session was open when the daemon ended", now);
        }
    }
}

void units_publish(struct sessions *s, const struct session_time *now)
{
    for (size_t i = 0; i < s->n_units; i++) {
        struct unit *unit = &s->units[i];
        char text[LINK_TEXT_MAX];
        if (!unit->news)
            continue;
        unit->news = false;
        if (unit->unproved && !unit->unproved_told)
            say_alarm(s, ALARM_KIND_output_unknown, unit->id, NULL, "%s", unit_detail_text(unit, text));
        unit->unproved_told = unit->unproved;
        json_t *detail = json_object();
        doc_text(detail, "device", unit->id);
        doc_text(detail, "state", unit_state_text(unit));
        doc_text(detail, "detail", unit_detail_text(unit, text));
        say_audit(s, "device.state", NULL, NULL, detail);
        say_event(s, "device.state", NULL, unit_document(s, unit, now));
    }
}

/* A person's word instead of proof: the output is taken as gone, the dose stays unknown until it is reviewed. */
static void take_statement(struct sessions *s, struct unit *unit, const char *statement, const struct session_time *now)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct session *session = s->list[i];
        if (session->unit != unit || session->state != SESSION_output_unknown)
            continue;
        session_settle(session, now->monotonic_ns, now);
        session->armed = false;
        session->evidence = EVIDENCE_NONE;
        session->dose_unbounded = true;
        state_apply(session, EVENT_end, now);
    }
    for (size_t i = 0; i < s->n_orphans; i++) {
        if (s->orphans[i].unit == unit && !s->orphans[i].settled)
            orphan_close(s, &s->orphans[i], LEDGER_UNBOUNDED, statement, EVIDENCE_NONE);
    }
    unit->unproved = false;
    unit->news = true;
    alarms_condition_over(s->alarms, ALARM_KIND_output_unknown, unit->id, NULL, now->wall_ms);
}

bool unit_in_session(const struct sessions *s, const struct unit *unit)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (s->list[i]->unit == unit && session_live(s->list[i]) && s->list[i]->state != SESSION_output_unknown)
            return true;
    }
    return false;
}

void device_reset(struct sessions *s, const char *device, const char *statement, const struct session_actor *actor,
                  const struct session_time *now, struct session_reply reply)
{
    s->now = *now;
    struct unit *unit = device ? unit_find(s, device) : NULL;
    if (!unit) {
        say_refused(s, "device.reset", actor, NULL, reply, TOKEN_NOT_FOUND, NULL, "there is no device %.64s",
                    device ? device : "");
        return;
    }
    if (unit_in_session(s, unit)) {
        say_refused(s, "device.reset", actor, NULL, reply, TOKEN_WRONG_STATE, NULL,
                    "device %s is in a session: stop it first", unit->id);
        return;
    }
    if (!say_actor_may_act(s, actor, "device.reset", NULL, reply))
        return;
    const bool stated = statement && statement[0];
    json_t *detail = json_object();
    doc_text(detail, "device", unit->id);
    doc_text(detail, "was", unit_state_text(unit));
    doc_text(detail, "statement", statement);
    say_audit(s, "device.reset", actor, NULL, detail);
    unit_make_safe(s, unit, stated, now);
    if (stated && unit->unproved)
        take_statement(s, unit, statement, now);
    state_publish(s, now);
    json_t *result = json_object();
    doc_text(result, "device", unit->id);
    doc_text(result, "state", unit_state_text(unit));
    doc_bool(result, "statement_recorded", stated);
    say_result(reply, result);
}
