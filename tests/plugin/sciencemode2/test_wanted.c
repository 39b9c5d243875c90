/* SPDX-License-Identifier: Apache-2.0 */
/* From set points to a list: ranges at their bounds, rates, and what the device can serve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <errno.h>
#include <string.h>

#include "wanted.h"

static int put(struct wanted *w, size_t channel, enum modality_quantity q, int64_t value)
{
    const char *why = NULL;
    struct wanted before = *w;
    int r = wanted_put(w, channel, q, value, &why);
    assert_true(r == 0 ? why == NULL : why != NULL && memcmp(&before, w, sizeof before) == 0);
    return r;
}

static void values_have_bounds(void **state)
{
    (void)state;
    static const struct {
        enum modality_quantity quantity;
        int64_t value;
        int result;
    } cases[] = {
        {QUANTITY_amplitude_ua, -1000, -EINVAL},
        {QUANTITY_amplitude_ua, 0, 0},
        {QUANTITY_amplitude_ua, 1000, 0},
        {QUANTITY_amplitude_ua, 999, -EINVAL},
        {QUANTITY_amplitude_ua, 1001, -EINVAL},
        {QUANTITY_amplitude_ua, 126000, 0},
        {QUANTITY_amplitude_ua, 127000, -EINVAL},
        {QUANTITY_amplitude_ua, 130000, -EINVAL},
        {QUANTITY_amplitude_ua, INT64_MAX, -EINVAL},
        {QUANTITY_phase_width_us, 19, -EINVAL},
        {QUANTITY_phase_width_us, 20, 0},
        {QUANTITY_phase_width_us, 500, 0},
        {QUANTITY_phase_width_us, 501, -EINVAL},
        {QUANTITY_phase_width_us, INT64_MIN, -EINVAL},
        {QUANTITY_pulse_rate_millihz, 975, -EINVAL},
        {QUANTITY_pulse_rate_millihz, 976, 0},
        {QUANTITY_pulse_rate_millihz, 125000, 0},
        {QUANTITY_pulse_rate_millihz, 125001, -EINVAL},
        {QUANTITY_interphase_us, 100, -EINVAL},
        {QUANTITY_waveform_class, 0, -EINVAL},
        {QUANTITY_pulse_rate_millihz, 0, -EINVAL},
        {QUANTITY_pulse_rate_millihz, -50000, -EINVAL},
        {QUANTITY_phase2_width_us, 200, -EINVAL},
        {QUANTITY_duration_ms, 1000, -EINVAL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wanted w = {0};
        assert_int_equal(put(&w, 7, cases[i].quantity, cases[i].value), cases[i].result);
        assert_int_equal(put(&w, 8, cases[i].quantity, cases[i].value), -EINVAL);
    }
}

/* An interval is asked for by its rate, the next whole mHz above; below 1.4 Hz some have the same. Nothing in between.
 */
static void rates_are_those_of_intervals(void **state)
{
    (void)state;
    int32_t interval = 0;
    static const struct {
        int64_t millihz;
        int32_t half_ms;
    } known[] = {{125000, 16}, {100000, 20}, {80000, 25}, {62500, 32},  {50000, 40},  {40000, 50},  {35088, 57},
                 {30304, 66},  {29851, 67},  {25000, 80}, {20000, 100}, {10000, 200}, {1000, 2000}, {976, 2050}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        assert_int_equal(wanted_interval(known[i].millihz, &interval), 0);
        assert_int_equal(interval, known[i].half_ms);
    }
    static const int64_t others[] = {30000, 35000, 35087, 35089, 29850, 49999, 50001, 124999};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(wanted_interval(others[i], &interval), -EINVAL);
    for (int32_t half_ms = 16; half_ms <= 2050; half_ms++) {
        int64_t millihz = (2000000 + half_ms - 1) / half_ms;
        assert_int_equal(wanted_interval(millihz, &interval), 0);
        assert_true(interval <= half_ms && half_ms - interval <= 2);
        assert_true((int64_t)interval * millihz >= 2000000); /* never more often than asked for */
        assert_true((int64_t)interval * (millihz - 1) < 2000000);
    }
}

