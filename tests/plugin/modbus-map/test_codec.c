/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers from text, and registers to base units and back. Words of the thermal devices are those of their manuals'
 * frames (reference frames of the gas cooler TC-MIDI and of the PRESTO circulators).
 */
#include <errno.h>
#include <string.h>

#include "codec.h"
#include "number.h"
#include "support.h"

static struct codec codec(enum codec_type type, const char *scale, const char *offset, int64_t unit)
{
    struct codec c = {.type = type};
    struct number_fraction s, o;
    assert_int_equal(number_fraction(scale, &s), 0);
    assert_int_equal(number_fraction(offset, &o), 0);
    assert_int_equal(codec_scale(&c, s, o, unit), 0);
    return c;
}

static int64_t decoded(const struct codec *c, uint16_t first, uint16_t second)
{
    const uint16_t words[2] = {first, second};
    int64_t value = INT64_MIN;
    assert_int_equal(codec_decode(c, words, &value), 0);
    return value;
}

static void whole_numbers_are_read_whole(void **state)
{
    (void)state;
    int64_t v = 7;
    assert_int_equal(number_whole("-40000", &v), 0);
    assert_int_equal(v, -40000);
    static const char *const bad[] = {"", "-", "1 ", " 1", "+1", "0x10", "1.0", "1e3", "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(number_whole(bad[i], &v), -EINVAL);
    assert_int_equal(number_whole("99999999999999999999", &v), -ERANGE);
    assert_int_equal(v, -40000);
}

static void fractions_are_exact(void **state)
{
    (void)state;
    struct number_fraction f;
    assert_int_equal(number_fraction("0.1", &f), 0);
    assert_true(f.num == 1 && f.den == 10);
    assert_int_equal(number_fraction("-160/9", &f), 0);
    assert_true(f.num == -160 && f.den == 9);
    assert_int_equal(number_fraction("2.50", &f), 0);
    assert_true(f.num == 5 && f.den == 2);
    static const char *const bad[] = {"", ".5", "1.", "1/0", "1/", "1,5", "1/2/3", "0.1 ", "1e-3", "1/-2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(number_fraction(bad[i], &f), -EINVAL);
    assert_int_equal(number_fraction("10000000000000", &f), -ERANGE);
}

static void word_orders_differ(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_U32, "1", "0", 1);
    assert_int_equal(decoded(&c, 0x00c0, 0xffee), 12648430);
    c.low_first = true;
    assert_int_equal(decoded(&c, 0xffee, 0x00c0), 12648430);
    uint16_t words[2];
    assert_int_equal(codec_encode(&c, 12648430, words), 0);
    assert_true(words[0] == 0xffee && words[1] == 0x00c0);
}

static void signs_are_kept(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_I16, "1", "0", 1);
    assert_int_equal(decoded(&c, 0xff32, 0), -206);
    c = codec(CODEC_I32, "1", "0", 1);
    assert_int_equal(decoded(&c, 0xffff, 0xf532), -2766);
    uint16_t words[2];
    assert_int_equal(codec_encode(&c, -2766, words), 0);
    assert_true(words[0] == 0xffff && words[1] == 0xf532);
}

static void floats_of_the_manuals_are_read_and_written(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_F32, "1", "0", 1000); /* degC to mdegC */
    c.step = 100;
    assert_int_equal(decoded(&c, 0x40a0, 0x0000), 5000);
    uint16_t words[2];
    assert_int_equal(codec_encode(&c, 4000, words), 0);
    assert_true(words[0] == 0x4080 && words[1] == 0);
    assert_int_equal(codec_encode(&c, 15000, words), 0);
    assert_true(words[0] == 0x4170 && words[1] == 0);
    struct codec test = codec(CODEC_F32, "10", "0", 1);
    assert_int_equal(decoded(&test, 0xc128, 0x0000), -105);
}

static void fahrenheit_is_exact_in_celsius(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_F32, "5/9", "-160/9", 1000);
    c.step = 100;
    assert_int_equal(decoded(&c, 0x4248, 0x0000), 10000); /* 50 degF */
    uint16_t words[2];
    assert_int_equal(codec_encode(&c, 10000, words), 0);
    assert_true(words[0] == 0x4248 && words[1] == 0);
    struct codec whole = codec(CODEC_I16, "5/9", "-160/9", 1000);
    assert_int_equal(decoded(&whole, 32, 0), 0);
    assert_int_equal(decoded(&whole, 212, 0), 100000);
    assert_false(codec_is_exact(&whole));
}

static void numbers_that_are_none_are_malformed(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_F32, "1", "0", 1000);
    static const uint16_t bad[][2] = {{0x7fc0, 0}, {0x7f80, 0}, {0xff80, 0}, {0x7f7f, 0xffff}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t v = 77;
        assert_int_equal(codec_decode(&c, bad[i], &v), -EPROTO);
        assert_int_equal(v, 77);
    }
}

