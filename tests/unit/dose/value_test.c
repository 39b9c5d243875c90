/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decimals with units: what is written is what is meant, exactly, or it is refused.
 */
#include "dose_test.h"

#include <errno.h>
#include <stdio.h>

#include "dose/value.h"

struct reading {
    enum modality_quantity quantity;
    const char *text;
    int64_t value;
};

static void exact_decimals_are_read(void **state)
{
    (void)state;
    static const struct reading readings[] = {
        {QUANTITY_amplitude_ua, "12.5 mA", 12500},
        {QUANTITY_amplitude_ua, "12mA", 12000},
        {QUANTITY_amplitude_ua, "+0.001 mA", 1},
        {QUANTITY_amplitude_ua, "1000 nA", 1},
        {QUANTITY_amplitude_ua, "0.5 \t A", 500000},
        {QUANTITY_amplitude_ua, "0.50000000000000000000000000 A", 500000},
        {QUANTITY_amplitude_ua, "007 uA", 7},
        {QUANTITY_amplitude_mv, "0.5 kV", 500000},
        {QUANTITY_phase_width_us, "0.25 ms", 250},
        {QUANTITY_phase_width_us, "1000 ns", 1},
        {QUANTITY_pulse_width_ns, "0.2 us", 200},
        {QUANTITY_pulse_rate_millihz, "500 mHz", 500},
        {QUANTITY_pulse_rate_millihz, "0.5 Hz", 500},
        {QUANTITY_carrier_frequency_millihz, "4 kHz", 4000000},
        {QUANTITY_carrier_frequency_millihz, "1 MHz", 1000000000},
        {QUANTITY_us_frequency_khz, "1.5 MHz", 1500},
        {QUANTITY_us_frequency_khz, "3000000 Hz", 3000},
        {QUANTITY_intensity_satp_uw_cm2, "0.5 W/cm2", 500000},
        {QUANTITY_intensity_satp_uw_cm2, "30mW/cm2", 30000},
        {QUANTITY_duration_ms, "20 min", 1200000},
        {QUANTITY_duration_ms, "1.5 h", 5400000},
        {QUANTITY_duration_ms, "-1 s", -1000},
        {QUANTITY_duty_permille, "20 %", 200},
        {QUANTITY_duty_permille, "0.2 1", 200},
        {QUANTITY_bnr_permille, "5.2 1", 5200},
        {QUANTITY_bnr_permille, "5.2", 5200},
        {QUANTITY_bnr_permille, "5200 permille", 5200},
        {QUANTITY_bnr_permille, "520 %", 5200},
        {QUANTITY_session_count, "3", 3},
        {QUANTITY_session_count, "3 1", 3},
        {QUANTITY_era_mm2, "3.88 cm2", 388},
        {QUANTITY_era_mm2, "0.000388 m2", 388},
        {QUANTITY_temperature_millic, "-5.5 degC", -5500},
        {QUANTITY_temperature_rise_millik, "4 K", 4000},
        {QUANTITY_impedance_ohm, "10 kohm", 10000},
        {QUANTITY_iontophoresis_dose_ua_min, "80 mA.min", 80000},
        {QUANTITY_amplitude_slew_ua_s, "5 mA/s", 5000},
        {QUANTITY_amplitude_slew_mv_s, "10 V/s", 10000},
        {QUANTITY_energy_uj, "3.6 kJ", INT64_C(3600000000)},
        {QUANTITY_phase_charge_nc, "50 uC", 50000},
        {QUANTITY_wavelength_nm, "0.904 um", 904},
        {QUANTITY_cold_dose_millic_min, "100 degC.min", 100000},
        {QUANTITY_cem43_ms, "21 min", 1260000},
        {QUANTITY_shannon_k_milli, "1.85", 1850},
        {QUANTITY_energy_uj, "9223372036854775807 uJ", INT64_MAX},
        {QUANTITY_energy_uj, "-9223372036854775808 uJ", INT64_MIN},
        {QUANTITY_energy_uj, "9223372036854.775807 J", INT64_MAX},
    };
    for (size_t i = 0; i < sizeof readings / sizeof readings[0]; i++) {
        int64_t value = 0;
        if (value_parse(readings[i].quantity, readings[i].text, &value) != 0 || value != readings[i].value) {
            fail_msg("%s: read as %lld", readings[i].text, (long long)value);
        }
    }
}

struct misreading {
    enum modality_quantity quantity;
    const char *text;
    int error;
};

