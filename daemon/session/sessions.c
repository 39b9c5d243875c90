/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room itself: made and freed here, its clock runs here. One tick judges every deadline of every session and unit;
 * only a tick that came to its end counts as a supervision pass.
 */
#include "session/internal.h"

#define PROGRESS_NS (NS_PER_S / 5) /* a running session is shown this often */
#define KEPT_NS (600 * NS_PER_S)   /* an ended session stays in session.list this long */
#define SUSPEND_NS NS_PER_S        /* boottime that ran away from monotonic by more than this: the machine slept */
#define WALL_STEP_MS 60000
#define IDLE_TICK_NS NS_PER_S /* a tick at least this often */

struct session *session_find(struct sessions *s, const char *session_id)
{
    for (size_t i = 0; session_id && i < s->n_sessions; i++) {
        if (strcmp(s->list[i]->id, session_id) == 0)
            return s->list[i];
    }
    return NULL;
}

struct session *session_by_number(struct sessions *s, uint64_t number)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (s->list[i]->number == number)
            return s->list[i];
    }
    return NULL;
}

struct unit *unit_find(struct sessions *s, const char *id)
{
    for (size_t i = 0; i < s->n_units; i++) {
        if (strcmp(s->units[i].id, id) == 0)
            return &s->units[i];
    }
    return NULL;
}

struct unit *unit_of(struct sessions *s, size_t link, uint32_t index)
{
    for (size_t i = 0; i < s->n_units; i++) {
        if (s->units[i].settings->link == link && s->units[i].settings->unit == index)
            return &s->units[i];
    }
    return NULL;
}

bool session_live(const struct session *session)
{
    return session->state != SESSION_prepared && session->state != SESSION_ended;
}

bool session_unproved(const struct session *session)
{
    return session->armed;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    series_free(&session->series);
    kept_free(&session->kept);
    request_free(session->request);
    json_decref(session->sheet);
    json_decref(session->adjustments);
    json_decref(session->alarms);
    json_decref(session->observations);
    json_decref(session->changes);
    json_decref(session->unwritten);
    json_decref(session->final);
    free(session);
}

/*
 * Acknowledging what has taken an output away also asks the idle device to clear its latches; one whose cause is still
 * there stays latched, and goes on refusing.
 */
static void clear_latches(struct sessions *s, const char *change, const json_t *alarm)
{
    const char *device = json_string_value(json_object_get(alarm, "device"));
    struct unit *unit = device ? unit_find(s, device) : NULL;
    if (strcmp(change, "acknowledged") == 0 && json_is_true(json_object_get(alarm, "latched")) && unit &&
        unit->described && !unit_in_session(s, unit))
        unit_make_safe(s, unit, false, &s->now);
}

static void on_alarm(void *userdata, const char *change, json_t *alarm)
{
    struct sessions *s = userdata;
    json_t *params = json_pack("{s:s,s:O}", "change", change, "alarm", alarm);
    if (s->ports.alarm)
        s->ports.alarm(s->ports.userdata, change, alarm);
    say_audit(s, "alarm", NULL, NULL, json_deep_copy(params));
    say_event(s, "alarm", NULL, params);
    clear_latches(s, change, alarm);
}

int sessions_new(const struct session_settings *settings, const struct session_ports *ports, struct record *record,
                 const struct session_time *now, struct sessions **out)
{
    struct sessions *s = calloc(1, sizeof *s);
    if (!s)
        return -ENOMEM;
    s->settings = *settings;
    s->ports = *ports;
    s->record = record;
    s->now = *now;
    s->next_number = 1;
    s->n_units = settings->n_devices;
    s->units = calloc(s->n_units + 1, sizeof *s->units);
    if (!s->units || alarms_new(on_alarm, s, &s->alarms) < 0) {
        sessions_free(s);
        return -ENOMEM;
    }
    for (size_t i = 0; i < s->n_units; i++) {
        s->units[i].settings = &settings->devices[i];
        snprintf(s->units[i].id, sizeof s->units[i].id, "%s", settings->devices[i].id);
    }
    record_sites(record, &settings->tables->screening);
    orphans_load(s, now);
    *out = s;
    return 0;
}

void sessions_free(struct sessions *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_sessions; i++)
        session_free(s->list[i]);
    alarms_free(s->alarms);
    observing_free(s->observing);
    selftests_end(s, false);
    free(s->orphans);
    free(s->units);
    free(s);
}

struct alarms *sessions_alarms(struct sessions *s)
{
    return s->alarms;
}

