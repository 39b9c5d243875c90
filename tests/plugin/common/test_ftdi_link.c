/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A serial port behind an FTDI chip, end to end: libftdi and the code of plugins/common over libusb and usbfs as
 * umockdev plays it, against a chip of usb_bench that echoes, with its latency timer and status bytes.
 */
#include "usb_test.h"

#include <errno.h>
#include <string.h>

#include "common/ftdi_link.h"
#include "modality/clock.h"

#define SOON_NS (50 * NS_PER_MS)
#define LONG_NS (3 * NS_PER_S)
#define LATE_NS (500 * NS_PER_MS) /* how much later than asked a loaded machine may come back */
#define LINK "usb:0403:6001,serial=F1"

static const struct serial_line rehastim = {.baud = 460800, .parity = 'E', .stop_bits = 1};
static char why[USB_WHY_MAX];
static struct usb_port *port;
static struct transport t;

static int64_t later(void)
{
    return clock_monotonic_ns() + LONG_NS;
}

static int open_with(const struct serial_line *line, int64_t deadline_ns)
{
    struct usb_name names[USB_NAMES_MAX];
    const char *fault;
    size_t n;
    assert_int_equal(usb_link_parse(LINK, names, &n, &fault), 0);
    why[0] = '\0';
    return ftdi_link_open(&names[0], line, deadline_ns, why, &port);
}

static int plugged(void **state)
{
    (void)state;
    port = NULL;
    usb_bench("plug 1 ftdi F1 ftdi_sio");
    return 0;
}

static int opened(void **state)
{
    plugged(state);
    int r = open_with(&rehastim, later());
    if (r < 0)
        fail_msg("%s (%d)", why, r);
    t = usb_port_transport(port);
    return 0;
}

static int gone(void **state)
{
    (void)state;
    usb_port_close(port);
    return 0;
}

static int unplug(void **state)
{
    gone(state);
    usb_bench("unplug 1");
    return 0;
}

static int read_all(uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    for (size_t got = 0, some = 0; got < n; got += some) {
        int r = t.read(t.ctx, bytes + got, n - got, deadline_ns, &some);
        if (r < 0)
            return r;
        assert_true(some > 0);
    }
    return 0;
}

static void assert_echo(size_t n)
{
    static uint8_t sent[USB_WRITE_MAX], got[USB_WRITE_MAX];
    for (size_t i = 0; i < n; i++)
        sent[i] = (uint8_t)(i * 5 + n);
    assert_int_equal(t.write(t.ctx, sent, n, later()), 0);
    assert_int_equal(read_all(got, n, later()), 0);
    assert_memory_equal(got, sent, n);
}

static void assert_took(int64_t begun_ns, int64_t at_least_ns)
{
    int64_t took = clock_monotonic_ns() - begun_ns;
    assert_true(took >= at_least_ns);
    assert_true(took < at_least_ns + LATE_NS);
}

/* What the vendor requests carry for 460800 8E1 without flow control: its index has the flow above the port, A = 1. */
static void the_line_is_set(void **state)
{
    (void)state;
    const char *line = usb_bench("line 1");
    if (!strstr(line, "divisor=4006 format=0208 flow=0001 latency=1 dtr=1 rts=1"))
        fail_msg("%s", line);
    assert_null(strstr(line, "resets=0"));
    assert_null(strstr(line, "purges=0"));
    assert_string_equal(usb_port_seen(port)->serial, "F1");
}

static void a_plain_line_is_set_too(void **state)
{
    (void)state;
    static const struct serial_line plain = {.baud = 9600, .parity = 'N', .stop_bits = 2};
    assert_int_equal(open_with(&plain, later()), 0);
    assert_non_null(strstr(usb_bench("line 1"), "divisor=4138 format=1008"));
}