static void everything_else_is_refused(void **state)
{
    (void)state;
    static const struct misreading texts[] = {
        {QUANTITY_amplitude_ua, "", -EINVAL},
        {QUANTITY_amplitude_ua, "mA", -EINVAL},
        {QUANTITY_amplitude_ua, "12", -EINVAL},
        {QUANTITY_amplitude_ua, "12 ", -EINVAL},
        {QUANTITY_amplitude_ua, " 12 mA", -EINVAL},
        {QUANTITY_amplitude_ua, "12 mA ", -EINVAL},
        {QUANTITY_amplitude_ua, "12 ma", -EINVAL},
        {QUANTITY_amplitude_ua, "12 mV", -EINVAL},
        {QUANTITY_amplitude_ua, "12. mA", -EINVAL},
        {QUANTITY_amplitude_ua, ".5 mA", -EINVAL},
        {QUANTITY_amplitude_ua, "1e3 uA", -EINVAL},
        {QUANTITY_amplitude_ua, "0x10 uA", -EINVAL},
        {QUANTITY_amplitude_ua, "1,5 mA", -EINVAL},
        {QUANTITY_amplitude_ua, "--1 mA", -EINVAL},
        {QUANTITY_amplitude_ua, "+-1 mA", -EINVAL},
        {QUANTITY_amplitude_ua, "inf mA", -EINVAL},
        {QUANTITY_amplitude_ua, "nan mA", -EINVAL},
        {QUANTITY_amplitude_ua, "1 mA 2 mA", -EINVAL},
        {QUANTITY_amplitude_ua, "0.0005 mA", -ERANGE},
        {QUANTITY_amplitude_ua, "1 nA", -ERANGE},
        {QUANTITY_duty_permille, "20", -EINVAL},
        {QUANTITY_duty_permille, "0.05 %", -ERANGE},
        {QUANTITY_us_frequency_khz, "1500 mHz", -EINVAL},
        {QUANTITY_us_frequency_khz, "1 Hz", -ERANGE},
        {QUANTITY_duration_ms, "0.0000001 h", -ERANGE},
        {QUANTITY_energy_uj, "9223372036854775808 uJ", -ERANGE},
        {QUANTITY_energy_uj, "-9223372036854775809 uJ", -ERANGE},
        {QUANTITY_energy_uj, "9223372036854775807 kJ", -ERANGE},
        {QUANTITY_energy_uj, "99999999999999999999999999999999 J", -ERANGE},
        {QUANTITY_energy_uj, "0.0000000000000000000000000000001 J", -ERANGE},
        {QUANTITY_session_count, "1.5", -ERANGE},
        {QUANTITY_session_count, "3 s", -EINVAL},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t value = 4711;
        int error = value_parse(texts[i].quantity, texts[i].text, &value);
        if (error != texts[i].error || value != 4711) {
            fail_msg("\"%s\": %d, read as %lld", texts[i].text, error, (long long)value);
        }
    }
}

static void values_are_shown_in_the_unit_people_read(void **state)
{
    (void)state;
    char text[VALUE_TEXT_MAX];
    assert_string_equal(value_format(QUANTITY_amplitude_ua, 12500, text, sizeof text), "12.5 mA");
    assert_string_equal(value_format(QUANTITY_amplitude_ua, 0, text, sizeof text), "0 mA");
    assert_string_equal(value_format(QUANTITY_amplitude_ua, -1, text, sizeof text), "-0.001 mA");
    assert_string_equal(value_format(QUANTITY_duration_ms, 1200000, text, sizeof text), "20 min");
    assert_string_equal(value_format(QUANTITY_duration_ms, 90000, text, sizeof text), "1.5 min");
    assert_string_equal(value_format(QUANTITY_duration_ms, 20000, text, sizeof text), "20 s");
    assert_string_equal(value_format(QUANTITY_bnr_permille, 5200, text, sizeof text), "5.2");
    assert_string_equal(value_format(QUANTITY_session_count, 2, text, sizeof text), "2");
    assert_string_equal(value_format(QUANTITY_intensity_sata_uw_cm2, 30000, text, sizeof text), "0.03 W/cm2");
    assert_string_equal(value_format(QUANTITY_duty_permille, 205, text, sizeof text), "20.5 %");
}

static void a_short_buffer_is_never_overrun(void **state)
{
    (void)state;
    for (size_t size = 1; size < 12; size++) {
        char text[16];
        memset(text, '#', sizeof text);
        value_format(QUANTITY_amplitude_ua, 12500, text, size);
        assert_true(strlen(text) < size);
        assert_int_equal(text[size], '#');
        memset(text, '#', sizeof text);
        value_units(QUANTITY_amplitude_ua, text, size);
        assert_true(strlen(text) < size);
        assert_int_equal(text[size], '#');
    }
}

