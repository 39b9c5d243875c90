/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The maps of plugins/modbus-map/test-only on the two public coolers of modality-sim, which were made from the same
 * pages by another hand: RTU on a pty and TCP, every data format, and what is wrong with a device that says it is at
 * rest.
 */
#include <errno.h>
#include <stdio.h>

#include "sim_bench.h"

static const struct sim_kind tcmidi = {
    .kind = "tcmidi", .map = "tc-midi", .folder = MAPS_FOR_TESTS_DIR, .unit = 10, .rtu = true};
static const struct sim_kind julabo = {
    .kind = "julabo", .map = "julabo", .folder = MAPS_FOR_TESTS_DIR, .serial = "1001", .unit = 1};

static const char quick_block[] = ",block_ms_per_k=50";
static const char quick_bath[] = ",bath_ms_per_k=50";

/* Polls until the block or bath is at most as warm, or at least. */
static struct modality_channel_status await_degc(struct sim_bench *b, int64_t low, int64_t high)
{
    int64_t deadline = support_in_ms(SIM_BENCH_CHANGE_MS);
    for (;;) {
        struct modality_channel_status c = sim_bench_status(b).channels[0];
        int64_t now = sim_bench_reading(&c, QUANTITY_temperature_millic);
        if (now >= low && now <= high)
            return c;
        if (clock_monotonic_ns() > deadline)
            fail_msg("at %lld mdegC", (long long)now);
    }
}

static void tc_midi_cools_and_rests_by_its_set_point(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_connect(&b, &tcmidi, quick_block);
    assert_int_equal(sim_bench_identify(&b), 0);
    assert_int_equal(sim_bench_status(&b).channels[0].output, OUTPUT_ON); /* delivered at 5 degC, it cools by itself */
    await_degc(&b, 0, 10000);
    assert_int_equal(sim_bench_make_safe(&b), 0);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_REPORTED);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_start(&b, 0), 0);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 2900), -EINVAL);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 8000), 0);
    await_degc(&b, 8000, 8000);
    assert_int_equal(sim_bench_truth(&b, "set", 0), 8000);
    assert_int_equal(sim_bench_stop(&b, 0), 0);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_truth(&b, "set", 0), 20000);
    sim_bench_close(&b);
}

static void tc_midi_that_is_stuck_is_not_at_rest(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_connect(&b, &tcmidi, quick_block);
    await_degc(&b, 5000, 5000);
    sim_bench_tell(&b, "fault", "stuck", ",\"channel\":1");
    assert_int_equal(sim_bench_make_safe(&b), 0);
    for (int i = 0; i < 50; i++) {
        struct modality_channel_status c = sim_bench_status(&b).channels[0];
        assert_true(c.output == OUTPUT_ON && c.evidence == EVIDENCE_MEASURED);
        assert_int_equal(c.setpoint, 20000);
    }
    sim_bench_tell(&b, "clear", "stuck", "");
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    sim_bench_close(&b);
}

static void tc_midi_tells_its_error(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_connect(&b, &tcmidi, quick_block);
    await_degc(&b, 5000, 5000); /* its self-test is over */
    assert_false(sim_bench_status(&b).fault);
    sim_bench_tell(&b, "fault", "device_fault", ",\"code\":1");
    struct modality_status status = sim_bench_status(&b);
    assert_true(status.fault);
    assert_string_equal(status.fault_text, "failed");
    sim_bench_tell(&b, "clear", "device_fault", "");
    assert_false(sim_bench_status(&b).fault);
    sim_bench_close(&b);
}

static void julabo_runs_and_rests_by_its_run_point(void **state)
{
    (void)state;
    struct sim_bench b;
    sim_bench_connect(&b, &julabo, quick_bath);
    assert_int_equal(sim_bench_identify(&b), 0);
    assert_int_equal(sim_bench_make_safe(&b), 0);
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    assert_int_equal(sim_bench_start(&b, 0), 0);
    assert_int_equal(sim_bench_apply(&b, 0, QUANTITY_temperature_millic, 12000), 0);
    await_degc(&b, 12000, 12100);
    assert_int_equal(sim_bench_stop(&b, 0), 0);
    struct modality_channel_status c = sim_bench_status(&b).channels[0];
    assert_true(c.output == OUTPUT_REST && c.evidence == EVIDENCE_REPORTED); /* off, and cold for half an hour yet */
    assert_int_equal(sim_bench_truth(&b, "on", 0), 0);
    /* It starts again by itself. */
    sim_bench_tell(&b, "fault", "self_start", "");
    assert_int_equal(sim_bench_status(&b).channels[0].output, OUTPUT_ON);
    await_degc(&b, 19900, 20000); /* its set point is the warm one */
    sim_bench_tell(&b, "clear", "self_start", "");
    sim_bench_await(&b, 0, OUTPUT_REST, EVIDENCE_MEASURED);
    sim_bench_close(&b);
}

/* Each of the three other data formats, and the other unit: numbers that could be believed. */
static void julabo_in_another_format_or_unit_is_refused(void **state)
{
    (void)state;
    static const char *const options[] = {",data_format=1", ",data_format=2", ",data_format=3", ",fahrenheit=1"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        struct sim_bench b;
        sim_bench_connect(&b, &julabo, options[i]);
        assert_int_equal(sim_bench_identify(&b), -ENODEV);
        sim_bench_close(&b);
    }
}

static void another_unit_or_another_one_s_map_is_refused(void **state)
{
    (void)state;
    struct sim_kind wrong = julabo;
    struct sim_bench b;
    sim_bench_connect(&b, &julabo, "");
    sim_bench_tell(&b, "fault", "identity", ",\"model\":7");
    assert_int_equal(sim_bench_identify(&b), -ENODEV);
    sim_bench_close(&b);
    wrong.serial = "1002";
    sim_bench_connect(&b, &wrong, "");
    assert_int_equal(sim_bench_identify(&b), -ENODEV);
    sim_bench_close(&b);
    wrong = tcmidi; /* the cooler's map on the circulator: it has none of its registers */
    wrong.kind = "julabo";
    wrong.rtu = false;
    sim_bench_connect(&b, &wrong, "");
    assert_true(sim_bench_identify(&b) < 0);
    sim_bench_close(&b);
    wrong = julabo;
    wrong.kind = "tcmidi";
    sim_bench_connect(&b, &wrong, "");
    assert_true(sim_bench_identify(&b) < 0);
    sim_bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tc_midi_cools_and_rests_by_its_set_point),
        cmocka_unit_test(tc_midi_that_is_stuck_is_not_at_rest),
        cmocka_unit_test(tc_midi_tells_its_error),
        cmocka_unit_test(julabo_runs_and_rests_by_its_run_point),
        cmocka_unit_test(julabo_in_another_format_or_unit_is_refused),
        cmocka_unit_test(another_unit_or_another_one_s_map_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
