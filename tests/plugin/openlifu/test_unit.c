/* SPDX-License-Identifier: Apache-2.0 */
/* A treatment from start to rest, and what the devices do by themselves. Judged by the model. */
#include "bench.h"

#include <errno.h>
#include <poll.h>

#include "judge.h"

#define RAMP_MS 400 /* for 100 V: 40 ms to the 10 V of the first level */
#define LEVEL BENCH_STEP_UW_CM2

static struct bench *b;

static int bench_begin(void **state)
{
    (void)state;
    b = bench_new(RAMP_MS);
    return 0;
}

static int bench_end(void **state)
{
    (void)state;
    bench_free(b);
    return 0;
}

static struct modality_status status(void)
{
    struct modality_status s;
    assert_int_equal(bench_status(b, &s), 0);
    return s;
}

static void an_idle_unit_is_at_rest_measured(void **state)
{
    (void)state;
    struct modality_status s = status();
    assert_int_equal(s.n_channels, 1);
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
    assert_int_equal(s.channels[0].evidence, EVIDENCE_MEASURED);
    assert_int_equal(s.channels[0].contact, CONTACT_NOT_MONITORED);
    assert_int_equal(s.channels[0].n_readings, 1);
    assert_int_equal(s.channels[0].readings[0].value, 29000);
    assert_int_equal(bench_received(b, 0x16) + bench_received(b, 0x34), 0); /* a status only reads */
}

static void a_start_makes_no_sound_before_a_level(void **state)
{
    (void)state;
    bench_prepare(b, 60000);
    assert_int_equal(bench_received(b, 0x13) + bench_received(b, 0x31) + bench_received(b, 0x33), 0);
    assert_int_equal(bench_start(b), 0);
    assert_true(bench_state(b, "running"));
    assert_false(bench_state(b, "voltage_on"));
    assert_int_equal(bench_state(b, "trains"), 600);
    assert_int_equal(bench_output(b), 0);
    struct modality_status s = status();
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
    assert_int_equal(s.channels[0].evidence, EVIDENCE_MEASURED);
}

static void a_level_comes_up_and_is_polled_for(void **state)
{
    (void)state;
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    struct modality_status s = status(); /* the console is deaf now */
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
    assert_int_equal(s.channels[0].evidence, EVIDENCE_PRESUMED);
    (void)bench_wait_state(b, OUTPUT_ON, EVIDENCE_REPORTED, BENCH_LONG_MS);
    bench_wait_output(b, LEVEL, BENCH_LONG_MS);
    assert_int_equal(bench_state(b, "stored_millivolts"), 10000);
}

/* A level that was set before the start is started with, in progress until the console has answered. */
static void a_start_with_a_level_is_in_progress(void **state)
{
    (void)state;
    bench_prepare(b, 60000);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    assert_int_equal(bench_start(b), -EINPROGRESS);
    (void)bench_wait_state(b, OUTPUT_ON, EVIDENCE_REPORTED, BENCH_LONG_MS);
    bench_wait_output(b, LEVEL, BENCH_LONG_MS);
}

/* Whatever is on, or on its way, another voltage is not for now: nothing is sent, and what is on stays. */
static void another_level_is_taken_from_rest_alone(void **state)
{
    (void)state;
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 2 * LEVEL), -EINVAL); /* still switching */
    (void)bench_wait_state(b, OUTPUT_ON, EVIDENCE_REPORTED, BENCH_LONG_MS);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 2 * LEVEL), -EINVAL);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0); /* the same: nothing to do */
    assert_int_equal(bench_state(b, "millivolts"), 10000);
    assert_int_equal(bench_received(b, 0x31), 1);
    assert_int_equal(bench_received(b, 0x34), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 0), 0);
    assert_int_equal(bench_output(b), 0);
    assert_int_equal(status().channels[0].output, OUTPUT_REST);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 2 * LEVEL), 0);
    (void)bench_wait_state(b, OUTPUT_ON, EVIDENCE_REPORTED, BENCH_LONG_MS);
    assert_int_equal(bench_state(b, "millivolts"), 14125);
}

/* Toward rest the trigger ends the sound at once, whatever the console is busy with. */
static void silence_does_not_wait_for_the_console(void **state)
{
    (void)state;
    bench_free(b);
    b = bench_new(3000);
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    b->call_ms = 150;
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 0), -ETIMEDOUT);
    assert_false(bench_state(b, "running"));
    assert_int_equal(bench_output(b), 0);
}

/* What was silenced is not raised again as if it ran: it says no, and is stopped and started anew. */
static void what_was_silenced_is_not_raised_again(void **state)
{
    (void)state;
    bench_free(b);
    b = bench_new(1000); /* 100 ms to 10 V */
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 0), 0);
    assert_false(bench_state(b, "running"));
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), -EACCES);
    assert_int_equal(bench_output(b), 0);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_run(b, LEVEL);
}

