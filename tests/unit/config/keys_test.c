/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys is its own test data: every default and range must be readable as the value it describes. */
#include "config_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/field.h"
#include "config/keys.h"

static void every_range_and_default_is_readable(void **state)
{
    size_t n;
    const struct key_info *keys = keys_all(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        const struct key_info *k = &keys[i];
        int64_t low = INT64_MIN, high = INT64_MAX, value;
        bool counted = k->type == KEY_COUNT || k->type == KEY_COUNTS;
        if (k->type != KEY_VALUE && !counted)
            continue;
        assert_int_equal(counted && k->low == NULL, 0);
        for (int end = 0; end < 3; end++) {
            const char *text = end == 0 ? k->low : end == 1 ? k->high : k->initial;
            int64_t *to = end == 0 ? &low : end == 1 ? &high : &value;
            if (text == NULL)
                continue;
            assert_int_equal(counted ? count_parse(text, INT64_MAX, to) : value_parse(k->quantity, text, to), 0);
            if (end == 2)
                assert_in_range((uint64_t)value, (uint64_t)low, (uint64_t)high);
        }
        assert_true(low < high);
    }
}

static void every_key_says_what_it_means_once(void **state)
{
    size_t n;
    const struct key_info *keys = keys_all(&n);
    (void)state;
    for (size_t i = 0; i < n; i++) {
        assert_true(strlen(keys[i].meaning) > 5);
        assert_false(keys[i].required && keys[i].initial != NULL);
        assert_int_equal(keys[i].type == KEY_WORD && keys[i].words == NULL, 0);
        for (size_t j = 0; j < i; j++)
            assert_false(keys[i].section == keys[j].section && strcmp(keys[i].key, keys[j].key) == 0);
    }
}

static void the_reference_names_every_section_and_key(void **state)
{
    char *text = NULL;
    size_t size, n;
    const struct key_info *keys = keys_all(&n);
    FILE *out = open_memstream(&text, &size);
    (void)state;
    assert_non_null(out);
    config_keys_print(out);
    fclose(out);
    for (unsigned s = 0; s < SECTION_COUNT; s++)
        assert_non_null(strstr(text, keys_section((enum key_section)s)->meaning));
    for (size_t i = 0; i < n; i++) {
        assert_non_null(strstr(text, keys[i].key));
        assert_non_null(strstr(text, keys[i].meaning));
    }
    free(text);
}

static void placeholders_take_what_they_name(void **state)
{
    (void)state;
    assert_string_equal(keys_find(SECTION_LIMIT, "when.site")->key, "when.site");
    assert_string_equal(keys_find(SECTION_LIMIT, "when.phase_width_us")->key, "when.<quantity>");
    assert_null(keys_find(SECTION_LIMIT, "when.phase_width"));
    assert_null(keys_find(SECTION_LIMIT, "when.<quantity>"));
    assert_string_equal(keys_find(SECTION_PROTOCOL, "amplitude_ua")->key, "<quantity>");
    assert_null(keys_find(SECTION_PROTOCOL, "amplitude"));
    assert_string_equal(keys_of_title("limit es_step_max", "max")->key, "max");
    assert_string_equal(keys_of_title("daemon", "lease")->key, "lease");
    assert_null(keys_of_title("nothing", "lease"));
}

static void dates_are_days_that_exist(void **state)
{
    static const struct {
        const char *text;
        int64_t day; /* -1: no date */
    } cases[] = {{"1970-01-01", 0},
                 {"1970-03-01", 59},
                 {"2000-02-29", 11016},
                 {"2026-11-22", 20779},
                 {"2100-02-28", 47540},
                 {"2100-02-29", -1},
                 {"2026-00-10", -1},
                 {"2026-04-31", -1},
                 {"1969-12-31", -1},
                 {"2026-1-01", -1},
                 {"2026-01-1 ", -1},
                 {"+026-01-01", -1},
                 {"", -1},
                 {"2026-01-012", -1}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t day = -1;
        assert_int_equal(date_parse(cases[i].text, &day) == 0, cases[i].day >= 0);
        assert_int_equal(day, cases[i].day);
    }
}

static void counts_are_digits_only(void **state)
{
    int64_t value = 7;
    (void)state;
    assert_int_equal(count_parse("0042", 100, &value), 0);
    assert_int_equal(value, 42);
    assert_true(count_parse("", 100, &value) < 0);
    assert_true(count_parse("+1", 100, &value) < 0);
    assert_true(count_parse("101", 100, &value) < 0);
    assert_true(count_parse("9223372036854775808", INT64_MAX, &value) < 0);
    assert_int_equal(count_parse("9223372036854775807", INT64_MAX, &value), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_range_and_default_is_readable),
        cmocka_unit_test(every_key_says_what_it_means_once),
        cmocka_unit_test(the_reference_names_every_section_and_key),
        cmocka_unit_test(placeholders_take_what_they_name),
        cmocka_unit_test(dates_are_days_that_exist),
        cmocka_unit_test(counts_are_digits_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
