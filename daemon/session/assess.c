/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request held against everything at once: tables, device, patient, ledger, limits. Nothing is claimed and nothing
 * is changed. Everything that refuses is gathered and put in order, the most restrictive first.
 */
#include "session/internal.h"

#include "dose/derive.h"
#include "dose/wide.h"

/* Order of refusals: what can never be, then what the dose forbids, then what a person can put right. */
static int rank(const struct refusal *r)
{
    static const enum modality_token order[] = {
        TOKEN_NOT_FOUND,      TOKEN_CONTRAINDICATED,    TOKEN_IDENTITY_MISMATCH,   TOKEN_OUTPUT_UNKNOWN,
        TOKEN_DOSE_UNBOUNDED, TOKEN_DOSE_RESERVED,      TOKEN_LIMIT_EXCEEDED,      TOKEN_OUT_OF_RANGE,
        TOKEN_REST_INTERVAL,  TOKEN_LIMIT_NOT_ACCEPTED, TOKEN_DEVICE_NOT_ACCEPTED, TOKEN_DEVICE_OVERDUE,
        TOKEN_BUSY,           TOKEN_DEVICE_ABSENT,      TOKEN_DEVICE_NOT_READY,    TOKEN_RECORDS_UNAVAILABLE,
        TOKEN_AUDIT_BROKEN,   TOKEN_PRECAUTION,         TOKEN_INCOMPLETE,          TOKEN_NOTICE_REQUIRED,
    };
    const int n = (int)(sizeof order / sizeof order[0]);
    for (int i = 0; i < n; i++) {
        if (order[i] == r->token)
            return i;
    }
    return n;
}

/* How far outside its bound a value lies: value over bound, or bound over value for a minimum, in permille. */
static int64_t excess(const struct refusal *r)
{
    if (!r->has_value || !r->has_bound)
        return 0;
    const int64_t over = r->is_min ? r->bound : r->value;
    const int64_t under = r->is_min ? r->value : r->bound;
    int64_t permille;
    if (over < 0 || under <= 0 || wide_mul_div_up(over, 1000, under, &permille) < 0)
        return INT64_MAX;
    return permille;
}

static bool before(const struct refusal *a, const struct refusal *b)
{
    const int ra = rank(a), rb = rank(b);
    return ra != rb ? ra < rb : excess(a) > excess(b);
}

/* Stable, and the lists are short. */
static void sort_refusals(struct refusals *r)
{
    for (size_t i = 1; i < r->n; i++) {
        const struct refusal moving = r->items[i];
        size_t k = i;
        for (; k > 0 && before(&moving, &r->items[k - 1]); k--)
            r->items[k] = r->items[k - 1];
        r->items[k] = moving;
    }
}

static void append(struct refusals *to, const struct refusals *from)
{
    for (size_t i = 0; i < from->n; i++) {
        if (to->n < REFUSALS_MAX)
            to->items[to->n++] = from->items[i];
        else
            to->dropped++;
    }
    to->dropped += from->dropped;
}

static void hold_against_limits(struct assessment *a, const struct session_request *rq)
{
    const struct dose_tables *t = a->plan.tables;
    limit_check(t->limits, t->n_limits, &a->picture, &a->history, &a->verdict);
    append(&a->refused, &a->verdict.refused);
    for (size_t i = 0; i < a->verdict.notices.n; i++) {
        struct refusal notice = a->verdict.notices.items[i];
        if (request_acknowledges(rq, notice.subject))
            continue;
        notice.token = TOKEN_NOTICE_REQUIRED;
        const struct refusals one = {.n = 1, .items[0] = notice};
        append(&a->refused, &one);
    }
    a->refused.dropped += a->verdict.notices.dropped;
}

/* The accuracy within which a device of this modality must deliver: 0 where no limit says so. */
static int64_t accuracy(const struct assessment *a)
{
    const struct dose_tables *t = a->plan.tables;
    const struct limit *limit =
        limit_tightest(t->limits, t->n_limits, &a->picture, QUANTITY_delivery_error_permille, LIMIT_HARD, false);
    return limit ? limit->max : 0;
}

#define ENDLESS (INT64_MAX / 4)

/* Time in which the planned dose flows at the ceilings: the rate at which it goes on until a stop is proved. */
static int64_t flow_ms(const struct assessment *a)
{
    const struct course *course = &a->picture.course;
    return course->end == COURSE_TIME ? dose_on_ms(&a->picture.ceiling[0], course->longest_ms) : course->fastest_ms;
}

