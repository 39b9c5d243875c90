/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes to and from a virtual COM port, end to end over libusb and usbfs as umockdev plays it: what a call says, and
 * when, while the device echoes, hangs, stalls or refuses, and when memory is short.
 */
#include <errno.h>
#include <string.h>

#include "usb_client.h"

#define LINK "usb:0483:5740,serial=A1"

static const struct serial_line line_3m = {.baud = 3000000, .parity = 'N', .stop_bits = 2};

static int plugged(void **state)
{
    (void)state;
    client.port = NULL;
    usb_bench("plug 1 acm A1 -");
    return 0;
}

static int opened(void **state)
{
    plugged(state);
    client_opens(usb_cdc_open, LINK, &line_3m);
    return 0;
}

/* Leaves an empty bus. */
static int unplugged(void **state)
{
    (void)state;
    client_closes();
    usb_bench("unplug 1");
    return 0;
}

/* ---- opening ---- */

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
    client_opens(usb_cdc_open, LINK, &line_3m);
    assert_echo(5);
}

static void one_that_does_not_answer_requests_ends_the_opening(void **state)
{
    (void)state;
    usb_bench("deaf 1 requests 1");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_open(usb_cdc_open, LINK, &line_3m, begun + SOON_NS), -ETIMEDOUT);
    assert_took(begun, SOON_NS);
    assert_int_equal(client_open(usb_cdc_open, LINK, &line_3m, begun), -EAGAIN);
    usb_bench("deaf 1 requests 0");
    client_opens(usb_cdc_open, LINK, &line_3m);
    assert_echo(5);
}

/* ---- bytes ---- */

/* Around the packet of 64 bytes, where a burst ends with an empty one or with none, and the longest write. */
static void bytes_of_any_number_go_and_come(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 63, 64, 65, 127, 128, 129, 512, 1200, 2060, USB_WRITE_MAX};
    static const uint8_t more[USB_WRITE_MAX + 1];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_echo(sizes[i]);
    assert_int_equal(client.t.write(client.t.ctx, more, sizeof more, in_ns(LONG_NS)), -EINVAL);
}

static void a_read_takes_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    uint8_t bytes[3];
    size_t n = 0;
    assert_int_equal(client_write("abcd", in_ns(LONG_NS)), 0);
    assert_int_equal(client.t.read(client.t.ctx, bytes, 3, in_ns(LONG_NS), &n), 0);
    assert_int_equal(n, 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(client.t.read(client.t.ctx, bytes, 3, in_ns(LONG_NS), &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(bytes[0], 'd');
}

static void a_read_ends_at_its_deadline_and_misses_nothing(void **state)
{
    (void)state;
    uint8_t bytes[4];
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_read_byte(bytes, begun + SOON_NS), -EAGAIN);
    assert_took(begun, SOON_NS);
    begun = clock_monotonic_ns();
    assert_int_equal(client_read_byte(bytes, begun - 1), -EAGAIN);
    assert_took(begun, 0);
    usb_bench("say 1 01020304");
    assert_int_equal(client_read(bytes, 4, in_ns(LONG_NS)), 0);
    assert_memory_equal(bytes, "\1\2\3\4", 4);
}

/* It waited there before anybody asked: a deadline in the past takes it. */
static void what_lies_there_is_taken_at_once(void **state)
{
    (void)state;
    uint8_t byte;
    assert_int_equal(client_write("ab", in_ns(LONG_NS)), 0);
    assert_int_equal(client_read_byte(&byte, in_ns(LONG_NS)), 0);
    assert_int_equal(client_read_byte(&byte, 0), 0);
    assert_int_equal(byte, 'b');
    assert_int_equal(client_read_byte(&byte, 0), -EAGAIN);
}

static void what_a_device_says_unasked_is_read(void **state)
{
    (void)state;
    uint8_t byte;
    int64_t begun = clock_monotonic_ns();
    usb_bench("say-in 1 50 42");
    assert_int_equal(client_read_byte(&byte, in_ns(LONG_NS)), 0);
    assert_took(begun, 49 * NS_PER_MS);
    assert_int_equal(byte, 0x42);
}

static void empty_packets_without_end_hold_nobody(void **state)
{
    (void)state;
    uint8_t byte;
    usb_bench("babble 1 in 0");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_read_byte(&byte, begun + SOON_NS), -EAGAIN);
    assert_took(begun, SOON_NS);
    begun = clock_monotonic_ns();
    assert_int_equal(client_read_byte(&byte, 0), -EAGAIN);
    assert_took(begun, 0);
    assert_echo(5);
    assert_int_equal(usb_port_recover(client.port, in_ns(LONG_NS)), 0);
}

static void a_write_that_is_not_taken_ends_unknown_and_is_not_repeated(void **state)
{
    (void)state;
    usb_bench("deaf 1 out 1");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_write("lost", begun + SOON_NS), -ETIMEDOUT);
    assert_took(begun, SOON_NS);
    assert_int_equal(client_write("late", begun - 1), -EAGAIN);
    usb_bench("deaf 1 out 0");
    assert_echo(5);
    assert_string_equal(usb_bench("got 1"), "5");
}

