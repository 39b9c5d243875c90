/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the tables of quantities, sites and conditions. */
#include "document/rows.h"

json_t *doc_modalities(unsigned bits)
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
    doc_text(o, "id", info->id);
    doc_text(o, "base_unit", info->base_unit);
    doc_text(o, "ucum", info->ucum);
    doc_put(o, "display",
            json_pack("{s:s, s:I, s:I}", "unit", info->display_unit, "base_units", (json_int_t)num, "per",
                      (json_int_t)den));
    doc_put(o, "modalities", doc_modalities(info->modalities));
    doc_text(o, "safer", safer_id(info->safer));
    doc_text(o, "rest", rest_id(info->rest));
    doc_text(o, "basis", basis_id(info->basis));
    doc_text(o, "meaning", info->meaning);
    return o;
}

json_t *show_site(const struct screening *s, const struct site *site)
{
    json_t *o = json_object();
    doc_text(o, "id", site->id);
    doc_text(o, "label", site->label);
    doc_put(o, "sides",
            site->has_sides ? json_pack("[s, s, s]", "left", "right", "both") : json_pack("[s, s]", "midline", "both"));
    doc_put(o, "part_of", doc_sites(s, site->part_of));
    doc_text(o, "origin", site->origin);
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
        doc_text(codes, screening_column_id((enum screening_column)c), code_id(condition->codes[c]));
    doc_text(o, "id", condition->id);
    doc_text(o, "label", condition->label);
    doc_put(o, "codes", codes);
    if (condition->local_sites != 0)
        doc_put(o, "local_sites", doc_sites(s, condition->local_sites));
    doc_text(o, "verified", limit_verified_id(condition->verified));
    doc_put(o, "unverified", columns_of(condition->unverified));
    doc_text(o, "source", condition->source);
    doc_text(o, "origin", condition->origin);
    return o;
}
