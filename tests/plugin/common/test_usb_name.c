/* SPDX-License-Identifier: Apache-2.0 */
/* How links name USB devices, and which device a name means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/usb_find.h"
#include "common/usb_name.h"

#define SERIAL_63 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"

static struct usb_name parsed(const char *text)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *fault = NULL;
    size_t n = 0;
    if (usb_link_parse(text, names, &n, &fault) < 0)
        fail_msg("%s: %s", text, fault);
    assert_int_equal(n, 1);
    return names[0];
}

static void assert_refused(const char *text, const char *because)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *fault = NULL;
    size_t n = 77;
    print_message("%s\n", text);
    assert_int_equal(usb_link_parse(text, names, &n, &fault), -EINVAL);
    assert_int_equal(n, 77);
    assert_int_equal(strncmp(fault, "needs ", 6), 0);
    assert_non_null(strstr(fault, because));
}

static void a_serial_number_names_a_device(void **state)
{
    (void)state;
    struct usb_name name = parsed("usb:0483:5740,serial=ABC-123/x:y=z");
    assert_int_equal(name.vendor, 0x0483);
    assert_int_equal(name.product, 0x5740);
    assert_string_equal(name.serial, "ABC-123/x:y=z");
    assert_string_equal(name.port, "");
    name = parsed("usb:ffff:0000,serial=" SERIAL_63);
    assert_int_equal(name.vendor, 0xffff);
    assert_string_equal(name.serial, SERIAL_63);
}

static void a_port_names_a_device(void **state)
{
    (void)state;
    struct usb_name name = parsed("usb:0403:6001,port=1-2.3");
    assert_string_equal(name.serial, "");
    assert_string_equal(name.port, "1-2.3");
    assert_string_equal(parsed("usb:0403:6001,port=1-1").port, "1-1");
    assert_string_equal(parsed("usb:0403:6001,port=255-255.255.255.255.255.255.255").port,
                        "255-255.255.255.255.255.255.255");
}

static void both_name_a_device_more_narrowly(void **state)
{
    (void)state;
    struct usb_name name = parsed("usb:0403:6001,serial=A,port=2-1");
    assert_string_equal(name.serial, "A");
    assert_string_equal(name.port, "2-1");
}

static void two_devices_can_be_one_unit(void **state)
{
    (void)state;
    struct usb_name names[USB_NAMES_MAX];
    const char *fault = NULL;
    size_t n = 0;
    assert_int_equal(usb_link_parse("usb:0483:57a0,serial=C1+0483:57af,port=1-4.1", names, &n, &fault), 0);
    assert_int_equal(n, 2);
    assert_int_equal(names[0].product, 0x57a0);
    assert_string_equal(names[0].serial, "C1");
    assert_int_equal(names[1].product, 0x57af);
    assert_string_equal(names[1].port, "1-4.1");
    assert_refused("usb:0483:57a0,serial=C1+0483:57a0,serial=C1", "two different");
    assert_refused("usb:0483:57a0,serial=A+0483:57a0,serial=B+0483:57a0,serial=C", "second one");
    assert_refused("usb:0483:57a0,serial=A+", "hexadecimal");
    assert_refused("usb:0483:57a0+0483:57af,serial=T1", "as well");
}

static void ids_alone_are_no_identity(void **state)
{
    (void)state;
    assert_refused("usb:0483:5740", "as well");
}

static void ids_have_one_spelling(void **state)
{
    (void)state;
    assert_refused("usb:0483:57A0,serial=A", "lower case");
    assert_refused("usb:483:5740,serial=A", "hexadecimal");
    assert_refused("usb:0x0483:5740,serial=A", "hexadecimal");
    assert_refused("usb:04835740,serial=A", "hexadecimal");
    assert_refused("usb:0483:574,serial=A", "hexadecimal");
    assert_refused("usb:0483:57400,serial=A", "usb:VVVV:PPPP");
    assert_refused("usb: 0483:5740,serial=A", "hexadecimal");
    assert_refused("usb:", "hexadecimal");
    assert_refused("tcp:0483:5740,serial=A", "usb:VVVV:PPPP");
    assert_refused("", "usb:VVVV:PPPP");
}

static void serial_numbers_that_could_mean_two_things_are_refused(void **state)
{
    (void)state;
    assert_refused("usb:0483:5740,serial=", "serial number");
    assert_refused("usb:0483:5740,serial=A B", "serial number");
    assert_refused("usb:0483:5740,serial=A\t", "serial number");
    assert_refused("usb:0483:5740,serial=\xc3\xa9", "serial number");
    assert_refused("usb:0483:5740,serial=" SERIAL_63 "f", "serial number");
    assert_refused("usb:0483:5740,serial=A,serial=B", "usb:VVVV:PPPP");
    assert_refused("usb:0483:5740,serial=A,", "usb:VVVV:PPPP");
    assert_refused("usb:0483:5740,port=1-1,serial=A", "usb:VVVV:PPPP"); /* one order */
}

