/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serial ports on USB, end to end: the code of plugins/common over libusb and usbfs as umockdev plays it, against a
 * virtual COM port of usb_bench that echoes. What is found, what a call says when the device hangs, refuses or leaves,
 * and when.
 */
#include "usb_test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/usb_cdc.h"
#include "modality/clock.h"

#define SOON_NS (50 * NS_PER_MS)
#define LONG_NS (3 * NS_PER_S)
#define LATE_NS (500 * NS_PER_MS) /* how much later than asked a loaded machine may come back */

static const struct serial_line line_3m = {.baud = 3000000, .parity = 'N', .stop_bits = 2};
static char why[USB_WHY_MAX];
static struct usb_port *port;
static struct transport t;

static int64_t soon(void)
{
    return clock_monotonic_ns() + SOON_NS;
}

static int64_t later(void)
{
    return clock_monotonic_ns() + LONG_NS;
}

static struct usb_name name_of(const char *link)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *fault;
    size_t n;
    assert_int_equal(usb_link_parse(link, names, &n, &fault), 0);
    return names[0];
}

static int open_as(const char *link, struct usb_port **out)
{
    struct usb_name name = name_of(link);
    why[0] = '\0';
    return usb_cdc_open(&name, &line_3m, later(), why, out);
}

static void open_port(const char *link)
{
    int r = open_as(link, &port);
    if (r < 0)
        fail_msg("%s: %s (%d)", link, why, r);
    t = usb_port_transport(port);
}

static int bare(void **state)
{
    (void)state;
    port = NULL;
    return 0;
}

static int plugged(void **state)
{
    usb_bench("plug 1 acm A1 -");
    return bare(state);
}

static int opened(void **state)
{
    plugged(state);
    open_port("usb:0483:5740,serial=A1");
    return 0;
}

static int gone(void **state)
{
    (void)state;
    usb_port_close(port);
    return 0;
}

/* Leaves an empty bus. */
static int unplug(void **state)
{
    gone(state);
    usb_bench("unplug 1");
    return 0;
}

static int write_all(const char *text, int64_t deadline_ns)
{
    return t.write(t.ctx, (const uint8_t *)text, strlen(text), deadline_ns);
}

/* Reads until n bytes are there. */
static int read_all(uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    for (size_t got = 0, some = 0; got < n; got += some) {
        int r = t.read(t.ctx, bytes + got, n - got, deadline_ns, &some);
        if (r < 0)
            return r;
    }
    return 0;
}

static void assert_echo(const char *text)
{
    uint8_t bytes[64];
    assert_int_equal(write_all(text, later()), 0);
    assert_int_equal(read_all(bytes, strlen(text), later()), 0);
    assert_memory_equal(bytes, text, strlen(text));
}

static void assert_took(int64_t begun_ns, int64_t at_least_ns)
{
    int64_t took = clock_monotonic_ns() - begun_ns;
    assert_true(took >= at_least_ns);
    assert_true(took < at_least_ns + LATE_NS);
}

/* ---- finding ---- */

static void a_device_is_found_by_serial_number_or_port(void **state)
{
    (void)state;
    static const char *const links[] = {"usb:0483:5740,serial=A1", "usb:0483:5740,port=1-1",
                                        "usb:0483:5740,serial=A1,port=1-1"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        open_port(links[i]);
        const struct usb_seen *seen = usb_port_seen(port);
        assert_string_equal(seen->serial, "A1");
        assert_string_equal(seen->port, "1-1");
        assert_string_equal(seen->maker, "modality");
        assert_string_equal(seen->model, "virtual port");
        assert_int_equal(strncmp(seen->node, "/dev/bus/usb/001/", 17), 0);
        assert_echo("hello");
        usb_port_close(port);
        port = NULL;
    }
}

static void another_device_is_not_taken(void **state)
{
    (void)state;
    static const char *const links[] = {"usb:0483:5740,serial=A2", "usb:0483:5740,port=1-2",
                                        "usb:0483:5740,serial=A1,port=1-2", "usb:0483:5741,serial=A1",
                                        "usb:0482:5740,serial=A1"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        assert_int_equal(open_as(links[i], &port), -ENODEV);
        assert_null(port);
        assert_non_null(strstr(why, links[i] + 4));
        assert_non_null(strstr(why, "not plugged in"));
    }
}

static void two_that_match_are_both_refused(void **state)
{
    (void)state;
    usb_bench("plug 2 acm A1 -");
    assert_int_equal(open_as("usb:0483:5740,serial=A1", &port), -ENODEV);
    assert_non_null(strstr(why, "1-1"));
    assert_non_null(strstr(why, "1-2"));
    open_port("usb:0483:5740,serial=A1,port=1-2");
    assert_string_equal(usb_port_seen(port)->port, "1-2");
    usb_bench("unplug 2");
}

