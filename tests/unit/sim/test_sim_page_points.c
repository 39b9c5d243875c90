/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pages of devices that others built: every published register, types and orders, what is refused. Their frames,
 * byte for byte, are in test_sim_public.py.
 */
#include "page_bench.h"

#include "model/circulator.h"
#include "model/cooler.h"

static int tcmidi_setup(void **state)
{
    return page_new(state, &page_tcmidi);
}

static int julabo_setup(void **state)
{
    return page_new(state, &page_julabo);
}

static uint32_t pair_at(struct page *page, uint8_t function, uint16_t address)
{
    uint16_t v[MODBUS_READ_WORDS_MAX];
    assert_int_equal(read_points(page, function, address, 2, v), MODBUS_OK);
    return (uint32_t)v[0] << 16 | v[1];
}

static enum modbus_exception write_pair(struct page *page, uint16_t address, uint32_t raw)
{
    const uint16_t words[] = {(uint16_t)(raw >> 16), (uint16_t)(raw & 0xffff)};
    return write_words(page, address, 2, words);
}

/* Every address of a table, against a list of ranges that ends with {0, 0}. */
static void check_table(struct page *page, uint8_t function, const unsigned (*ranges)[2], unsigned last)
{
    uint16_t v[MODBUS_READ_WORDS_MAX];
    for (unsigned address = 0; address <= last; address++) {
        bool there = false;
        for (const unsigned(*range)[2] = ranges; (*range)[1] || (*range)[0]; range++)
            there |= address >= (*range)[0] && address <= (*range)[1];
        assert_int_equal(read_points(page, function, (uint16_t)address, 1, v),
                         there ? MODBUS_OK : MODBUS_ILLEGAL_ADDRESS);
    }
}

static void cooler_has_the_published_registers_and_no_others(void **state)
{
    static const unsigned holdings[][2] = {{2000, 2003},   {5000, 5005},   {9008, 9011}, {9990, 9999},
                                           {10000, 10002}, {10017, 10017}, {0, 0}};
    uint16_t v[MODBUS_READ_WORDS_MAX];
    check_table(*state, 3, holdings, 12000);
    assert_int_equal(read_points(*state, 4, 2000, 2, v), MODBUS_ILLEGAL_FUNCTION);
    assert_int_equal(write_coils(*state, 0, 1, 0), MODBUS_ILLEGAL_FUNCTION);
}

static void cooler_test_registers_prove_every_type(void **state)
{
    struct page *page = *state;
    assert_int_equal(pair_at(page, 3, 9990), 0x00C0FFEE);
    assert_int_equal(holding_at(page, 9992), 206);
    assert_int_equal(holding_at(page, 9993), 65536 - 206);
    assert_int_equal(pair_at(page, 3, 9994), 2766);
    assert_int_equal(pair_at(page, 3, 9996), (uint32_t)-2766);
    assert_int_equal(pair_at(page, 3, 9998), 0xC1280000); /* -10.5 */
    assert_int_equal(write_pair(page, 9990, 1), MODBUS_ILLEGAL_ADDRESS);
    assert_int_equal(write_word(page, 9993, 0xffff), MODBUS_OK);
    assert_int_equal(holding_at(page, 9993), 0xffff);
    assert_int_equal(write_pair(page, 9996, 0x80000000), MODBUS_OK);
    assert_int_equal(pair_at(page, 3, 9996), 0x80000000);
    assert_int_equal(write_pair(page, 9998, 0x7FC00000), MODBUS_ILLEGAL_VALUE); /* not a number */
}

static void cooler_set_point_is_a_float_within_3_and_20_degc(void **state)
{
    struct page *page = *state;
    assert_int_equal(pair_at(page, 3, 5000), 0x40A00000);                       /* 5.0 as delivered */
    assert_int_equal(write_pair(page, 5000, 0x403FBE77), MODBUS_ILLEGAL_VALUE); /* 2.996 */
    assert_int_equal(write_pair(page, 5000, 0x40400000), MODBUS_OK);            /* 3.0 */
    assert_int_equal(write_pair(page, 5000, 0x41A00831), MODBUS_ILLEGAL_VALUE); /* 20.004 */
    assert_int_equal(write_pair(page, 5000, 0x7F800000), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_pair(page, 5000, 0x7FC00000), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_pair(page, 5000, 0x41A00000), MODBUS_OK); /* 20.0 */
    assert_int_equal(page->model->setting[0][COOLER_SET_POINT], 20000);
    assert_int_equal(write_pair(page, 5002, 0x40E00000), MODBUS_OK); /* upper tolerance 7 */
    assert_int_equal(write_pair(page, 5004, 0xBF800000), MODBUS_OK); /* lower -1 */
    assert_int_equal(write_pair(page, 5004, 0x3F800000), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 2000, 0), MODBUS_ILLEGAL_ADDRESS);
}

