/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Compiled ceilings: bounds that no installation can raise, and that hold where an INI is silent. Where a standard or a
 * regulator gives the number it stands here; where nobody does, it is chosen well above every therapeutic setting and
 * below what harms, and says so. An installation's own limits are expected to be tighter.
 */
#include "dose/limit.h"

#define BIT(n) (UINT32_C(1) << (n))
#define IONTOPHORESIS BIT(WAVEFORM_iontophoresis)
#define BIPHASIC (BIT(WAVEFORM_biphasic_symmetric) | BIT(WAVEFORM_biphasic_asymmetric) | BIT(WAVEFORM_biphasic_burst))
/* Every waveform of electrical stimulation but iontophoresis, which has density limits of its own. */
#define STIMULATION                                                                                                    \
    (BIPHASIC | BIT(WAVEFORM_monophasic) | BIT(WAVEFORM_sine) | BIT(WAVEFORM_premod_two_tone) |                        \
     BIT(WAVEFORM_premod_raised_cosine) | BIT(WAVEFORM_russian) | BIT(WAVEFORM_hvpc) | BIT(WAVEFORM_dc))

#define MUSCLE (BIT(THERAPY_nmes) | BIT(THERAPY_russian_nmes))

#define MINUTES(n) (INT64_C(60000) * (n))

/* One row; bound is .max or .min, and whatever else the row needs may follow it. Use is the treatment where not said.
 */
#define CEILING(name, modality_, quantity_, scope_, verified_, source_, ...)                                           \
    {                                                                                                                  \
        .id = "ceiling_" #name, .modality = MODALITY_##modality_, .quantity = QUANTITY_##quantity_,                    \
        .scope = SCOPE_##scope_, .class = LIMIT_HARD, .layer = LAYER_COMPILED, .verified = VERIFIED_##verified_,       \
        .accepted = true, .source = source_, .origin = "compiled", __VA_ARGS__                                         \
    }
#define MAX(value) .has_max = true, .max = (value)
#define MIN(value) .has_min = true, .min = (value)
#define BAND(...) .when.n_ranges = 1, .when.ranges[0] = {.quantity = QUANTITY_limit_frequency_millihz, __VA_ARGS__}

#define IEC_10 "IEC 60601-2-10, output into 500 ohm"
#define IEC_5 "IEC 60601-2-5"
#define CHOICE_OF_DESIGN "design choice"

