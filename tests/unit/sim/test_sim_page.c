/* SPDX-License-Identifier: Apache-2.0 */
/* The register pages, point by point as plugins/modbus-map/README.md lists them. */
#include "page_bench.h"

#include "model/stim.h"

static int stim_setup(void **state)
{
    return page_new(state, &page_refstim);
}

static int us_setup(void **state)
{
    return page_new(state, &page_refus);
}

static void identity_stands_in_the_first_five_inputs(void **state)
{
    uint16_t v[MODBUS_READ_WORDS_MAX];
    assert_int_equal(read_points(*state, 4, 0, 5, v), MODBUS_OK);
    assert_int_equal(v[0], 21332);
    assert_int_equal(v[1], 1);
    assert_int_equal(v[2], 0x0001);
    assert_int_equal(v[3], 0x2345);
    assert_int_equal(v[4], 0x0102);
}

static void every_unused_address_answers_exception_2(void **state)
{
    static const struct {
        unsigned first;
        unsigned last;
    } inputs[] = {{0, 4}, {10, 44}}, holdings[] = {{100, 109}, {120, 129}, {150, 153}};
    uint16_t v[MODBUS_READ_WORDS_MAX];
    for (unsigned address = 0; address < 400; address++) {
        bool input = false;
        bool holding = false;
        for (size_t i = 0; i < 2; i++)
            input |= address >= inputs[i].first && address <= inputs[i].last;
        for (size_t i = 0; i < 3; i++)
            holding |= address >= holdings[i].first && address <= holdings[i].last;
        uint16_t at = (uint16_t)address;
        assert_int_equal(read_points(*state, 4, at, 1, v), input ? MODBUS_OK : MODBUS_ILLEGAL_ADDRESS);
        assert_int_equal(read_points(*state, 3, at, 1, v), holding ? MODBUS_OK : MODBUS_ILLEGAL_ADDRESS);
        assert_int_equal(read_points(*state, 1, at, 1, v), address < 2 ? MODBUS_OK : MODBUS_ILLEGAL_ADDRESS);
        assert_int_equal(read_points(*state, 2, at, 1, v), address < 1 ? MODBUS_OK : MODBUS_ILLEGAL_ADDRESS);
        if (!holding)
            assert_int_equal(write_word(*state, at, 0), MODBUS_ILLEGAL_ADDRESS);
    }
    assert_int_equal(read_points(*state, 4, 10, 34, v), MODBUS_OK);
    assert_int_equal(v[6] | v[9] | v[15] | v[29], 0); /* 16 to 19 and 25 to 39 mean nothing */
    assert_int_equal(read_points(*state, 4, 65535, 2, v), MODBUS_ILLEGAL_ADDRESS);
    assert_int_equal(read_points(*state, 4, 0, 6, v), MODBUS_ILLEGAL_ADDRESS); /* runs into the gap */
}

static void stimulator_set_points_keep_their_ranges(void **state)
{
    static const struct set_point points[] = {{100, 0, 1000}, {101, 20, 1000}, {102, 1, 2500},  {103, 1000, 10000},
                                              {104, 0, 2500}, {105, 0, 7},     {106, 20, 2000}, {107, 0, 1000},
                                              {108, 1, 1000}, {109, 10, 1000}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct set_point second = points[i];
        second.address = (uint16_t)(second.address + 20);
        check_range(*state, &points[i]);
        check_range(*state, &second);
    }
}

