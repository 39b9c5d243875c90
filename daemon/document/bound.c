/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that says how a bound reads in JSON.
 */
#include "document/bound.h"

#include "dose/wide.h"

const char *doc_use(enum limit_use use)
{
    switch (use) {
    case USE_TREATMENT:
        return "treatment";
    case USE_WALK:
        return "walk";
    case USE_FAULT:
        return "fault";
    }
    return "treatment";
}

/* Room to the bound that is near; nothing where it cannot be counted. */
static void put_headroom(json_t *o, const struct bound *b)
{
    const int64_t bound = b->is_min ? b->min : b->max;
    int64_t room;
    if (b->has_value && wide_sub(b->is_min ? b->value : bound, b->is_min ? bound : b->value, &room) == 0)
        doc_int(o, "headroom", room);
}

static void put_bounds(json_t *o, const struct bound *b)
{
    if (!b->has_min && !b->has_max)
        return;
    doc_int(o, "bound", b->is_min ? b->min : b->max);
    doc_text(o, "direction", b->is_min ? "min" : "max");
    put_headroom(o, b);
    if (b->has_min && b->has_max) {
        doc_int(o, "min", b->min);
        doc_int(o, "max", b->max);
    }
}

json_t *bound_document(const struct bound *b)
{
    const struct modality_quantity_info *info = modality_quantity_info(b->quantity);
    json_t *o = json_object();
    doc_text(o, "id", b->id);
    doc_bool(o, "applies", true);
    doc_text(o, "quantity", info->id);
    doc_text(o, "unit", info->base_unit);
    doc_text(o, "scope", limit_scope_id(b->scope));
    doc_text(o, "class", limit_class_id(b->class));
    doc_text(o, "use", doc_use(b->use));
    doc_text(o, "state", b->state);
    if (b->has_value)
        doc_int(o, "value", b->value);
    put_bounds(o, b);
    doc_bool(o, "exceeded", b->exceeded);
    if (b->channel >= 0)
        doc_int(o, "channel", b->channel);
    if (b->fixed)
        doc_bool(o, "fixed", true);
    if (b->locks)
        doc_bool(o, "locks", true);
    doc_text(o, "layer", limit_layer_id(b->layer));
    doc_text(o, "origin", b->origin);
    doc_text(o, "source", b->source);
    if (b->has_verified) {
        doc_text(o, "verified", limit_verified_id(b->verified));
        doc_bool(o, "accepted", b->accepted);
    }
    return o;
}
