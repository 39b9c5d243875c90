/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laser, the cold and the galvanic reference device of modality-sim: emission after its delay, interlocks, probes,
 * rest by set point, polarity, and what their latches refuse. What truly came out is asked of the simulator.
 */
#include <errno.h>

#include "sim_bench.h"

/* ---- laser ---- */

enum { CW, SP };

static void laser_emits_after_its_delay_and_rests_at_once(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "reflaser", "");
    struct modality_channel_status c = sim_bench_status(&b).channels[CW];
    assert_string_equal(c.applicator, "2002");
    assert_int_equal(sim_bench_reading(&c, QUANTITY_interlock_closed), 1);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_wavelength_nm), 808);
    assert_int_equal(sim_bench_apply(&b, CW, QUANTITY_duty_permille, 1000), 0);
    assert_int_equal(sim_bench_apply(&b, CW, QUANTITY_duration_ms, 60000), 0);
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(sim_bench_start(&b, CW), -EINPROGRESS);
    c = sim_bench_status(&b).channels[CW];
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_NONE);
    sim_bench_await(&b, CW, OUTPUT_ON, EVIDENCE_REPORTED);
    int64_t waited = clock_monotonic_ns() - begun;
    assert_true(waited >= 1990 * NS_PER_MS && waited < b.unit.start_ms * NS_PER_MS);
    assert_int_equal(sim_bench_apply(&b, CW, QUANTITY_power_uw, 50000), 0);
    c = sim_bench_await(&b, CW, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_power_uw), 50000);
    assert_int_equal(sim_bench_truth(&b, "value", CW), 50000);
    assert_int_equal(sim_bench_stop(&b, CW), 0);
    c = sim_bench_status(&b).channels[CW];
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_truth(&b, "value", CW), 0);
    sim_bench_close(&b);
}

static void stop_in_the_delay_never_emits(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "reflaser", "");
    assert_int_equal(sim_bench_apply(&b, SP, QUANTITY_pulse_width_ns, 200), 0);
    assert_int_equal(sim_bench_apply(&b, SP, QUANTITY_pulse_repetition_millihz, 10000000), 0);
    assert_int_equal(sim_bench_start(&b, SP), -EINPROGRESS);
    assert_int_equal(sim_bench_apply(&b, SP, QUANTITY_peak_power_uw, 25000000), 0);
    assert_int_equal(sim_bench_stop(&b, SP), 0);
    struct modality_channel_status c = sim_bench_status(&b).channels[SP];
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_truth(&b, "delayed", SP), 0);
    assert_int_equal(sim_bench_truth(&b, "on_ms", SP), 0);
    sim_bench_close(&b);
}

static void superpulsed_probe_shows_its_mean_power(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "reflaser", "");
    assert_int_equal(sim_bench_apply(&b, SP, QUANTITY_pulse_width_ns, 200), 0);
    assert_int_equal(sim_bench_apply(&b, SP, QUANTITY_pulse_repetition_millihz, 10000000), 0);
    assert_int_equal(sim_bench_start(&b, SP), -EINPROGRESS);
    assert_int_equal(sim_bench_start(&b, CW), -EACCES); /* one probe at a time */
    sim_bench_await(&b, SP, OUTPUT_ON, EVIDENCE_REPORTED);
    assert_int_equal(sim_bench_apply(&b, SP, QUANTITY_peak_power_uw, 25000000), 0);
    struct modality_channel_status c = sim_bench_await(&b, SP, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_power_uw), 50000); /* 25 W x 200 ns x 10 kHz */
    assert_string_equal(c.applicator, "3003");
    assert_int_equal(sim_bench_make_safe(&b), 0);
    sim_bench_await(&b, SP, OUTPUT_REST, EVIDENCE_MEASURED);
    sim_bench_close(&b);
}

/* Key or door end emission; closing them brings nothing back, and the latch must be cleared. */
static void interlock_ends_emission(struct sim_bench *b, const char *fault)
{
    assert_int_equal(sim_bench_start(b, CW), -EINPROGRESS);
    sim_bench_await(b, CW, OUTPUT_ON, EVIDENCE_REPORTED);
    assert_int_equal(sim_bench_apply(b, CW, QUANTITY_power_uw, 20000), 0);
    sim_bench_tell(b, "fault", fault, "");
    struct modality_channel_status c = sim_bench_status(b).channels[CW];
    assert_int_equal(sim_bench_reading(&c, QUANTITY_interlock_closed), 0);
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_truth(b, "value", CW), 0);
    sim_bench_tell(b, "clear", fault, "");
    c = sim_bench_status(b).channels[CW];
    assert_int_equal(sim_bench_reading(&c, QUANTITY_interlock_closed), 0);
    assert_int_equal(sim_bench_start(b, CW), -EACCES);
    assert_int_equal(sim_bench_make_safe(b), 0);
    c = sim_bench_status(b).channels[CW];
    assert_int_equal(sim_bench_reading(&c, QUANTITY_interlock_closed), 1);
    assert_int_equal(sim_bench_start(b, CW), -EINPROGRESS);
    assert_int_equal(sim_bench_make_safe(b), 0);
}