bool sessions_supervised(struct sessions *s)
{
    const bool supervised = s->supervised;
    s->supervised = false;
    return supervised;
}

bool sessions_uses_device(const struct sessions *s, const char *device)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        if (s->list[i]->state != SESSION_ended && strcmp(s->list[i]->unit->id, device) == 0)
            return true;
    }
    return false;
}

bool sessions_idle(const struct sessions *s)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *session = s->list[i];
        const bool over = session->state == SESSION_ended && session->finished;
        if (session->n_news > 0 || session->unsettled || session->unwritten ||
            (!over && session->state != SESSION_prepared))
            return false;
    }
    return true;
}

void sessions_shutdown(struct sessions *s, const struct session_time *now)
{
    s->now = *now;
    s->shutting_down = true;
    selftests_end(s, true);
    for (size_t i = 0; i < s->n_sessions; i++)
        session_end_by(s->list[i], END_shutdown, "daemon", "the daemon is stopping", now);
    state_publish(s, now);
}

static void end_all(struct sessions *s, enum session_end end, const char *why, const struct session_time *now)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        const enum session_state state = s->list[i]->state;
        if (session_live(s->list[i]) && state != SESSION_stopping && state != SESSION_output_unknown)
            session_end_by(s->list[i], end, "daemon", why, now);
    }
}

static void judge_suspend(struct sessions *s, const struct session_time *now)
{
    const int64_t offset = now->boot_ns - now->monotonic_ns;
    const int64_t grown = s->has_offset ? offset - s->offset_ns : 0;
    s->has_offset = true;
    s->offset_ns = offset;
    if (grown <= SUSPEND_NS)
        return;
    end_all(s, END_suspended, "the machine slept", now);
    say_audit(s, "clock.suspended", NULL, NULL, json_pack("{s:I}", "ms", (json_int_t)(grown / NS_PER_MS)));
}

/* The wall clock belongs to people; when it leaps they are told, and no deadline of ours moves. */
static void judge_wall_clock(struct sessions *s, const struct session_time *now)
{
    const int64_t offset = now->wall_ms - now->boot_ns / NS_PER_MS;
    const int64_t step = s->has_wall ? offset - s->wall_offset_ms : 0;
    s->has_wall = true;
    s->wall_offset_ms = offset;
    if (step > WALL_STEP_MS || step < -WALL_STEP_MS)
        say_alarm(s, ALARM_KIND_clock_stepped, NULL, NULL, "the wall clock was stepped by %lld s",
                  (long long)(step / 1000));
}

static void judge_records(struct sessions *s, const struct session_time *now)
{
    char why[SESSION_TEXT_MAX] = "";
    const bool bad = record_health(s->record, why, sizeof why) != RECORD_OK;
    const bool broken = record_audit_broken(s->record);
    if (bad || broken)
        end_all(s, END_records, broken ? "the audit chain does not verify" : why, now);
    if (bad && !s->records_bad)
        say_alarm(s, ALARM_KIND_records_late, NULL, NULL, "%s", why);
    else if (!bad && s->records_bad)
        alarms_condition_over(s->alarms, ALARM_KIND_records_late, NULL, NULL, now->wall_ms);
    if (broken && !s->audit_broken)
        say_alarm(s, ALARM_KIND_audit_broken, NULL, NULL, "the audit chain does not verify: no new starts");
    s->records_bad = bad;
    s->audit_broken = broken;
}

/* Once a day: what is overdue is told even when nobody asks for it. */
static void judge_service(struct sessions *s, const struct session_time *now)
{
    const int64_t today = civil_day(now->wall_ms);
    if (today == s->day_checked)
        return;
    s->day_checked = today;
    for (size_t i = 0; i < s->n_units; i++) {
        const struct session_device_settings *d = s->units[i].settings;
        const bool due = (d->has_calibration_due && d->calibration_due_day < today) ||
                         (d->has_safety_test_due && d->safety_test_due_day < today);
        if (due)
            say_alarm(s, ALARM_KIND_calibration_expired, s->units[i].id, NULL,
                      "calibration or safety test of device %s is overdue", s->units[i].id);
        else
            alarms_condition_over(s->alarms, ALARM_KIND_calibration_expired, s->units[i].id, NULL, now->wall_ms);
    }
}

