/* SPDX-License-Identifier: Apache-2.0 */
/* The screening that ships says what the matrix says, and what is not answered counts as its restrictive answer. */
#include "shipped.h"

#include <string.h>

enum { TODAY = 20000 }; /* any day */
static const struct screening *tables;
static uint64_t declared;
static struct refusals screened;

/* Judges with every question answered harmlessly, but for the given ones. */
static int screen(enum modality_therapy therapy, const char *site, const char *indication,
                  const struct given_answer *given, size_t n)
{
    struct given_answer all[SCREENING_QUESTIONS_MAX];
    size_t n_all = 0, at = 0;
    while (strcmp(tables->sites[at].id, site) != 0)
        at++;
    const struct screening_case c = {
        .therapy = therapy, .site = (unsigned)at, .indication = indication, .today = TODAY};
    for (size_t i = 0; i < tables->n_questions; i++) {
        const struct question *q = &tables->questions[i];
        const char *answer = q->answers[q->restrictive == 0 ? 1 : 0].id;
        for (size_t k = 0; k < n; k++)
            if (strcmp(given[k].question, q->id) == 0)
                answer = given[k].answer;
        if (screening_asks(q, &c) && answer != NULL)
            all[n_all++] = (struct given_answer){.question = q->id, .answer = answer, .has_on = true, .on_day = TODAY};
    }
    screened = (struct refusals){0};
    return screening_judge(tables, &c, all, n_all, NULL, 0, &declared, &screened);
}

#define ANSWER(q, a) (&(const struct given_answer){.question = (q), .answer = (a)}), 1
#define TOH "transient_hip_osteoporosis"

static enum modality_token token_of(int rc)
{
    return rc == 0 ? TOKEN_NONE : screened.items[0].token;
}

static void screening_follows_the_matrix(void **state)
{
    tables = &shipped(state)->dose.screening;
    assert_int_equal(screen(THERAPY_tens, "knee", NULL, NULL, 0), 0);
    assert_int_equal(screen(THERAPY_us_thermal, "chest", NULL, NULL, 0), 0);
    assert_int_equal(token_of(screen(THERAPY_tens, "knee", NULL, ANSWER("pacemaker", "yes"))), TOKEN_CONTRAINDICATED);
    assert_int_equal(screen(THERAPY_us_thermal, "knee", NULL, ANSWER("pacemaker", "yes")), 0);
    assert_int_equal(token_of(screen(THERAPY_us_thermal, "chest", NULL, ANSWER("pacemaker", "yes"))),
                     TOKEN_CONTRAINDICATED);
    assert_int_equal(screen(THERAPY_us_thermal, "knee", NULL, ANSWER("active_implant", "elsewhere")), 0);
    assert_int_equal(token_of(screen(THERAPY_us_thermal, "knee", NULL, ANSWER("active_implant", "here"))),
                     TOKEN_CONTRAINDICATED);
    assert_int_equal(token_of(screen(THERAPY_tens, "knee", NULL, ANSWER("pregnancy_elsewhere", "yes"))),
                     TOKEN_PRECAUTION);
    assert_int_equal(token_of(screen(THERAPY_tens, "hip", NULL, ANSWER("pregnancy_trunk", "yes"))),
                     TOKEN_CONTRAINDICATED);
    assert_int_equal(token_of(screen(THERAPY_tens, "hip", NULL, ANSWER("sensation", "impaired"))), TOKEN_PRECAUTION);
    assert_int_equal(token_of(screen(THERAPY_us_thermal, "hip", NULL, ANSWER("sensation", "impaired"))),
                     TOKEN_CONTRAINDICATED);
    assert_int_equal(token_of(screen(THERAPY_us_nonthermal, "knee", NULL, ANSWER("unhealed_fracture", "here"))),
                     TOKEN_CONTRAINDICATED);
    assert_int_equal(token_of(screen(THERAPY_lipus, "knee", NULL, ANSWER("unhealed_fracture", "here"))),
                     TOKEN_PRECAUTION);
    assert_int_equal(token_of(screen(THERAPY_tens, "chest", NULL, ANSWER("across_chest", "yes"))),
                     TOKEN_CONTRAINDICATED);
    assert_int_equal(token_of(screen(THERAPY_tens, "knee", NULL, ANSWER("malignancy", "here"))), TOKEN_CONTRAINDICATED);
    assert_int_equal(screen(THERAPY_tens, "knee", NULL, ANSWER("malignancy", "elsewhere")), 0);
    assert_int_equal(token_of(screen(THERAPY_nmes, "knee", NULL, ANSWER("hf_near", "yes"))), TOKEN_CONTRAINDICATED);
}

