/* SPDX-License-Identifier: Apache-2.0 */
/* [protocol <id>]: what a therapist chooses from. Every quantity that its device is told has a range and a default. */
#include <string.h>

#include "config/protocol_rules.h"
#include "config/refer.h"

/* What has a range: what is commanded, the dose that ends a session, and what a pad or probe must have. */
static bool is_parameter(enum modality_quantity q)
{
    switch ((int)q) {
    case QUANTITY_waveform_class:
        return false;
    case QUANTITY_electrode_area_mm2:
    case QUANTITY_wavelength_nm:
    case QUANTITY_iontophoresis_dose_ua_min:
        return true;
    default:
        return modality_quantity_info(q)->basis == BASIS_COMMANDED;
    }
}

static void build_parameters(struct load *load, const struct raw_section *s, struct protocol *p)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct raw_line *line = &s->lines[i];
        enum modality_quantity q;
        struct protocol_parameter parameter = {.origin = line->at.origin};
        if (line->refused || modality_quantity_find(line->key, &q) < 0)
            continue;
        if (!is_parameter(q) || (modality_quantity_info(q)->modalities & (unsigned)p->modality) == 0) {
            fault_add(&load->faults, line->at, "%s: is not commanded in this therapy", line->key);
            continue;
        }
        if (p->n_parameters == PROTOCOL_PARAMETERS_MAX) {
            fault_add(&load->faults, line->at, "[%s] has more than %d quantities", s->title, PROTOCOL_PARAMETERS_MAX);
            return;
        }
        if (!field_parameter(load, line, q, &parameter.min, &parameter.initial, &parameter.max))
            continue;
        if (parameter.min < 0 && modality_quantity_info(q)->dimension != DIMENSION_TEMPERATURE)
            fault_add(&load->faults, line->at, "%s = %s: is negative", line->key, line->value);
        parameter.quantity = q;
        p->parameters[p->n_parameters++] = parameter;
    }
}

/* The quantity that is walked from rest. */
static enum modality_quantity level_of(const struct protocol *p)
{
    switch (p->modality) {
    case MODALITY_ESTIM:
        return p->waveform == WAVEFORM_hvpc ? QUANTITY_amplitude_mv : QUANTITY_amplitude_ua;
    case MODALITY_ULTRASOUND:
        return QUANTITY_intensity_satp_uw_cm2;
    case MODALITY_LASER:
        return p->waveform == WAVEFORM_laser_pulsed ? QUANTITY_peak_power_uw : QUANTITY_power_uw;
    case MODALITY_COLD:
        break;
    }
    return QUANTITY_temperature_millic;
}

static void build_kind(struct load *load, const struct raw_section *s, struct protocol *p)
{
    const char *therapy, *waveform;
    p->modality = (enum modality)MODALITY_ANY;
    if (!field_text(load, s, "therapy", &therapy) || !field_text(load, s, "waveform", &waveform))
        return;
    int t = refer_therapy(load, therapy), w = refer_waveform(load, waveform);
    if (t < 0)
        fault_add(&load->faults, section_line(s, "therapy")->at, "therapy = %s: there is no such therapy", therapy);
    if (w < 0)
        fault_add(&load->faults, section_line(s, "waveform")->at, "waveform = %s: there is no such waveform class",
                  waveform);
    if (t < 0 || w < 0)
        return;
    p->therapy = (enum modality_therapy)t;
    p->waveform = (enum modality_waveform)w;
    p->modality = modality_therapy_modality(p->therapy);
    if (modality_waveform_modality(p->waveform) != p->modality)
        fault_add(&load->faults, section_line(s, "waveform")->at, "waveform = %s: is not of the modality of %s",
                  waveform, therapy);
    protocol_need(load, s, level_of(p));
}

static void build_schedule(struct load *load, const struct raw_section *s, struct protocol *p)
{
    const struct raw_line *rest = section_line(s, "rest_min"), *sessions = section_line(s, "sessions_per_day");
    field_value(load, s, "rest_min", QUANTITY_COUNT, &p->rest_min_ms);
    field_count(load, s, "sessions_per_day", &p->sessions_per_day);
    p->rest_origin = rest != NULL ? rest->at.origin : s->at.origin;
    p->sessions_origin = sessions != NULL ? sessions->at.origin : s->at.origin;
    protocol_need(load, s, QUANTITY_duration_ms);
}

static void build_contact(struct load *load, const struct raw_section *s, struct protocol *p)
{
    const struct raw_line *line = section_line(s, "contact_hold");
    if (p->modality == MODALITY_ULTRASOUND)
        field_value(load, s, "contact_hold", QUANTITY_COUNT, &p->contact_hold_ms);
    else if (line != NULL && p->modality != (enum modality)MODALITY_ANY)
        fault_add(&load->faults, line->at, "contact_hold: only ultrasound may resume by contact");
}

static void build_protocol(struct load *load, const struct raw_section *s, struct protocol *p)
{
    static const enum limit_verified verified[] = {VERIFIED_YES, VERIFIED_NO, VERIFIED_CHOICE};
    int64_t least = 1, most = 1;
    unsigned word;
    *p = (struct protocol){.id = s->id, .label = "", .revision = "", .source = "", .origin = s->at.origin};
    field_text(load, s, "label", &p->label);
    field_text(load, s, "revision", &p->revision);
    field_text(load, s, "indication", &p->indication);
    field_text(load, s, "source", &p->source);
    build_kind(load, s, p);
    field_counts(load, s, "channels", &least, &most);
    p->n_channels_min = (size_t)least;
    p->n_channels_max = (size_t)most;
    field_yes(load, s, "thermal", &p->thermal);
    if (field_word(load, s, "lease_loss", &word))
        p->lease_loss = (enum lease_loss)word;
    if (field_word(load, s, "verified", &word))
        p->verified = verified[word];
    refer_mask(load, s, "sites", refer_site, "site", &p->sites);
    build_schedule(load, s, p);
    build_contact(load, s, p);
    build_parameters(load, s, p);
    protocol_check_rules(load, s, p);
    section_hash(s, p->hash);
}

void build_protocols(struct load *load)
{
    struct protocol *all = arena_array(load->arena, section_count(load, SECTION_PROTOCOL), sizeof(*all));
    const struct raw_section *s;
    size_t next = 0, n = 0;
    if (all == NULL)
        return;
    while ((s = section_next(load, SECTION_PROTOCOL, &next)) != NULL)
        build_protocol(load, s, &all[n++]);
    load->config->dose.protocols = all;
    load->config->dose.n_protocols = n;
}