static void a_stop_while_the_console_is_busy_ends_the_sound_and_then_the_voltage(void **state)
{
    (void)state;
    bench_free(b);
    b = bench_new(3000);
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    int64_t began = clock_monotonic_ns();
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(150)), -ETIMEDOUT);
    assert_true(clock_monotonic_ns() - began < (150 + BENCH_SLACK_MS) * NS_PER_MS);
    assert_false(bench_state(b, "running"));
    int64_t until = bench_in_ms(BENCH_LONG_MS);
    int r = -ETIMEDOUT;
    while (r < 0 && clock_monotonic_ns() < until) { /* as a host does */
        assert_int_equal(unit_reopen(&b->link, bench_in_ms(150)), 0);
        r = unit_stop(&b->link, 0, 0, bench_in_ms(150));
    }
    assert_int_equal(r, 0);
    assert_false(bench_state(b, "voltage_on"));
    struct modality_status s = status();
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
    assert_int_equal(s.channels[0].evidence, EVIDENCE_MEASURED);
}

static void a_stop_rests_both(void **state)
{
    (void)state;
    bench_run(b, LEVEL);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_false(bench_state(b, "running"));
    assert_false(bench_state(b, "voltage_on"));
    assert_true(bench_state(b, "supply_on"));
    assert_int_equal(bench_output(b), 0);
    struct modality_status s = status();
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
    assert_int_equal(s.channels[0].evidence, EVIDENCE_MEASURED);
    assert_int_equal(bench_start(b), -EINVAL); /* nothing is remembered */
}

static void a_sequence_ends_by_itself(void **state)
{
    (void)state;
    bench_prepare(b, 300);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    bench_wait_running(b, false, BENCH_LONG_MS); /* nobody told it */
    assert_int_equal(bench_received(b, 0x16), 0);
    assert_int_equal(bench_output(b), 0);
    struct modality_status s = status();
    assert_false(s.fault);
    assert_int_not_equal(s.channels[0].output, OUTPUT_REST); /* its voltage is still on */
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(status().channels[0].output, OUTPUT_REST);
}

static void a_start_that_a_hot_transmitter_swallows_is_found(void **state)
{
    (void)state;
    bench_fault(b, FAULT_head_temperature, ARG_millic, 75000, -1);
    bench_fault(b, FAULT_head_temperature, ARG_millic, 71000, -1); /* cooler, and still blocked */
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), -EACCES);
    assert_int_equal(bench_received(b, 0x15), 1);
    assert_int_equal(bench_received(b, 0x33), 0);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_fault(b, FAULT_head_temperature, ARG_millic, 70000, -1);
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
}

static void a_transmitter_that_gets_hot_is_a_fault(void **state)
{
    (void)state;
    bench_run(b, LEVEL);
    bench_fault(b, FAULT_head_temperature, ARG_millic, 75000, -1);
    assert_int_equal(bench_output(b), 0);
    struct modality_status s = status();
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 1);
}

static void a_voltage_that_is_not_what_was_set_is_a_fault(void **state)
{
    (void)state;
    bench_run(b, LEVEL);
    bench_fault(b, FAULT_misreport, ARG_permille, 1200, -1);
    struct modality_status s = status();
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 3);
    bench_fault(b, FAULT_misreport, ARG_permille, 500, -1);
    assert_false(status().fault); /* it may still be on its way up */
    b->link.memory.switched_ns -= LIFU_SWITCH_MS * NS_PER_MS;
    s = status();
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 4);
}

static void a_restart_of_the_transmitter_is_told_once(void **state)
{
    (void)state;
    bench_run(b, LEVEL);
    bench_restart(b, LIFU_TRANSMITTER);
    assert_true(status().restarted);
    assert_false(status().restarted);
    assert_int_not_equal(status().channels[0].output, OUTPUT_REST); /* the console still has its voltage on */
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(status().channels[0].output, OUTPUT_REST);
}

static void a_restart_of_the_console_is_rest(void **state)
{
    (void)state;
    bench_run(b, LEVEL);
    bench_restart(b, LIFU_CONSOLE);
    assert_int_equal(bench_output(b), 0);
    assert_int_equal(status().channels[0].output, OUTPUT_REST);
}

static void what_contradicts_itself_is_not_started(void **state)
{
    (void)state;
    assert_int_equal(bench_start(b), -EINVAL);
    bench_prepare(b, 60000);
    assert_int_equal(bench_set(b, QUANTITY_duty_permille, 199), 0);
    assert_int_equal(bench_start(b), -EINVAL);
    assert_int_equal(bench_received(b, 0x13) + bench_received(b, 0x15), 0);
}

