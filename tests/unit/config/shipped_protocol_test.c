/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The protocols that ship: each of them, at the minimum, default and maximum of every parameter and in every
 * combination of these, is derived, lies inside its own ranges and is refused by no shipped limit, on the last session
 * of a day that its own schedule allows. What is locked, and by what, is as installation.ini says.
 */
#include "shipped.h"

#include <stdio.h>
#include <string.h>

#define COMBINED_MAX 8 /* parameters with a range that are combined in full: 3^8 treatments */

/* What one treatment is judged with, large and hence not on the stack. */
static struct dose_picture picture;
static struct limit_verdict verdict;
static struct refusals refused;

static void tell(const struct protocol *p, const struct dose_treatment *t, const struct refusals *r)
{
    char text[VALUE_TEXT_MAX];
    if (r->n == 0)
        return;
    print_error("%s, %zu channels, %s", p->id, t->n_channels,
                value_format(QUANTITY_duration_ms, t->duration_ms, text, sizeof(text)));
    for (size_t i = 0; i < p->n_parameters; i++) {
        enum modality_quantity q = p->parameters[i].quantity;
        if (quantity_has(&t->channels[0].ceiling, q))
            print_error(", %s %s", modality_quantity_info(q)->id,
                        value_format(q, t->channels[0].ceiling.value[q], text, sizeof(text)));
    }
    for (size_t i = 0; i < r->n; i++)
        print_error("\n    %s", r->items[i].message);
    print_error("\n");
}

/* Holds one treatment against everything that could refuse it. */
static void passes(const struct config *c, const struct protocol *p, const struct dose_treatment *t)
{
    refused = (struct refusals){0};
    int rc = dose_picture_make(t, &picture, &refused);
    if (rc == 0)
        rc = protocol_check(p, t, &refused);
    if (rc == 0) {
        struct dose_history history = day_before(p, &picture);
        rc = protocol_check_history(p, &history, &refused);
        if (rc == 0)
            rc = limit_check(c->dose.limits, c->dose.n_limits, &picture, &history, &verdict);
    }
    tell(p, t, &refused);
    tell(p, t, &verdict.refused);
    assert_int_equal(rc, 0);
    assert_int_equal(refused.n + verdict.refused.n, 0);
}

/* The parameters that have a range, by index. */
static size_t ranged(const struct protocol *p, size_t found[PROTOCOL_PARAMETERS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; i < p->n_parameters; i++)
        if (p->parameters[i].min != p->parameters[i].max)
            found[n++] = i;
    return n;
}

static void set_corner(const struct protocol *p, size_t i, enum corner at, struct dose_treatment *t)
{
    int64_t value = parameter_at(&p->parameters[i], at);
    treatment_set(t, p->parameters[i].quantity, value, value);
}

/* Every combination of minimum, default and maximum: a counter in base 3. */
static size_t every_combination(const struct config *c, const struct protocol *p, size_t n_channels)
{
    size_t ranges[PROTOCOL_PARAMETERS_MAX], n = ranged(p, ranges), total = 1, tried = 0;
    struct dose_treatment t;
    for (size_t i = 0; i < n; i++)
        total *= CORNERS;
    treatment_bare(p, n_channels, &t);
    for (size_t i = 0; i < p->n_parameters; i++)
        set_corner(p, i, AT_DEFAULT, &t);
    for (; tried < total; tried++) {
        for (size_t i = 0, digits = tried; i < n; i++, digits /= CORNERS)
            set_corner(p, ranges[i], (enum corner)(digits % CORNERS), &t);
        passes(c, p, &t);
    }
    return tried;
}

/* Too many ranges to combine: all at one corner, and each alone at its ends while the others are at one. */
static size_t every_end_alone(const struct config *c, const struct protocol *p, size_t n_channels)
{
    size_t ranges[PROTOCOL_PARAMETERS_MAX], n = ranged(p, ranges), tried = 0;
    struct dose_treatment t;
    treatment_bare(p, n_channels, &t);
    for (enum corner all = AT_MIN; all < CORNERS; all++) {
        for (size_t i = 0; i < p->n_parameters; i++)
            set_corner(p, i, all, &t);
        passes(c, p, &t);
        tried++;
        for (size_t i = 0; i < n; i++) {
            for (enum corner one = AT_MIN; one < CORNERS; one++, tried++) {
                set_corner(p, ranges[i], one, &t);
                passes(c, p, &t);
            }
            set_corner(p, ranges[i], all, &t);
        }
    }
    return tried;
}

static void every_protocol_passes_every_limit_at_every_corner(void **state)
{
    const struct config *c = shipped(state);
    size_t tried = 0;
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        const struct protocol *p = &c->dose.protocols[i];
        size_t unused[PROTOCOL_PARAMETERS_MAX];
        for (size_t n = p->n_channels_min; n <= p->n_channels_max; n++)
            tried += ranged(p, unused) <= COMBINED_MAX ? every_combination(c, p, n) : every_end_alone(c, p, n);
    }
    assert_true(tried > 5000);
}

