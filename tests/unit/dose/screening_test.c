/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Screening: what is not answered counts against starting, local contraindications look at the site, and only a
 * precaution has a way round, with a name and a reason.
 */
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

static int judge(enum modality_therapy therapy, unsigned site, const char *indication,
                 const struct given_answer *answers, size_t n, const struct given_override *override)
{
    const struct screening_case c = {.therapy = therapy, .site = site, .indication = indication, .today = TODAY};
    refusals.n = refusals.dropped = 0;
    declared = 0;
    return screening_judge(&screening, &c, answers, n, override, override != NULL ? 1 : 0, &declared, &refusals);
}

static bool asks(size_t question, enum modality_therapy therapy, unsigned site, const char *indication)
{
    const struct screening_case c = {.therapy = therapy, .site = site, .indication = indication};
    return screening_asks(&questions[question], &c);
}

static void first_is(enum modality_token token, const char *subject)
{
    assert_true(refusals.n >= 1);
    assert_int_equal(refusals.items[0].token, token);
    if (subject != NULL) {
        assert_string_equal(refusals.items[0].subject, subject);
    }
}

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

/* Thorax to hip, and side to side of the thorax, whatever anybody answered. */
static void a_therapy_that_nobody_asks_about_is_refused(void **state)
{
    (void)state;
    const struct screening none = {.n_sites = 3, .sites = sites};
    const struct screening_case c = {.therapy = THERAPY_tens, .site = SITE_HIP};
    refusals.n = refusals.dropped = 0;
    assert_int_equal(screening_judge(&none, &c, NULL, 0, NULL, 0, &declared, &refusals), -EPERM);
    first_is(TOKEN_INCOMPLETE, NULL);
}

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
        cmocka_unit_test(a_dated_answer_counts_while_its_day_does),
        cmocka_unit_test(an_answer_is_of_the_day_of_the_treatment),
        cmocka_unit_test(the_restrictive_answer_needs_no_day),
        cmocka_unit_test(every_dated_answer_counts),
        cmocka_unit_test(a_therapy_that_nobody_asks_about_is_refused),
        cmocka_unit_test(electrodes_that_lie_so_declare_a_condition),
        cmocka_unit_test(electrodes_of_another_treatment_lie_on_the_same_body),
        cmocka_unit_test(therapies_have_the_columns_of_the_matrix),
    };
    return DOSE_TESTS(tests);
}
