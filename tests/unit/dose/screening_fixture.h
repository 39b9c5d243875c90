/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix, the questions and the sites of the screening tests, and what a judgement of them came to. */
#ifndef TEST_DOSE_SCREENING_FIXTURE_H
#define TEST_DOSE_SCREENING_FIXTURE_H

#include "dose_test.h"

#include <errno.h>
#include <string.h>

#include "dose/screening.h"

enum { SITE_THIGH, SITE_HIP, SITE_THORAX };
enum { PACEMAKER, METAL, INFECTION, FRACTURE, COLD_URTICARIA, NUMB };
enum { TODAY = 20000, VALID_DAYS = 7 };

#define A SCREEN_ALLOWED
#define P SCREEN_PRECAUTION
#define XL SCREEN_LOCAL
#define X SCREEN_CONTRAINDICATED

static const struct site sites[] = {{.id = "thigh"}, {.id = "hip"}, {.id = "thorax"}};

/* Columns: TENS NMES ION UST USP LIP LAS CRY */
static const struct condition conditions[] = {
    [PACEMAKER] = {.id = "pacemaker",
                   .label = "Pacemaker",
                   .codes = {X, X, X, XL, XL, P, A, A},
                   .local_sites = 1u << SITE_THORAX,
                   .origin = "screening.ini:10"},
    [METAL] = {.id = "metal", .codes = {A, P, XL, XL, P, A, A, A}, .origin = "screening.ini:20"},
    [INFECTION] = {.id = "infection",
                   .codes = {XL, XL, XL, XL, P, P, P, P},
                   .origin = "screening.ini:30",
                   .code_origin = {[COLUMN_TENS] = "screening.ini:31"}},
    [FRACTURE] = {.id = "fracture", .codes = {P, XL, XL, XL, XL, P, P, A}, .local_sites = 1u << SITE_HIP},
    [COLD_URTICARIA] = {.id = "cold_urticaria", .codes = {A, A, A, A, A, A, A, X}},
    [NUMB] = {.id = "numb", .codes = {P, P, X, XL, P, P, A, X}},
};

static const struct question questions[] = {
    {.id = "implant",
     .n_answers = 2,
     .answers = {{"no", -1, false}, {"yes", PACEMAKER, false}},
     .restrictive = 1,
     .always = true,
     .origin = "screening.ini:50"},
    {.id = "metal",
     .n_answers = 3,
     .answers = {{"no", -1, false}, {"elsewhere", METAL, false}, {"here", METAL, true}},
     .restrictive = 2,
     .columns = 1u << COLUMN_NMES | 1u << COLUMN_ION | 1u << COLUMN_UST | 1u << COLUMN_USP,
     .always = true},
    {.id = "infection",
     .n_answers = 3,
     .answers = {{"no", -1, false}, {"elsewhere", INFECTION, false}, {"here", INFECTION, true}},
     .restrictive = 2,
     .sites = 1u << SITE_THIGH | 1u << SITE_HIP},
    {.id = "fracture_excluded",
     .n_answers = 2,
     .answers = {{"yes", -1, false}, {"no", FRACTURE, false}},
     .restrictive = 1,
     .indication = "toh"},
    {.id = "cold",
     .n_answers = 2,
     .answers = {{"no", -1, false}, {"yes", COLD_URTICARIA, true}},
     .restrictive = 1,
     .columns = 1u << COLUMN_CRY,
     .always = true},
    {.id = "sensation",
     .n_answers = 2,
     .answers = {{"normal", -1, false}, {"impaired", NUMB, true}},
     .restrictive = 1,
     .columns = 1u << COLUMN_ION,
     .therapies = 1u << THERAPY_hvpc_pain,
     .always = true,
     .valid_days = VALID_DAYS},
    {.id = "toh_known",
     .n_answers = 2,
     .answers = {{"no", -1, false}, {"yes", FRACTURE, true}},
     .restrictive = 1,
     .columns = 1u << COLUMN_NMES,
     .sites = 1u << SITE_HIP,
     .always = true,
     .unless_indication = "toh"},
};

static const struct screening screening = {.n_sites = 3,
                                           .n_conditions = 6,
                                           .n_questions = 7,
                                           .sites = sites,
                                           .conditions = conditions,
                                           .questions = questions};

static struct refusals refusals;
static uint64_t declared;

#define GIVEN(...)                                                                                                     \
    (const struct given_answer[]){__VA_ARGS__},                                                                        \
        sizeof((const struct given_answer[]){__VA_ARGS__}) / sizeof(struct given_answer)

static inline int judge(enum modality_therapy therapy, unsigned site, const char *indication,
                        const struct given_answer *answers, size_t n, const struct given_override *override)
{
    const struct screening_case c = {.therapy = therapy, .site = site, .indication = indication, .today = TODAY};
    refusals.n = refusals.dropped = 0;
    declared = 0;
    return screening_judge(&screening, &c, answers, n, override, override != NULL ? 1 : 0, &declared, &refusals);
}

static inline bool asks(size_t question, enum modality_therapy therapy, unsigned site, const char *indication)
{
    const struct screening_case c = {.therapy = therapy, .site = site, .indication = indication};
    return screening_asks(&questions[question], &c);
}

static inline void first_is(enum modality_token token, const char *subject)
{
    assert_true(refusals.n >= 1);
    assert_int_equal(refusals.items[0].token, token);
    if (subject != NULL) {
        assert_string_equal(refusals.items[0].subject, subject);
    }
}

#endif
