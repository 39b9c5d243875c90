/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sane prescription for tests: one channel on the left thigh, nothing declared. A test breaks one thing of it.
 */
#ifndef DOSE_PRESCRIPTION_FIXTURE_H
#define DOSE_PRESCRIPTION_FIXTURE_H

#include "dose_test.h"

#include <errno.h>

#include "dose/prescription.h"
#include "fixture.h"

enum { THIGH, HIP, SPINE };
enum { TODAY = 20000 };

static const struct site sites[] = {{.id = "thigh", .has_sides = true, .origin = "sites.ini:1"},
                                    {.id = "hip", .has_sides = true, .origin = "sites.ini:4"},
                                    {.id = "spine", .origin = "sites.ini:7"}};
static const struct condition conditions[] = {
    {.id = "metal", .codes = {[COLUMN_TENS] = SCREEN_LOCAL, [COLUMN_ION] = SCREEN_PRECAUTION}, .origin = "s.ini:1"},
    {.id = "hip_pads",
     .codes = {[COLUMN_TENS] = SCREEN_CONTRAINDICATED},
     .local_sites = 1u << HIP,
     .origin = "s.ini:9"},
};
static const struct question questions[] = {
    {.id = "metal",
     .n_answers = 3,
     .answers = {{"no", -1, false}, {"elsewhere", 0, false}, {"here", 0, true}},
     .restrictive = 2,
     .columns = 1u << COLUMN_TENS | 1u << COLUMN_ION | 1u << COLUMN_USP | 1u << COLUMN_UST,
     .always = true},
    {.id = "hip_only",
     .n_answers = 2,
     .answers = {{"no", -1, false}, {"yes", 1, false}},
     .restrictive = 1,
     .columns = 1u << COLUMN_TENS,
     .sites = 1u << HIP,
     .always = true},
};
static const struct applicator applicators[] = {{.id = "head",
                                                 .modality = MODALITY_ULTRASOUND,
                                                 .era_mm2 = 500,
                                                 .bnr_permille = 5000,
                                                 .frequencies_khz = {1000},
                                                 .n_frequencies = 1,
                                                 .calibration_due_day = TODAY,
                                                 .device = "us1",
                                                 .origin = "applicators.ini:1"}};
static const struct protocol protocols[] = {
    {.id = "tens",
     .modality = MODALITY_ESTIM,
     .therapy = THERAPY_tens,
     .waveform = WAVEFORM_biphasic_symmetric,
     .n_channels_min = 1,
     .n_channels_max = 2,
     .n_parameters = 4,
     .parameters = {{QUANTITY_amplitude_ua, 0, 10000, 60000, "p.ini:5"},
                    {QUANTITY_phase_width_us, 50, 80, 250, "p.ini:6"},
                    {QUANTITY_pulse_rate_millihz, 80000, 100000, 150000, "p.ini:7"},
                    {QUANTITY_duration_ms, 60000, 1200000, 1800000, "p.ini:8"}},
     .origin = "p.ini:1"},
    {.id = "ionto",
     .modality = MODALITY_ESTIM,
     .therapy = THERAPY_ionto,
     .waveform = WAVEFORM_iontophoresis,
     .n_channels_min = 1,
     .n_channels_max = 1,
     .n_parameters = 4,
     .parameters = {{QUANTITY_amplitude_ua, 0, 2000, 4000, "p.ini:15"},
                    {QUANTITY_active_polarity, 1, 1, 2, "p.ini:16"},
                    {QUANTITY_iontophoresis_dose_ua_min, 40000, 40000, 40000, "p.ini:17"},
                    {QUANTITY_duration_ms, 60000, 1800000, 1800000, "p.ini:18"}},
     .origin = "p.ini:11"},
    {.id = "sound",
     .modality = MODALITY_ULTRASOUND,
     .therapy = THERAPY_us_thermal,
     .waveform = WAVEFORM_us_continuous,
     .n_channels_min = 1,
     .n_channels_max = 1,
     .n_parameters = 4,
     .parameters = {{QUANTITY_intensity_satp_uw_cm2, 0, 500000, 1000000, "p.ini:25"},
                    {QUANTITY_us_frequency_khz, 1000, 1000, 3000, "p.ini:26"},
                    {QUANTITY_treated_area_mm2, 500, 1000, 1000, "p.ini:27"},
                    {QUANTITY_duration_ms, 60000, 300000, 600000, "p.ini:28"}},
     .origin = "p.ini:21"},
};

static struct limit limits[3];
static struct dose_tables tables;
static struct prescription prescription;
static struct prescription_electrode electrodes[PRESCRIPTION_ELECTRODES_MAX];
static struct prescription_parameter parameters[4];
static struct prescribed prescribed;
static struct refusals refusals;
static struct dose_picture picture;
static struct limit_verdict verdict;

static const char *const channels[] = {"a", "b"};
static const struct given_answer answers[] = {{.question = "metal", .answer = "no"},
                                              {.question = "hip_only", .answer = "no"}};

/* One channel on the left thigh with two pads of 25 cm2, nothing declared. */
static int sane(void **state)
{
    (void)state;
    limits[0] = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 50000);
    tables = (struct dose_tables){.n_limits = 1,
                                  .n_protocols = sizeof protocols / sizeof protocols[0],
                                  .n_applicators = 1,
                                  .limits = limits,
                                  .protocols = protocols,
                                  .applicators = applicators,
                                  .screening = {.n_sites = 3,
                                                .n_conditions = 2,
                                                .n_questions = 2,
                                                .sites = sites,
                                                .conditions = conditions,
                                                .questions = questions}};
    electrodes[0] = (struct prescription_electrode){.label = "A", .channel = "a", .area_mm2 = 2500};
    electrodes[1] = (struct prescription_electrode){.label = "B", .channel = "a", .area_mm2 = 2500};
    parameters[0] =
        (struct prescription_parameter){.quantity = QUANTITY_amplitude_ua, .start = 12000, .ceiling = 20000};
    prescription = (struct prescription){.protocol = "tens",
                                         .site = "thigh",
                                         .side = "left",
                                         .n_channels = 1,
                                         .n_parameters = 1,
                                         .n_electrodes = 2,
                                         .n_answers = 2,
                                         .channels = channels,
                                         .parameters = parameters,
                                         .electrodes = electrodes,
                                         .answers = answers};
    return 0;
}

static int make(void)
{
    refusals.n = refusals.dropped = 0;
    int error = prescription_make(&tables, &prescription, TODAY, &prescribed, &refusals);
    prescription_check(&prescription, &prescribed, TODAY, &refusals);
    return error;
}

static const struct refusal *told(enum modality_token token, const char *words)
{
    for (size_t i = 0; i < refusals.n; i++) {
        if (refusals.items[i].token == token && strstr(refusals.items[i].message, words) != NULL) {
            return &refusals.items[i];
        }
    }
    fail_msg("no %s with \"%s\" among %zu, the first: %s", modality_token_id(token), words, refusals.n,
             refusals.n > 0 ? refusals.items[0].message : "");
    return NULL;
}

static int64_t at_start(size_t channel, enum modality_quantity q)
{
    assert_true(quantity_has(&prescribed.treatment.channels[channel].start, q));
    return prescribed.treatment.channels[channel].start.value[q];
}

#define TEST(name) cmocka_unit_test_setup(name, sane)

#endif
