/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is asked, and what an answer means for each kind of therapy: every code by itself says whether it was verified.
 */
#include <stdio.h>

#include "page.h"

/* "X" as read in a source, "X*" from memory. */
static void page_code(const struct condition *c, int column)
{
    static const char *const codes[] = {
        [SCREEN_ALLOWED] = "A", [SCREEN_PRECAUTION] = "P", [SCREEN_LOCAL] = "XL", [SCREEN_CONTRAINDICATED] = "X"};
    const bool unverified = (c->unverified >> column) & 1u;
    printf("<td class=\"%s\">%s%s</td>", unverified ? "no" : "yes", codes[c->codes[column]], unverified ? "*" : "");
}

/* Electrodes that lie so declare the condition by themselves. */
static void page_lies(const struct screening *s, const struct condition *c)
{
    fputs("<td>", stdout);
    for (size_t i = 0; i < c->n_paths; i++) {
        page_sites("one of", s, c->paths[i].from);
        page_sites("with one of", s, c->paths[i].to);
    }
    page_sites("from side to side", s, c->left_right);
    fputs("</td>", stdout);
}

static void page_condition(const struct screening *s, const struct condition *c)
{
    page_row("condition", c->id, NULL);
    page_cell(c->label);
    for (int column = 0; column < COLUMN_COUNT; column++)
        page_code(c, column);
    fputs("<td>", stdout);
    page_sites(NULL, s, c->local_sites);
    fputs("</td>", stdout);
    page_lies(s, c);
    page_cell(c->source);
    page_cell(c->origin);
    page_row_end();
}

/* Each answer with the condition that it declares. */
static void page_answers(const struct screening *s, const struct question *q)
{
    fputs("<td>", stdout);
    for (size_t i = 0; i < q->n_answers; i++) {
        const struct answer *a = &q->answers[i];
        fputs("<div>", stdout);
        page_text(a->id);
        if (a->condition >= 0) {
            fputs(": ", stdout);
            page_text(s->conditions[a->condition].label);
            fputs(a->here ? ", here" : "", stdout);
        }
        fputs("</div>", stdout);
    }
    fputs("</td>", stdout);
}

static void page_asked(const struct screening *s, const struct question *q)
{
    struct page_list columns = {.title = "for"}, why = {.title = "indication"}, unless = {.title = "unless for"};
    fputs("<td>", stdout);
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        if ((q->columns >> i) & 1u)
            page_item(&columns, screening_column_id((enum screening_column)i));
    }
    page_list_end(&columns);
    page_therapies("therapy", q->therapies);
    page_sites("at", s, q->sites);
    if (q->indication)
        page_item(&why, q->indication);
    page_list_end(&why);
    if (q->unless_indication)
        page_item(&unless, q->unless_indication);
    page_list_end(&unless);
    fputs("</td>", stdout);
}

static void page_question(const struct screening *s, const struct question *q)
{
    page_row("question", q->id, NULL);
    page_cell(q->text);
    page_answers(s, q);
    page_cell(q->restrictive < q->n_answers ? q->answers[q->restrictive].id : NULL);
    if (q->valid_days > 0)
        printf("<td>at most %lld days old</td>", (long long)q->valid_days);
    else
        page_cell(NULL);
    page_asked(s, q);
    page_cell(q->origin);
    page_row_end();
}

void page_screening(const struct config *config)
{
    static const char *const asked[] = {
        "question", "answers and what they declare", "no answer counts as", "date", "asked", "place", NULL};
    const struct screening *s = &config->dose.screening;
    const char *columns[COLUMN_COUNT + 6] = {"condition"};
    size_t n = 1;
    for (int column = 0; column < COLUMN_COUNT; column++)
        columns[n++] = screening_column_id((enum screening_column)column);
    columns[n++] = "XL at";
    columns[n++] = "declared by electrodes at";
    columns[n++] = "source";
    columns[n] = "place";
    page_table(
        "Screening",
        "A allowed; P precaution: a named person overrides it with a reason; XL contraindicated at or across that "
        "site; X contraindicated, without an override. <span class=\"no\">*</span> not verified.",
        columns);
    for (size_t i = 0; i < s->n_conditions; i++)
        page_condition(s, &s->conditions[i]);
    page_table_end();
    page_table("Questions", NULL, asked);
    for (size_t i = 0; i < s->n_questions; i++)
        page_question(s, &s->questions[i]);
    page_table_end();
}
