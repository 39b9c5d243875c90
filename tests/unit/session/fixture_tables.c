/* SPDX-License-Identifier: Apache-2.0 */
/* The room's configuration as it is good: protocols, screening, limits, applicators. See fixture.h. */
#include "fixture.h"

static struct protocol_parameter parameter(enum modality_quantity q, int64_t min, int64_t initial, int64_t max)
{
    return (struct protocol_parameter){
        .quantity = q, .min = min, .initial = initial, .max = max, .origin = "protocols.ini:2"};
}

static void configure_protocols(struct room *r)
{
    r->protocols[0] = (struct protocol){.id = "tens",
                                        .label = "TENS",
                                        .revision = "1",
                                        .hash = "aa",
                                        .modality = MODALITY_ESTIM,
                                        .therapy = THERAPY_tens,
                                        .waveform = WAVEFORM_biphasic_symmetric,
                                        .n_channels_min = 1,
                                        .n_channels_max = 2,
                                        .sessions_per_day = 4,
                                        .n_parameters = 4,
                                        .parameters = {parameter(QUANTITY_amplitude_ua, 0, 10000, 60000),
                                                       parameter(QUANTITY_phase_width_us, 50, 200, 250),
                                                       parameter(QUANTITY_pulse_rate_millihz, 1000, 100000, 150000),
                                                       parameter(QUANTITY_duration_ms, 60000, 1200000, 3600000)},
                                        .verified = VERIFIED_YES,
                                        .origin = "protocols.ini:1",
                                        .rest_origin = "protocols.ini:8",
                                        .sessions_origin = "protocols.ini:9"};
    r->protocols[1] = r->protocols[0];
    r->protocols[1].id = "tens_pausing";
    r->protocols[1].lease_loss = LEASE_LOSS_PAUSE;
    r->protocols[2] =
        (struct protocol){.id = "sound",
                          .label = "Ultrasound",
                          .revision = "1",
                          .hash = "bb",
                          .modality = MODALITY_ULTRASOUND,
                          .therapy = THERAPY_us_nonthermal,
                          .waveform = WAVEFORM_us_pulsed,
                          .n_channels_min = 1,
                          .n_channels_max = 1,
                          .contact_hold_ms = 10000,
                          .n_parameters = 5,
                          .parameters = {parameter(QUANTITY_intensity_satp_uw_cm2, 0, 500000, 1000000),
                                         parameter(QUANTITY_duty_permille, 200, 200, 500),
                                         parameter(QUANTITY_us_frequency_khz, 1000, 1000, 3000),
                                         parameter(QUANTITY_pulse_repetition_millihz, 100000, 100000, 100000),
                                         parameter(QUANTITY_duration_ms, 60000, 300000, 600000)},
                          .verified = VERIFIED_YES,
                          .origin = "protocols.ini:20",
                          .rest_origin = "protocols.ini:28",
                          .sessions_origin = "protocols.ini:29"};
    r->protocols[3] = (struct protocol){.id = "points",
                                        .label = "Laser, point by point",
                                        .revision = "1",
                                        .hash = "cc",
                                        .modality = MODALITY_LASER,
                                        .therapy = THERAPY_pbm,
                                        .waveform = WAVEFORM_laser_continuous,
                                        .n_channels_min = 1,
                                        .n_channels_max = 1,
                                        .n_parameters = 4,
                                        .parameters = {parameter(QUANTITY_power_uw, 5000, 100000, 500000),
                                                       parameter(QUANTITY_point_energy_uj, 100000, 1000000, 10000000),
                                                       parameter(QUANTITY_point_count, 1, 3, 12),
                                                       parameter(QUANTITY_duration_ms, 10000, 120000, 600000)},
                                        .verified = VERIFIED_YES,
                                        .origin = "protocols.ini:40"};
    r->protocols[4] = (struct protocol){.id = "cold",
                                        .label = "Cold",
                                        .revision = "1",
                                        .hash = "dd",
                                        .modality = MODALITY_COLD,
                                        .therapy = THERAPY_cryo,
                                        .waveform = WAVEFORM_cold_contact,
                                        .n_channels_min = 1,
                                        .n_channels_max = 1,
                                        .n_parameters = 2,
                                        .parameters = {parameter(QUANTITY_temperature_millic, 10000, 13000, 20000),
                                                       parameter(QUANTITY_duration_ms, 60000, 1200000, 1800000)},
                                        .verified = VERIFIED_YES,
                                        .origin = "protocols.ini:50"};
    r->protocols[5] = (struct protocol){.id = "ions",
                                        .label = "Iontophoresis",
                                        .revision = "1",
                                        .hash = "ee",
                                        .modality = MODALITY_ESTIM,
                                        .therapy = THERAPY_ionto,
                                        .waveform = WAVEFORM_iontophoresis,
                                        .n_channels_min = 1,
                                        .n_channels_max = 1,
                                        .n_parameters = 4,
                                        .parameters = {parameter(QUANTITY_amplitude_ua, 0, 2000, 4000),
                                                       parameter(QUANTITY_iontophoresis_dose_ua_min, 100, 40000, 80000),
                                                       parameter(QUANTITY_active_polarity, 1, 2, 2),
                                                       parameter(QUANTITY_duration_ms, 60000, 1800000, 3600000)},
                                        .verified = VERIFIED_YES,
                                        .origin = "protocols.ini:60"};
    r->tables.n_protocols = 6;
    r->tables.protocols = r->protocols;
}

