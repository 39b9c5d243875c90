/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From registers to a status: maps read from INI, words put where the poll plan wants them, and what is concluded.
 */
#include <errno.h>
#include <string.h>

#include "judge_bench.h"
#include "map_select.h"
#include "plan.h"

static struct judge_bench stim(void)
{
    return judge_bench_begin(CONFIG_DIR "/maps/refstim.ini", "refstim");
}

static struct judge_bench head(void)
{
    return judge_bench_begin(CONFIG_DIR "/maps/refus.ini", "refus");
}

static struct modality_channel_status *judge(struct judge_bench *b)
{
    return judge_bench_at(b, 1000);
}

static void adjacent_points_share_a_request(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    const struct map_plan *plan = &b.map->poll_plan;
    assert_int_equal(plan->n_requests, 1);
    assert_true(plan->requests[0].address == 10 && plan->requests[0].count == 34);
    assert_int_equal(plan->n_words, 34);
    judge_bench_end(&b);
    b = head();
    assert_int_equal(b.map->poll_plan.n_requests, 1);
    judge_bench_end(&b);
}

static void holes_are_read_along_as_far_as_the_map_says(void **state)
{
    (void)state;
    static struct map_point points[3];
    struct map map = {.n_points = 3, .points = points};
    struct map_list list = {.n_steps = 3};
    struct map_plan plan;
    for (uint16_t i = 0; i < 3; i++) {
        points[i] = (struct map_point){.table = MODBUS_INPUT, .address = (uint16_t)(10 * i), .codec.type = CODEC_U16};
        list.steps[i].point = i;
    }
    points[2].address = 21; /* behind holes of nine and ten */
    static const struct {
        uint16_t read_over;
        size_t requests;
    } cases[] = {{0, 3}, {8, 3}, {9, 2}, {10, 1}, {100, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        map.read_over = cases[i].read_over;
        assert_int_equal(map_plan_make(&map, &list, &plan), 0);
        assert_int_equal(plan.n_requests, cases[i].requests);
        const struct map_request *last = &plan.requests[plan.n_requests - 1];
        assert_int_equal(last->address + plan.word[2] - last->first_word, 21);
    }
    for (size_t i = 0; i < 3; i++)
        points[i].table = MODBUS_DISCRETE; /* bits come alone */
    assert_int_equal(map_plan_make(&map, &list, &plan), 0);
    assert_int_equal(plan.n_requests, 3);
}

static void long_runs_are_cut_at_what_a_request_holds(void **state)
{
    (void)state;
    static struct map_point points[3];
    struct map map = {.n_points = 3, .points = points};
    struct map_list list = {.n_steps = 3};
    struct map_plan plan;
    for (uint16_t i = 0; i < 3; i++) {
        points[i] = (struct map_point){.table = MODBUS_HOLDING, .address = i == 2 ? 125 : i, .codec.type = CODEC_U32};
        list.steps[i].point = i;
    }
    points[1].address = 123;
    assert_int_equal(map_plan_make(&map, &list, &plan), 0);
    assert_int_equal(plan.n_requests, 2);
    points[1].address = 2;
    points[2].address = 4;
    assert_int_equal(map_plan_make(&map, &list, &plan), 0);
    assert_int_equal(plan.n_requests, 1);
    assert_int_equal(plan.requests[0].count, 6);
}

static void run_off_and_nothing_measured_is_rest(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    const struct modality_channel_status *c = judge(&b);
    assert_int_equal(c->output, OUTPUT_REST);
    assert_int_equal(c->evidence, EVIDENCE_MEASURED);
    assert_false(c->setpoint_known);
    judge_bench_end(&b);
}

static void measured_output_decides_at_its_noise(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    judge_bench_put(&b, MODBUS_INPUT, 20, 5); /* 50 uA, the noise */
    assert_int_equal(judge(&b)->output, OUTPUT_REST);
    judge_bench_put(&b, MODBUS_INPUT, 20, 6);
    assert_int_equal(judge(&b)->output, OUTPUT_ON);
    assert_int_equal(b.status.channels[0].evidence, EVIDENCE_MEASURED);
    assert_int_equal(b.status.channels[1].output, OUTPUT_REST);
    judge_bench_end(&b);
}

static void run_on_is_output_whatever_is_measured(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    judge_bench_put(&b, MODBUS_INPUT, 10, 2); /* channel 2 */
    judge(&b);
    assert_int_equal(b.status.channels[0].output, OUTPUT_REST);
    assert_int_equal(b.status.channels[1].output, OUTPUT_ON);
    assert_int_equal(b.status.channels[1].evidence, EVIDENCE_REPORTED);
    judge_bench_end(&b);
}

static void status_bits_are_told_apart(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    judge_bench_put(&b, MODBUS_INPUT, 10, 1 << 3);
    judge(&b);
    assert_true(b.status.watchdog_tripped && !b.status.fault && !b.status.patient_stop);
    judge_bench_put(&b, MODBUS_INPUT, 10, 1 << 4);
    judge(&b);
    assert_true(b.status.patient_stop && !b.status.watchdog_tripped);
    judge_bench_put(&b, MODBUS_INPUT, 10, 1 << 2);
    judge(&b);
    assert_true(b.status.fault);
    assert_string_equal(b.status.fault_text, "fault");
    judge_bench_put(&b, MODBUS_INPUT, 11, 9);
    judge(&b);
    assert_int_equal(b.status.fault_code, 9);
    assert_string_equal(b.status.fault_text, "code 9");
    judge_bench_put(&b, MODBUS_INPUT, 10, 0);
    judge_bench_put(&b, MODBUS_INPUT, 11, 1);
    judge(&b);
    assert_true(b.status.fault);
    assert_string_equal(b.status.fault_text, "output_stage");
    judge_bench_end(&b);
}

static void contact_codes_are_translated(void **state)
{
    (void)state;
    static const enum modality_contact wanted[] = {CONTACT_UNKNOWN, CONTACT_GOOD,    CONTACT_POOR,
                                                   CONTACT_LOST,    CONTACT_SHORTED, CONTACT_UNKNOWN};
    struct judge_bench b = stim();
    for (uint16_t code = 0; code < 6; code++) {
        judge_bench_put(&b, MODBUS_INPUT, 22, code);
        assert_int_equal(judge(&b)->contact, wanted[code]);
    }
    judge_bench_end(&b);
}

static void absent_measurement_is_left_out(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    assert_int_equal(judge(&b)->n_readings, 2); /* current and voltage; impedance 0 is "not measured" */
    judge_bench_put(&b, MODBUS_INPUT, 21, 800);
    assert_int_equal(judge(&b)->n_readings, 3);
    judge_bench_end(&b);
}

static void power_is_read_low_word_first(void **state)
{
    (void)state;
    struct judge_bench b = head();
    judge_bench_put(&b, MODBUS_INPUT, 20, 0x0000);
    judge_bench_put(&b, MODBUS_INPUT, 21, 0x3fc0); /* 1.5 W */
    const struct modality_channel_status *c = judge(&b);
    assert_int_equal(c->readings[0].quantity, QUANTITY_power_uw);
    assert_int_equal(c->readings[0].value, 1500000);
    assert_int_equal(c->output, OUTPUT_ON);
    judge_bench_put(&b, MODBUS_INPUT, 21, 0x3d4c); /* 49.8 mW, below its noise of 50 mW */
    assert_int_equal(judge(&b)->output, OUTPUT_REST);
    judge_bench_put(&b, MODBUS_INPUT, 21, 0x3d4d); /* 50.05 mW: what a float can tell apart is far below its unit */
    assert_int_equal(judge(&b)->output, OUTPUT_ON);
    judge_bench_put(&b, MODBUS_INPUT, 21, 0x7fc0);
    struct modality_status before = b.status;
    assert_int_equal(judge_status(b.map, b.words, 0, &b.memory, &b.status), -EPROTO);
    assert_memory_equal(&before, &b.status, sizeof before);
    judge_bench_end(&b);
}

static void negative_temperature_is_read(void **state)
{
    (void)state;
    struct judge_bench b = head();
    judge_bench_put(&b, MODBUS_INPUT, 23, (uint16_t)-15);
    assert_int_equal(judge(&b)->readings[2].value, -1500);
    judge_bench_end(&b);
}

static void uptime(struct judge_bench *b, int64_t at_ms, uint32_t uptime_ms)
{
    judge_bench_put(b, MODBUS_INPUT, 12, (uint16_t)(uptime_ms >> 16));
    judge_bench_put(b, MODBUS_INPUT, 13, (uint16_t)(uptime_ms & 0xffff));
    judge_bench_at(b, at_ms);
}

static void restart_is_found_by_uptime(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    uptime(&b, 1000, 50000);
    assert_false(b.status.restarted);
    uptime(&b, 1050, 50050);
    assert_false(b.status.restarted);
    uptime(&b, 1100, 49000);
    assert_true(b.status.restarted);
    uptime(&b, 1150, 49050);
    assert_false(b.status.restarted);
    /* Away for a minute, and up for less than that since: it restarted meanwhile. */
    uptime(&b, 61150, 52000);
    assert_true(b.status.restarted);
    judge_bench_end(&b);
}

static void counter_that_runs_over_is_no_restart(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    uptime(&b, 1000, UINT32_MAX - 20);
    uptime(&b, 1050, 29);
    assert_false(b.status.restarted);
    uptime(&b, 1100, UINT32_MAX - 20);
    uptime(&b, 1150, 60000);
    assert_true(b.status.restarted);
    judge_bench_end(&b);
}

static int uptime_error(struct judge_bench *b, int64_t at_ms)
{
    return judge_status(b->map, b->words, at_ms * NS_PER_MS, &b->memory, &b->status);
}

/* A gateway that answers from its memory, a device whose program hangs: everything else is as it should be. */
static void a_clock_that_stands_still_makes_the_reply_an_old_one(void **state)
{
    (void)state;
    struct judge_bench b = stim();
    uptime(&b, 1000, 50000);
    for (int64_t ms = 1050; ms <= 3000; ms += 50)
        assert_int_equal(uptime_error(&b, ms), 0);
    assert_int_equal(uptime_error(&b, 3010), -EPROTO);
    assert_int_equal(uptime_error(&b, 60000), -EPROTO);
    uptime(&b, 60050, 109050); /* it had gone on, and nobody heard of it */
    assert_false(b.status.restarted);
    judge_bench_end(&b);
    b = stim();
    support_set(b.s, "point refstim.uptime", "unit", "s");
    judge_bench_again(&b);
    uptime(&b, 1000, 50);
    assert_int_equal(uptime_error(&b, 5000), 0);
    assert_int_equal(uptime_error(&b, 5010), -EPROTO);
    judge_bench_end(&b);
}

/* Set point and measurement, by the high words of their floats. */
static void cooler(struct judge_bench *b, uint16_t set_high, uint16_t actual_high)
{
    judge_bench_put(b, MODBUS_HOLDING, 5000, set_high);
    judge_bench_put(b, MODBUS_HOLDING, 2000, actual_high);
    judge(b);
}

#define DEGC_20 0x41a0
#define DEGC_10 0x4120
#define DEGC_11 0x4130
#define DEGC_12 0x4140
#define DEGC_5 0x40a0
#define DEGC_25 0x41c8

static void cold_unit_rests_by_its_set_point(void **state)
{
    (void)state;
    struct judge_bench b = judge_bench_begin(MAPS_FOR_TESTS_DIR "/tc-midi.ini", "tc-midi");
    struct modality_device device;
    map_describe(b.config, 0, &device);
    assert_true(device.rest_by_setpoint);
    assert_int_equal(device.rest_within_ms, 120000);
    assert_int_equal(device.channels[0].rest_value, 20000);
    assert_int_equal(device.channels[0].ranges[0].resolution, 100);
    const struct modality_channel_status *c = &b.status.channels[0];
    cooler(&b, DEGC_5, DEGC_10);
    assert_int_equal(c->output, OUTPUT_ON);
    cooler(&b, DEGC_20, DEGC_10); /* told to rest, still cold */
    assert_int_equal(c->output, OUTPUT_ON);
    assert_true(c->setpoint_known);
    cooler(&b, DEGC_20, DEGC_12); /* on its way */
    assert_int_equal(c->output, OUTPUT_REST);
    assert_int_equal(c->evidence, EVIDENCE_REPORTED);
    cooler(&b, DEGC_20, DEGC_11); /* and back again */
    assert_int_equal(c->output, OUTPUT_ON);
    cooler(&b, DEGC_20, DEGC_12);
    assert_int_equal(c->output, OUTPUT_REST);
    cooler(&b, DEGC_20, DEGC_20);
    assert_int_equal(c->output, OUTPUT_REST);
    assert_int_equal(c->evidence, EVIDENCE_MEASURED);
    cooler(&b, DEGC_20, DEGC_25); /* warmer than rest is safe */
    assert_int_equal(c->evidence, EVIDENCE_MEASURED);
    cooler(&b, DEGC_5, DEGC_25);
    assert_int_equal(c->output, OUTPUT_ON);
    cooler(&b, DEGC_20, DEGC_10); /* the way is counted anew */
    assert_int_equal(c->output, OUTPUT_ON);
    judge_bench_end(&b);
}

static void probing_head_is_told_from_output(void **state)
{
    (void)state;
    struct judge_bench b = head();
    support_add(b.s, "map refus", "contact_probe_power", "100 mW", "probe.ini:1");
    judge_bench_again(&b);
    judge_bench_put(&b, MODBUS_INPUT, 10, 1);
    judge_bench_put(&b, MODBUS_INPUT, 24, 3);
    judge_bench_put(&b, MODBUS_INPUT, 21, 0x3da0); /* 78 mW */
    assert_int_equal(judge(&b)->output, OUTPUT_PROBE);
    judge_bench_put(&b, MODBUS_INPUT, 21, 0x3e00); /* 125 mW */
    assert_int_equal(judge(&b)->output, OUTPUT_ON);
    judge_bench_put(&b, MODBUS_INPUT, 21, 0x3da0);
    judge_bench_put(&b, MODBUS_INPUT, 24, 1);
    assert_int_equal(judge(&b)->output, OUTPUT_ON);
    judge_bench_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adjacent_points_share_a_request),
        cmocka_unit_test(holes_are_read_along_as_far_as_the_map_says),
        cmocka_unit_test(long_runs_are_cut_at_what_a_request_holds),
        cmocka_unit_test(run_off_and_nothing_measured_is_rest),
        cmocka_unit_test(measured_output_decides_at_its_noise),
        cmocka_unit_test(run_on_is_output_whatever_is_measured),
        cmocka_unit_test(status_bits_are_told_apart),
        cmocka_unit_test(contact_codes_are_translated),
        cmocka_unit_test(absent_measurement_is_left_out),
        cmocka_unit_test(power_is_read_low_word_first),
        cmocka_unit_test(negative_temperature_is_read),
        cmocka_unit_test(restart_is_found_by_uptime),
        cmocka_unit_test(a_clock_that_stands_still_makes_the_reply_an_old_one),
        cmocka_unit_test(counter_that_runs_over_is_no_restart),
        cmocka_unit_test(cold_unit_rests_by_its_set_point),
        cmocka_unit_test(probing_head_is_told_from_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
