/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a scan tells of: the devices of the table and no others, each by a name that means it alone, and none of them
 * opened.
 */
#include <stdbool.h>
#include <string.h>

#include "common/usb_scan.h"
#include "usb_test.h"

static const struct usb_match table[] = {
    {0x0483, 0x5740, "a thing", "ST's virtual COM port"},
    {0x1234, 0x0001, "another thing", NULL},
};

static struct modality_found seen[8];
static size_t n_seen;

static void see(void *ctx, const struct modality_found *unit)
{
    assert_ptr_equal(ctx, seen);
    assert_true(n_seen < 8);
    seen[n_seen++] = *unit;
}

static void scan(size_t expected)
{
    n_seen = 0;
    assert_int_equal(usb_scan_each(table, 2, seen, see), 0);
    assert_int_equal(n_seen, expected);
}

static const struct modality_found *of_port(const char *known_as)
{
    for (size_t i = 0; i < n_seen; i++)
        if (strcmp(seen[i].known_as, known_as) == 0)
            return &seen[i];
    fail_msg("there is no %s", known_as);
    return NULL;
}

static void nothing_is_found_on_an_empty_bus(void **state)
{
    (void)state;
    scan(0);
}

static void a_device_is_named_by_its_serial_number_and_not_opened(void **state)
{
    (void)state;
    usb_bench("plug 1 acm A1 cdc_acm");
    usb_bench("plug 2 ftdi F1 ftdi_sio"); /* of no table */
    scan(1);
    assert_string_equal(seen[0].link, "usb:0483:5740,serial=A1");
    assert_string_equal(seen[0].known_as, "usb:0483:5740,serial=A1,port=1-1");
    assert_string_equal(seen[0].what, "a thing");
    assert_string_equal(seen[0].maker, "modality");
    assert_string_equal(seen[0].model, "virtual port");
    assert_string_equal(seen[0].serial, "A1");
    assert_non_null(strstr(seen[0].note, "its ids are ST's virtual COM port"));
    assert_string_equal(usb_bench("driver 1 0"), "cdc_acm"); /* still the kernel's */
    assert_string_equal(usb_bench("held 1"), "0");
    assert_string_equal(usb_bench("got 1"), "0");
    usb_bench("unplug 1");
    usb_bench("unplug 2");
}

static void two_of_one_serial_number_are_named_by_their_ports_too(void **state)
{
    (void)state;
    usb_bench("plug 1 acm A1 -");
    usb_bench("plug 3 acm A1 -");
    scan(2);
    const struct modality_found *third = of_port("usb:0483:5740,serial=A1,port=1-3");
    assert_string_equal(third->link, "usb:0483:5740,serial=A1,port=1-3");
    assert_non_null(strstr(third->note, "one like it has the same serial number or none"));
    assert_string_equal(of_port("usb:0483:5740,serial=A1,port=1-1")->link, "usb:0483:5740,serial=A1,port=1-1");
    usb_bench("unplug 1");
    usb_bench("unplug 3");
}

static void a_serial_number_that_no_link_can_hold_leaves_the_port(void **state)
{
    (void)state;
    usb_bench("plug 1 acm A,1+2 -");
    scan(1);
    assert_string_equal(seen[0].link, "usb:0483:5740,port=1-1");
    assert_string_equal(seen[0].known_as, "usb:0483:5740,port=1-1");
    assert_string_equal(seen[0].serial, "A,1+2");
    assert_non_null(strstr(seen[0].note, "whatever is plugged into this port is meant"));
    usb_bench("unplug 1");
}

/* A section that names one by its port may mean the other, unless that says its own port. */
static void beside_one_that_goes_by_its_port_all_say_theirs(void **state)
{
    (void)state;
    usb_bench("plug 1 acm A1 -");
    usb_bench("plug 3 acm A,1 -");
    usb_bench("plug 2 ftdi F,1 -"); /* of other ids */
    scan(2);
    assert_string_equal(of_port("usb:0483:5740,serial=A1,port=1-1")->link, "usb:0483:5740,serial=A1,port=1-1");
    assert_string_equal(of_port("usb:0483:5740,port=1-3")->link, "usb:0483:5740,port=1-3");
    usb_bench("unplug 1");
    usb_bench("unplug 2");
    usb_bench("unplug 3");
}

static void a_note_ends_where_its_room_ends(void **state)
{
    (void)state;
    struct modality_found unit = {0};
    for (int i = 0; i < 40; i++)
        usb_scan_note(&unit, "one more %s", "sentence");
    assert_int_equal(strlen(unit.note), sizeof unit.note - 1);
    assert_int_equal(strncmp(unit.note, "one more sentence; one more", 27), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    usb_test_begin(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_on_an_empty_bus),
        cmocka_unit_test(a_device_is_named_by_its_serial_number_and_not_opened),
        cmocka_unit_test(two_of_one_serial_number_are_named_by_their_ports_too),
        cmocka_unit_test(a_serial_number_that_no_link_can_hold_leaves_the_port),
        cmocka_unit_test(beside_one_that_goes_by_its_port_all_say_theirs),
        cmocka_unit_test(a_note_ends_where_its_room_ends),
    };
    return usb_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
