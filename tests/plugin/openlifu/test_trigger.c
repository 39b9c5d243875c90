/* SPDX-License-Identifier: Apache-2.0 */
/* The trigger's text in both directions, from a sane one with one thing broken; and the table of voltages. */
#include "trigger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "limit_table.h"

static const struct lifu_trigger sane = {.frequency_hz = 100,
                                         .pulse_count = 10,
                                         .pulse_width_us = 2000,
                                         .train_interval_us = 100000,
                                         .train_count = 20,
                                         .profile_index = 1};

#define NUMBERS                                                                                                        \
    "\"TriggerFrequencyHz\":100,\"TriggerPulseCount\":10,\"TriggerPulseWidthUsec\":2000,"                              \
    "\"TriggerPulseTrainInterval\":100000,\"TriggerPulseTrainCount\":20,\"TriggerMode\":0,"                            \
    "\"ProfileIndex\":1,\"ProfileIncrement\":0"
#define STOPPED ",\"TriggerStatus\":\"STOPPED\""

static int read_text(const char *text, struct lifu_trigger *out)
{
    return lifu_trigger_read(text, strlen(text), out);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    char text[LIFU_TRIGGER_TEXT_MAX];
    struct lifu_trigger t;
    assert_int_equal(lifu_trigger_write(&sane, text, sizeof text), 0);
    assert_string_equal(text, "{" NUMBERS "}");
    assert_int_equal(lifu_trigger_write(&sane, text, strlen(text)), -ENOSPC);
    assert_int_equal(read_text("{" NUMBERS STOPPED "}", &t), 0);
    assert_true(lifu_trigger_same(&t, &sane));
    assert_false(t.running);
    assert_int_equal(read_text("{" NUMBERS ",\"TriggerStatus\":\"RUNNING\"}", &t), 0);
    assert_true(t.running);
    assert_true(lifu_trigger_same(&t, &sane));
    t.train_count++;
    assert_false(lifu_trigger_same(&t, &sane));
}

static void a_trigger_that_is_not_sound_is_not_written(void **state)
{
    (void)state;
    char text[LIFU_TRIGGER_TEXT_MAX];
    struct lifu_trigger bad[] = {sane, sane, sane, sane, sane, sane, sane, sane, sane};
    size_t i = 0;
    bad[i++].frequency_hz = 0;
    bad[i++].pulse_count = 0;
    bad[i++].pulse_width_us = 0;
    bad[i++].train_interval_us = 0;
    bad[i++].train_count = 0;
    bad[i++].mode = LIFU_CONTINUOUS;
    bad[i++].mode = LIFU_SINGLE;
    bad[i++].pulse_width_us = 10000; /* the whole period */
    bad[i++].train_interval_us = 99999;
    assert_int_equal(i, sizeof bad / sizeof *bad);
    for (i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(lifu_trigger_write(&bad[i], text, sizeof text), -EINVAL);
    struct lifu_trigger longest = {1, 1, 999999, 600000000, 1000000, 0, 15, 1, false};
    assert_int_equal(lifu_trigger_write(&longest, text, sizeof text), 0);
}

static void other_spellings_of_an_answer_are_read(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"TriggerFrequencyHz\":100.0,\"TriggerPulseCount\" : 10.000, \"TriggerPulseWidthUsec\":2000,\n"
        "\"TriggerPulseTrainInterval\":100000,\"TriggerPulseTrainCount\":20,\"TriggerMode\":0,"
        "\"ProfileIndex\":1,\"ProfileIncrement\":0" STOPPED "}",
        "{\"TriggerStatus\":\"STOPPED\"," NUMBERS ",\"TrainCount\":20}",
        "{" NUMBERS STOPPED ",\"New\":\"text, {braces}\",\"Other\":-1.5e3,\"Third\":true}\r\n",
    };
    struct lifu_trigger t;
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(read_text(same[i], &t), 0);
        assert_true(lifu_trigger_same(&t, &sane));
    }
    static const char padded[] = "{" NUMBERS STOPPED "}\0\0";
    assert_int_equal(lifu_trigger_read(padded, sizeof padded, &t), 0);
}

#define WITH_FREQUENCY(value)                                                                                          \
    "{\"TriggerFrequencyHz\":" value ",\"TriggerPulseCount\":10,\"TriggerPulseWidthUsec\":2000,"                       \
    "\"TriggerPulseTrainInterval\":100000,\"TriggerPulseTrainCount\":20,\"TriggerMode\":0,"                            \
    "\"ProfileIndex\":1,\"ProfileIncrement\":0" STOPPED "}"