/* The widest envelope that can be asked for: from the safest value to the least safe one, properties at their worst. */
static void every_protocol_passes_with_its_widest_envelope(void **state)
{
    const struct config *c = shipped(state);
    struct dose_treatment t;
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        const struct protocol *p = &c->dose.protocols[i];
        treatment_bare(p, p->n_channels_max, &t);
        for (size_t k = 0; k < p->n_parameters; k++) {
            const struct protocol_parameter *range = &p->parameters[k];
            const struct modality_quantity_info *info = modality_quantity_info(range->quantity);
            int64_t worst = info->safer == SAFER_UP ? range->min : range->max;
            int64_t safest = info->safer == SAFER_UP ? range->max : range->min;
            bool walks = info->safer != SAFER_NONE && info->basis == BASIS_COMMANDED && !course_names(range->quantity);
            treatment_set(&t, range->quantity, walks ? safest : worst, worst);
        }
        passes(c, p, &t);
    }
}

static void defaults_ask_for_no_notice_but_a_moving_head(void **state)
{
    const struct config *c = shipped(state);
    struct dose_treatment t;
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        treatment_at(&c->dose.protocols[i], AT_DEFAULT, &t);
        refused = (struct refusals){0};
        assert_int_equal(dose_picture_make(&t, &picture, &refused), 0);
        limit_check(c->dose.limits, c->dose.n_limits, &picture, NULL, &verdict);
        for (size_t k = 0; k < verdict.notices.n; k++)
            assert_string_equal(verdict.notices.items[k].subject, "us_static_max");
    }
}

/* The presets of the dosage reference, all of them. */
static const char *const presets[] = {
    "tens_conventional", "tens_high_dose",     "tens_acupuncture", "tens_brief_intense", "tens_burst",
    "ifc_sensory",       "ifc_lowback_trial",  "premod_motor",     "nmes_oa_quad",       "russian_10_50_10",
    "bmac_low_duty",     "hvpc_acute",         "hvpc_subacute",    "microcurrent_basic", "ionto_dex_40",
    "us_acute_pulsed",   "us_chronic_thermal", "lipus_fracture",   "lllt_hip_780_860",   "lllt_trochanter",
    "lllt_knee_904",     "cryo_pack"};

static void every_preset_is_there(void **state)
{
    const struct config *c = shipped(state);
    for (size_t i = 0; i < sizeof(presets) / sizeof(presets[0]); i++)
        if (protocol_find(&c->dose, presets[i]) == NULL)
            fail_msg("there is no protocol %s", presets[i]);
    assert_int_equal(c->n_bundles, 1);
    const struct config_bundle *b = &c->bundles[0];
    assert_string_equal(b->id, "toh_default_bundle");
    assert_string_equal(b->indication, "transient_hip_osteoporosis");
    assert_int_equal(b->n_protocols, 2);
    assert_string_equal(c->dose.protocols[b->protocols[0]].id, "tens_conventional");
    assert_string_equal(c->dose.protocols[b->protocols[1]].id, "cryo_pack");
}

/* What a fresh installation locks; everything else is open. */
static const struct {
    const char *protocol;
    const char *limits[3]; /* one after the other, each until it is accepted */
} locks[] = {{"lipus_fracture", {"lipus_sata_max"}},
             {"tens_brief_intense", {"es_brief_session_max"}},
             {"ionto_dex_40", {"ion_dose_max", "ion_jdc_cathode", "ion_jdc_anode"}}};

static bool locks_name(const char *protocol, const char *limit)
{
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++)
        for (size_t k = 0; strcmp(locks[i].protocol, protocol) == 0 && k < 3 && locks[i].limits[k] != NULL; k++)
            if (strcmp(locks[i].limits[k], limit) == 0)
                return true;
    return false;
}

static void only_what_rests_on_memory_is_locked(void **state)
{
    const struct config *c = shipped(state);
    size_t locked = 0;
    for (size_t i = 0; i < c->dose.n_protocols; i++) {
        const struct protocol *p = &c->dose.protocols[i];
        const struct limit *lock = protocol_lock(&c->dose, p);
        if (lock != NULL && !locks_name(p->id, lock->id))
            fail_msg("%s is locked by %s", p->id, lock->id);
        locked += lock != NULL;
    }
    assert_int_equal(locked, sizeof(locks) / sizeof(locks[0]));
}

/* The shipped limits and protocols beside an installation that accepts. */
static int load_with(struct fixture *f, const char *installation)
{
    shipped_copy(f);
    fixture_write(f, "installation.ini", installation);
    return fixture_load(f, NULL);
}

static void an_acceptance_of_each_limit_opens_what_rests_on_them(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(locks) / sizeof(locks[0]); i++) {
        char text[512] = "# nothing yet\n";
        for (size_t k = 0; k < 3 && locks[i].limits[k] != NULL; k++) {
            assert_int_equal(load_with(f, text), 0);
            assert_non_null(protocol_lock(&f->config->dose, protocol_find(&f->config->dose, locks[i].protocol)));
            snprintf(text + strlen(text), sizeof(text) - strlen(text),
                     "[accept %s]\nby = head of therapy\ndate = 2026-11-22\n", locks[i].limits[k]);
        }
        assert_int_equal(load_with(f, text), 0);
        assert_null(protocol_lock(&f->config->dose, protocol_find(&f->config->dose, locks[i].protocol)));
    }
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_empty, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(every_protocol_passes_every_limit_at_every_corner),
        RUN(every_protocol_passes_with_its_widest_envelope),
        RUN(defaults_ask_for_no_notice_but_a_moving_head),
        RUN(every_preset_is_there),
        RUN(only_what_rests_on_memory_is_locked),
        RUN(an_acceptance_of_each_limit_opens_what_rests_on_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
