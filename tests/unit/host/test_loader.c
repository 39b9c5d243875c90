/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is loaded and what is not, and what --check says, through the daemon's own link_check_config.
 */
#include "cmocka_includes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/loader.h"
#include "link/link.h"

static char directory[] = "/tmp/modality-loader-test-XXXXXX";

/* A copy of a plugin that the loader would take, to break one thing of; each has its own name, as dlopen wants. */
static const char *copy_of(const char *plugin)
{
    static char path[128];
    char command[512];
    static unsigned number;
    snprintf(path, sizeof(path), "%s/plugin%u.so", directory, number++);
    snprintf(command, sizeof(command), "rm -f %s && cp %s %s && chmod 644 %s", path, plugin, path, path);
    assert_int_equal(system(command), 0);
    return path;
}

static int load(const char *path, char *reason, size_t size)
{
    const struct modality_plugin *plugin = NULL;
    int r = loader_load(path, &plugin, reason, size);
    assert_int_equal(r == 0, plugin != NULL);
    return r;
}

static void a_sane_plugin_is_loaded(void **state)
{
    (void)state;
    char reason[400] = "";
    assert_int_equal(load(copy_of(TEST_FAKE), reason, sizeof(reason)), 0);
}

static void a_file_that_others_may_write_is_not_loaded(void **state)
{
    (void)state;
    char reason[400] = "";
    const mode_t modes[] = {0664, 0646, 0666};
    for (size_t i = 0; i < 3; i++) {
        const char *path = copy_of(TEST_FAKE);
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(load(path, reason, sizeof(reason)), -EPERM);
        assert_non_null(strstr(reason, path));
    }
}

static void a_file_of_somebody_else_is_not_loaded(void **state)
{
    (void)state;
    char reason[400] = "";
    const char *path = copy_of(TEST_FAKE);
    if (geteuid() != 0 || chown(path, 12345, 0) < 0)
        skip();
    assert_int_equal(load(path, reason, sizeof(reason)), -EPERM);
    assert_non_null(strstr(reason, "12345"));
}

static void another_abi_is_refused_naming_both_numbers(void **state)
{
    (void)state;
    char reason[400] = "";
    const char *path = copy_of(TEST_BAD_ABI);
    assert_int_equal(load(path, reason, sizeof(reason)), -ENOEXEC);
    assert_non_null(strstr(reason, "abi 7"));
    assert_non_null(strstr(reason, "abi 3"));
    assert_non_null(strstr(reason, path));
}

static void another_size_is_refused_naming_both_numbers(void **state)
{
    (void)state;
    char reason[400] = "", number[32];
    assert_int_equal(load(copy_of(TEST_BAD_SIZE), reason, sizeof(reason)), -ENOEXEC);
    assert_non_null(strstr(reason, "are 8,"));
    snprintf(number, sizeof(number), "%zu", sizeof(struct modality_plugin));
    assert_non_null(strstr(reason, number));
}

static void a_missing_symbol_or_function_is_refused(void **state)
{
    (void)state;
    char reason[400] = "";
    assert_int_equal(load(copy_of(TEST_BAD_SYMBOL), reason, sizeof(reason)), -ENOEXEC);
    assert_non_null(strstr(reason, "modality_plugin"));
    assert_int_equal(load(copy_of(TEST_BAD_FUNCTION), reason, sizeof(reason)), -ENOEXEC);
}

static void what_is_no_plugin_is_refused(void **state)
{
    (void)state;
    char reason[400] = "";
    assert_int_equal(load("/etc/hostname", reason, sizeof(reason)), -ENOEXEC);
    assert_int_equal(load("/nowhere/plugin.so", reason, sizeof(reason)), -ENOENT);
    assert_int_equal(load("plugin.so", reason, sizeof(reason)), -EINVAL);
    assert_int_equal(load(directory, reason, sizeof(reason)), -EPERM);
}

