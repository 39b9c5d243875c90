/* SPDX-License-Identifier: Apache-2.0 */
/* Where the descriptors of a device say that its bytes go: a sane configuration, and one thing broken in it at a time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <errno.h>

#include "common/usb_cdc.h"

/* Header, call management, ACM, union: control 0, data 1. */
static const uint8_t functional[] = {5, 0x24, 0x00, 0x10, 0x01, 5,    0x24, 0x01, 0x00, 0x01,
                                     4, 0x24, 0x02, 0x02, 5,    0x24, 0x06, 0x00, 0x01};
#define CALL_DATA_AT 9 /* of call management */
#define UNION_DATA_AT 18

struct board {
    struct libusb_endpoint_descriptor notify, pair[2];
    struct libusb_interface_descriptor settings[2];
    struct libusb_interface interfaces[2];
    struct libusb_config_descriptor config;
    uint8_t extra[sizeof functional];
};

static struct board board;

/* A virtual COM port as ST's firmware makes it. */
static int sane(void **state)
{
    (void)state;
    board = (struct board){
        .notify = {.bEndpointAddress = 0x82, .bmAttributes = LIBUSB_TRANSFER_TYPE_INTERRUPT, .wMaxPacketSize = 8},
        .pair = {{.bEndpointAddress = 0x01, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 64},
                 {.bEndpointAddress = 0x81, .bmAttributes = LIBUSB_TRANSFER_TYPE_BULK, .wMaxPacketSize = 64}},
        .settings =
            {{.bInterfaceNumber = 0,
              .bInterfaceClass = LIBUSB_CLASS_COMM,
              .bInterfaceSubClass = 2,
              .bNumEndpoints = 1,
              .endpoint = &board.notify,
              .extra = board.extra,
              .extra_length = sizeof board.extra},
             {.bInterfaceNumber = 1, .bInterfaceClass = LIBUSB_CLASS_DATA, .bNumEndpoints = 2, .endpoint = board.pair}},
        .interfaces = {{.altsetting = &board.settings[0], .num_altsetting = 1},
                       {.altsetting = &board.settings[1], .num_altsetting = 1}},
        .config = {.bNumInterfaces = 2, .interface = board.interfaces},
    };
    for (size_t i = 0; i < sizeof functional; i++)
        board.extra[i] = functional[i];
    return 0;
}

static void assert_found(uint8_t data)
{
    struct cdc_interfaces found = {.control = 77};
    assert_int_equal(cdc_interfaces_find(&board.config, &found), 0);
    assert_int_equal(found.control, 0);
    assert_int_equal(found.data, data);
    assert_int_equal(found.pipes.out, 0x01);
    assert_int_equal(found.pipes.in, 0x81);
    assert_int_equal(found.pipes.packet, 64);
    assert_int_equal(found.pipes.overhead, 0);
}

static void assert_none(void)
{
    struct cdc_interfaces found = {.control = 77};
    assert_int_equal(cdc_interfaces_find(&board.config, &found), -ENODEV);
    assert_int_equal(found.control, 77);
}

static void a_virtual_com_port_is_found(void **state)
{
    (void)state;
    assert_found(1);
}

static void the_union_names_the_data_interface(void **state)
{
    (void)state;
    board.settings[1].bInterfaceNumber = 4;
    board.extra[UNION_DATA_AT] = 4;
    assert_found(4);
    board.extra[UNION_DATA_AT] = 5; /* which there is not */
    assert_none();
}

static void call_management_names_it_where_there_is_no_union(void **state)
{
    (void)state;
    board.settings[1].bInterfaceNumber = 4;
    board.extra[CALL_DATA_AT] = 4;
    board.settings[0].extra_length = UNION_DATA_AT - 4;
    assert_found(4);
}

static void without_functional_descriptors_data_follows_control(void **state)
{
    (void)state;
    board.settings[0].extra = NULL;
    board.settings[0].extra_length = 0;
    assert_found(1);
    board.settings[1].bInterfaceNumber = 2;
    assert_none();
}

