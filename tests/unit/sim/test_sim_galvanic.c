/* SPDX-License-Identifier: Apache-2.0 */
/* The galvanic unit under a fake clock: compliance, source limits, and the charge with its direction. */
#include "bench.h"
#include "model/galvanic.h"

#include <errno.h>

static int setup(void **state)
{
    return bench_new(state, &galv_kind);
}

static void set(struct bench *b, unsigned channel, unsigned setting, int32_t value)
{
    assert_int_equal(model_setting_write(b->model, channel, setting, value), 0);
}

/* dc on with 2 mA of the given waveform at T0, the watchdog out of the way. */
static struct bench *dc_running(void **state, enum galv_waveform waveform)
{
    struct bench *b = *state;
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    set(b, GALV_DC, GALV_CURRENT, 2000);
    set(b, GALV_DC, GALV_WAVEFORM, (int32_t)waveform);
    set(b, GALV_DC, GALV_WIDTH, 10000);
    set(b, GALV_DC, GALV_RATE, 10000);
    assert_int_equal(model_run(b->model, 1u << GALV_DC, 0), 0);
    return b;
}

static struct bench *hv_running(void **state, int32_t mv)
{
    struct bench *b = *state;
    inject(b, FAULT_no_watchdog, ARG_COUNT, 0);
    set(b, GALV_HV, GALV_VOLTAGE, mv);
    set(b, GALV_HV, GALV_PEAK_WIDTH, 50);
    set(b, GALV_HV, GALV_PAIR_RATE, 100000);
    assert_int_equal(model_run(b->model, 1u << GALV_HV, 0), 0);
    return b;
}

static void direct_current_is_limited_by_60_volt(void **state)
{
    struct bench *b = dc_running(state, GALV_DIRECT);
    struct galv_measured m;
    assert_int_equal(b->seen.output[GALV_DC].value, 2000);
    inject(b, FAULT_impedance, ARG_ohm, 30000); /* 60 V / 30 kohm: just enough */
    assert_int_equal(b->seen.output[GALV_DC].value, 2000);
    inject(b, FAULT_impedance, ARG_ohm, 60000);
    assert_int_equal(b->seen.output[GALV_DC].value, 1000);
    galv_measure(b->model, GALV_DC, &m);
    assert_int_equal(m.voltage_mv, 60000);
    assert_int_equal(m.contact, LOAD_CONTACT_LOST);
    inject(b, FAULT_open, ARG_channel, 1);
    assert_int_equal(b->seen.output[GALV_DC].value, 60);
}

static void high_voltage_falls_only_where_the_source_ends(void **state)
{
    struct bench *b = hv_running(state, 400000);
    struct galv_measured m;
    assert_int_equal(b->seen.output[GALV_HV].value, 400000);
    galv_measure(b->model, GALV_HV, &m);
    assert_int_equal(m.current_ua, 400000); /* over 1 kohm */
    inject(b, FAULT_impedance, ARG_ohm, 5000);
    assert_int_equal(b->seen.output[GALV_HV].value, 400000);
    inject(b, FAULT_short, ARG_channel, 2);
    assert_int_equal(b->seen.output[GALV_HV].value, 25000); /* 2.5 A over 10 ohm */
    galv_measure(b->model, GALV_HV, &m);
    assert_int_equal(m.current_ua, 2500000);
    assert_int_equal(m.contact, LOAD_CONTACT_SHORTED);
}

