/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formulas against vectors worked out by hand: each result is no smaller than the exact value, and agrees with it
 * to the digits that the vectors print. Then what every formula must refuse.
 */
#include "dose_test.h"

#include <errno.h>
#include <stdbool.h>

#include "dose/derive.h"

#define PUT(set, quantity, value) quantity_put(&(set), QUANTITY_##quantity, value)
#define GET(set, quantity) (quantity_has(&(set), QUANTITY_##quantity) ? (set).value[QUANTITY_##quantity] : INT64_MIN)

static void derived(enum modality_waveform waveform, struct quantity_set *set)
{
    enum modality_quantity missing;
    assert_int_equal(dose_derive(waveform, set, &missing), 0);
}

static void refused(enum modality_waveform waveform, struct quantity_set set, int error, enum modality_quantity fault)
{
    enum modality_quantity missing = QUANTITY_COUNT;
    assert_int_equal(dose_derive(waveform, &set, &missing), error);
    assert_int_equal(missing, fault);
}

/* Amplitude mA, phase width us, rate Hz, area cm2. */
static struct quantity_set pulses(int64_t ma, int64_t us, int64_t hz, int64_t cm2)
{
    struct quantity_set s = {0};
    PUT(s, amplitude_ua, ma * 1000);
    PUT(s, phase_width_us, us);
    PUT(s, pulse_rate_millihz, hz * 1000);
    PUT(s, electrode_area_mm2, cm2 * 100);
    return s;
}

static struct quantity_set carrier(int64_t ma, int64_t khz)
{
    struct quantity_set s = {0};
    PUT(s, amplitude_ua, ma * 1000);
    PUT(s, carrier_frequency_millihz, khz * 1000000);
    PUT(s, electrode_area_mm2, 2500);
    return s;
}

static struct quantity_set head(int64_t satp_mw, int64_t duty, int64_t era_mm2, int64_t khz)
{
    struct quantity_set s = {0};
    PUT(s, intensity_satp_uw_cm2, satp_mw * 1000);
    PUT(s, duty_permille, duty);
    PUT(s, era_mm2, era_mm2);
    PUT(s, bnr_permille, 5000);
    PUT(s, us_frequency_khz, khz);
    return s;
}

/* value is exact / per rounded up: not below it, and less than one above. */
static void rounded_up(int64_t value, double exact)
{
    if ((double)value < exact - 1e-6 || (double)value >= exact + 1) {
        fail_msg("%lld is not %.6f rounded up", (long long)value, exact);
    }
}

struct golden {
    int64_t ma, us, hz, cm2;
    int64_t duty_permille;
    double rms_ua, density_ua, charge_nc, charge_density_nc, power_density_uw, energy_uj;
    int64_t shannon_low, shannon_high; /* the printed two digits, in thousandths, as an interval */
};

static void biphasic_pulses_match_the_vectors(void **state)
{
    (void)state;
    static const struct golden vectors[] = {
        {30, 80, 100, 25, 16, 3794.733, 151.789, 2400, 96, 288, 72, -645, -635},
        {60, 200, 100, 25, 40, 12000, 480, 12000, 480, 2880, 720, 755, 765},
        {60, 250, 4, 25, 2, 2683.282, 107.331, 15000, 600, 144, 900, 945, 956},
        {60, 250, 150, 25, 75, 16431.677, 657.267, 15000, 600, 5400, 900, 945, 956},
        {80, 300, 50, 25, 30, 13856.406, 554.256, 24000, 960, 3840, 1920, 1355, 1365},
        {80, 300, 50, 5, 30, 13856.406, 2771.281, 24000, 4800, 19200, 1920, 2055, 2065},
        {100, 400, 80, 25, 64, 25298.221, 1011.929, 40000, 1600, 12800, 4000, 1805, 1815},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const struct golden *g = &vectors[i];
        struct quantity_set s = pulses(g->ma, g->us, g->hz, g->cm2);
        derived(WAVEFORM_biphasic_symmetric, &s);
        assert_int_equal(GET(s, pulse_duty_permille), g->duty_permille);
        rounded_up(GET(s, rms_current_ua), g->rms_ua);
        rounded_up(GET(s, rms_density_ua_cm2), g->density_ua);
        rounded_up(GET(s, phase_charge_nc), g->charge_nc);
        rounded_up(GET(s, charge_density_nc_cm2), g->charge_density_nc);
        rounded_up(GET(s, power_density_uw_cm2), g->power_density_uw);
        rounded_up(GET(s, pulse_energy_uj), g->energy_uj);
        assert_in_range(GET(s, shannon_k_milli) + 10000, g->shannon_low + 10000, g->shannon_high + 10000);
        assert_int_equal(GET(s, dc_current_ua), 0);
        assert_int_equal(GET(s, net_charge_permille), 0);
        assert_int_equal(GET(s, limit_frequency_millihz), g->hz * 1000);
        assert_int_equal(GET(s, amplitude_p2p_ua), 2000 * g->ma);
    }
}

