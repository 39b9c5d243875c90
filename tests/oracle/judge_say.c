/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's words as JSON: what was derived, what each limit says, which ids refuse and which ask. Values are
 * integers in base units, exactly as the engine holds them.
 */
#include "judge.h"

#include <string.h>

static json_t *say_values(const struct quantity_set *s)
{
    json_t *object = json_object();
    for (unsigned q = 0; q < QUANTITY_COUNT; q++)
        if (quantity_has(s, q))
            json_object_set_new(object, modality_quantity_info(q)->id, json_integer(s->value[q]));
    return object;
}

static json_t *say_refusal(const struct refusal *r)
{
    json_t *o = json_pack("{ss ss? si ss?}", "token", modality_token_id(r->token), "subject", r->subject, "channel",
                          r->channel, "origin", r->origin);
    if (r->has_quantity)
        json_object_set_new(o, "quantity", json_string(modality_quantity_info(r->quantity)->id));
    if (r->has_value)
        json_object_set_new(o, "value", json_integer(r->value));
    if (r->has_bound)
        json_object_set_new(o, r->is_min ? "min" : "max", json_integer(r->bound));
    return o;
}

static json_t *say_refusals(const struct refusals *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(list, say_refusal(&r->items[i]));
    return list;
}

/* [value or null, exceeded, is_min, channel] of each limit that applies, null for one that does not. */
static json_t *say_findings(const struct dose_tables *tables, const struct dose_picture *picture,
                            const struct dose_history *history)
{
    static struct limit_finding findings[JUDGE_LIMITS_MAX];
    if (tables->n_limits > JUDGE_LIMITS_MAX)
        return json_null();
    limit_explain(tables->limits, tables->n_limits, picture, history, findings);
    json_t *list = json_array();
    for (size_t i = 0; i < tables->n_limits; i++) {
        const struct limit_finding *f = &findings[i];
        json_t *said = f->applies ? json_pack("[obbi]", f->has_value ? json_integer(f->value) : json_null(),
                                              f->exceeded, f->is_min, f->channel)
                                  : json_null();
        json_array_append_new(list, said);
    }
    return list;
}

static void say_protocol(const struct dose_tables *tables, const struct judge_request *request, json_t *out)
{
    const struct protocol *p = protocol_find(tables, request->protocol);
    static struct refusals r;
    memset(&r, 0, sizeof r);
    if (p == NULL) {
        json_object_set_new(out, "error", json_string("no such protocol"));
        return;
    }
    protocol_check(p, &request->treatment, &r);
    if (request->has_history)
        protocol_check_history(p, &request->history, &r);
    json_object_set_new(out, "protocol", say_refusals(&r));
    const struct limit *lock = protocol_lock(tables, p);
    json_object_set_new(out, "lock", lock ? json_string(lock->id) : json_null());
}

/* Ids of the tightest maximum and minimum of a class, null where there is none. */
static json_t *say_tightest_of(const struct dose_tables *tables, const struct dose_picture *picture,
                               enum modality_quantity q, enum limit_class c)
{
    const struct limit *max = limit_tightest(tables->limits, tables->n_limits, picture, q, c, false);
    const struct limit *min = limit_tightest(tables->limits, tables->n_limits, picture, q, c, true);
    return json_pack("[s?s?]", max ? max->id : NULL, min ? min->id : NULL);
}

/* For each quantity that is governed and not judged (walk, fault table), by class. */
static json_t *say_tightest(const struct dose_tables *tables, const struct dose_picture *picture)
{
    json_t *object = json_object();
    for (unsigned q = 0; q < QUANTITY_COUNT; q++) {
        if (limit_use_of(q) == USE_TREATMENT)
            continue;
        json_t *classes = json_object();
        for (unsigned c = LIMIT_HARD; c <= LIMIT_DEVICE; c++)
            json_object_set_new(classes, limit_class_id(c), say_tightest_of(tables, picture, q, c));
        json_object_set_new(object, modality_quantity_info(q)->id, classes);
    }
    return object;
}

