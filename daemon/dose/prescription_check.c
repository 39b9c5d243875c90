/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What speaks against a prescription: parts that would be recorded and not done, an applicator that is not the right
 * one, a protocol that is locked; then everything that it derives, against protocol and limits.
 */
#include "dose/prescription_parts.h"

#include <errno.h>

bool prescription_acknowledges(const struct prescription *p, const char *limit)
{
    for (size_t i = 0; i < p->n_acknowledged; i++) {
        if (prescription_same(p->acknowledged[i], limit)) {
            return true;
        }
    }
    return false;
}

static void check_area(const struct prescription *p, const struct protocol *protocol, struct refusals *r)
{
    if (p->treated_area_mm2 <= 0) {
        return;
    }
    for (size_t i = 0; i < protocol->n_parameters; i++) {
        if (protocol->parameters[i].quantity == QUANTITY_treated_area_mm2) {
            return;
        }
    }
    struct refusal *refusal = refusal_add(r, TOKEN_OUT_OF_RANGE, protocol->id,
                                          "protocol %s knows no treated area: treated_area_mm2 is for a head that is "
                                          "moved (%s)",
                                          protocol->id, protocol->origin);
    refusal->has_quantity = true;
    refusal->quantity = QUANTITY_treated_area_mm2;
}

static void check_acknowledged(const struct prescription *p, const struct dose_tables *t, struct refusals *r)
{
    for (size_t i = 0; i < p->n_acknowledged; i++) {
        const char *id = p->acknowledged[i] != NULL ? p->acknowledged[i] : "";
        bool known = false;
        for (size_t k = 0; k < t->n_limits && !known; k++) {
            known = strcmp(t->limits[k].id, id) == 0;
        }
        if (!known) { /* no subject: the name is the request's */
            refusal_add(r, TOKEN_NOT_FOUND, NULL, "acknowledged names %.64s, which is no limit", id);
        }
    }
}

static void check_parts(const struct prescription *p, const struct protocol *protocol, struct refusals *r)
{
    check_area(p, protocol, r);
    if (protocol->modality == MODALITY_ESTIM && p->applicator != NULL) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, protocol->id,
                    "electrical stimulation has no applicator: applicator_ref %.64s", p->applicator);
    }
    if (protocol->modality != MODALITY_ESTIM && p->n_electrodes > 0) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, protocol->id, "%s has no electrodes: the request names %zu",
                    modality_id(protocol->modality), p->n_electrodes);
    }
}

static void check_frequency(const struct applicator *a, const struct dose_treatment *t, struct refusals *r)
{
    const struct quantity_set *start = &t->channels[0].start;
    if (a->n_frequencies == 0 || !quantity_has(start, QUANTITY_us_frequency_khz)) {
        return;
    }
    int64_t khz = start->value[QUANTITY_us_frequency_khz];
    for (size_t i = 0; i < a->n_frequencies; i++) {
        if (a->frequencies_khz[i] == khz) {
            return;
        }
    }
    refusal_add(r, TOKEN_OUT_OF_RANGE, a->id, "applicator %s does not work at %lld kHz (%s)", a->id, (long long)khz,
                a->origin);
}

static void check_head(const struct prescription *p, const struct prescribed *d, const struct applicator *a,
                       int64_t today, struct refusals *r)
{
    enum modality m = d->protocol->modality;
    if (a->modality != m) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, a->id, "applicator %s is for %s, not for %s (%s)", a->id,
                    modality_id(a->modality), modality_id(m), a->origin);
    }
    if (a->calibration_due_day < today) {
        refusal_add(r, TOKEN_DEVICE_OVERDUE, a->id, "calibration of applicator %s is overdue by %lld days (%s)", a->id,
                    (long long)(today - a->calibration_due_day), a->origin);
    }
    if (a->device != NULL && p->device != NULL && strcmp(a->device, p->device) != 0) {
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, a->id, "applicator %s belongs to device %s, not to %s (%s)", a->id,
                    a->device, p->device, a->origin);
    }
    if (m == MODALITY_ULTRASOUND && (a->era_mm2 <= 0 || a->bnr_permille <= 0)) {
        refusal_add(r, TOKEN_INCOMPLETE, a->id, "applicator %s needs its ERA and BNR (%s)", a->id, a->origin);
    }
    check_frequency(a, &d->treatment, r);
}

static void check_applicator(const struct prescription *p, const struct prescribed *d, int64_t today,
                             struct refusals *r)
{
    if (d->treatment.applicator >= 0) {
        check_head(p, d, &d->tables->applicators[d->treatment.applicator], today, r);
    } else if (d->protocol->modality == MODALITY_ULTRASOUND) {
        struct refusal *refusal =
            refusal_add(r, TOKEN_INCOMPLETE, d->protocol->id, "ultrasound needs an applicator with its calibration");
        refusal->has_quantity = true;
        refusal->quantity = QUANTITY_era_mm2;
    }
}

/* Several limits may lock a protocol; each has to be accepted. */
static void check_locks(const struct prescribed *d, struct refusals *r)
{
    for (size_t i = 0; i < d->tables->n_limits; i++) {
        const struct limit *lock = &d->tables->limits[i];
        const char *origin = lock->origin;
        if (protocol_locked_by(d->protocol, lock)) {
            struct refusal *refusal =
                refusal_add(r, TOKEN_LIMIT_NOT_ACCEPTED, lock->id,
                            "protocol %s rests on limit %s, which nobody has verified: [accept %s] is missing (%s)",
                            d->protocol->id, lock->id, lock->id, origin != NULL ? origin : "configuration");
            refusal->origin = origin;
        }
    }
}

void prescription_check(const struct prescription *p, const struct prescribed *d, int64_t today, struct refusals *r)
{
    check_acknowledged(p, d->tables, r);
    if (d->protocol == NULL) {
        return;
    }
    check_parts(p, d->protocol, r);
    prescription_check_electrodes(p, d, r);
    check_applicator(p, d, today, r);
    check_locks(d, r);
}

static void append(struct refusals *to, const struct refusal *item)
{
    if (to->n < REFUSALS_MAX) {
        to->items[to->n++] = *item;
    } else {
        to->dropped++;
    }
}

int prescription_judge(const struct prescription *p, const struct prescribed *d, const struct dose_history *history,
                       struct dose_picture *picture, struct limit_verdict *verdict, struct refusals *r)
{
    verdict->refused.n = verdict->refused.dropped = 0;
    verdict->notices.n = verdict->notices.dropped = 0;
    protocol_check(d->protocol, &d->treatment, r);
    if (dose_picture_make(&d->treatment, picture, r) < 0) {
        return -EINVAL;
    }
    limit_check(d->tables->limits, d->tables->n_limits, picture, history, verdict);
    for (size_t i = 0; i < verdict->refused.n; i++) {
        append(r, &verdict->refused.items[i]);
    }
    for (size_t i = 0; i < verdict->notices.n; i++) {
        if (!prescription_acknowledges(p, verdict->notices.items[i].subject)) {
            append(r, &verdict->notices.items[i]);
        }
    }
    r->dropped += verdict->refused.dropped + verdict->notices.dropped;
    return 0;
}