static void monophasic_pulses_have_a_direct_part(void **state)
{
    (void)state;
    struct quantity_set s = pulses(100, 100, 100, 25);
    derived(WAVEFORM_monophasic, &s);
    assert_int_equal(GET(s, dc_current_ua), 1000);
    assert_int_equal(GET(s, rms_current_ua), 10000);
    assert_int_equal(GET(s, dc_density_ua_cm2), 40);
    assert_false(quantity_has(&s, QUANTITY_net_charge_permille));
}

static void twin_peaks_are_volts_over_500_ohm(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, amplitude_mv, 200000); /* 0.4 A */
    PUT(s, phase_width_us, 20);
    PUT(s, pulse_rate_millihz, 100000);
    PUT(s, electrode_area_mm2, 2500);
    derived(WAVEFORM_hvpc, &s);
    assert_int_equal(GET(s, dc_current_ua), 1600);
    rounded_up(GET(s, rms_current_ua), 25298.221);
    assert_int_equal(GET(s, phase_charge_nc), 8000);
    assert_int_equal(GET(s, output_voltage_mv), 200000);
    int64_t energy = 0, charge = 0;
    assert_int_equal(dose_increment(WAVEFORM_hvpc, &s, 10, &energy, &charge), 0);
    assert_int_equal(charge, 16000); /* one pair of peaks */
    assert_int_equal(energy, 0);
}

static void carriers_match_the_vectors(void **state)
{
    (void)state;
    struct quantity_set s = carrier(80, 2);
    PUT(s, carrier_frequency_millihz, 2500000);
    PUT(s, burst_rate_millihz, 50000);
    PUT(s, burst_duty_permille, 500);
    derived(WAVEFORM_russian, &s);
    assert_int_equal(GET(s, rms_current_ua), 40000);
    assert_int_equal(GET(s, limit_frequency_millihz), 2500000);
    assert_int_equal(GET(s, pulse_energy_uj), 16000);

    s = carrier(50, 4);
    derived(WAVEFORM_sine, &s);
    rounded_up(GET(s, rms_current_ua), 35355.339);
    rounded_up(GET(s, phase_charge_nc), 3978.9);
    assert_int_equal(GET(s, dc_current_ua), 0);

    s = carrier(50, 4);
    PUT(s, beat_frequency_millihz, 100000);
    derived(WAVEFORM_premod_two_tone, &s);
    assert_int_equal(GET(s, rms_current_ua), 25000);
    assert_int_equal(GET(s, pulse_energy_uj), 3125);

    s = carrier(50, 4);
    derived(WAVEFORM_premod_raised_cosine, &s);
    rounded_up(GET(s, rms_current_ua), 30618.622);
}

