/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New tables under running sessions. A session is held against every configuration that was in force since it began,
 * merged into the limits that it keeps. What it does now must be allowed by them, or it stops; what it might still be
 * asked is cut down to what is allowed, in the daemon and in the host. No old configuration is looked at again.
 */
#include "session/internal.h"

#define CUT_STEPS 10000000 /* how finely the way from present to ceiling is searched: a level to its unit */

static void add_violation(const struct limit_finding *f, struct refusals *r)
{
    char value[VALUE_TEXT_MAX], bound[VALUE_TEXT_MAX];
    const struct limit *l = f->limit;
    const int64_t limit = f->is_min ? l->min : l->max;
    struct refusal *refusal = refusal_add(r, TOKEN_LIMIT_EXCEEDED, l->id, "%s: %s %s, bound %s (%s)", l->id,
                                          modality_quantity_info(l->quantity)->id,
                                          value_format_beside(l->quantity, f->value, limit, value, sizeof value),
                                          value_format(l->quantity, limit, bound, sizeof bound), l->origin);
    refusal->has_quantity = refusal->has_value = refusal->has_bound = true;
    refusal->quantity = l->quantity;
    refusal->value = f->value;
    refusal->bound = limit;
    refusal->is_min = f->is_min;
    refusal->layer = l->layer;
    refusal->origin = l->origin;
    refusal->channel = f->channel;
}

/*
 * Everything in a->plan.dose.treatment against the kept limits that judge values. What adds up is judged by what was
 * delivered, while it runs.
 */
static bool treatment_allowed(struct session *session, struct assessment *a)
{
    a->refused = (struct refusals){0};
    others_currents(session->owner, session, session->request->r.patient_ref, &session->history);
    if (dose_picture_make(&a->plan.dose.treatment, &a->picture, &a->refused) < 0)
        return false;
    a->has_picture = true;
    for (size_t i = 0; i < session->kept.n; i++) {
        const struct limit *l = &session->kept.items[i]->limit;
        struct limit_finding f;
        if (kept_adds_up(l))
            continue;
        limit_explain(l, 1, &a->picture, &session->history, &f);
        if (f.applies && f.exceeded)
            add_violation(&f, &a->refused);
    }
    return a->refused.n == 0;
}

static void put_present(const struct session *session, struct dose_treatment *t)
{
    for (size_t i = 0; i < session->n_channels; i++)
        t->channels[i].start = t->channels[i].ceiling = session->present[i];
}

/* The request under these tables, with what is commanded now. False = it cannot be resolved, or is contraindicated. */
static bool plan_present(struct session *session, const struct dose_tables *tables, struct assessment *a)
{
    a->refused = (struct refusals){0};
    const int64_t day = civil_day(session->started_at.wall_ms); /* what was true at the start does not grow stale */
    if (plan_make(session->owner, session, tables, &session->request->r, day, &a->plan, &a->refused) < 0)
        return false;
    for (size_t i = 0; i < a->refused.n; i++) {
        if (a->refused.items[i].token != TOKEN_CONTRAINDICATED)
            continue;
        a->refused.items[0] = a->refused.items[i];
        a->refused.n = 1;
        return false;
    }
    put_present(session, &a->plan.dose.treatment);
    return true;
}

static void put_target(const struct session *session, uint32_t channels, enum modality_quantity q, int64_t target,
                       struct dose_treatment *t)
{
    for (size_t i = 0; i < session->n_channels; i++) {
        if (!((channels >> i) & 1u))
            continue;
        quantity_put(&t->channels[i].start, q, target);
        quantity_put(&t->channels[i].ceiling, q, target);
    }
}

/* As it was prepared, and as the configuration in force sees it: areas and conditions may have been written anew. */
bool session_holds_limits(struct session *session, uint32_t channels, enum modality_quantity q, int64_t target,
                          struct assessment *a)
{
    a->plan.dose.treatment = session->treatment;
    put_present(session, &a->plan.dose.treatment);
    put_target(session, channels, q, target, &a->plan.dose.treatment);
    if (!treatment_allowed(session, a))
        return false;
    if (!session->reloaded)
        return true;
    if (!plan_present(session, session->owner->settings.tables, a))
        return false;
    put_target(session, channels, q, target, &a->plan.dose.treatment);
    return treatment_allowed(session, a);
}

bool session_stands(struct session *session, struct assessment *a)
{
    return session_holds_limits(session, 0, session->level, 0, a);
}

