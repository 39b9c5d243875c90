/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening with tables of a few conditions and questions of any content, and any answers, overrides, spans and days.
 * What has to hold: codes are those of the matrix, a therapy is one of the table, the site is below 64 for who asks
 * whether a question is asked, a question has no more answers than its array, and texts are there where the tables
 * always have one.
 */
#include "any_dose.h"

#define FEW 3

static void any_condition(struct condition *c)
{
    ANY_BYTES(*c);
    c->id = any_name();
    c->label = any_name_or_null();
    for (size_t i = 0; i < COLUMN_COUNT; i++)
        c->code_origin[i] = any_name_or_null();
    c->source = any_name_or_null();
    c->origin = any_name_or_null();
}

static void any_answer(struct answer *a)
{
    a->id = any_name();
    a->condition = Frama_C_interval(INT_MIN, INT_MAX);
    a->here = any_flag();
}

static void any_question(struct question *q)
{
    ANY_BYTES(*q);
    q->id = any_name();
    q->text = any_name();
    q->n_answers = any_below(SCREENING_ANSWERS_MAX + 1);
    for (size_t i = 0; i < SCREENING_ANSWERS_MAX; i++)
        any_answer(&q->answers[i]);
    q->always = any_flag();
    q->indication = any_name_or_null();
    q->unless_indication = any_name_or_null();
    q->origin = any_name_or_null();
}

static void any_span(struct screening_span *s)
{
    ANY_BYTES(*s);
    s->crosses = any_flag();
}

static void any_given(struct given_answer *a, struct given_override *o)
{
    a->question = any_name();
    a->answer = any_flag() ? any_name() : "unknown";
    a->has_on = any_flag();
    a->on_day = any_number();
    o->condition = any_name();
    o->by = any_name_or_null();
    o->reason = any_name_or_null();
}

int main(void)
{
    static struct condition conditions[FEW];
    static struct question questions[FEW];
    static struct screening_span spans[FEW];
    static struct given_answer answers[FEW];
    static struct given_override overrides[FEW];
    static struct refusals refusals;
    uint64_t declared;
    for (size_t i = 0; i < FEW; i++) {
        any_condition(&conditions[i]);
        any_question(&questions[i]);
        any_span(&spans[i]);
        any_given(&answers[i], &overrides[i]);
    }
    struct screening tables = {.n_sites = any_below(FEW),
                               .n_conditions = any_below(FEW + 1),
                               .n_questions = any_below(FEW + 1),
                               .conditions = conditions,
                               .questions = questions};
    struct screening_case asked = {.therapy = (enum modality_therapy)any_below(THERAPY_COUNT),
                                   .site = (unsigned)any_number(),
                                   .indication = any_name_or_null(),
                                   .protocol_indication = any_name_or_null(),
                                   .today = any_number(),
                                   .n_spans = any_below(FEW + 1),
                                   .spans = spans};
    screening_judge(&tables, &asked, answers, any_below(FEW + 1), overrides, any_below(FEW + 1), &declared, &refusals);
    asked.site = any_below(DOSE_SITES_MAX);
    screening_asks(&questions[0], &asked);
    string_read(screening_column_id((enum screening_column)any_below(COLUMN_COUNT)));
    return 0;
}