static void a_description_that_cannot_be_scheduled_is_refused(void **state)
{
    (void)state;
    char reason[400] = "";
    struct modality_device sane = {.id = "d",
                                   .slice_ms = 50,
                                   .stop_ms = 100,
                                   .n_channels = 1,
                                   .n_groups = 1,
                                   .channels = {{.id = "c",
                                                 .level = QUANTITY_amplitude_ua,
                                                 .n_ranges = 1,
                                                 .ranges = {{.quantity = QUANTITY_amplitude_ua,
                                                             .max = 10,
                                                             .resolution = 1,
                                                             .settable = true,
                                                             .readable = true}}}},
                                   .groups = {{.id = "g", .channels = 1}}};
    struct modality_device d = sane;
    assert_int_equal(loader_check_units(&d, 1, reason, sizeof(reason)), 0);
    assert_int_equal(loader_check_units(&d, 0, reason, sizeof(reason)), -EINVAL);
    d.groups[0].channels = 2;
    assert_int_equal(loader_check_units(&d, 1, reason, sizeof(reason)), -EINVAL);
    d = sane;
    d.groups[0].excludes = 2;
    assert_int_equal(loader_check_units(&d, 1, reason, sizeof(reason)), -EINVAL);
    d = sane;
    d.slice_ms = 0;
    assert_int_equal(loader_check_units(&d, 1, reason, sizeof(reason)), -EINVAL);
    d = sane;
    d.channels[0].rest_value = 11;
    assert_int_equal(loader_check_units(&d, 1, reason, sizeof(reason)), -EINVAL);
    d = sane;
    d.channels[0].ranges[0].resolution = 0;
    assert_int_equal(loader_check_units(&d, 1, reason, sizeof(reason)), -EINVAL);
    d = sane;
    d.channels[0].ranges[0].settable = false;
    assert_int_equal(loader_check_units(&d, 1, reason, sizeof(reason)), -EINVAL);
}

static void the_dead_man_is_slice_grace_and_all_stops(void **state)
{
    (void)state;
    struct modality_device d[2] = {{.slice_ms = 50, .stop_ms = 100},
                                   {.slice_ms = 70, .stop_ms = 30, .rest_by_setpoint = true, .rest_within_ms = 500}};
    assert_int_equal(loader_dead_man_ms(d, 2, 40), 70 + 40 + 100 + 30 + 500);
}

static void an_installation_grants_a_call_more_time_but_never_less(void **state)
{
    (void)state;
    struct modality_device d[2] = {{.slice_ms = 50}, {.slice_ms = 70}};
    loader_grant_slice(d, 2, 60);
    assert_int_equal(d[0].slice_ms, 60);
    assert_int_equal(d[1].slice_ms, 70);
}

/* ---- --check ---- */

struct heard {
    unsigned n;
    char origin[128], message[400];
};

static void hear(const char *origin, const char *message, void *userdata)
{
    struct heard *h = userdata;
    h->n++;
    snprintf(h->origin, sizeof(h->origin), "%s", origin);
    snprintf(h->message, sizeof(h->message), "%s", message);
}

static int check(const char *plugin, const struct modality_line *lines, size_t n_lines, struct heard *heard,
                 struct link_unit *units, size_t *n_units)
{
    struct link_settings s = {.host_path = TEST_HOST,
                              .plugin_path = plugin,
                              .state_dir = directory,
                              .canonical = "tcp:127.0.0.1:1",
                              .telemetry_ms = 50,
                              .permit_ms = 400,
                              .grace_ms = 50,
                              .quarantine_min_ms = 2000,
                              .n_lines = n_lines,
                              .lines = lines};
    *heard = (struct heard){0};
    return link_check_config(&s, hear, heard, units, FAKE_UNITS_MAX, n_units);
}

static void check_returns_the_described_units(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device a", "plugin", "fake", "devices.ini:2"},
                                          {"device a", "link", "tcp:127.0.0.1:1", "devices.ini:3"},
                                          {"device b", "stop_ms", "60", "devices.ini:7"}};
    struct link_unit units[FAKE_UNITS_MAX];
    struct heard heard;
    size_t n = 0;
    assert_int_equal(check(copy_of(TEST_FAKE), lines, 3, &heard, units, &n), 0);
    assert_int_equal(n, 2);
    assert_int_equal(heard.n, 0);
    assert_string_equal(units[1].device.id, "b");
    assert_int_equal(units[0].dead_man_ms, 50 + 5 * 50 + 100 + 60);
}