/* Thermal dose does not grow in proportion: it is what the largest intensity gives to the end of the last stop. */
static int64_t worst_thermal(const struct assessment *a, int64_t planned, int64_t error, int64_t stop_ms)
{
    const enum modality_quantity sata = QUANTITY_intensity_sata_uw_cm2;
    struct quantity_set values = a->picture.ceiling[0];
    int64_t most;
    if (!quantity_has(&values, QUANTITY_cem43_ms))
        return planned;
    if (wide_mul_div_up(values.value[sata], 1000 + error, 1000, &most) < 0)
        return ENDLESS;
    quantity_put(&values, sata, most);
    if (dose_totals(a->plan.treatment.channels[0].waveform, &values, a->plan.treatment.duration_ms + stop_ms) < 0)
        return ENDLESS;
    most = values.value[QUANTITY_cem43_ms];
    return most < planned ? planned : most < ENDLESS ? most : ENDLESS;
}

/*
 * Planned at the ceilings; worst adds the accuracy and what comes out until every stop is proved at the latest. A total
 * that cannot be computed was refused by the derivation; an overflow here counts as never ending.
 */
static void put_totals(struct assessment *a)
{
    const struct quantity_set *whole = &a->picture.whole;
    const int64_t duration = a->plan.treatment.duration_ms, error = accuracy(a);
    const int64_t stop_ms = a->dead_man_ms * a->picture.course.turns, flow = flow_ms(a);
    const int64_t planned[] = {duration,
                               quantity_or_zero(whole, QUANTITY_energy_uj),
                               quantity_or_zero(whole, QUANTITY_session_charge_uc),
                               quantity_or_zero(whole, QUANTITY_iontophoresis_dose_ua_min),
                               quantity_or_zero(whole, QUANTITY_contraction_count),
                               quantity_or_zero(whole, QUANTITY_cem43_ms),
                               quantity_or_zero(whole, QUANTITY_cold_dose_millic_min)};
    int64_t worst[7];
    for (size_t i = 0; i < 7; i++) {
        const bool counted = i == 0 || i == 4;
        if (dose_worst(planned[i], counted ? 0 : error, counted ? duration : flow, stop_ms, &worst[i]) < 0)
            worst[i] = ENDLESS;
    }
    worst[5] = worst_thermal(a, planned[5], error, stop_ms);
    a->planned =
        (struct dose_amounts){planned[0], planned[1], planned[2], planned[3], planned[4], planned[5], planned[6]};
    a->worst = (struct dose_amounts){worst[0], worst[1], worst[2], worst[3], worst[4], worst[5], worst[6]};
}

static void check_daemon(struct sessions *s, struct refusals *r)
{
    char why[SESSION_TEXT_MAX] = "";
    if (record_health(s->record, why, sizeof why) != RECORD_OK)
        refusal_add(r, TOKEN_RECORDS_UNAVAILABLE, NULL, "records cannot be written in time: %.200s", why);
    if (record_audit_broken(s->record))
        refusal_add(r, TOKEN_AUDIT_BROKEN, NULL, "the audit chain does not verify: an engineer inspects the records");
}

/* The host's own gate, asked before anything is claimed: only where nothing else refuses, or it would say it twice. */
static void check_envelope(struct assessment *a)
{
    char reason[LINK_TEXT_MAX] = "it has more settings than a host takes";
    struct envelope envelope;
    if (!a->plan.resolved || a->refused.n > 0)
        return;
    if (envelope_fill(a, &envelope) < 0 || envelope_check(&envelope, reason, sizeof reason) < 0)
        refusal_add(&a->refused, TOKEN_OUT_OF_RANGE, a->plan.unit->id, "the host would refuse it: %.280s", reason);
}

int assess(struct sessions *s, const struct session_request *rq, const struct session *own,
           const struct session_time *now, struct assessment **out)
{
    struct assessment *a = calloc(1, sizeof *a);
    if (!a)
        return -ENOMEM;
    struct refusals *r = &a->refused;
    const int planned = plan_make(s, s->settings.tables, rq, civil_day(now->wall_ms), &a->plan, r);
    const struct plan *plan = &a->plan;
    check_device(s, own, plan, now, r);
    check_daemon(s, r);
    check_history(s, own, plan, rq, &a->history, r);
    check_identity(s, own, rq, r);
    check_parts(plan, rq, r);
    check_electrodes(plan, rq, r);
    check_applicator(plan, now, r);
    if (plan->unit && plan->unit->described)
        a->dead_man_ms = plan->unit->info.dead_man_ms + s->settings.permit_ms;
    const struct limit *lock = plan->protocol ? protocol_lock(plan->tables, plan->protocol) : NULL;
    if (lock) {
        struct refusal *refusal =
            refusal_add(r, TOKEN_LIMIT_NOT_ACCEPTED, lock->id,
                        "protocol %s rests on limit %s, which nobody has verified: [accept %s] is missing (%s)",
                        plan->protocol->id, lock->id, lock->id, lock->origin);
        refusal->origin = lock->origin;
    }
    if (planned == 0) {
        protocol_check(plan->protocol, &plan->treatment, r);
        check_ranges(plan, r);
        a->has_picture = dose_picture_make(&plan->treatment, &a->picture, r) == 0;
    }
    check_sensors(a, own != NULL, r);
    if (a->has_picture) {
        hold_against_limits(a, rq);
        put_totals(a);
        check_envelope(a);
    }
    sort_refusals(r);
    *out = a;
    return 0;
}

