/* SPDX-License-Identifier: Apache-2.0 */
/* Limits as they stand in the tables: what is bounded, when, by whom, and on what that rests. */
#include "document/rows.h"

static json_t *ids_of_bits(uint64_t bits, unsigned n, const char *(*name)(unsigned))
{
    json_t *list = json_array();
    for (unsigned i = 0; i < n; i++) {
        if ((bits >> i & 1) != 0)
            json_array_append_new(list, json_string(name(i)));
    }
    return list;
}

static const char *waveform_name(unsigned i)
{
    return modality_waveform_id((enum modality_waveform)i);
}

static const char *therapy_name(unsigned i)
{
    return modality_therapy_id((enum modality_therapy)i);
}

static json_t *when_range(const struct limit_range *r)
{
    json_t *o = json_object();
    doc_text(o, "quantity", modality_quantity_info(r->quantity)->id);
    if (r->has_above)
        doc_int(o, "above", r->above);
    if (r->has_upto)
        doc_int(o, "upto", r->upto);
    return o;
}

static json_t *applicators_of(const struct dose_tables *t, uint64_t set)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_applicators && i < 64; i++) {
        if ((set >> i & 1) != 0)
            json_array_append_new(list, json_string(t->applicators[i].id));
    }
    return list;
}

static json_t *when_of(const struct dose_tables *t, const struct limit_when *w)
{
    json_t *o = json_object();
    if (w->waveforms != 0)
        doc_put(o, "waveforms", ids_of_bits(w->waveforms, WAVEFORM_COUNT, waveform_name));
    if (w->therapies != 0)
        doc_put(o, "therapies", ids_of_bits(w->therapies, THERAPY_COUNT, therapy_name));
    if (w->sites != 0)
        doc_put(o, "sites", doc_sites(&t->screening, w->sites));
    if (w->conditions != 0)
        doc_put(o, "conditions", doc_conditions(&t->screening, w->conditions));
    if (w->applicators != 0)
        doc_put(o, "applicators", applicators_of(t, w->applicators));
    if (w->unless_thermal)
        doc_put(o, "unless_thermal", json_true());
    if (w->no_indicator)
        doc_put(o, "no_indicator", json_true());
    if (w->after != 0)
        doc_put(o, "after", ids_of_bits(w->after, THERAPY_COUNT, therapy_name));
    json_t *ranges = json_array();
    for (size_t i = 0; i < w->n_ranges; i++)
        json_array_append_new(ranges, when_range(&w->ranges[i]));
    if (w->n_ranges > 0)
        json_object_set(o, "ranges", ranges);
    json_decref(ranges);
    return o;
}

json_t *show_limit(const struct dose_tables *t, const struct limit *limit)
{
    const struct modality_quantity_info *info = modality_quantity_info(limit->quantity);
    char text[64];
    json_t *o = json_object();
    doc_text(o, "id", limit->id);
    doc_put(o, "modalities", doc_modalities((unsigned)limit->modality));
    doc_text(o, "quantity", info->id);
    if (limit->has_max) {
        doc_int(o, "max", limit->max);
        doc_text(o, "max_text", value_format(limit->quantity, limit->max, text, sizeof(text)));
    }
    if (limit->has_min) {
        doc_int(o, "min", limit->min);
        doc_text(o, "min_text", value_format(limit->quantity, limit->min, text, sizeof(text)));
    }
    doc_text(o, "unit", info->base_unit);
    doc_text(o, "scope", limit_scope_id(limit->scope));
    doc_text(o, "class", limit_class_id(limit->class));
    doc_text(o, "layer", limit_layer_id(limit->layer));
    doc_text(o, "use", doc_use(limit->use));
    doc_text(o, "verified", limit_verified_id(limit->verified));
    doc_put(o, "accepted", json_boolean(limit->accepted));
    doc_put(o, "when", when_of(t, &limit->when));
    doc_text(o, "source", limit->source);
    doc_text(o, "origin", limit->origin);
    return o;
}

json_t *show_limit_explained(const struct dose_tables *t, const struct limit *limit)
{
    json_t *others = json_array(), *locks = json_array();
    for (size_t i = 0; i < t->n_limits; i++) {
        const struct limit *l = &t->limits[i];
        if (l != limit && l->quantity == limit->quantity && (l->modality & limit->modality) != 0)
            json_array_append_new(others, show_limit(t, l));
    }
    for (size_t i = 0; i < t->n_protocols; i++) {
        if (protocol_locked_by(&t->protocols[i], limit))
            json_array_append_new(locks, json_string(t->protocols[i].id));
    }
    return json_pack("{s:o, s:o, s:o}", "limit", show_limit(t, limit), "others", others, "locks", locks);
}
