/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration that ships: it loads clean, every protocol passes every limit at its minimum, default, maximum and
 * worst corner with the reference pads (25 cm2 or the smallest allowed) and head (ERA 5 cm2), every bound refuses what
 * lies beyond it, and screening says what the matrix says.
 */
#include "config_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reference accessories: see plugins/modbus-map and config/applicators.ini. */
#define HEAD_ERA_MM2 500
#define HEAD_BNR_PERMILLE 5000

enum corner { AT_MIN, AT_DEFAULT, AT_MAX, AT_WORST, CORNERS };

static const struct config *shipped(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_load(f, SHIPPED_DIR), 0);
    assert_string_equal(f->told, "");
    return f->config;
}

static void it_loads_clean(void **state)
{
    const struct config *c = shipped(state);
    assert_int_equal(c->n_devices, 0);
    assert_true(c->dose.n_protocols >= 9);
    assert_true(c->dose.screening.n_sites > 10);
    assert_non_null(config_role_of(c, 0, NULL, 0));
    assert_null(config_role_of(c, 4711, NULL, 0));
}

static void put_parameter(struct dose_channel *ch, const struct protocol_parameter *p, enum corner at)
{
    const struct modality_quantity_info *info = modality_quantity_info(p->quantity);
    bool more_is_safer = info->safer == SAFER_UP;
    bool walks = info->safer == SAFER_DOWN && info->basis != BASIS_PROPERTY;
    int64_t start = at == AT_MAX ? p->max : at == AT_DEFAULT ? p->initial : p->min, ceiling = start;
    if (at == AT_WORST) {
        ceiling = more_is_safer ? p->min : p->max;
        start = walks ? p->min : ceiling;
    }
    quantity_put(&ch->start, p->quantity, start);
    quantity_put(&ch->ceiling, p->quantity, ceiling);
}

static void treatment_at(const struct protocol *p, enum corner at, struct dose_treatment *t)
{
    *t = (struct dose_treatment){.modality = p->modality,
                                 .therapy = p->therapy,
                                 .thermal = p->thermal,
                                 .applicator = -1,
                                 .n_channels = p->n_channels_max};
    while (p->sites != 0 && (p->sites >> t->site & 1u) == 0)
        t->site++;
    for (size_t c = 0; c < t->n_channels; c++) {
        struct dose_channel *ch = &t->channels[c];
        ch->waveform = p->waveform;
        for (size_t i = 0; i < p->n_parameters; i++) {
            if (p->parameters[i].quantity == QUANTITY_duration_ms)
                t->duration_ms = at == AT_MIN       ? p->parameters[i].min
                                 : at == AT_DEFAULT ? p->parameters[i].initial
                                                    : p->parameters[i].max;
            else
                put_parameter(ch, &p->parameters[i], at);
        }
        if (p->modality == MODALITY_ULTRASOUND) {
            quantity_put(&ch->start, QUANTITY_era_mm2, HEAD_ERA_MM2);
            quantity_put(&ch->start, QUANTITY_bnr_permille, HEAD_BNR_PERMILLE);
            quantity_put(&ch->ceiling, QUANTITY_era_mm2, HEAD_ERA_MM2);
            quantity_put(&ch->ceiling, QUANTITY_bnr_permille, HEAD_BNR_PERMILLE);
        }
    }
}

static void tell_refusals(const struct protocol *p, enum corner at, const struct refusals *r)
{
    for (size_t i = 0; i < r->n; i++)
        print_error("%s, corner %d: %s\n", p->id, (int)at, r->items[i].message);
}

/* The last session that the protocol's own schedule allows in a day, all of the same size. */
static struct dose_history day_before(const struct protocol *p, const struct dose_picture *picture)
{
    int64_t n = p->sessions_per_day - 1;
    return (struct dose_history){.duration_ms = n * picture->treatment.duration_ms,
                                 .energy_uj = n * quantity_or_zero(&picture->whole, QUANTITY_energy_uj),
                                 .charge_uc = n * quantity_or_zero(&picture->whole, QUANTITY_session_charge_uc),
                                 .session_count = n,
                                 .has_last_end = true,
                                 .since_last_end_ms = p->rest_min_ms};
}

static void every_protocol_passes_every_limit(void **state)
{
    const struct config *c = shipped(state);
    static struct dose_picture picture;
    static struct limit_verdict verdict;
    static struct refusals refused;
    struct dose_treatment t;
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        const struct protocol *p = &c->dose.protocols[i];
        for (enum corner at = AT_MIN; at < CORNERS; at++) {
            refused = (struct refusals){0};
            verdict = (struct limit_verdict){0};
            treatment_at(p, at, &t);
            int rc = dose_picture_make(&t, &picture, &refused);
            tell_refusals(p, at, &refused);
            assert_int_equal(rc, 0);
            rc = protocol_check(p, &t, &refused);
            tell_refusals(p, at, &refused);
            assert_int_equal(rc, 0);
            struct dose_history history = day_before(p, &picture);
            assert_int_equal(protocol_check_history(p, &history, &refused), 0);
            rc = limit_check(c->dose.limits, c->dose.n_limits, &picture, &history, &verdict);
            tell_refusals(p, at, &verdict.refused);
            assert_int_equal(rc, 0);
            assert_int_equal(verdict.refused.n, 0);
        }
    }
}

