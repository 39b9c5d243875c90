/* SPDX-License-Identifier: Apache-2.0 */
/* The rules between the quantities of a protocol. Each fault stands at the line of the quantity that is wrong there. */
#include "config/protocol_rules.h"

#include "config/refer.h"
#include "dose/wide.h"

#define POLARITY_ANODE 1
#define POLARITY_CATHODE 2

const struct protocol_parameter *protocol_parameter_find(const struct protocol *p, enum modality_quantity q)
{
    for (size_t i = 0; i < p->n_parameters; i++)
        if (p->parameters[i].quantity == q)
            return &p->parameters[i];
    return NULL;
}

static const struct raw_line *line_of(const struct raw_section *s, enum modality_quantity q)
{
    return section_line(s, modality_quantity_info(q)->id);
}

void protocol_need(struct load *load, const struct raw_section *s, enum modality_quantity q)
{
    if (line_of(s, q) == NULL)
        fault_add(&load->faults, s->at, "[%s] needs the quantity \"%s\"", s->title, modality_quantity_info(q)->id);
}

/* A surge needs all four of its times; a half described one would be walked wrongly. Muscle that never rests is held in
   tetanus: what contracts it has a surge. */
static void check_surge(struct load *load, const struct raw_section *s, struct protocol *p)
{
    static const enum modality_quantity surge[] = {QUANTITY_surge_on_ms, QUANTITY_surge_off_ms, QUANTITY_ramp_up_ms,
                                                   QUANTITY_ramp_down_ms};
    for (size_t i = 0; i < 4; i++)
        p->surged |= line_of(s, surge[i]) != NULL;
    p->surged |= p->therapy == THERAPY_nmes || p->therapy == THERAPY_russian_nmes;
    for (size_t i = 0; i < 4 && p->surged; i++)
        protocol_need(load, s, surge[i]);
}

/* Whether one electrode differs from the other by its sign. */
static bool has_polarity(enum modality_waveform w)
{
    return w == WAVEFORM_monophasic || w == WAVEFORM_biphasic_asymmetric || w == WAVEFORM_hvpc || w == WAVEFORM_dc ||
           w == WAVEFORM_iontophoresis;
}

static void check_polarity(struct load *load, const struct raw_section *s, const struct protocol *p)
{
    const struct protocol_parameter *polarity = protocol_parameter_find(p, QUANTITY_active_polarity);
    if (polarity == NULL)
        return;
    const struct raw_line *line = line_of(s, QUANTITY_active_polarity);
    if (polarity->min < POLARITY_ANODE || polarity->max > POLARITY_CATHODE)
        fault_add(&load->faults, line->at, "active_polarity = %s: is 1 (anode) or 2 (cathode)", line->value);
    if (!has_polarity(p->waveform))
        fault_add(&load->faults, line->at, "active_polarity: the waveform %s has none",
                  modality_waveform_id(p->waveform));
}

static void check_bursts(struct load *load, const struct raw_section *s, const struct protocol *p)
{
    if (p->waveform != WAVEFORM_russian && p->waveform != WAVEFORM_biphasic_burst)
        return;
    protocol_need(load, s, QUANTITY_burst_rate_millihz);
    protocol_need(load, s, QUANTITY_burst_duty_permille);
}

/* Pulses without a pause are none: as continuous ultrasound they would have other questions and limits. */
static void check_pulsed(struct load *load, const struct raw_section *s, const struct protocol *p)
{
    const struct protocol_parameter *duty = protocol_parameter_find(p, QUANTITY_duty_permille);
    const struct raw_line *line = line_of(s, QUANTITY_duty_permille);
    if (p->waveform == WAVEFORM_us_pulsed && duty != NULL && line != NULL && duty->max >= 1000)
        fault_add(&load->faults, line->at, "duty_permille = %s: that is us_continuous, not us_pulsed", line->value);
}

/* The most of it that the default time delivers at the default level: level x time over divisor. */
static void check_reach(struct load *load, const struct raw_section *s, const struct protocol *p,
                        enum modality_quantity level, int64_t divisor, enum modality_quantity dose, int64_t wanted)
{
    const struct protocol_parameter *rate = protocol_parameter_find(p, level);
    const struct protocol_parameter *time = protocol_parameter_find(p, QUANTITY_duration_ms);
    char text[VALUE_TEXT_MAX];
    int64_t most;
    if (rate == NULL || time == NULL || wide_mul_div_up(rate->initial, time->initial, divisor, &most) < 0 ||
        most >= wanted)
        return;
    const struct raw_line *line = line_of(s, QUANTITY_duration_ms);
    fault_add(&load->faults, line->at, "duration_ms = %s: its default ends before the default dose of %s is reached",
              line->value, value_format(dose, wanted, text, sizeof(text)));
}

