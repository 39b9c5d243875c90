/* SPDX-License-Identifier: Apache-2.0 */
/* The check values of the three CRCs, and what they make of nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include "common/crc.h"

static const uint8_t digits[] = {'1', '2', '3', '4', '5', '6', '7', '8', '9'};

static void check_value_of_xmodem(void **state)
{
    (void)state;
    assert_int_equal(crc16_xmodem(digits, sizeof digits), 0x31c3);
    assert_int_equal(crc16_xmodem(digits, 0), 0x0000);
}

static void check_value_of_ccitt_false(void **state)
{
    (void)state;
    assert_int_equal(crc16_ccitt_false(digits, sizeof digits), 0x29b1);
    assert_int_equal(crc16_ccitt_false(digits, 0), 0xffff);
}

static void check_value_of_smbus(void **state)
{
    (void)state;
    assert_int_equal(crc8_smbus(digits, sizeof digits), 0xf4);
    assert_int_equal(crc8_smbus(digits, 0), 0x00);
}

/* What makes them of use: no single changed bit goes unseen. */
static void every_changed_bit_is_seen(void **state)
{
    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof digits; bit++) {
        uint8_t changed[sizeof digits];
        for (size_t i = 0; i < sizeof digits; i++)
            changed[i] = (uint8_t)(digits[i] ^ (i == bit / 8 ? 1u << bit % 8 : 0));
        assert_int_not_equal(crc16_xmodem(changed, sizeof changed), 0x31c3);
        assert_int_not_equal(crc16_ccitt_false(changed, sizeof changed), 0x29b1);
        assert_int_not_equal(crc8_smbus(changed, sizeof changed), 0xf4);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_value_of_xmodem),
        cmocka_unit_test(check_value_of_ccitt_false),
        cmocka_unit_test(check_value_of_smbus),
        cmocka_unit_test(every_changed_bit_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
