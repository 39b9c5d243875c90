/* SPDX-License-Identifier: Apache-2.0 */
/* Wire faults: what they match, how long they last, what they make of a request and of a reply. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "front/rule.h"

#include <errno.h>
#include <string.h>

static const struct rule_match any;

static struct modbus_request write_coil(uint16_t address, bool on)
{
    return (struct modbus_request){
        .unit = 1, .function = MODBUS_WRITE_COIL, .address = address, .count = 1, .data = {on}};
}

static struct modbus_request read_inputs(uint16_t address, uint16_t count)
{
    return (struct modbus_request){.unit = 1, .function = MODBUS_READ_INPUTS, .address = address, .count = count};
}

static struct fault_args with(enum fault_arg arg, int64_t value)
{
    struct fault_args args = {.present = 1u << arg};
    args.value[arg] = value;
    return args;
}

static void without_a_rule_a_request_acts_and_is_answered(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct modbus_request r = write_coil(0, true);
    struct plan plan = rule_plan(&set, &r);
    assert_int_equal(plan.act, ACT_NOW);
    assert_true(plan.reply);
    assert_false(plan.close || plan.corrupt || plan.duplicate || plan.replay || plan.echo_only);
    assert_int_equal(plan.delay_ms + plan.drip_ms + plan.exception, 0);
}

static void counted_rule_ends_by_itself(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args args = with(ARG_count, 2);
    struct modbus_request r = read_inputs(10, 2);
    assert_int_equal(rule_add(&set, FAULT_drop, &args, &any), 0);
    assert_false(rule_plan(&set, &r).reply);
    assert_false(rule_plan(&set, &r).reply);
    assert_true(rule_plan(&set, &r).reply);
    assert_int_equal(set.count, 0);
}

static void skipped_requests_are_not_touched(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args args = with(ARG_skip, 2);
    args.present |= 1u << ARG_count;
    args.value[ARG_count] = 1;
    struct modbus_request r = read_inputs(10, 2);
    rule_add(&set, FAULT_drop, &args, &any);
    assert_true(rule_plan(&set, &r).reply);
    assert_true(rule_plan(&set, &r).reply);
    assert_false(rule_plan(&set, &r).reply);
    assert_true(rule_plan(&set, &r).reply);
}

static void rule_without_count_lasts_until_cleared(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args none = {0};
    struct modbus_request r = read_inputs(10, 2);
    rule_add(&set, FAULT_silent, &none, &any);
    for (int i = 0; i < 100; i++)
        assert_int_equal(rule_plan(&set, &r).act, ACT_NEVER);
    rule_clear(&set, FAULT_drop);
    assert_int_equal(rule_plan(&set, &r).act, ACT_NEVER);
    rule_clear(&set, FAULT_silent);
    assert_int_equal(rule_plan(&set, &r).act, ACT_NOW);
}

static void match_narrows_to_function_address_value_and_writes(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args none = {0};
    struct rule_match stop_of_channel_2 = {.has_function = true,
                                           .function = 5,
                                           .has_address = true,
                                           .address = 1,
                                           .has_value = true,
                                           .value = 0,
                                           .has_write = true,
                                           .write = true};
    rule_add(&set, FAULT_drop, &none, &stop_of_channel_2);
    struct modbus_request other_channel = write_coil(0, false);
    struct modbus_request start = write_coil(1, true);
    struct modbus_request read = read_inputs(1, 1);
    struct modbus_request stop = write_coil(1, false);
    assert_true(rule_plan(&set, &other_channel).reply);
    assert_true(rule_plan(&set, &start).reply);
    assert_true(rule_plan(&set, &read).reply);
    assert_false(rule_plan(&set, &stop).reply);
}

static void match_on_address_sees_it_inside_a_block(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args none = {0};
    struct rule_match match = {.has_address = true, .address = 12};
    rule_add(&set, FAULT_drop, &none, &match);
    struct modbus_request before = read_inputs(10, 2);
    struct modbus_request over = read_inputs(10, 3);
    struct modbus_request after = read_inputs(13, 1);
    assert_true(rule_plan(&set, &before).reply);
    assert_false(rule_plan(&set, &over).reply);
    assert_true(rule_plan(&set, &after).reply);
}

static void late_write_leaves_reads_alone(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args args = with(ARG_ms, 300);
    args.present |= 1u << ARG_count;
    args.value[ARG_count] = 1;
    rule_add(&set, FAULT_late_write, &args, &any);
    struct modbus_request read = read_inputs(10, 2);
    struct modbus_request write = write_coil(0, true);
    assert_true(rule_plan(&set, &read).reply);
    struct plan plan = rule_plan(&set, &write);
    assert_int_equal(plan.act, ACT_AFTER_CLOSE);
    assert_int_equal(plan.after_close_ms, 300);
    assert_false(plan.reply);
    assert_int_equal(rule_plan(&set, &write).act, ACT_NOW);
}

static void cut_before_loses_the_act_and_cut_after_only_the_reply(void **state)
{
    (void)state;
    struct fault_args before = with(ARG_cut, CUT_BEFORE);
    struct fault_args after = with(ARG_cut, CUT_AFTER);
    struct modbus_request r = write_coil(0, false);
    const enum fault_id faults[] = {FAULT_drop, FAULT_close};
    for (size_t i = 0; i < 2; i++) {
        struct rule_set set = {0};
        rule_add(&set, faults[i], &before, &any);
        assert_int_equal(rule_plan(&set, &r).act, ACT_NEVER);
        rule_clear(&set, faults[i]);
        rule_add(&set, faults[i], &after, &any);
        struct plan plan = rule_plan(&set, &r);
        assert_int_equal(plan.act, ACT_NOW);
        assert_false(plan.reply);
        assert_int_equal(plan.close, faults[i] == FAULT_close);
    }
}

static void two_rules_add_up(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args late = with(ARG_ms, 40);
    struct fault_args bent = with(ARG_how, CORRUPT_VALUE);
    struct modbus_request r = write_coil(0, false);
    rule_add(&set, FAULT_delay, &late, &any);
    rule_add(&set, FAULT_corrupt, &bent, &any);
    struct plan plan = rule_plan(&set, &r);
    assert_int_equal(plan.delay_ms, 40);
    assert_true(plan.corrupt);
    assert_int_equal(plan.how, CORRUPT_VALUE);
}

static void full_set_refuses(void **state)
{
    (void)state;
    struct rule_set set = {0};
    struct fault_args none = {0};
    for (int i = 0; i < RULES_MAX; i++)
        assert_int_equal(rule_add(&set, FAULT_drop, &none, &any), 0);
    assert_int_equal(rule_add(&set, FAULT_drop, &none, &any), -ENOSPC);
    rule_clear(&set, FAULT_drop);
    assert_int_equal(set.count, 0);
}

/* An echo of coil 0 = 1, unit 1, RTU, bent. */
static size_t bent_echo(enum corrupt_how how, uint8_t *frame)
{
    static const uint8_t echo[] = {0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A};
    memcpy(frame, echo, sizeof echo);
    return rule_corrupt(how, false, frame, sizeof echo);
}

