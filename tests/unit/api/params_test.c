/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checker: every kind of row at its bounds, and the words in which it names what is wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api/fields.h"

static const char *const colours[] = {"red", "green", NULL};
static const struct param inner[] = {FIELD("n", PARAM_INTEGER, "a number", .required = true)};
static const struct param item = FIELD("item", PARAM_OBJECT, "", PARAM_FIELDS(inner));
static const struct param number = FIELD("number", PARAM_INTEGER, "");
static const struct param table[] = {
    FIELD("text", PARAM_STRING, "text", PARAM_BOUNDS(2, 4)),
    FIELD("plain", PARAM_STRING, "text"),
    FIELD("colour", PARAM_STRING, "colour", .choices = colours),
    FIELD("count", PARAM_INTEGER, "count", PARAM_BOUNDS(-3, 5)),
    FIELD("flag", PARAM_BOOLEAN, "flag"),
    FIELD("list", PARAM_ARRAY, "list", PARAM_BOUNDS(1, 2), .item = &item),
    FIELD("map", PARAM_MAP, "map", PARAM_BOUNDS(0, 1), .item = &number),
    FIELD("must", PARAM_INTEGER, "the needed one", .required = true),
    FIELD("any", PARAM_ANY, "anything"),
    FIELD("ref", PARAM_STRING, "reference", PARAM_BOUNDS(1, 40)),
    FIELD("words", PARAM_STRING, "free text", PARAM_BOUNDS(1, 40), .plain = PLAIN_FREE),
    FIELD("id", PARAM_STRING, "id", PARAM_BOUNDS(1, 40), .plain = PLAIN_ID),
    FIELD("day", PARAM_STRING, "a day", PARAM_BOUNDS(10, 10), .plain = PLAIN_DATE),
    FIELD("patient", PARAM_STRING, "a patient", PARAM_BOUNDS(1, 12), .plain = PLAIN_PATIENT),
};

#define NOT_A_PATIENT(why) "letters A to Z of either case, digits, and any of ._/- between them: " why