static void cooler_block_is_told_in_half_degrees(void **state)
{
    struct page *page = *state;
    assert_int_equal(pair_at(page, 3, 2000), 0x41C80000); /* 25.0 */
    model_tune(page->model, COOLER_BLOCK_MS_PER_K, 1000);
    model_advance(page->model, T0 + 700 * NS_PER_MS);
    assert_int_equal(pair_at(page, 3, 2000), 0x41C40000); /* 24.3, told as 24.5 */
    assert_int_equal(holding_at(page, 10017), 100);
    model_advance(page->model, T0 + 30 * NS_PER_S);
    assert_int_equal(pair_at(page, 3, 2000), 0x40A00000); /* 5.0 */
    assert_int_equal(holding_at(page, 10017), 60);
}

static void cooler_status_tells_starting_stabilising_range_and_error(void **state)
{
    struct page *page = *state;
    struct fault_args args = {.present = 1u << ARG_code};
    model_tune(page->model, COOLER_BLOCK_MS_PER_K, 100);
    assert_int_equal(pair_at(page, 3, 2002), 1u << 17 | 1u << 18 | 1u << 20);
    assert_int_equal(holding_at(page, 10000), 3);
    assert_int_equal(holding_at(page, 10001), 1 | 4);
    assert_int_equal(holding_at(page, 10002), 4);
    model_advance(page->model, T0 + 10 * NS_PER_S);
    assert_int_equal(pair_at(page, 3, 2002), 0);
    assert_int_equal(holding_at(page, 10000), 0);
    assert_int_equal(write_pair(page, 5000, 0x41A00000), MODBUS_OK); /* 20.0: the block is under it now */
    assert_int_equal(pair_at(page, 3, 2002), 1u << 18 | 1u << 20);
    assert_int_equal(holding_at(page, 10001), 1 | 8);
    args.value[ARG_code] = 7;
    assert_int_equal(model_inject(page->model, FAULT_device_fault, &args), 0);
    assert_int_equal(pair_at(page, 3, 2002) & 1, 1);
    assert_int_equal(holding_at(page, 10001) & 2, 2);
}

static void cooler_commands_restart_and_reset_and_cannot_be_read(void **state)
{
    struct page *page = *state;
    uint16_t v[MODBUS_READ_WORDS_MAX];
    assert_int_equal(read_points(page, 3, 11000, 1, v), MODBUS_ILLEGAL_ADDRESS);
    assert_int_equal(write_word(page, 11000, 1), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_pair(page, 5000, 0x41200000), MODBUS_OK); /* 10.0 */
    assert_int_equal(write_word(page, 9992, 5), MODBUS_OK);
    model_advance(page->model, T0 + NS_PER_S);
    assert_int_equal(write_word(page, 11000, 86), MODBUS_OK);
    assert_int_equal(holding_at(page, 10002), 4);
    assert_int_equal(pair_at(page, 3, 5000), 0x41200000); /* outlasts the restart */
    assert_int_equal(write_word(page, 11000, 17), MODBUS_OK);
    assert_int_equal(pair_at(page, 3, 5000), 0x40A00000);
    assert_int_equal(holding_at(page, 9992), 206);
}

static void circulator_has_the_published_registers_and_no_others(void **state)
{
    static const unsigned holdings[][2] = {{0, 4}, {10, 15}, {70, 73}, {90, 93}, {0, 0}};
    static const unsigned inputs[][2] = {{0, 22}, {0, 0}};
    uint16_t v[MODBUS_READ_WORDS_MAX];
    check_table(*state, 3, holdings, 200);
    check_table(*state, 4, inputs, 200);
    assert_int_equal(read_points(*state, 1, 0, 1, v), MODBUS_ILLEGAL_FUNCTION);
    for (uint16_t address = 70; address <= 93; address++)
        assert_int_equal(write_word(*state, address, 0), MODBUS_ILLEGAL_ADDRESS);
}