static void ultrasound_set_points_keep_their_ranges(void **state)
{
    static const struct set_point points[] = {{100, 0, 3000}, {101, 50, 1000}, {102, 100, 10000}, {103, 1000, 3000}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        check_range(*state, &points[i]);
    assert_int_equal(write_word(*state, 103, 2000), MODBUS_ILLEGAL_VALUE);
}

static void refused_block_changes_nothing(void **state)
{
    const uint16_t block[] = {500, 200, 9999};
    assert_int_equal(write_words(*state, 100, 3, block), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(holding_at(*state, 100), 0);
    assert_int_equal(holding_at(*state, 101), 20);
}

static void run_coils_start_stop_and_read_back(void **state)
{
    struct page *page = *state;
    uint16_t v[MODBUS_READ_WORDS_MAX];
    assert_int_equal(write_coils(page, 0, 2, 3), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 3);
    assert_int_equal(read_points(page, 1, 0, 2, v), MODBUS_OK);
    assert_true(v[0] == 1 && v[1] == 1);
    assert_int_equal(write_coils(page, 1, 1, 0), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 1);
    assert_int_equal(write_coils(page, 0, 3, 0), MODBUS_ILLEGAL_ADDRESS);
}

static void tripped_device_answers_exception_4_until_cleared(void **state)
{
    struct page *page = *state;
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
    model_advance(page->model, T0 + NS_PER_S);
    assert_int_equal(input_at(page, 10), 8);
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_coils(page, 0, 2, 2), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_coils(page, 0, 2, 0), MODBUS_OK);
    assert_int_equal(write_word(page, 153, 0), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 8);
    assert_int_equal(write_word(page, 153, 2), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 153, 1), MODBUS_OK);
    assert_int_equal(holding_at(page, 153), 0);
    assert_int_equal(input_at(page, 10), 0);
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
}

static void timer_preset_is_one_value_in_two_registers(void **state)
{
    struct page *page = *state;
    const uint16_t hour[] = {3600000 >> 16, 3600000 & 0xffff};
    const uint16_t more[] = {3600001 >> 16, 3600001 & 0xffff};
    assert_int_equal(write_words(page, 151, 2, more), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_words(page, 151, 2, hour), MODBUS_OK);
    assert_int_equal(page->model->guard.timer_preset_ms, 3600000);
    assert_int_equal(holding_at(page, 151), hour[0]);
    assert_int_equal(holding_at(page, 152), hour[1]);
    assert_int_equal(write_word(page, 152, more[1]), MODBUS_ILLEGAL_VALUE); /* the high half is still there */
    assert_int_equal(write_word(page, 151, 0), MODBUS_OK);
    assert_int_equal(write_word(page, 152, 1500), MODBUS_OK);
    assert_int_equal(page->model->guard.timer_preset_ms, 1500);
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
    model_advance(page->model, T0 + 500 * NS_PER_MS);
    assert_int_equal(input_at(page, 14), 0);
    assert_int_equal(input_at(page, 15), 1000);
    assert_int_equal(input_at(page, 13), 500);
}

static void feed_register_reads_the_last_value(void **state)
{
    assert_int_equal(holding_at(*state, 150), 0);
    assert_int_equal(write_word(*state, 150, 65535), MODBUS_OK);
    assert_int_equal(holding_at(*state, 150), 65535);
}

static void measured_values_are_in_wire_units(void **state)
{
    struct page *page = *state;
    assert_int_equal(input_at(page, 20), 0);
    assert_int_equal(input_at(page, 21), 0);
    assert_int_equal(write_word(page, 120, 123), MODBUS_OK); /* 12.3 mA on channel 2 */
    assert_int_equal(write_coils(page, 1, 1, 1), MODBUS_OK);
    assert_int_equal(input_at(page, 40), 1230);
    assert_int_equal(input_at(page, 41), 1000);
    assert_int_equal(input_at(page, 42), 1);
    assert_int_equal(input_at(page, 43), 1230); /* 12.3 V */
    struct fault_args none = {0};
    assert_int_equal(model_inject(page->model, FAULT_open, &none), 0);
    assert_int_equal(input_at(page, 40), 10); /* 100 V over 1 Mohm */
    assert_int_equal(input_at(page, 41), 65535);
    assert_int_equal(input_at(page, 42), 3);
    assert_int_equal(input_at(page, 43), 10000);
    assert_int_equal(write_word(page, 125, STIM_MONOPHASIC), MODBUS_OK);
    assert_int_equal(input_at(page, 24), 0); /* symmetric pulses come back */
    assert_int_equal(input_at(page, 44), 1000);
}

