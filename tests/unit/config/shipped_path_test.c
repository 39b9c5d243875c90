/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Current across the chest: every two body sites that ship, against a rule of regions written by hand. Who adds a site
 * says here where on the body it lies.
 */
#include "shipped.h"

#include <string.h>

enum region { NECK, SHOULDER, ARM, CHEST, UPPER_BACK, LOWER_BACK, BELOW, REGIONS };

static const struct {
    const char *site;
    enum region region;
} regions[] = {
    {"neck_posterior", NECK},
    {"shoulder", SHOULDER},
    {"upper_arm", ARM},
    {"elbow", ARM},
    {"lateral_epicondyle", ARM},
    {"forearm", ARM},
    {"wrist", ARM},
    {"hand", ARM},
    {"chest", CHEST},
    {"thoracic_spine", UPPER_BACK},
    {"lumbar", LOWER_BACK},
    {"abdomen", BELOW},
    {"pelvis", BELOW},
    {"groin", BELOW},
    {"buttock", BELOW},
    {"hip", BELOW},
    {"thigh", BELOW},
    {"iliotibial_band", BELOW},
    {"knee", BELOW},
    {"lower_leg", BELOW},
    {"ankle", BELOW},
    {"achilles_tendon", BELOW},
    {"foot", BELOW},
};

/* x: current between these passes the heart; s: only from one side of the body to the other. */
static const char *const passes[REGIONS] = {
    /*               N S A C U L B */
    [NECK] /*     */ = "...x.xx", [SHOULDER] /* */ = ".sss.xx",  [ARM] /*      */ = ".ssxxxx",
    [CHEST] /*    */ = "xsxsxxx", [UPPER_BACK] /**/ = "..xx..x", [LOWER_BACK] /**/ = "xxxx...",
    [BELOW] /*    */ = "xxxxx..",
};

static const struct screening *tables;

static enum region region_of(unsigned site)
{
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
        if (strcmp(regions[i].site, tables->sites[site].id) == 0)
            return regions[i].region;
    fail_msg("%s: where on the body is it?", tables->sites[site].id);
    return REGIONS;
}

/* Whether TENS is refused because electrodes lie across the chest, every question being answered harmlessly. */
static bool lies_across(struct screening_case c)
{
    struct given_answer all[SCREENING_QUESTIONS_MAX];
    struct refusals r = {0};
    uint64_t declared;
    size_t n = 0;
    c.therapy = THERAPY_tens;
    for (size_t i = 0; i < tables->n_questions; i++)
        if (tables->questions[i].indication == NULL)
            all[n++] = (struct given_answer){
                .question = tables->questions[i].id, .answer = tables->questions[i].answers[0].id, .has_on = true};
    const int judged = screening_judge(tables, &c, all, n, NULL, 0, &declared, &r);
    if (judged == 0)
        return false;
    assert_int_equal(r.n, 1);
    assert_string_equal(r.items[0].subject, "across_chest");
    assert_int_equal(r.items[0].token, TOKEN_CONTRAINDICATED);
    return true;
}

static bool one_treatment(unsigned a, unsigned b, bool crosses)
{
    const struct screening_span span = {.a = a, .b = b, .crosses = crosses};
    return lies_across((struct screening_case){
        .site = a, .n_spans = 1, .spans = &span, .electrodes = UINT64_C(1) << a | UINT64_C(1) << b});
}

static bool two_treatments(unsigned a, unsigned b)
{
    const struct screening_other other = {.session = "S-1", .therapy = THERAPY_tens, .sites = UINT64_C(1) << b};
    return lies_across(
        (struct screening_case){.site = a, .n_others = 1, .others = &other, .electrodes = UINT64_C(1) << a});
}

static void current_passes_the_heart_where_the_regions_say(void **state)
{
    tables = &shipped(state)->dose.screening;
    assert_int_equal(tables->n_sites, sizeof(regions) / sizeof(regions[0]));
    for (unsigned a = 0; a < tables->n_sites; a++) {
        for (unsigned b = 0; b < tables->n_sites; b++) {
            const char rule = passes[region_of(a)][region_of(b)];
            if (one_treatment(a, b, false) != (rule == 'x') || two_treatments(a, b) != (rule == 'x') ||
                one_treatment(a, b, true) != (rule != '.'))
                fail_msg("%s to %s: the rule of regions says %c", tables->sites[a].id, tables->sites[b].id, rule);
        }
    }
}

static void the_rule_reads_the_same_both_ways(void **state)
{
    (void)state;
    for (unsigned a = 0; a < REGIONS; a++)
        for (unsigned b = 0; b < REGIONS; b++)
            assert_int_equal(passes[a][b], passes[b][a]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(current_passes_the_heart_where_the_regions_say, fixture_empty, fixture_end),
        cmocka_unit_test(the_rule_reads_the_same_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