static void ports_have_one_spelling(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "1",
                                        "1-",
                                        "-1",
                                        "1-0",
                                        "0-1",
                                        "01-1",
                                        "1-01",
                                        "1-2.",
                                        "1-2.0",
                                        "1-2..",
                                        "1-2.3 ",
                                        "256-1",
                                        "1-256",
                                        "1-+",
                                        "a-1",
                                        "1-1:1.0",
                                        "1-1-1",
                                        "usb1",
                                        "1-1.1.1.1.1.1.1.1",
                                        "1-99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[96];
        snprintf(text, sizeof text, "usb:0403:6001,port=%s", wrong[i]);
        assert_refused(text, "port as the kernel names it");
    }
}

/* What is read is written the same: equal links are equal texts. */
static void a_name_is_written_as_it_was_read(void **state)
{
    (void)state;
    static const char *const texts[] = {"usb:0483:5740,serial=" SERIAL_63, "usb:0403:6001,port=255-255.1.1.1.1.1.255",
                                        "usb:00ff:6001,serial=" SERIAL_63 ",port=255-255.255.255.255.255.255.255"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[USB_NAME_TEXT_MAX];
        struct usb_name name = parsed(texts[i]);
        usb_name_text(&name, text);
        assert_string_equal(text, texts[i] + 4);
    }
}

/* ---- which device ---- */

static struct usb_seen sane(void)
{
    struct usb_seen seen = {.vendor = 0x0483, .product = 0x5740};
    snprintf(seen.serial, sizeof seen.serial, "ABC");
    snprintf(seen.port, sizeof seen.port, "1-2.3");
    return seen;
}

static void a_name_means_the_device_that_has_all_of_it(void **state)
{
    (void)state;
    struct usb_seen seen = sane();
    struct usb_name by_serial = parsed("usb:0483:5740,serial=ABC"), by_port = parsed("usb:0483:5740,port=1-2.3"),
                    by_both = parsed("usb:0483:5740,serial=ABC,port=1-2.3");
    assert_true(usb_name_fits(&by_serial, &seen));
    assert_true(usb_name_fits(&by_port, &seen));
    assert_true(usb_name_fits(&by_both, &seen));
    seen.serial[2] = 'D';
    assert_false(usb_name_fits(&by_serial, &seen));
    assert_true(usb_name_fits(&by_port, &seen));
    assert_false(usb_name_fits(&by_both, &seen));
    seen = sane();
    seen.port[4] = '4';
    assert_true(usb_name_fits(&by_serial, &seen));
    assert_false(usb_name_fits(&by_port, &seen));
    assert_false(usb_name_fits(&by_both, &seen));
    seen = sane();
    seen.product++;
    assert_false(usb_name_fits(&by_serial, &seen));
    seen = sane();
    seen.vendor++;
    assert_false(usb_name_fits(&by_port, &seen));
    seen = sane();
    seen.serial[0] = '\0';
    assert_false(usb_name_fits(&by_serial, &seen));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_serial_number_names_a_device),
        cmocka_unit_test(a_port_names_a_device),
        cmocka_unit_test(both_name_a_device_more_narrowly),
        cmocka_unit_test(two_devices_can_be_one_unit),
        cmocka_unit_test(ids_alone_are_no_identity),
        cmocka_unit_test(ids_have_one_spelling),
        cmocka_unit_test(serial_numbers_that_could_mean_two_things_are_refused),
        cmocka_unit_test(ports_have_one_spelling),
        cmocka_unit_test(a_name_is_written_as_it_was_read),
        cmocka_unit_test(a_name_means_the_device_that_has_all_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