static void bent_echoes_keep_their_crc_unless_that_is_bent(void **state)
{
    (void)state;
    uint8_t frame[MODBUS_FRAME_MAX + RULE_NOISE_BYTES];
    size_t length = bent_echo(CORRUPT_UNIT, frame);
    assert_true(rtu_crc_valid(frame, length) && frame[0] != 1);
    length = bent_echo(CORRUPT_FUNCTION, frame);
    assert_true(rtu_crc_valid(frame, length) && frame[1] != 5);
    length = bent_echo(CORRUPT_ADDRESS, frame);
    assert_true(rtu_crc_valid(frame, length) && frame[3] == 1 && frame[4] == 0xFF);
    length = bent_echo(CORRUPT_VALUE, frame);
    assert_true(rtu_crc_valid(frame, length) && frame[5] == 1 && frame[3] == 0);
    length = bent_echo(CORRUPT_BAD_CRC, frame);
    assert_false(rtu_crc_valid(frame, length));
    length = bent_echo(CORRUPT_BIT_FLIP, frame);
    assert_false(rtu_crc_valid(frame, length));
    assert_int_equal(bent_echo(CORRUPT_TRUNCATE, frame), 4);
    length = bent_echo(CORRUPT_NOISE, frame);
    assert_int_equal(length, 8 + RULE_NOISE_BYTES);
    assert_true(rtu_crc_valid(frame + RULE_NOISE_BYTES, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_rule_a_request_acts_and_is_answered),
        cmocka_unit_test(counted_rule_ends_by_itself),
        cmocka_unit_test(skipped_requests_are_not_touched),
        cmocka_unit_test(rule_without_count_lasts_until_cleared),
        cmocka_unit_test(match_narrows_to_function_address_value_and_writes),
        cmocka_unit_test(match_on_address_sees_it_inside_a_block),
        cmocka_unit_test(late_write_leaves_reads_alone),
        cmocka_unit_test(cut_before_loses_the_act_and_cut_after_only_the_reply),
        cmocka_unit_test(two_rules_add_up),
        cmocka_unit_test(full_set_refuses),
        cmocka_unit_test(bent_echoes_keep_their_crc_unless_that_is_bent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