static int64_t part_of_way(int64_t from, int64_t to, int step)
{
    const int64_t way = to - from;
    return from + way / CUT_STEPS * step + way % CUT_STEPS * step / CUT_STEPS;
}

/* Ceilings this many steps of the way from present to the ceilings in force. */
static void put_ceilings(const struct session *session, struct assessment *a, int step)
{
    for (size_t i = 0; i < session->n_channels; i++) {
        const struct envelope_channel *e = &session->arm.envelope.channels[i];
        const struct quantity_set *present = &session->present[i];
        struct quantity_set *ceiling = &a->plan.dose.treatment.channels[i].ceiling;
        *ceiling = *present;
        quantity_put(ceiling, session->level, part_of_way(present->value[session->level], e->level_ceiling, step));
        for (size_t k = 0; k < e->n_settings; k++) {
            const enum modality_quantity q = (enum modality_quantity)e->settings[k].quantity;
            if (quantity_has(present, q))
                quantity_put(ceiling, q, part_of_way(present->value[q], e->settings[k].ceiling, step));
        }
    }
}

/* Which limit refuses the first step that is one too many: adjustments to what was prepared are told. */
static void name_cut(struct session *session, struct assessment *a, int step)
{
    put_ceilings(session, a, step);
    if (treatment_allowed(session, a) || a->refused.n == 0 || !a->refused.items[0].subject)
        return;
    const struct refusal *by = &a->refused.items[0];
    snprintf(session->cut_by, sizeof session->cut_by, "limit %s, %s", by->subject,
             by->origin ? by->origin : "compiled");
}

/* The furthest ceilings that are allowed; the present ones are (step 0 was judged). Leaves their picture. */
static int cut(struct session *session, struct assessment *a)
{
    int good = 0, bad = CUT_STEPS + 1;
    while (bad - good > 1) {
        const int middle = good + (bad - good) / 2;
        put_ceilings(session, a, middle);
        if (treatment_allowed(session, a))
            good = middle;
        else
            bad = middle;
    }
    if (good < CUT_STEPS)
        name_cut(session, a, good + 1);
    put_ceilings(session, a, good);
    (void)treatment_allowed(session, a);
    return good;
}

/* What was to be begun with may lie beyond the new ceiling: it comes down with it, as in the host. */
static void put_envelope(struct session *session, const struct assessment *a)
{
    struct envelope tighter = session->arm.envelope;
    for (size_t i = 0; i < session->n_channels; i++) {
        struct envelope_channel *e = &tighter.channels[i];
        const struct quantity_set *ceiling = &a->plan.dose.treatment.channels[i].ceiling;
        e->level_ceiling = ceiling->value[session->level];
        for (size_t k = 0; k < e->n_settings; k++) {
            if (quantity_has(ceiling, (enum modality_quantity)e->settings[k].quantity))
                e->settings[k].ceiling = ceiling->value[e->settings[k].quantity];
        }
    }
    (void)envelope_tighten(&session->arm.envelope, &tighter); /* of one shape */
}

/*
 * What asks for notice at what is commanded now, and was not acknowledged: those who treat are told, all in one alarm.
 * What adds up is told by supervision when it is there.
 */
static void tell_notices(struct session *session, const struct dose_tables *tables, const struct assessment *a)
{
    const struct prescription asked = request_prescription(&session->request->r, session->unit);
    char told[LINK_TEXT_MAX] = "";
    for (size_t i = 0; i < tables->n_limits; i++) {
        const struct limit *l = &tables->limits[i];
        const size_t used = strlen(told);
        struct limit_finding f;
        if (l->class != LIMIT_NOTICE || l->use != USE_TREATMENT || kept_adds_up(l))
            continue;
        limit_explain(l, 1, &a->picture, &session->history, &f);
        if (f.applies && f.exceeded && !prescription_acknowledges(&asked, l->id))
            snprintf(told + used, sizeof told - used, "%s%s: %s %s, notice %s %s (%s)", used > 0 ? "; " : "", l->id,
                     modality_quantity_info(l->quantity)->id,
                     IN_UNITS_BESIDE(l->quantity, f.value, f.is_min ? l->min : l->max), f.is_min ? "below" : "above",
                     IN_UNITS(l->quantity, f.is_min ? l->min : l->max), l->origin);
    }
    if (told[0])
        say_alarm(session->owner, ALARM_KIND_dose_notice, session->unit->id, session, "%s", told);
}

