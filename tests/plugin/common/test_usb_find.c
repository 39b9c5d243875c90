/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which device is opened, end to end over libusb and usbfs as umockdev plays it: by its name and no other, held by one
 * process, taken from the kernel's driver and given back, found again when it was plugged in again.
 */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "usb_client.h"

static const struct serial_line line = {.baud = 115200, .parity = 'N', .stop_bits = 1};

static int try_open(const char *link)
{
    return client_open(usb_cdc_open, link, &line, in_ns(LONG_NS));
}

static void open_as(const char *link)
{
    client_opens(usb_cdc_open, link, &line);
}

static int plugged(void **state)
{
    (void)state;
    client.port = NULL;
    usb_bench("plug 1 acm A1 cdc_acm");
    return 0;
}

static int opened(void **state)
{
    plugged(state);
    open_as("usb:0483:5740,serial=A1");
    return 0;
}

static int closed(void **state)
{
    (void)state;
    client_closes();
    return 0;
}

/* Leaves an empty bus. */
static int unplugged(void **state)
{
    closed(state);
    usb_bench("unplug 1");
    return 0;
}

static void a_device_is_found_by_serial_number_or_port(void **state)
{
    (void)state;
    static const char *const links[] = {"usb:0483:5740,serial=A1", "usb:0483:5740,port=1-1",
                                        "usb:0483:5740,serial=A1,port=1-1"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        open_as(links[i]);
        const struct usb_seen *seen = usb_port_seen(client.port);
        assert_string_equal(seen->serial, "A1");
        assert_string_equal(seen->port, "1-1");
        assert_string_equal(seen->maker, "modality");
        assert_string_equal(seen->model, "virtual port");
        assert_int_equal(strncmp(seen->node, "/dev/bus/usb/001/", 17), 0);
        assert_echo(5);
        client_closes();
    }
}

static void another_device_is_not_taken(void **state)
{
    (void)state;
    static const char *const links[] = {"usb:0483:5740,serial=A2", "usb:0483:5740,serial=A",
                                        "usb:0483:5740,port=1-2",  "usb:0483:5740,serial=A1,port=1-2",
                                        "usb:0483:5741,serial=A1", "usb:0482:5740,serial=A1"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) {
        assert_int_equal(try_open(links[i]), -ENODEV);
        assert_non_null(strstr(client.why, links[i] + 4));
        assert_non_null(strstr(client.why, "not plugged in"));
    }
    assert_string_equal(usb_bench("driver 1 0"), "cdc_acm"); /* which nobody has touched */
}

static void two_that_match_are_both_refused(void **state)
{
    (void)state;
    usb_bench("plug 2 acm A1 -");
    assert_int_equal(try_open("usb:0483:5740,serial=A1"), -ENODEV);
    assert_non_null(strstr(client.why, "1-1"));
    assert_non_null(strstr(client.why, "1-2"));
    open_as("usb:0483:5740,serial=A1,port=1-2");
    assert_string_equal(usb_port_seen(client.port)->port, "1-2");
    const struct usb_name alike = {.vendor = 0x0483, .product = 0x5740, .serial = "A1"};
    struct usb_name each[1];
    size_t n = 0;
    assert_int_equal(usb_find_each(&alike, each, 1, &n), 0);
    assert_int_equal(n, 2);
    assert_string_equal(each[0].serial, "A1");
    assert_int_equal(strncmp(each[0].port, "1-", 2), 0);
    usb_bench("unplug 2");
}

static void all_that_is_plugged_in_is_listed(void **state)
{
    (void)state;
    struct usb_seen seen[2];
    libusb_context *ctx;
    size_t n = 77;
    usb_bench("plug 4 ftdi F1 -");
    assert_int_equal(libusb_init(&ctx), 0);
    assert_int_equal(usb_list(ctx, seen, 2, &n), 0);
    assert_int_equal(n, 2); /* not the hub */
    const struct usb_seen *f = strcmp(seen[0].serial, "F1") == 0 ? &seen[0] : &seen[1];
    assert_string_equal(f->serial, "F1");
    assert_string_equal(f->port, "1-4");
    assert_int_equal(f->vendor, 0x0403);
    assert_int_equal(f->product, 0x6001);
    assert_string_equal(f->model, "serial chip");
    assert_int_equal(usb_list(ctx, seen, 1, &n), 0);
    assert_int_equal(n, 2);
    libusb_exit(ctx);
    usb_bench("unplug 4");
}

