/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samples at work: supervision judges each one, its findings raise alarms and end or hold the session, and only after
 * that - in the same function, on the same sample - may a permit be sent.
 */
#include "session/internal.h"

/* make_safe is asked for again at most this often while output stays where none may be. */
#define MAKE_SAFE_EVERY_NS NS_PER_S
/* The two clocks are read one after the other: less than this between them is no sleep. */
#define SLEEP_NS (100 * NS_PER_MS)

static void send_permit(struct session *session, const struct session_time *now)
{
    struct sessions *s = session->owner;
    struct link_permit permit = {.ref = session->arm.ref,
                                 .until_boot_ns = now->boot_ns + (int64_t)s->settings.permit_ms * NS_PER_MS};
    link_message_head(&permit, LINK_PERMIT, sizeof permit);
    link_tell(s, session->unit->settings->link, &permit, now);
}

/* A finding's alarm once per turn. Returns a bit for each fault that is there. */
static uint64_t tell_findings(struct session *session, const struct supervise_outcome *outcome)
{
    uint64_t present = 0;
    for (size_t i = 0; i < outcome->n; i++) {
        const struct supervise_finding *f = &outcome->findings[i];
        present |= UINT64_C(1) << f->fault;
        if ((session->faults_told >> f->fault) & 1u)
            continue;
        session->faults_told |= UINT64_C(1) << f->fault;
        say_alarm(session->owner, supervise_fault_alarm(f->fault), session->unit->id, session, "%s", f->detail);
    }
    return present;
}

/* A note that is over clears its alarm. Only a sample can say so: the passing of time judges nothing but its age. */
static void clear_notes(struct session *session, uint64_t present)
{
    const uint64_t over = session->faults_told & ~present;
    for (enum supervise_fault f = 0; over && f < FAULT_COUNT; f++) {
        if (!((over >> f) & 1u) || supervise_fault_action(f) != ACTION_NOTE)
            continue;
        session->faults_told &= ~(UINT64_C(1) << f);
        alarms_condition_over(session->owner->alarms, supervise_fault_alarm(f), session->unit->id, session->id,
                              session->owner->now.wall_ms);
    }
}

static const struct supervise_finding *worst(const struct supervise_outcome *outcome)
{
    for (size_t i = 0; i < outcome->n; i++) {
        if (outcome->findings[i].action == outcome->action)
            return &outcome->findings[i];
    }
    return NULL;
}

static void end_by_fault(struct session *session, const struct supervise_finding *f, const struct session_time *now)
{
    session_end_by(session, END_fault, "daemon", f->detail, now);
    if (session->end == END_fault && !session->end_fault)
        session->end_fault = alarm_kind_id(supervise_fault_alarm(f->fault));
}

static void act(struct session *session, const struct supervise_outcome *outcome, const struct session_time *now)
{
    const struct supervise_finding *f = worst(outcome);
    if (!f || outcome->action < ACTION_HOLD)
        return;
    if (outcome->action == ACTION_HOLD && session->contact_hold_ms > 0 && state_next(session->state, EVENT_hold) >= 0)
        session_hold(session, f->detail, now);
    else if (f->fault == FAULT_patient_stop)
        session_end_by(session, END_patient_stop, "patient", f->detail, now);
    else
        end_by_fault(session, f, now);
}

static bool is_supervised(const struct session *session)
{
    return session->state == SESSION_starting || session->state == SESSION_ramping || session->state == SESSION_running;
}

static void follow_level(struct session *session, const struct link_sample *sample, const struct session_time *now)
{
    bool reached = true;
    for (size_t i = 0; i < session->n_channels; i++)
        reached = reached && sample->level[session->channels[i]] == session->present[i].value[session->level];
    if (session->state == SESSION_ramping && reached)
        state_apply(session, EVENT_reached, now);
    else if (session->state == SESSION_running && !reached)
        state_apply(session, EVENT_walk, now);
}

static void note_course(struct session *session, const struct link_sample *sample)
{
    struct session_point points[DOSE_CHANNELS_MAX] = {0};
    for (size_t i = 0; i < session->n_channels; i++) {
        const uint32_t c = session->channels[i];
        const struct modality_channel_status *status = &sample->status.channels[c];
        const struct modality_reading *actual = status_reading(status, session->rules.channels[i].actual);
        const struct modality_reading *ohm = status_reading(status, QUANTITY_impedance_ohm);
        const struct modality_reading *skin = status_reading(status, QUANTITY_skin_temperature_millic);
        points[i] = (struct session_point){.at_ms = (sample->taken_ns - session->started_at.monotonic_ns) / NS_PER_MS,
                                           .level = sample->level[c],
                                           .target = session->present[i].value[session->level],
                                           .has_measured = actual && session->rules.channels[i].has_actual,
                                           .measured = actual ? actual->value : 0,
                                           .has_impedance = ohm != NULL,
                                           .impedance_ohm = ohm ? ohm->value : 0,
                                           .has_skin = skin != NULL,
                                           .skin_millic = skin ? skin->value : 0,
                                           .contact = (uint8_t)status->contact};
        const int64_t farthest = session->rules.channels[i].safer_up ? sample->level_min[c] : sample->level_max[c];
        if (quantity_unsafer(session->level, farthest, session->peak[i]))
            session->peak[i] = farthest;
    }
    series_add(&session->series, session->n_channels, points);
}