static void direct_current_is_its_own_mean(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, amplitude_ua, 2000);
    PUT(s, electrode_area_mm2, 900);
    derived(WAVEFORM_iontophoresis, &s);
    assert_int_equal(GET(s, rms_current_ua), 2000);
    assert_int_equal(GET(s, dc_current_ua), 2000);
    assert_int_equal(GET(s, dc_density_ua_cm2), 223);
    assert_int_equal(GET(s, limit_frequency_millihz), 0);
    assert_int_equal(dose_totals(WAVEFORM_iontophoresis, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, iontophoresis_dose_ua_min), 40000);
    assert_int_equal(GET(s, session_charge_uc), 2400000); /* 40 mA.min x 0.06 = 2.4 C */
}

static void an_asymmetric_pulse_balances_by_its_second_phase(void **state)
{
    (void)state;
    struct quantity_set s = pulses(40, 200, 100, 25);
    PUT(s, phase2_width_us, 800);
    PUT(s, amplitude2_permille, 250);
    derived(WAVEFORM_biphasic_asymmetric, &s);
    assert_int_equal(GET(s, net_charge_permille), 0);
    assert_int_equal(GET(s, dc_current_ua), 0);
    assert_int_equal(GET(s, phase_charge_nc), 8000);
    assert_int_equal(GET(s, rms_current_ua), 6325); /* sqrt(100 x (1600 x 200 + 100 x 800) x 1e-6) mA */
    assert_int_equal(GET(s, amplitude_p2p_ua), 50000);

    PUT(s, phase2_width_us, 760); /* 5 % short of balance */
    derived(WAVEFORM_biphasic_asymmetric, &s);
    assert_int_equal(GET(s, net_charge_permille), 50);
    assert_int_equal(GET(s, dc_current_ua), 40); /* 0.4 uC x 100 Hz */

    PUT(s, phase2_width_us, 880); /* too long: as bad as too short, and the second phase is the larger charge */
    derived(WAVEFORM_biphasic_asymmetric, &s);
    assert_int_equal(GET(s, net_charge_permille), 100);
    assert_int_equal(GET(s, phase_charge_nc), 8800);
}

static void equal_phases_of_an_asymmetric_pulse_are_a_symmetric_one(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 500; i++) {
        struct quantity_set a = pulses(random_between(&seed, 1, 140), random_between(&seed, 20, 600),
                                       random_between(&seed, 1, 150), random_between(&seed, 1, 200));
        struct quantity_set b = a;
        PUT(b, phase2_width_us, a.value[QUANTITY_phase_width_us]);
        PUT(b, amplitude2_permille, 1000);
        derived(WAVEFORM_biphasic_symmetric, &a);
        derived(WAVEFORM_biphasic_asymmetric, &b);
        static const enum modality_quantity same[] = {QUANTITY_rms_current_ua,  QUANTITY_phase_charge_nc,
                                                      QUANTITY_pulse_energy_uj, QUANTITY_net_charge_permille,
                                                      QUANTITY_dc_current_ua,   QUANTITY_amplitude_p2p_ua};
        for (size_t k = 0; k < sizeof same / sizeof same[0]; k++) {
            assert_int_equal(a.value[same[k]], b.value[same[k]]);
        }
    }
}

