/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening as a whole: a code that forbids or warns, or a limit for a condition, is worth nothing where no question
 * leads to that condition, nor is one that forbids "here" where no answer can say so; and a therapy without any
 * question would be started unasked. Told once every section can be read for itself.
 */
#include <string.h>

#include "config/load.h"

static bool all_sound(const struct load *load, enum key_section kind)
{
    const struct raw_section *s;
    size_t next = 0;
    while ((s = section_next(load, kind, &next)) != NULL)
        if (!section_sound(load, s))
            return false;
    return true;
}

static bool declares(const struct question *q, int condition, bool here)
{
    for (size_t i = 0; i < q->n_answers; i++)
        if (q->answers[i].condition == condition && (q->answers[i].here || !here))
            return true;
    return false;
}

/* Whether the electrodes of such a therapy may declare the condition by the way they lie. */
static bool lies_may_declare(const struct condition *c, enum modality_therapy therapy)
{
    return modality_therapy_modality(therapy) == MODALITY_ESTIM && (c->n_paths > 0 || c->left_right != 0);
}

/*
 * The sites at which a question may lead to the condition, or say that it is here; all are all bits. One that belongs
 * to an indication counts: a request may name it, whatever the protocols are for.
 */
static uint64_t sites_asked(const struct config *config, int condition, enum modality_therapy therapy, bool here)
{
    const struct screening *s = &config->dose.screening;
    uint64_t asked = 0;
    for (size_t i = 0; i < s->n_questions; i++) {
        const struct question *q = &s->questions[i];
        if (declares(q, condition, here) && screening_is_for(q, therapy))
            asked |= q->sites == 0 ? UINT64_MAX : q->sites;
    }
    return asked;
}

static void check_code(struct load *load, const struct raw_section *section, const struct condition *c, int index,
                       enum modality_therapy therapy)
{
    const struct screening *s = &load->config->dose.screening;
    const enum screening_column column = screening_column_of(therapy);
    const struct raw_line *line = section_line(section, screening_column_id(column));
    const uint64_t asked = sites_asked(load->config, index, therapy, false);
    if (c->codes[column] == SCREEN_ALLOWED || line == NULL)
        return;
    if (c->codes[column] == SCREEN_LOCAL && c->local_sites == 0 &&
        (asked & ~sites_asked(load->config, index, therapy, true)) != 0)
        fault_add(&load->faults, line->at,
                  "%s = %s: forbids nothing for %s where no answer says \"%s, here\", and %s has no local_sites",
                  line->key, line->value, modality_therapy_id(therapy), c->id, c->id);
    if (lies_may_declare(c, therapy))
        return;
    if (asked == 0)
        fault_add(&load->faults, line->at, "%s = %s: no question for %s leads to the condition %s", line->key,
                  line->value, modality_therapy_id(therapy), c->id);
    for (size_t i = 0; asked != 0 && c->codes[column] == SCREEN_LOCAL && i < s->n_sites; i++)
        if (((c->local_sites & ~asked) >> i & 1u) != 0)
            fault_add(&load->faults, line->at, "%s = %s: no question for %s at the site %s leads to the condition %s",
                      line->key, line->value, modality_therapy_id(therapy), s->sites[i].id, c->id);
}

/* A section may stand beyond the room of the table; that was told. */
static void check_conditions(struct load *load)
{
    const struct screening *s = &load->config->dose.screening;
    const struct raw_section *section;
    size_t next = 0;
    for (size_t i = 0; i < s->n_conditions && (section = section_next(load, SECTION_CONDITION, &next)) != NULL; i++)
        for (unsigned t = 0; t < THERAPY_COUNT; t++)
            check_code(load, section, &s->conditions[i], (int)i, (enum modality_therapy)t);
}

/* A limit for patients with a condition holds for nobody where nobody is asked about it. */
static void check_limit(struct load *load, const struct raw_section *section, const struct limit *l)
{
    const struct screening *s = &load->config->dose.screening;
    for (size_t i = 0; i < s->n_conditions; i++) {
        bool asked = ((l->when.conditions >> i) & 1u) == 0;
        for (unsigned t = 0; t < THERAPY_COUNT && !asked; t++) {
            const enum modality_therapy therapy = (enum modality_therapy)t;
            const bool meant = ((unsigned)modality_therapy_modality(therapy) & (unsigned)l->modality) != 0 &&
                               (l->when.therapies == 0 || ((l->when.therapies >> t) & 1u) != 0);
            asked = meant && (lies_may_declare(&s->conditions[i], therapy) ||
                              sites_asked(load->config, (int)i, therapy, false) != 0);
        }
        if (!asked)
            fault_add(&load->faults, section_line(section, "when.condition")->at,
                      "when.condition: no question for what the limit bounds leads to the condition %s",
                      s->conditions[i].id);
    }
}

static void check_limits(struct load *load)
{
    const struct dose_tables *t = &load->config->dose;
    const struct raw_section *section;
    for (size_t i = 0; i < t->n_limits; i++) {
        size_t next = 0;
        while (t->limits[i].when.conditions != 0 && (section = section_next(load, SECTION_LIMIT, &next)) != NULL)
            if (strcmp(section->id, t->limits[i].id) == 0 && section_line(section, "when.condition") != NULL)
                check_limit(load, section, &t->limits[i]);
    }
}

static void check_protocols(struct load *load)
{
    const struct dose_tables *t = &load->config->dose;
    const struct raw_section *section;
    size_t next = 0;
    for (size_t i = 0; i < t->n_protocols && (section = section_next(load, SECTION_PROTOCOL, &next)) != NULL; i++) {
        const struct protocol *p = &t->protocols[i];
        const struct raw_line *line = section_line(section, "therapy");
        if (p->modality != (enum modality)MODALITY_ANY && line != NULL &&
            !screening_asks_anything(&t->screening, p->therapy))
            fault_add(&load->faults, line->at, "therapy = %s: no screening question is asked for it", line->value);
    }
}

void check_screening(struct load *load)
{
    if (!all_sound(load, SECTION_SITE) || !all_sound(load, SECTION_CONDITION) || !all_sound(load, SECTION_QUESTION))
        return;
    check_conditions(load);
    check_limits(load);
    check_protocols(load);
}