static void broken_answers_are_told(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "{}",
        "null",
        "{" NUMBERS "}",
        "{" NUMBERS STOPPED,
        "{" NUMBERS STOPPED "} x",
        "{" NUMBERS STOPPED ",}",
        "{" NUMBERS STOPPED "," STOPPED "}",
        "{" NUMBERS STOPPED STOPPED "}",
        "{" NUMBERS STOPPED ",\"TriggerMode\":0}",
        "{" NUMBERS ",\"TriggerStatus\":\"READY\"}",
        "{" NUMBERS ",\"TriggerStatus\":1}",
        "{" NUMBERS STOPPED ",\"New\":}",
        "{" NUMBERS STOPPED ",\"New\":{\"a\":1}}",
        "{" NUMBERS STOPPED ",\"New\\\"\":1}",
        WITH_FREQUENCY("0.5"),
        WITH_FREQUENCY("100."),
        WITH_FREQUENCY("-100"),
        WITH_FREQUENCY("1e2"),
        WITH_FREQUENCY("4294967296"),
        WITH_FREQUENCY("\"100\""),
        WITH_FREQUENCY(""),
    };
    struct lifu_trigger t = sane;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        print_message("%s\n", broken[i]);
        assert_int_equal(read_text(broken[i], &t), -EPROTO);
        assert_true(lifu_trigger_same(&t, &sane));
    }
    assert_int_equal(read_text(WITH_FREQUENCY("100"), &t), 0);
    assert_int_equal(read_text(WITH_FREQUENCY("4294967295"), &t), 0);
}

/* Cut anywhere, or with any byte changed to any other: read or refused, and never beyond its end. */
static void no_text_is_read_beyond_its_end(void **state)
{
    (void)state;
    static const char text[] = "{" NUMBERS STOPPED "}";
    struct lifu_trigger t;
    for (size_t n = 0; n + 1 < sizeof text; n++) {
        char *exact = test_malloc(n > 0 ? n : 1);
        memcpy(exact, text, n);
        assert_int_equal(lifu_trigger_read(exact, n, &t), n + 1 == sizeof text ? 0 : -EPROTO);
        for (size_t at = 0; at < n; at++) {
            exact[at] = (char)(text[at] ^ 0x15);
            (void)lifu_trigger_read(exact, n, &t);
            exact[at] = text[at];
        }
        test_free(exact);
    }
    static char longest[LIFU_TRIGGER_ANSWER_MAX + 2];
    memset(longest, ' ', sizeof longest);
    memcpy(longest, text, sizeof text - 1);
    assert_int_equal(lifu_trigger_read(longest, LIFU_TRIGGER_ANSWER_MAX, &t), 0);
    assert_int_equal(lifu_trigger_read(longest, LIFU_TRIGGER_ANSWER_MAX + 1, &t), -EPROTO);
}

/* ---- limits ---- */

static void each_cell_of_the_table_holds_to_its_edges(void **state)
{
    (void)state;
    static const int64_t duty[] = {50, 100, 200, 300, 400, 500}, ms[] = {120000, 300000, 600000};
    static const int64_t volts[6][3] = {{45, 45, 45}, {40, 40, 40}, {40, 40, 35},
                                        {40, 35, 30}, {35, 30, 25}, {30, 25, 20}};
    for (size_t d = 0; d < 6; d++)
        for (size_t t = 0; t < 3; t++) {
            int64_t mv = 0;
            assert_int_equal(lifu_limit_mv(duty[d], ms[t], &mv), 0);
            assert_int_equal(mv, volts[d][t] * 1000);
            assert_int_equal(lifu_limit_mv(duty[d] - 1, ms[t] - 1, &mv), 0);
            assert_int_equal(mv, volts[d][t] * 1000);
            assert_int_equal(lifu_limit_mv(duty[d] + 1, ms[t], &mv), d < 5 ? 0 : -ERANGE);
            if (d < 5)
                assert_int_equal(mv, volts[d + 1][t] * 1000);
            assert_int_equal(lifu_limit_mv(duty[d], ms[t] + 1, &mv), t < 2 ? 0 : -ERANGE);
            if (t < 2)
                assert_int_equal(mv, volts[d][t + 1] * 1000);
        }
}

static void outside_the_table_there_is_no_voltage(void **state)
{
    (void)state;
    static const int64_t outside[][2] = {{0, 1000},   {-1, 1000}, {501, 1000},    {50, 600001},  {50, 0},
                                         {50, -1000}, {1000, 1},  {INT64_MAX, 1}, {1, INT64_MAX}};
    int64_t mv = 7;
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        assert_int_equal(lifu_limit_mv(outside[i][0], outside[i][1], &mv), -ERANGE);
    assert_int_equal(mv, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_trigger_that_is_not_sound_is_not_written),
        cmocka_unit_test(other_spellings_of_an_answer_are_read),
        cmocka_unit_test(broken_answers_are_told),
        cmocka_unit_test(no_text_is_read_beyond_its_end),
        cmocka_unit_test(each_cell_of_the_table_holds_to_its_edges),
        cmocka_unit_test(outside_the_table_there_is_no_voltage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