static void values_it_cannot_take_are_refused(void **state)
{
    (void)state;
    static const struct {
        enum modality_quantity q;
        int64_t value;
    } bad[] = {{QUANTITY_intensity_satp_uw_cm2, LEVEL + 1},
               {QUANTITY_intensity_satp_uw_cm2, 3 * LEVEL},
               {QUANTITY_intensity_satp_uw_cm2, -LEVEL},
               {QUANTITY_duty_permille, 201},
               {QUANTITY_duty_permille, 0},
               {QUANTITY_pulse_repetition_millihz, 1010000},
               {QUANTITY_pulse_repetition_millihz, 999000},
               {QUANTITY_burst_width_us, 199},
               {QUANTITY_us_frequency_khz, 401},
               {QUANTITY_duration_ms, 600100},
               {QUANTITY_duration_ms, 150},
               {QUANTITY_applicator_temperature_millic, 0},
               {QUANTITY_amplitude_ua, 0}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(bench_set(b, bad[i].q, bad[i].value), -EINVAL);
    bench_run(b, LEVEL);
    assert_int_equal(bench_set(b, QUANTITY_duty_permille, 100), -EINVAL); /* not while it runs */
    assert_int_equal(bench_set(b, QUANTITY_duty_permille, 200), 0);       /* as it is */
}

/* The section makes sure of it already; the table is asked once more before anything goes out. */
static void a_voltage_above_the_table_is_not_switched_on(void **state)
{
    (void)state;
    b->link.config.calibration.millivolts[1] = 35125;
    bench_prepare(b, 600000);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 2 * LEVEL), 0);
    assert_int_equal(bench_start(b), -EINVAL);
    bench_prepare(b, 600000);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 2 * LEVEL), -EINVAL);
    assert_int_equal(bench_received(b, 0x31) + bench_received(b, 0x33), 0);
}

static void without_its_supply_it_does_not_start(void **state)
{
    (void)state;
    bench_fault_on(b, 0x34, FAULT_echo_only, ARG_count, 1, -1);
    bench_run(b, LEVEL);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)),
                     -EACCES); /* it says that its voltage is on */
    assert_false(bench_state(b, "supply_on"));
    assert_int_equal(bench_output(b), 0);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), -EACCES);
    bench_restart(b, LIFU_CONSOLE);
    assert_int_equal(bench_start(b), 0);
}

/* The calibration is that of one pattern: with another nothing is told to run, and the status says why. */
static void another_pattern_is_not_started(void **state)
{
    (void)state;
    bench_load(b, 1, 0x120, 0x1b311b2b);
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), -EACCES);
    assert_int_equal(bench_received(b, 0x13) + bench_received(b, 0x15), 0);
    struct modality_status s = status();
    assert_true(s.fault);
    assert_int_equal(s.fault_code, LIFU_FAULT_PATTERN);
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_false(status().fault); /* the next start looks again */
    bench_load(b, 1, 0x120, 0x1b311b2a);
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
}

static void a_transmitter_that_was_switched_off_has_lost_its_pattern(void **state)
{
    (void)state;
    bench_restart(b, LIFU_TRANSMITTER);
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), -EACCES);
    assert_int_equal(status().fault_code, LIFU_FAULT_PATTERN);
    assert_int_equal(bench_received(b, 0x15) + bench_received(b, 0x33), 0);
}

static void a_chip_that_is_not_there_holds_no_pattern(void **state)
{
    (void)state;
    b->link.config.pattern.registers[0].chip = 2;
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), -EACCES);
    assert_int_equal(status().fault_code, LIFU_FAULT_PATTERN);
}

static void what_a_device_says_by_itself_answers_nothing(void **state)
{
    (void)state;
    static const uint8_t text[] = "STATUS:STOPPED";
    uint8_t wire[64];
    size_t n = 0;
    const struct ow_packet packet = {.id = 0, .type = 0xe4, .size = sizeof text - 1, .data = text};
    assert_int_equal(ow_packet_encode(&packet, wire, sizeof wire, &n), 0);
    bench_run(b, LEVEL);
    for (int i = 0; i < 3; i++)
        bench_say(b, LIFU_TRANSMITTER, wire, n);
    assert_int_equal(status().channels[0].output, OUTPUT_ON);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_begin, bench_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_idle_unit_is_at_rest_measured),
        TEST(a_start_makes_no_sound_before_a_level),
        TEST(a_level_comes_up_and_is_polled_for),
        TEST(a_start_with_a_level_is_in_progress),
        TEST(another_level_is_taken_from_rest_alone),
        TEST(silence_does_not_wait_for_the_console),
        TEST(what_was_silenced_is_not_raised_again),
        TEST(a_stop_while_the_console_is_busy_ends_the_sound_and_then_the_voltage),
        TEST(a_stop_rests_both),
        TEST(a_sequence_ends_by_itself),
        TEST(a_start_that_a_hot_transmitter_swallows_is_found),
        TEST(a_transmitter_that_gets_hot_is_a_fault),
        TEST(a_voltage_that_is_not_what_was_set_is_a_fault),
        TEST(a_restart_of_the_transmitter_is_told_once),
        TEST(a_restart_of_the_console_is_rest),
        TEST(what_contradicts_itself_is_not_started),
        TEST(values_it_cannot_take_are_refused),
        TEST(a_voltage_above_the_table_is_not_switched_on),
        TEST(without_its_supply_it_does_not_start),
        TEST(another_pattern_is_not_started),
        TEST(a_transmitter_that_was_switched_off_has_lost_its_pattern),
        TEST(a_chip_that_is_not_there_holds_no_pattern),
        TEST(what_a_device_says_by_itself_answers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
