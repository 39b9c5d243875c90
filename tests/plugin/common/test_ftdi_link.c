/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A serial port behind an FTDI chip, end to end: libftdi and the code of plugins/common over libusb and usbfs as
 * umockdev plays it, against a chip of usb_bench that echoes, with its latency timer and status bytes.
 */
#include <errno.h>
#include <string.h>

#include "common/ftdi_link.h"
#include "usb_client.h"

#define LINK "usb:0403:6001,serial=F1"

static const struct serial_line rehastim = {.baud = 460800, .parity = 'E', .stop_bits = 1};

static int try_open(const struct serial_line *line, int64_t deadline_ns)
{
    return client_open(ftdi_link_open, LINK, line, deadline_ns);
}

static int plugged(void **state)
{
    (void)state;
    client.port = NULL;
    usb_bench("plug 1 ftdi F1 ftdi_sio");
    return 0;
}

static int opened(void **state)
{
    plugged(state);
    client_opens(ftdi_link_open, LINK, &rehastim);
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

/* What the vendor requests carry for 460800 8E1 without flow control: its index has the flow above the port, A = 1. */
static void the_line_is_set(void **state)
{
    (void)state;
    const char *line = usb_bench("line 1");
    assert_non_null(strstr(line, "divisor=4006 format=0208 flow=0001 latency=1 dtr=1 rts=1"));
    assert_null(strstr(line, "resets=0"));
    assert_null(strstr(line, "purges=0"));
    assert_string_equal(usb_port_seen(client.port)->serial, "F1");
}

static void a_plain_line_is_set_too(void **state)
{
    (void)state;
    static const struct serial_line plain = {.baud = 9600, .parity = 'N', .stop_bits = 2};
    client_opens(ftdi_link_open, LINK, &plain);
    assert_non_null(strstr(usb_bench("line 1"), "divisor=4138 format=1008"));
}

static void a_rate_that_the_chip_cannot_make_is_refused(void **state)
{
    (void)state;
    static const struct serial_line fast = {.baud = 9000000, .parity = 'N', .stop_bits = 1};
    assert_int_equal(try_open(&fast, in_ns(LONG_NS)), -EINVAL);
    assert_non_null(strstr(client.why, "baud rate"));
    assert_string_equal(usb_bench("driver 1 0"), "ftdi_sio");
}

static void the_kernel_s_driver_steps_aside_and_comes_back(void **state)
{
    (void)state;
    assert_string_equal(usb_bench("driver 1 0"), "usbfs");
    client_closes();
    assert_string_equal(usb_bench("driver 1 0"), "ftdi_sio");
}

/* 62 bytes fill a packet with the two of its status. */
static void status_bytes_are_no_bytes(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 2, 61, 62, 63, 64, 124, 125, 512, 1200, USB_WRITE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_echo(sizes[i]);
}

/* The chip sends a packet of status each millisecond: none of them ends a read. */
static void packets_of_nothing_but_status_end_no_read(void **state)
{
    (void)state;
    uint8_t bytes[2];
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_read_byte(bytes, begun + SOON_NS), -EAGAIN);
    assert_took(begun, SOON_NS);
    usb_bench("say-in 1 30 0a0b");
    assert_int_equal(client_read(bytes, 2, in_ns(LONG_NS)), 0);
    assert_memory_equal(bytes, "\x0a\x0b", 2);
}

static void recovery_purges_and_drops(void **state)
{
    (void)state;
    usb_bench("say 1 0102030405");
    assert_int_equal(usb_port_recover(client.port, in_ns(LONG_NS)), 0);
    assert_echo(10);
    assert_int_equal(usb_port_recover(client.port, clock_monotonic_ns()), -EAGAIN);
}

static void a_chip_that_does_not_answer_ends_the_opening(void **state)
{
    (void)state;
    usb_bench("deaf 1 requests 1");
    int64_t begun = clock_monotonic_ns();
    assert_true(try_open(&rehastim, begun + SOON_NS) < 0);
    assert_took(begun, SOON_NS / 2);
    usb_bench("deaf 1 requests 0");
    usb_bench("refuse 1 1");
    assert_int_equal(try_open(&rehastim, in_ns(LONG_NS)), -EIO);
    usb_bench("refuse 1 0");
    client_opens(ftdi_link_open, LINK, &rehastim);
    assert_echo(3);
}

static void one_process_has_it_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(try_open(&rehastim, in_ns(LONG_NS)), -EBUSY);
    assert_echo(3);
}

static void a_pulled_plug_is_told_and_survived(void **state)
{
    uint8_t byte;
    usb_bench("unplug-in 1 50");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_read_byte(&byte, in_ns(LONG_NS)), -ENODEV);
    assert_took(begun, 40 * NS_PER_MS);
    assert_int_equal(client_write("x", in_ns(LONG_NS)), -ENODEV);
    assert_int_equal(usb_port_recover(client.port, in_ns(LONG_NS)), -ENODEV);
    client_closes();
    opened(state);
    assert_echo(7);
}

int main(int argc, char **argv)
{
    (void)argc;
    usb_test_begin(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_line_is_set, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_plain_line_is_set_too, plugged, unplugged),
        cmocka_unit_test_setup_teardown(a_rate_that_the_chip_cannot_make_is_refused, plugged, unplugged),
        cmocka_unit_test_setup_teardown(the_kernel_s_driver_steps_aside_and_comes_back, opened, unplugged),
        cmocka_unit_test_setup_teardown(status_bytes_are_no_bytes, opened, unplugged),
        cmocka_unit_test_setup_teardown(packets_of_nothing_but_status_end_no_read, opened, unplugged),
        cmocka_unit_test_setup_teardown(recovery_purges_and_drops, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_chip_that_does_not_answer_ends_the_opening, plugged, unplugged),
        cmocka_unit_test_setup_teardown(one_process_has_it_at_a_time, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_pulled_plug_is_told_and_survived, opened, unplugged),
    };
    return usb_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
