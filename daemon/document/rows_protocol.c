/* SPDX-License-Identifier: Apache-2.0 */
/* Protocols: what they are, what may be asked, what ends them, and what locks them. */
#include "document/rows.h"

#include <stdio.h>

static json_t *parameter(const struct protocol_parameter *p)
{
    const struct modality_quantity_info *info = modality_quantity_info(p->quantity);
    char text[64];
    json_t *o = json_object();
    doc_text(o, "quantity", info->id);
    doc_int(o, "min", p->min);
    doc_int(o, "initial", p->initial);
    doc_int(o, "max", p->max);
    doc_text(o, "unit", info->base_unit);
    doc_text(o, "display_unit", info->display_unit);
    doc_text(o, "min_text", value_format(p->quantity, p->min, text, sizeof(text)));
    doc_text(o, "initial_text", value_format(p->quantity, p->initial, text, sizeof(text)));
    doc_text(o, "max_text", value_format(p->quantity, p->max, text, sizeof(text)));
    doc_text(o, "meaning", info->meaning);
    doc_text(o, "origin", p->origin);
    return o;
}

static json_t *lock(const struct limit *limit)
{
    json_t *o = json_object();
    doc_text(o, "limit", limit->id);
    doc_text(o, "quantity", modality_quantity_info(limit->quantity)->id);
    doc_text(o, "verified", limit_verified_id(limit->verified));
    doc_text(o, "source", limit->source);
    doc_text(o, "origin", limit->origin);
    char line[160];
    snprintf(line, sizeof(line), "[accept %s] with by and date in installation.ini unlocks it", limit->id);
    doc_text(o, "unlock", line);
    return o;
}

/* Every limit that locks it: each has to be accepted. */
static json_t *locks_of(const struct dose_tables *t, const struct protocol *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < t->n_limits; i++) {
        if (protocol_locked_by(p, &t->limits[i]))
            json_array_append_new(list, lock(&t->limits[i]));
    }
    return list;
}

/* What ends its treatments, by the dose that is among its parameters. */
static enum course_end end_of(const struct protocol *p)
{
    enum course_end end = COURSE_TIME;
    for (size_t i = 0; i < p->n_parameters; i++) {
        if (p->parameters[i].quantity == doc_course_quantity(COURSE_ION_DOSE))
            end = COURSE_ION_DOSE;
        else if (p->parameters[i].quantity == doc_course_quantity(COURSE_POINTS))
            end = COURSE_POINTS;
    }
    return end;
}

static void protocol_whole(json_t *o, const struct dose_tables *t, const struct protocol *p)
{
    doc_put(o, "channels",
            json_pack("{s:I, s:I}", "min", (json_int_t)p->n_channels_min, "max", (json_int_t)p->n_channels_max));
    doc_put(o, "thermal", json_boolean(p->thermal));
    doc_put(o, "surged", json_boolean(p->surged));
    doc_int(o, "contact_hold_ms", p->contact_hold_ms);
    doc_text(o, "lease_loss", p->lease_loss == LEASE_LOSS_PAUSE ? "pause" : "end");
    doc_int(o, "rest_min_ms", p->rest_min_ms);
    doc_int(o, "sessions_per_day", p->sessions_per_day);
    if (p->sites != 0)
        doc_put(o, "sites", doc_sites(&t->screening, p->sites));
    json_t *parameters = json_array();
    for (size_t i = 0; i < p->n_parameters; i++)
        json_array_append_new(parameters, parameter(&p->parameters[i]));
    doc_put(o, "parameters", parameters);
}

json_t *show_protocol(const struct dose_tables *t, const struct protocol *p, bool whole)
{
    const struct limit *locked = protocol_lock(t, p);
    const enum course_end end = end_of(p);
    json_t *o = json_object();
    doc_text(o, "id", p->id);
    doc_text(o, "label", p->label);
    doc_text(o, "revision", p->revision);
    doc_text(o, "hash", p->hash);
    doc_text(o, "modality", modality_id(p->modality));
    doc_text(o, "therapy", modality_therapy_id(p->therapy));
    doc_text(o, "waveform", modality_waveform_id(p->waveform));
    doc_text(o, "indication", p->indication);
    doc_text(o, "source", p->source);
    doc_text(o, "verified", limit_verified_id(p->verified));
    doc_text(o, "origin", p->origin);
    doc_text(o, "end_by", doc_course_end(end));
    if (end != COURSE_TIME)
        doc_text(o, "end_quantity", modality_quantity_info(doc_course_quantity(end))->id);
    doc_bool(o, "locked", locked != NULL);
    if (locked != NULL) {
        doc_put(o, "lock", lock(locked));
        doc_put(o, "locks", locks_of(t, p));
    }
    if (whole)
        protocol_whole(o, t, p);
    return o;
}
