/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of limits, as data of a test: one row for each id, bounds in base units. It was written from the dosage
 * reference; where a row and the INI differ, one of them is wrong, and nobody copies the one into the other.
 */
#ifndef CONFIG_SHIPPED_LIMIT_ROWS_H
#define CONFIG_SHIPPED_LIMIT_ROWS_H

#include "dose/limit.h"

#define NONE INT64_MIN /* no such bound */

struct row {
    const char *id;
    enum modality modality;
    enum modality_quantity quantity;
    int64_t min, max;
    enum limit_scope scope;
    enum limit_class class;
    enum limit_verified verified;
    enum limit_use use;
    uint32_t waveforms, therapies, after;
    const char *sites; /* with blanks between, NULL = everywhere */
    bool no_indicator;
    bool band; /* one band: above, up to and including */
    enum modality_quantity band_quantity;
    int64_t above, upto;
};

#define W(name) (UINT32_C(1) << WAVEFORM_##name)
#define T(name) (UINT32_C(1) << THERAPY_##name)
#define MINUTES(n) (INT64_C(60000) * (n))
#define UPTO(n) .min = NONE, .max = (n)
#define ATLEAST(n) .min = (n), .max = NONE
#define BETWEEN(a, b) .min = (a), .max = (b)
#define NO_BOUND .min = NONE, .max = NONE
#define WHEN(q, from, to) .band = true, .band_quantity = QUANTITY_##q, .above = (from), .upto = (to)
#define HIP "groin buttock hip"
#define TENDONS "achilles_tendon lateral_epicondyle iliotibial_band" /* and not what they lie in */
#define NEAR_INFRARED WHEN(wavelength_nm, 779, 860)                  /* 780 to 860 nm */
#define NO_ION                                                                                                         \
    (W(biphasic_symmetric) | W(biphasic_asymmetric) | W(monophasic) | W(sine) | W(premod_two_tone) |                   \
     W(premod_raised_cosine) | W(russian) | W(hvpc) | W(dc) | W(biphasic_burst))

#define ROW(name, m, q, bounds, scope_, class_, verified_, ...)                                                        \
    {                                                                                                                  \
        .id = #name, .modality = MODALITY_##m, .quantity = QUANTITY_##q, bounds, .scope = SCOPE_##scope_,              \
        .class = LIMIT_##class_, .verified = VERIFIED_##verified_, __VA_ARGS__                                         \
    }
/* A bound of a treatment, a rule of the walk, a bound of supervision. */
#define DOSE .use = USE_TREATMENT
#define WALK .use = USE_WALK
#define FAULT .use = USE_FAULT