static void one_process_has_it_at_a_time(void **state)
{
    (void)state;
    struct usb_port *second = NULL;
    assert_int_equal(open_as("usb:0483:5740,port=1-1", &second), -EBUSY);
    assert_null(second);
    assert_non_null(strstr(why, usb_port_seen(port)->node));
    assert_echo("still here");
    usb_port_close(port);
    open_port("usb:0483:5740,port=1-1");
    assert_echo("mine now");
}

static void the_kernel_s_driver_steps_aside_and_comes_back(void **state)
{
    (void)state;
    usb_bench("plug 1 acm A1 cdc_acm");
    assert_string_equal(usb_bench("driver 1 0"), "cdc_acm");
    open_port("usb:0483:5740,serial=A1");
    assert_string_equal(usb_bench("driver 1 0"), "usbfs");
    assert_string_equal(usb_bench("driver 1 1"), "usbfs");
    assert_string_equal(usb_bench("held 1"), "1");
    assert_echo("hello");
    usb_port_close(port);
    port = NULL;
    assert_string_equal(usb_bench("driver 1 0"), "cdc_acm");
    assert_string_equal(usb_bench("driver 1 1"), "cdc_acm");
    assert_string_equal(usb_bench("held 1"), "0");
}

static void what_is_no_virtual_com_port_is_refused(void **state)
{
    (void)state;
    usb_bench("plug 1 ftdi F1 -");
    assert_int_equal(open_as("usb:0403:6001,serial=F1", &port), -ENODEV);
    assert_non_null(strstr(why, "CDC-ACM"));
    assert_string_equal(usb_bench("held 1"), "0");
}

static void the_line_is_set(void **state)
{
    (void)state;
    const char *line = usb_bench("line 1");
    assert_non_null(strstr(line, "baud=3000000 stop=2 parity=0 bits=8"));
    assert_non_null(strstr(line, "dtr=1 rts=1"));
}

static void a_device_that_takes_no_line_is_used_as_it_is(void **state)
{
    (void)state;
    usb_bench("refuse 1 1");
    open_port("usb:0483:5740,serial=A1");
    assert_echo("hello");
}

static void one_that_does_not_answer_requests_ends_the_opening(void **state)
{
    (void)state;
    struct usb_name name = name_of("usb:0483:5740,serial=A1");
    usb_bench("deaf 1 requests 1");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(usb_cdc_open(&name, &line_3m, begun + SOON_NS, why, &port), -ETIMEDOUT);
    assert_took(begun, SOON_NS);
    assert_null(port);
    usb_bench("deaf 1 requests 0");
    open_port("usb:0483:5740,serial=A1");
    assert_echo("hello");
}

/* ---- bytes ---- */

/* Around the packet of 64 bytes, where a burst ends with an empty one or with none, and the longest write. */
static void bytes_of_any_number_go_and_come(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, 512, 1200, 2060, USB_WRITE_MAX};
    static uint8_t sent[USB_WRITE_MAX + 1], got[USB_WRITE_MAX];
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(t.write(t.ctx, sent, sizes[i], later()), 0);
        assert_int_equal(read_all(got, sizes[i], later()), 0);
        assert_memory_equal(got, sent, sizes[i]);
    }
    assert_int_equal(t.write(t.ctx, sent, sizeof sent, later()), -EINVAL);
}