/* Both endpoints in the control interface, as some small devices have it. */
static void control_and_data_may_be_one_interface(void **state)
{
    (void)state;
    board.extra[UNION_DATA_AT] = 0;
    board.settings[0].endpoint = board.pair;
    board.settings[0].bNumEndpoints = 2;
    board.config.bNumInterfaces = 1;
    assert_found(0);
}

static void another_class_is_no_virtual_com_port(void **state)
{
    (void)state;
    board.settings[0].bInterfaceClass = LIBUSB_CLASS_VENDOR_SPEC;
    assert_none();
    sane(NULL);
    board.settings[0].bInterfaceSubClass = 6; /* Ethernet */
    assert_none();
    sane(NULL);
    board.interfaces[0].num_altsetting = 0;
    assert_none();
}

static void both_bulk_endpoints_are_needed(void **state)
{
    (void)state;
    board.pair[0].bmAttributes = LIBUSB_TRANSFER_TYPE_INTERRUPT;
    assert_none();
    sane(NULL);
    board.pair[1].bEndpointAddress = 0x02;
    assert_none();
    sane(NULL);
    board.settings[1].bNumEndpoints = 1;
    assert_none();
}

static void a_packet_size_that_cannot_be_is_refused(void **state)
{
    (void)state;
    board.pair[1].wMaxPacketSize = 0;
    assert_none();
    board.pair[1].wMaxPacketSize = USB_PACKET_MAX + 1;
    assert_none();
    board.pair[1].wMaxPacketSize = USB_PACKET_MAX;
    struct cdc_interfaces found;
    assert_int_equal(cdc_interfaces_find(&board.config, &found), 0);
    assert_int_equal(found.pipes.packet, USB_PACKET_MAX);
}

static void the_first_pair_of_endpoints_counts(void **state)
{
    (void)state;
    static struct libusb_endpoint_descriptor four[4];
    for (int i = 0; i < 4; i++)
        four[i] = board.pair[i % 2];
    four[2].bEndpointAddress = 0x03;
    four[3].bEndpointAddress = 0x83;
    board.settings[1].endpoint = four;
    board.settings[1].bNumEndpoints = 4;
    assert_found(1);
}

/* Lengths that lie: nothing behind the end is read (the sanitizer looks on), nothing loops. */
static void functional_descriptors_that_lie_are_survived(void **state)
{
    (void)state;
    uint8_t data = 77;
    for (size_t n = 0; n < sizeof functional; n++) {
        int r = cdc_data_interface(functional, n, &data);
        assert_int_equal(r, n < 10 ? -ENODEV : 0);
    }
    const uint8_t endless[] = {0, 0x24, 0x06, 0, 1}, one[] = {1, 0x24, 0x06, 0, 1}, beyond[] = {6, 0x24, 0x06, 0, 1},
                  short_union[] = {4, 0x24, 0x06, 0, 5, 0x24, 0x06, 0, 3};
    assert_int_equal(cdc_data_interface(endless, sizeof endless, &data), -ENODEV);
    assert_int_equal(cdc_data_interface(one, sizeof one, &data), -ENODEV);
    assert_int_equal(cdc_data_interface(beyond, sizeof beyond, &data), -ENODEV);
    assert_int_equal(cdc_data_interface(NULL, 0, &data), -ENODEV);
    assert_int_equal(cdc_data_interface(short_union, sizeof short_union, &data), 0);
    assert_int_equal(data, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_virtual_com_port_is_found, sane),
        cmocka_unit_test_setup(the_union_names_the_data_interface, sane),
        cmocka_unit_test_setup(call_management_names_it_where_there_is_no_union, sane),
        cmocka_unit_test_setup(without_functional_descriptors_data_follows_control, sane),
        cmocka_unit_test_setup(control_and_data_may_be_one_interface, sane),
        cmocka_unit_test_setup(another_class_is_no_virtual_com_port, sane),
        cmocka_unit_test_setup(both_bulk_endpoints_are_needed, sane),
        cmocka_unit_test_setup(a_packet_size_that_cannot_be_is_refused, sane),
        cmocka_unit_test_setup(the_first_pair_of_endpoints_counts, sane),
        cmocka_unit_test(functional_descriptors_that_lie_are_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
