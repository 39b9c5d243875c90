/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening with tables of a few conditions and questions of any content, and any answers, overrides, spans and days.
 * What has to hold: codes are those of the matrix, a therapy is one of the table, the site is below 64 for who asks
 * whether a question is asked, a question has no more answers than its array, and texts are there where the tables
 * always have one.
 */
#include "any_dose.h"

#define FEW 3

int main(void)
{
    static struct condition conditions[SCREENING_CONDITIONS_MAX];
    static struct question questions[FEW];
    static struct screening_span spans[FEW];
    static struct screening_other others[FEW];
    static struct given_answer answers[FEW];
    static struct given_override overrides[FEW];
    static struct refusals refusals;
    uint64_t declared;
    for (size_t i = 0; i < FEW; i++) {
        any_question(&questions[i]);
        any_span(&spans[i]);
        any_other(&others[i]);
        any_given(&answers[i], &overrides[i]);
    }
    for (size_t i = 0; i < SCREENING_CONDITIONS_MAX; i++)
        any_condition(&conditions[i]);
    struct screening tables = {.n_sites = any_below(FEW),
                               .n_conditions = any_below(SCREENING_CONDITIONS_MAX + 2),
                               .n_questions = any_below(FEW + 1),
                               .conditions = conditions,
                               .questions = questions};
    struct screening_case asked = {.therapy = (enum modality_therapy)any_below(THERAPY_COUNT),
                                   .site = (unsigned)any_number(),
                                   .indication = any_name_or_null(),
                                   .protocol_indication = any_name_or_null(),
                                   .today = any_number(),
                                   .n_spans = any_below(FEW + 1),
                                   .spans = spans,
                                   .electrodes = (uint64_t)any_number(),
                                   .n_others = any_below(FEW + 1),
                                   .others = others};
    screening_judge(&tables, &asked, answers, any_below(FEW + 1), overrides, any_below(FEW + 1), &declared, &refusals);
    asked.site = any_below(DOSE_SITES_MAX);
    screening_asks(&questions[0], &asked);
    string_read(screening_column_id((enum screening_column)any_below(COLUMN_COUNT)));
    return 0;
}
