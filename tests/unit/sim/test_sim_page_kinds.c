/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of the laser, the cold and the galvanic unit, point by point as plugins/modbus-map/README.md lists them. */
#include "page_bench.h"

static int laser_setup(void **state)
{
    return page_new(state, &page_reflaser);
}

static int cold_setup(void **state)
{
    return page_new(state, &page_refcold);
}

static int galv_setup(void **state)
{
    return page_new(state, &page_refgalv);
}

static void inject(struct page *page, enum fault_id fault)
{
    struct fault_args none = {0};
    assert_int_equal(model_inject(page->model, fault, &none), 0);
}

static bool discrete_at(struct page *page, uint16_t address)
{
    uint16_t values[MODBUS_READ_WORDS_MAX];
    assert_int_equal(read_points(page, 2, address, 1, values), MODBUS_OK);
    return values[0];
}

/* The last address of a table that is there; all before it from first on are. */
static void check_extent(struct page *page, uint8_t function, unsigned first, unsigned last)
{
    uint16_t values[MODBUS_READ_WORDS_MAX];
    for (unsigned address = first; address <= last; address++)
        assert_int_equal(read_points(page, function, (uint16_t)address, 1, values), MODBUS_OK);
    assert_int_equal(read_points(page, function, (uint16_t)(last + 1), 1, values), MODBUS_ILLEGAL_ADDRESS);
}

static void laser_has_the_registers_of_its_page_and_no_others(void **state)
{
    assert_int_equal(input_at(*state, 0), 19546);
    check_extent(*state, 1, 0, 1);
    check_extent(*state, 2, 0, 3);
    check_extent(*state, 3, 100, 102);
    check_extent(*state, 3, 120, 122);
    check_extent(*state, 3, 150, 153);
    check_extent(*state, 4, 10, 45);
}

static void laser_set_points_keep_their_ranges(void **state)
{
    static const struct set_point points[] = {{100, 0, 5000}, {101, 100, 1000}, {102, 10, 50000},
                                              {120, 0, 500},  {121, 100, 200},  {122, 1, 20000}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        check_range(*state, &points[i]);
}

static void laser_says_delayed_then_shows_its_power(void **state)
{
    struct page *page = *state;
    assert_int_equal(write_word(page, 100, 5000), MODBUS_OK);
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 1);
    assert_true(discrete_at(page, 3));
    assert_int_equal(input_at(page, 21), 0);
    assert_int_equal(write_word(page, 150, 1), MODBUS_OK);
    for (unsigned ms = 500; ms <= 2000; ms += 500) {
        model_advance(page->model, T0 + ms * NS_PER_MS);
        assert_int_equal(write_word(page, 150, 1), MODBUS_OK);
    }
    assert_false(discrete_at(page, 3));
    assert_int_equal(input_at(page, 10), 1);
    assert_int_equal(input_at(page, 20), 500000 >> 16);
    assert_int_equal(input_at(page, 21), 500000 & 0xffff);
    assert_int_equal(input_at(page, 22), 808);
    assert_int_equal(input_at(page, 23), 100);
    assert_int_equal(input_at(page, 24), 0x000A);
    assert_int_equal(input_at(page, 25), 0x000B);
    assert_int_equal(input_at(page, 42), 904);
    assert_int_equal(input_at(page, 45), 0x000D);
}

static void interlock_shows_in_status_discretes_and_coils(void **state)
{
    struct page *page = *state;
    struct fault_args none = {0};
    uint16_t coils[MODBUS_READ_WORDS_MAX];
    assert_true(discrete_at(page, 1) && discrete_at(page, 2));
    assert_int_equal(write_coils(page, 1, 1, 1), MODBUS_OK);
    inject(page, FAULT_key_off);
    assert_false(discrete_at(page, 1));
    assert_true(discrete_at(page, 2));
    assert_int_equal(input_at(page, 10), 32);
    read_points(page, 1, 0, 2, coils);
    assert_int_equal(coils[0] | coils[1], 0);
    assert_int_equal(write_coils(page, 1, 1, 1), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_coils(page, 0, 2, 0), MODBUS_OK);
    assert_int_equal(write_word(page, 153, 1), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 32);
    model_clear(page->model, FAULT_key_off, &none);
    assert_int_equal(write_coils(page, 1, 1, 1), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_word(page, 153, 1), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 0);
    assert_int_equal(write_coils(page, 1, 1, 1), MODBUS_OK);
}

