/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the page about what can be chosen and what is asked: protocols with their ranges, and the screening
 * matrix with its questions.
 */
#include <stdio.h>

#include "page.h"

static void page_parameters(const struct protocol *p)
{
    char text[VALUE_TEXT_MAX];
    fputs("<td>", stdout);
    for (size_t i = 0; i < p->n_parameters; i++) {
        const struct protocol_parameter *parameter = &p->parameters[i];
        const enum modality_quantity q = parameter->quantity;
        printf("<div>%s: ", modality_quantity_info(q)->id);
        page_text(value_format(q, parameter->min, text, sizeof text));
        if (parameter->min != parameter->max) {
            printf(" to ");
            page_text(value_format(q, parameter->max, text, sizeof text));
            printf(", at first ");
            page_text(value_format(q, parameter->initial, text, sizeof text));
        }
        fputs("</div>", stdout);
    }
    fputs("</td>", stdout);
}

static void page_schedule(const struct protocol *p)
{
    char text[VALUE_TEXT_MAX];
    printf("<td>%lld a day, rest ", (long long)p->sessions_per_day);
    page_text(value_format(QUANTITY_rest_interval_ms, p->rest_min_ms, text, sizeof text));
    fputs("</td>", stdout);
}

void page_protocols(const struct config *config)
{
    printf("<h2>Protocols</h2>\n<table><tr><th>id<th>what it is<th>therapy<th>ranges<th>schedule<th>locked by<th>source"
           "<th>verified<th>place</tr>\n");
    for (size_t i = 0; i < config->dose.n_protocols; i++) {
        const struct protocol *p = &config->dose.protocols[i];
        const struct limit *lock = protocol_lock(&config->dose, p);
        printf("<tr>");
        page_cell(p->id);
        page_cell(p->label);
        page_cell(modality_therapy_id(p->therapy));
        page_parameters(p);
        page_schedule(p);
        page_cell(lock ? lock->id : "");
        page_cell(p->source);
        page_verified(p->verified, false);
        page_cell(p->origin);
        printf("</tr>\n");
    }
    printf("</table>\n");
}

static void page_condition(const struct screening *s, const struct condition *c)
{
    static const char *const codes[] = {
        [SCREEN_ALLOWED] = "A", [SCREEN_PRECAUTION] = "P", [SCREEN_LOCAL] = "XL", [SCREEN_CONTRAINDICATED] = "X"};
    printf("<tr>");
    page_cell(c->label);
    for (int column = 0; column < COLUMN_COUNT; column++)
        page_cell(codes[c->codes[column]]);
    fputs("<td>", stdout);
    bool first = true;
    for (size_t i = 0; c->local_sites != 0 && i < s->n_sites; i++) {
        if (!((c->local_sites >> i) & 1u))
            continue;
        printf("%s", first ? "" : ", ");
        page_text(s->sites[i].label);
        first = false;
    }
    fputs("</td>", stdout);
    page_cell(c->source);
    page_verified(c->verified, false);
    page_cell(c->origin);
    printf("</tr>\n");
}

static void page_question(const struct question *q)
{
    printf("<tr>");
    page_cell(q->text);
    fputs("<td>", stdout);
    for (size_t i = 0; i < q->n_answers; i++) {
        printf("%s", i > 0 ? ", " : "");
        page_text(q->answers[i].id);
    }
    fputs("</td>", stdout);
    page_cell(q->answers[q->restrictive].id);
    if (q->valid_days > 0)
        printf("<td>at most %lld days old</td>", (long long)q->valid_days);
    else
        page_cell("");
    page_cell(q->indication);
    page_cell(q->origin);
    printf("</tr>\n");
}

void page_screening(const struct config *config)
{
    const struct screening *s = &config->dose.screening;
    printf(
        "<h2>Screening</h2>\n<p>A allowed; P precaution: a named person overrides it with a reason; XL contraindicated "
        "at or across that site; X contraindicated, without an override.</p>\n<table><tr><th>condition");
    for (int column = 0; column < COLUMN_COUNT; column++)
        printf("<th>%s", screening_column_id((enum screening_column)column));
    printf("<th>XL at<th>source<th>verified<th>place</tr>\n");
    for (size_t i = 0; i < s->n_conditions; i++)
        page_condition(s, &s->conditions[i]);
    printf(
        "</table>\n<h3>Questions</h3>\n<table><tr><th>question<th>answers<th>no answer counts as<th>date<th>asked for"
        "<th>place</tr>\n");
    for (size_t i = 0; i < s->n_questions; i++)
        page_question(&s->questions[i]);
    printf("</table>\n");
}