static void a_stalled_endpoint_is_told_and_cleared(void **state)
{
    (void)state;
    uint8_t byte;
    usb_bench("halt 1 in");
    assert_int_equal(client_read_byte(&byte, in_ns(LONG_NS)), -EIO);
    assert_echo(5);
    usb_bench("halt 1 out");
    assert_int_equal(client_write("x", in_ns(LONG_NS)), -EIO);
    assert_echo(9);
    assert_string_equal(usb_bench("got 1"), "14");
}

/* ---- recovery ---- */

static void recovery_drops_what_came_late(void **state)
{
    (void)state;
    usb_bench("deaf 1 out 1");
    assert_int_equal(client_write("lost", in_ns(SOON_NS)), -ETIMEDOUT);
    usb_bench("deaf 1 out 0");
    usb_bench("halt 1 in");
    usb_bench("say 1 0102030405");
    assert_int_equal(usb_port_recover(client.port, in_ns(LONG_NS)), 0);
    assert_echo(5);
}

static void recovery_from_one_that_never_falls_silent_ends(void **state)
{
    (void)state;
    usb_bench("babble 1 in 5");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(usb_port_recover(client.port, begun + SOON_NS), -EAGAIN);
    assert_took(begun, SOON_NS);
    usb_bench("babble 1 in -1");
    assert_int_equal(usb_port_recover(client.port, in_ns(LONG_NS)), 0);
    assert_echo(5);
}

static void recovery_without_the_time_for_silence_ends(void **state)
{
    (void)state;
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(usb_port_recover(client.port, begun + USB_SILENCE_NS / 2), -EAGAIN);
    assert_took(begun, USB_SILENCE_NS / 2);
}

/* Whatever is in flight: closing ends it, and the sanitizer finds nothing left. */
static void a_port_can_be_closed_in_any_state(void **state)
{
    (void)state;
    usb_port_close(NULL);
    usb_bench("deaf 1 out 1");
    assert_int_equal(client_write("x", in_ns(SOON_NS)), -ETIMEDOUT);
    int64_t begun = clock_monotonic_ns();
    client_closes();
    assert_took(begun, 0);
    usb_bench("deaf 1 out 0");
    client_opens(usb_cdc_open, LINK, &line_3m);
    usb_bench("deaf 1 in 1");
    assert_int_equal(client_write("x", in_ns(LONG_NS)), 0);
    client.t.close(client.t.ctx);
    usb_bench("deaf 1 in 0");
    client_opens(usb_cdc_open, LINK, &line_3m);
    assert_int_equal(usb_port_recover(client.port, in_ns(LONG_NS)), 0);
    assert_echo(4);
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

static int write_short_of_memory(const char *text)
{
    submissions_that_fail = 1;
    int r = client_write(text, in_ns(LONG_NS));
    submissions_that_fail = 0;
    return r;
}

static void without_memory_only_what_rests_goes_on(void **state)
{
    (void)state;
    uint8_t byte;
    assert_int_equal(client_read_byte(&byte, 0), -EAGAIN); /* a read is in flight from now on */
    assert_int_equal(write_short_of_memory("a"), -EIO);
    usb_port_toward_rest(client.port, true);
    assert_int_equal(write_short_of_memory("b"), 0);
    assert_int_equal(write_short_of_memory("c"), -EIO); /* the reserve is used up */
    usb_port_toward_rest(client.port, false);
    assert_int_equal(write_short_of_memory("d"), -EIO); /* it is there again, for the next stop */
    usb_port_toward_rest(client.port, true);
    assert_int_equal(write_short_of_memory("e"), 0);
    usb_port_toward_rest(client.port, false);
    assert_string_equal(usb_bench("got 1"), "2");
}

int main(int argc, char **argv)
{
    (void)argc;
    usb_test_begin(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_line_is_set, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_device_that_takes_no_line_is_used_as_it_is, plugged, unplugged),
        cmocka_unit_test_setup_teardown(one_that_does_not_answer_requests_ends_the_opening, plugged, unplugged),
        cmocka_unit_test_setup_teardown(bytes_of_any_number_go_and_come, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_read_takes_no_more_than_there_is_room_for, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_read_ends_at_its_deadline_and_misses_nothing, opened, unplugged),
        cmocka_unit_test_setup_teardown(what_lies_there_is_taken_at_once, opened, unplugged),
        cmocka_unit_test_setup_teardown(what_a_device_says_unasked_is_read, opened, unplugged),
        cmocka_unit_test_setup_teardown(empty_packets_without_end_hold_nobody, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_write_that_is_not_taken_ends_unknown_and_is_not_repeated, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_stalled_endpoint_is_told_and_cleared, opened, unplugged),
        cmocka_unit_test_setup_teardown(recovery_drops_what_came_late, opened, unplugged),
        cmocka_unit_test_setup_teardown(recovery_from_one_that_never_falls_silent_ends, opened, unplugged),
        cmocka_unit_test_setup_teardown(recovery_without_the_time_for_silence_ends, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_port_can_be_closed_in_any_state, opened, unplugged),
        cmocka_unit_test_setup_teardown(without_memory_only_what_rests_goes_on, opened, unplugged),
    };
    return usb_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
