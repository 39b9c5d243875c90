/* SPDX-License-Identifier: Apache-2.0 */
/* The screening that ships says what the matrix says, and what is not answered counts as its restrictive answer. */
#include "shipped.h"

#include <string.h>

enum { TODAY = 20000 }; /* any day */
static const struct screening *tables;
static uint64_t declared;
static struct refusals screened;
static const char *dated_apart; /* the question whose answer carries the day of `image`; the others are of today */
static struct given_answer image;

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
        const char *answer = q->answers[0].id;
        for (size_t k = 0; k < n; k++)
            if (strcmp(given[k].question, q->id) == 0)
                answer = given[k].answer;
        struct given_answer one = {.question = q->id, .answer = answer, .has_on = true, .on_day = TODAY};
        if (dated_apart != NULL && strcmp(dated_apart, q->id) == 0) {
            one.has_on = image.has_on;
            one.on_day = image.on_day;
        }
        if (screening_asks(q, &c) && answer != NULL)
            all[n_all++] = one;
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

/*
 * The matrix, copied from the clinicians' page and not from the INI: A allowed, P precaution, L contraindicated at or
 * across the site, X contraindicated. A small letter: nobody has read that cell in a source. Where the page says that
 * texts differ, the stricter one stands here (TENS with epilepsy, metal under thermal ultrasound).
 */
static const struct {
    const char *condition, *cells; /* TENS NMES ION UST USP LIP LAS CRY */
} matrix[] = {
    {"pacemaker", "XXxLLPAa"},
    {"active_implant", "XXXLLPpa"},
    {"pregnancy_trunk", "XXxLLPLp"},
    {"pregnancy_elsewhere", "PPpppPpa"},
    {"malignancy", "LLlLLlLp"},
    {"thrombosis", "LLlLLPpp"},
    {"impaired_sensation", "PPXLpPaX"},
    {"cannot_communicate", "PPxXxppx"},
    {"open_growth_plate", "pppLLPPa"},
    {"metal_implant", "apLLpaAa"},
    {"joint_replacement", "appLppaa"},
    {"over_eyes", "XXXXXxXl"},
    {"anterior_neck", "XXXlllLp"},
    {"across_chest", "XXXLLlpp"},
    {"head", "XXXLLLpa"},
    {"bleeding", "PLpPPpPp"},
    {"local_infection", "LLlLpppp"},
    {"open_wound", "LLLllPll"},
    {"irradiated_tissue", "LLlLLppp"},
    {"ischaemia", "PPpLpPaL"},
    {"epilepsy", "XPpaaaPa"},
    {"heart", "PXpppaaP"},
    {"hernia", "LLpaaaaa"},
    {"osteoporosis", "apappPaa"},
    {"unhealed_fracture", "PLpLLPpa"}, /* LIPUS: off its label */
    {"fracture_on_label", "PLpLLApa"},
    {"toh_fracture_excluded", "APpPPPaA"},
    {"toh_fracture_possible", "PLlLLPPA"},
    {"cold_intolerance", "AAAAAAAX"},
    {"gonads", "pppLLlpl"},
    {"hf_near", "XXXppPpA"},
    {"undiagnosed_pain", "XXpppppp"},
    /* not in the matrix: exclusions of LIPUS by its label, and what laser needs */
    {"toh_lipus", "AAAAAxAA"},
    {"lipus_drugs", "AAAAAPAA"},
    {"lipus_nursing", "AAAAAPAA"},
    {"lipus_pathological", "AAAAAPAA"},
    {"lipus_vertebra", "AAAAAPAA"},
    {"laser_eyewear", "AAAAAAxA"},
    {"photosensitising_drugs", "AAAAAAxA"},
    {"steroid_injection", "AAAAAALA"},
};

static char cell_of(const struct condition *c, unsigned column)
{
    static const char letters[] = {'A', 'P', 'L', 'X'};
    const char letter = letters[c->codes[column]];
    return (c->unverified >> column) & 1u ? (char)(letter - 'A' + 'a') : letter;
}