static void defaults_ask_for_no_notice_but_a_moving_head(void **state)
{
    const struct config *c = shipped(state);
    static struct dose_picture picture;
    static struct limit_verdict verdict;
    static struct refusals refused;
    struct dose_treatment t;
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        verdict = (struct limit_verdict){0};
        treatment_at(&c->dose.protocols[i], AT_DEFAULT, &t);
        assert_int_equal(dose_picture_make(&t, &picture, &refused), 0);
        limit_check(c->dose.limits, c->dose.n_limits, &picture, NULL, &verdict);
        for (size_t k = 0; k < verdict.notices.n; k++)
            assert_string_equal(verdict.notices.items[k].subject, "us_static_max");
    }
}

/* The lowest bit of a mask, or the first id whose modality fits. */
static unsigned first_of(uint64_t mask, unsigned count, const struct limit *l, enum modality (*of)(unsigned))
{
    for (unsigned i = 0; i < count; i++)
        if ((mask == 0 || (mask >> i & 1u) != 0) && ((unsigned)of(i) & (unsigned)l->modality) != 0)
            return i;
    fail_msg("limit %s applies to nothing", l->id);
    return 0;
}

static enum modality of_waveform(unsigned w)
{
    return modality_waveform_modality((enum modality_waveform)w);
}

static enum modality of_therapy(unsigned t)
{
    return modality_therapy_modality((enum modality_therapy)t);
}

/* A picture that meets the conditions of the limit and holds one value of its quantity, nothing else. */
static void picture_of(const struct limit *l, int64_t value, struct dose_picture *p)
{
    *p = (struct dose_picture){0};
    struct dose_treatment *t = &p->treatment;
    t->applicator = -1;
    t->n_channels = 1;
    t->therapy = (enum modality_therapy)first_of(l->when.therapies, THERAPY_COUNT, l, of_therapy);
    t->modality = modality_therapy_modality(t->therapy);
    t->channels[0].waveform = (enum modality_waveform)first_of(l->when.waveforms, WAVEFORM_COUNT, l, of_waveform);
    for (size_t i = 0; i < l->when.n_ranges; i++) {
        const struct limit_range *r = &l->when.ranges[i];
        quantity_put(&p->start[0], r->quantity, r->has_upto ? r->upto : r->above + 1);
    }
    quantity_put(&p->start[0], l->quantity, value);
    p->ceiling[0] = p->start[0];
}

static bool refuses(const struct limit *l, int64_t value)
{
    static struct dose_picture picture;
    static struct limit_verdict verdict;
    verdict = (struct limit_verdict){0};
    picture_of(l, value, &picture);
    limit_check(l, 1, &picture, NULL, &verdict);
    const struct refusals *list = l->class == LIMIT_HARD ? &verdict.refused : &verdict.notices;
    if (list->n == 0)
        return false;
    assert_int_equal(list->n, 1);
    assert_string_equal(list->items[0].subject, l->id);
    assert_string_equal(list->items[0].origin, l->origin);
    return true;
}

/* The highest set value that a maximum admits: an intensity counts as 1.2 times itself. */
static int64_t admitted(const struct limit *l)
{
    return limit_has_head_factor(l) ? l->max * 1000 / LIMIT_HEAD_FACTOR_PERMILLE : l->max;
}

static void every_bound_refuses_what_lies_beyond_it(void **state)
{
    const struct config *c = shipped(state);
    size_t tried = 0;
    for (size_t i = 0; i < c->dose.n_limits; i++) {
        const struct limit *l = &c->dose.limits[i];
        if (l->layer != LAYER_INSTALLATION || l->use != USE_TREATMENT ||
            (l->class != LIMIT_HARD && l->class != LIMIT_NOTICE))
            continue;
        /* a session counts itself: the bound of 1 a day admits the value 1, as for every other quantity */
        assert_false(l->has_max && (refuses(l, admitted(l) - 1) || refuses(l, admitted(l))));
        assert_true(!l->has_max || refuses(l, admitted(l) + 1));
        assert_false(l->has_min && refuses(l, l->min));
        assert_true(!l->has_min || refuses(l, l->min - 1));
        tried++;
    }
    assert_true(tried >= 30);
}