static void one_process_has_it_at_a_time(void **state)
{
    (void)state;
    struct usb_port *first = client.port;
    assert_int_equal(try_open("usb:0483:5740,port=1-1"), -EBUSY);
    assert_non_null(strstr(client.why, usb_port_seen(first)->node));
    assert_echo(9);
    client_closes();
    open_as("usb:0483:5740,port=1-1");
    assert_echo(8);
}

static void the_kernel_s_driver_steps_aside_and_comes_back(void **state)
{
    (void)state;
    assert_string_equal(usb_bench("driver 1 0"), "usbfs");
    assert_string_equal(usb_bench("driver 1 1"), "usbfs");
    assert_string_equal(usb_bench("held 1"), "1");
    client_closes();
    assert_string_equal(usb_bench("driver 1 0"), "cdc_acm");
    assert_string_equal(usb_bench("driver 1 1"), "cdc_acm");
    assert_string_equal(usb_bench("held 1"), "0");
}

static void what_is_no_virtual_com_port_is_refused(void **state)
{
    (void)state;
    usb_bench("plug 5 ftdi F1 ftdi_sio");
    assert_int_equal(try_open("usb:0403:6001,serial=F1"), -ENODEV);
    assert_non_null(strstr(client.why, "CDC-ACM"));
    assert_string_equal(usb_bench("driver 5 0"), "ftdi_sio");
    usb_bench("unplug 5");
}

/* ---- the plug ---- */

static void a_pulled_plug_ends_a_read_at_once(void **state)
{
    (void)state;
    uint8_t byte;
    usb_bench("unplug-in 1 50");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_read_byte(&byte, in_ns(LONG_NS)), -ENODEV);
    assert_took(begun, 40 * NS_PER_MS);
    assert_int_equal(client_read_byte(&byte, in_ns(LONG_NS)), -ENODEV);
    assert_int_equal(client_write("x", in_ns(LONG_NS)), -ENODEV);
    assert_int_equal(usb_port_recover(client.port, in_ns(LONG_NS)), -ENODEV);
}

static void a_pulled_plug_ends_a_write_at_once(void **state)
{
    (void)state;
    usb_bench("deaf 1 out 1");
    usb_bench("unplug-in 1 50");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_write("x", in_ns(LONG_NS)), -ENODEV);
    assert_took(begun, 40 * NS_PER_MS);
}

static void a_plug_that_was_pulled_between_calls_shows_at_the_next(void **state)
{
    (void)state;
    uint8_t byte;
    usb_bench("unplug 1");
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(client_write("x", in_ns(LONG_NS)), -ENODEV);
    assert_int_equal(client_read_byte(&byte, in_ns(LONG_NS)), -ENODEV);
    assert_took(begun, 0);
}

static void what_is_plugged_in_again_is_opened_anew(void **state)
{
    (void)state;
    char node[USB_NODE_MAX];
    for (int i = 0; i < 3; i++) {
        memcpy(node, usb_port_seen(client.port)->node, sizeof node);
        assert_echo(6);
        usb_bench("unplug 1");
        assert_int_equal(client_write("x", in_ns(LONG_NS)), -ENODEV);
        client_closes();
        assert_int_equal(try_open("usb:0483:5740,serial=A1"), -ENODEV);
        usb_bench("plug 1 acm A1 -");
        open_as("usb:0483:5740,serial=A1");
        assert_string_not_equal(usb_port_seen(client.port)->node, node);
    }
    assert_echo(5);
}

