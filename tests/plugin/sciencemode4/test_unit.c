/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin does with a P24 that does as it should, judged by what truly comes out of it: start, set points, stop
 * by channel and of all, what is refused, and what the device does by itself.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* ---- who it is ---- */

static void it_says_who_it_is(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
    assert_string_equal(identity.serial, "0001234567");
    assert_string_equal(identity.firmware, "1.2.0");
    assert_string_equal(identity.model, "P24");
    assert_int_equal(unit_identify(&b->link, 1, bench_in_ms(BENCH_LONG_MS), &identity), -EINVAL);
}

static void another_serial_number_is_another_device(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    bench_fault(b, FAULT_identity, ARG_serial, 7, -1);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), -ENODEV);
    bench_clear(b);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
}

static void another_protocol_is_another_device(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    bench_fault(b, FAULT_identity, ARG_revision, 3, -1);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), -ENODEV);
}

/* ---- a treatment ---- */

static void fresh_device_is_at_rest(void **state)
{
    bench_assert_all_rest(*state);
}

static void start_is_at_rest_and_the_level_follows(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 2);
    assert_int_equal(bench_received(b, SM4_ML_UPDATE), 0); /* nothing goes out before the start */
    assert_int_equal(bench_start(b, 2), 0);
    assert_true(bench_voltage(b));
    assert_true(bench_on(b, 2));
    assert_int_equal(bench_output(b, 2), 0);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[2].output, OUTPUT_ON);
    assert_int_equal(s.channels[2].evidence, EVIDENCE_REPORTED);
    assert_false(s.channels[2].setpoint_known);
    assert_int_equal(s.channels[2].n_readings, 0);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (c != 2)
            bench_assert_rest(&s, c);
    for (int64_t ua = 500; ua <= 20000; ua += 500) {
        assert_int_equal(bench_set(b, 2, QUANTITY_amplitude_ua, ua), 0);
        assert_int_equal(bench_output(b, 2), ua);
    }
    assert_int_equal(bench_stop(b, 2), 0);
    bench_assert_all_rest(b);
}

static void pulse_is_what_was_asked_for(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_interphase_us, 100), 0);
    assert_int_equal(bench_start(b, 0), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 12500), 0);
    struct p24_pulse pulse = bench_pulse(b, 0);
    assert_int_equal(pulse.points, 3);
    assert_int_equal(pulse.period_us, 20000);
    assert_int_equal(pulse.point[0].us, 200);
    assert_int_equal(pulse.point[0].current_ua, 12500);
    assert_int_equal(pulse.point[1].us, 100);
    assert_int_equal(pulse.point[1].current_ua, 0);
    assert_int_equal(pulse.point[2].us, 200);
    assert_int_equal(pulse.point[2].current_ua, -12500);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 80000), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_phase_width_us, 150), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_interphase_us, 0), 0);
    pulse = bench_pulse(b, 0);
    assert_int_equal(pulse.points, 2);
    assert_int_equal(pulse.period_us, 12500);
    assert_int_equal(pulse.point[1].us, 150);
    assert_int_equal(pulse.point[1].current_ua, -12500);
    assert_int_equal(bench_state(b, 1, "net_charge_uc"), 0);
}

static void second_phase_gives_back_what_the_first_gave(void **state)
{
    bench_free(*state);
    struct bench *b = *state = bench_new_asymmetric(250);
    bench_prepare(b, 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_waveform_class, WAVEFORM_biphasic_asymmetric), 0);
    assert_int_equal(bench_start(b, 0), -EINVAL); /* a second phase of nothing */
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude2_permille, 250), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_phase2_width_us, 800), 0);
    assert_int_equal(bench_start(b, 0), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 8000), 0);
    struct p24_pulse pulse = bench_pulse(b, 0);
    assert_int_equal(pulse.point[1].us, 800);
    assert_int_equal(pulse.point[1].current_ua, -2000);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 8500), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude2_permille, 500), -EINVAL);
    assert_int_equal(bench_output(b, 0), 8000);
}

static void asymmetric_pulses_are_refused_unless_offered(void **state)
{
    struct bench *b = *state;
    assert_int_equal(bench_set(b, 0, QUANTITY_waveform_class, WAVEFORM_biphasic_asymmetric), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_phase2_width_us, 800), -EINVAL);
}