static void configure_screening(struct room *r)
{
    r->sites[0] = (struct site){.id = "knee", .label = "Knee", .has_sides = true, .origin = "sites.ini:1"};
    r->sites[1] = (struct site){.id = "lumbar", .label = "Lumbar spine", .origin = "sites.ini:4"};
    r->conditions[0] = (struct condition){.id = "pacemaker", .label = "Pacemaker", .origin = "screening.ini:1"};
    r->conditions[1] = (struct condition){.id = "numbness", .label = "Numbness", .origin = "screening.ini:9"};
    for (int c = 0; c < COLUMN_COUNT; c++) {
        r->conditions[0].codes[c] = SCREEN_CONTRAINDICATED;
        r->conditions[1].codes[c] = SCREEN_PRECAUTION;
        r->conditions[0].code_origin[c] = r->conditions[1].code_origin[c] = "screening.ini:5";
    }
    r->questions[0] = (struct question){.id = "implant",
                                        .text = "Is there a pacemaker or another implant?",
                                        .n_answers = 2,
                                        .answers = {{"no", -1, false}, {"yes", 0, true}},
                                        .restrictive = 1,
                                        .columns = (1u << COLUMN_COUNT) - 1,
                                        .always = true,
                                        .origin = "screening.ini:20"};
    r->questions[1] = (struct question){.id = "sensation",
                                        .text = "Is sensation normal?",
                                        .n_answers = 2,
                                        .answers = {{"normal", -1, false}, {"reduced", 1, true}},
                                        .restrictive = 1,
                                        .columns = (1u << COLUMN_COUNT) - 1,
                                        .always = true,
                                        .origin = "screening.ini:30"};
    r->tables.screening = (struct screening){.n_sites = 2,
                                             .n_conditions = 2,
                                             .n_questions = 2,
                                             .sites = r->sites,
                                             .conditions = r->conditions,
                                             .questions = r->questions};
}

static struct limit own_limit(const char *id, enum modality m, enum modality_quantity q, int64_t max,
                              enum limit_class class, enum limit_scope scope)
{
    return (struct limit){.id = id,
                          .modality = m,
                          .quantity = q,
                          .has_max = true,
                          .max = max,
                          .scope = scope,
                          .class = class,
                          .layer = LAYER_INSTALLATION,
                          .use = limit_use_of(q),
                          .verified = VERIFIED_YES,
                          .source = "a standard",
                          .origin = "limits.ini:41"};
}

static void configure_limits(struct room *r)
{
    size_t n = 0;
    const struct limit *compiled = limit_compiled(&n);
    static struct limit all[256];
    assert_true(n + 16 < 256);
    memcpy(all, compiled, n * sizeof all[0]);
    r->limits[0] = own_limit("own_peak", MODALITY_ESTIM, QUANTITY_amplitude_ua, 50000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[1] =
        own_limit("own_step", MODALITY_ESTIM, QUANTITY_amplitude_step_ua, 1000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[2] =
        own_limit("own_slew", MODALITY_ESTIM, QUANTITY_amplitude_slew_ua_s, 5000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[3] =
        own_limit("own_notice", MODALITY_ESTIM, QUANTITY_amplitude_ua, 40000, LIMIT_NOTICE, SCOPE_INSTANTANEOUS);
    r->limits[4] = own_limit("own_day", MODALITY_ESTIM, QUANTITY_duration_ms, 7200000, LIMIT_HARD, SCOPE_PER_24H);
    r->limits[5] =
        own_limit("own_open", MODALITY_ESTIM, QUANTITY_impedance_ohm, 10000, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[6] = own_limit("lz_readback_max", MODALITY_LASER, QUANTITY_readback_ratio_permille, 1200, LIMIT_HARD,
                             SCOPE_INSTANTANEOUS);
    r->limits[7] =
        own_limit("lz_interlock", MODALITY_LASER, QUANTITY_interlock_closed, 1, LIMIT_HARD, SCOPE_INSTANTANEOUS);
    r->limits[7].has_max = false;
    r->limits[7].has_min = true;
    r->limits[7].min = 1;
    r->n_own = 8;
    memcpy(all + n, r->limits, r->n_own * sizeof all[0]);
    r->tables.limits = all;
    r->tables.n_limits = n + r->n_own;
}

static void configure_applicators(struct room *r)
{
    r->applicators[0] = (struct applicator){.id = "head5",
                                            .serial = "H5",
                                            .kind = "us_head",
                                            .modality = MODALITY_ULTRASOUND,
                                            .era_mm2 = 500,
                                            .bnr_permille = 5000,
                                            .max_temperature_millic = 41000,
                                            .frequencies_khz = {1000},
                                            .n_frequencies = 1,
                                            .calibration_due_day = 40000,
                                            .device = "us1",
                                            .origin = "applicators.ini:1"};
    r->applicators[1] = (struct applicator){.id = "probe",
                                            .serial = "700",
                                            .kind = "laser_probe",
                                            .modality = MODALITY_LASER,
                                            .spot_area_mm2 = 50,
                                            .wavelength_nm = 808,
                                            .calibration_due_day = 40000,
                                            .origin = "applicators.ini:9"};
    r->tables.n_applicators = 2;
    r->tables.applicators = r->applicators;
}

void room_configure_tables(struct room *r)
{
    configure_protocols(r);
    configure_screening(r);
    configure_limits(r);
    configure_applicators(r);
}