static const struct row rows[] = {
    /* electrical stimulation: output */
    ROW(es_irms_dc_max, ESTIM, dc_current_ua, UPTO(80000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(es_irms_le400_max, ESTIM, rms_current_ua, UPTO(50000), INSTANTANEOUS, HARD, YES, DOSE,
        WHEN(limit_frequency_millihz, NONE, 400000)),
    ROW(es_irms_400_1500_max, ESTIM, rms_current_ua, UPTO(80000), INSTANTANEOUS, HARD, YES, DOSE,
        WHEN(limit_frequency_millihz, 400000, 1500000)),
    ROW(es_irms_gt1500_max, ESTIM, rms_current_ua, UPTO(100000), INSTANTANEOUS, HARD, YES, DOSE,
        WHEN(limit_frequency_millihz, 1500000, NONE)),
    ROW(es_irms_all_cap, ESTIM, rms_current_sum_ua, UPTO(50000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(es_pulse_energy_max, ESTIM, pulse_energy_uj, UPTO(300000), PER_PULSE, HARD, YES, DOSE),
    ROW(es_vpk_open_max, ESTIM, output_voltage_mv, UPTO(500000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(es_jrms_notice, ESTIM, rms_density_ua_cm2, UPTO(2000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(es_jdc_max, ESTIM, dc_density_ua_cm2, UPTO(200), INSTANTANEOUS, HARD, YES, DOSE, .waveforms = NO_ION),
    ROW(es_pdens_max, ESTIM, power_density_uw_cm2, UPTO(250000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(es_smallpad_ipk_max, ESTIM, amplitude_ua, UPTO(50000), INSTANTANEOUS, NOTICE, YES, DOSE,
        WHEN(electrode_area_mm2, NONE, 2600)),
    ROW(es_ind_current, ESTIM, rms_current_ua, UPTO(10000), INSTANTANEOUS, DEVICE, YES, DOSE, .no_indicator = true),
    ROW(es_ind_voltage, ESTIM, rms_voltage_mv, UPTO(10000), INSTANTANEOUS, DEVICE, YES, DOSE, .no_indicator = true),
    ROW(es_ind_energy, ESTIM, pulse_energy_1k_uj, UPTO(10000), PER_PULSE, DEVICE, YES, DOSE, .no_indicator = true),
    ROW(es_min_setting_frac, ESTIM, minimum_setting_permille, UPTO(20), INSTANTANEOUS, HARD, NO, DOSE),
    ROW(es_step_max, ESTIM, amplitude_step_ua, UPTO(1000), INSTANTANEOUS, HARD, NO, WALK),
    ROW(es_step_volt_max, ESTIM, amplitude_step_mv, UPTO(1000), INSTANTANEOUS, HARD, NO, WALK),
    ROW(es_slew_max, ESTIM, amplitude_slew_ua_s, UPTO(5000), INSTANTANEOUS, HARD, CHOICE, WALK),
    ROW(es_ramp_min, ESTIM, ramp_up_ms, ATLEAST(500), INSTANTANEOUS, TARGET, YES, DOSE,
        .therapies = T(nmes) | T(russian_nmes)),
    ROW(es_accuracy, ESTIM, delivery_error_permille, UPTO(200), INSTANTANEOUS, HARD, NO, FAULT),
    ROW(es_netq_max, ESTIM, net_charge_permille, UPTO(50), PER_PULSE, HARD, CHOICE, DOSE,
        .waveforms = W(biphasic_symmetric) | W(biphasic_asymmetric) | W(biphasic_burst)),
    ROW(es_q_phase_report, ESTIM, phase_charge_nc, NO_BOUND, PER_PULSE, DEVICE, YES, DOSE),
    ROW(es_q_phase_cap, ESTIM, phase_charge_nc, UPTO(50000), PER_PULSE, HARD, CHOICE, DOSE),
    ROW(es_shannon_warn, ESTIM, shannon_k_milli, UPTO(1850), PER_PULSE, INFO, YES, DOSE),
    ROW(es_leak_normal, ESTIM, patient_leakage_ua, UPTO(100), CONFIGURATION, DEVICE, YES, DOSE),
    ROW(es_leak_fault, ESTIM, patient_leakage_fault_ua, UPTO(500), CONFIGURATION, DEVICE, YES, DOSE),
    ROW(es_load_open, ESTIM, impedance_ohm, UPTO(10000), INSTANTANEOUS, HARD, CHOICE, FAULT),
    ROW(es_load_short, ESTIM, impedance_ohm, ATLEAST(100), INSTANTANEOUS, HARD, CHOICE, FAULT),
    ROW(es_load_trend, ESTIM, impedance_rise_permille, UPTO(500), PER_SESSION, NOTICE, CHOICE, FAULT),
    ROW(es_hf_exclusion, ESTIM, diathermy_distance_mm, ATLEAST(1000), CONFIGURATION, HARD, YES, DOSE),
    ROW(es_session_max, ESTIM, duration_ms, UPTO(MINUTES(60)), PER_SESSION, HARD, CHOICE, DOSE,
        .therapies = T(tens) | T(tens_brief) | T(ifc)),
    ROW(es_brief_session_max, ESTIM, duration_ms, UPTO(MINUTES(15)), PER_SESSION, HARD, NO, DOSE,
        .therapies = T(tens_brief)),
    ROW(es_day_max, ESTIM, duration_ms, UPTO(MINUTES(240)), PER_24H, HARD, CHOICE, DOSE,
        .therapies = T(tens) | T(tens_brief)),
    ROW(es_nmes_contractions_max, ESTIM, contraction_count, UPTO(20), PER_SESSION, TARGET, YES, DOSE,
        .therapies = T(nmes) | T(russian_nmes)),
    /* electrical stimulation: windows and particular currents */
    ROW(tens_rate, ESTIM, pulse_rate_millihz, BETWEEN(1000, 150000), CONFIGURATION, TARGET, YES, DOSE,
        .therapies = T(tens) | T(tens_brief)),
    ROW(tens_width, ESTIM, phase_width_us, BETWEEN(50, 250), CONFIGURATION, TARGET, YES, DOSE,
        .therapies = T(tens) | T(tens_brief)),
    ROW(tens_ipp_std, ESTIM, amplitude_p2p_ua, UPTO(60000), INSTANTANEOUS, TARGET, YES, DOSE,
        .therapies = T(tens) | T(tens_brief)),
    ROW(nmes_rate, ESTIM, pulse_rate_millihz, BETWEEN(30000, 100000), CONFIGURATION, TARGET, YES, DOSE,
        .therapies = T(nmes)),
    ROW(nmes_width, ESTIM, phase_width_us, BETWEEN(250, 600), CONFIGURATION, TARGET, YES, DOSE, .therapies = T(nmes)),
    ROW(ifc_carrier, ESTIM, carrier_frequency_millihz, BETWEEN(1000000, 10000000), CONFIGURATION, TARGET, YES, DOSE,
        .therapies = T(ifc)),
    ROW(ifc_amf, ESTIM, beat_frequency_millihz, BETWEEN(1000, 250000), CONFIGURATION, TARGET, YES, DOSE,
        .therapies = T(ifc)),
    ROW(rus_carrier, ESTIM, carrier_frequency_millihz, BETWEEN(2500000, 2500000), CONFIGURATION, TARGET, YES, DOSE,
        .therapies = T(russian_nmes)),
    ROW(hvpc_v_max, ESTIM, amplitude_mv, UPTO(500000), INSTANTANEOUS, HARD, YES, DOSE, .waveforms = W(hvpc)),
    ROW(hvpc_width_max, ESTIM, phase_width_us, UPTO(200), PER_PULSE, TARGET, YES, DOSE, .waveforms = W(hvpc)),
    ROW(mc_i_max, ESTIM, amplitude_ua, UPTO(1000), INSTANTANEOUS, HARD, YES, DOSE, .therapies = T(microcurrent)),
    ROW(ion_i_max, ESTIM, amplitude_ua, UPTO(4000), INSTANTANEOUS, HARD, YES, DOSE, .waveforms = W(iontophoresis)),
    ROW(ion_dose_typ, ESTIM, iontophoresis_dose_ua_min, UPTO(40000), PER_SESSION, TARGET, YES, DOSE,
        .waveforms = W(iontophoresis)),
    ROW(ion_dose_max, ESTIM, iontophoresis_dose_ua_min, UPTO(80000), PER_SESSION, HARD, NO, DOSE,
        .waveforms = W(iontophoresis)),
    ROW(ion_jdc_cathode, ESTIM, cathode_density_ua_cm2, UPTO(500), INSTANTANEOUS, HARD, NO, DOSE,
        .waveforms = W(iontophoresis)),
    ROW(ion_jdc_anode, ESTIM, anode_density_ua_cm2, UPTO(1000), INSTANTANEOUS, HARD, NO, DOSE,
        .waveforms = W(iontophoresis)),
    /* ultrasound */
    ROW(us_ieff_max, ULTRASOUND, intensity_sata_uw_cm2, UPTO(3000000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(us_satp_max, ULTRASOUND, intensity_satp_uw_cm2, UPTO(3000000), INSTANTANEOUS, HARD, CHOICE, DOSE),
    ROW(us_bnr_max, ULTRASOUND, bnr_permille, UPTO(8000), CONFIGURATION, HARD, YES, DOSE),
    ROW(us_power_accuracy, ULTRASOUND, delivery_error_permille, UPTO(200), INSTANTANEOUS, HARD, NO, FAULT),
    ROW(us_accuracy_floor, ULTRASOUND, accuracy_floor_permille, UPTO(100), CONFIGURATION, INFO, YES, FAULT),
    ROW(us_supply_var, ULTRASOUND, supply_variation_permille, UPTO(200), INSTANTANEOUS, DEVICE, YES, DOSE),
    ROW(us_timer_max, ULTRASOUND, duration_ms, UPTO(MINUTES(30)), PER_SESSION, HARD, YES, DOSE),
    ROW(us_timer_tol_lt5, ULTRASOUND, timer_error_ms, UPTO(30000), PER_SESSION, HARD, YES, FAULT,
        WHEN(duration_ms, NONE, MINUTES(5))),
    ROW(us_timer_tol_5to10, ULTRASOUND, timer_error_permille, UPTO(100), PER_SESSION, HARD, YES, FAULT,
        WHEN(duration_ms, MINUTES(5), MINUTES(10))),
    ROW(us_timer_tol_gt10, ULTRASOUND, timer_error_ms, UPTO(60000), PER_SESSION, HARD, YES, FAULT,
        WHEN(duration_ms, MINUTES(10), NONE)),
    ROW(us_timer_tol_iec, ULTRASOUND, timer_error_permille, UPTO(100), PER_SESSION, DEVICE, YES, FAULT),
    ROW(us_unwanted_max, ULTRASOUND, unwanted_radiation_uw_cm2, UPTO(100000), CONFIGURATION, DEVICE, YES, DOSE),
    ROW(us_head_temp_max, ULTRASOUND, applicator_temperature_millic, UPTO(41000), INSTANTANEOUS, HARD, YES, FAULT),
    ROW(us_head_temp_ed3, ULTRASOUND, applicator_temperature_millic, UPTO(43000), INSTANTANEOUS, INFO, NO, FAULT),
    ROW(us_static_max, ULTRASOUND, intensity_static_uw_cm2, UPTO(500000), INSTANTANEOUS, NOTICE, YES, DOSE),
    ROW(us_area_ratio_max, ULTRASOUND, area_ratio_permille, UPTO(2000), PER_SESSION, NOTICE, YES, DOSE),
    ROW(us_area_abs_max, ULTRASOUND, treated_area_mm2, UPTO(10000), PER_SESSION, NOTICE, YES, DOSE),
    ROW(us_hot_spot_max, ULTRASOUND, hot_spot_uw_cm2, UPTO(24000000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(us_energy_session_max, ULTRASOUND, energy_uj, UPTO(INT64_C(3600000000)), PER_SESSION, HARD, CHOICE, DOSE),
    ROW(us_energy_density_max, ULTRASOUND, energy_density_uj_cm2, UPTO(300000000), PER_SESSION, NOTICE, CHOICE, DOSE),
    ROW(us_temp_rise_max, ULTRASOUND, temperature_rise_millik, UPTO(4000), PER_SESSION, HARD, YES, DOSE),
    ROW(us_temp_abs_max, ULTRASOUND, tissue_temperature_millic, UPTO(40000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(us_cem43_skin, ULTRASOUND, cem43_ms, UPTO(MINUTES(21)), PER_24H, NOTICE, YES, DOSE),
    ROW(us_cem43_bone, ULTRASOUND, cem43_ms, UPTO(MINUTES(16)), PER_24H, NOTICE, YES, DOSE),
    ROW(us_mi_max, ULTRASOUND, mechanical_index_milli, UPTO(1900), INSTANTANEOUS, INFO, YES, DOSE),
    ROW(us_sessions_day, ULTRASOUND, session_count, UPTO(1), PER_24H, HARD, CHOICE, DOSE),
    ROW(lipus_freq, ULTRASOUND, us_frequency_khz, BETWEEN(1500, 1500), CONFIGURATION, TARGET, YES, DOSE,
        .therapies = T(lipus)),
    ROW(lipus_sata, ULTRASOUND, intensity_sata_uw_cm2, UPTO(30000), INSTANTANEOUS, TARGET, YES, DOSE,
        .therapies = T(lipus)),
    ROW(lipus_sata_max, ULTRASOUND, intensity_sata_uw_cm2, UPTO(39000), INSTANTANEOUS, HARD, NO, DOSE,
        .therapies = T(lipus)),
    ROW(lipus_burst, ULTRASOUND, burst_width_us, BETWEEN(200, 200), PER_PULSE, TARGET, NO, DOSE, .therapies = T(lipus)),
    ROW(lipus_prf, ULTRASOUND, pulse_repetition_millihz, BETWEEN(1000000, 1000000), CONFIGURATION, TARGET, NO, DOSE,
        .therapies = T(lipus)),
    ROW(lipus_time, ULTRASOUND, duration_ms, UPTO(MINUTES(20)), PER_SESSION, HARD, YES, DOSE, .therapies = T(lipus)),
    ROW(lipus_day, ULTRASOUND, session_count, UPTO(1), PER_24H, HARD, YES, DOSE, .therapies = T(lipus)),
    /* laser */
    ROW(lz_mean_3b, LASER, power_uw, UPTO(500000), INSTANTANEOUS, HARD, YES, DOSE),
    ROW(lz_mean_min, LASER, power_uw, ATLEAST(5000), CONFIGURATION, TARGET, YES, DOSE),
    ROW(lz_time_window, LASER, point_duration_ms, BETWEEN(20000, 300000), PER_SESSION, TARGET, YES, DOSE,
        NEAR_INFRARED),
    ROW(lz_hip_total, LASER, energy_uj, UPTO(12000000), PER_SESSION, TARGET, YES, DOSE, NEAR_INFRARED, .sites = HIP),
    ROW(lz_hip_point_min, LASER, point_energy_uj, ATLEAST(6000000), PER_SESSION, TARGET, YES, DOSE, NEAR_INFRARED,
        .sites = HIP),
    ROW(lz_irr_tendon_max, LASER, irradiance_uw_cm2, UPTO(100000), INSTANTANEOUS, HARD, YES, DOSE, NEAR_INFRARED,
        .sites = TENDONS),
    ROW(lz_904_knee_total, LASER, energy_uj, UPTO(4000000), PER_SESSION, TARGET, YES, DOSE,
        WHEN(wavelength_nm, 903, 905), .sites = "knee"),
    ROW(lz_accuracy, LASER, delivery_error_permille, UPTO(200), INSTANTANEOUS, HARD, NO, FAULT),
    ROW(lz_interlock, LASER, interlock_closed, ATLEAST(1), INSTANTANEOUS, HARD, NO, FAULT),
    ROW(lz_readback_max, LASER, readback_ratio_permille, UPTO(1200), INSTANTANEOUS, HARD, CHOICE, FAULT),
    /* cold */
    ROW(cr_skin_min, COLD, skin_temperature_millic, ATLEAST(10000), INSTANTANEOUS, HARD, CHOICE, FAULT),
    ROW(cr_skin_target, COLD, skin_temperature_millic, UPTO(13000), INSTANTANEOUS, TARGET, YES, FAULT),
    ROW(cr_time_default, COLD, duration_ms, UPTO(MINUTES(20)), PER_SESSION, TARGET, YES, DOSE),
    ROW(cr_time_max, COLD, duration_ms, UPTO(MINUTES(30)), PER_SESSION, HARD, YES, DOSE),
    ROW(cr_rest_min, COLD, rest_interval_ms, ATLEAST(MINUTES(60)), PER_24H, HARD, CHOICE, DOSE),
    /* order: hazards H29 and H35 of the reference */
    ROW(order_estim_after_cold, ESTIM, rest_interval_ms, ATLEAST(MINUTES(30)), PER_24H, NOTICE, CHOICE, DOSE,
        .after = T(cryo)),
    ROW(order_us_after_analgesia, ULTRASOUND, rest_interval_ms, ATLEAST(MINUTES(60)), PER_24H, HARD, CHOICE, DOSE,
        .therapies = T(us_thermal),
        .after = T(cryo) | T(tens) | T(tens_brief) | T(ifc) | T(hvpc_pain) | T(microcurrent)),
};

#endif