static void instantaneous_means_the_worst_second(void **state)
{
    (void)state;
    /* half a hertz of one-second pulses: the worst second is all pulse */
    struct quantity_set s = pulses(1, 1000000, 1, 25);
    PUT(s, pulse_rate_millihz, 500);
    derived(WAVEFORM_monophasic, &s);
    assert_int_equal(GET(s, rms_current_ua), 1000);
    assert_int_equal(GET(s, dc_current_ua), 1000);
    /* two pulses of 0.6 s would be more than a second: the peak itself is the bound */
    PUT(s, phase_width_us, 600000);
    PUT(s, pulse_rate_millihz, 1500);
    derived(WAVEFORM_monophasic, &s);
    assert_int_equal(GET(s, rms_current_ua), 1000);
    assert_int_equal(GET(s, dc_current_ua), 1000);
    /* 1.5 Hz puts two pulses into a second */
    s = pulses(60, 250, 1, 25);
    PUT(s, pulse_rate_millihz, 1500);
    struct quantity_set two = pulses(60, 250, 2, 25);
    derived(WAVEFORM_biphasic_symmetric, &s);
    derived(WAVEFORM_biphasic_symmetric, &two);
    assert_int_equal(GET(s, rms_current_ua), GET(two, rms_current_ua));
    /* a burst of two seconds is a carrier without pauses */
    s = carrier(80, 2);
    PUT(s, burst_rate_millihz, 250);
    PUT(s, burst_duty_permille, 500);
    derived(WAVEFORM_russian, &s);
    rounded_up(GET(s, rms_current_ua), 56568.542);
    assert_false(quantity_has(&s, QUANTITY_pulse_energy_uj));
}

static void the_pauses_of_a_surge_do_not_dilute_its_plateau(void **state)
{
    (void)state;
    struct quantity_set plain = pulses(80, 300, 50, 25), surged = plain;
    PUT(surged, surge_on_ms, 10000);
    PUT(surged, surge_off_ms, 50000);
    PUT(surged, ramp_up_ms, 2000);
    PUT(surged, ramp_down_ms, 1000);
    derived(WAVEFORM_biphasic_symmetric, &plain);
    derived(WAVEFORM_biphasic_symmetric, &surged);
    assert_int_equal(GET(plain, rms_current_ua), GET(surged, rms_current_ua));
    assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &plain, 600000), 0);
    assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &surged, 600000), 0);
    assert_int_equal(GET(plain, session_charge_uc), 1440000); /* 24 uC x 2 x 50 Hz x 600 s */
    assert_int_equal(GET(surged, session_charge_uc), 240000);
    assert_int_equal(GET(surged, contraction_count), 10);
    assert_int_equal(dose_on_ms(&surged, 65000), 15000);
    assert_int_equal(dose_on_ms(&surged, 75000), 20000);
    assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &surged, 600001), 0);
    assert_int_equal(GET(surged, contraction_count), 11);
}

static void ultrasound_matches_the_vectors(void **state)
{
    (void)state;
    struct quantity_set s = head(1000, 1000, 500, 1000);
    PUT(s, treated_area_mm2, 1000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_continuous, &s, 8 * 60000), 0);
    assert_int_equal(GET(s, power_uw), 5000000);
    assert_int_equal(GET(s, energy_uj), INT64_C(2400000000));
    assert_int_equal(GET(s, energy_density_uj_cm2), 240000000);
    assert_int_equal(GET(s, area_ratio_permille), 2000);
    assert_int_equal(GET(s, hot_spot_uw_cm2), 5000000);

    s = head(500, 200, 500, 3000);
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_pulsed, &s, 5 * 60000), 0);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 100000);
    assert_int_equal(GET(s, power_uw), 500000);
    assert_int_equal(GET(s, energy_uj), 150000000);

    s = head(150, 200, 388, 1500);
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_pulsed, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 30000);
    assert_int_equal(GET(s, power_uw), 116400);
    assert_int_equal(GET(s, energy_uj), 139680000);
    assert_int_equal(GET(s, energy_density_uj_cm2), 36000000); /* a still head: over its own ERA */
}

