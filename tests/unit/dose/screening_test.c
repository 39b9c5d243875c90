/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening: what is not answered counts against starting, local contraindications look at the site, and only a
 * precaution has a way round, with a name and a reason.
 */
#include "screening_fixture.h"

static void all_clear_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "no"}, {.question = "infection", .answer = "no"}),
                           NULL),
                     0);
    assert_int_equal(declared, 0);
    assert_int_equal(refusals.n, 0);
}

static void silence_counts_as_the_restrictive_answer(void **state)
{
    (void)state;
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL, GIVEN({.question = "infection", .answer = "no"}), NULL),
                     -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "pacemaker");
    assert_non_null(strstr(refusals.items[0].message, "was not answered"));
    assert_non_null(strstr(refusals.items[0].message, "screening.ini:10"));
    assert_int_equal(declared, 1u << PACEMAKER);
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL, NULL, 0, NULL), -EPERM);
    assert_int_equal(refusals.n, 2);
    assert_string_equal(refusals.items[1].origin, "screening.ini:31");
}

static void unknown_counts_as_the_restrictive_answer(void **state)
{
    (void)state;
    assert_int_equal(
        judge(THERAPY_tens, SITE_THIGH, NULL,
              GIVEN({.question = "implant", .answer = "unknown"}, {.question = "infection", .answer = "no"}), NULL),
        -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "pacemaker");
    assert_non_null(strstr(refusals.items[0].message, "was answered unknown"));
    /* for a question about an exclusion that is "no": a fracture not excluded, not one affirmed */
    assert_int_equal(
        judge(THERAPY_nmes, SITE_HIP, "toh",
              GIVEN({.question = "implant", .answer = "no"}, {.question = "infection", .answer = "no"},
                    {.question = "metal", .answer = "no"}, {.question = "fracture_excluded", .answer = "unknown"}),
              NULL),
        -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "fracture");
}

static void a_local_contraindication_looks_at_its_own_sites(void **state)
{
    (void)state;
    struct given_answer answers[] = {{.question = "implant", .answer = "yes"},
                                     {.question = "metal", .answer = "no"},
                                     {.question = "infection", .answer = "no"}};
    assert_int_equal(judge(THERAPY_us_thermal, SITE_THORAX, NULL, answers, 3, NULL), -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "pacemaker");
    assert_int_equal(judge(THERAPY_us_thermal, SITE_HIP, NULL, answers, 3, NULL), 0);
    assert_int_equal(declared, 1u << PACEMAKER); /* declared, though it does not forbid */
}

static void a_local_contraindication_without_sites_asks_where(void **state)
{
    (void)state;
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "no"}, {.question = "infection", .answer = "here"}),
                           NULL),
                     -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "infection");
    assert_int_equal(
        judge(THERAPY_tens, SITE_THIGH, NULL,
              GIVEN({.question = "implant", .answer = "no"}, {.question = "infection", .answer = "elsewhere"}), NULL),
        0);
}

static void a_precaution_needs_who_and_why(void **state)
{
    (void)state;
    struct given_answer answers[] = {{.question = "implant", .answer = "no"},
                                     {.question = "metal", .answer = "elsewhere"},
                                     {.question = "infection", .answer = "no"}};
    struct given_override overrides[] = {{"metal", "Dr. Berg", "screw far from the field"},
                                         {"metal", "", "a reason"},
                                         {"metal", "Dr. Berg", ""},
                                         {"metal", "Dr. Berg", " \t"},
                                         {"metal", NULL, "a reason"},
                                         {"metal", "Dr. Berg", NULL},
                                         {"infection", "Dr. Berg", "a reason"}};
    assert_int_equal(judge(THERAPY_nmes, SITE_THIGH, NULL, answers, 3, NULL), -EPERM);
    first_is(TOKEN_PRECAUTION, "metal");
    assert_int_equal(judge(THERAPY_nmes, SITE_THIGH, NULL, answers, 3, &overrides[0]), 0);
    assert_int_equal(declared, 1u << METAL);
    for (size_t i = 1; i < sizeof overrides / sizeof overrides[0]; i++) {
        assert_int_equal(judge(THERAPY_nmes, SITE_THIGH, NULL, answers, 3, &overrides[i]), -EPERM);
        first_is(TOKEN_PRECAUTION, "metal");
    }
}

static void a_contraindication_has_no_override(void **state)
{
    (void)state;
    struct given_override override = {"pacemaker", "Dr. Berg", "I am sure"};
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "yes"}, {.question = "infection", .answer = "no"}),
                           &override),
                     -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "pacemaker");
}

static void contraindications_come_before_precautions(void **state)
{
    (void)state;
    assert_int_equal(judge(THERAPY_nmes, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "yes"}, {.question = "metal", .answer = "here"},
                                 {.question = "infection", .answer = "here"}),
                           NULL),
                     -EPERM);
    assert_int_equal(refusals.n, 3);
    assert_int_equal(refusals.items[0].token, TOKEN_CONTRAINDICATED);
    assert_int_equal(refusals.items[1].token, TOKEN_CONTRAINDICATED);
    assert_int_equal(refusals.items[2].token, TOKEN_PRECAUTION);
}

