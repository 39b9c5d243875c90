/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the plugin does with a P24 that does as it should, judged by what truly comes out of it: start, set points, stop
 * by channel and of all, what is refused, and what the device does by itself.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static int setup(void **state)
{
    *state = bench_new();
    return 0;
}

static int teardown(void **state)
{
    bench_free(*state);
    return 0;
}

static int start(struct bench *b, size_t group)
{
    return unit_start(&b->link, 0, group, bench_in_ms(BENCH_LONG_MS));
}

static int stop(struct bench *b, size_t group)
{
    return unit_stop(&b->link, 0, group, bench_in_ms(BENCH_LONG_MS));
}

static int keepalive(struct bench *b)
{
    return unit_keepalive(&b->link, 0, bench_in_ms(BENCH_LONG_MS));
}

static void assert_rest(const struct modality_status *s, unsigned channel)
{
    assert_int_equal(s->channels[channel].output, OUTPUT_REST);
    assert_int_equal(s->channels[channel].evidence, EVIDENCE_REPORTED);
}

static void assert_all_rest(struct bench *b)
{
    struct modality_status s = bench_status(b);
    assert_true(bench_all_rest(b));
    assert_false(bench_voltage(b));
    assert_false(s.fault);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        assert_rest(&s, c);
}

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
    assert_all_rest(*state);
}

static void start_is_at_rest_and_the_level_follows(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 2);
    assert_int_equal(bench_received(b, SM4_ML_UPDATE), 0); /* nothing goes out before the start */
    assert_int_equal(start(b, 2), 0);
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
            assert_rest(&s, c);
    for (int64_t ua = 500; ua <= 20000; ua += 500) {
        assert_int_equal(bench_set(b, 2, QUANTITY_amplitude_ua, ua), 0);
        assert_int_equal(bench_output(b, 2), ua);
    }
    assert_int_equal(stop(b, 2), 0);
    assert_all_rest(b);
}

static void pulse_is_what_was_asked_for(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_interphase_us, 100), 0);
    assert_int_equal(start(b, 0), 0);
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
    assert_int_equal(start(b, 0), -EINVAL); /* a second phase of nothing */
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude2_permille, 250), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_phase2_width_us, 800), 0);
    assert_int_equal(start(b, 0), 0);
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
    assert_int_equal(stop(b, 5), 0);
    assert_false(bench_on(b, 5));
    assert_int_equal(bench_output(b, 0), 10000);
    assert_int_equal(bench_output(b, 7), 30000);
    struct modality_status s = bench_status(b);
    assert_rest(&s, 5);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
    assert_int_equal(bench_received(b, SM4_ML_STOP), 0);
    assert_int_equal(stop(b, 0), 0);
    assert_int_equal(bench_output(b, 7), 30000);
    assert_int_equal(stop(b, 7), 0);
    assert_all_rest(b); /* with the last of them the high voltage goes */
}

static void group_of_all_starts_what_was_set(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 1);
    bench_prepare(b, 4);
    assert_int_equal(bench_set(b, 6, QUANTITY_amplitude_ua, 0), 0); /* as the host does it for the others */
    assert_int_equal(start(b, SM4_GROUP_ALL), 0);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        assert_int_equal(bench_on(b, c), c == 1 || c == 4);
    assert_int_equal(bench_set(b, 4, QUANTITY_amplitude_ua, 5000), 0);
    assert_int_equal(bench_output(b, 4), 5000);
    assert_int_equal(bench_output(b, 1), 0);
    assert_int_equal(stop(b, SM4_GROUP_ALL), 0);
    assert_all_rest(b);
}

static void stop_forgets_the_settings(void **state)
{
    struct bench *b = *state;
    bench_run(b, 3, 15000);
    assert_int_equal(stop(b, 3), 0);
    assert_int_equal(start(b, 3), -EINVAL);
    assert_all_rest(b);
    bench_run(b, 3, 1000);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(start(b, 3), -EINVAL);
    assert_all_rest(b);
}

/* ---- what is refused, with nothing sent ---- */

