/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be chosen: protocols with their ranges, what ends and what locks them, and the bundles they belong to.
 */
#include <stdio.h>

#include "page.h"

static void page_parameters(const struct protocol *p)
{
    fputs("<td>", stdout);
    for (size_t i = 0; i < p->n_parameters; i++) {
        const struct protocol_parameter *parameter = &p->parameters[i];
        printf("<div>%s: ", modality_quantity_info(parameter->quantity)->id);
        page_value(parameter->quantity, parameter->min);
        if (parameter->min != parameter->max) {
            printf(" to ");
            page_value(parameter->quantity, parameter->max);
            printf(", at first ");
            page_value(parameter->quantity, parameter->initial);
        }
        fputs("</div>", stdout);
    }
    fputs("</td>", stdout);
}

static void page_schedule(const struct protocol *p)
{
    printf("<td>%lld a day, rest ", (long long)p->sessions_per_day);
    page_value(QUANTITY_rest_interval_ms, p->rest_min_ms);
    fputs("</td>", stdout);
}

/* Where and for what it is meant, and whether it is declared thermal. */
static void page_use(const struct config *config, const struct protocol *p)
{
    fputs("<td>", stdout);
    if (p->indication) {
        struct page_list list = {.title = "indication"};
        page_item(&list, p->indication);
        page_list_end(&list);
    }
    page_sites("site", &config->dose.screening, p->sites);
    if (p->thermal)
        fputs("<div>thermal</div>", stdout);
    fputs("</td>", stdout);
}

static void page_locks(const struct config *config, const struct protocol *p)
{
    struct page_list list = {.title = NULL};
    fputs("<td>", stdout);
    for (size_t i = 0; i < config->dose.n_limits; i++) {
        if (protocol_locked_by(p, &config->dose.limits[i]))
            page_item(&list, config->dose.limits[i].id);
    }
    page_list_end(&list);
    fputs("</td>", stdout);
}

void page_protocols(const struct config *config)
{
    static const char *const columns[] = {"id",        "what it is", "therapy",  "meant for", "ranges", "schedule",
                                          "locked by", "source",     "verified", "place",     NULL};
    page_table("Protocols", NULL, columns);
    for (size_t i = 0; i < config->dose.n_protocols; i++) {
        const struct protocol *p = &config->dose.protocols[i];
        page_row("protocol", p->id, NULL);
        page_cell(p->id);
        page_cell(p->label);
        page_cell(modality_therapy_meaning(p->therapy));
        page_use(config, p);
        page_parameters(p);
        page_schedule(p);
        page_locks(config, p);
        page_cell(p->source);
        page_verified(p->verified, false);
        page_cell(p->origin);
        page_row_end();
    }
    page_table_end();
}

void page_bundles(const struct config *config)
{
    static const char *const columns[] = {"id",    "what it is", "indication", "protocols",
                                          "notes", "source",     "place",      NULL};
    page_table("Bundles", "Protocols that belong together. Each is prepared and run by itself, with its own limits.",
               columns);
    for (size_t i = 0; i < config->n_bundles; i++) {
        const struct config_bundle *b = &config->bundles[i];
        struct page_list list = {.title = NULL};
        page_row("bundle", b->id, NULL);
        page_cell(b->id);
        page_cell(b->label);
        page_cell(b->indication);
        fputs("<td>", stdout);
        for (size_t k = 0; k < b->n_protocols; k++)
            page_item(&list, config->dose.protocols[b->protocols[k]].id);
        page_list_end(&list);
        fputs("</td>", stdout);
        page_cell(b->notes);
        page_cell(b->source);
        page_cell(b->origin);
        page_row_end();
    }
    page_table_end();
}