static void what_is_not_in_the_lists_is_refused(void **state)
{
    (void)state;
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "maybe"}, {.question = "infection", .answer = "no"}),
                           NULL),
                     -EPERM);
    first_is(TOKEN_OUT_OF_RANGE, "implant");
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "no"}, {.question = "infection", .answer = "no"},
                                 {.question = "shoe_size", .answer = "43"}),
                           NULL),
                     -EPERM);
    first_is(TOKEN_NOT_FOUND, NULL);
    assert_non_null(strstr(refusals.items[0].message, "shoe_size"));
    struct given_override override = {"nothing", "Dr. Berg", "a reason"};
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "no"}, {.question = "infection", .answer = "no"}),
                           &override),
                     -EPERM);
    first_is(TOKEN_NOT_FOUND, NULL);
    assert_int_equal(judge(THERAPY_tens, DOSE_SITES_MAX, NULL, NULL, 0, NULL), -EPERM);
}

static void every_answer_that_was_given_counts(void **state)
{
    (void)state;
    /* not asked for cryotherapy, but said */
    assert_int_equal(judge(THERAPY_cryo, SITE_THORAX, NULL,
                           GIVEN({.question = "implant", .answer = "no"}, {.question = "cold", .answer = "no"},
                                 {.question = "infection", .answer = "here"}),
                           NULL),
                     -EPERM);
    first_is(TOKEN_PRECAUTION, "infection");
    /* two answers to one question: the worse one counts, in whichever order they come */
    assert_int_equal(judge(THERAPY_tens, SITE_THIGH, NULL,
                           GIVEN({.question = "implant", .answer = "yes"}, {.question = "implant", .answer = "no"},
                                 {.question = "infection", .answer = "no"}),
                           NULL),
                     -EPERM);
    first_is(TOKEN_CONTRAINDICATED, "pacemaker");
}

static void questions_are_asked_where_they_belong(void **state)
{
    (void)state;
    assert_true(asks(0, THERAPY_pbm, SITE_THORAX, NULL));
    assert_false(asks(1, THERAPY_tens, SITE_THIGH, NULL));
    assert_true(asks(1, THERAPY_russian_nmes, SITE_THIGH, NULL));
    assert_true(asks(2, THERAPY_tens, SITE_HIP, NULL));
    assert_false(asks(2, THERAPY_tens, SITE_THORAX, NULL));
    assert_false(asks(3, THERAPY_tens, SITE_HIP, NULL));
    assert_false(asks(3, THERAPY_tens, SITE_HIP, "sprain"));
    assert_true(asks(3, THERAPY_tens, SITE_HIP, "toh"));
    assert_true(asks(5, THERAPY_ionto, SITE_HIP, NULL));
    assert_true(asks(5, THERAPY_hvpc_pain, SITE_HIP, NULL)); /* by its therapy, not by its column */
    assert_false(asks(5, THERAPY_tens, SITE_HIP, NULL));
    assert_true(asks(6, THERAPY_nmes, SITE_HIP, NULL));
    assert_false(asks(6, THERAPY_nmes, SITE_HIP, "toh"));
}

/* What a protocol is for asks, even if the request says nothing or something else. */
static void the_protocols_indication_asks_too(void **state)
{
    (void)state;
    struct screening_case c = {.therapy = THERAPY_tens, .site = SITE_HIP, .protocol_indication = "toh"};
    assert_true(screening_asks(&questions[3], &c));
    c.indication = "sprain";
    assert_true(screening_asks(&questions[3], &c));
    c.therapy = THERAPY_nmes;
    assert_false(screening_asks(&questions[6], &c));
}

static void a_therapy_that_nobody_asks_about_is_refused(void **state)
{
    (void)state;
    const struct screening none = {.n_sites = 3, .sites = sites};
    const struct screening_case c = {.therapy = THERAPY_tens, .site = SITE_HIP};
    refusals.n = refusals.dropped = 0;
    assert_int_equal(screening_judge(&none, &c, NULL, 0, NULL, 0, &declared, &refusals), -EPERM);
    first_is(TOKEN_INCOMPLETE, NULL);
}

static void therapies_have_the_columns_of_the_matrix(void **state)
{
    (void)state;
    assert_int_equal(screening_column_of(THERAPY_ifc), COLUMN_TENS);
    assert_int_equal(screening_column_of(THERAPY_russian_nmes), COLUMN_NMES);
    assert_int_equal(screening_column_of(THERAPY_ionto), COLUMN_ION);
    assert_int_equal(screening_column_of(THERAPY_us_nonthermal), COLUMN_USP);
    assert_int_equal(screening_column_of(THERAPY_cryo), COLUMN_CRY);
    assert_string_equal(screening_column_id(COLUMN_TENS), "tens");
    assert_string_equal(screening_column_id(COLUMN_CRY), "cry");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_clear_is_allowed),
        cmocka_unit_test(silence_counts_as_the_restrictive_answer),
        cmocka_unit_test(unknown_counts_as_the_restrictive_answer),
        cmocka_unit_test(a_local_contraindication_looks_at_its_own_sites),
        cmocka_unit_test(a_local_contraindication_without_sites_asks_where),
        cmocka_unit_test(a_precaution_needs_who_and_why),
        cmocka_unit_test(a_contraindication_has_no_override),
        cmocka_unit_test(contraindications_come_before_precautions),
        cmocka_unit_test(what_is_not_in_the_lists_is_refused),
        cmocka_unit_test(every_answer_that_was_given_counts),
        cmocka_unit_test(questions_are_asked_where_they_belong),
        cmocka_unit_test(the_protocols_indication_asks_too),
        cmocka_unit_test(a_therapy_that_nobody_asks_about_is_refused),
        cmocka_unit_test(therapies_have_the_columns_of_the_matrix),
    };
    return DOSE_TESTS(tests);
}
