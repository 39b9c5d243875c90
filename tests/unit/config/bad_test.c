/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad configurations as files: bad/<case>.ini is read beside sane.ini, and everything that is told must be exactly
 * bad/<case>.told, in file and line order, in one run, with nothing loaded.
 */
#include "config_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static void tells_every_fault_with_its_place(struct fixture *f, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/bad/%s.ini", TEST_DIR, name);
    fixture_copy(f, path, "bad.ini");
    assert_int_equal(fixture_load(f, NULL), -EINVAL);
    assert_null(f->config);
    snprintf(path, sizeof(path), "%s/bad/%s.told", TEST_DIR, name);
    if (getenv("CONFIG_TEST_WRITE") != NULL) { /* writes what is told now, to be read before it is committed */
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(f->told, file);
        fclose(file);
    }
    char *told = file_text(path, NULL);
    assert_string_equal(f->told, told);
    free(told);
}

#define CASE(name)                                                                                                     \
    static void bad_##name(void **state)                                                                               \
    {                                                                                                                  \
        tells_every_fault_with_its_place(*state, #name);                                                               \
    }
CASE(lines)
CASE(duplicates)
CASE(keys)
CASE(units)
CASE(limits)
CASE(protocols)
CASE(protocol_rules)
CASE(screening)
CASE(unasked)
CASE(devices)
CASE(applicators)
CASE(roles)
CASE(daemon)
CASE(layers)
CASE(bundles)
CASE(sites)

static void the_sane_file_has_no_fault(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_string_equal(f->told, "");
    assert_int_equal(f->config->n_devices, 1);
}

int main(void)
{
#define RUN(name) cmocka_unit_test_setup_teardown(name, fixture_sane, fixture_end)
    const struct CMUnitTest tests[] = {
        RUN(the_sane_file_has_no_fault),
        RUN(bad_lines),
        RUN(bad_duplicates),
        RUN(bad_keys),
        RUN(bad_units),
        RUN(bad_limits),
        RUN(bad_protocols),
        RUN(bad_protocol_rules),
        RUN(bad_screening),
        RUN(bad_unasked),
        RUN(bad_devices),
        RUN(bad_applicators),
        RUN(bad_roles),
        RUN(bad_daemon),
        RUN(bad_layers),
        RUN(bad_bundles),
        RUN(bad_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
