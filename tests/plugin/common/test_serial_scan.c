/* SPDX-License-Identifier: Apache-2.0 */
/* Serial ports are told of by their lasting names, sorted, and none is opened: here they lead nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/serial_scan.h"

static struct modality_found seen[4];
static size_t n_seen;

static void see(void *ctx, const struct modality_found *unit)
{
    (void)ctx;
    assert_true(n_seen < 4);
    seen[n_seen++] = *unit;
}

static void ports_are_told_of_by_their_lasting_names(void **state)
{
    (void)state;
    char folder[] = "/tmp/serial-scan.XXXXXX", path[128], link[MODALITY_LINK_MAX];
    static const char *const names[] = {"usb-B", "usb-A"};
    assert_non_null(mkdtemp(folder));
    n_seen = 0;
    assert_int_equal(serial_scan(folder, NULL, see), 0);
    assert_int_equal(n_seen, 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(symlink("../../nowhere", path), 0);
    }
    assert_int_equal(serial_scan(folder, NULL, see), 0);
    assert_int_equal(n_seen, 2);
    for (size_t i = 0; i < 2; i++) {
        snprintf(link, sizeof link, "serial:%s/%s", folder, names[1 - i]);
        assert_string_equal(seen[i].link, link);
        assert_string_equal(seen[i].known_as, link);
        assert_string_equal(seen[i].note, "who is on the line was not asked");
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

static void a_machine_without_serial_ports_has_none(void **state)
{
    (void)state;
    n_seen = 0;
    assert_int_equal(serial_scan("/nowhere/by-id", NULL, see), 0);
    assert_int_equal(n_seen, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_told_of_by_their_lasting_names),
        cmocka_unit_test(a_machine_without_serial_ports_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
