/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a scan whatever the process that looks does: all of it, or why not, once, and within a bound. */
#include "cmocka_includes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/loop.h"
#include "link/scan.h"

#define WAIT_NS (20 * NS_PER_S)

struct told {
    unsigned times;
    size_t n;
    struct scan_unit *units; /* owned */
    char why[SCAN_WHY_MAX];
};

static void done(void *userdata, const struct scan_unit *units, size_t n, const char *why)
{
    struct told *t = userdata;
    t->times++;
    t->n = n;
    t->units = calloc(n + 1, sizeof *units);
    for (size_t i = 0; i < n; i++)
        t->units[i] = units[i];
    snprintf(t->why, sizeof t->why, "%s", why ? why : "");
}

static struct told scan(const char *what)
{
    struct told t = {0};
    struct scan *s = NULL;
    sd_event *event = NULL;
    const int64_t until = clock_monotonic_ns() + WAIT_NS;
    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(scan_start(event, TEST_SCAN_LIAR, what, done, &t, &s), 0);
    while (t.times == 0 && clock_monotonic_ns() < until)
        sd_event_run(event, 10000);
    assert_int_equal(t.times, 1);
    while (sd_event_run(event, 0) > 0)
        ;
    assert_int_equal(t.times, 1);
    scan_free(s);
    sd_event_unref(event);
    return t;
}

static void assert_why(const char *what, const char *why)
{
    struct told t = scan(what);
    assert_int_equal(t.n, 0);
    assert_string_equal(t.why, why);
    free(t.units);
}

static void what_was_found_is_told(void **state)
{
    (void)state;
    struct told t = scan("two");
    assert_string_equal(t.why, "");
    assert_int_equal(t.n, 2);
    assert_string_equal(t.units[1].found.link, "usb:0483:5740,serial=1");
    assert_string_equal(t.units[1].lines, "plugin = p\n# may have serial: of 1\n");
    free(t.units);
}

static void nothing_is_an_answer_too(void **state)
{
    (void)state;
    assert_why("nothing", "");
}

static void as_much_as_may_be_told_is_told(void **state)
{
    (void)state;
    struct told t = scan("all");
    assert_int_equal(t.n, SCAN_UNITS_MAX);
    assert_string_equal(t.why, "");
    free(t.units);
}

static void a_refusal_is_told_with_its_reason(void **state)
{
    (void)state;
    assert_why("refuse", "plugin p cannot list what is attached: no bus");
}

static void what_is_not_the_form_is_not_taken(void **state)
{
    (void)state;
    assert_why("short", "modality-host --scan is of another version");
    assert_why("", "modality-host --scan is of another version");
}

static void texts_are_ended_and_printable(void **state)
{
    (void)state;
    struct told t = scan("dirty");
    assert_int_equal(t.n, 1);
    assert_int_equal(strlen(t.units[0].found.link), MODALITY_LINK_MAX - 1);
    assert_int_equal(strspn(t.units[0].found.link, "?"), MODALITY_LINK_MAX - 1);
    assert_int_equal(strspn(t.units[0].lines, "?"), SCAN_LINES_MAX - 1);
    free(t.units);
}

static void one_that_talks_or_runs_without_end_is_ended(void **state)
{
    (void)state;
    assert_why("endless", "it found more than can be told");
    assert_why("hang", "it did not end within 3 s");
    assert_why("crash", "the process that looked was ended by signal 15");
}

static void a_scan_that_nobody_waits_for_is_ended(void **state)
{
    (void)state;
    struct told t = {0};
    struct scan *s = NULL;
    sd_event *event = NULL;
    assert_true(sd_event_new(&event) >= 0);
    assert_int_equal(scan_start(event, TEST_SCAN_LIAR, "hang", done, &t, &s), 0);
    scan_free(s);
    sd_event_unref(event);
    assert_int_equal(t.times, 0);
}

static void a_program_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct scan *s = NULL;
    sd_event *event = NULL;
    assert_true(sd_event_new(&event) >= 0);
    assert_true(scan_start(event, "/nowhere/modality-host", "two", done, NULL, &s) < 0);
    assert_null(s);
    sd_event_unref(event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_found_is_told),
        cmocka_unit_test(nothing_is_an_answer_too),
        cmocka_unit_test(as_much_as_may_be_told_is_told),
        cmocka_unit_test(a_refusal_is_told_with_its_reason),
        cmocka_unit_test(what_is_not_the_form_is_not_taken),
        cmocka_unit_test(texts_are_ended_and_printable),
        cmocka_unit_test(one_that_talks_or_runs_without_end_is_ended),
        cmocka_unit_test(a_scan_that_nobody_waits_for_is_ended),
        cmocka_unit_test(a_program_that_is_not_there_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