static void a_read_takes_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    uint8_t bytes[3];
    size_t n = 0;
    assert_int_equal(write_all("abcd", later()), 0);
    assert_int_equal(t.read(t.ctx, bytes, 3, later(), &n), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(t.read(t.ctx, bytes, 3, later(), &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(bytes[0], 'd');
}

static void a_read_ends_at_its_deadline_and_misses_nothing(void **state)
{
    (void)state;
    uint8_t bytes[8];
    size_t n = 77;
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(t.read(t.ctx, bytes, sizeof bytes, begun + SOON_NS, &n), -EAGAIN);
    assert_took(begun, SOON_NS);
    begun = clock_monotonic_ns();
    assert_int_equal(t.read(t.ctx, bytes, sizeof bytes, begun - 1, &n), -EAGAIN);
    assert_took(begun, 0);
    assert_int_equal(n, 77);
    usb_bench("say 1 01020304");
    assert_int_equal(t.read(t.ctx, bytes, sizeof bytes, later(), &n), 0);
    assert_int_equal(n, 4);
    assert_memory_equal(bytes, "\1\2\3\4", 4);
}

static void what_a_device_says_unasked_is_read(void **state)
{
    (void)state;
    uint8_t byte;
    size_t n;
    int64_t begun = clock_monotonic_ns();
    usb_bench("say-in 1 50 42");
    assert_int_equal(t.read(t.ctx, &byte, 1, later(), &n), 0);
    assert_took(begun, 49 * NS_PER_MS);
    assert_int_equal(byte, 0x42);
}

static void a_write_that_is_not_taken_ends_unknown_and_is_not_repeated(void **state)
{
    (void)state;
    usb_bench("deaf 1 out 1");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(write_all("lost", begun + SOON_NS), -ETIMEDOUT);
    assert_took(begun, SOON_NS);
    assert_int_equal(write_all("late", begun - 1), -EAGAIN);
    usb_bench("deaf 1 out 0");
    assert_echo("heard");
    assert_string_equal(usb_bench("got 1"), "5");
}

static void a_stalled_endpoint_is_told_and_cleared(void **state)
{
    (void)state;
    uint8_t byte;
    size_t n;
    usb_bench("halt 1 in");
    assert_int_equal(t.read(t.ctx, &byte, 1, later(), &n), -EIO);
    assert_echo("again");
    usb_bench("halt 1 out");
    assert_int_equal(write_all("x", later()), -EIO);
    assert_echo("and again");
    assert_string_equal(usb_bench("got 1"), "14");
}

static void recovery_drops_what_came_late(void **state)
{
    (void)state;
    usb_bench("deaf 1 out 1");
    assert_int_equal(write_all("lost", soon()), -ETIMEDOUT);
    usb_bench("deaf 1 out 0");
    usb_bench("halt 1 in");
    usb_bench("say 1 0102030405");
    assert_int_equal(usb_port_recover(port, later()), 0);
    assert_echo("clean");
}

static void recovery_from_one_that_goes_on_talking_ends(void **state)
{
    (void)state;
    usb_bench("say-in 1 5 01");
    int64_t begun = clock_monotonic_ns();
    /* Less time than the silence that is needed. */
    assert_int_equal(usb_port_recover(port, begun + USB_SILENCE_NS / 2), -EAGAIN);
    assert_took(begun, USB_SILENCE_NS / 2);
}

/* ---- the plug ---- */

static void a_pulled_plug_ends_a_read_at_once(void **state)
{
    (void)state;
    uint8_t byte;
    size_t n;
    usb_bench("unplug-in 1 50");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(t.read(t.ctx, &byte, 1, later(), &n), -ENODEV);
    assert_took(begun, 40 * NS_PER_MS);
    assert_int_equal(t.read(t.ctx, &byte, 1, later(), &n), -ENODEV);
    assert_int_equal(write_all("x", later()), -ENODEV);
    assert_int_equal(usb_port_recover(port, later()), -ENODEV);
}

static void a_pulled_plug_ends_a_write_at_once(void **state)
{
    (void)state;
    usb_bench("deaf 1 out 1");
    usb_bench("unplug-in 1 50");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(write_all("x", later()), -ENODEV);
    assert_took(begun, 40 * NS_PER_MS);
}

static void a_plug_that_was_pulled_between_calls_shows_at_the_next(void **state)
{
    (void)state;
    uint8_t byte;
    size_t n;
    usb_bench("unplug 1");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(write_all("x", later()), -ENODEV);
    assert_int_equal(t.read(t.ctx, &byte, 1, later(), &n), -ENODEV);
    assert_took(begun, 0);
}

static void what_is_plugged_in_again_is_opened_anew(void **state)
{
    (void)state;
    char node[USB_NODE_MAX];
    for (int i = 0; i < 3; i++) {
        memcpy(node, usb_port_seen(port)->node, sizeof node);
        assert_echo("before");
        usb_bench("unplug 1");
        assert_int_equal(write_all("x", later()), -ENODEV);
        usb_port_close(port);
        port = NULL;
        assert_int_equal(open_as("usb:0483:5740,serial=A1", &port), -ENODEV);
        usb_bench("plug 1 acm A1 -");
        open_port("usb:0483:5740,serial=A1");
        assert_string_not_equal(usb_port_seen(port)->node, node);
    }
    assert_echo("after");
}

static void a_serial_number_is_found_in_another_port(void **state)
{
    (void)state;
    usb_bench("unplug 1");
    usb_port_close(port);
    port = NULL;
    usb_bench("plug 3 acm A1 -");
    assert_int_equal(open_as("usb:0483:5740,port=1-1", &port), -ENODEV);
    open_port("usb:0483:5740,serial=A1");
    assert_string_equal(usb_port_seen(port)->port, "1-3");
    assert_echo("moved");
    usb_bench("unplug 3");
}

/* Whatever is in flight: closing ends it, and the sanitizer finds nothing left. */
static void a_port_can_be_closed_in_any_state(void **state)
{
    (void)state;
    usb_port_close(NULL);
    usb_bench("deaf 1 out 1");
    assert_int_equal(write_all("x", soon()), -ETIMEDOUT);
    int64_t begun = clock_monotonic_ns();
    usb_port_close(port);
    assert_took(begun, 0);
    usb_bench("deaf 1 out 0");
    open_port("usb:0483:5740,serial=A1");
    usb_bench("deaf 1 in 1");
    assert_int_equal(write_all("x", later()), 0);
    t.close(t.ctx);
    usb_bench("deaf 1 in 0");
    open_port("usb:0483:5740,serial=A1");
    assert_int_equal(usb_port_recover(port, later()), 0);
    assert_echo("well");
}

/* ---- memory ---- */

static int submissions_that_fail;
int __real_libusb_submit_transfer(struct libusb_transfer *transfer);
int __wrap_libusb_submit_transfer(struct libusb_transfer *transfer);

int __wrap_libusb_submit_transfer(struct libusb_transfer *transfer)
{
    if (submissions_that_fail > 0) {
        submissions_that_fail--;
        return LIBUSB_ERROR_NO_MEM;
    }
    return __real_libusb_submit_transfer(transfer);
}

static void without_memory_only_what_rests_goes_on(void **state)
{
    (void)state;
    uint8_t byte;
    assert_int_equal(t.read(t.ctx, &byte, 1, soon(), &(size_t){0}), -EAGAIN); /* a read is in flight from now on */
    submissions_that_fail = 1;
    assert_int_equal(write_all("a", later()), -EIO);
    submissions_that_fail = 1;
    usb_port_toward_rest(port, true);
    assert_int_equal(write_all("b", later()), 0);
    submissions_that_fail = 1; /* the reserve is used up */
    assert_int_equal(write_all("c", later()), -EIO);
    usb_port_toward_rest(port, false);
    submissions_that_fail = 1; /* and is there again, for the next time */
    assert_int_equal(write_all("d", later()), -EIO);
    submissions_that_fail = 1;
    usb_port_toward_rest(port, true);
    assert_int_equal(write_all("e", later()), 0);
    usb_port_toward_rest(port, false);
    assert_string_equal(usb_bench("got 1"), "2");
}

int main(int argc, char **argv)
{
    (void)argc;
    usb_test_begin(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_device_is_found_by_serial_number_or_port, plugged, unplug),
        cmocka_unit_test_setup_teardown(another_device_is_not_taken, plugged, unplug),
        cmocka_unit_test_setup_teardown(two_that_match_are_both_refused, plugged, unplug),
        cmocka_unit_test_setup_teardown(one_process_has_it_at_a_time, opened, unplug),
        cmocka_unit_test_setup_teardown(the_kernel_s_driver_steps_aside_and_comes_back, bare, unplug),
        cmocka_unit_test_setup_teardown(what_is_no_virtual_com_port_is_refused, bare, unplug),
        cmocka_unit_test_setup_teardown(the_line_is_set, opened, unplug),
        cmocka_unit_test_setup_teardown(a_device_that_takes_no_line_is_used_as_it_is, plugged, unplug),
        cmocka_unit_test_setup_teardown(one_that_does_not_answer_requests_ends_the_opening, plugged, unplug),
        cmocka_unit_test_setup_teardown(bytes_of_any_number_go_and_come, opened, unplug),
        cmocka_unit_test_setup_teardown(a_read_takes_no_more_than_there_is_room_for, opened, unplug),
        cmocka_unit_test_setup_teardown(a_read_ends_at_its_deadline_and_misses_nothing, opened, unplug),
        cmocka_unit_test_setup_teardown(what_a_device_says_unasked_is_read, opened, unplug),
        cmocka_unit_test_setup_teardown(a_write_that_is_not_taken_ends_unknown_and_is_not_repeated, opened, unplug),
        cmocka_unit_test_setup_teardown(a_stalled_endpoint_is_told_and_cleared, opened, unplug),
        cmocka_unit_test_setup_teardown(recovery_drops_what_came_late, opened, unplug),
        cmocka_unit_test_setup_teardown(recovery_from_one_that_goes_on_talking_ends, opened, unplug),
        cmocka_unit_test_setup_teardown(a_pulled_plug_ends_a_read_at_once, opened, gone),
        cmocka_unit_test_setup_teardown(a_pulled_plug_ends_a_write_at_once, opened, gone),
        cmocka_unit_test_setup_teardown(a_plug_that_was_pulled_between_calls_shows_at_the_next, opened, gone),
        cmocka_unit_test_setup_teardown(what_is_plugged_in_again_is_opened_anew, opened, unplug),
        cmocka_unit_test_setup_teardown(a_serial_number_is_found_in_another_port, opened, gone),
        cmocka_unit_test_setup_teardown(a_port_can_be_closed_in_any_state, opened, unplug),
        cmocka_unit_test_setup_teardown(without_memory_only_what_rests_goes_on, opened, unplug),
    };
    return usb_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