static void screening_is_the_matrix(void **state)
{
    tables = &shipped(state)->dose.screening;
    assert_int_equal(tables->n_conditions, sizeof(matrix) / sizeof(matrix[0]));
    for (size_t i = 0; i < sizeof(matrix) / sizeof(matrix[0]); i++) {
        size_t at = 0;
        while (at < tables->n_conditions && strcmp(tables->conditions[at].id, matrix[i].condition) != 0)
            at++;
        assert_true(at < tables->n_conditions);
        char cells[COLUMN_COUNT + 1] = "";
        for (unsigned k = 0; k < COLUMN_COUNT; k++)
            cells[k] = cell_of(&tables->conditions[at], k);
        if (strcmp(cells, matrix[i].cells) != 0)
            fail_msg("%s: %s ships, the matrix has %s", matrix[i].condition, cells, matrix[i].cells);
        assert_true(tables->conditions[at].source[0] != '\0');
    }
}

/* Some therapies of a column are asked another question for the same condition: each must be asked one. */
static bool asked_somewhere(size_t condition, enum modality_therapy therapy, const char *indication)
{
    const struct condition *c = &tables->conditions[condition];
    const bool local = c->codes[screening_column_of(therapy)] == SCREEN_LOCAL && c->local_sites == 0;
    for (size_t i = 0; i < tables->n_questions; i++) {
        const struct question *q = &tables->questions[i];
        bool declares = false, asked = false;
        for (size_t a = 0; a < q->n_answers; a++)
            declares |= q->answers[a].condition == (int)condition && (q->answers[a].here || !local);
        for (unsigned site = 0; site < tables->n_sites; site++)
            asked |= screening_asks(
                q, &(const struct screening_case){.therapy = therapy, .site = site, .indication = indication});
        if (declares && asked)
            return true;
    }
    return false;
}

static void no_cell_of_the_matrix_is_never_asked_for(void **state)
{
    tables = &shipped(state)->dose.screening;
    for (size_t i = 0; i < tables->n_conditions; i++) {
        for (unsigned t = 0; t < THERAPY_COUNT; t++) {
            const enum modality_therapy therapy = (enum modality_therapy)t;
            if (tables->conditions[i].codes[screening_column_of(therapy)] != SCREEN_ALLOWED &&
                !asked_somewhere(i, therapy, NULL) && !asked_somewhere(i, therapy, TOH))
                fail_msg("%s is never asked for %s", tables->conditions[i].id, modality_therapy_id(therapy));
        }
    }
}

static const struct question *question_at(const char *id)
{
    for (size_t i = 0; i < tables->n_questions; i++)
        if (strcmp(tables->questions[i].id, id) == 0)
            return &tables->questions[i];
    fail_msg("there is no question %s", id);
    return NULL;
}

static bool asks_at(const char *question, enum modality_therapy therapy, unsigned site)
{
    return screening_asks(question_at(question), &(const struct screening_case){.therapy = therapy, .site = site});
}

/* A site that is added to sites.ini must be near or not near a pregnancy. */
static void pregnancy_is_asked_once_at_every_site(void **state)
{
    tables = &shipped(state)->dose.screening;
    for (unsigned site = 0; site < tables->n_sites; site++) {
        if (asks_at("pregnancy_trunk", THERAPY_tens, site) == asks_at("pregnancy_elsewhere", THERAPY_tens, site))
            fail_msg("%s: is it near the womb or not?", tables->sites[site].id);
    }
}

/* Ultrasound, direct current and cold want the days of skin and sensation; the others are asked without. */
static void skin_and_sensation_are_asked_everywhere_and_dated_where_they_burn(void **state)
{
    static const enum modality_therapy dated[] = {THERAPY_us_thermal, THERAPY_us_nonthermal, THERAPY_lipus,
                                                  THERAPY_ionto,      THERAPY_hvpc_pain,     THERAPY_microcurrent,
                                                  THERAPY_cryo};
    tables = &shipped(state)->dose.screening;
    assert_int_equal(question_at("skin_check")->valid_days, 1);
    assert_int_equal(question_at("sensation_test")->valid_days, 7);
    assert_int_equal(question_at("toh_fracture")->valid_days, 30);
    for (unsigned t = 0; t < THERAPY_COUNT; t++) {
        const enum modality_therapy therapy = (enum modality_therapy)t;
        bool wanted = false;
        for (size_t i = 0; i < sizeof(dated) / sizeof(dated[0]); i++)
            wanted |= dated[i] == therapy;
        assert_int_equal(asks_at("skin_check", therapy, 0), wanted);
        assert_int_equal(asks_at("skin", therapy, 0), !wanted);
        assert_int_equal(asks_at("sensation_test", therapy, 0), wanted);
        if (therapy != THERAPY_pbm) /* A for laser */
            assert_int_equal(asks_at("sensation", therapy, 0), !wanted);
    }
}