static void circulator_starts_and_stops_by_a_register(void **state)
{
    struct page *page = *state;
    struct fault_args args = {.present = 1u << ARG_code};
    args.value[ARG_code] = 33;
    assert_int_equal(holding_at(page, 0), 0);
    assert_int_equal(write_word(page, 0, 2), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 0, 1), MODBUS_OK);
    assert_true(page->model->last[0].on);
    assert_int_equal(holding_at(page, 0), 1);
    assert_int_equal(model_inject(page->model, FAULT_device_fault, &args), 0);
    assert_false(page->model->last[0].on);
    assert_int_equal(input_at(page, 6), 33);
    assert_int_equal(write_word(page, 0, 1), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_word(page, 0, 0), MODBUS_OK);
    assert_int_equal(model_clear(page->model, FAULT_device_fault, &args), 0);
    assert_int_equal(input_at(page, 6), 0);
    assert_int_equal(holding_at(page, 0), 0); /* in standby until it is told */
    assert_int_equal(write_word(page, 0, 1), MODBUS_OK);
}

static void circulator_drives_its_bath_to_the_set_point(void **state)
{
    struct page *page = *state;
    assert_int_equal(write_pair(page, 2, 0x41700000), MODBUS_OK); /* 15.0 */
    assert_int_equal(write_word(page, 0, 1), MODBUS_OK);
    assert_int_equal((int16_t)input_at(page, 14), -100);
    assert_int_equal(input_at(page, 5), 4);
    model_advance(page->model, T0 + 6 * NS_PER_S);
    assert_int_equal(page->model->last[0].value, 19000);
    assert_int_equal(pair_at(page, 4, 10), 0x41980000); /* 19.0 */
    model_advance(page->model, T0 + 60 * NS_PER_S);
    assert_int_equal(pair_at(page, 4, 10), 0x41700000);
    assert_int_equal((int16_t)input_at(page, 14), -3);
    assert_int_equal(write_word(page, 0, 0), MODBUS_OK);
    model_advance(page->model, T0 + 120 * NS_PER_S);
    assert_in_range(page->model->last[0].value, 15100, 15250); /* on its way to the room, slowly */
    assert_int_equal(input_at(page, 14), 0);
}

static void circulator_takes_direct_power(void **state)
{
    struct page *page = *state;
    assert_int_equal(write_word(page, 1, 1), MODBUS_OK);
    assert_int_equal(write_word(page, 4, (uint16_t)-50), MODBUS_OK);
    assert_int_equal(write_word(page, 4, (uint16_t)-101), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 0, 1), MODBUS_OK);
    assert_int_equal((int16_t)input_at(page, 14), -50);
    model_advance(page->model, T0 + 12 * NS_PER_S);
    assert_int_equal(page->model->last[0].value, 19000);
}

static void circulator_keeps_its_limits(void **state)
{
    struct page *page = *state;
    assert_int_equal(pair_at(page, 3, 70), 0xC2200000); /* -40.0 */
    assert_int_equal(pair_at(page, 3, 72), 0x42C80000); /* 100.0 */
    assert_int_equal(write_pair(page, 2, 0xC2200000), MODBUS_OK);
    assert_int_equal(write_pair(page, 2, 0xC2200419), MODBUS_ILLEGAL_VALUE); /* -40.004 */
    assert_int_equal(write_pair(page, 2, 0x42C80000), MODBUS_OK);
    assert_int_equal(write_pair(page, 2, 0x42C80083), MODBUS_ILLEGAL_VALUE); /* 100.001 */
    assert_int_equal(write_pair(page, 12, 0x3DCCCCCD), MODBUS_OK);           /* Xp 0.1 */
    assert_int_equal(write_pair(page, 12, 0x3DCCCCCB), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 14, 2), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 15, 999), MODBUS_OK);
}