static const struct row {
    const char *params, *field, *expected; /* NULL = fits */
} rows[] = {
    {"{\"must\":1}", NULL, NULL},
    {"{\"must\":1,\"text\":\"ab\"}", NULL, NULL},
    {"{\"must\":1,\"text\":\"abcd\"}", NULL, NULL},
    {"{\"must\":1,\"text\":\"a\"}", "params.text", "a string of 2 to 4 bytes"},
    {"{\"must\":1,\"text\":\"abcde\"}", "params.text", "a string of 2 to 4 bytes"},
    {"{\"must\":1,\"text\":\"\\u00e9\\u00e9\\u00e9\"}", "params.text", "a string of 2 to 4 bytes"},
    {"{\"must\":1,\"text\":null}", "params.text", "a string"},
    {"{\"must\":1,\"plain\":\"\"}", NULL, NULL},
    {"{\"must\":1,\"colour\":\"red\"}", NULL, NULL},
    {"{\"must\":1,\"colour\":\"blue\"}", "params.colour", "one of red, green"},
    {"{\"must\":1,\"colour\":\"re\"}", "params.colour", "one of red, green"},
    {"{\"must\":1,\"count\":-3}", NULL, NULL},
    {"{\"must\":1,\"count\":5}", NULL, NULL},
    {"{\"must\":1,\"count\":-4}", "params.count", "an integer from -3 to 5"},
    {"{\"must\":1,\"count\":6}", "params.count", "an integer from -3 to 5"},
    {"{\"must\":1,\"count\":1.0}", "params.count", "an integer from -3 to 5"},
    {"{\"must\":1,\"count\":1e0}", "params.count", "an integer from -3 to 5"},
    {"{\"must\":1,\"count\":\"1\"}", "params.count", "an integer from -3 to 5"},
    {"{\"must\":1,\"count\":true}", "params.count", "an integer from -3 to 5"},
    {"{\"must\":1,\"flag\":false}", NULL, NULL},
    {"{\"must\":1,\"flag\":0}", "params.flag", "true or false"},
    {"{\"must\":1,\"list\":[{\"n\":1},{\"n\":2}]}", NULL, NULL},
    {"{\"must\":1,\"list\":[]}", "params.list", "1 to 2 items"},
    {"{\"must\":1,\"list\":[{\"n\":1},{\"n\":1},{\"n\":1}]}", "params.list", "1 to 2 items"},
    {"{\"must\":1,\"list\":{\"n\":1}}", "params.list", "an array"},
    {"{\"must\":1,\"list\":[{\"n\":1},{\"n\":\"x\"}]}", "params.list[1].n", "an integer"},
    {"{\"must\":1,\"list\":[{}]}", "params.list[0].n", "a value: it is missing (a number)"},
    {"{\"must\":1,\"list\":[{\"n\":1,\"m\":2}]}", "params.list[0].m", "no such member"},
    {"{\"must\":1,\"list\":[7]}", "params.list[0]", "an object"},
    {"{\"must\":1,\"map\":{\"amplitude_ua\":1}}", NULL, NULL},
    {"{\"must\":1,\"map\":{}}", NULL, NULL},
    {"{\"must\":1,\"map\":{\"amplitude\":1}}", "params.map.amplitude", "a quantity id (quantity.list has them)"},
    {"{\"must\":1,\"map\":{\"amplitude_ua\":1.5}}", "params.map.amplitude_ua", "an integer"},
    {"{\"must\":1,\"map\":{\"amplitude_ua\":1,\"power_uw\":1}}", "params.map", "0 to 1 members"},
    {"{\"must\":1,\"map\":[]}", "params.map", "an object keyed by quantity"},
    {"{\"must\":1,\"patient\":\"P-7/a_2.B\"}", NULL, NULL},
    {"{\"must\":1,\"patient\":\"7\"}", NULL, NULL},
    {"{\"must\":1,\"patient\":\"\\u0420-7\"}", "params.patient", NOT_A_PATIENT("U+0420 is in it")}, /* Cyrillic Er */
    {"{\"must\":1,\"patient\":\"\\uff30-7\"}", "params.patient", NOT_A_PATIENT("U+FF30 is in it")}, /* full width P */
    {"{\"must\":1,\"patient\":\"P\\u20107\"}", "params.patient", NOT_A_PATIENT("U+2010 is in it")}, /* another hyphen */
    {"{\"must\":1,\"patient\":\"P 7\"}", "params.patient", NOT_A_PATIENT("U+0020 is in it")},
    {"{\"must\":1,\"patient\":\"-P7\"}", "params.patient", NOT_A_PATIENT("it begins or ends with another")},
    {"{\"must\":1,\"patient\":\"P7.\"}", "params.patient", NOT_A_PATIENT("it begins or ends with another")},
    {"{\"must\":1,\"patient\":\"P7\\n\"}", "params.patient", NOT_A_PATIENT("U+000A is in it")},
    {"{\"must\":1,\"patient\":\"\"}", "params.patient", "a string of 1 to 12 bytes"},
    {"{}", "params.must", "a value: it is missing (the needed one)"},
    {"{\"must\":1,\"any\":[null,{}]}", NULL, NULL},
    {"{\"must\":1,\"other\":1}", "params.other", "no such member"},
    {"{\"must\":9223372036854775807}", NULL, NULL},
    {"{\"must\":1,\"ref\":\"Ren\u00e9 O'Neil-\u674e 7\"}", NULL, NULL},
    {"{\"must\":1,\"words\":\"a\\nb \\n\"}", NULL, NULL},
    {"{\"must\":1,\"words\":\"a\\u200db\"}", NULL, NULL},
    {"{\"must\":1,\"id\":\"!~\"}", NULL, NULL},
    {"{\"must\":1,\"ref\":\"P-1 \"}", "params.ref", "a text without blanks at its ends"},
    {"{\"must\":1,\"ref\":\"\\u00a0P-1\"}", "params.ref", "a text without blanks at its ends"},
    {"{\"must\":1,\"ref\":\" \"}", "params.ref", "a text that is not blank"},
    {"{\"must\":1,\"words\":\" \\n\"}", "params.words", "a text that is not blank"},
    {"{\"must\":1,\"day\":\"2026-11-20\"}", NULL, NULL},
    {"{\"must\":1,\"day\":\"2028-02-29\"}", NULL, NULL},
    {"{\"must\":1,\"day\":\"2026-02-29\"}", "params.day", "a date that exists, YYYY-MM-DD, from 1970 on"},
    {"{\"must\":1,\"day\":\"2026-13-01\"}", "params.day", "a date that exists, YYYY-MM-DD, from 1970 on"},
    {"{\"must\":1,\"day\":\"1969-12-31\"}", "params.day", "a date that exists, YYYY-MM-DD, from 1970 on"},
    {"{\"must\":1,\"day\":\"20-11-2026\"}", "params.day", "a date that exists, YYYY-MM-DD, from 1970 on"},
    {"{\"must\":1,\"day\":\"2026-11-2\"}", "params.day", "a string of 10 to 10 bytes"},
    {"{\"must\":1,\"day\":20781}", "params.day", "a string"},
    {"{\"must\":1,\"id\":\"a b\"}", "params.id", "visible ASCII characters only: U+0020 is in it"},
    {"{\"must\":1,\"id\":\"\u00e9\"}", "params.id", "visible ASCII characters only: U+00E9 is in it"},
};