/* One answer, one site, one therapy: what comes of it, all others being harmless. */
static void answers_come_to_what_the_matrix_says(void **state)
{
    static const struct {
        enum modality_therapy therapy;
        const char *site, *question, *answer;
        enum modality_token token;
    } rows[] = {
        {THERAPY_tens, "knee", "pacemaker", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_us_thermal, "knee", "pacemaker", "yes", TOKEN_NONE},
        {THERAPY_us_thermal, "chest", "pacemaker", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_lipus, "chest", "pacemaker", "yes", TOKEN_PRECAUTION},
        {THERAPY_us_thermal, "knee", "active_implant", "elsewhere", TOKEN_NONE},
        {THERAPY_us_thermal, "knee", "active_implant", "here", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "knee", "active_implant", "elsewhere", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "knee", "pregnancy_elsewhere", "yes", TOKEN_PRECAUTION},
        {THERAPY_tens, "hip", "pregnancy_trunk", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_us_thermal, "hip", "pregnancy_trunk", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_cryo, "hip", "pregnancy_trunk", "yes", TOKEN_PRECAUTION},
        {THERAPY_tens, "hip", "sensation", "impaired", TOKEN_PRECAUTION},
        {THERAPY_us_thermal, "hip", "sensation_test", "impaired", TOKEN_CONTRAINDICATED},
        {THERAPY_ionto, "hip", "sensation_test", "impaired", TOKEN_CONTRAINDICATED},
        {THERAPY_hvpc_pain, "hip", "sensation_test", "impaired", TOKEN_PRECAUTION},
        {THERAPY_cryo, "hip", "sensation_test", "impaired", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "knee", "skin", "eruption", TOKEN_CONTRAINDICATED},
        {THERAPY_us_nonthermal, "knee", "skin_check", "eruption", TOKEN_PRECAUTION},
        {THERAPY_us_nonthermal, "knee", "skin_check", "broken", TOKEN_CONTRAINDICATED},
        {THERAPY_lipus, "lower_leg", "skin_check", "broken", TOKEN_PRECAUTION},
        {THERAPY_us_nonthermal, "knee", "unhealed_fracture", "here", TOKEN_CONTRAINDICATED},
        {THERAPY_lipus, "knee", "unhealed_fracture", "here", TOKEN_PRECAUTION},
        {THERAPY_lipus, "lower_leg", "unhealed_fracture", "on_label", TOKEN_NONE},
        {THERAPY_nmes, "lower_leg", "unhealed_fracture", "on_label", TOKEN_CONTRAINDICATED},
        {THERAPY_nmes, "thigh", "unhealed_fracture", "unknown", TOKEN_CONTRAINDICATED},
        {THERAPY_lipus, "lower_leg", "lipus_drugs", "yes", TOKEN_PRECAUTION},
        {THERAPY_lipus, "lumbar", "lipus_vertebra", "yes", TOKEN_PRECAUTION},
        {THERAPY_tens, "chest", "across_chest", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_us_thermal, "chest", "across_chest", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_pbm, "chest", "across_chest", "yes", TOKEN_PRECAUTION},
        {THERAPY_tens, "knee", "malignancy", "here", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "knee", "malignancy", "elsewhere", TOKEN_NONE},
        {THERAPY_tens, "groin", "hernia", "here", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "groin", "gonads", "yes", TOKEN_PRECAUTION},
        {THERAPY_us_nonthermal, "groin", "gonads", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_us_thermal, "knee", "metal_implant", "here", TOKEN_CONTRAINDICATED},
        {THERAPY_nmes, "thigh", "metal_implant", "here", TOKEN_PRECAUTION},
        {THERAPY_nmes, "knee", "heart", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_nmes, "knee", "hf_near", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "knee", "pain_cause", "no", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "neck_posterior", "anterior_neck", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_cryo, "neck_posterior", "over_eyes", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_pbm, "knee", "laser_eyewear", "off", TOKEN_CONTRAINDICATED},
        {THERAPY_pbm, "knee", "laser_eyewear", "unknown", TOKEN_CONTRAINDICATED},
        {THERAPY_pbm, "knee", "photosensitising_drugs", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_pbm, "knee", "steroid_injection", "here", TOKEN_CONTRAINDICATED},
        {THERAPY_pbm, "knee", "steroid_injection", "elsewhere", TOKEN_NONE},
        {THERAPY_pbm, "knee", "epilepsy", "yes", TOKEN_PRECAUTION},
        {THERAPY_cryo, "knee", "cold_intolerance", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_cryo, "knee", "ischaemia", "here", TOKEN_CONTRAINDICATED},
        {THERAPY_cryo, "knee", "communication", "no", TOKEN_CONTRAINDICATED},
        {THERAPY_nmes, "hip", "toh_known", "yes", TOKEN_CONTRAINDICATED},
        {THERAPY_tens, "hip", "toh_known", "yes", TOKEN_PRECAUTION},
    };
    tables = &shipped(state)->dose.screening;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct given_answer given = {.question = rows[i].question, .answer = rows[i].answer};
        const enum modality_token token = token_of(screen(rows[i].therapy, rows[i].site, NULL, &given, 1));
        if (token != rows[i].token)
            fail_msg("%s at %s with %s = %s: %s", modality_therapy_id(rows[i].therapy), rows[i].site, rows[i].question,
                     rows[i].answer, token == TOKEN_NONE ? "allowed" : screened.items[0].message);
    }
}