static void key_and_door_end_emission_until_cleared(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "reflaser", "");
    interlock_ends_emission(&b, "key_off");
    interlock_ends_emission(&b, "door_open");
    sim_bench_close(&b);
}

static void probe_that_is_changed_shows_by_its_serial_number(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "reflaser", "");
    sim_bench_tell(&b, "fault", "identity", ",\"channel\":2,\"head_serial\":77777");
    assert_string_equal(sim_bench_status(&b).channels[SP].applicator, "77777");
    assert_string_equal(sim_bench_status(&b).channels[CW].applicator, "2002");
    sim_bench_tell(&b, "fault", "identity", ",\"channel\":2,\"head_serial\":0");
    assert_string_equal(sim_bench_status(&b).channels[SP].applicator, "");
    sim_bench_close(&b);
}

/* ---- cold ---- */

static const char quick[] = ",pad_ms_per_k=20,skin_tau_ms=200";

static void cold_unit_cools_and_grows_warm_again(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "refcold", quick);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_start(&b, 0), 0);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 10000), 0);
    struct modality_channel_status c = sim_bench_await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    while (sim_bench_reading(&c, QUANTITY_temperature_millic) > 12000)
        c = sim_bench_await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    assert_int_equal(c.contact, CONTACT_GOOD);
    assert_true(sim_bench_reading(&c, QUANTITY_skin_temperature_millic) < 33000);
    assert_int_equal(sim_bench_stop(&b, 0), 0);
    c = sim_bench_status(&b).channels[0];
    assert_true(c.setpoint_known && c.setpoint == 25000);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_REPORTED);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_in_range(sim_bench_truth(&b, "value", 0), 24800, 25000);
    sim_bench_close(&b);
}

static void unfed_cold_unit_goes_back_to_its_rest(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "refcold", quick);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    int64_t deadline = support_in_ms(SIM_BENCH_CHANGE_MS);
    struct modality_status status;
    do {
        status = sim_bench_status(&b);
        assert_true(clock_monotonic_ns() < deadline);
    } while (!status.watchdog_tripped);
    assert_int_equal(status.channels[0].setpoint, 25000);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), -EACCES);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 26000), 0);
    assert_int_equal(sim_bench_make_safe(&b), 0);
    assert_false(sim_bench_status(&b).watchdog_tripped);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    sim_bench_close(&b);
}

static void latched_cold_unit_takes_only_what_is_warm(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "refcold", quick);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    sim_bench_tell(&b, "fault", "patient_stop", "");
    struct modality_status status = sim_bench_status(&b);
    assert_true(status.patient_stop);
    assert_int_equal(status.channels[0].setpoint, 25000);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), -EACCES);
    assert_int_equal(sim_bench_stop(&b, 0), 0);
    sim_bench_tell(&b, "clear", "patient_stop", "");
    assert_int_equal(sim_bench_make_safe(&b), 0);
    assert_false(sim_bench_status(&b).patient_stop);
    sim_bench_tell(&b, "fault", "device_fault", ",\"code\":2");
    status = sim_bench_status(&b);
    assert_true(status.fault);
    assert_string_equal(status.fault_text, "over_temperature");
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), -EACCES);
    sim_bench_close(&b);
}

static void skin_sensor_that_is_off_or_not_there_is_told(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "refcold", quick);
    sim_bench_tell(&b, "fault", "skin_off", "");
    struct modality_channel_status c = sim_bench_status(&b).channels[0];
    assert_int_equal(c.contact, CONTACT_LOST);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_skin_temperature_millic), 25000);
    sim_bench_tell(&b, "fault", "skin_none", "");
    c = sim_bench_status(&b).channels[0];
    assert_int_equal(sim_bench_reading(&c, QUANTITY_skin_temperature_millic), INT64_MIN);
    sim_bench_close(&b);
}

/* It says 25 degC and stays cold: the pad that does not move is not at rest. */
static void stuck_cold_unit_is_not_at_rest(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "refcold", quick);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    struct modality_channel_status c = sim_bench_await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    while (sim_bench_reading(&c, QUANTITY_temperature_millic) > 8000)
        c = sim_bench_await(&b, 0, OUTPUT_ON, EVIDENCE_REPORTED);
    sim_bench_tell(&b, "fault", "stuck", ",\"channel\":1");
    assert_int_equal(sim_bench_stop(&b, 0), 0);
    for (int i = 0; i < 50; i++) {
        c = sim_bench_status(&b).channels[0];
        assert_int_equal(c.output, OUTPUT_ON);
        assert_int_equal(b.p->keepalive(b.link, 0, support_in_ms(SIM_BENCH_CALL_MS)), 0);
    }
    sim_bench_tell(&b, "clear", "stuck", "");
    assert_int_equal(sim_bench_make_safe(&b), 0);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    sim_bench_close(&b);
}

/* ---- galvanic ---- */

enum { DC, HV };