static void unit_texts_are_listed(void **state)
{
    (void)state;
    char text[64];
    assert_string_equal(value_units(QUANTITY_amplitude_ua, text, sizeof text), "nA, uA, mA, A");
    assert_string_equal(value_units(QUANTITY_bnr_permille, text, sizeof text), "permille, %, 1");
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        const struct modality_quantity_info *info = modality_quantity_info((enum modality_quantity)i);
        value_units((enum modality_quantity)i, text, sizeof text);
        assert_non_null(strstr(text, info->base_unit));
        assert_non_null(strstr(text, info->display_unit));
    }
}

static void every_display_unit_is_a_whole_number_of_base_units(void **state)
{
    (void)state;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        int64_t num = 0, den = 0;
        value_display_factor((enum modality_quantity)i, &num, &den);
        assert_true(num >= 1);
        assert_int_equal(den, 1);
    }
    int64_t num = 0, den = 0;
    value_display_factor(QUANTITY_duration_ms, &num, &den);
    assert_int_equal(num, 60000);
}

static void the_base_unit_reads_as_itself(void **state)
{
    (void)state;
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        char text[64];
        int64_t value = 0;
        snprintf(text, sizeof text, "12345 %s", modality_quantity_info((enum modality_quantity)i)->base_unit);
        assert_int_equal(value_parse((enum modality_quantity)i, text, &value), 0);
        assert_int_equal(value, 12345);
    }
}

static void whatever_is_shown_reads_back_the_same(void **state)
{
    (void)state;
    uint64_t seed = 20240117;
    static const int64_t edges[] = {0, 1, -1, 999, 1000, 1001, INT64_MAX, INT64_MIN, INT64_MAX - 1};
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        for (size_t k = 0; k < 400; k++) {
            size_t n = sizeof edges / sizeof edges[0];
            int64_t value = k < n ? edges[k] : (int64_t)random_length(&seed);
            char text[VALUE_TEXT_MAX];
            int64_t back = 0;
            value_format((enum modality_quantity)i, value, text, sizeof text);
            if (value_parse((enum modality_quantity)i, text, &back) != 0 || back != value) {
                fail_msg("%lld is shown as %s", (long long)value, text);
            }
        }
    }
}

static void a_set_knows_what_it_holds(void **state)
{
    (void)state;
    struct quantity_set s = {0};
    for (int i = 0; i < QUANTITY_COUNT; i++) {
        assert_false(quantity_has(&s, (enum modality_quantity)i));
        quantity_put(&s, (enum modality_quantity)i, i - 3);
        assert_true(quantity_has(&s, (enum modality_quantity)i));
        assert_int_equal(quantity_or_zero(&s, (enum modality_quantity)i), i - 3);
    }
}

/* In the unit of the other, at most three digits, never rounded onto it. */
static void a_value_is_told_in_the_unit_of_its_bound(void **state)
{
    char text[VALUE_TEXT_MAX];
    (void)state;
    assert_string_equal(value_format_beside(QUANTITY_rest_interval_ms, 1234567, 3600000, text, sizeof text),
                        "20.576 min");
    assert_string_equal(value_format_beside(QUANTITY_duration_ms, 4008, 4000, text, sizeof text), "4.008 s");
    assert_string_equal(value_format_beside(QUANTITY_duration_ms, 3600001, 3600000, text, sizeof text), "60.001 min");
    assert_string_equal(value_format_beside(QUANTITY_duration_ms, 3599999, 3600000, text, sizeof text), "59.999 min");
    assert_string_equal(value_format_beside(QUANTITY_energy_uj, 4000001, 4000000, text, sizeof text), "4.001 J");
    assert_string_equal(value_format_beside(QUANTITY_temperature_millic, -1500, 1000, text, sizeof text), "-1.5 degC");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_told_in_the_unit_of_its_bound),
        cmocka_unit_test(exact_decimals_are_read),
        cmocka_unit_test(everything_else_is_refused),
        cmocka_unit_test(values_are_shown_in_the_unit_people_read),
        cmocka_unit_test(a_short_buffer_is_never_overrun),
        cmocka_unit_test(unit_texts_are_listed),
        cmocka_unit_test(every_display_unit_is_a_whole_number_of_base_units),
        cmocka_unit_test(the_base_unit_reads_as_itself),
        cmocka_unit_test(whatever_is_shown_reads_back_the_same),
        cmocka_unit_test(a_set_knows_what_it_holds),
    };
    return DOSE_TESTS(tests);
}