static void charge_follows_the_waveform(void **state)
{
    static const struct {
        enum galv_waveform waveform;
        int64_t charge_uc;
        int64_t net_uc;
        int64_t ionto;
    } cases[] = {/* 2 mA for a minute; pulses of 10 ms at 10 Hz */
                 {GALV_DIRECT, 120000, 120000, 0},
                 {GALV_IONTOPHORESIS, 120000, 120000, 2000},
                 {GALV_MONOPHASIC, 12000, 12000, 0},
                 {GALV_BIPHASIC, 24000, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(bench_free(state), 0);
        assert_int_equal(setup(state), 0);
        struct bench *b = dc_running(state, cases[i].waveform);
        model_advance(b->model, MS(60000));
        assert_int_equal(bench_state(b, 1, "charge_uc"), cases[i].charge_uc);
        assert_int_equal(bench_state(b, 1, "net_charge_uc"), cases[i].net_uc);
        assert_int_equal(bench_state(b, 1, "iontophoresis_dose_ua_min"), cases[i].ionto);
        assert_int_equal(bench_state(b, 1, "on_ms"), 60000);
    }
}

static void twin_peaks_carry_charge_one_way(void **state)
{
    struct bench *b = hv_running(state, 100000);
    model_advance(b->model, MS(10000));
    assert_int_equal(bench_state(b, 2, "charge_uc"), 10000); /* 100 mA x 2 x 50 us x 100 Hz x 10 s */
    assert_int_equal(bench_state(b, 2, "net_charge_uc"), 10000);
}

static void cathode_carries_the_other_way_and_swapped_leads_turn_it(void **state)
{
    struct bench *b = dc_running(state, GALV_DIRECT);
    assert_int_equal(b->seen.output[GALV_DC].polarity, GALV_ANODE);
    set(b, GALV_DC, GALV_POLARITY, GALV_CATHODE);
    assert_int_equal(b->seen.output[GALV_DC].polarity, GALV_CATHODE);
    model_advance(b->model, MS(1000));
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), -2000);
    inject(b, FAULT_polarity, ARG_channel, 1);
    assert_int_equal(b->seen.output[GALV_DC].polarity, GALV_ANODE);
    assert_int_equal(b->seen.output[GALV_HV].polarity, GALV_ANODE); /* not swapped */
    model_advance(b->model, MS(3000));
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), 2000);
    assert_int_equal(bench_state(b, 1, "charge_uc"), 6000);
    clear(b, FAULT_polarity);
    assert_int_equal(b->seen.output[GALV_DC].polarity, GALV_CATHODE);
}

static void missing_second_phase_leaves_a_net_charge_and_nothing_else_to_see(void **state)
{
    struct bench *b = dc_running(state, GALV_BIPHASIC);
    struct galv_measured m;
    inject(b, FAULT_drop_phase, ARG_COUNT, 0);
    model_advance(b->model, MS(60000));
    assert_int_equal(bench_state(b, 1, "charge_uc"), 12000);
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), 12000);
    galv_measure(b->model, GALV_DC, &m);
    assert_int_equal(m.current_ua, 2000);
    clear(b, FAULT_drop_phase);
    model_advance(b->model, MS(120000));
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), 12000);
}

static void only_what_the_channel_regulates_is_misreported(void **state)
{
    struct bench *b = dc_running(state, GALV_DIRECT);
    struct galv_measured m;
    inject(b, FAULT_misreport, ARG_permille, 500);
    galv_measure(b->model, GALV_DC, &m);
    assert_int_equal(m.current_ua, 1000);
    assert_int_equal(m.voltage_mv, 2000);
    assert_int_equal(b->seen.output[GALV_DC].value, 2000);
    inject(b, FAULT_deliver, ARG_permille, 1500);
    assert_int_equal(b->seen.output[GALV_DC].value, 3000);
}

static void channels_exclude_each_other_and_have_settings_of_their_own(void **state)
{
    struct bench *b = dc_running(state, GALV_DIRECT);
    assert_int_equal(model_run(b->model, 2, 0), -EPERM);
    assert_int_equal(model_run(b->model, 2, 1), 0);
    assert_int_equal(model_setting_check(b->model, GALV_DC, GALV_WIDTH, 1000000), 0);
    assert_int_equal(model_setting_check(b->model, GALV_HV, GALV_PEAK_WIDTH, 101), -ERANGE);
    assert_int_equal(model_setting_check(b->model, GALV_HV, GALV_VOLTAGE, 500001), -ERANGE);
    assert_int_equal(model_setting_check(b->model, GALV_DC, GALV_POLARITY, 0), -ERANGE);
}

static void galvanic_output_can_be_stuck_and_reversed_at_once(void **state)
{
    struct bench *b = dc_running(state, GALV_DIRECT);
    inject(b, FAULT_stuck, ARG_channel, 1);
    inject(b, FAULT_polarity, ARG_COUNT, 0);
    assert_int_equal(model_run(b->model, 0, 1), 0);
    assert_true(b->seen.output[GALV_DC].on);
    assert_int_equal(b->seen.output[GALV_DC].value, 2000);
    assert_int_equal(b->seen.output[GALV_DC].polarity, GALV_CATHODE);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, bench_free)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(direct_current_is_limited_by_60_volt),
        T(high_voltage_falls_only_where_the_source_ends),
        T(charge_follows_the_waveform),
        T(twin_peaks_carry_charge_one_way),
        T(cathode_carries_the_other_way_and_swapped_leads_turn_it),
        T(missing_second_phase_leaves_a_net_charge_and_nothing_else_to_see),
        T(only_what_the_channel_regulates_is_misreported),
        T(channels_exclude_each_other_and_have_settings_of_their_own),
        T(galvanic_output_can_be_stuck_and_reversed_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