static void the_mechanical_index_is_that_of_the_hot_spot(void **state)
{
    (void)state;
    struct quantity_set s = head(3000, 1000, 500, 1000);
    PUT(s, bnr_permille, 1000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(GET(s, mechanical_index_milli), 300);
    PUT(s, bnr_permille, 8000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(GET(s, mechanical_index_milli), 849);
}

static void a_duty_can_come_from_burst_and_rate_but_not_contradict_them(void **state)
{
    (void)state;
    struct quantity_set s = head(150, 200, 388, 1500);
    PUT(s, burst_width_us, 200);
    PUT(s, pulse_repetition_millihz, 1000000);
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 30000);
    s.present[QUANTITY_duty_permille / 64] &= ~(UINT64_C(1) << (QUANTITY_duty_permille % 64));
    derived(WAVEFORM_us_pulsed, &s);
    assert_int_equal(GET(s, intensity_sata_uw_cm2), 30000);
    PUT(s, duty_permille, 100);
    refused(WAVEFORM_us_pulsed, s, -ERANGE, QUANTITY_duty_permille);
    PUT(s, duty_permille, 200);
    PUT(s, pulse_repetition_millihz, 6000000);
    refused(WAVEFORM_us_pulsed, s, -ERANGE, QUANTITY_burst_width_us);
    s = head(150, 200, 388, 1500);
    refused(WAVEFORM_us_continuous, s, -ERANGE, QUANTITY_duty_permille);
}

static void heating_takes_the_faster_rate_between_the_known_ones(void **state)
{
    (void)state;
    struct {
        int64_t khz, rise;
    } cases[] = {{800, 2000}, {1000, 2000}, {1001, 12000}, {1500, 12000}, {3000, 12000}, {3300, 13210}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct quantity_set s = head(1000, 1000, 500, cases[i].khz);
        derived(WAVEFORM_us_continuous, &s);
        assert_int_equal(dose_totals(WAVEFORM_us_continuous, &s, 600000), 0);
        assert_int_equal(GET(s, temperature_rise_millik), cases[i].rise);
        assert_int_equal(GET(s, tissue_temperature_millic), 36000 + cases[i].rise);
    }
    /* absurdly hot is the largest thermal dose there is, not an error that hides the others */
    struct quantity_set s = head(3000, 1000, 500, 3000);
    derived(WAVEFORM_us_continuous, &s);
    assert_int_equal(dose_totals(WAVEFORM_us_continuous, &s, 1800000), 0);
    assert_int_equal(GET(s, cem43_ms), INT64_MAX);
}

static void thermal_dose_doubles_and_quarters(void **state)
{
    (void)state;
    struct {
        int64_t millic, minutes, cem43_ms;
    } cases[] = {{41000, 10, 37500}, {42000, 10, 150000}, {43000, 1, 60000}, {44000, 5, 600000}, {45000, 5, 1200000}};
    int64_t out = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(dose_cem43_ms(cases[i].millic, cases[i].minutes * 60000, &out), 0);
        assert_int_equal(out, cases[i].cem43_ms);
    }
    int64_t before = 0;
    for (int64_t t = 30000; t < 50000; t += 7) { /* it never falls with temperature */
        assert_int_equal(dose_cem43_ms(t, 60000, &out), 0);
        assert_true(out >= before);
        before = out;
    }
    assert_int_equal(dose_cem43_ms(20000, 60000, &out), 0);
    assert_int_equal(out, 1);
    assert_int_equal(dose_cem43_ms(90000, 60000, &out), -ERANGE);
    assert_int_equal(dose_cem43_ms(43000, -1, &out), -ERANGE);
}

static void a_superpulsed_laser_has_the_mean_of_its_pulses(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, peak_power_uw, 10000000);
    PUT(s, pulse_width_ns, 200);
    PUT(s, pulse_repetition_millihz, 10000000);
    PUT(s, spot_area_mm2, 100);
    PUT(s, point_duration_ms, 50000);
    PUT(s, point_count, 4);
    derived(WAVEFORM_laser_pulsed, &s);
    assert_int_equal(GET(s, power_uw), 20000);
    assert_int_equal(GET(s, irradiance_uw_cm2), 20000);
    assert_int_equal(GET(s, point_energy_uj), 1000000);
    assert_int_equal(dose_totals(WAVEFORM_laser_pulsed, &s, 200000), 0);
    assert_int_equal(GET(s, energy_uj), 4000000);
    assert_int_equal(GET(s, radiant_exposure_uj_cm2), 1000000);
    PUT(s, power_uw, 5000); /* commanded lower than the pulses make: the pulses count */
    derived(WAVEFORM_laser_pulsed, &s);
    assert_int_equal(GET(s, power_uw), 20000);
    PUT(s, pulse_width_ns, 200000);
    refused(WAVEFORM_laser_pulsed, s, -ERANGE, QUANTITY_pulse_repetition_millihz);
}

