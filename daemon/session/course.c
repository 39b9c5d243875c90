/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ends a treatment besides its time. Iontophoresis ends when its dose is delivered, whatever the current was; a
 * laser treats point by point: each is a turn that ends at its energy with the output at rest, and the next begins by a
 * person's resume. The longest time stays the host's: reached first, the treatment is incomplete, and says so.
 */
#include "session/internal.h"

#include "dose/derive.h"
#include "dose/wide.h"

/*
 * A walk that rises evenly gives half of what its time gives at the level: the other half comes on top, at every turn.
 * 0 where the time ends it, or where no device says how it is walked.
 */
static int64_t walks_add_ms(const struct assessment *a)
{
    struct envelope e;
    int64_t walk_ms;
    const struct course *course = &a->picture.course;
    if (course->end == COURSE_TIME || !a->plan.resolved || envelope_fill(a, &e) < 0)
        return 0;
    const struct envelope_channel *c = &e.channels[0]; /* such a treatment has one */
    const int64_t way = c->level_start > c->rest_value ? c->level_start - c->rest_value : 0;
    const int64_t turns = course->turns, slew = c->rules.slew_per_s;
    if (slew <= 0 || wide_mul_div_up(way, 1000, slew, &walk_ms) < 0 || wide_mul_div_up(walk_ms, turns, 2, &walk_ms) < 0)
        return INT64_MAX;
    return walk_ms;
}

/* There was time for the dose alone, or the derivation had refused it. */
static void check_time(const struct assessment *a, struct refusals *r)
{
    const struct course *course = &a->picture.course;
    char walk[VALUE_TEXT_MAX], time[VALUE_TEXT_MAX], longest[VALUE_TEXT_MAX];
    if (course->end == COURSE_TIME || a->walk_ms <= course->longest_ms - course->time_ms)
        return;
    value_format(QUANTITY_duration_ms, course->time_ms, time, sizeof time);
    value_format(QUANTITY_duration_ms, a->walk_ms, walk, sizeof walk);
    value_format(QUANTITY_duration_ms, course->longest_ms, longest, sizeof longest);
    struct refusal *item =
        refusal_add(r, TOKEN_OUT_OF_RANGE, modality_quantity_info(doc_course_quantity(course->end))->id,
                    "the dose takes %s at the start values, and %s more to walk to them; duration_ms allows %s", time,
                    walk, longest);
    item->has_quantity = item->has_value = item->has_bound = true;
    item->quantity = QUANTITY_duration_ms;
    item->value = a->walk_ms > INT64_MAX - course->time_ms ? INT64_MAX : course->time_ms + a->walk_ms;
    item->bound = course->longest_ms;
    item->layer = LAYER_PRESCRIPTION;
}

void course_check(struct assessment *a, const char *end_by, struct refusals *r)
{
    const char *ends = doc_course_end(a->picture.course.end);
    a->walk_ms = walks_add_ms(a);
    check_time(a, r);
    if (end_by && strcmp(end_by, ends) != 0)
        refusal_add(r, TOKEN_OUT_OF_RANGE, a->plan.dose.protocol->id, "protocol %s ends by %s, the request says by %s",
                    a->plan.dose.protocol->id, ends, end_by);
}

enum session_end session_time_end(const struct session *session)
{
    return session->rules.course.end == COURSE_TIME ? END_complete : END_time_over;
}

/* Before the output has begun there is no point to end. */
static bool flows(const struct session *session)
{
    return session->armed && (session->state == SESSION_ramping || session->state == SESSION_running);
}

int64_t session_course_due_ns(const struct session *session)
{
    return flows(session) ? supervise_course_due_ns(&session->rules, &session->supervised) : INT64_MAX;
}

static void tell_point(struct session *session, int64_t delivered_uj, const struct session_time *now)
{
    json_t *point = json_object();
    doc_int(point, "done", session->points_done);
    doc_int(point, "of", session->rules.course.turns);
    doc_int(point, "energy_uj", delivered_uj);
    doc_int(point, "at_ms", now->wall_ms);
    say_audit(session->owner, "session.point", NULL, session, json_deep_copy(point));
    say_event(session->owner, "session.point", session, point);
}