static void every_row_is_judged_as_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < PARAM_COUNT(rows); i++) {
        json_t *params = json_loads(rows[i].params, 0, NULL);
        struct param_fault fault = {0};
        int r = params_check(table, PARAM_COUNT(table), params, &fault);
        assert_int_equal(r == 0, rows[i].field == NULL);
        if (rows[i].field != NULL) {
            assert_string_equal(fault.field, rows[i].field);
            assert_string_equal(fault.expected, rows[i].expected);
        }
        json_decref(params);
    }
}

/* Everything that cannot be seen, at the ends of each range, and the characters beside it. */
static void invisible_characters_are_named(void **state)
{
    static const struct {
        unsigned c;
        bool reference, words;
    } known[] = {{0x01, 0, 0},   {0x09, 0, 0},   {0x0a, 0, 1},   {0x0d, 0, 0},   {0x1b, 0, 0},   {0x1f, 0, 0},
                 {0x21, 1, 1},   {0x7e, 1, 1},   {0x7f, 0, 0},   {0x9f, 0, 0},   {0xac, 1, 1},   {0xad, 0, 0},
                 {0xae, 1, 1},   {0x200b, 0, 0}, {0x200c, 0, 1}, {0x200d, 0, 1}, {0x200f, 0, 0}, {0x2010, 1, 1},
                 {0x2027, 1, 1}, {0x202a, 0, 0}, {0x202e, 0, 0}, {0x2060, 0, 0}, {0x2069, 0, 0}, {0x206a, 1, 1},
                 {0xfeff, 0, 0}, {0xfefe, 1, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        for (int words = 0; words < 2; words++) {
            char text[64], code[16];
            struct param_fault fault = {0};
            snprintf(text, sizeof(text), "{\"must\":1,\"%s\":\"a\\u%04xb\"}", words ? "words" : "ref", known[i].c);
            snprintf(code, sizeof(code), "U+%04X", known[i].c);
            json_t *params = json_loads(text, 0, NULL);
            bool fits = params_check(table, PARAM_COUNT(table), params, &fault) == 0;
            assert_int_equal(fits, words ? known[i].words : known[i].reference);
            if (!fits)
                assert_non_null(strstr(fault.expected, code));
            json_decref(params);
        }
    }
}

static void no_parameters_fit_no_table(void **state)
{
    (void)state;
    struct param_fault fault;
    json_t *params = json_object();
    assert_int_equal(params_check(NULL, 0, params, &fault), 0);
    json_object_set_new(params, "x", json_null());
    assert_true(params_check(NULL, 0, params, &fault) < 0);
    json_decref(params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_judged_as_written),
        cmocka_unit_test(invisible_characters_are_named),
        cmocka_unit_test(no_parameters_fit_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