static void cold_adds_up_below_15_degrees(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    PUT(s, temperature_millic, 13000);
    derived(WAVEFORM_cold_contact, &s);
    assert_int_equal(dose_totals(WAVEFORM_cold_contact, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, cold_dose_millic_min), 40000);
    PUT(s, temperature_millic, 18000);
    assert_int_equal(dose_totals(WAVEFORM_cold_contact, &s, 20 * 60000), 0);
    assert_int_equal(GET(s, cold_dose_millic_min), 0);
}

/* A sane set for every waveform, in the order of the table. */
static struct quantity_set sane(enum modality_waveform w)
{
    struct quantity_set s = pulses(30, 100, 50, 25);
    PUT(s, phase2_width_us, 200);
    PUT(s, amplitude2_permille, 500);
    PUT(s, amplitude_mv, 150000);
    PUT(s, carrier_frequency_millihz, 4000000);
    PUT(s, burst_rate_millihz, 50000);
    PUT(s, burst_duty_permille, 500);
    if (modality_waveform_modality(w) == MODALITY_ULTRASOUND) {
        return head(500, w == WAVEFORM_us_pulsed ? 200 : 1000, 500, 1000);
    }
    if (modality_waveform_modality(w) == MODALITY_LASER) {
        s = (struct quantity_set){0};
        PUT(s, power_uw, 100000);
        PUT(s, spot_area_mm2, 100);
    }
    if (modality_waveform_modality(w) == MODALITY_COLD) {
        s = (struct quantity_set){0};
        PUT(s, temperature_millic, 12000);
    }
    return s;
}

static const enum modality_quantity none = QUANTITY_COUNT;
static const enum modality_quantity needs[WAVEFORM_COUNT][6] = {
    [WAVEFORM_biphasic_symmetric] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                                     QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_biphasic_asymmetric] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_phase2_width_us,
                                      QUANTITY_amplitude2_permille, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_monophasic] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                             QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_sine] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_premod_two_tone] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz,
                                  QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_premod_raised_cosine] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz,
                                       QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_russian] = {QUANTITY_amplitude_ua, QUANTITY_carrier_frequency_millihz, QUANTITY_burst_rate_millihz,
                          QUANTITY_burst_duty_permille, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_hvpc] = {QUANTITY_amplitude_mv, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                       QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_dc] = {QUANTITY_amplitude_ua, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_iontophoresis] = {QUANTITY_amplitude_ua, QUANTITY_electrode_area_mm2, none},
    [WAVEFORM_us_continuous] = {QUANTITY_intensity_satp_uw_cm2, QUANTITY_us_frequency_khz, QUANTITY_era_mm2,
                                QUANTITY_bnr_permille, none},
    [WAVEFORM_us_pulsed] = {QUANTITY_intensity_satp_uw_cm2, QUANTITY_duty_permille, QUANTITY_us_frequency_khz,
                            QUANTITY_era_mm2, QUANTITY_bnr_permille, none},
    [WAVEFORM_laser_continuous] = {QUANTITY_power_uw, QUANTITY_spot_area_mm2, none},
    [WAVEFORM_laser_pulsed] = {QUANTITY_power_uw, QUANTITY_spot_area_mm2, none},
    [WAVEFORM_cold_contact] = {QUANTITY_temperature_millic, none},
    [WAVEFORM_biphasic_burst] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us, QUANTITY_pulse_rate_millihz,
                                 QUANTITY_electrode_area_mm2, none},
};