/*
 * What is fixed in a treatment, an area or the ratio of a beam, and is now said to be worse: measured values are held
 * against the worst that was said since the start.
 */
static void take_properties(struct session *session, const struct assessment *a)
{
    for (size_t i = 0; i < session->n_channels; i++) {
        const struct quantity_set *said = &a->plan.dose.treatment.channels[i].start;
        struct dose_channel *own = &session->treatment.channels[i];
        for (unsigned n = quantity_next(said, 0); n < QUANTITY_COUNT; n = quantity_next(said, n + 1)) {
            const enum modality_quantity q = (enum modality_quantity)n;
            if (modality_quantity_info(q)->basis != BASIS_PROPERTY || modality_quantity_info(q)->safer == SAFER_NONE ||
                !quantity_has(&own->start, q) || !quantity_unsafer(q, said->value[q], own->start.value[q]))
                continue;
            own->start.value[q] = own->ceiling.value[q] = session->present[i].value[q] = said->value[q];
            session->rules.channels[i].values.value[q] = said->value[q];
        }
    }
}

static void tell_host(struct session *session, const struct session_time *now)
{
    if (!session->armed)
        return;
    struct link_arm tighter = session->arm;
    link_message_head(&tighter, LINK_TIGHTEN, sizeof tighter);
    link_tell(session->owner, session->unit->settings->link, &tighter, now);
}

static void stop_by_limit(struct session *session, const struct assessment *a, const struct session_time *now)
{
    session_end_by(session, END_limit, "daemon",
                   a->refused.n > 0 ? a->refused.items[0].message
                                    : "the changed configuration has no place for this treatment",
                   now);
}

/* The present is allowed: what it might still be asked, and what it is supervised against, become tighter. */
static void tighten(struct session *session, struct assessment *a, const struct session_time *now)
{
    char why[LINK_TEXT_MAX];
    const int step = cut(session, a);
    session->rms_sum_ua = quantity_or_zero(&a->picture.whole, QUANTITY_rms_current_sum_ua);
    if (rules_tighten(session, a) < 0) {
        session_end_by(session, END_limit, "daemon", "the limits of the changed configuration cannot all be held", now);
        return;
    }
    if (supervise_totals_exceeded(&session->rules, &session->supervised, why, sizeof why)) {
        session_end_by(session, END_limit, "daemon", why, now);
        return;
    }
    const bool slower = envelope_slow_down(a, &session->arm.envelope);
    if (step == CUT_STEPS && !slower)
        return;
    put_envelope(session, a);
    tell_host(session, now);
    say_audit(session->owner, "session.tightened", NULL, session,
              json_pack("{s:i, s:b}", "permille_of_way_to_ceiling", step / (CUT_STEPS / 1000), "walks_slower", slower));
}

static void reload_session(struct session *session, const struct dose_tables *tables, struct assessment *a,
                           const struct session_time *now)
{
    session->reloaded = true;
    if (!plan_present(session, tables, a)) {
        stop_by_limit(session, a, now);
        return;
    }
    const int kept = kept_take(&session->kept, tables, &a->plan.dose.treatment);
    if (rules_put_limits(session) < 0 || kept < 0) {
        session_end_by(session, END_limit, "daemon", "the limits of the changed configuration cannot all be held", now);
        return;
    }
    if (!treatment_allowed(session, a)) {
        stop_by_limit(session, a, now);
        return;
    }
    take_properties(session, a);
    tell_notices(session, tables, a);
    tighten(session, a, now);
}

int sessions_reload(struct sessions *s, const struct session_settings *settings, const struct session_time *now)
{
    s->now = *now;
    if (settings->n_devices != s->n_units)
        return -EINVAL;
    struct assessment *a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    s->settings = *settings;
    record_sites(s->record, &settings->tables->screening);
    for (size_t i = 0; i < s->n_units; i++) {
        s->units[i].settings = &settings->devices[i];
        s->units[i].news = true;
    }
    for (size_t i = 0; i < s->n_sessions; i++) {
        struct session *session = s->list[i];
        if (session_live(session) && session->ruled && session->state != SESSION_output_unknown &&
            session->state != SESSION_stopping)
            reload_session(session, settings->tables, a, now);
    }
    free(a);
    state_publish(s, now);
    return 0;
}
