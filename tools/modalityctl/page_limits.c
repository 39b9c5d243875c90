/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on the page: a table for each modality, one for what holds for several, and one for the order of treatments.
 * Every limit stands once, the hard ones first.
 */
#include <stdio.h>

#include "page.h"

static void page_bounds(const struct limit *l)
{
    fputs("<td>", stdout);
    if (l->has_min) {
        printf("at least ");
        page_value(l->quantity, l->min);
    }
    if (l->has_min && l->has_max)
        printf(", ");
    if (l->has_max) {
        printf("at most ");
        page_value(l->quantity, l->max);
    }
    if (!l->has_min && !l->has_max)
        printf("shown");
    fputs("</td>", stdout);
}

static void page_band(const struct limit_range *band)
{
    printf("<div>%s", modality_quantity_info(band->quantity)->id);
    if (band->has_above) {
        printf(" above ");
        page_value(band->quantity, band->above);
    }
    if (band->has_upto) {
        printf(" up to ");
        page_value(band->quantity, band->upto);
    }
    fputs("</div>", stdout);
}

static void page_waveforms(uint32_t set)
{
    struct page_list list = {.title = "waveform"};
    for (unsigned i = 0; i < WAVEFORM_COUNT; i++) {
        if ((set >> i) & 1u)
            page_item(&list, modality_waveform_id((enum modality_waveform)i));
    }
    page_list_end(&list);
}

static void page_conditions(const struct screening *s, uint64_t set)
{
    struct page_list list = {.title = "condition"};
    for (size_t i = 0; i < s->n_conditions && i < SCREENING_CONDITIONS_MAX; i++) {
        if ((set >> i) & 1u)
            page_item(&list, s->conditions[i].label);
    }
    page_list_end(&list);
}

static void page_applicators(const struct dose_tables *t, uint64_t set)
{
    struct page_list list = {.title = "applicator"};
    for (size_t i = 0; i < t->n_applicators && i < 64; i++) {
        if ((set >> i) & 1u)
            page_item(&list, t->applicators[i].id);
    }
    page_list_end(&list);
}

/* Under which conditions the limit holds; an empty cell: always. */
static void page_when(const struct dose_tables *t, const struct limit_when *w)
{
    fputs("<td>", stdout);
    page_waveforms(w->waveforms);
    page_therapies("therapy", w->therapies);
    page_sites("site", &t->screening, w->sites);
    page_conditions(&t->screening, w->conditions);
    page_applicators(t, w->applicators);
    for (size_t i = 0; i < w->n_ranges; i++)
        page_band(&w->ranges[i]);
    printf("%s%s</td>", w->unless_thermal ? "<div>unless the protocol is thermal</div>" : "",
           w->no_indicator ? "<div>device without an output indicator</div>" : "");
}

static void page_basis(const struct limit *l)
{
    page_cell(l->source);
    page_verified(l->verified, l->accepted);
    page_cell(l->origin);
}

static void page_limit(const struct dose_tables *t, const struct limit *l)
{
    page_row("limit", l->id, limit_class_id(l->class));
    page_cell(l->id);
    page_cell(modality_quantity_info(l->quantity)->meaning);
    page_bounds(l);
    page_cell(limit_scope_id(l->scope));
    page_cell(limit_class_id(l->class));
    page_when(t, &l->when);
    page_basis(l);
    page_row_end();
}

static bool of_one(enum modality m)
{
    return ((unsigned)m & ((unsigned)m - 1u)) == 0;
}

/* Limits of exactly this modality; 0: those of several. */
static void page_of(const struct dose_tables *t, unsigned modality, const char *heading)
{
    static const char *const columns[] = {"id",        "what is bounded", "bound",    "scope", "class",
                                          "holds for", "source",          "verified", "place", NULL};
    page_table(heading, NULL, columns);
    for (int class = LIMIT_HARD; class <= LIMIT_DEVICE; class ++) {
        for (size_t i = 0; i < t->n_limits; i++) {
            const struct limit *l = &t->limits[i];
            const unsigned own = of_one(l->modality) ? (unsigned)l->modality : 0;
            if ((int)l->class == class && l->when.after == 0 && own == modality)
                page_limit(t, l);
        }
    }
    page_table_end();
}

/* "at least 30 min after the end of cryo (cryotherapy), on any site that both touch" */
static void page_rule(const struct dose_tables *t, const struct limit *l)
{
    struct page_list after = {.title = NULL};
    page_row("limit", l->id, limit_class_id(l->class));
    page_cell(l->id);
    fputs("<td>", stdout);
    page_text(modality_id(l->modality));
    fputs("</td><td>at least ", stdout);
    page_value(l->quantity, l->min);
    fputs(" after the end of", stdout);
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        if ((l->when.after >> i) & 1u)
            page_item(&after, modality_therapy_meaning((enum modality_therapy)i));
    }
    page_list_end(&after);
    fputs("</td>", stdout);
    page_cell(limit_class_id(l->class));
    page_when(t, &l->when);
    page_basis(l);
    page_row_end();
}

static void page_order(const struct dose_tables *t)
{
    static const char *const columns[] = {"id",     "treatment", "not before", "class", "holds for",
                                          "source", "verified",  "place",      NULL};
    page_table("Order of treatments", "What must not follow too soon on a site where something else was given.",
               columns);
    for (size_t i = 0; i < t->n_limits; i++) {
        if (t->limits[i].when.after != 0)
            page_rule(t, &t->limits[i]);
    }
    page_table_end();
}

void page_limits(const struct config *config)
{
    const struct dose_tables *t = &config->dose;
    page_of(t, MODALITY_ESTIM, "Limits: electrical stimulation");
    page_of(t, MODALITY_ULTRASOUND, "Limits: ultrasound");
    page_of(t, MODALITY_LASER, "Limits: laser");
    page_of(t, MODALITY_COLD, "Limits: cold");
    page_of(t, 0, "Limits: all of them");
    page_order(t);
}