static void what_a_waveform_cannot_do_without_is_named(void **state)
{
    (void)state;
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        struct quantity_set s = sane((enum modality_waveform)w);
        struct quantity_set whole = s;
        derived((enum modality_waveform)w, &whole);
        for (size_t i = 0; needs[w][i] != none; i++) {
            enum modality_quantity q = needs[w][i];
            struct quantity_set without = s;
            without.present[q / 64] &= ~(UINT64_C(1) << (q % 64));
            refused((enum modality_waveform)w, without, -EINVAL, q);
        }
    }
    refused(WAVEFORM_COUNT, (struct quantity_set){0}, -EINVAL, QUANTITY_waveform_class);
}

static void impossible_values_are_named(void **state)
{
    (void)state;
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        for (size_t i = 0; needs[w][i] != none; i++) {
            enum modality_quantity q = needs[w][i];
            struct quantity_set s = sane((enum modality_waveform)w);
            if (w != WAVEFORM_cold_contact) {
                quantity_put(&s, q, -1);
                refused((enum modality_waveform)w, s, -ERANGE, q);
            }
            quantity_put(&s, q, INT64_MAX);
            refused((enum modality_waveform)w, s, -ERANGE, q);
        }
    }
    struct quantity_set s = pulses(30, 300, 2000, 25); /* 600 us of pulse in 500 us */
    refused(WAVEFORM_biphasic_symmetric, s, -ERANGE, QUANTITY_pulse_rate_millihz);
    s = pulses(30, 100, 4000, 25); /* 200 us in 250 us */
    derived(WAVEFORM_biphasic_symmetric, &s);
    PUT(s, interphase_us, 50);
    derived(WAVEFORM_biphasic_symmetric, &s);
    PUT(s, interphase_us, 51);
    refused(WAVEFORM_biphasic_symmetric, s, -ERANGE, QUANTITY_pulse_rate_millihz);
    s = head(500, 1000, 500, 1000);
    PUT(s, bnr_permille, 5); /* 5 written without its unit */
    refused(WAVEFORM_us_continuous, s, -ERANGE, QUANTITY_bnr_permille);
    s = pulses(30, 100, 50, 25);
    PUT(s, surge_on_ms, 1000);
    PUT(s, ramp_up_ms, 600);
    PUT(s, ramp_down_ms, 401);
    refused(WAVEFORM_biphasic_symmetric, s, -ERANGE, QUANTITY_surge_on_ms);
}

static void more_is_never_derived_as_less(void **state)
{
    (void)state;
    uint64_t seed = 99;
    static const enum modality_quantity grows[] = {QUANTITY_rms_current_ua,       QUANTITY_phase_charge_nc,
                                                   QUANTITY_power_density_uw_cm2, QUANTITY_pulse_energy_uj,
                                                   QUANTITY_rms_density_ua_cm2,   QUANTITY_session_charge_uc};
    static const enum modality_quantity raised[] = {QUANTITY_amplitude_ua, QUANTITY_phase_width_us,
                                                    QUANTITY_pulse_rate_millihz};
    for (int i = 0; i < 2000; i++) {
        struct quantity_set a = pulses(random_between(&seed, 0, 140), random_between(&seed, 20, 600),
                                       random_between(&seed, 1, 300), random_between(&seed, 1, 200));
        struct quantity_set b = a;
        b.value[raised[i % 3]] += random_between(&seed, 1, 100);
        derived(WAVEFORM_biphasic_symmetric, &a);
        derived(WAVEFORM_biphasic_symmetric, &b);
        assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &a, 1000000), 0);
        assert_int_equal(dose_totals(WAVEFORM_biphasic_symmetric, &b, 1000000), 0);
        for (size_t k = 0; k < sizeof grows / sizeof grows[0]; k++) {
            assert_true(b.value[grows[k]] >= a.value[grows[k]]);
        }
    }
}

