/* SPDX-License-Identifier: Apache-2.0 */
/* Limits as they are typed: the example of the dosage reference as it stands, conditions, bands, acceptance, layers. */
#include "config_test.h"

#include <errno.h>
#include <string.h>

static const char example[] = "[limit es_irms_all_cap]\n"
                              "modality = estim\n"
                              "quantity = rms_current_ua\n"
                              "max = 50 mA\n"
                              "scope = instantaneous\n"
                              "class = hard\n"
                              "source = Enraf-Nonius Endomed 484 manual p. 47\n"
                              "verified = yes\n"
                              "\n"
                              "[limit ion_dose_max]\n"
                              "modality = estim\n"
                              "when.waveform = iontophoresis\n"
                              "quantity = iontophoresis_dose_ua_min\n"
                              "max = 80 mA.min\n"
                              "scope = per-session\n"
                              "class = hard\n"
                              "source = clinical texts\n"
                              "verified = no\n"
                              "\n"
                              "[accept ion_dose_max]\n"
                              "by = head of therapy\n"
                              "date = 2026-11-22\n";

static const struct limit *limit_of(const struct fixture *f, const char *id)
{
    for (size_t i = 0; i < f->config->dose.n_limits; i++)
        if (strcmp(f->config->dose.limits[i].id, id) == 0)
            return &f->config->dose.limits[i];
    fail_msg("no limit %s", id);
    return NULL;
}

static void the_example_of_the_reference_loads_as_it_stands(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "example.ini", example);
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct limit *cap = limit_of(f, "es_irms_all_cap"), *dose = limit_of(f, "ion_dose_max");
    assert_int_equal(cap->max, 50000);
    assert_true(cap->has_max && !cap->has_min && !cap->accepted);
    assert_int_equal(cap->verified, VERIFIED_YES);
    assert_int_equal(cap->layer, LAYER_INSTALLATION);
    assert_string_equal(cap->origin, "example.ini:1");
    assert_int_equal(dose->max, 80000);
    assert_int_equal(dose->scope, SCOPE_PER_SESSION);
    assert_int_equal(dose->when.waveforms, 1u << WAVEFORM_iontophoresis);
    assert_int_equal(dose->verified, VERIFIED_NO);
    assert_true(dose->accepted);
}

static void compiled_ceilings_come_first_and_stay(void **state)
{
    struct fixture *f = *state;
    size_t n;
    const struct limit *compiled = limit_compiled(&n);
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->dose.n_limits, n + 5 + 2); /* five that lock (lock_test.c), two of the sane file */
    for (size_t i = 0; i < n; i++)
        assert_string_equal(f->config->dose.limits[i].id, compiled[i].id);
}

static void conditions_and_bands_are_typed(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "b.ini",
                  "[limit w]\nmodality = ultrasound\nquantity = intensity_sata_uw_cm2\nmax = 1 W/cm2\n"
                  "scope = instantaneous\nclass = notice\nsource = s\nverified = choice\nwhen.waveform = us_pulsed\n"
                  "when.therapy = us_thermal, lipus\nwhen.site = thigh, hip\nwhen.condition = implant\n"
                  "when.applicator = head\nwhen.thermal = no\nwhen.us_frequency_khz = 1 MHz .. 3 MHz\n"
                  "when.duration_ms = ..5 min\nwhen.treated_area_mm2 = 10 cm2..\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct limit_when *w = &limit_of(f, "w")->when;
    assert_int_equal(w->waveforms, 1u << WAVEFORM_us_pulsed);
    assert_int_equal(w->therapies, 1u << THERAPY_us_thermal | 1u << THERAPY_lipus);
    assert_int_equal(w->sites, 3);
    assert_int_equal(w->conditions, 1);
    assert_int_equal(w->applicators, 1);
    assert_true(w->unless_thermal);
    assert_int_equal(w->n_ranges, 3);
    assert_true(w->ranges[0].has_above && w->ranges[0].has_upto);
    assert_int_equal(w->ranges[0].above, 1000);
    assert_int_equal(w->ranges[0].upto, 3000);
    assert_true(!w->ranges[1].has_above && w->ranges[1].upto == 300000);
    assert_true(!w->ranges[2].has_upto && w->ranges[2].above == 1000);
}

#define ANY_LIMIT(id, quantity, class)                                                                                 \
    "[limit " id "]\nmodality = estim\nquantity = " quantity                                                           \
    "\nscope = configuration\nclass = " class "\nsource = s\nverified = choice\n"

static void a_device_limit_may_only_show_a_figure(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "b.ini",
                  ANY_LIMIT("shown", "phase_charge_nc", "device") ANY_LIMIT("told", "shannon_k_milli", "info")
                      ANY_LIMIT("leak", "patient_leakage_ua", "device") "max = 100 uA\n" ANY_LIMIT(
                          "lamp", "rms_current_ua", "device") "max = 10 mA\nwhen.output_indicator = no\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct limit *shown = limit_of(f, "shown"), *leak = limit_of(f, "leak");
    assert_int_equal(shown->class, LIMIT_DEVICE);
    assert_true(!shown->has_max && !shown->has_min && !shown->when.no_indicator);
    assert_int_equal(limit_of(f, "told")->class, LIMIT_INFO);
    assert_true(leak->has_max && leak->max == 100);
    assert_true(limit_of(f, "lamp")->when.no_indicator);
}