static void what_cannot_be_started_is_refused_unsent(void **state)
{
    struct bench *b = *state;
    assert_int_equal(start(b, 0), -EINVAL); /* nothing set */
    bench_prepare(b, 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 500), 0);
    assert_int_equal(start(b, 0), -EINVAL); /* not at rest */
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 0), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 35000), 0);
    assert_int_equal(start(b, 0), -EINVAL); /* no multiple of 0.25 ms */
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 50000), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_interphase_us, 5), 0);
    assert_int_equal(start(b, 0), -EINVAL);
    assert_int_equal(start(b, SM4_GROUPS), -EINVAL);
    assert_int_equal(unit_start(&b->link, 1, 0, bench_in_ms(BENCH_LONG_MS)), -EINVAL);
    assert_int_equal(bench_received(b, SM4_ML_INIT), 0);
    assert_int_equal(bench_received(b, SM4_ML_UPDATE), 0);
    assert_all_rest(b);
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
            assert_int_equal(start(b, c), 0);
    }
    assert_int_equal(start(b, 3), 0);
    (void)bench_received(b, SM4_ML_UPDATE);
    assert_int_equal(bench_set(b, 3, QUANTITY_phase_width_us, 280), -EINVAL);
    bench_prepare(b, 4);
    assert_int_equal(bench_set(b, 4, QUANTITY_pulse_rate_millihz, 500000), 0);
    assert_int_equal(start(b, 4), -EINVAL);
    assert_int_equal(bench_received(b, SM4_ML_UPDATE), 0);
    for (unsigned c = 0; c < 4; c++)
        assert_true(bench_on(b, c));
    assert_false(bench_on(b, 4));
}

/* ---- what the device does by itself ---- */

static void electrode_that_comes_off_is_told(void **state)
{
    struct bench *b = *state;
    bench_run(b, 1, 20000);
    bench_run(b, 2, 20000);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[1].contact, CONTACT_GOOD);
    bench_fault(b, FAULT_open, ARG_channel, 2, -1);
    s = bench_status(b);
    assert_int_equal(s.channels[1].contact, CONTACT_LOST);
    assert_int_equal(s.channels[2].contact, CONTACT_UNKNOWN);
    assert_rest(&s, 1); /* one electrode stops all channels */
    assert_rest(&s, 2);
    assert_false(s.fault);
    assert_false(s.watchdog_tripped);
    assert_false(s.restarted);
}

static void contact_is_not_judged_below_15_ma(void **state)
{
    struct bench *b = *state;
    bench_run(b, 1, 14500);
    assert_int_equal(bench_status(b).channels[1].contact, CONTACT_UNKNOWN);
    bench_fault(b, FAULT_open, ARG_channel, 2, -1);
    assert_int_equal(bench_status(b).channels[1].contact, CONTACT_UNKNOWN);
    assert_int_equal(bench_status(b).channels[1].output, OUTPUT_ON);
}

/* A set point after the device has stopped by itself must not start it again. */
static void set_point_does_not_restart_what_has_stopped(void **state)
{
    struct bench *b = *state;
    bench_run(b, 1, 20000);
    bench_run(b, 2, 20000);
    bench_fault(b, FAULT_open, ARG_channel, 2, -1);
    assert_true(bench_all_rest(b));
    bench_clear(b);
    assert_int_equal(bench_set(b, 2, QUANTITY_amplitude_ua, 19500), -EACCES);
    assert_int_equal(bench_set(b, 2, QUANTITY_amplitude_ua, 20500), -EACCES);
    bench_prepare(b, 3);
    assert_int_equal(start(b, 3), -EACCES);
    assert_true(bench_all_rest(b));
    /* Nor does the stop of one channel start the others. */
    assert_int_equal(stop(b, 1), 0);
    assert_true(bench_all_rest(b));
    assert_all_rest(b);
}

static void low_current_is_a_fault(void **state)
{
    struct bench *b = *state;
    bench_run(b, 4, 60000);
    bench_fault(b, FAULT_impedance, ARG_ohm, 5000, ARG_channel, 5, -1);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_PULSE_LOW_CURRENT);
    assert_string_equal(s.fault_text, "ch5: pulse low current");
    assert_rest(&s, 4);
}

/* What a keepalive or a set point saw is not lost for the status after it. */
static void fault_seen_in_passing_is_told(void **state)
{
    struct bench *b = *state;
    bench_run(b, 4, 60000);
    bench_fault(b, FAULT_impedance, ARG_ohm, 5000, ARG_channel, 5, -1);
    assert_int_equal(keepalive(b), 0);
    assert_int_equal(stop(b, 4), 0);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_PULSE_LOW_CURRENT);
    s = bench_status(b);
    assert_false(s.fault);
}

static void general_error_is_a_fault_until_made_safe(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_device_fault, ARG_code, SM4_HIGH_VOLTAGE, -1);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_HIGH_VOLTAGE);
    assert_string_equal(s.fault_text, "high voltage error");
    assert_rest(&s, 0);
    assert_int_equal(stop(b, 0), 0);
    assert_true(bench_status(b).fault); /* it was said once and stays until somebody has seen to it */
    bench_clear(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_all_rest(b);
    bench_run(b, 0, 1000);
}

