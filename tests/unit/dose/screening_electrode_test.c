/* SPDX-License-Identifier: Apache-2.0 */
/* Screening: where the electrodes lie, of this treatment and of the others, declares conditions by itself. */
#include "screening_fixture.h"

/* Thorax to hip, and side to side of the thorax, whatever anybody answered. */
static void electrodes_that_lie_so_declare_a_condition(void **state)
{
    (void)state;
    static const struct condition across = {.id = "across",
                                            .codes = {X, X, X, XL, XL, XL, P, P},
                                            .n_paths = 1,
                                            .paths = {{1u << SITE_THORAX, 1u << SITE_HIP | 1u << SITE_THIGH}},
                                            .left_right = 1u << SITE_THORAX};
    static const struct question harmless = {
        .id = "harmless", .n_answers = 1, .answers = {{"no", -1, false}}, .always = true};
    static const struct screening one = {.n_sites = 3,
                                         .n_conditions = 1,
                                         .n_questions = 1,
                                         .sites = sites,
                                         .conditions = &across,
                                         .questions = &harmless};
    static const struct {
        struct screening_span span;
        bool refused;
    } rows[] = {
        {{SITE_THORAX, SITE_HIP, false}, true},   {{SITE_HIP, SITE_THORAX, false}, true},
        {{SITE_THORAX, SITE_THIGH, true}, true},  {{SITE_HIP, SITE_THIGH, true}, false},
        {{SITE_THORAX, SITE_THORAX, true}, true}, {{SITE_THORAX, SITE_THORAX, false}, false},
        {{SITE_HIP, SITE_HIP, true}, false},      {{SITE_THORAX, 64, true}, false},
    };
    const struct given_override override = {"across", "Dr. Berg", "I am sure"};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct screening_span spans[] = {{SITE_THIGH, SITE_THIGH, false}, rows[i].span};
        const struct screening_case c = {.therapy = THERAPY_tens, .site = SITE_HIP, .n_spans = 2, .spans = spans};
        refusals.n = refusals.dropped = 0;
        assert_int_equal(screening_judge(&one, &c, NULL, 0, &override, 1, &declared, &refusals),
                         rows[i].refused ? -EPERM : 0);
        assert_int_equal(declared, rows[i].refused ? 1 : 0);
        if (rows[i].refused) {
            first_is(TOKEN_CONTRAINDICATED, "across");
            assert_non_null(strstr(refusals.items[0].message, "the electrodes lie so"));
        }
    }
}

static void electrodes_of_another_treatment_lie_on_the_same_body(void **state)
{
    (void)state;
    static const struct condition across = {.id = "across",
                                            .codes = {P, X, A, A, A, A, A, A},
                                            .n_paths = 1,
                                            .paths = {{1u << SITE_THORAX, 1u << SITE_HIP}},
                                            .left_right = 1u << SITE_THIGH};
    static const struct question harmless = {
        .id = "harmless", .n_answers = 1, .answers = {{"no", -1, false}}, .always = true};
    static const struct screening one = {.n_sites = 3,
                                         .n_conditions = 1,
                                         .n_questions = 1,
                                         .sites = sites,
                                         .conditions = &across,
                                         .questions = &harmless};
    static const struct {
        uint64_t mine;
        enum modality_therapy therapy;
        uint64_t theirs;
        enum modality_token token;
    } rows[] = {
        {1u << SITE_HIP, THERAPY_tens, 1u << SITE_THORAX, TOKEN_PRECAUTION},
        {1u << SITE_THORAX, THERAPY_tens, 1u << SITE_THIGH | 1u << SITE_HIP, TOKEN_PRECAUTION},
        {1u << SITE_HIP, THERAPY_nmes, 1u << SITE_THORAX, TOKEN_CONTRAINDICATED}, /* the stricter of the two */
        {1u << SITE_HIP, THERAPY_tens, 1u << SITE_THIGH, TOKEN_NONE},
        {1u << SITE_THIGH, THERAPY_tens, 1u << SITE_THIGH, TOKEN_NONE}, /* sides are those of one channel */
        {0, THERAPY_tens, 1u << SITE_THORAX, TOKEN_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct screening_other others[] = {{"s1", THERAPY_tens, 1u << SITE_THIGH},
                                                 {"s2", rows[i].therapy, rows[i].theirs}};
        const struct screening_case c = {
            .therapy = THERAPY_tens, .site = SITE_HIP, .electrodes = rows[i].mine, .n_others = 2, .others = others};
        refusals.n = refusals.dropped = 0;
        assert_int_equal(screening_judge(&one, &c, NULL, 0, NULL, 0, &declared, &refusals),
                         rows[i].token == TOKEN_NONE ? 0 : -EPERM);
        if (rows[i].token != TOKEN_NONE) {
            first_is(rows[i].token, "across");
            assert_non_null(strstr(refusals.items[0].message, "session s2"));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(electrodes_that_lie_so_declare_a_condition),
        cmocka_unit_test(electrodes_of_another_treatment_lie_on_the_same_body),
    };
    return DOSE_TESTS(tests);
}