static void a_rate_that_the_chip_cannot_make_is_refused(void **state)
{
    (void)state;
    static const struct serial_line fast = {.baud = 9000000, .parity = 'N', .stop_bits = 1};
    assert_int_equal(open_with(&fast, later()), -EINVAL);
    assert_null(port);
    assert_non_null(strstr(why, "baud rate"));
    assert_string_equal(usb_bench("driver 1 0"), "ftdi_sio");
}

static void the_kernel_s_driver_steps_aside_and_comes_back(void **state)
{
    (void)state;
    assert_string_equal(usb_bench("driver 1 0"), "usbfs");
    usb_port_close(port);
    port = NULL;
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
    uint8_t bytes[8];
    size_t n = 77;
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(t.read(t.ctx, bytes, sizeof bytes, begun + SOON_NS, &n), -EAGAIN);
    assert_took(begun, SOON_NS);
    assert_int_equal(n, 77);
    usb_bench("say-in 1 30 0a0b");
    assert_int_equal(read_all(bytes, 2, later()), 0);
    assert_memory_equal(bytes, "\x0a\x0b", 2);
}

static void recovery_purges_and_drops(void **state)
{
    (void)state;
    usb_bench("say 1 0102030405");
    assert_int_equal(usb_port_recover(port, later()), 0);
    assert_echo(10);
    assert_int_equal(usb_port_recover(port, clock_monotonic_ns()), -EAGAIN);
}

static void a_chip_that_does_not_answer_ends_the_opening(void **state)
{
    (void)state;
    usb_bench("deaf 1 requests 1");
    int64_t begun = clock_monotonic_ns();
    assert_true(open_with(&rehastim, begun + SOON_NS) < 0);
    assert_true(clock_monotonic_ns() - begun < SOON_NS + LATE_NS);
    assert_null(port);
    usb_bench("deaf 1 requests 0");
    usb_bench("refuse 1 1");
    assert_int_equal(open_with(&rehastim, later()), -EIO);
    assert_null(port);
    usb_bench("refuse 1 0");
    assert_int_equal(open_with(&rehastim, later()), 0);
}

static void one_process_has_it_at_a_time(void **state)
{
    (void)state;
    struct usb_port *first = port;
    assert_int_equal(open_with(&rehastim, later()), -EBUSY);
    assert_ptr_equal(port, first);
    assert_echo(3);
}

static void a_pulled_plug_is_told_and_survived(void **state)
{
    (void)state;
    uint8_t byte;
    size_t n;
    usb_bench("unplug-in 1 50");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(t.read(t.ctx, &byte, 1, later(), &n), -ENODEV);
    assert_took(begun, 40 * NS_PER_MS);
    assert_int_equal(t.write(t.ctx, &byte, 1, later()), -ENODEV);
    assert_int_equal(usb_port_recover(port, later()), -ENODEV);
    usb_port_close(port);
    opened(state);
    assert_echo(7);
}

int main(int argc, char **argv)
{
    (void)argc;
    usb_test_begin(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_line_is_set, opened, unplug),
        cmocka_unit_test_setup_teardown(a_plain_line_is_set_too, plugged, unplug),
        cmocka_unit_test_setup_teardown(a_rate_that_the_chip_cannot_make_is_refused, plugged, unplug),
        cmocka_unit_test_setup_teardown(the_kernel_s_driver_steps_aside_and_comes_back, opened, unplug),
        cmocka_unit_test_setup_teardown(status_bytes_are_no_bytes, opened, unplug),
        cmocka_unit_test_setup_teardown(packets_of_nothing_but_status_end_no_read, opened, unplug),
        cmocka_unit_test_setup_teardown(recovery_purges_and_drops, opened, unplug),
        cmocka_unit_test_setup_teardown(a_chip_that_does_not_answer_ends_the_opening, plugged, unplug),
        cmocka_unit_test_setup_teardown(one_process_has_it_at_a_time, opened, unplug),
        cmocka_unit_test_setup_teardown(a_pulled_plug_is_told_and_survived, opened, unplug),
    };
    return usb_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