static void channel(struct wanted *w, size_t c, int64_t rate_millihz)
{
    assert_int_equal(put(w, c, QUANTITY_phase_width_us, (int64_t)(100 + c)), 0);
    assert_int_equal(put(w, c, QUANTITY_pulse_rate_millihz, rate_millihz), 0);
}

static void a_list_has_the_channels_that_are_complete(void **state)
{
    (void)state;
    struct wanted w = {0};
    struct sm2_list list = {.active = 99};
    const char *why = NULL;
    assert_int_equal(wanted_list(&w, 0xff, &list, &why), -EINVAL);
    assert_non_null(why);
    assert_int_equal(list.active, 99);
    put(&w, 1, QUANTITY_phase_width_us, 200);
    put(&w, 2, QUANTITY_pulse_rate_millihz, 50000);
    put(&w, 3, QUANTITY_amplitude_ua, 0);
    assert_int_equal(wanted_list(&w, 0xff, &list, &why), -EINVAL);
    channel(&w, 0, 50000);
    channel(&w, 7, 50000);
    assert_int_equal(wanted_list(&w, 0xff, &list, &why), 0);
    assert_int_equal(list.active, 0x81);
    assert_int_equal(list.interval, 40);
    assert_int_equal(list.spacing, 16);
    assert_int_equal(list.low_frequency | (unsigned)list.skipped | list.fast, 0);
    assert_int_equal(wanted_list(&w, 0x7f, &list, &why), 0);
    assert_int_equal(list.active, 1);
    assert_int_equal(wanted_list(&w, 0x7e, &list, &why), -EINVAL);
    struct sm2_pulse pulses[SM2_CHANNELS];
    put(&w, 7, QUANTITY_amplitude_ua, 12000);
    wanted_pulses(&w, pulses);
    assert_int_equal(pulses[0].width_us, 100);
    assert_int_equal(pulses[0].current_ma, 0);
    assert_int_equal(pulses[7].width_us, 107);
    assert_int_equal(pulses[7].current_ma, 12);
}

static void channels_of_one_list_have_one_rate(void **state)
{
    (void)state;
    struct wanted w = {0};
    struct sm2_list list;
    const char *why = NULL;
    channel(&w, 0, 50000);
    channel(&w, 1, 40000);
    assert_int_equal(wanted_list(&w, 0xff, &list, &why), -EINVAL);
    channel(&w, 1, 50000);
    assert_int_equal(wanted_list(&w, 0xff, &list, &why), 0);
}

/* 320 pulses a second in all: the product's 40 Hz on eight channels. */
static void many_channels_have_a_lower_rate(void **state)
{
    (void)state;
    static const struct {
        size_t channels;
        int64_t fits, does_not;
    } cases[] = {{1, 125000, 0},    {2, 125000, 0},    {3, 105264, 111112}, {4, 80000, 83334},
                 {5, 62500, 64517}, {6, 52632, 54055}, {7, 45455, 46512},   {8, 40000, 40817}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wanted w = {0};
        struct sm2_list list;
        const char *why = NULL;
        for (size_t c = 0; c < cases[i].channels; c++)
            channel(&w, c, cases[i].fits);
        assert_int_equal(wanted_list(&w, 0xff, &list, &why), 0);
        for (size_t c = 0; cases[i].does_not && c < cases[i].channels; c++)
            channel(&w, c, cases[i].does_not);
        assert_int_equal(wanted_list(&w, 0xff, &list, &why), cases[i].does_not ? -EINVAL : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_bounds),
        cmocka_unit_test(rates_are_those_of_intervals),
        cmocka_unit_test(a_list_has_the_channels_that_are_complete),
        cmocka_unit_test(channels_of_one_list_have_one_rate),
        cmocka_unit_test(many_channels_have_a_lower_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