static void the_running_integral_is_no_less_than_the_plan(void **state)
{
    (void)state;
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        struct quantity_set s = sane((enum modality_waveform)w);
        derived((enum modality_waveform)w, &s);
        assert_int_equal(dose_totals((enum modality_waveform)w, &s, 60000), 0);
        int64_t energy_sum = 0, charge_sum = 0;
        for (int i = 0; i < 60; i++) {
            int64_t energy = 0, charge = 0;
            assert_int_equal(dose_increment((enum modality_waveform)w, &s, 1000, &energy, &charge), 0);
            energy_sum += energy;
            charge_sum += charge;
        }
        assert_true(energy_sum >= quantity_or_zero(&s, QUANTITY_energy_uj));
        assert_true((charge_sum + 999) / 1000 >= quantity_or_zero(&s, QUANTITY_session_charge_uc));
        assert_true(charge_sum / 1000 <= quantity_or_zero(&s, QUANTITY_session_charge_uc) + 1);
    }
    struct quantity_set s = sane(WAVEFORM_dc);
    int64_t energy = 4711, charge = 4711;
    assert_int_equal(dose_increment(WAVEFORM_dc, &s, -1, &energy, &charge), -ERANGE);
    assert_int_equal(dose_totals(WAVEFORM_dc, &s, -1), -ERANGE);
    assert_true(energy == 4711 && charge == 4711);
}

static void the_worst_dose_has_accuracy_and_a_tail(void **state)
{
    (void)state;
    int64_t worst = 4711;
    assert_int_equal(dose_worst(1000000, 200, 600000, 400, &worst), 0);
    assert_int_equal(worst, 1200000 + 800);
    assert_int_equal(dose_worst(0, 200, 600000, 400, &worst), 0);
    assert_int_equal(worst, 0);
    assert_int_equal(dose_worst(1, 200, 600000, 400, &worst), 0);
    assert_int_equal(worst, 3);
    worst = 4711;
    assert_int_equal(dose_worst(1000, 200, 0, 400, &worst), -ERANGE);
    assert_int_equal(dose_worst(-1, 200, 1, 400, &worst), -ERANGE);
    assert_int_equal(dose_worst(INT64_MAX, 200, 1, 400, &worst), -ERANGE);
    assert_int_equal(worst, 4711);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(biphasic_pulses_match_the_vectors),
        cmocka_unit_test(monophasic_pulses_have_a_direct_part),
        cmocka_unit_test(twin_peaks_are_volts_over_500_ohm),
        cmocka_unit_test(carriers_match_the_vectors),
        cmocka_unit_test(direct_current_is_its_own_mean),
        cmocka_unit_test(an_asymmetric_pulse_balances_by_its_second_phase),
        cmocka_unit_test(equal_phases_of_an_asymmetric_pulse_are_a_symmetric_one),
        cmocka_unit_test(instantaneous_means_the_worst_second),
        cmocka_unit_test(the_pauses_of_a_surge_do_not_dilute_its_plateau),
        cmocka_unit_test(ultrasound_matches_the_vectors),
        cmocka_unit_test(the_mechanical_index_is_that_of_the_hot_spot),
        cmocka_unit_test(a_duty_can_come_from_burst_and_rate_but_not_contradict_them),
        cmocka_unit_test(heating_takes_the_faster_rate_between_the_known_ones),
        cmocka_unit_test(thermal_dose_doubles_and_quarters),
        cmocka_unit_test(a_superpulsed_laser_has_the_mean_of_its_pulses),
        cmocka_unit_test(cold_adds_up_below_15_degrees),
        cmocka_unit_test(what_a_waveform_cannot_do_without_is_named),
        cmocka_unit_test(impossible_values_are_named),
        cmocka_unit_test(more_is_never_derived_as_less),
        cmocka_unit_test(the_running_integral_is_no_less_than_the_plan),
        cmocka_unit_test(the_worst_dose_has_accuracy_and_a_tail),
    };
    return DOSE_TESTS(tests);
}
