/* SPDX-License-Identifier: Apache-2.0 */
/* Sites that lie in each other: which meet, and how lists of sites are widened by it. */
#include "config_test.h"

#define SITE(id, rest) "[site " id "]\nlabel = " id "\n" rest

/* After hip, thigh and neck (bits 0 to 2): arm > elbow > knob, arm > wrist, and a strap over wrist and thigh. */
enum { HIP, THIGH, NECK, ARM, ELBOW, KNOB, WRIST, STRAP };
static const char arms[] = SITE("arm", "") SITE("elbow", "part_of = arm\n") SITE("knob", "part_of = elbow\n")
    SITE("wrist", "part_of = arm\n") SITE("strap", "part_of = wrist, thigh\n");

#define BIT(site) (UINT64_C(1) << (site))

static void load(struct fixture *f, const char *text)
{
    fixture_write(f, "b.ini", arms);
    fixture_write(f, "c.ini", text);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_equal(f->told, "");
}

static void parts_and_wholes_meet_by_way_of_others(void **state)
{
    struct fixture *f = *state;
    load(f, "");
    const struct screening *s = &f->config->dose.screening;
    static const uint64_t meets[] = {
        [HIP] = BIT(HIP),
        [THIGH] = BIT(THIGH) | BIT(STRAP),
        [NECK] = BIT(NECK),
        [ARM] = BIT(ARM) | BIT(ELBOW) | BIT(KNOB) | BIT(WRIST) | BIT(STRAP),
        [ELBOW] = BIT(ARM) | BIT(ELBOW) | BIT(KNOB),
        [KNOB] = BIT(ARM) | BIT(ELBOW) | BIT(KNOB),
        [WRIST] = BIT(ARM) | BIT(WRIST) | BIT(STRAP),
        [STRAP] = BIT(ARM) | BIT(WRIST) | BIT(STRAP) | BIT(THIGH),
    };
    assert_int_equal(s->n_sites, sizeof(meets) / sizeof(meets[0]));
    for (unsigned i = 0; i < s->n_sites; i++)
        assert_int_equal(site_meets(s, i), meets[i]);
    assert_int_equal(s->sites[KNOB].part_of, BIT(ARM) | BIT(ELBOW));
    assert_int_equal(site_meets(s, 8), 0);
}

static const struct question *question_of(const struct fixture *f, const char *id)
{
    const struct screening *s = &f->config->dose.screening;
    for (size_t i = 0; i < s->n_questions; i++)
        if (strcmp(s->questions[i].id, id) == 0)
            return &s->questions[i];
    fail_msg("no question %s", id);
    return NULL;
}

#define QUESTION(id, where)                                                                                            \
    "[question " id "]\ntext = t\nanswers = no, yes\nrestrictive = yes\nanswer.yes = implant\n" where "\n"

static void a_list_that_asks_or_bounds_is_widened(void **state)
{
    struct fixture *f = *state;
    load(f, QUESTION("at_part", "sites = knob") QUESTION("at_whole", "sites = arm, neck") QUESTION(
                "not_at", "except_sites = elbow") "[limit w]\nmodality = laser\nquantity = irradiance_uw_cm2\nmax = 1 "
                                                  "W/cm2\nscope = instantaneous\n"
                                                  "class = notice\nsource = s\nverified = choice\nwhen.site = wrist\n"
                                                  "[condition path]\nlabel = l\ntens = X\nnmes = X\nion = X\nust = "
                                                  "A\nusp = A\nlip = A\nlas = A\ncry = A\n"
                                                  "source = s\nfrom.a = elbow\nto.a = thigh\nleft_right = "
                                                  "strap\nlocal_sites = wrist\n");
    const struct condition *path = &f->config->dose.screening.conditions[1];
    const uint64_t elbow = BIT(ARM) | BIT(ELBOW) | BIT(KNOB), wrist = BIT(ARM) | BIT(WRIST) | BIT(STRAP);
    assert_int_equal(question_of(f, "at_part")->sites, elbow);
    assert_int_equal(question_of(f, "at_whole")->sites, BIT(NECK) | elbow | wrist);
    assert_int_equal(question_of(f, "not_at")->sites, 0xff & ~(BIT(ELBOW) | BIT(KNOB))); /* its whole is asked */
    assert_int_equal(path->paths[0].from, elbow);
    assert_int_equal(path->paths[0].to, BIT(THIGH) | BIT(STRAP));
    assert_int_equal(path->left_right, wrist | BIT(THIGH));
    assert_int_equal(path->local_sites, wrist);
    for (size_t i = 0; i < f->config->dose.n_limits; i++)
        if (strcmp(f->config->dose.limits[i].id, "w") == 0)
            assert_int_equal(f->config->dose.limits[i].when.sites, BIT(WRIST) | BIT(STRAP));
}

#define LIMIT(id, rest)                                                                                                \
    "[limit " id "]\nmodality = laser\nclass = notice\nsource = s\nverified = choice\nwhen.site = elbow, strap\n" rest \
    "\n"

static uint64_t sites_of(const struct fixture *f, const char *limit)
{
    for (size_t i = 0; i < f->config->dose.n_limits; i++)
        if (strcmp(f->config->dose.limits[i].id, limit) == 0)
            return f->config->dose.limits[i].when.sites;
    fail_msg("no limit %s", limit);
    return 0;
}

/* A tendon's irradiance is not the calf's; minutes and rests of the tendon are the calf's too. */
static void what_is_given_is_bounded_at_the_part_and_what_adds_up_at_the_whole(void **state)
{
    struct fixture *f = *state;
    load(f, LIMIT("now", "quantity = irradiance_uw_cm2\nmax = 1 W/cm2\nscope = instantaneous")
                LIMIT("dose", "quantity = energy_uj\nmax = 1 J\nscope = per-session")
                    LIMIT("day", "quantity = energy_uj\nmax = 1 J\nscope = per-24h")
                        LIMIT("rest", "quantity = rest_interval_ms\nmin = 1 h\nscope = per-24h")
                            LIMIT("order", "quantity = rest_interval_ms\nmin = 1 h\nscope = per-24h\nafter = cryo"));
    const uint64_t parts = BIT(ELBOW) | BIT(KNOB) | BIT(STRAP), all = parts | BIT(ARM) | BIT(WRIST) | BIT(THIGH);
    assert_int_equal(sites_of(f, "now"), parts);
    assert_int_equal(sites_of(f, "dose"), parts);
    assert_int_equal(sites_of(f, "day"), all);
    assert_int_equal(sites_of(f, "rest"), all);
    assert_int_equal(sites_of(f, "order"), all);
}

static void a_list_that_permits_is_not(void **state)
{
    struct fixture *f = *state;
    load(f, "[protocol p]\nlabel = l\nrevision = 1\ntherapy = tens\nwaveform = biphasic_symmetric\nsites = arm\n"
            "amplitude_ua = 1 mA..10 mA, default 1 mA\nphase_width_us = 200 us\npulse_rate_millihz = 100 Hz\n"
            "duration_ms = 10 min\nrest_min = 1 min\nsessions_per_day = 1\nsource = s\nverified = choice\n");
    const struct protocol *p = protocol_find(&f->config->dose, "p");
    assert_non_null(p);
    assert_int_equal(p->sites, BIT(ARM));
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_sane, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(parts_and_wholes_meet_by_way_of_others),
        RUN(a_list_that_asks_or_bounds_is_widened),
        RUN(what_is_given_is_bounded_at_the_part_and_what_adds_up_at_the_whole),
        RUN(a_list_that_permits_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