static void direct_current_flows_with_its_polarity(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "refgalv", "");
    assert_int_equal(sim_bench_apply(&b, DC, QUANTITY_waveform_class, WAVEFORM_iontophoresis), 0);
    assert_int_equal(sim_bench_apply(&b, DC, QUANTITY_active_polarity, 2), 0);
    assert_int_equal(sim_bench_apply(&b, DC, QUANTITY_active_polarity, 3), -EINVAL);
    assert_int_equal(sim_bench_start(&b, DC), 0);
    assert_int_equal(sim_bench_start(&b, HV), -EACCES); /* they exclude each other */
    assert_int_equal(sim_bench_apply(&b, DC, QUANTITY_amplitude_ua, 2500), 0);
    struct modality_channel_status c = sim_bench_await(&b, DC, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_amplitude_ua), 2500);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_impedance_ohm), 1000);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_output_voltage_mv), 2500);
    assert_int_equal(c.contact, CONTACT_GOOD);
    assert_int_equal(sim_bench_truth(&b, "value", DC), 2500);
    assert_int_equal(sim_bench_truth(&b, "true_polarity", DC), 2);
    assert_int_equal(sim_bench_stop(&b, DC), 0);
    sim_bench_await(&b, DC, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_apply(&b, DC, QUANTITY_amplitude_ua, 5010), -EINVAL);
    assert_int_equal(sim_bench_apply(&b, DC, QUANTITY_amplitude_ua, 2505), -EINVAL);
    sim_bench_close(&b);
}

static void high_voltage_is_set_and_measured_in_volts(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_open(&b, "refgalv", "");
    assert_int_equal(sim_bench_apply(&b, HV, QUANTITY_phase_width_us, 50), 0);
    assert_int_equal(sim_bench_apply(&b, HV, QUANTITY_pulse_rate_millihz, 100000), 0);
    assert_int_equal(sim_bench_start(&b, HV), 0);
    assert_int_equal(sim_bench_apply(&b, HV, QUANTITY_amplitude_mv, 120000), 0);
    struct modality_channel_status c = sim_bench_await(&b, HV, OUTPUT_ON, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_amplitude_mv), 120000);
    assert_int_equal(sim_bench_reading(&c, QUANTITY_amplitude_ua), 120000);
    assert_int_equal(sim_bench_make_safe(&b), 0);
    sim_bench_await(&b, HV, OUTPUT_REST, EVIDENCE_MEASURED);
    sim_bench_close(&b);
}

static void every_setting_of_every_channel_is_taken_at_its_bounds(void **state)
{
    (void)state;
    static const char *const kinds[] = {"refstim", "refus", "reflaser", "refcold", "refgalv"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct sim_bench b;
        sim_bench_open(&b, kinds[k], "");
        for (uint32_t c = 0; c < b.unit.n_channels; c++) {
            for (size_t i = 0; i < b.unit.channels[c].n_ranges; i++) {
                const struct modality_range *r = &b.unit.channels[c].ranges[i];
                if (!r->settable || r->quantity == QUANTITY_waveform_class)
                    continue;
                assert_int_equal(sim_bench_apply(&b, c, r->quantity, r->min), 0);
                assert_int_equal(sim_bench_apply(&b, c, r->quantity, r->max), 0);
                assert_int_equal(sim_bench_apply(&b, c, r->quantity, r->min - r->resolution), -EINVAL);
                assert_int_equal(sim_bench_apply(&b, c, r->quantity, r->max + r->resolution), -EINVAL);
            }
            for (int w = 0; w < WAVEFORM_COUNT; w++) {
                bool selects = false;
                for (size_t i = 0; i < b.unit.channels[c].n_ranges; i++)
                    selects |= b.unit.channels[c].ranges[i].quantity == QUANTITY_waveform_class;
                bool known = selects && b.unit.channels[c].waveforms & UINT32_C(1) << w;
                assert_int_equal(sim_bench_apply(&b, c, QUANTITY_waveform_class, w), known ? 0 : -EINVAL);
            }
        }
        assert_int_equal(sim_bench_make_safe(&b), 0);
        sim_bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laser_emits_after_its_delay_and_rests_at_once),
        cmocka_unit_test(stop_in_the_delay_never_emits),
        cmocka_unit_test(superpulsed_probe_shows_its_mean_power),
        cmocka_unit_test(key_and_door_end_emission_until_cleared),
        cmocka_unit_test(probe_that_is_changed_shows_by_its_serial_number),
        cmocka_unit_test(cold_unit_cools_and_grows_warm_again),
        cmocka_unit_test(unfed_cold_unit_goes_back_to_its_rest),
        cmocka_unit_test(latched_cold_unit_takes_only_what_is_warm),
        cmocka_unit_test(skin_sensor_that_is_off_or_not_there_is_told),
        cmocka_unit_test(stuck_cold_unit_is_not_at_rest),
        cmocka_unit_test(direct_current_flows_with_its_polarity),
        cmocka_unit_test(high_voltage_is_set_and_measured_in_volts),
        cmocka_unit_test(every_setting_of_every_channel_is_taken_at_its_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