static void restart_of_the_device_is_told_once(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_reboot, -1);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 20500), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.restarted);
    s = bench_status(b);
    assert_false(s.restarted);
    assert_all_rest(b);
    assert_int_equal(start(b, 0), -EINVAL); /* nothing of before is left */
}

/* Nobody feeds: polling alone must not keep the output alive. */
static void watchdog_strikes_although_the_device_is_polled(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    int64_t began = clock_monotonic_ns();
    struct modality_status s = bench_status(b);
    while (!s.watchdog_tripped) {
        assert_true(clock_monotonic_ns() - began < 5 * NS_PER_S);
        (void)poll(NULL, 0, 20);
        s = bench_status(b);
    }
    int64_t took = clock_monotonic_ns() - began;
    assert_true(took > 2 * NS_PER_S && took < SM4_GRANT_NS + SM4_WATCHDOG_NS + 500 * NS_PER_MS);
    assert_true(bench_all_rest(b));
    assert_rest(&s, 0);
    assert_true(bench_voltage(b)); /* the pause leaves it on */
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 20500), -EACCES);
    assert_int_equal(keepalive(b), 0); /* and feeding does not bring it back */
    assert_true(bench_all_rest(b));
    assert_int_equal(stop(b, 0), 0);
    assert_all_rest(b);
}

static void fed_device_goes_on(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    int64_t began = clock_monotonic_ns();
    while (clock_monotonic_ns() - began < 2500 * NS_PER_MS) {
        assert_int_equal(keepalive(b), 0);
        (void)poll(NULL, 0, 600);
    }
    assert_int_equal(bench_output(b, 0), 20000);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
    assert_int_equal(s.channels[0].contact, CONTACT_GOOD);
    assert_int_equal(s.channels[1].output, OUTPUT_REST);
}

static void output_that_nobody_started_is_seen(void **state)
{
    struct bench *b = *state;
    bench_fault(b, FAULT_self_start, ARG_channel, 3, -1);
    struct modality_status s = bench_status(b);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        assert_int_equal(s.channels[c].output, OUTPUT_ON); /* which one it is, asking would feed its watchdog */
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_all_rest(b);
}

static void output_beside_what_was_started_is_seen(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_self_start, ARG_channel, 3, -1);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[2].output, OUTPUT_ON);
    assert_rest(&s, 1);
}

static void output_that_does_not_stop_is_seen(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_stuck, ARG_channel, 1, -1);
    assert_int_equal(stop(b, 0), 0);
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    bench_clear(b);
    assert_int_equal(stop(b, 0), 0);
    assert_all_rest(b);
}

static void make_safe_ends_whatever_somebody_left(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_run(b, 6, 20000);
    struct modality_link *link = &b->link;
    link->memory = (struct sm4_memory){0}; /* another process comes, and knows nothing */
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    assert_int_equal(unit_make_safe(link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_all_rest(b);
    assert_int_equal(unit_make_safe(link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_all_rest(b);
    struct sm4_answer a;
    const struct sm4_request low = {.command = SM4_LL_INIT};
    assert_int_equal(sm4_port_exchange(&link->port, &low, bench_in_ms(BENCH_LONG_MS), &a), 0);
    assert_true(bench_voltage(b));
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_UNKNOWN); /* the high voltage is no rest */
    assert_int_equal(unit_make_safe(link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_all_rest(b);
    assert_int_equal(b->rests, 3);
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
    assert_int_equal(b->written, 0);
    assert_false(b->link.port.doubt);
    assert_int_equal(stop(b, 0), 0);
    assert_all_rest(b);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
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
        T(electrode_that_comes_off_is_told),
        T(contact_is_not_judged_below_15_ma),
        T(set_point_does_not_restart_what_has_stopped),
        T(low_current_is_a_fault),
        T(fault_seen_in_passing_is_told),
        T(general_error_is_a_fault_until_made_safe),
        T(restart_of_the_device_is_told_once),
        T(watchdog_strikes_although_the_device_is_polled),
        T(fed_device_goes_on),
        T(output_that_nobody_started_is_seen),
        T(output_beside_what_was_started_is_seen),
        T(output_that_does_not_stop_is_seen),
        T(make_safe_ends_whatever_somebody_left),
        T(updates_that_raise_keep_their_distance),
        T(past_deadline_sends_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
