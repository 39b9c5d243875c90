/* SPDX-License-Identifier: Apache-2.0 */
/* Screening: the day of a test and the age of an answer, without which a good answer is none. */
#include "screening_fixture.h"

static int judge_sensation(struct given_answer given)
{
    struct given_answer answers[] = {{.question = "implant", .answer = "no"},
                                     {.question = "metal", .answer = "no"},
                                     {.question = "infection", .answer = "no"},
                                     given};
    return judge(THERAPY_ionto, SITE_THIGH, NULL, answers, 4, NULL);
}

static void a_dated_answer_counts_while_its_day_does(void **state)
{
    (void)state;
    static const struct {
        bool has_on;
        int64_t day;
        const char *why; /* NULL: it counts */
    } rows[] = {
        {true, TODAY, NULL},
        {true, TODAY - 1, NULL},
        {true, TODAY - VALID_DAYS + 1, NULL},
        {true, TODAY - VALID_DAYS, NULL},
        {true, TODAY - VALID_DAYS - 1, "more than 7 days back"},
        {true, 0, "more than 7 days back"},
        {true, -1, "more than 7 days back"},
        {true, INT64_MIN, "more than 7 days back"},
        {true, TODAY + 1, "in the future"},
        {true, INT64_MAX, "in the future"},
        {false, TODAY, "without the day"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct given_answer given = {
            .question = "sensation", .answer = "normal", .has_on = rows[i].has_on, .on_day = rows[i].day};
        int rc = judge_sensation(given);
        assert_int_equal(rc, rows[i].why == NULL ? 0 : -EPERM);
        assert_int_equal(declared, rows[i].why == NULL ? 0 : 1u << NUMB);
        if (rows[i].why != NULL) {
            first_is(TOKEN_CONTRAINDICATED, "numb");
            assert_non_null(strstr(refusals.items[0].message, rows[i].why));
        }
    }
}

/* Asked for each treatment: an answer of 1970, or of tomorrow, is none. */
static void an_answer_is_of_the_day_of_the_treatment(void **state)
{
    (void)state;
    static const struct {
        bool has_age;
        int64_t age_ms;
        const char *why; /* NULL: it counts */
    } rows[] = {
        {false, INT64_MAX, NULL},
        {true, 0, NULL},
        {true, SCREENING_ANSWER_MAX_MS, NULL},
        {true, SCREENING_ANSWER_MAX_MS + 1, "more than a day ago"},
        {true, INT64_MAX, "more than a day ago"},
        {true, -SCREENING_ANSWER_AHEAD_MS, NULL},
        {true, -SCREENING_ANSWER_AHEAD_MS - 1, "in the future"},
        {true, INT64_MIN, "in the future"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct given_answer given = {.question = "sensation",
                                     .answer = "normal",
                                     .has_on = true,
                                     .on_day = TODAY,
                                     .has_age = rows[i].has_age,
                                     .age_ms = rows[i].age_ms};
        assert_int_equal(judge_sensation(given), rows[i].why == NULL ? 0 : -EPERM);
        assert_int_equal(declared, rows[i].why == NULL ? 0 : 1u << NUMB);
        if (rows[i].why != NULL) {
            first_is(TOKEN_CONTRAINDICATED, "numb");
            assert_non_null(strstr(refusals.items[0].message, rows[i].why));
        }
    }
}

/* A finding that forbids needs no day, and a day does not make it allowed. */
static void the_restrictive_answer_needs_no_day(void **state)
{
    (void)state;
    assert_int_equal(judge_sensation((struct given_answer){.question = "sensation", .answer = "impaired"}), -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "numb");
    assert_non_null(strstr(refusals.items[0].message, "was answered so"));
    assert_int_equal(judge_sensation((struct given_answer){
                         .question = "sensation", .answer = "impaired", .has_on = true, .on_day = TODAY}),
                     -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "numb");
    assert_int_equal(judge_sensation((struct given_answer){
                         .question = "sensation", .answer = "unknown", .has_on = true, .on_day = TODAY}),
                     -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "numb");
}

/* One good answer does not heal a stale one beside it, and a stale one counts where the question was not asked. */
static void every_dated_answer_counts(void **state)
{
    (void)state;
    struct given_answer answers[] = {{.question = "implant", .answer = "no"},
                                     {.question = "infection", .answer = "no"},
                                     {.question = "metal", .answer = "no"},
                                     {.question = "sensation", .answer = "normal", .has_on = true, .on_day = TODAY},
                                     {.question = "sensation", .answer = "normal"}};
    assert_int_equal(judge(THERAPY_ionto, SITE_THIGH, NULL, answers, 4, NULL), 0);
    assert_int_equal(judge(THERAPY_ionto, SITE_THIGH, NULL, answers, 5, NULL), -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "numb");
    answers[3].has_on = false;
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL, answers, 4, NULL), -EPERM);
    first_is(TOKEN_PRECAUTION, "numb");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dated_answer_counts_while_its_day_does),
        cmocka_unit_test(an_answer_is_of_the_day_of_the_treatment),
        cmocka_unit_test(the_restrictive_answer_needs_no_day),
        cmocka_unit_test(every_dated_answer_counts),
    };
    return DOSE_TESTS(tests);
}