/* Supervision holds the host against what the daemon itself wants, not against what it was told of it. */
static void note_commanded(struct session *session)
{
    for (size_t i = 0; i < session->n_channels; i++) {
        session->rules.channels[i].commanded = session->present[i].value[session->level];
        session->rules.channels[i].has_commanded = true;
    }
}

/* Told that the output began, or never told what became of it. */
static bool may_have_begun(const struct session *session)
{
    return session->output_boot_ns != INT64_MAX || session->state == SESSION_output_unknown;
}

/*
 * A device does not sleep with the machine: it goes on, at its last rates or at what was commanded before, until its
 * watchdog ends it, where it has one.
 */
static void count_sleep(struct session *session, const struct session_time *now)
{
    struct supervise_state *state = &session->supervised;
    const int64_t watchdog_ns = (int64_t)session->unit->info.device.watchdog_ms * NS_PER_MS;
    const int64_t taken_ns = state->last_taken_ns;
    int64_t slept_ns = now->boot_ns - now->monotonic_ns - session->asleep_ns;
    if (slept_ns < SLEEP_NS)
        return;
    session->asleep_ns += slept_ns;
    if (watchdog_ns > 0 && slept_ns > watchdog_ns)
        slept_ns = watchdog_ns;
    if (may_have_begun(session))
        supervise_commanded(&session->rules, state, session->farthest);
    supervise_settle(&session->rules, state, taken_ns + slept_ns);
    state->last_taken_ns = taken_ns; /* no sample is newer for it */
}

void session_settle(struct session *session, int64_t rested_ns, const struct session_time *now)
{
    if (may_have_begun(session))
        supervise_commanded(&session->rules, &session->supervised, session->farthest);
    count_sleep(session, now);
    supervise_settle(&session->rules, &session->supervised, rested_ns);
}

void session_sample(struct session *session, const struct link_sample *sample, const struct session_time *now)
{
    if (!session->armed || sample->turn != session->arm.ref.turn)
        return;
    struct supervise_outcome outcome;
    count_sleep(session, now);
    const bool judged = is_supervised(session);
    note_commanded(session);
    supervise_sample(&session->rules, &session->supervised, sample, &outcome);
    if (judged) {
        act(session, &outcome, now); /* the message that rests goes out before anything is told */
        session_course_judge(session, now);
        if (is_supervised(session) && supervise_may_permit(&session->rules, &session->supervised, now->monotonic_ns))
            send_permit(session, now);
        clear_notes(session, tell_findings(session, &outcome));
    }
    for (size_t i = 0; i < session->n_channels; i++)
        session->farthest[i] = session->present[i].value[session->level];
    note_course(session, sample);
    follow_level(session, sample, now);
}

void session_judge_fresh(struct session *session, const struct session_time *now)
{
    struct supervise_outcome outcome;
    if (!session->armed || !is_supervised(session))
        return;
    supervise_tick(&session->rules, &session->supervised, now->monotonic_ns, &outcome);
    act(session, &outcome, now);
    (void)tell_findings(session, &outcome);
    session_course_judge(session, now);
    const int64_t late_ns = now->boot_ns - session->arm.end_boot_ns;
    if (is_supervised(session) && late_ns > (int64_t)session->dead_man_ms * NS_PER_MS)
        session_end_by(session, session_time_end(session), "daemon", "the host did not end it in time", now);
}

/* Channels of the groups that sessions have armed on this unit. */
static uint32_t armed_channels(const struct sessions *s, const struct unit *unit)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *session = s->list[i];
        if (session->unit == unit && session->armed && session->group < unit->info.device.n_groups)
            mask |= unit->info.device.groups[session->group].channels;
    }
    return mask;
}

void unit_judge_output(struct sessions *s, struct unit *unit, const struct session_time *now)
{
    const uint32_t armed = armed_channels(s, unit);
    const struct modality_status *status = &unit->sample.status;
    size_t on = MODALITY_CHANNELS_MAX;
    for (size_t i = 0; i < status->n_channels && i < MODALITY_CHANNELS_MAX; i++) {
        if (status->channels[i].output == OUTPUT_ON && !((armed >> i) & 1u))
            on = i;
    }
    if (on == MODALITY_CHANNELS_MAX)
        return;
    if (unit->on_since_ns == 0)
        unit->on_since_ns = now->monotonic_ns;
    unit->on_ns = now->monotonic_ns;
    unit->on_wall_ms = now->wall_ms;
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (s->list[i]->unit == unit && session_live(s->list[i]))
            session_end_by(s->list[i], END_output_while_off, "device", "output on a channel that is commanded off",
                           now);
    }
    const bool first = !unit->unproved;
    unit_set_unproved(unit, "output is present while commanded off", now);
    if (armed == 0 && (first || now->monotonic_ns - unit->make_safe_ns >= MAKE_SAFE_EVERY_NS))
        unit_make_safe(s, unit, false, now);
    if (first)
        say_alarm(s, ALARM_KIND_output_while_off, unit->id, NULL, "channel %s of device %s is on while commanded off",
                  on < unit->info.device.n_channels ? unit->info.device.channels[on].id : "?", unit->id);
}
