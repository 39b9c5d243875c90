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
};

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
    {"{}", "params.must", "a value: it is missing (the needed one)"},
    {"{\"must\":1,\"any\":[null,{}]}", NULL, NULL},
    {"{\"must\":1,\"other\":1}", "params.other", "no such member"},
    {"{\"must\":9223372036854775807}", NULL, NULL},
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
        cmocka_unit_test(no_parameters_fit_no_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