/* ---- channels side by side ---- */

static void channels_stop_one_by_one(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_run(b, 5, 20000);
    bench_run(b, 7, 30000);
    assert_int_equal(bench_received(b, SM4_ML_INIT), 1);
    assert_int_equal(bench_stop(b, 5), 0);
    assert_false(bench_on(b, 5));
    assert_int_equal(bench_output(b, 0), 10000);
    assert_int_equal(bench_output(b, 7), 30000);
    struct modality_status s = bench_status(b);
    bench_assert_rest(&s, 5);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
    assert_int_equal(bench_received(b, SM4_ML_STOP), 0);
    assert_int_equal(bench_stop(b, 0), 0);
    assert_int_equal(bench_output(b, 7), 30000);
    assert_int_equal(bench_stop(b, 7), 0);
    bench_assert_all_rest(b); /* with the last of them the high voltage goes */
}

static void group_of_all_starts_what_was_set(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 1);
    bench_prepare(b, 4);
    assert_int_equal(bench_set(b, 6, QUANTITY_amplitude_ua, 0), 0); /* as the host does it for the others */
    assert_int_equal(bench_start(b, BENCH_ALL), 0);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        assert_int_equal(bench_on(b, c), c == 1 || c == 4);
    assert_int_equal(bench_set(b, 4, QUANTITY_amplitude_ua, 5000), 0);
    assert_int_equal(bench_output(b, 4), 5000);
    assert_int_equal(bench_output(b, 1), 0);
    assert_int_equal(bench_stop(b, BENCH_ALL), 0);
    bench_assert_all_rest(b);
}

static void stop_forgets_the_settings(void **state)
{
    struct bench *b = *state;
    bench_run(b, 3, 15000);
    assert_int_equal(bench_stop(b, 3), 0);
    assert_int_equal(bench_start(b, 3), -EINVAL);
    bench_assert_all_rest(b);
    bench_run(b, 3, 1000);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(bench_start(b, 3), -EINVAL);
    bench_assert_all_rest(b);
}

/* ---- what is refused, with nothing sent ---- */

static void what_cannot_be_started_is_refused_unsent(void **state)
{
    struct bench *b = *state;
    assert_int_equal(bench_start(b, 0), -EINVAL); /* nothing set */
    bench_prepare(b, 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 500), 0);
    assert_int_equal(bench_start(b, 0), -EINVAL); /* not at rest */
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 0), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 35000), -EINVAL); /* no multiple of 0.25 ms */
    assert_int_equal(bench_set(b, 0, QUANTITY_interphase_us, 5), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 2000000), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_phase_width_us, 250), 0);
    assert_int_equal(bench_start(b, 0), -EINVAL); /* no pulse of 500 us in 0.5 ms */
    assert_int_equal(bench_start(b, BENCH_ALL + 1), -EINVAL);
    assert_int_equal(unit_start(&b->link, 1, 0, bench_in_ms(BENCH_LONG_MS)), -EINVAL);
    assert_int_equal(bench_received(b, SM4_ML_INIT), 0);
    assert_int_equal(bench_received(b, SM4_ML_UPDATE), 0);
    bench_assert_all_rest(b);
}

static void values_out_of_range_are_refused_unsent(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    (void)bench_received(b, SM4_ML_UPDATE);
    static const struct {
        enum modality_quantity q;
        int64_t value;
    } wrong[] = {{QUANTITY_amplitude_ua, 130500},
                 {QUANTITY_amplitude_ua, 131000},
                 {QUANTITY_amplitude_ua, -500},
                 {QUANTITY_amplitude_ua, 10250},
                 {QUANTITY_phase_width_us, 9},
                 {QUANTITY_phase_width_us, 4096},
                 {QUANTITY_interphase_us, 4096},
                 {QUANTITY_interphase_us, 9},
                 {QUANTITY_pulse_rate_millihz, 61},
                 {QUANTITY_pulse_rate_millihz, 2000001},
                 {QUANTITY_pulse_rate_millihz, 110000},

                 {QUANTITY_waveform_class, WAVEFORM_monophasic},
                 {QUANTITY_duration_ms, 1000},
                 {QUANTITY_burst_rate_millihz, 2000}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(bench_set(b, 0, wrong[i].q, wrong[i].value), -EINVAL);
    assert_int_equal(bench_set(b, SM4_CHANNELS, QUANTITY_amplitude_ua, 0), -EINVAL);
    assert_int_equal(bench_received(b, SM4_ML_UPDATE), 0);
    assert_int_equal(bench_output(b, 0), 10000);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 10500), 0); /* nothing of it was kept */
}

