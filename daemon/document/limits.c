/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that bounds one treatment: limits, and the ranges of its protocol and device, which are layers too. What
 * has no value yet says why, so that a bound which only counts while it runs is not taken for one that was kept.
 */
#include "document/bound.h"

#include <stdlib.h>

/* Why a limit that applies has no value, or NULL: then it is about something that this treatment has not. */
static const char *waits_for(const struct limit *l)
{
    const enum modality_basis basis = modality_quantity_info(l->quantity)->basis;
    if (l->use == USE_WALK)
        return "walked";
    if (l->use == USE_FAULT)
        return "held_while_running";
    if (l->quantity == QUANTITY_rest_interval_ms)
        return "nothing_before";
    return basis == BASIS_PROPERTY || basis == BASIS_MEASURED ? "not_reported" : NULL;
}

static const char *standing(const struct limit_finding *f)
{
    if (!f->has_value)
        return waits_for(f->limit);
    if (f->exceeded)
        return "exceeded";
    return f->limit->has_min || f->limit->has_max ? "within" : "shown";
}

/* A level in volts is not walked in amperes: bounds on the other walk are not about this treatment. */
static bool walks_another(const struct limit *l, enum modality_quantity level)
{
    const bool volts = l->quantity == QUANTITY_amplitude_step_mv || l->quantity == QUANTITY_amplitude_slew_mv_s;
    return l->use == USE_WALK && volts != (level == QUANTITY_amplitude_mv);
}

static void add_limit(json_t *array, const struct limit_finding *f, const struct protocol *p)
{
    const struct limit *l = f->limit;
    const struct bound b = {.id = l->id,
                            .quantity = l->quantity,
                            .scope = l->scope,
                            .class = l->class,
                            .layer = l->layer,
                            .use = l->use,
                            .state = standing(f),
                            .has_min = l->has_min,
                            .has_max = l->has_max,
                            .is_min = f->has_value ? f->is_min : !l->has_max,
                            .has_value = f->has_value,
                            .exceeded = f->exceeded,
                            .locks = protocol_locked_by(p, l),
                            .min = l->min,
                            .max = l->max,
                            .value = f->value,
                            .channel = f->channel,
                            .origin = l->origin,
                            .source = l->source,
                            .has_verified = true,
                            .accepted = l->accepted,
                            .verified = l->verified};
    if (b.state && !walks_another(l, prescription_level(p->waveform)))
        json_array_append_new(array, bound_document(&b));
}

static void add_limits(json_t *array, const struct prescribed *d, const struct dose_picture *picture,
                       const struct dose_history *history)
{
    const struct dose_tables *t = d->tables;
    struct limit_finding *findings = calloc(t->n_limits + 1, sizeof *findings);
    if (!findings)
        return;
    limit_explain(t->limits, t->n_limits, picture, history, findings);
    for (size_t i = 0; i < t->n_limits; i++) {
        if (findings[i].applies)
            add_limit(array, &findings[i], d->protocol);
    }
    free(findings);
}

json_t *doc_limits(const struct prescribed *d, const struct dose_picture *picture, const struct dose_history *history,
                   const struct dose_history *of_protocol, const struct doc_device *device)
{
    json_t *array = json_array();
    if (!d->protocol || !picture)
        return array;
    bound_protocol(array, d, of_protocol);
    if (device)
        bound_device(array, &d->treatment, device);
    add_limits(array, d, picture, history);
    return array;
}

json_t *doc_limits_on(json_t *limits, enum modality_quantity q)
{
    json_t *array = json_array();
    size_t i;
    json_t *bound;
    json_array_foreach(limits, i, bound)
    {
        const char *id = json_string_value(json_object_get(bound, "quantity"));
        if (id && strcmp(id, modality_quantity_info(q)->id) == 0)
            json_array_append(array, bound);
    }
    json_decref(limits);
    return array;
}