static json_t *finding_document(const struct limit_finding *f)
{
    const struct limit *l = f->limit;
    const bool is_min = f->has_value ? f->is_min : !l->has_max;
    const int64_t bound = is_min ? l->min : l->max;
    json_t *o = json_object();
    doc_text(o, "id", l->id);
    doc_bool(o, "applies", f->applies);
    doc_text(o, "quantity", modality_quantity_info(l->quantity)->id);
    doc_text(o, "scope", limit_scope_id(l->scope));
    doc_text(o, "class", limit_class_id(l->class));
    if (f->has_value)
        doc_int(o, "value", f->value);
    doc_int(o, "bound", bound);
    doc_text(o, "direction", is_min ? "min" : "max");
    if (f->has_value)
        doc_int(o, "headroom", is_min ? f->value - bound : bound - f->value);
    doc_bool(o, "exceeded", f->exceeded);
    if (f->channel >= 0)
        doc_int(o, "channel", f->channel);
    doc_text(o, "layer", limit_layer_id(l->layer));
    doc_text(o, "origin", l->origin);
    doc_text(o, "source", l->source);
    doc_text(o, "verified", limit_verified_id(l->verified));
    return o;
}

/* The narrower layers are ranges: protocol and device bound the level too, and one of them may be what binds. */
static void add_range(json_t *array, const struct assessment *a, size_t i, const char *id, enum limit_layer layer,
                      int64_t max, const char *origin)
{
    const int64_t value = a->plan.treatment.channels[i].ceiling.value[a->plan.level];
    json_t *o = json_object();
    doc_text(o, "id", id);
    doc_bool(o, "applies", true);
    doc_text(o, "quantity", modality_quantity_info(a->plan.level)->id);
    doc_text(o, "scope", limit_scope_id(SCOPE_INSTANTANEOUS));
    doc_text(o, "class", limit_class_id(LIMIT_HARD));
    doc_int(o, "value", value);
    doc_int(o, "bound", max);
    doc_text(o, "direction", "max");
    doc_int(o, "headroom", max - value);
    doc_bool(o, "exceeded", value > max);
    doc_int(o, "channel", (int64_t)i);
    doc_text(o, "layer", limit_layer_id(layer));
    doc_text(o, "origin", origin);
    json_array_append_new(array, o);
}

static void add_ranges(json_t *array, const struct assessment *a)
{
    const struct protocol *p = a->plan.protocol;
    for (size_t i = 0; i < a->plan.treatment.n_channels; i++) {
        if (!quantity_has(&a->plan.treatment.channels[i].ceiling, a->plan.level) ||
            modality_quantity_info(a->plan.level)->safer == SAFER_UP)
            continue;
        for (size_t k = 0; k < p->n_parameters; k++) {
            if (p->parameters[k].quantity == a->plan.level)
                add_range(array, a, i, p->id, LAYER_PROTOCOL, p->parameters[k].max, p->parameters[k].origin);
        }
        const struct modality_channel *c = a->plan.device[i];
        for (size_t k = 0; c && k < c->n_ranges && k < MODALITY_RANGES_MAX; k++) {
            if (c->ranges[k].quantity == a->plan.level && c->ranges[k].settable)
                add_range(array, a, i, a->plan.unit->id, LAYER_DEVICE, c->ranges[k].max,
                          a->plan.unit->settings->origin);
        }
    }
}

json_t *assess_limits(const struct assessment *a)
{
    json_t *array = json_array();
    const struct dose_tables *t = a->plan.tables;
    if (a->has_picture)
        add_ranges(array, a);
    struct limit_finding *findings = a->has_picture ? calloc(t->n_limits + 1, sizeof *findings) : NULL;
    if (!findings)
        return array;
    limit_explain(t->limits, t->n_limits, &a->picture, &a->history, findings);
    for (size_t i = 0; i < t->n_limits; i++) {
        if (findings[i].applies && findings[i].limit->use == USE_TREATMENT)
            json_array_append_new(array, finding_document(&findings[i]));
    }
    free(findings);
    return array;
}

json_t *assess_notices(const struct assessment *a, const struct session_request *rq)
{
    json_t *array = json_array();
    for (size_t i = 0; i < a->verdict.notices.n; i++) {
        const struct refusal *notice = &a->verdict.notices.items[i];
        json_t *o = refusal_document(notice);
        doc_text(o, "id", notice->subject);
        doc_bool(o, "acknowledged", request_acknowledges(rq, notice->subject));
        json_array_append_new(array, o);
    }
    return array;
}

json_t *assess_violations(const struct assessment *a)
{
    json_t *data = a->refused.n > 0 ? refusal_document(&a->refused.items[0]) : json_object();
    doc_put(data, "violations", doc_refusals(&a->refused));
    if (a->refused.dropped > 0)
        doc_int(data, "dropped", (int64_t)a->refused.dropped);
    return data;
}
