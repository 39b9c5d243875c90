/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dose sheet: what a person confirms. It holds nothing that changes by itself with time, because start recomputes
 * it and refuses when one member differs.
 */
#include "session/internal.h"

#include "dose/wide.h"

#define BINDING_LIMITS 8 /* limits shown with the least headroom */

static json_t *device_document(const struct plan *plan)
{
    const struct unit *u = plan->unit;
    json_t *o = json_object();
    doc_text(o, "id", u->id);
    doc_text(o, "label", u->settings->label);
    doc_text(o, "location", u->settings->location);
    doc_text(o, "colour_tag", u->settings->colour_tag);
    doc_text(o, "model", u->identity.model);
    doc_text(o, "serial", u->identity.serial);
    doc_text(o, "firmware", u->identity.firmware);
    doc_int(o, "identity_epoch", (int64_t)u->epoch);
    return o;
}

/* Where each pad of a channel lies, the target's site where none is named. */
static json_t *electrodes_document(const struct session_request *rq, const char *channel)
{
    json_t *array = json_array();
    for (size_t i = 0; i < rq->output.n_electrodes; i++) {
        const struct prescription_electrode *e = &rq->output.electrodes[i];
        if (!e->channel || !channel || strcmp(e->channel, channel) != 0)
            continue;
        json_t *o = json_object();
        doc_text(o, "label", e->label);
        doc_text(o, "skin_site", e->skin_site ? e->skin_site : rq->site);
        doc_text(o, "side", e->side ? e->side : rq->side);
        doc_int(o, "area_mm2", e->area_mm2);
        json_array_append_new(array, o);
    }
    return array;
}

static json_t *channel_document(const struct assessment *a, const struct session_request *rq, size_t i)
{
    const char *name = rq->output.channels[i];
    json_t *o = doc_channel(&a->plan.dose, a->has_picture ? &a->picture : NULL, i, name, a->plan.level);
    doc_put(o, "electrodes", electrodes_document(rq, name));
    return o;
}

static json_t *output_document(const struct assessment *a, const struct session_request *rq)
{
    json_t *o = json_object(), *channels = json_array();
    for (size_t i = 0; i < a->plan.dose.treatment.n_channels; i++)
        json_array_append_new(channels, channel_document(a, rq, i));
    doc_text(o, "device", rq->output.device);
    doc_text(o, "group", rq->output.group);
    doc_text(o, "arrangement", rq->output.arrangement);
    doc_text(o, "applicator_ref", rq->output.applicator_ref);
    doc_put(o, "channels", channels);
    return o;
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value && strcmp(value, text) == 0;
}

/* Of the ranges of protocol and device only that of the level says how much: the others say what may be chosen. */
static bool binds_dose(const json_t *limit, enum modality_quantity level)
{
    const bool range = is_text(limit, "layer", "protocol") || is_text(limit, "layer", "device");
    return is_text(limit, "class", "hard") && (!range || is_text(limit, "quantity", modality_quantity_info(level)->id));
}

/* Headroom as a share of the bound, in millionths; INT64_MAX where a limit has none or does not refuse. */
static int64_t headroom_share(const json_t *limit, enum modality_quantity level)
{
    const json_t *headroom = json_object_get(limit, "headroom");
    const int64_t bound = json_integer_value(json_object_get(limit, "bound")), left = json_integer_value(headroom);
    int64_t share;
    if (!headroom || bound <= 0 || !binds_dose(limit, level))
        return INT64_MAX;
    return left <= 0 ? 0 : wide_mul_div_down(left, 1000000, bound, &share) == 0 ? share : INT64_MAX - 1;
}

/* Hard limits with a value, the one with the least headroom first. */
static json_t *binding_limits(const struct assessment *a)
{
    json_t *all = assess_limits(a), *some = json_array();
    while (json_array_size(some) < BINDING_LIMITS) {
        size_t best = SIZE_MAX, index;
        int64_t least = INT64_MAX;
        json_t *limit;
        json_array_foreach(all, index, limit)
        {
            const int64_t share = headroom_share(limit, a->plan.level);
            if (share < least) {
                best = index;
                least = share;
            }
        }
        if (best == SIZE_MAX)
            break;
        json_array_append(some, json_array_get(all, best));
        json_array_remove(all, best);
    }
    json_decref(all);
    return some;
}

static json_t *history_document(const struct dose_history *h)
{
    json_t *o = json_object();
    doc_int(o, "duration_ms", h->duration_ms);
    doc_int(o, "energy_uj", h->energy_uj);
    doc_int(o, "session_charge_uc", h->session_charge_uc);
    doc_int(o, "iontophoresis_dose_ua_min", h->iontophoresis_dose_ua_min);
    doc_int(o, "cem43_ms", h->cem43_ms);
    doc_int(o, "cold_dose_millic_min", h->cold_dose_millic_min);
    doc_int(o, "session_count", h->session_count);
    return o;
}

