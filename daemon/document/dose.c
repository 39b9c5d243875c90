/* SPDX-License-Identifier: Apache-2.0 */
/* What a treatment gives: channel by channel, over the whole, and until when. */
#include "document/document.h"

static json_t *parameter_document(enum modality_quantity q, int64_t start, int64_t ceiling)
{
    char text[VALUE_TEXT_MAX];
    json_t *o = json_object();
    doc_int(o, "start", start);
    doc_int(o, "ceiling", ceiling);
    doc_text(o, "start_text", value_format(q, start, text, sizeof text));
    doc_text(o, "ceiling_text", value_format(q, ceiling, text, sizeof text));
    return o;
}

static json_t *shares_document(uint8_t shares)
{
    json_t *array = json_array();
    for (int i = 0; i < DOSE_CHANNELS_MAX; i++) {
        if ((shares >> i) & 1)
            json_array_append_new(array, json_integer(i));
    }
    return array;
}

json_t *doc_channel(const struct prescribed *d, const struct dose_picture *picture, size_t channel, const char *name,
                    enum modality_quantity level)
{
    const struct dose_channel *c = &d->treatment.channels[channel];
    json_t *o = json_object(), *parameters = json_object(), *properties = json_object(), *derived = json_object();
    for (int n = 0; n < QUANTITY_COUNT; n++) {
        const enum modality_quantity q = (enum modality_quantity)n;
        const char *id = modality_quantity_info(q)->id;
        const bool commanded = quantity_has(&c->ceiling, q);
        if (commanded && modality_quantity_info(q)->basis == BASIS_PROPERTY)
            doc_put(properties, id, doc_quantity(q, c->ceiling.value[q]));
        else if (commanded)
            doc_put(parameters, id, parameter_document(q, c->start.value[q], c->ceiling.value[q]));
        else if (picture && quantity_has(&picture->ceiling[channel], q))
            doc_put(derived, id, doc_quantity(q, picture->ceiling[channel].value[q]));
    }
    doc_text(o, "channel", name);
    doc_text(o, "level", modality_quantity_info(level)->id);
    doc_text(o, "waveform", modality_waveform_id(c->waveform));
    if (c->shares != 0)
        doc_put(o, "shares", shares_document(c->shares));
    doc_put(o, "parameters", parameters);
    doc_put(o, "properties", properties);
    doc_put(o, "derived", derived);
    return o;
}

json_t *doc_totals(const struct dose_picture *picture)
{
    json_t *o = json_object();
    for (int n = 0; picture && n < QUANTITY_COUNT; n++) {
        const enum modality_quantity q = (enum modality_quantity)n;
        const enum modality_basis basis = modality_quantity_info(q)->basis;
        if (quantity_has(&picture->whole, q) && basis != BASIS_COMMANDED && basis != BASIS_PROPERTY)
            doc_put(o, modality_quantity_info(q)->id, doc_quantity(q, picture->whole.value[q]));
    }
    return o;
}

const char *doc_course_end(enum course_end end)
{
    static const char *const ids[] = {[COURSE_TIME] = "time", [COURSE_ION_DOSE] = "dose", [COURSE_POINTS] = "count"};
    return ids[end];
}

enum modality_quantity doc_course_quantity(enum course_end end)
{
    static const enum modality_quantity quantities[] = {[COURSE_TIME] = QUANTITY_duration_ms,
                                                        [COURSE_ION_DOSE] = QUANTITY_iontophoresis_dose_ua_min,
                                                        [COURSE_POINTS] = QUANTITY_point_energy_uj};
    return quantities[end];
}

json_t *doc_course(const struct course *course)
{
    const enum modality_quantity q = doc_course_quantity(course->end);
    json_t *o = json_object();
    doc_text(o, "end_by", doc_course_end(course->end));
    doc_int(o, "turns", course->turns);
    if (course->end != COURSE_TIME)
        doc_put(o, modality_quantity_info(q)->id, doc_quantity(q, course->amount));
    doc_int(o, "expected_ms", course->time_ms);
    doc_int(o, "fastest_ms", course->fastest_ms);
    doc_int(o, "longest_ms", course->longest_ms);
    return o;
}

json_t *doc_sites(const struct screening *s, uint64_t set)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->n_sites && i < DOSE_SITES_MAX; i++) {
        if ((set >> i) & 1u)
            json_array_append_new(array, json_string(s->sites[i].id));
    }
    return array;
}

json_t *doc_conditions(const struct screening *s, uint64_t set)
{
    json_t *array = json_array();
    for (size_t i = 0; i < s->n_conditions && i < SCREENING_CONDITIONS_MAX; i++) {
        if ((set >> i) & 1u)
            json_array_append_new(array, json_string(s->conditions[i].id));
    }
    return array;
}

json_t *doc_protocol(const struct protocol *p)
{
    json_t *o = json_object();
    doc_text(o, "id", p->id);
    doc_text(o, "label", p->label);
    doc_text(o, "revision", p->revision);
    doc_text(o, "hash", p->hash);
    doc_text(o, "modality", modality_id(p->modality));
    doc_text(o, "therapy", modality_therapy_id(p->therapy));
    doc_text(o, "waveform", modality_waveform_id(p->waveform));
    return o;
}

json_t *doc_dose(const struct prescription *p, const struct prescribed *d, const struct dose_picture *picture,
                 enum modality_quantity level)
{
    char text[VALUE_TEXT_MAX];
    const struct dose_treatment *t = &d->treatment;
    if (!d->protocol)
        return NULL;
    json_t *o = json_object(), *channels = json_array();
    for (size_t i = 0; i < t->n_channels; i++)
        json_array_append_new(channels, doc_channel(d, picture, i, p->channels[i], level));
    doc_put(o, "protocol", doc_protocol(d->protocol));
    doc_int(o, "duration_ms", t->duration_ms);
    doc_text(o, "duration_text", value_format(QUANTITY_duration_ms, t->duration_ms, text, sizeof text));
    doc_put(o, "sites", doc_sites(&d->tables->screening, t->sites));
    doc_put(o, "conditions", doc_conditions(&d->tables->screening, t->conditions));
    doc_put(o, "channels", channels);
    doc_put(o, "totals", doc_totals(picture));
    doc_put(o, "course", picture ? doc_course(&picture->course) : NULL);
    return o;
}
