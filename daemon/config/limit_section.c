/* SPDX-License-Identifier: Apache-2.0 */
/*
 * [limit <id>]: one bound, whoever wrote it.
 */
#include <string.h>

#include "config/refer.h"

/* The order of the words in keys.c. */
static const enum modality modalities[] = {MODALITY_ESTIM, MODALITY_ULTRASOUND, MODALITY_LASER, MODALITY_COLD};

static void build_modality(struct load *load, const struct raw_section *s, struct limit *l)
{
    unsigned word;
    l->modality = (enum modality)MODALITY_ANY;
    if (field_word(load, s, "modality", &word) && word < sizeof(modalities) / sizeof(modalities[0]))
        l->modality = modalities[word];
}

/* One bound; which is not negative, but for temperatures. */
static void build_bound(struct load *load, const struct raw_section *s, const char *key, enum modality_quantity q,
                        bool *has, int64_t *bound)
{
    const struct raw_line *line = section_line(s, key);
    if (line == NULL || !field_value(load, s, key, q, bound))
        return;
    *has = true;
    if (*bound < 0 && modality_quantity_info(q)->dimension != DIMENSION_TEMPERATURE)
        fault_add(&load->faults, line->at, "%s = %s: a bound is not negative", key, line->value);
}

static void build_bounds(struct load *load, const struct raw_section *s, struct limit *l)
{
    const char *id;
    const bool unbound = section_line(s, "max") == NULL && section_line(s, "min") == NULL;
    if (unbound && l->class != LIMIT_INFO && l->class != LIMIT_DEVICE)
        fault_add(&load->faults, s->at, "[%s] bounds nothing: it needs max or min, which only info and device may lack",
                  s->title);
    if (!field_text(load, s, "quantity", &id))
        return;
    const struct raw_line *line = section_line(s, "quantity");
    if (modality_quantity_find(id, &l->quantity) < 0) {
        fault_add(&load->faults, line->at, "quantity = %s: there is no such quantity", id);
        return;
    }
    if (((unsigned)l->modality & ~modality_quantity_info(l->quantity)->modalities) != 0)
        fault_add(&load->faults, line->at, "quantity = %s: is not a quantity of the modality %s", id,
                  section_line(s, "modality") != NULL ? section_line(s, "modality")->value : "any");
    build_bound(load, s, "max", l->quantity, &l->has_max, &l->max);
    build_bound(load, s, "min", l->quantity, &l->has_min, &l->min);
    l->use = limit_use_of(l->quantity);
    if (l->quantity == QUANTITY_rest_interval_ms && l->has_min && l->min > DOSE_REST_MAX_MS)
        fault_add(&load->faults, section_line(s, "min")->at, "min = %s: ends are remembered for 14 days",
                  section_line(s, "min")->value);
    if (l->has_max && l->has_min && l->min > l->max)
        fault_add(&load->faults, s->at, "[%s]: min is above max", s->title);
}

/* What counts across sessions is one session, or nothing, over any shorter time. */
static void check_scope(struct load *load, const struct raw_section *s, const struct limit *l)
{
    const struct raw_line *scope = section_line(s, "scope");
    const bool across = l->quantity == QUANTITY_rest_interval_ms || l->quantity == QUANTITY_session_count;
    if (across && scope != NULL && !scope->refused && l->scope != SCOPE_PER_24H)
        fault_add(&load->faults, scope->at, "scope = %s: %s counts across sessions and has the scope per-24h",
                  scope->value, modality_quantity_info(l->quantity)->id);
}

/* when.<quantity> = A..B */
static void build_ranges(struct load *load, const struct raw_section *s, struct limit_when *when)
{
    for (size_t i = 0; i < s->n_lines; i++) {
        const struct raw_line *line = &s->lines[i];
        const struct key_info *info = keys_find(s->kind, line->key);
        enum modality_quantity q;
        struct band band;
        if (line->refused || info == NULL || info->type != KEY_BAND ||
            modality_quantity_find(line->key + strlen("when."), &q) < 0)
            continue;
        if (when->n_ranges == LIMIT_WHEN_RANGES) {
            fault_add(&load->faults, line->at, "[%s] has more than %d bands", s->title, LIMIT_WHEN_RANGES);
            return;
        }
        if (!field_band(load, line, q, &band))
            continue;
        when->ranges[when->n_ranges++] = (struct limit_range){
            .quantity = q, .has_above = band.has_low, .has_upto = band.has_high, .above = band.low, .upto = band.high};
    }
}

/*
 * after = cryo, tens: time since these ended, whatever modality they are of. As a least time it is an order rule; as a
 * greatest one it would refuse whoever waited.
 */
