/* SPDX-License-Identifier: Apache-2.0 */
/* A sane [device] section, and then one thing wrong with it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <stdio.h>
#include <string.h>

#include "common/device_section.h"

enum { KEY_LINK, KEY_COLOUR, KEY_LOUD, KEYS };

static const struct modality_config_key keys[KEYS] = {{"device", "link", "where it is", true},
                                                      {"device", "colour", "any", false},
                                                      {"device", "loud", "yes or no", false}};

#define REQUIRED (UINT32_C(1) << KEY_LINK)

static char reports[16][256];
static size_t n_reports;

__attribute__((format(printf, 3, 4))) static void take_report(void *ctx, const char *origin, const char *format, ...)
{
    (void)ctx;
    assert_true(n_reports < 16);
    int used = snprintf(reports[n_reports], sizeof reports[0], "%s ", origin);
    va_list args;
    va_start(args, format);
    vsnprintf(reports[n_reports] + used, sizeof reports[0] - (size_t)used, format, args);
    va_end(args);
    n_reports++;
}

static const struct modality_services services = {.size = sizeof services, .config_error = take_report};

static struct device_section read_lines(const struct modality_line *lines, size_t n)
{
    struct device_section s;
    n_reports = 0;
    const struct modality_config config = {.n_lines = n, .lines = lines};
    device_section_read(&s, &services, &config, keys, KEYS, REQUIRED);
    assert_int_equal(s.n_faults, n_reports);
    return s;
}

static void reported(const char *text)
{
    assert_true(n_reports > 0);
    assert_string_equal(reports[0], text);
    assert_int_equal(n_reports, 1);
}

static void lines_are_found_by_their_key(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device stim1", "loud", "yes", "d.ini:3"},
                                          {"device stim1", "link", "there", "d.ini:4"}};
    struct device_section s = read_lines(lines, 2);
    assert_int_equal(n_reports, 0);
    assert_string_equal(s.id, "stim1");
    assert_string_equal(s.origin, "d.ini:3");
    assert_ptr_equal(s.line[KEY_LINK], &lines[1]);
    assert_null(s.line[KEY_COLOUR]);
    assert_true(device_section_yes(&s, KEY_LOUD));
    assert_false(device_section_yes(&s, KEY_COLOUR));
}

static void a_word_that_is_neither_yes_nor_no_is_reported(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device stim1", "link", "there", "d.ini:3"},
                                          {"device stim1", "loud", "Yes", "d.ini:4"}};
    struct device_section s = read_lines(lines, 2);
    assert_false(device_section_yes(&s, KEY_LOUD));
    reported("d.ini:4 key loud: Yes is none of yes, no");
    assert_int_equal(s.n_faults, 1);
}

static void a_fault_of_an_absent_key_is_the_sections(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device stim1", "link", "there", "d.ini:3"}};
    struct device_section s = read_lines(lines, 1);
    device_section_fault(&s, KEY_COLOUR, "no %s", "colour");
    reported("d.ini:3 no colour");
}

static void wrong_lines_are_reported_where_they_stand(void **state)
{
    (void)state;
    static const struct {
        struct modality_line line;
        const char *report;
    } slips[] = {
        {{"device stim1", "size", "9", "d.ini:5"}, "d.ini:5 key size is unknown in [device stim1]"},
        {{"device stim1", "link", "here", "d.ini:5"},
         "d.ini:5 key link stands twice in [device stim1], first at d.ini:3"},
        {{"device stim1", "colour", " \t", "d.ini:5"}, "d.ini:5 key colour in [device stim1] has no value"},
        {{"device stim2", "link", "x", "d.ini:5"},
         "d.ini:5 device stim2 is on the same link as device stim1, which carries only one"},
        {{"device Stim", "link", "x", "d.ini:5"}, "d.ini:5 section [device Stim]: a name is 1 to 63 of a-z 0-9 _ -"},
        {{"map stim", "maker", "x", "d.ini:5"},
         "d.ini:5 section [map stim] is none of this plugin, which has only [device <id>]"},
    };
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        struct modality_line lines[] = {{"device stim1", "link", "there", "d.ini:3"}, slips[i].line};
        struct device_section s = read_lines(lines, 2);
        reported(slips[i].report);
        assert_string_equal(s.id, "stim1");
        assert_string_equal(s.line[KEY_LINK]->value, "there");
    }
}

static void what_is_missing_is_reported_once(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device stim1", "colour", "red", "d.ini:3"},
                                          {"device stim1", "link", "", "d.ini:4"}};
    read_lines(lines, 1);
    reported("d.ini:3 device stim1 has no key link");
    read_lines(lines, 2);
    reported("d.ini:4 key link in [device stim1] has no value");
    read_lines(NULL, 0);
    reported("? there is no [device <id>] section");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_found_by_their_key),
        cmocka_unit_test(a_word_that_is_neither_yes_nor_no_is_reported),
        cmocka_unit_test(a_fault_of_an_absent_key_is_the_sections),
        cmocka_unit_test(wrong_lines_are_reported_where_they_stand),
        cmocka_unit_test(what_is_missing_is_reported_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