json_t *sheet_history(const struct dose_history *h)
{
    json_t *o = history_document(h), *since = json_object();
    if (h->has_last_end)
        doc_int(o, "since_last_end_ms", h->since_last_end_ms);
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        if ((h->ended >> i) & 1u)
            doc_int(since, modality_therapy_id((enum modality_therapy)i), h->since_end_ms[i]);
    }
    doc_put(o, "since_end_ms", since);
    return o;
}

/* How the device can prove rest: by a measurement of its output, or by what it reports. */
static const char *evidence_of(const struct plan *plan)
{
    bool measured = plan->resolved;
    for (size_t i = 0; measured && i < plan->dose.treatment.n_channels; i++)
        measured = plan->device[i]->level_measured;
    return measured ? "measured" : "reported";
}

/* By dose: the walks to the level come on top of the time that it takes there. */
static json_t *course_document(const struct assessment *a)
{
    json_t *o = doc_course(&a->picture.course);
    if (a->picture.course.end != COURSE_TIME && a->plan.resolved)
        doc_int(o, "walk_ms", a->walk_ms);
    return o;
}

static json_t *names(const char *const *texts, size_t n)
{
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, json_string(texts[i]));
    return array;
}

static json_t *overrides_document(const struct session_request *rq)
{
    json_t *array = json_array();
    for (size_t i = 0; i < rq->n_overrides; i++) {
        json_t *o = json_object();
        doc_text(o, "condition", rq->overrides[i].condition);
        doc_text(o, "by", rq->overrides[i].by);
        doc_text(o, "reason", rq->overrides[i].reason);
        json_array_append_new(array, o);
    }
    return array;
}

json_t *sheet_make(const struct sessions *s, const struct assessment *a, const struct session_request *rq,
                   const struct session_actor *actor)
{
    const struct plan *plan = &a->plan;
    char text[64];
    if (!plan->unit || !plan->dose.protocol || plan->dose.site < 0)
        return NULL;
    json_t *o = json_object(), *outputs = json_array(), *person = json_object();
    json_array_append_new(outputs, output_document(a, rq));
    doc_text(person, "id", actor->operator_id);
    doc_text(person, "name", actor->operator_name);
    doc_int(o, "schema_version", SESSION_SCHEMA_VERSION);
    doc_put(o, "operator", person);
    doc_text(o, "patient_ref", rq->patient_ref);
    doc_text(o, "patient_check", rq->patient_check);
    doc_text(o, "site", rq->site);
    doc_text(o, "site_label", plan->dose.tables->screening.sites[plan->dose.site].label);
    doc_text(o, "side", rq->side);
    doc_put(o, "device", device_document(plan));
    doc_put(o, "protocol", doc_protocol(plan->dose.protocol));
    doc_int(o, "duration_ms", plan->dose.treatment.duration_ms);
    doc_text(o, "duration_text",
             value_format(QUANTITY_duration_ms, plan->dose.treatment.duration_ms, text, sizeof text));
    doc_put(o, "outputs", outputs);
    if (a->has_picture)
        doc_put(o, "course", course_document(a));
    doc_put(o, "totals", doc_totals(a->has_picture ? &a->picture : NULL));
    doc_put(o, "limits", binding_limits(a));
    doc_put(o, "planned", doc_amounts(&a->planned));
    doc_put(o, "worst", doc_amounts(&a->worst));
    doc_put(o, "history_24h", history_document(&a->history));
    doc_put(o, "conditions", doc_conditions(&plan->dose.tables->screening, plan->dose.treatment.conditions));
    doc_put(o, "overrides", overrides_document(rq));
    doc_put(o, "acknowledged", names(rq->acknowledged, rq->n_acknowledged));
    doc_text(o, "evidence", evidence_of(plan));
    doc_int(o, "dead_man_ms", a->dead_man_ms);
    doc_int(o, "contact_hold_ms", plan->dose.protocol->contact_hold_ms);
    doc_text(o, "lease_loss", plan->dose.protocol->lease_loss == LEASE_LOSS_PAUSE ? "pause" : "end");
    doc_bool(o, "simulated", plan->unit->settings->simulated || plan->unit->info.device.simulated);
    doc_int(o, "config_generation", (int64_t)s->settings.config_generation);
    doc_text(o, "config_hash", s->settings.config_hash);
    return o;
}

json_t *sheet_differences(const json_t *before, const json_t *after)
{
    json_t *array = json_array();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)before, key, value)
    {
        if (!json_equal(value, json_object_get(after, key)))
            json_array_append_new(array, json_string(key));
    }
    json_object_foreach((json_t *)(uintptr_t)after, key, value)
    {
        if (!json_object_get(before, key))
            json_array_append_new(array, json_string(key));
    }
    return array;
}
