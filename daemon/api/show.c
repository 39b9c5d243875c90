/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Absent texts are absent members, never null.
 */
#include "api/show.h"

#include <stdio.h>

static void put_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL)
        json_object_set_new(object, name, json_string(text));
}

static void put_integer(json_t *object, const char *name, int64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *modalities(unsigned bits)
{
    json_t *list = json_array();
    for (unsigned m = MODALITY_ESTIM; m <= MODALITY_COLD; m <<= 1) {
        if ((bits & m) != 0)
            json_array_append_new(list, json_string(modality_id((enum modality)m)));
    }
    return list;
}

static const char *safer_id(enum modality_safer s)
{
    switch (s) {
    case SAFER_NONE:
        return "none";
    case SAFER_DOWN:
        return "down";
    case SAFER_UP:
        return "up";
    }
    return "none";
}

static const char *rest_id(enum modality_rest r)
{
    switch (r) {
    case REST_NONE:
        return "none";
    case REST_ZERO:
        return "zero";
    case REST_DECLARED:
        return "declared";
    }
    return "none";
}

static const char *basis_id(enum modality_basis b)
{
    switch (b) {
    case BASIS_COMMANDED:
        return "commanded";
    case BASIS_DERIVED:
        return "derived";
    case BASIS_MEASURED:
        return "measured";
    case BASIS_ACCUMULATED:
        return "accumulated";
    case BASIS_PROPERTY:
        return "property";
    }
    return "commanded";
}

json_t *show_quantity(enum modality_quantity q)
{
    const struct modality_quantity_info *info = modality_quantity_info(q);
    int64_t num = 1, den = 1;
    value_display_factor(q, &num, &den);
    json_t *o = json_object();
    put_text(o, "id", info->id);
    put_text(o, "base_unit", info->base_unit);
    put_text(o, "ucum", info->ucum);
    json_object_set_new(o, "display",
                        json_pack("{s:s, s:I, s:I}", "unit", info->display_unit, "base_units", (json_int_t)num, "per",
                                  (json_int_t)den));
    json_object_set_new(o, "modalities", modalities(info->modalities));
    put_text(o, "safer", safer_id(info->safer));
    put_text(o, "rest", rest_id(info->rest));
    put_text(o, "basis", basis_id(info->basis));
    put_text(o, "meaning", info->meaning);
    return o;
}

json_t *show_site(const struct site *site)
{
    json_t *o = json_object();
    put_text(o, "id", site->id);
    put_text(o, "label", site->label);
    json_object_set_new(o, "sides",
                        site->has_sides ? json_pack("[s, s, s]", "left", "right", "both")
                                        : json_pack("[s, s]", "midline", "both"));
    put_text(o, "origin", site->origin);
    return o;
}

static const char *code_id(enum screening_code c)
{
    switch (c) {
    case SCREEN_ALLOWED:
        return "allowed";
    case SCREEN_PRECAUTION:
        return "precaution";
    case SCREEN_LOCAL:
        return "local";
    case SCREEN_CONTRAINDICATED:
        return "contraindicated";
    }
    return "contraindicated";
}

/* Ids of the sites in a set. */
static json_t *sites_of(const struct screening *s, uint64_t set)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_sites && i < DOSE_SITES_MAX; i++) {
        if ((set >> i & 1) != 0)
            json_array_append_new(list, json_string(s->sites[i].id));
    }
    return list;
}

/* Ids of the columns in a set. */
static json_t *columns_of(uint32_t set)
{
    json_t *list = json_array();
    for (int c = 0; c < COLUMN_COUNT; c++) {
        if ((set >> c & 1) != 0)
            json_array_append_new(list, json_string(screening_column_id((enum screening_column)c)));
    }
    return list;
}

json_t *show_condition(const struct screening *s, const struct condition *condition)
{
    json_t *o = json_object(), *codes = json_object();
    for (int c = 0; c < COLUMN_COUNT; c++)
        put_text(codes, screening_column_id((enum screening_column)c), code_id(condition->codes[c]));
    put_text(o, "id", condition->id);
    put_text(o, "label", condition->label);
    json_object_set_new(o, "codes", codes);
    if (condition->local_sites != 0)
        json_object_set_new(o, "local_sites", sites_of(s, condition->local_sites));
    put_text(o, "verified", limit_verified_id(condition->verified));
    json_object_set_new(o, "unverified", columns_of(condition->unverified));
    put_text(o, "source", condition->source);
    put_text(o, "origin", condition->origin);
    return o;
}

static json_t *parameter(const struct protocol_parameter *p)
{
    const struct modality_quantity_info *info = modality_quantity_info(p->quantity);
    char text[64];
    json_t *o = json_object();
    put_text(o, "quantity", info->id);
    put_integer(o, "min", p->min);
    put_integer(o, "initial", p->initial);
    put_integer(o, "max", p->max);
    put_text(o, "unit", info->base_unit);
    put_text(o, "display_unit", info->display_unit);
    put_text(o, "min_text", value_format(p->quantity, p->min, text, sizeof(text)));
    put_text(o, "initial_text", value_format(p->quantity, p->initial, text, sizeof(text)));
    put_text(o, "max_text", value_format(p->quantity, p->max, text, sizeof(text)));
    put_text(o, "meaning", info->meaning);
    put_text(o, "origin", p->origin);
    return o;
}

