/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request held against everything at once: what it asks for by dose/prescription, then device, ledger, daemon and
 * the host's own gate. Nothing is claimed and nothing is changed. Everything that refuses is gathered and put in order,
 * the most restrictive first.
 */
#include "session/internal.h"

#include "dose/derive.h"
#include "dose/wide.h"
#include "record/amounts.h"

/* The accuracy within which a device of this modality must deliver: 0 where no limit says so. */
static int64_t accuracy(const struct assessment *a)
{
    const struct dose_tables *t = a->plan.dose.tables;
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
    if (dose_totals(a->plan.dose.treatment.channels[0].waveform, &values,
                    a->plan.dose.treatment.duration_ms + stop_ms) < 0)
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
    const int64_t duration = a->plan.dose.treatment.duration_ms, error = accuracy(a);
    const int64_t stop_ms = a->dead_man_ms * a->picture.course.turns, flow = flow_ms(a);
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const bool counted = i == AMOUNT_duration_ms || i == AMOUNT_contraction_count;
        const int64_t planned = i == AMOUNT_duration_ms ? duration : quantity_or_zero(whole, amount_quantity(i));
        int64_t worst;
        if (dose_worst(planned, counted ? 0 : error, counted ? duration : flow, stop_ms, &worst) < 0)
            worst = ENDLESS;
        amount_set(&a->planned, i, planned);
        amount_set(&a->worst, i, i == AMOUNT_cem43_ms ? worst_thermal(a, planned, error, stop_ms) : worst);
    }
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
    const int64_t today = civil_day(now->wall_ms);
    const int planned = plan_make(s, own, s->settings.tables, rq, today, &a->plan, r);
    const struct plan *plan = &a->plan;
    const struct prescription asked = request_prescription(rq, plan->unit);
    check_device(s, own, plan, now, r);
    check_daemon(s, r);
    check_history(s, own, plan, rq, &a->history, &a->protocol_history, r);
    others_currents(s, own, rq->patient_ref, &a->history);
    check_left_behind(s, plan, rq, r);
    check_identity(s, own, rq, r);
    prescription_check(&asked, &plan->dose, today, r);
    if (plan->unit && plan->unit->described)
        a->dead_man_ms = plan->unit->info.dead_man_ms + s->settings.permit_ms;
    if (planned == 0) {
        check_ranges(plan, r);
        a->has_picture = prescription_judge(&asked, &plan->dose, &a->history, &a->picture, &a->verdict, r) == 0;
    }
    check_sensors(s, a, own != NULL, r);
    if (a->has_picture) {
        course_check(a, rq->end_by, r);
        put_totals(a);
        check_envelope(a);
    }
    refusals_sort(r);
    *out = a;
    return 0;
}

json_t *assess_limits(const struct assessment *a)
{
    const struct plan *plan = &a->plan;
    const struct doc_device device = {.id = plan->unit ? plan->unit->id : NULL,
                                      .origin = plan->unit ? plan->unit->settings->origin : NULL,
                                      .n_channels = plan->dose.treatment.n_channels,
                                      .channels = plan->device};
    return doc_limits(&plan->dose, a->has_picture ? &a->picture : NULL, &a->history, &a->protocol_history,
                      plan->unit ? &device : NULL);
}

json_t *assess_violations(const struct assessment *a)
{
    json_t *data = a->refused.n > 0 ? refusal_document(&a->refused.items[0]) : json_object();
    doc_put(data, "violations", doc_refusals(&a->refused));
    if (a->refused.dropped > 0)
        doc_int(data, "dropped", (int64_t)a->refused.dropped);
    return data;
}