static void acoustic_power_is_a_float_low_word_first(void **state)
{
    struct page *page = *state;
    assert_int_equal(input_at(page, 0), 21843);
    assert_int_equal(write_word(page, 101, 200), MODBUS_OK);
    assert_int_equal(write_word(page, 100, 1500), MODBUS_OK);
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
    /* 1.5 W/cm2 x 0.2 x 5 cm2 = 1.5 W = 0x3FC00000 */
    assert_int_equal(input_at(page, 20), 0x0000);
    assert_int_equal(input_at(page, 21), 0x3FC0);
    assert_int_equal(input_at(page, 22), 950);
    assert_int_equal(input_at(page, 23), 330);
    assert_int_equal(input_at(page, 24), 1);
    assert_int_equal(input_at(page, 25), 0x000A);
    assert_int_equal(input_at(page, 26), 0x000B);
    assert_int_equal(input_at(page, 27), 1);
    struct fault_args none = {0};
    assert_int_equal(model_inject(page->model, FAULT_still, &none), 0);
    assert_int_equal(input_at(page, 27), 0);
    assert_int_equal(model_clear(page->model, FAULT_still, &none), 0);
    assert_int_equal(input_at(page, 27), 1);
    assert_int_equal(write_coils(page, 1, 1, 0), MODBUS_ILLEGAL_ADDRESS);
}

static void frozen_register_keeps_its_value_until_cleared(void **state)
{
    struct page *page = *state;
    struct fault_args args = {.present = 1u << ARG_address};
    args.value[ARG_address] = 20;
    assert_int_equal(write_word(page, 100, 100), MODBUS_OK);
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
    assert_int_equal(page_inject(page, FAULT_freeze, &args), 0);
    assert_int_equal(write_word(page, 100, 200), MODBUS_OK);
    assert_int_equal(input_at(page, 20), 1000);
    assert_int_equal(page->model->last[0].value, 20000);
    page_clear(page, FAULT_freeze);
    assert_int_equal(input_at(page, 20), 2000);
    args.value[ARG_address] = 45;
    assert_true(page_inject(page, FAULT_freeze, &args) < 0);
}

static void hand_switch_shows_as_discrete_input(void **state)
{
    struct page *page = *state;
    struct fault_args none = {0};
    uint16_t v[MODBUS_READ_WORDS_MAX];
    read_points(page, 2, 0, 1, v);
    assert_int_equal(v[0], 0);
    model_inject(page->model, FAULT_patient_stop, &none);
    model_clear(page->model, FAULT_patient_stop, &none);
    read_points(page, 2, 0, 1, v);
    assert_int_equal(v[0], 1); /* released, still latched */
    assert_int_equal(input_at(page, 10), 16);
}

#define STIM(name) cmocka_unit_test_setup_teardown(name, stim_setup, teardown)
#define US(name) cmocka_unit_test_setup_teardown(name, us_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STIM(identity_stands_in_the_first_five_inputs),
        STIM(every_unused_address_answers_exception_2),
        STIM(stimulator_set_points_keep_their_ranges),
        US(ultrasound_set_points_keep_their_ranges),
        STIM(refused_block_changes_nothing),
        STIM(run_coils_start_stop_and_read_back),
        STIM(tripped_device_answers_exception_4_until_cleared),
        STIM(timer_preset_is_one_value_in_two_registers),
        STIM(feed_register_reads_the_last_value),
        STIM(measured_values_are_in_wire_units),
        US(acoustic_power_is_a_float_low_word_first),
        STIM(frozen_register_keeps_its_value_until_cleared),
        STIM(hand_switch_shows_as_discrete_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