/* Whether the restrictive answer declares what is contraindicated at other sites only: a pacemaker, ultrasound at the
 * knee. */
static bool elsewhere(const struct question *q, enum modality_therapy therapy, unsigned site)
{
    const struct condition *c = &tables->conditions[q->answers[q->restrictive].condition];
    return c->codes[screening_column_of(therapy)] == SCREEN_LOCAL && c->local_sites != 0 &&
           ((c->local_sites >> site) & 1u) == 0;
}

/* For every therapy and site: all harmless is allowed, and each question that is left out there refuses. */
static void what_is_not_answered_counts_as_restrictive(void **state)
{
    tables = &shipped(state)->dose.screening;
    for (unsigned t = 0; t < THERAPY_COUNT; t++) {
        const enum modality_therapy therapy = (enum modality_therapy)t;
        for (unsigned site = 0; site < tables->n_sites; site++) {
            const struct screening_case c = {.therapy = therapy, .site = site};
            assert_int_equal(screen(therapy, tables->sites[site].id, NULL, NULL, 0), 0);
            for (size_t i = 0; i < tables->n_questions; i++) {
                const struct question *q = &tables->questions[i];
                if (!screening_asks(q, &c) || elsewhere(q, therapy, site))
                    continue;
                if (screen(therapy, tables->sites[site].id, NULL, ANSWER(q->id, NULL)) == 0 ||
                    screen(therapy, tables->sites[site].id, NULL, ANSWER(q->id, "unknown")) == 0)
                    fail_msg("%s at %s does not need %s", modality_therapy_id(therapy), tables->sites[site].id, q->id);
            }
        }
    }
}

static void the_least_restrictive_answer_stands_first(void **state)
{
    tables = &shipped(state)->dose.screening;
    for (size_t i = 0; i < tables->n_questions; i++) {
        assert_int_not_equal(tables->questions[i].restrictive, 0);
        assert_true(tables->questions[i].indication != NULL || tables->questions[i].answers[0].condition < 0);
    }
}

/* Transient osteoporosis at the hip: therapy, was a fracture excluded, is there a pregnancy. */
struct toh_row {
    enum modality_therapy therapy;
    char excluded, possible; /* not pregnant: fracture excluded; not excluded, or unknown */
    char pregnant_excluded, pregnant_possible;
};
static const struct toh_row toh[] = {
    {THERAPY_tens, 'A', 'P', 'X', 'X'},         {THERAPY_tens_brief, 'A', 'P', 'X', 'X'},
    {THERAPY_ifc, 'A', 'P', 'X', 'X'},          {THERAPY_hvpc_pain, 'A', 'P', 'X', 'X'},
    {THERAPY_microcurrent, 'A', 'P', 'X', 'X'}, {THERAPY_nmes, 'P', 'X', 'X', 'X'},
    {THERAPY_russian_nmes, 'P', 'X', 'X', 'X'}, {THERAPY_ionto, 'P', 'X', 'X', 'X'},
    {THERAPY_us_thermal, 'P', 'X', 'X', 'X'},   {THERAPY_us_nonthermal, 'P', 'X', 'X', 'X'},
    {THERAPY_lipus, 'P', 'P', 'X', 'X'},        {THERAPY_pbm, 'A', 'P', 'X', 'X'},
    {THERAPY_cryo, 'A', 'A', 'P', 'P'},
};