static void second_probe_is_refused_while_the_first_runs(void **state)
{
    struct page *page = *state;
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
    assert_int_equal(write_coils(page, 1, 1, 1), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_coils(page, 0, 2, 3), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_coils(page, 0, 2, 2), MODBUS_OK); /* one goes, the other comes */
    assert_int_equal(input_at(page, 10), 2);
}

static void swapped_probe_shows_in_its_own_socket(void **state)
{
    struct page *page = *state;
    struct fault_args args = {.present = 1u << ARG_head_serial | 1u << ARG_channel};
    args.value[ARG_head_serial] = 70000;
    args.value[ARG_channel] = 2;
    assert_int_equal(page_inject(page, FAULT_identity, &args), 0);
    assert_int_equal(input_at(page, 24), 0x000A);
    assert_int_equal(input_at(page, 44), 1);
    assert_int_equal(input_at(page, 45), 4464);
    page_clear(page, FAULT_identity);
    assert_int_equal(input_at(page, 44), 0x000C);
    args.value[ARG_channel] = 3;
    assert_true(page_inject(page, FAULT_identity, &args) < 0);
}

static void cold_has_the_registers_of_its_page_and_no_others(void **state)
{
    uint16_t values[MODBUS_READ_WORDS_MAX];
    assert_int_equal(input_at(*state, 0), 17234);
    assert_int_equal(read_points(*state, 1, 0, 1, values), MODBUS_ILLEGAL_ADDRESS);
    assert_int_equal(write_coils(*state, 0, 1, 0), MODBUS_ILLEGAL_ADDRESS);
    check_extent(*state, 2, 0, 0);
    check_extent(*state, 3, 100, 100);
    check_extent(*state, 3, 150, 153);
    check_extent(*state, 4, 10, 23);
}

static void cold_set_point_begins_at_rest_and_keeps_its_range(void **state)
{
    struct page *page = *state;
    assert_int_equal(holding_at(page, 100), 250);
    assert_int_equal(write_word(page, 100, 49), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 100, 301), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 100, (uint16_t)-50), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 100, 300), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 0);
    assert_int_equal(write_word(page, 100, 250), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 0);
    assert_int_equal(write_word(page, 100, 249), MODBUS_OK);
    assert_int_equal(input_at(page, 10), 1);
    assert_int_equal(write_word(page, 100, 50), MODBUS_OK);
}

static void cold_watchdog_writes_rest_and_refuses_cold_until_cleared(void **state)
{
    struct page *page = *state;
    const uint16_t cold_and_clear[] = {100};
    assert_int_equal(write_word(page, 100, 100), MODBUS_OK);
    model_advance(page->model, T0 + NS_PER_S);
    assert_int_equal(holding_at(page, 100), 250);
    assert_int_equal(input_at(page, 10), 8);
    assert_int_equal(write_words(page, 100, 1, cold_and_clear), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_word(page, 100, 49), MODBUS_ILLEGAL_VALUE); /* the value is looked at first */
    assert_int_equal(write_word(page, 100, 250), MODBUS_OK);
    assert_int_equal(write_word(page, 100, 260), MODBUS_OK);
    assert_int_equal(write_word(page, 153, 1), MODBUS_OK);
    assert_int_equal(write_word(page, 100, 100), MODBUS_OK);
    inject(page, FAULT_patient_stop);
    assert_int_equal(holding_at(page, 100), 250);
    assert_int_equal(input_at(page, 10), 16);
    assert_int_equal(write_word(page, 100, 100), MODBUS_DEVICE_FAILURE);
}

static void cold_temperatures_are_signed_hundredths(void **state)
{
    struct page *page = *state;
    struct fault_args below = {.present = 1u << ARG_millic};
    assert_int_equal(input_at(page, 20), 2500);
    assert_int_equal(input_at(page, 21), 3300);
    assert_int_equal(input_at(page, 22), 1);
    assert_int_equal(input_at(page, 23), 0);
    below.value[ARG_millic] = -1230;
    assert_int_equal(model_inject(page->model, FAULT_skin_temperature, &below), 0);
    assert_int_equal((int16_t)input_at(page, 21), -123);
    inject(page, FAULT_skin_none);
    assert_int_equal(input_at(page, 21), 32767);
    assert_int_equal(input_at(page, 22), 3);
}