static void build_after(struct load *load, const struct raw_section *s, struct limit *l)
{
    const struct raw_line *line = section_line(s, "after");
    uint64_t therapies = 0;
    if (line == NULL || line->refused)
        return;
    refer_mask(load, s, "after", refer_therapy, "therapy", &therapies);
    l->when.after = (uint32_t)therapies;
    if (l->quantity != QUANTITY_rest_interval_ms || section_line(s, "min") == NULL)
        fault_add(&load->faults, line->at, "after = %s: counts for a limit with a min of rest_interval_ms only",
                  line->value);
}

/* Nor does a limit ever apply that names waveforms which none of its therapies has. */
static void check_pair(struct load *load, const struct raw_section *s, const struct limit *l)
{
    uint32_t had = 0;
    if (l->when.waveforms == 0 || l->when.therapies == 0)
        return;
    for (unsigned t = 0; t < THERAPY_COUNT; t++)
        if (((l->when.therapies >> t) & 1u) != 0)
            had |= modality_therapy_waveforms((enum modality_therapy)t);
    if ((had & l->when.waveforms) == 0)
        fault_add(&load->faults, section_line(s, "when.waveform")->at,
                  "when.waveform: none of the therapies of when.therapy is given by it");
}

/* Classes and therapies of another modality would make a limit that never applies. */
static void check_when(struct load *load, const struct raw_section *s, const struct limit *l)
{
    for (unsigned w = 0; w < WAVEFORM_COUNT; w++)
        if ((l->when.waveforms >> w & 1u) != 0 &&
            ((unsigned)modality_waveform_modality((enum modality_waveform)w) & (unsigned)l->modality) == 0)
            fault_add(&load->faults, section_line(s, "when.waveform")->at, "when.waveform: %s is of another modality",
                      modality_waveform_id((enum modality_waveform)w));
    for (unsigned t = 0; t < THERAPY_COUNT; t++)
        if ((l->when.therapies >> t & 1u) != 0 &&
            ((unsigned)modality_therapy_modality((enum modality_therapy)t) & (unsigned)l->modality) == 0)
            fault_add(&load->faults, section_line(s, "when.therapy")->at, "when.therapy: %s is of another modality",
                      modality_therapy_id((enum modality_therapy)t));
    check_pair(load, s, l);
}

/*
 * A bound on what is given holds at the sites that it names and in what lies there: a tendon's is not the calf's. What
 * adds up or waits is one account with the whole too, or giving the same under the wider name would go past it.
 */
static void build_limit_sites(struct load *load, const struct raw_section *s, struct limit *l)
{
    if (l->scope == SCOPE_PER_24H)
        refer_sites_met(load, s, "when.site", &l->when.sites);
    else
        refer_sites_within(load, s, "when.site", &l->when.sites);
}

static void build_when(struct load *load, const struct raw_section *s, struct limit *l)
{
    uint64_t waveforms = 0, therapies = 0;
    unsigned word;
    refer_mask(load, s, "when.waveform", refer_waveform, "waveform class", &waveforms);
    refer_mask(load, s, "when.therapy", refer_therapy, "therapy", &therapies);
    l->when.waveforms = (uint32_t)waveforms;
    l->when.therapies = (uint32_t)therapies;
    build_limit_sites(load, s, l);
    refer_mask(load, s, "when.condition", refer_condition, "condition", &l->when.conditions);
    refer_mask(load, s, "when.applicator", refer_applicator, "applicator", &l->when.applicators);
    l->when.unless_thermal = field_word(load, s, "when.thermal", &word);
    l->when.no_indicator = field_word(load, s, "when.output_indicator", &word);
    build_after(load, s, l);
    build_ranges(load, s, &l->when);
    check_when(load, s, l);
}

void limit_build(struct load *load, const struct raw_section *s, struct limit *l)
{
    static const enum limit_verified verified[] = {VERIFIED_YES, VERIFIED_NO, VERIFIED_CHOICE};
    unsigned word;
    *l = (struct limit){.id = s->id, .layer = LAYER_INSTALLATION, .source = "", .origin = s->at.origin};
    build_modality(load, s, l);
    if (field_word(load, s, "scope", &word))
        l->scope = (enum limit_scope)word;
    if (field_word(load, s, "class", &word))
        l->class = (enum limit_class)word;
    build_bounds(load, s, l);
    check_scope(load, s, l);
    if (field_word(load, s, "verified", &word))
        l->verified = verified[word];
    field_text(load, s, "source", &l->source);
    build_when(load, s, l);
}