static void check_reports_every_fault_with_its_origin(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device a", "plugin", "fake", "devices.ini:2"},
                                          {"device a", "colour", "blue", "devices.ini:3"},
                                          {"device a", "slice_ms", "fast", "devices.ini:4"}};
    struct link_unit units[FAKE_UNITS_MAX];
    struct heard heard;
    size_t n = 0;
    assert_int_equal(check(copy_of(TEST_FAKE), lines, 3, &heard, units, &n), -EINVAL);
    assert_int_equal(heard.n, 2);
    assert_string_equal(heard.origin, "devices.ini:4");
}

static void check_names_the_plugin_key_when_the_plugin_cannot_be_loaded(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device a", "unit", "1", "devices.ini:2"},
                                          {"device a", "plugin", "fake", "devices.ini:3"}};
    struct link_unit units[FAKE_UNITS_MAX];
    struct heard heard;
    size_t n = 0;
    assert_int_equal(check(copy_of(TEST_BAD_ABI), lines, 2, &heard, units, &n), -EINVAL);
    assert_int_equal(heard.n, 1);
    assert_string_equal(heard.origin, "devices.ini:3");
}

static void check_refuses_a_line_that_cannot_keep_its_times(void **state)
{
    (void)state;
    struct modality_line lines[] = {{"device a", "link", "tcp:127.0.0.1:1", "devices.ini:2"},
                                    {"device a", "cycle_ms", "110", "devices.ini:3"},
                                    {"device b", "cycle_ms", "91", "devices.ini:5"},
                                    {"device b", "watchdog_ms", "500", "devices.ini:6"}};
    struct link_unit units[FAKE_UNITS_MAX];
    struct heard heard;
    size_t n = 0;
    assert_int_equal(check(copy_of(TEST_FAKE), lines, 3, &heard, units, &n), -EINVAL); /* 201 > 400 / 2 */
    assert_string_equal(heard.origin, "devices.ini:2");
    lines[2].value = "90";
    assert_int_equal(check(copy_of(TEST_FAKE), lines, 3, &heard, units, &n), 0);
    assert_int_equal(check(copy_of(TEST_FAKE), lines, 4, &heard, units, &n), -EINVAL); /* 200 > 500 / 3 */
}

static void a_check_that_hangs_or_crashes_is_an_error_and_no_more(void **state)
{
    (void)state;
    const struct modality_line lines[] = {{"device a", "plugin", "fake", "devices.ini:2"}};
    struct link_unit units[FAKE_UNITS_MAX];
    struct heard heard;
    size_t n = 0;
    assert_int_equal(check(copy_of(TEST_BAD_HANG), lines, 1, &heard, units, &n), -ETIMEDOUT);
    assert_int_equal(n, 0);
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf %s", directory);
    return system(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sane_plugin_is_loaded),
        cmocka_unit_test(a_file_that_others_may_write_is_not_loaded),
        cmocka_unit_test(a_file_of_somebody_else_is_not_loaded),
        cmocka_unit_test(another_abi_is_refused_naming_both_numbers),
        cmocka_unit_test(another_size_is_refused_naming_both_numbers),
        cmocka_unit_test(a_missing_symbol_or_function_is_refused),
        cmocka_unit_test(what_is_no_plugin_is_refused),
        cmocka_unit_test(a_description_that_cannot_be_scheduled_is_refused),
        cmocka_unit_test(the_dead_man_is_slice_grace_and_all_stops),
        cmocka_unit_test(an_installation_grants_a_call_more_time_but_never_less),
        cmocka_unit_test(check_returns_the_described_units),
        cmocka_unit_test(check_reports_every_fault_with_its_origin),
        cmocka_unit_test(check_names_the_plugin_key_when_the_plugin_cannot_be_loaded),
        cmocka_unit_test(check_refuses_a_line_that_cannot_keep_its_times),
        cmocka_unit_test(a_check_that_hangs_or_crashes_is_an_error_and_no_more),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