static void galvanic_has_the_registers_of_its_page_and_no_others(void **state)
{
    assert_int_equal(input_at(*state, 0), 18241);
    check_extent(*state, 1, 0, 1);
    check_extent(*state, 2, 0, 0);
    check_extent(*state, 3, 100, 105);
    check_extent(*state, 3, 120, 123);
    check_extent(*state, 3, 150, 153);
    check_extent(*state, 4, 10, 43);
}

static void galvanic_set_points_keep_their_ranges(void **state)
{
    static const struct set_point points[] = {{100, 0, 500},  {101, 1, 2}, {102, 0, 3},   {103, 1, 10000},
                                              {120, 0, 5000}, {121, 1, 2}, {122, 5, 100}, {123, 10, 2000}};
    for (size_t i = 0; i < sizeof points / sizeof *points; i++)
        check_range(*state, &points[i]);
}

static void galvanic_phase_width_is_one_value_in_two_registers(void **state)
{
    struct page *page = *state;
    const uint16_t second[] = {1000000 >> 16, 1000000 & 0xffff};
    const uint16_t more[] = {1000001 >> 16, 1000001 & 0xffff};
    const uint16_t huge[] = {0xffff, 0xffff};
    assert_int_equal(holding_at(page, 104), 0);
    assert_int_equal(holding_at(page, 105), 100);
    assert_int_equal(write_words(page, 104, 2, more), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_words(page, 104, 2, huge), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_words(page, 104, 2, second), MODBUS_OK);
    assert_int_equal(holding_at(page, 104), second[0]);
    assert_int_equal(holding_at(page, 105), second[1]);
    assert_int_equal(write_word(page, 105, more[1]), MODBUS_ILLEGAL_VALUE); /* the high half is still there */
    assert_int_equal(write_word(page, 104, 0), MODBUS_OK);
    assert_int_equal(write_word(page, 105, 99), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(write_word(page, 105, 100), MODBUS_OK);
}

static void galvanic_measures_in_wire_units(void **state)
{
    struct page *page = *state;
    assert_int_equal(write_word(page, 100, 200), MODBUS_OK); /* 2 mA */
    assert_int_equal(write_coils(page, 0, 1, 1), MODBUS_OK);
    assert_int_equal(input_at(page, 20), 2000);
    assert_int_equal(input_at(page, 21), 1000);
    assert_int_equal(input_at(page, 22), 1);
    assert_int_equal(input_at(page, 23), 200); /* 2 V */
    assert_int_equal(write_word(page, 120, 1500), MODBUS_OK);
    assert_int_equal(write_coils(page, 1, 1, 1), MODBUS_DEVICE_FAILURE);
    assert_int_equal(write_coils(page, 0, 2, 2), MODBUS_OK);
    assert_int_equal(input_at(page, 20), 0);
    assert_int_equal(input_at(page, 40), 1500);
    assert_int_equal(input_at(page, 43), 1500); /* 150 V over 1 kohm */
    inject(page, FAULT_open);
    assert_int_equal(input_at(page, 40), 1500);
    assert_int_equal(input_at(page, 41), 65535);
    assert_int_equal(input_at(page, 42), 3);
}

#define LASER(name) cmocka_unit_test_setup_teardown(name, laser_setup, teardown)
#define COLD(name) cmocka_unit_test_setup_teardown(name, cold_setup, teardown)
#define GALV(name) cmocka_unit_test_setup_teardown(name, galv_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LASER(laser_has_the_registers_of_its_page_and_no_others),
        LASER(laser_set_points_keep_their_ranges),
        LASER(laser_says_delayed_then_shows_its_power),
        LASER(interlock_shows_in_status_discretes_and_coils),
        LASER(second_probe_is_refused_while_the_first_runs),
        LASER(swapped_probe_shows_in_its_own_socket),
        COLD(cold_has_the_registers_of_its_page_and_no_others),
        COLD(cold_set_point_begins_at_rest_and_keeps_its_range),
        COLD(cold_watchdog_writes_rest_and_refuses_cold_until_cleared),
        COLD(cold_temperatures_are_signed_hundredths),
        GALV(galvanic_has_the_registers_of_its_page_and_no_others),
        GALV(galvanic_set_points_keep_their_ranges),
        GALV(galvanic_phase_width_is_one_value_in_two_registers),
        GALV(galvanic_measures_in_wire_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