static void tick_session(struct session *session, const struct session_time *now)
{
    session_write(session);
    session_judge_fresh(session, now);
    session_lease_tick(session, now);
    session_hold_tick(session, now);
    session_start_tick(session, now);
    session_rest_tick(session, now);
    if (session->state == SESSION_prepared && now->monotonic_ns >= session->token_until_ns)
        session_end_by(session, END_expired, "daemon", "it was not started in time", now);
    if (session_live(session) && now->monotonic_ns >= session->progress_ns) {
        session->progress_ns = now->monotonic_ns + PROGRESS_NS;
        session->seq++;
        say_event(session->owner, "session.progress", session, session_snapshot(session, now));
    }
}

static void sweep(struct sessions *s, const struct session_time *now)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct session *session = s->list[i];
        if (!session->finished || session->unsettled || session->unwritten ||
            now->monotonic_ns - session->ended_at.monotonic_ns < KEPT_NS) {
            s->list[kept++] = session;
            continue;
        }
        alarms_condition_over(s->alarms, ALARM_KIND_session_complete, session->unit->id, session->id, now->wall_ms);
        alarms_condition_over(s->alarms, ALARM_KIND_dose_not_reached, session->unit->id, session->id, now->wall_ms);
        session_free(session);
    }
    s->n_sessions = kept;
}

static void tell_energised(struct sessions *s)
{
    bool any = false;
    for (size_t i = 0; i < s->n_sessions; i++)
        any = any || s->list[i]->armed || s->list[i]->state == SESSION_starting;
    if (any != s->was_energised && s->ports.energised)
        s->ports.energised(s->ports.userdata, any);
    s->was_energised = any;
}

void sessions_tick(struct sessions *s, const struct session_time *now)
{
    s->now = *now;
    judge_suspend(s, now);
    judge_wall_clock(s, now);
    judge_records(s, now);
    for (size_t i = 0; i < s->n_sessions; i++)
        tick_session(s->list[i], now);
    selftests_tick(s, now);
    units_ask(s, now);
    state_publish(s, now);
    judge_service(s, now);
    tell_energised(s);
    sweep(s, now);
    s->supervised = true;
}

static void sooner(int64_t *next, int64_t at)
{
    if (at < *next)
        *next = at;
}

/* Whatever tick_session would judge first. */
static int64_t session_next_ns(const struct session *session)
{
    const bool armed_now =
        session->state == SESSION_starting || session->state == SESSION_ramping || session->state == SESSION_running;
    int64_t next = INT64_MAX;
    if (session->n_news > 0)
        return 0;
    if (session->state == SESSION_ended && !session->finished)
        return session_finish_ns(session);
    if (session->state == SESSION_prepared)
        return session->token_until_ns;
    if (!session_live(session))
        return next;
    if ((session->state == SESSION_starting || session->state == SESSION_stopping) && !session->armed &&
        !session->reserve_pending)
        return 0;
    sooner(&next, session->progress_ns);
    if (session->armed && armed_now)
        sooner(&next, session->supervised.last_taken_ns + session->rules.stale_ns + 1);
    sooner(&next, session_course_due_ns(session));
    if (session->armed && session->state == SESSION_starting)
        sooner(&next, session->start_until_ns);
    if (session->state == SESSION_held || session->state == SESSION_holding)
        sooner(&next, session->hold_until_ns);
    sooner(&next, session_rest_due_ns(session));
    if (session->state != SESSION_stopping && session->state != SESSION_output_unknown)
        sooner(&next, session->lease_lost
                          ? session->lease_lost_ns + (int64_t)session->owner->settings.lease_pause_ms * NS_PER_MS
                          : session->lease_until_ns);
    return next;
}

int64_t sessions_next_ns(const struct sessions *s)
{
    int64_t next = s->now.monotonic_ns + IDLE_TICK_NS;
    for (size_t i = 0; i < s->n_units; i++) {
        if (s->units[i].news)
            return 0;
        sooner(&next, unit_ask_due_ns(&s->units[i]));
    }
    for (size_t i = 0; i < s->n_sessions; i++)
        sooner(&next, session_next_ns(s->list[i]));
    sooner(&next, selftests_next_ns(s));
    return next;
}

json_t *session_get(struct sessions *s, const char *session_id, const struct session_time *now)
{
    const struct session *session = session_find(s, session_id);
    if (!session)
        return NULL;
    json_t *o = session_snapshot(session, now);
    doc_put(o, "sheet", json_deep_copy(session->sheet));
    doc_put(o, "adjustments", json_deep_copy(session->adjustments));
    doc_put(o, "alarms", json_deep_copy(session->alarms));
    doc_put(o, "observations", json_deep_copy(session->observations));
    return o;
}

json_t *session_list(struct sessions *s, const struct session_time *now)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->n_sessions; i++)
        json_array_append_new(array, session_snapshot(s->list[i], now));
    return array;
}