static void more_than_it_can_serve_is_refused_unsent(void **state)
{
    struct bench *b = *state;
    for (unsigned c = 0; c < 4; c++) {
        bench_prepare(b, c);
        assert_int_equal(bench_set(b, c, QUANTITY_pulse_rate_millihz, 500000), 0); /* 230 us per ms */
        if (c < 3)
            assert_int_equal(bench_start(b, c), 0);
    }
    assert_int_equal(bench_start(b, 3), 0);
    (void)bench_received(b, SM4_ML_UPDATE);
    assert_int_equal(bench_set(b, 3, QUANTITY_phase_width_us, 280), -EINVAL);
    bench_prepare(b, 4);
    assert_int_equal(bench_set(b, 4, QUANTITY_pulse_rate_millihz, 500000), 0);
    assert_int_equal(bench_start(b, 4), -EINVAL);
    assert_int_equal(bench_received(b, SM4_ML_UPDATE), 0);
    for (unsigned c = 0; c < 4; c++)
        assert_true(bench_on(b, c));
    assert_false(bench_on(b, 4));
}

/* ---- time ---- */

static void updates_that_raise_keep_their_distance(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 1000);
    int64_t began = clock_monotonic_ns();
    for (int64_t ua = 1500; ua <= 6000; ua += 500)
        assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, ua), 0);
    assert_true(clock_monotonic_ns() - began >= 10 * 20 * NS_PER_MS);
    /* One that lowers waits for nothing, however near the last one is. */
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 6500), 0);
    began = clock_monotonic_ns();
    for (int64_t ua = 6000; ua >= 1000; ua -= 500)
        assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, ua), 0);
    assert_true(clock_monotonic_ns() - began < 10 * 20 * NS_PER_MS);
}

static void past_deadline_sends_nothing(void **state)
{
    struct bench *b = *state;
    struct modality_status s;
    struct modality_identity identity;
    bench_run(b, 0, 20000);
    bench_slip(b, SLIP_NONE, 0, 0);
    int64_t past = clock_monotonic_ns() - 1;
    const struct modality_setting setting = {.quantity = QUANTITY_amplitude_ua, .value = 20500};
    assert_int_equal(unit_status(&b->link, 0, past, &s), -EAGAIN);
    assert_int_equal(unit_identify(&b->link, 0, past, &identity), -EAGAIN);
    assert_int_equal(unit_apply(&b->link, 0, &setting, past), -EAGAIN);
    assert_int_equal(unit_keepalive(&b->link, 0, past), -EAGAIN);
    assert_int_equal(unit_stop(&b->link, 0, 0, past), -EAGAIN);
    assert_int_equal(unit_make_safe(&b->link, 0, past), -EAGAIN);
    assert_int_equal(b->line.written, 0);
    assert_false(b->link.port.doubt);
    assert_int_equal(bench_stop(b, 0), 0);
    bench_assert_all_rest(b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(it_says_who_it_is),
        T(another_serial_number_is_another_device),
        T(another_protocol_is_another_device),
        T(fresh_device_is_at_rest),
        T(start_is_at_rest_and_the_level_follows),
        T(pulse_is_what_was_asked_for),
        T(second_phase_gives_back_what_the_first_gave),
        T(asymmetric_pulses_are_refused_unless_offered),
        T(channels_stop_one_by_one),
        T(group_of_all_starts_what_was_set),
        T(stop_forgets_the_settings),
        T(what_cannot_be_started_is_refused_unsent),
        T(values_out_of_range_are_refused_unsent),
        T(more_than_it_can_serve_is_refused_unsent),
        T(updates_that_raise_keep_their_distance),
        T(past_deadline_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