static json_t *lock(const struct limit *limit)
{
    json_t *o = json_object();
    put_text(o, "limit", limit->id);
    put_text(o, "quantity", modality_quantity_info(limit->quantity)->id);
    put_text(o, "verified", limit_verified_id(limit->verified));
    put_text(o, "source", limit->source);
    put_text(o, "origin", limit->origin);
    char line[160];
    snprintf(line, sizeof(line), "[accept %s] with by and date in installation.ini unlocks it", limit->id);
    put_text(o, "unlock", line);
    return o;
}

static void protocol_whole(json_t *o, const struct dose_tables *t, const struct protocol *p)
{
    json_object_set_new(
        o, "channels",
        json_pack("{s:I, s:I}", "min", (json_int_t)p->n_channels_min, "max", (json_int_t)p->n_channels_max));
    json_object_set_new(o, "thermal", json_boolean(p->thermal));
    json_object_set_new(o, "surged", json_boolean(p->surged));
    put_integer(o, "contact_hold_ms", p->contact_hold_ms);
    put_text(o, "lease_loss", p->lease_loss == LEASE_LOSS_PAUSE ? "pause" : "end");
    put_integer(o, "rest_min_ms", p->rest_min_ms);
    put_integer(o, "sessions_per_day", p->sessions_per_day);
    if (p->sites != 0)
        json_object_set_new(o, "sites", sites_of(&t->screening, p->sites));
    json_t *parameters = json_array();
    for (size_t i = 0; i < p->n_parameters; i++)
        json_array_append_new(parameters, parameter(&p->parameters[i]));
    json_object_set_new(o, "parameters", parameters);
}

json_t *show_protocol(const struct dose_tables *t, const struct protocol *p, bool whole)
{
    const struct limit *locked = protocol_lock(t, p);
    json_t *o = json_object();
    put_text(o, "id", p->id);
    put_text(o, "label", p->label);
    put_text(o, "revision", p->revision);
    put_text(o, "hash", p->hash);
    put_text(o, "modality", modality_id(p->modality));
    put_text(o, "therapy", modality_therapy_id(p->therapy));
    put_text(o, "waveform", modality_waveform_id(p->waveform));
    put_text(o, "indication", p->indication);
    put_text(o, "source", p->source);
    put_text(o, "verified", limit_verified_id(p->verified));
    put_text(o, "origin", p->origin);
    json_object_set_new(o, "locked", json_boolean(locked != NULL));
    if (locked != NULL)
        json_object_set_new(o, "lock", lock(locked));
    if (whole)
        protocol_whole(o, t, p);
    return o;
}

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
    put_text(o, "quantity", modality_quantity_info(r->quantity)->id);
    if (r->has_above)
        put_integer(o, "above", r->above);
    if (r->has_upto)
        put_integer(o, "upto", r->upto);
    return o;
}

static json_t *conditions_of(const struct screening *s, uint64_t set)
{
    json_t *list = json_array();
    for (size_t i = 0; i < s->n_conditions && i < SCREENING_CONDITIONS_MAX; i++) {
        if ((set >> i & 1) != 0)
            json_array_append_new(list, json_string(s->conditions[i].id));
    }
    return list;
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
        json_object_set_new(o, "waveforms", ids_of_bits(w->waveforms, WAVEFORM_COUNT, waveform_name));
    if (w->therapies != 0)
        json_object_set_new(o, "therapies", ids_of_bits(w->therapies, THERAPY_COUNT, therapy_name));
    if (w->sites != 0)
        json_object_set_new(o, "sites", sites_of(&t->screening, w->sites));
    if (w->conditions != 0)
        json_object_set_new(o, "conditions", conditions_of(&t->screening, w->conditions));
    if (w->applicators != 0)
        json_object_set_new(o, "applicators", applicators_of(t, w->applicators));
    if (w->unless_thermal)
        json_object_set_new(o, "unless_thermal", json_true());
    json_t *ranges = json_array();
    for (size_t i = 0; i < w->n_ranges; i++)
        json_array_append_new(ranges, when_range(&w->ranges[i]));
    if (w->n_ranges > 0)
        json_object_set(o, "ranges", ranges);
    json_decref(ranges);
    return o;
}

static const char *use_id(enum limit_use u)
{
    switch (u) {
    case USE_TREATMENT:
        return "treatment";
    case USE_WALK:
        return "walk";
    case USE_FAULT:
        return "fault";
    }
    return "treatment";
}

json_t *show_limit(const struct dose_tables *t, const struct limit *limit)
{
    const struct modality_quantity_info *info = modality_quantity_info(limit->quantity);
    char text[64];
    json_t *o = json_object();
    put_text(o, "id", limit->id);
    json_object_set_new(o, "modalities", modalities((unsigned)limit->modality));
    put_text(o, "quantity", info->id);
    if (limit->has_max) {
        put_integer(o, "max", limit->max);
        put_text(o, "max_text", value_format(limit->quantity, limit->max, text, sizeof(text)));
    }
    if (limit->has_min) {
        put_integer(o, "min", limit->min);
        put_text(o, "min_text", value_format(limit->quantity, limit->min, text, sizeof(text)));
    }
    put_text(o, "unit", info->base_unit);
    put_text(o, "scope", limit_scope_id(limit->scope));
    put_text(o, "class", limit_class_id(limit->class));
    put_text(o, "layer", limit_layer_id(limit->layer));
    put_text(o, "use", use_id(limit->use));
    put_text(o, "verified", limit_verified_id(limit->verified));
    json_object_set_new(o, "accepted", json_boolean(limit->accepted));
    json_object_set_new(o, "when", when_of(t, &limit->when));
    put_text(o, "source", limit->source);
    put_text(o, "origin", limit->origin);
    return o;
}