json_t *judge_say_verdict(const struct config *config, const struct judge_request *request)
{
    static struct dose_picture picture;
    static struct refusals broken;
    static struct limit_verdict verdict;
    memset(&broken, 0, sizeof broken);
    memset(&verdict, 0, sizeof verdict);
    const struct dose_tables *tables = &config->dose;
    const struct dose_history *history = request->has_history ? &request->history : NULL;
    json_t *out = json_object();
    if (request->protocol != NULL)
        say_protocol(tables, request, out);
    int made = dose_picture_make(&request->treatment, &picture, &broken);
    json_object_set_new(out, "made", json_integer(made));
    if (made < 0) {
        json_object_set_new(out, "broken", say_refusals(&broken));
        return out;
    }
    json_t *channels = json_array();
    for (size_t i = 0; i < picture.treatment.n_channels; i++)
        json_array_append_new(channels,
                              json_pack("[oo]", say_values(&picture.start[i]), say_values(&picture.ceiling[i])));
    json_object_set_new(out, "channels", channels);
    json_object_set_new(out, "whole", say_values(&picture.whole));
    json_object_set_new(out, "check",
                        json_integer(limit_check(tables->limits, tables->n_limits, &picture, history, &verdict)));
    json_object_set_new(out, "refused", say_refusals(&verdict.refused));
    json_object_set_new(out, "notices", say_refusals(&verdict.notices));
    json_object_set_new(out, "dropped", json_integer((json_int_t)(verdict.refused.dropped + verdict.notices.dropped)));
    json_object_set_new(out, "findings", say_findings(tables, &picture, history));
    if (request->tightest)
        json_object_set_new(out, "tightest", say_tightest(tables, &picture));
    return out;
}

static json_t *say_mask(uint64_t mask, const char *(*id)(const struct dose_tables *, unsigned),
                        const struct dose_tables *tables)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < 64; i++)
        if ((mask >> i) & 1u)
            json_array_append_new(list, json_string(id(tables, i)));
    return list;
}

static const char *id_of_waveform(const struct dose_tables *t, unsigned i)
{
    (void)t;
    return modality_waveform_id(i);
}

static const char *id_of_therapy(const struct dose_tables *t, unsigned i)
{
    (void)t;
    return modality_therapy_id(i);
}

static const char *id_of_site(const struct dose_tables *t, unsigned i)
{
    return t->screening.sites[i].id;
}

static const char *id_of_condition(const struct dose_tables *t, unsigned i)
{
    return t->screening.conditions[i].id;
}

static const char *id_of_applicator(const struct dose_tables *t, unsigned i)
{
    return t->applicators[i].id;
}

static json_t *say_when(const struct dose_tables *t, const struct limit_when *w)
{
    json_t *bands = json_object();
    for (size_t i = 0; i < w->n_ranges; i++) {
        const struct limit_range *b = &w->ranges[i];
        json_object_set_new(bands, modality_quantity_info(b->quantity)->id,
                            json_pack("[oo]", b->has_above ? json_integer(b->above) : json_null(),
                                      b->has_upto ? json_integer(b->upto) : json_null()));
    }
    return json_pack("{so so so so so so sb sb so}", "waveform", say_mask(w->waveforms, id_of_waveform, t), "therapy",
                     say_mask(w->therapies, id_of_therapy, t), "site", say_mask(w->sites, id_of_site, t), "condition",
                     say_mask(w->conditions, id_of_condition, t), "applicator",
                     say_mask(w->applicators, id_of_applicator, t), "after", say_mask(w->after, id_of_therapy, t),
                     "unless_thermal", w->unless_thermal, "no_indicator", w->no_indicator, "bands", bands);
}

static json_t *say_limit(const struct dose_tables *tables, const struct limit *l)
{
    static const char *const uses[] = {"treatment", "walk", "fault"};
    return json_pack("{ss ss ss so so ss ss ss ss ss sb ss so}", "id", l->id, "modality",
                     l->modality == MODALITY_ANY ? "any" : modality_id(l->modality), "quantity",
                     modality_quantity_info(l->quantity)->id, "max", l->has_max ? json_integer(l->max) : json_null(),
                     "min", l->has_min ? json_integer(l->min) : json_null(), "scope", limit_scope_id(l->scope), "class",
                     limit_class_id(l->class), "layer", limit_layer_id(l->layer), "use", uses[l->use], "verified",
                     limit_verified_id(l->verified), "accepted", l->accepted, "origin", l->origin, "when",
                     say_when(tables, &l->when));
}

json_t *judge_say_limits(const struct dose_tables *tables)
{
    json_t *list = json_array();
    for (size_t i = 0; i < tables->n_limits; i++)
        json_array_append_new(list, say_limit(tables, &tables->limits[i]));
    return json_pack("{so}", "limits", list);
}

json_t *judge_say_units(void)
{
    json_t *object = json_object();
    char buffer[200];
    for (unsigned q = 0; q < QUANTITY_COUNT; q++)
        json_object_set_new(object, modality_quantity_info(q)->id, json_string(value_units(q, buffer, sizeof buffer)));
    return object;
}