static void rows_of_walk_and_supervision_are_known_as_such(void **state)
{
    static const struct {
        const char *id;
        enum limit_use use;
    } rows[] = {
        {"es_step_max", USE_WALK},        {"es_slew_max", USE_WALK},          {"es_accuracy", USE_FAULT},
        {"es_load_open", USE_FAULT},      {"es_load_short", USE_FAULT},       {"es_load_trend", USE_FAULT},
        {"us_power_accuracy", USE_FAULT}, {"us_timer_tol_lt5", USE_FAULT},    {"us_timer_tol_gt10", USE_FAULT},
        {"us_head_temp_max", USE_FAULT},  {"es_irms_all_cap", USE_TREATMENT}, {"us_temp_rise_max", USE_TREATMENT}};
    const struct config *c = shipped(state);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool found = false;
        for (size_t k = 0; k < c->dose.n_limits; k++) {
            if (strcmp(c->dose.limits[k].id, rows[i].id) != 0)
                continue;
            found = true;
            assert_int_equal(c->dose.limits[k].use, rows[i].use);
        }
        assert_true(found);
    }
}

static void lipus_alone_is_locked_until_it_is_accepted(void **state)
{
    struct fixture *f = *state;
    const struct config *c = shipped(state);
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        const struct protocol *p = &c->dose.protocols[i];
        const struct limit *lock = protocol_lock(&c->dose, p);
        if (strcmp(p->id, "lipus_fracture") == 0)
            assert_string_equal(lock->id, "lipus_sata_max");
        else
            assert_null(lock);
    }
    static const char *const files[] = {"limits-estim.ini", "limits-ultrasound.ini", "protocols/ultrasound.ini"};
    char path[256];
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, files[i]);
        fixture_copy(f, path, files[i]);
    }
    fixture_write(f, "installation.ini", "[accept lipus_sata_max]\nby = head of therapy\ndate = 2026-11-22\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_null(protocol_lock(&f->config->dose, protocol_find(&f->config->dose, "lipus_fracture")));
}

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
    for (size_t i = 0; i < tables->n_questions; i++) {
        const struct question *q = &tables->questions[i];
        const char *answer = q->answers[q->restrictive == 0 ? 1 : 0].id;
        for (size_t k = 0; k < n; k++)
            if (strcmp(given[k].question, q->id) == 0)
                answer = given[k].answer;
        if (screening_asks(q, therapy, (unsigned)at, indication) && answer != NULL)
            all[n_all++] = (struct given_answer){.question = q->id, .answer = answer};
    }
    screened = (struct refusals){0};
    return screening_judge(tables, therapy, (unsigned)at, indication, all, n_all, NULL, 0, &declared, &screened);
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

/* A clinic's examples in comments must work when the # is taken away. */
static void the_commented_examples_load(void **state)
{
    static const char *const files[] = {"applicators.ini", "daemon.ini", "devices.ini"};
    struct fixture *f = *state;
    for (size_t i = 0; i < 3; i++) {
        char path[256], *to;
        snprintf(path, sizeof(path), "%s/%s", SHIPPED_DIR, files[i]);
        char *text = file_text(path, NULL);
        to = text;
        for (const char *from = text; *from != '\0'; from++)
            if (!(*from == '#' && (from == text || from[-1] == '\n') && from[1] != ' ' && from[1] != '\n'))
                *to++ = *from;
        *to = '\0';
        char *group = strstr(text, "socket_group = modalityd");
        if (group != NULL)
            memcpy(group + strlen("socket_group = "), "root     ", 9);
        fixture_write(f, files[i], text);
        free(text);
    }
    fixture_copy(f, SHIPPED_DIR "/maps/refstim.ini", "refstim.ini");
    fixture_copy(f, SHIPPED_DIR "/maps/refus.ini", "refus.ini");
    int rc = fixture_load(f, NULL);
    assert_string_equal(f->told, "");
    assert_int_equal(rc, 0);
    assert_int_equal(f->config->n_devices, 3);
    assert_int_equal(f->config->n_links, 2);
    assert_int_equal(f->config->dose.n_applicators, 1);
    assert_int_equal(f->config->daemon.n_alarm_command, 3);
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(it_loads_clean),
        RUN(every_protocol_passes_every_limit),
        RUN(defaults_ask_for_no_notice_but_a_moving_head),
        RUN(every_bound_refuses_what_lies_beyond_it),
        RUN(rows_of_walk_and_supervision_are_known_as_such),
        RUN(lipus_alone_is_locked_until_it_is_accepted),
        RUN(screening_follows_the_matrix),
        RUN(what_is_not_answered_counts_as_restrictive),
        RUN(transient_hip_osteoporosis_asks_its_three_questions),
        RUN(every_condition_can_be_declared),
        RUN(the_commented_examples_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