/* It came back while the old one was still open: the old one stays gone, and is in nobody's way. */
static void one_that_enumerates_anew_is_another_one(void **state)
{
    (void)state;
    struct usb_port *old = client.port;
    struct transport t = client.t;
    usb_bench("unplug 1");
    usb_bench("plug 1 acm A1 -");
    uint8_t byte;
    size_t n;
    assert_int_equal(t.read(t.ctx, &byte, 1, in_ns(LONG_NS), &n), -ENODEV);
    open_as("usb:0483:5740,serial=A1");
    assert_int_equal(t.write(t.ctx, &byte, 1, in_ns(LONG_NS)), -ENODEV);
    usb_port_close(old);
    assert_echo(4);
    assert_string_equal(usb_bench("got 1"), "4");
}

static void a_serial_number_is_found_in_another_port(void **state)
{
    (void)state;
    usb_bench("unplug 1");
    client_closes();
    usb_bench("plug 3 acm A1 -");
    assert_int_equal(try_open("usb:0483:5740,port=1-1"), -ENODEV);
    open_as("usb:0483:5740,serial=A1");
    assert_string_equal(usb_port_seen(client.port)->port, "1-3");
    assert_echo(5);
    usb_bench("unplug 3");
}

/* A service leads its session and has no terminal: a pulled plug must not be one that hangs up. */
static void a_leader_of_a_session_outlives_the_plug(void **state)
{
    (void)state;
    int status = 0;
    pid_t leader = fork();
    assert_true(leader >= 0);
    if (leader == 0) {
        uint8_t byte;
        size_t n;
        struct usb_name name = name_of("usb:0483:5740,serial=A1");
        if (setsid() < 0 || usb_cdc_open(&name, &line, in_ns(LONG_NS), client.why, &client.port) < 0)
            _exit(2);
        struct transport t = usb_port_transport(client.port);
        if (t.write(t.ctx, (const uint8_t *)"x", 1, in_ns(LONG_NS)) < 0)
            _exit(3);
        while (t.read(t.ctx, &byte, 1, in_ns(LONG_NS), &n) == 0)
            ; /* the echo */
        _exit(usb_port_recover(client.port, in_ns(LONG_NS)) == -ENODEV ? 0 : 4);
    }
    for (int64_t until = in_ns(LONG_NS); strcmp(usb_bench("got 1"), "1") != 0;)
        assert_true(clock_monotonic_ns() < until);
    usb_bench("unplug 1");
    assert_int_equal(waitpid(leader, &status, 0), leader);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    usb_test_begin(argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_device_is_found_by_serial_number_or_port, plugged, unplugged),
        cmocka_unit_test_setup_teardown(another_device_is_not_taken, plugged, unplugged),
        cmocka_unit_test_setup_teardown(two_that_match_are_both_refused, plugged, unplugged),
        cmocka_unit_test_setup_teardown(all_that_is_plugged_in_is_listed, plugged, unplugged),
        cmocka_unit_test_setup_teardown(one_process_has_it_at_a_time, opened, unplugged),
        cmocka_unit_test_setup_teardown(the_kernel_s_driver_steps_aside_and_comes_back, opened, unplugged),
        cmocka_unit_test_setup_teardown(what_is_no_virtual_com_port_is_refused, plugged, unplugged),
        cmocka_unit_test_setup_teardown(a_pulled_plug_ends_a_read_at_once, opened, closed),
        cmocka_unit_test_setup_teardown(a_pulled_plug_ends_a_write_at_once, opened, closed),
        cmocka_unit_test_setup_teardown(a_plug_that_was_pulled_between_calls_shows_at_the_next, opened, closed),
        cmocka_unit_test_setup_teardown(what_is_plugged_in_again_is_opened_anew, opened, unplugged),
        cmocka_unit_test_setup_teardown(one_that_enumerates_anew_is_another_one, opened, unplugged),
        cmocka_unit_test_setup_teardown(a_serial_number_is_found_in_another_port, opened, closed),
        cmocka_unit_test_setup_teardown(a_leader_of_a_session_outlives_the_plug, plugged, closed),
    };
    return usb_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