static void an_order_rule_counts_from_other_therapies(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "b.ini",
                  "[limit order]\nmodality = estim\nquantity = rest_interval_ms\nscope = per-24h\nclass = notice\n"
                  "source = s\nverified = choice\nmin = 30 min\nafter = cryo, us_thermal\n");
    assert_int_equal(fixture_load(f, NULL), 0);
    const struct limit *l = limit_of(f, "order");
    assert_int_equal(l->when.after, 1u << THERAPY_cryo | 1u << THERAPY_us_thermal);
    assert_int_equal(l->when.therapies, 0);
    assert_int_equal(l->min, 30 * 60000);
}

#define RMS(bound)                                                                                                     \
    "[limit b]\nmodality = estim\nquantity = rms_current_ua\nmax = " bound                                             \
    "\nscope = instantaneous\nclass = hard\nsource = s\nverified = yes\nwhen.limit_frequency_millihz = 1 Hz..400 Hz\n"

static void a_limit_at_the_compiled_ceiling_passes_and_above_it_not(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "b.ini", RMS("49999 uA"));
    assert_int_equal(fixture_load(f, NULL), 0);
    fixture_write(f, "b.ini", RMS("50 mA"));
    assert_int_equal(fixture_load(f, NULL), 0);
    fixture_write(f, "b.ini", RMS("50001 uA"));
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_int_equal(f->n, 1);
    assert_non_null(strstr(f->told, "b.ini:4: [limit b]: max of rms_current_ua 50.001 mA"));
}

#define TENS(amplitude, site)                                                                                          \
    "[protocol p]\nlabel = p\nrevision = 1\ntherapy = tens\nwaveform = biphasic_symmetric\namplitude_ua = 0 "          \
    "mA.." amplitude ", default 1 mA\nphase_width_us = 80 us\npulse_rate_millihz = 100 Hz\nduration_ms = 30 min\n"     \
    "rest_min = 30 min\nsessions_per_day = 1\nsource = s\nverified = yes\n" site
#define HIP_LIMIT                                                                                                      \
    "[limit hip]\nmodality = estim\nquantity = amplitude_ua\nmax = 20 mA\nscope = instantaneous\nclass = hard\n"       \
    "source = s\nverified = yes\nwhen.site = hip\n"

static void a_protocol_is_held_against_limits_that_cover_it(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "b.ini", TENS("80 mA", "") HIP_LIMIT);
    assert_int_equal(fixture_load(f, NULL), 0); /* it may be used elsewhere: the limit binds at the hip */
    fixture_write(f, "b.ini", TENS("20 mA", "sites = hip\n") HIP_LIMIT);
    assert_int_equal(fixture_load(f, NULL), 0);
    fixture_write(f, "b.ini", TENS("20.001 mA", "sites = hip\n") HIP_LIMIT);
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_int_equal(f->n, 1);
    assert_non_null(strstr(f->told, "b.ini:6: [protocol p]: max of amplitude_ua 20.001 mA"));
    assert_non_null(strstr(f->told, "20 mA of limit hip (b.ini:15)"));
}

static void a_protocol_carries_its_hash_and_surges(void **state)
{
    struct fixture *f = *state;
    char before[65];
    fixture_write(f, "b.ini", TENS("80 mA", ""));
    assert_int_equal(fixture_load(f, NULL), 0);
    memcpy(before, protocol_find(&f->config->dose, "p")->hash, sizeof(before));
    assert_int_equal(strlen(before), 64);
    assert_false(protocol_find(&f->config->dose, "p")->surged);
    fixture_write(f, "b.ini", "# moved by a comment\n" TENS("80 mA", ""));
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_equal(protocol_find(&f->config->dose, "p")->hash, before);
    fixture_write(f, "b.ini",
                  TENS("80 mA", "surge_on_ms = 10 s\nsurge_off_ms = 50 s\nramp_up_ms = 2 s\nramp_down_ms = 1 s\n"));
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_not_equal(protocol_find(&f->config->dose, "p")->hash, before);
    assert_true(protocol_find(&f->config->dose, "p")->surged);
}

static void a_bundle_names_its_protocols_in_order(void **state)
{
    struct fixture *f = *state;
    fixture_write(f, "b.ini",
                  "[bundle both]\nlabel = both\nindication = toh\nprotocols = p, tens\nsource = s\n" TENS("80 mA", ""));
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(f->config->n_bundles, 1);
    const struct config_bundle *b = &f->config->bundles[0];
    assert_string_equal(b->id, "both");
    assert_string_equal(b->indication, "toh");
    assert_null(b->notes);
    assert_int_equal(b->n_protocols, 2);
    assert_string_equal(f->config->dose.protocols[b->protocols[0]].id, "p");
    assert_string_equal(f->config->dose.protocols[b->protocols[1]].id, "tens");
    assert_string_equal(b->origin, "b.ini:1");
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_sane, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(the_example_of_the_reference_loads_as_it_stands),
        RUN(compiled_ceilings_come_first_and_stay),
        RUN(conditions_and_bands_are_typed),
        RUN(a_device_limit_may_only_show_a_figure),
        RUN(an_order_rule_counts_from_other_therapies),
        RUN(a_limit_at_the_compiled_ceiling_passes_and_above_it_not),
        RUN(a_protocol_is_held_against_limits_that_cover_it),
        RUN(a_bundle_names_its_protocols_in_order),
        RUN(a_protocol_carries_its_hash_and_surges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