static const struct limit ceilings[] = {
    /* electrical stimulation: the standard's table */
    CEILING(es_irms_le400, ESTIM, rms_current_ua, INSTANTANEOUS, YES, IEC_10, MAX(50000),
            BAND(.has_upto = true, .upto = 400000)),
    CEILING(es_irms_400_1500, ESTIM, rms_current_ua, INSTANTANEOUS, YES, IEC_10, MAX(80000),
            BAND(.has_above = true, .above = 400000, .has_upto = true, .upto = 1500000)),
    CEILING(es_irms_gt1500, ESTIM, rms_current_ua, INSTANTANEOUS, YES, IEC_10, MAX(100000),
            BAND(.has_above = true, .above = 1500000)),
    CEILING(es_irms_dc, ESTIM, dc_current_ua, INSTANTANEOUS, YES, IEC_10, MAX(80000)),
    CEILING(es_irms_sum, ESTIM, rms_current_sum_ua, INSTANTANEOUS, CHOICE, "the highest row of IEC 60601-2-10",
            MAX(100000)),
    CEILING(es_pulse_energy, ESTIM, pulse_energy_uj, PER_PULSE, YES, IEC_10, MAX(300000)),
    CEILING(es_open_voltage, ESTIM, output_voltage_mv, INSTANTANEOUS, YES, "IEC 60601-2-10, open circuit", MAX(500000)),
    /* electrical stimulation: skin */
    CEILING(es_phase_charge, ESTIM, phase_charge_nc, PER_PULSE, CHOICE, CHOICE_OF_DESIGN, MAX(50000)),
    CEILING(es_power_density, ESTIM, power_density_uw_cm2, INSTANTANEOUS, YES,
            "FDA guidance on powered muscle stimulators, 1999", MAX(250000)),
    CEILING(es_rms_density, ESTIM, rms_density_ua_cm2, INSTANTANEOUS, CHOICE, "twice the notice of IEC 60601-2-10",
            MAX(4000), .when.waveforms = STIMULATION),
    CEILING(es_dc_density, ESTIM, dc_density_ua_cm2, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(500),
            .when.waveforms = STIMULATION),
    CEILING(es_net_charge, ESTIM, net_charge_permille, PER_PULSE, CHOICE, CHOICE_OF_DESIGN, MAX(100),
            .when.waveforms = BIPHASIC),
    CEILING(es_peak, ESTIM, amplitude_ua, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(150000)),
    CEILING(es_electrode_area, ESTIM, electrode_area_mm2, CONFIGURATION, CHOICE, CHOICE_OF_DESIGN, MIN(50)),
    /* electrical stimulation: forms with bounds of their own */
    CEILING(hvpc_voltage, ESTIM, amplitude_mv, INSTANTANEOUS, YES,
            "high-voltage pulsed current, as the trade defines it", MAX(500000)),
    CEILING(ion_current, ESTIM, amplitude_ua, INSTANTANEOUS, YES, "range of the 2003 iontophoresis study", MAX(4000),
            .when.waveforms = IONTOPHORESIS),
    CEILING(ion_density, ESTIM, dc_density_ua_cm2, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(1000),
            .when.waveforms = IONTOPHORESIS),
    CEILING(ion_density_anode, ESTIM, anode_density_ua_cm2, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(1000),
            .when.waveforms = IONTOPHORESIS),
    CEILING(ion_density_cathode, ESTIM, cathode_density_ua_cm2, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(1000),
            .when.waveforms = IONTOPHORESIS),
    CEILING(ion_dose, ESTIM, iontophoresis_dose_ua_min, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(80000)),
    CEILING(ion_dose_day, ESTIM, iontophoresis_dose_ua_min, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(120000)),
    CEILING(microcurrent, ESTIM, amplitude_ua, INSTANTANEOUS, YES, "microcurrent, as the trade defines it", MAX(1000),
            .when.therapies = BIT(THERAPY_microcurrent)),
    /* electrical stimulation: time, and how the level is walked */
    CEILING(es_session, ESTIM, duration_ms, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(90))),
    CEILING(es_day, ESTIM, duration_ms, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(480))),
    CEILING(es_sessions_day, ESTIM, session_count, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(12)),
    CEILING(es_surge_on, ESTIM, surge_on_ms, CONFIGURATION, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(1)),
            .when.therapies = MUSCLE),
    CEILING(es_surge_rest, ESTIM, surge_off_ms, CONFIGURATION, CHOICE, "a muscle that never rests is held in tetanus",
            MIN(1000), .when.therapies = MUSCLE),
    CEILING(es_ramp, ESTIM, ramp_up_ms, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MIN(100)),
    CEILING(es_step, ESTIM, amplitude_step_ua, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(1000), .use = USE_WALK),
    CEILING(es_slew, ESTIM, amplitude_slew_ua_s, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(5000), .use = USE_WALK),
    CEILING(es_step_volts, ESTIM, amplitude_step_mv, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(1000),
            .use = USE_WALK),
    CEILING(es_slew_volts, ESTIM, amplitude_slew_mv_s, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(10000),
            .use = USE_WALK),
    /* electrical stimulation: what the device is, where its section reports it */
    CEILING(es_minimum_setting, ESTIM, minimum_setting_permille, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(100)),
    CEILING(es_leakage, ESTIM, patient_leakage_ua, CONFIGURATION, YES,
            "FDA guidance on powered muscle stimulators, 1999", MAX(100)),
    CEILING(es_leakage_fault, ESTIM, patient_leakage_fault_ua, CONFIGURATION, YES,
            "FDA guidance on powered muscle stimulators, 1999", MAX(500)),
    CEILING(es_diathermy, ESTIM, diathermy_distance_mm, CONFIGURATION, YES, "IEC 60601-2-10, short-wave therapy nearby",
            MIN(1000)),
    /* electrical stimulation: contact */
    CEILING(es_load, ESTIM, impedance_ohm, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(20000), MIN(50),
            .use = USE_FAULT),
    CEILING(es_load_rise, ESTIM, impedance_rise_permille, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(1000),
            .use = USE_FAULT),
    /* ultrasound */
    CEILING(us_sata, ULTRASOUND, intensity_sata_uw_cm2, INSTANTANEOUS, YES, IEC_5, MAX(3000000)),
    CEILING(us_satp, ULTRASOUND, intensity_satp_uw_cm2, INSTANTANEOUS, CHOICE, IEC_5 ", applied to the pulse too",
            MAX(3000000)),
    CEILING(us_static, ULTRASOUND, intensity_static_uw_cm2, INSTANTANEOUS, YES, IEC_5 ", moved or not", MAX(3000000)),
    CEILING(us_bnr, ULTRASOUND, bnr_permille, CONFIGURATION, YES, IEC_5, MAX(8000)),
    CEILING(us_hot_spot, ULTRASOUND, hot_spot_uw_cm2, INSTANTANEOUS, YES, IEC_5 ", 8 x 3 W/cm2", MAX(24000000)),
    CEILING(us_mechanical_index, ULTRASOUND, mechanical_index_milli, INSTANTANEOUS, CHOICE, "ITRUSST consensus 2025",
            MAX(1900)),
    CEILING(us_timer, ULTRASOUND, duration_ms, PER_SESSION, YES, "IEC 601-2-5:1984, timer range", MAX(MINUTES(30))),
    CEILING(us_day, ULTRASOUND, duration_ms, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(60))),
    CEILING(us_sessions_day, ULTRASOUND, session_count, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(2)),
    CEILING(us_after_analgesia, ULTRASOUND, rest_interval_ms, PER_24H, CHOICE, "residual numbness hides a burn",
            MIN(MINUTES(30)), .when.therapies = BIT(THERAPY_us_thermal),
            .when.after = BIT(THERAPY_cryo) | BIT(THERAPY_tens) | BIT(THERAPY_tens_brief) | BIT(THERAPY_ifc) |
                          BIT(THERAPY_hvpc_pain) | BIT(THERAPY_microcurrent)),
    CEILING(us_duty, ULTRASOUND, duty_permille, CONFIGURATION, CHOICE, "output for more than half of the time heats",
            MAX(500), .when.therapies = BIT(THERAPY_us_nonthermal) | BIT(THERAPY_lipus)),
    CEILING(us_energy_session, ULTRASOUND, energy_uj, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(INT64_C(3600000000))),
    CEILING(us_energy_day, ULTRASOUND, energy_uj, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(INT64_C(7200000000))),
    CEILING(us_temperature_rise, ULTRASOUND, temperature_rise_millik, PER_SESSION, CHOICE, "vigorous heating, +4 K",
            MAX(4000), .when.unless_thermal = true),
    CEILING(us_temperature_rise_thermal, ULTRASOUND, temperature_rise_millik, PER_SESSION, CHOICE, CHOICE_OF_DESIGN,
            MAX(6000)),
    CEILING(us_tissue_temperature, ULTRASOUND, tissue_temperature_millic, INSTANTANEOUS, CHOICE,
            "36 degC and the rise above", MAX(42000)),
    CEILING(us_thermal_dose, ULTRASOUND, cem43_ms, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(60))),
    CEILING(us_unwanted_radiation, ULTRASOUND, unwanted_radiation_uw_cm2, CONFIGURATION, YES, IEC_5 ", handle",
            MAX(100000)),
    CEILING(us_supply, ULTRASOUND, supply_variation_permille, INSTANTANEOUS, YES, "IEC 601-2-5:1984", MAX(200)),
    CEILING(us_applicator_temperature, ULTRASOUND, applicator_temperature_millic, INSTANTANEOUS, YES,
            "IEC 60601-1, applied parts", MAX(41000), .use = USE_FAULT),
    /* laser */
    CEILING(lz_power, LASER, power_uw, INSTANTANEOUS, YES, "IEC 60825-1, class 3B", MAX(500000)),
    CEILING(lz_irradiance, LASER, irradiance_uw_cm2, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(10000000)),
    CEILING(lz_point_energy, LASER, point_energy_uj, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(30000000)),
    CEILING(lz_energy_session, LASER, energy_uj, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(100000000)),
    CEILING(lz_energy_day, LASER, energy_uj, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(200000000)),
    CEILING(lz_session, LASER, duration_ms, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(60))),
    CEILING(lz_sessions_day, LASER, session_count, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(4)),
    CEILING(lz_interlock, LASER, interlock_closed, INSTANTANEOUS, CHOICE, "IEC 60825-1 for the key switch", MIN(1),
            .use = USE_FAULT),
    CEILING(lz_readback, LASER, readback_ratio_permille, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(1500),
            .use = USE_FAULT),
    /* cold */
    CEILING(cr_set_point, COLD, temperature_millic, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MIN(10000)),
    CEILING(cr_skin, COLD, skin_temperature_millic, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MIN(10000),
            .use = USE_FAULT),
    CEILING(cr_time, COLD, duration_ms, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(30))),
    CEILING(cr_day, COLD, duration_ms, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(180))),
    CEILING(cr_rest, COLD, rest_interval_ms, PER_24H, CHOICE, CHOICE_OF_DESIGN, MIN(MINUTES(30))),
    CEILING(cr_sessions_day, COLD, session_count, PER_24H, CHOICE, CHOICE_OF_DESIGN, MAX(8)),
    /* all: delivery against what was set, and the device's timer against the daemon's */
    CEILING(delivery_error, ANY, delivery_error_permille, INSTANTANEOUS, CHOICE, CHOICE_OF_DESIGN, MAX(300),
            .use = USE_FAULT),
    CEILING(timer_error, ANY, timer_error_ms, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(MINUTES(1)), .use = USE_FAULT),
    CEILING(timer_share, ANY, timer_error_permille, PER_SESSION, CHOICE, CHOICE_OF_DESIGN, MAX(200), .use = USE_FAULT),
};

const struct limit *limit_compiled(size_t *n)
{
    *n = sizeof ceilings / sizeof ceilings[0];
    return ceilings;
}