static void what_is_not_answered_counts_as_restrictive(void **state)
{
    tables = &shipped(state)->dose.screening;
    for (size_t i = 0; i < tables->n_questions; i++) {
        const struct question *q = &tables->questions[i];
        const char *site = strcmp(q->id, "pregnancy_trunk") == 0 || q->indication != NULL ? "hip" : "chest";
        assert_int_not_equal(screen(THERAPY_nmes, site, q->indication, ANSWER(q->id, NULL)), 0);
        assert_int_not_equal(screen(THERAPY_nmes, site, q->indication, ANSWER(q->id, "unknown")), 0);
    }
}

static void transient_hip_osteoporosis_asks_its_three_questions(void **state)
{
    tables = &shipped(state)->dose.screening;
    const struct given_answer excluded[] = {{.question = "toh_imaging", .answer = "yes"},
                                            {.question = "toh_fracture", .answer = "yes"}};
    const struct given_answer not_excluded[] = {{.question = "toh_imaging", .answer = "yes"},
                                                {.question = "toh_fracture", .answer = "no"}};
    const struct given_answer no_date[] = {{.question = "toh_imaging", .answer = "no"},
                                           {.question = "toh_fracture", .answer = "yes"}};
    const struct given_answer pregnant[] = {{.question = "toh_imaging", .answer = "yes"},
                                            {.question = "toh_fracture", .answer = "yes"},
                                            {.question = "pregnancy_trunk", .answer = "yes"}};
    assert_int_equal(screen(THERAPY_tens, "hip", TOH, excluded, 2), 0);
    assert_int_equal(token_of(screen(THERAPY_nmes, "hip", TOH, excluded, 2)), TOKEN_PRECAUTION);
    assert_int_equal(token_of(screen(THERAPY_us_thermal, "hip", TOH, excluded, 2)), TOKEN_PRECAUTION);
    assert_int_equal(token_of(screen(THERAPY_nmes, "hip", TOH, not_excluded, 2)), TOKEN_CONTRAINDICATED);
    assert_int_equal(token_of(screen(THERAPY_tens, "hip", TOH, not_excluded, 2)), TOKEN_PRECAUTION);
    assert_int_equal(token_of(screen(THERAPY_us_nonthermal, "hip", TOH, no_date, 2)), TOKEN_CONTRAINDICATED);
    assert_int_equal(token_of(screen(THERAPY_tens, "hip", TOH, pregnant, 3)), TOKEN_CONTRAINDICATED);
}

static void every_condition_can_be_declared(void **state)
{
    tables = &shipped(state)->dose.screening;
    for (size_t c = 0; c < tables->n_conditions; c++) {
        const struct condition *condition = &tables->conditions[c];
        bool named = false, somewhere = condition->local_sites != 0, local = false;
        for (unsigned k = 0; k < COLUMN_COUNT; k++)
            local |= condition->codes[k] == SCREEN_LOCAL;
        for (size_t i = 0; i < tables->n_questions; i++) {
            for (size_t a = 0; a < tables->questions[i].n_answers; a++) {
                const struct answer *answer = &tables->questions[i].answers[a];
                named |= answer->condition == (int)c;
                somewhere |= answer->condition == (int)c && answer->here;
            }
        }
        assert_true(named);
        assert_true(!local || somewhere); /* a local code needs sites, or an answer that says here */
    }
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(screening_follows_the_matrix),
        RUN(what_is_not_answered_counts_as_restrictive),
        RUN(transient_hip_osteoporosis_asks_its_three_questions),
        RUN(every_condition_can_be_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