static void readings_round_away_from_rest(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_I16, "1/3", "0", 1);
    c.round = codec_round_of(modality_quantity_info(QUANTITY_amplitude_ua));
    assert_int_equal(decoded(&c, 1, 0), 1);
    assert_int_equal(decoded(&c, (uint16_t)-1, 0), -1);
    c.round = codec_round_of(modality_quantity_info(QUANTITY_applicator_temperature_millic));
    assert_int_equal(decoded(&c, 1, 0), 1);
    assert_int_equal(decoded(&c, (uint16_t)-1, 0), 0);
    c.round = codec_round_of(modality_quantity_info(QUANTITY_skin_temperature_millic));
    assert_int_equal(decoded(&c, 1, 0), 0);
    assert_int_equal(decoded(&c, (uint16_t)-1, 0), -1);
    c.round = codec_round_of(modality_quantity_info(QUANTITY_impedance_ohm));
    assert_int_equal(decoded(&c, 1, 0), 0);
    assert_int_equal(decoded(&c, 2, 0), 1);
}

static void value_between_steps_is_refused(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_U16, "0.1", "0", 1000); /* 0.1 mA steps in uA */
    uint16_t words[2] = {9, 9};
    assert_true(codec_is_exact(&c));
    assert_int_equal(c.step, 100);
    assert_int_equal(codec_encode(&c, 12300, words), 0);
    assert_int_equal(words[0], 123);
    assert_int_equal(codec_encode(&c, 12301, words), -EINVAL);
    assert_int_equal(codec_encode(&c, 12399, words), -EINVAL);
    assert_int_equal(codec_encode(&c, -100, words), -EINVAL);
    assert_int_equal(codec_encode(&c, 6553500, words), 0);
    assert_int_equal(codec_encode(&c, 6553600, words), -EINVAL);
    assert_int_equal(words[0], 65535);
}

static void offset_applies_both_ways(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_U16, "0.5", "-20", 1000); /* raw 0 is -20 degC */
    uint16_t words[2];
    assert_int_equal(decoded(&c, 0, 0), -20000);
    assert_int_equal(decoded(&c, 41, 0), 500);
    assert_int_equal(codec_encode(&c, 500, words), 0);
    assert_int_equal(words[0], 41);
    assert_int_equal(codec_encode(&c, -20500, words), -EINVAL);
}

static void every_written_value_reads_back_as_itself(void **state)
{
    (void)state;
    static const struct {
        enum codec_type type;
        const char *scale, *offset;
        int64_t unit, low, high, step;
    } rows[] = {{CODEC_U16, "0.1", "0", 1000, 0, 100000, 100},   {CODEC_I16, "0.1", "0", 1000, -40000, 60000, 100},
                {CODEC_U32, "1", "0", 1, 0, 3600000, 997},       {CODEC_U16, "-0.5", "100", 1000, 80000, 100000, 500},
                {CODEC_F32, "1", "0", 1000, -10000, 30000, 100}, {CODEC_F32, "1", "0", 1000000, 0, 3000000, 1000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct codec c = codec(rows[i].type, rows[i].scale, rows[i].offset, rows[i].unit);
        if (c.type == CODEC_F32)
            c.step = rows[i].step;
        for (int64_t v = rows[i].low; v <= rows[i].high; v += rows[i].step) {
            uint16_t words[2];
            assert_int_equal(codec_encode(&c, v, words), 0);
            assert_true(codec_same(&c, v, words));
            assert_false(codec_same(&c, v + c.step, words));
        }
    }
}

static void device_may_hold_a_float_in_its_own_resolution(void **state)
{
    (void)state;
    struct codec c = codec(CODEC_F32, "1", "0", 1000);
    c.step = 100;
    const uint16_t near[2] = {0x40a3, 0x3333}; /* 5.0999999 */
    assert_true(codec_same(&c, 5100, near));
    assert_false(codec_same(&c, 5000, near));
    assert_false(codec_same(&c, 5200, near));
}

static void overflow_is_an_error(void **state)
{
    (void)state;
    struct codec c = {.type = CODEC_U16};
    struct number_fraction big = {1000000000000, 1}, odd = {1, 999999999999}, none = {0, 1};
    assert_int_equal(codec_scale(&c, big, odd, 1000000), -ERANGE);
    assert_int_equal(codec_scale(&c, none, none, 1), -ERANGE);
    c = codec(CODEC_U16, "1000000000000", "0", 1000000);
    const uint16_t words[2] = {65535, 0};
    int64_t v = 5;
    assert_int_equal(codec_decode(&c, words, &v), -EPROTO);
    assert_int_equal(v, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_read_whole),
        cmocka_unit_test(fractions_are_exact),
        cmocka_unit_test(word_orders_differ),
        cmocka_unit_test(signs_are_kept),
        cmocka_unit_test(floats_of_the_manuals_are_read_and_written),
        cmocka_unit_test(fahrenheit_is_exact_in_celsius),
        cmocka_unit_test(numbers_that_are_none_are_malformed),
        cmocka_unit_test(readings_round_away_from_rest),
        cmocka_unit_test(value_between_steps_is_refused),
        cmocka_unit_test(offset_applies_both_ways),
        cmocka_unit_test(every_written_value_reads_back_as_itself),
        cmocka_unit_test(device_may_hold_a_float_in_its_own_resolution),
        cmocka_unit_test(overflow_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