/* Rest is ordered first; who waits for the next point is told after that. */
static void end_point(struct session *session, const struct session_time *now)
{
    char text[sizeof session->pause_reason];
    const int64_t delivered_uj = supervise_course_done(&session->rules, &session->supervised);
    const int64_t of = session->rules.course.turns;
    session->points_done++;
    session->point_over = true;
    snprintf(text, sizeof text, "point %lld of %lld done", (long long)session->points_done, (long long)of);
    if (session->points_done == of) {
        session_end_by(session, END_complete, "daemon", text, now);
    } else {
        session_pause_by(session, text, now);
        session->origin = "daemon";
    }
    tell_point(session, delivered_uj, now);
}

void session_course_judge(struct session *session, const struct session_time *now)
{
    if (!flows(session) || !supervise_course_reached(&session->rules, &session->supervised, now->monotonic_ns))
        return;
    if (session->rules.course.end == COURSE_POINTS)
        end_point(session, now);
    else
        session_end_by(session, END_complete, "daemon", "the dose was delivered", now);
}

void session_course_begin(struct session *session)
{
    if (session->point_over)
        supervise_begin_point(&session->supervised);
    session->point_over = false;
}

/* Energy or charge per second that the present targets give, in uJ or uC; 0 = none. */
static int64_t target_rate(const struct session *session)
{
    enum modality_quantity missing;
    struct quantity_set values = session->present[0];
    if (dose_derive(session->rules.channels[0].waveform, &values, &missing) < 0)
        return 0;
    return quantity_or_zero(&values, session->rules.course.end == COURSE_POINTS ? QUANTITY_power_uw : session->level);
}

/* All that is left, in uJ or uC. */
static int64_t dose_left(const struct session *session)
{
    const struct course *course = &session->rules.course;
    const int64_t done = session->point_over ? 0 : supervise_course_done(&session->rules, &session->supervised);
    const int64_t turns = course->turns - (course->end == COURSE_POINTS ? session->points_done : 0);
    const int64_t per_unit = course->end == COURSE_POINTS ? 1 : 60; /* 1 uA.min = 60 uC */
    int64_t left;
    if (wide_mul(course->amount, turns, &left) < 0 || wide_mul(left - done, per_unit, &left) < 0)
        return INT64_MAX;
    return left > 0 ? left : 0;
}

/* Time that the rest of the dose takes at the present targets, INT64_MAX = for ever. */
static int64_t needed_ms(const struct session *session)
{
    const int64_t rate = target_rate(session);
    int64_t ms;
    return rate > 0 && wide_mul_div_up(dose_left(session), 1000, rate, &ms) == 0 ? ms : INT64_MAX;
}

int64_t session_remaining_ms(const struct session *session, const struct session_time *now)
{
    const int64_t longest = session->planned_ms - session_delivered_ms(session, now);
    if (!session->ruled || session->rules.course.end == COURSE_TIME)
        return longest;
    const int64_t needed = needed_ms(session);
    return needed < longest ? needed : longest;
}

/* Would the dose be delivered before the longest time is over, at the present targets? */
static bool in_time(const struct session *session, const struct session_time *now)
{
    return needed_ms(session) <= session->planned_ms - session_delivered_ms(session, now);
}

static json_t *ion_dose_document(const struct course *course, int64_t done)
{
    json_t *o = json_object();
    doc_text(o, "quantity", modality_quantity_info(doc_course_quantity(course->end))->id);
    doc_int(o, "target", course->amount);
    doc_int(o, "delivered", done);
    return o;
}

static json_t *points_document(const struct course *course, int64_t points_done, int64_t done_uj)
{
    json_t *o = json_object();
    doc_int(o, "done", points_done);
    doc_int(o, "of", course->turns);
    doc_int(o, "energy_uj", course->amount);
    doc_int(o, "delivered_uj", done_uj);
    return o;
}

void course_show(const struct session *session, const struct session_time *now, json_t *o)
{
    const struct course *course = &session->rules.course;
    if (!session->ruled)
        return;
    const int64_t done = session->point_over ? 0 : supervise_course_done(&session->rules, &session->supervised);
    doc_text(o, "end_by", doc_course_end(course->end));
    if (course->end == COURSE_TIME)
        return;
    const bool points = course->end == COURSE_POINTS;
    json_t *dose = points ? points_document(course, session->points_done, done) : ion_dose_document(course, done);
    if (session->end == END_none)
        doc_bool(dose, "in_time", in_time(session, now));
    doc_put(o, points ? "points" : "dose", dose);
}
