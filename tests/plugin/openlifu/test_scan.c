/* SPDX-License-Identifier: Apache-2.0 */
/* One console and one transmitter are a unit; of whatever else there is a person has to say what belongs together. */
#include <stdbool.h>
#include <string.h>

#include "scan.h"
#include "usb_test.h"

static struct modality_found seen[8];
static size_t n_seen;

static void see(void *ctx, const struct modality_found *unit)
{
    (void)ctx;
    assert_true(n_seen < 8);
    seen[n_seen++] = *unit;
}

static void scan(size_t expected)
{
    n_seen = 0;
    assert_int_equal(lifu_scan(NULL, NULL, see), 0);
    assert_int_equal(n_seen, expected);
}

static void assert_halves(const char *note)
{
    for (size_t i = 0; i < n_seen; i++) {
        assert_string_equal(seen[i].link, "");
        assert_non_null(strstr(seen[i].note, note));
        assert_non_null(strstr(seen[i].known_as, ",port=1-"));
    }
}

static void nothing_is_no_unit(void **state)
{
    (void)state;
    usb_bench("plug 1 acm A1 -"); /* another product of the same maker of chips */
    scan(0);
    usb_bench("unplug 1");
}

static void one_of_each_is_a_unit(void **state)
{
    (void)state;
    usb_bench("plug 1 0483:57af T1 -"); /* in whatever order they enumerate */
    usb_bench("plug 2 0483:57a0 C1 -");
    scan(1);
    assert_string_equal(seen[0].what, "Openwater Open-LIFU");
    assert_string_equal(seen[0].link, "usb:0483:57a0,serial=C1+0483:57af,serial=T1");
    assert_string_equal(seen[0].known_as, "usb:0483:57a0,serial=C1,port=1-2+0483:57af,serial=T1,port=1-1");
    assert_string_equal(seen[0].serial, "C1+T1");
    assert_null(strstr(seen[0].note, "half"));
    usb_bench("unplug 1");
    scan(1);
    assert_string_equal(seen[0].what, "Openwater Open-LIFU console");
    assert_halves("there is no transmitter beside it");
    usb_bench("unplug 2");
}

static void serial_numbers_of_any_length_are_both_told(void **state)
{
    (void)state;
    usb_bench("plug 1 0483:57a0 %063d -", 1);
    usb_bench("plug 2 0483:57af T%062d -", 2);
    scan(1);
    assert_int_equal(strlen(seen[0].serial), 63);
    assert_non_null(strstr(seen[0].serial, "0+T0"));
    assert_non_null(strstr(seen[0].link, "1+0483:57af,serial=T"));
    usb_bench("unplug 1");
    usb_bench("unplug 2");
}

static void a_half_without_a_serial_number_goes_by_its_port(void **state)
{
    (void)state;
    usb_bench("plug 1 0483:57a0 C1 -");
    usb_bench("plug 2 0483:57af T,1 -");
    scan(1);
    assert_string_equal(seen[0].link, "usb:0483:57a0,serial=C1+0483:57af,port=1-2");
    assert_non_null(strstr(seen[0].note, "of the transmitter: no serial number that a link can hold"));
    usb_bench("unplug 1");
    usb_bench("unplug 2");
}

static void of_several_a_person_has_to_say(void **state)
{
    (void)state;
    usb_bench("plug 1 0483:57a0 C1 -");
    usb_bench("plug 2 0483:57a0 C2 -");
    usb_bench("plug 3 0483:57af T1 -");
    scan(3);
    assert_halves("of 2 consoles and 1 transmitters");
    usb_bench("unplug 1");
    usb_bench("unplug 3");
    scan(1);
    assert_halves("there is no transmitter beside it");
    usb_bench("unplug 2");
}

int main(int argc, char **argv)
{
    (void)argc;
    usb_test_begin(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_no_unit),
        cmocka_unit_test(one_of_each_is_a_unit),
        cmocka_unit_test(serial_numbers_of_any_length_are_both_told),
        cmocka_unit_test(a_half_without_a_serial_number_goes_by_its_port),
        cmocka_unit_test(of_several_a_person_has_to_say),
    };
    return usb_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