static void circulator_orders_its_bytes_as_its_format_register_says(void **state)
{
    static const struct {
        int32_t format;
        uint32_t set_point; /* 15.0 = 0x41700000 on the wire */
        uint16_t run;       /* 1 on the wire */
    } cases[] = {{0, 0x41700000, 0x0001}, {1, 0x00007041, 0x0100}, {2, 0x70410000, 0x0100}, {3, 0x00004170, 0x0001}};
    struct page *page = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(model_tune(page->model, CIRCULATOR_DATA_FORMAT, cases[i].format), 0);
        assert_int_equal(holding_at(page, 93), cases[i].format); /* always plain */
        assert_int_equal(write_pair(page, 2, cases[i].set_point), MODBUS_OK);
        assert_int_equal(page->model->setting[0][CIRCULATOR_SET_POINT], 15000);
        assert_int_equal(pair_at(page, 3, 2), cases[i].set_point);
        assert_int_equal(write_word(page, 0, cases[i].run), MODBUS_OK);
        assert_int_equal(holding_at(page, 0), cases[i].run);
        assert_int_equal(model_setting_write(page->model, 0, CIRCULATOR_SET_POINT, 20000), 0);
    }
}

static void circulator_in_fahrenheit_tells_and_takes_fahrenheit(void **state)
{
    struct page *page = *state;
    assert_int_equal(holding_at(page, 90), 0);
    model_tune(page->model, CIRCULATOR_FAHRENHEIT, 1);
    assert_int_equal(holding_at(page, 90), 1);
    assert_int_equal(pair_at(page, 4, 10), 0x42880000);           /* 20 degC = 68 degF */
    assert_int_equal(write_pair(page, 2, 0x42480000), MODBUS_OK); /* 50 degF */
    assert_int_equal(page->model->setting[0][CIRCULATOR_SET_POINT], 10000);
}

static void circulator_reads_back_in_the_request_that_writes(void **state)
{
    struct page *page = *state;
    uint16_t v[MODBUS_READ_WORDS_MAX] = {0};
    struct modbus_request r = {.function = MODBUS_READ_WRITE_HOLDINGS,
                               .address = 2,
                               .count = 2,
                               .read_address = 0,
                               .read_count = 4,
                               .data = {0x41, 0x70, 0, 0}};
    assert_int_equal(page_check(page, &r), MODBUS_OK);
    page_apply(page, &r);
    page_read(page, &r, v);
    assert_int_equal(v[2], 0x4170);
    r.read_address = 4;
    assert_int_equal(page_check(page, &r), MODBUS_ILLEGAL_ADDRESS);
    r.read_address = 0;
    r.address = 72;
    assert_int_equal(page_check(page, &r), MODBUS_ILLEGAL_ADDRESS);
}

static void laboratory_devices_have_no_watchdog_and_no_hand_switch(void **state)
{
    struct page *page = *state;
    struct fault_args none = {0};
    assert_int_equal(write_word(page, 0, 1), MODBUS_OK);
    model_advance(page->model, T0 + 3600 * NS_PER_S);
    assert_true(page->model->last[0].on);
    assert_true(model_inject(page->model, FAULT_patient_stop, &none) < 0);
    assert_true(model_inject(page->model, FAULT_no_watchdog, &none) < 0);
    assert_true(model_inject(page->model, FAULT_open, &none) < 0);
    assert_int_equal(model_inject(page->model, FAULT_stuck, &none), 0);
    assert_int_equal(write_word(page, 0, 0), MODBUS_OK);
    assert_true(page->model->last[0].on);
}

#define MIDI(name) cmocka_unit_test_setup_teardown(name, tcmidi_setup, teardown)
#define JULABO(name) cmocka_unit_test_setup_teardown(name, julabo_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MIDI(cooler_has_the_published_registers_and_no_others),
        MIDI(cooler_test_registers_prove_every_type),
        MIDI(cooler_set_point_is_a_float_within_3_and_20_degc),
        MIDI(cooler_block_is_told_in_half_degrees),
        MIDI(cooler_status_tells_starting_stabilising_range_and_error),
        MIDI(cooler_commands_restart_and_reset_and_cannot_be_read),
        JULABO(circulator_has_the_published_registers_and_no_others),
        JULABO(circulator_starts_and_stops_by_a_register),
        JULABO(circulator_drives_its_bath_to_the_set_point),
        JULABO(circulator_takes_direct_power),
        JULABO(circulator_keeps_its_limits),
        JULABO(circulator_orders_its_bytes_as_its_format_register_says),
        JULABO(circulator_in_fahrenheit_tells_and_takes_fahrenheit),
        JULABO(circulator_reads_back_in_the_request_that_writes),
        JULABO(laboratory_devices_have_no_watchdog_and_no_hand_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