/* A session that ends at a dose of a drug: its time follows the current, so the current must be more than nothing. */
static void check_drug_dose(struct load *load, const struct raw_section *s, const struct protocol *p)
{
    const struct protocol_parameter *dose = protocol_parameter_find(p, QUANTITY_iontophoresis_dose_ua_min);
    const struct protocol_parameter *current = protocol_parameter_find(p, QUANTITY_amplitude_ua);
    if (dose == NULL)
        return;
    const struct raw_line *line = line_of(s, QUANTITY_iontophoresis_dose_ua_min);
    if (p->waveform != WAVEFORM_iontophoresis)
        fault_add(&load->faults, line->at, "iontophoresis_dose_ua_min: the waveform %s carries no drug",
                  modality_waveform_id(p->waveform));
    if (dose->min == 0)
        fault_add(&load->faults, line->at, "iontophoresis_dose_ua_min = %s: a session that ends at no dose",
                  line->value);
    if (current != NULL && current->min == 0)
        fault_add(&load->faults, line_of(s, QUANTITY_amplitude_ua)->at,
                  "amplitude_ua = %s: without current the dose is never reached",
                  line_of(s, QUANTITY_amplitude_ua)->value);
    check_reach(load, s, p, QUANTITY_amplitude_ua, 60000, QUANTITY_iontophoresis_dose_ua_min, dose->initial);
}

/* Points of a laser: how many, and the energy at which each of them ends. */
static void check_points(struct load *load, const struct raw_section *s, const struct protocol *p)
{
    const struct protocol_parameter *count = protocol_parameter_find(p, QUANTITY_point_count);
    const struct protocol_parameter *energy = protocol_parameter_find(p, QUANTITY_point_energy_uj);
    const struct raw_line *time = line_of(s, QUANTITY_point_duration_ms);
    int64_t total;
    if (count == NULL && energy == NULL)
        return;
    protocol_need(load, s, QUANTITY_point_count);
    protocol_need(load, s, QUANTITY_point_energy_uj);
    if (time != NULL)
        fault_add(&load->faults, time->at, "point_duration_ms = %s: a point ends at point_energy_uj already",
                  time->value);
    if (count != NULL && count->min == 0)
        fault_add(&load->faults, line_of(s, QUANTITY_point_count)->at, "point_count = %s: begins at one point",
                  line_of(s, QUANTITY_point_count)->value);
    if (energy != NULL && energy->min == 0)
        fault_add(&load->faults, line_of(s, QUANTITY_point_energy_uj)->at,
                  "point_energy_uj = %s: a point that ends at no energy", line_of(s, QUANTITY_point_energy_uj)->value);
    if (count != NULL && energy != NULL && wide_mul(count->initial, energy->initial, &total) == 0)
        check_reach(load, s, p, QUANTITY_power_uw, 1000, QUANTITY_energy_uj, total);
}

/* A therapy brings its questions and its limits: under the name of another one a waveform would escape both. */
static void check_kind(struct load *load, const struct raw_section *s, const struct protocol *p)
{
    const uint32_t admitted = modality_therapy_waveforms(p->therapy);
    const char *names = "";
    bool heats = false;
    for (unsigned w = 0; w < WAVEFORM_COUNT; w++)
        if (((admitted >> w) & 1u) != 0)
            names = arena_text(load->arena, "%s%s%s", names, names[0] == '\0' ? "" : ", ",
                               modality_waveform_id((enum modality_waveform)w));
    if (modality_waveform_modality(p->waveform) == p->modality && ((admitted >> p->waveform) & 1u) == 0)
        fault_add(&load->faults, section_line(s, "waveform")->at, "waveform = %s: %s is given by %s",
                  modality_waveform_id(p->waveform), modality_therapy_id(p->therapy), names);
    if (section_line(s, "thermal") != NULL && field_yes(load, s, "thermal", &heats) && heats &&
        !modality_therapy_may_heat(p->therapy))
        fault_add(&load->faults, section_line(s, "thermal")->at, "thermal = yes: %s is not a thermal therapy",
                  modality_therapy_id(p->therapy));
}

void protocol_check_rules(struct load *load, const struct raw_section *s, struct protocol *p)
{
    check_surge(load, s, p);
    if (p->modality == (enum modality)MODALITY_ANY)
        return; /* neither therapy nor waveform is known */
    check_pulsed(load, s, p);
    check_kind(load, s, p);
    check_polarity(load, s, p);
    check_bursts(load, s, p);
    check_drug_dose(load, s, p);
    check_points(load, s, p);
}