static char outcome(int rc)
{
    if (rc == 0)
        return 'A';
    return screened.items[0].token == TOKEN_PRECAUTION ? 'P' : 'X';
}

static void toh_case(enum modality_therapy therapy, const char *fracture, const char *pregnant, char expected)
{
    const struct given_answer given[] = {{.question = "toh_fracture", .answer = fracture},
                                         {.question = "pregnancy_trunk", .answer = pregnant},
                                         {.question = "toh_lipus", .answer = pregnant}};
    const char found = outcome(screen(therapy, "hip", TOH, given, 3));
    if (found != expected)
        fail_msg("%s, fracture excluded: %s, pregnant: %s: %c instead of %c", modality_therapy_id(therapy), fracture,
                 pregnant, found, expected);
}

static void transient_hip_osteoporosis_follows_its_table(void **state)
{
    tables = &shipped(state)->dose.screening;
    assert_int_equal(sizeof(toh) / sizeof(toh[0]), THERAPY_COUNT);
    for (size_t i = 0; i < THERAPY_COUNT; i++) {
        const struct toh_row *row = &toh[i];
        toh_case(row->therapy, "yes", "no", row->excluded);
        toh_case(row->therapy, "no", "no", row->possible);
        toh_case(row->therapy, "unknown", "no", row->possible);
        toh_case(row->therapy, "yes", "yes", row->pregnant_excluded);
        toh_case(row->therapy, "no", "yes", row->pregnant_possible);
        toh_case(row->therapy, "unknown", "yes", row->pregnant_possible);
        toh_case(row->therapy, "yes", "unknown", row->pregnant_excluded);
        toh_case(row->therapy, "no", "unknown", row->pregnant_possible);
        toh_case(row->therapy, "unknown", "unknown", row->pregnant_possible);
    }
}

/* An image without its day, of a day to come or of the month before last excludes nothing. */
static void an_image_excludes_a_fracture_while_its_day_counts(void **state)
{
    static const struct {
        bool has_on;
        int64_t day;
        char nmes;
    } rows[] = {
        {true, TODAY, 'P'}, {true, TODAY - 30, 'P'}, {true, TODAY - 31, 'X'}, {true, TODAY + 1, 'X'}, {false, 0, 'X'}};
    tables = &shipped(state)->dose.screening;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        image = (struct given_answer){.has_on = rows[i].has_on, .on_day = rows[i].day};
        dated_apart = "toh_fracture";
        const char found = outcome(screen(THERAPY_nmes, "hip", TOH, NULL, 0));
        dated_apart = NULL;
        assert_int_equal(found, rows[i].nmes);
    }
}

/* Where no day is asked for, an answer of another day is none: it was given for another treatment. */
static void an_answer_of_another_day_counts_as_the_restrictive_one(void **state)
{
    static const struct given_answer rows[] = {
        {.has_on = false},
        {.has_on = true, .on_day = TODAY},
        {.has_on = true, .on_day = TODAY - 1},
        {.has_on = true, .on_day = TODAY + 1},
        {.has_on = true, .on_day = INT64_MIN},
        {.has_on = true, .on_day = INT64_MAX},
    };
    tables = &shipped(state)->dose.screening;
    dated_apart = "pacemaker";
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        image = rows[i];
        assert_int_equal(outcome(screen(THERAPY_tens, "knee", NULL, NULL, 0)), i < 2 ? 'A' : 'X');
    }
    dated_apart = NULL;
}

/* Every condition that is local needs sites of its own, or an answer that says here. */
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
        assert_true(!local || somewhere);
    }
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(screening_is_the_matrix),
        RUN(no_cell_of_the_matrix_is_never_asked_for),
        RUN(pregnancy_is_asked_once_at_every_site),
        RUN(skin_and_sensation_are_asked_everywhere_and_dated_where_they_burn),
        RUN(answers_come_to_what_the_matrix_says),
        RUN(what_is_not_answered_counts_as_restrictive),
        RUN(the_least_restrictive_answer_stands_first),
        RUN(transient_hip_osteoporosis_follows_its_table),
        RUN(an_image_excludes_a_fracture_while_its_day_counts),
        RUN(an_answer_of_another_day_counts_as_the_restrictive_one),
        RUN(every_condition_can_be_declared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
