/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulator's Modbus framing against frames that others published: a Buhler TC-MIDI and a Julabo PRESTO manual, and
 * frames whose CRC was computed elsewhere. Nothing here was produced by the code under test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "front/modbus_frame.h"

#include <errno.h>
#include <string.h>

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static void request_of(const uint8_t *frame, size_t length, struct modbus_request *request)
{
    assert_int_equal(rtu_request_length(frame, length), length);
    assert_true(rtu_crc_valid(frame, length));
    assert_int_equal(modbus_request_decode(frame + 1, length - 3, request), MODBUS_OK);
}

static void rtu_requests_of_manuals_are_understood(void **state)
{
    (void)state;
    struct modbus_request r = {0};
    request_of(BYTES(0x0A, 0x03, 0x13, 0x88, 0x00, 0x02, 0x41, 0xDE), &r);
    assert_int_equal(r.function, 3);
    assert_int_equal(r.address, 5000);
    assert_int_equal(r.count, 2);
    request_of(BYTES(0x0A, 0x10, 0x13, 0x88, 0x00, 0x02, 0x04, 0x40, 0x80, 0x00, 0x00, 0x12, 0x55), &r);
    assert_int_equal(r.function, 16);
    assert_int_equal(modbus_request_value(&r, 0), 0x4080);
    assert_int_equal(modbus_request_value(&r, 1), 0);
    request_of(BYTES(0x01, 0x05, 0x00, 0x00, 0xFF, 0x00, 0x8C, 0x3A), &r);
    assert_int_equal(modbus_request_value(&r, 0), 1);
    request_of(BYTES(0x01, 0x05, 0x00, 0x00, 0x00, 0x00, 0xCD, 0xCA), &r);
    assert_int_equal(modbus_request_value(&r, 0), 0);
    request_of(BYTES(0x01, 0x02, 0x00, 0x00, 0x00, 0x17, 0x38, 0x04), &r);
    assert_int_equal(r.count, 23);
}

static void rtu_replies_equal_those_of_manuals(void **state)
{
    (void)state;
    uint8_t pdu[MODBUS_PDU_MAX];
    uint8_t frame[MODBUS_FRAME_MAX];
    struct modbus_request read = {.function = 3, .read_address = 5000, .read_count = 2};
    const uint16_t five[] = {0x40A0, 0};
    size_t length = rtu_encode(10, pdu, modbus_reply_encode(&read, five, pdu), frame);
    static const uint8_t manual[] = {0x0A, 0x03, 0x04, 0x40, 0xA0, 0x00, 0x00, 0x55, 0x11};
    assert_int_equal(length, sizeof manual);
    assert_memory_equal(frame, manual, sizeof manual);

    length = rtu_encode(1, pdu, modbus_exception_encode(4, MODBUS_ILLEGAL_ADDRESS, pdu), frame);
    static const uint8_t refusal[] = {0x01, 0x84, 0x02, 0xC2, 0xC1};
    assert_int_equal(length, sizeof refusal);
    assert_memory_equal(frame, refusal, sizeof refusal);
}

static void tcp_request_of_manual_is_cut_and_echoed(void **state)
{
    (void)state;
    static const uint8_t start[] = {0x00, 0x01, 0x00, 0x00, 0x00, 0x06, 0x01, 0x06, 0x00, 0x00, 0x00, 0x01};
    struct modbus_request r = {0};
    uint8_t pdu[MODBUS_PDU_MAX];
    uint8_t frame[MODBUS_FRAME_MAX];
    for (size_t length = 0; length < sizeof start; length++)
        assert_int_equal(mbap_frame_length(start, length), 0);
    assert_int_equal(mbap_frame_length(start, sizeof start), sizeof start);
    assert_int_equal(modbus_request_decode(start + 7, sizeof start - 7, &r), MODBUS_OK);
    size_t length = mbap_encode(1, 1, pdu, modbus_reply_encode(&r, NULL, pdu), frame);
    assert_int_equal(length, sizeof start); /* a write of one is echoed */
    assert_memory_equal(frame, start, sizeof start);
}

static void stream_that_is_not_modbus_is_refused(void **state)
{
    (void)state;
    assert_int_equal(mbap_frame_length(BYTES(0, 1, 0, 1, 0, 6, 1, 6)), -EPROTO);   /* protocol id */
    assert_int_equal(mbap_frame_length(BYTES(0, 1, 0, 0, 0, 1, 1)), -EPROTO);      /* no function */
    assert_int_equal(mbap_frame_length(BYTES(0, 1, 0, 0, 0, 255, 1, 6)), -EPROTO); /* PDU of 254 */
    assert_int_equal(mbap_frame_length(BYTES(0, 1, 0, 0, 0, 254, 1, 6)), 0);       /* PDU of 253 */
    assert_int_equal(mbap_frame_length(BYTES('G', 'E', 'T', ' ', '/', ' ', 'H')), -EPROTO);
}

static enum modbus_exception decoded(const uint8_t *pdu, size_t length)
{
    struct modbus_request r = {0};
    return modbus_request_decode(pdu, length, &r);
}

static void malformed_requests_get_the_right_exception(void **state)
{
    (void)state;
    assert_int_equal(decoded(BYTES(0x2B, 14, 1, 0, 0)), MODBUS_ILLEGAL_FUNCTION);
    assert_int_equal(decoded(BYTES(3, 0, 0, 0)), MODBUS_ILLEGAL_VALUE);    /* short */
    assert_int_equal(decoded(BYTES(3, 0, 0, 0, 0)), MODBUS_ILLEGAL_VALUE); /* count 0 */
    assert_int_equal(decoded(BYTES(3, 0, 0, 0, 125)), MODBUS_OK);
    assert_int_equal(decoded(BYTES(3, 0, 0, 0, 126)), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(decoded(BYTES(1, 0, 0, 0x07, 0xD0)), MODBUS_OK); /* 2000 bits */
    assert_int_equal(decoded(BYTES(1, 0, 0, 0x07, 0xD1)), MODBUS_ILLEGAL_VALUE);
    assert_int_equal(decoded(BYTES(5, 0, 0, 0xFF, 0x01)), MODBUS_ILLEGAL_VALUE);             /* neither on nor off */
    assert_int_equal(decoded(BYTES(16, 0, 100, 0, 2, 4, 0, 1, 0)), MODBUS_ILLEGAL_VALUE);    /* a byte short */
    assert_int_equal(decoded(BYTES(16, 0, 100, 0, 2, 3, 0, 1, 0, 2)), MODBUS_ILLEGAL_VALUE); /* byte count wrong */
    assert_int_equal(decoded(BYTES(15, 0, 0, 0, 2, 1, 3)), MODBUS_OK);
    assert_int_equal(decoded(BYTES(15, 0, 0, 0, 9, 1, 3)), MODBUS_ILLEGAL_VALUE);
}

static void request_of_unknown_function_ends_only_by_silence(void **state)
{
    (void)state;
    assert_int_equal(rtu_request_length(BYTES(1)), 0);
    assert_int_equal(rtu_request_length(BYTES(1, 0x2B)), -ENOSYS);
    assert_int_equal(rtu_request_length(BYTES(1, 16, 0, 0, 0, 1)), 0); /* byte count not here yet */
    assert_int_equal(rtu_request_length(BYTES(1, 6, 0, 0, 0, 1, 0)), 0);
}

static void a_flipped_bit_anywhere_breaks_the_crc(void **state)
{
    (void)state;
    uint8_t frame[] = {0x0A, 0x03, 0x07, 0xD0, 0x00, 0x02, 0xC5, 0xFD};
    assert_true(rtu_crc_valid(frame, sizeof frame));
    for (size_t bit = 0; bit < 8 * sizeof frame; bit++) {
        frame[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        assert_false(rtu_crc_valid(frame, sizeof frame));
        frame[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    assert_false(rtu_crc_valid(frame, 3));
}

/* The example of the Modbus application protocol, 6.17: read 6 from 3, write 3 to 14. */
static void read_and_write_in_one_request_is_understood(void **state)
{
    static const uint8_t pdu[] = {0x17, 0x00, 0x03, 0x00, 0x06, 0x00, 0x0E, 0x00,
                                  0x03, 0x06, 0x00, 0xFF, 0x00, 0xFF, 0x00, 0xFF};
    static const uint8_t reply[] = {0x17, 0x0C, 0x00, 0xFE, 0x0A, 0xCD, 0x00, 0x01, 0x00, 0x03, 0x00, 0x0D, 0x00, 0xFF};
    const uint16_t values[] = {0x00FE, 0x0ACD, 0x0001, 0x0003, 0x000D, 0x00FF};
    uint8_t frame[MODBUS_FRAME_MAX];
    uint8_t answer[MODBUS_PDU_MAX];
    struct modbus_request r = {0};
    (void)state;
    assert_int_equal(modbus_request_decode(pdu, sizeof pdu, &r), MODBUS_OK);
    assert_int_equal(r.read_address, 3);
    assert_int_equal(r.read_count, 6);
    assert_int_equal(r.address, 14);
    assert_int_equal(r.count, 3);
    assert_int_equal(modbus_request_value(&r, 2), 0x00FF);
    assert_int_equal(modbus_reply_encode(&r, values, answer), sizeof reply);
    assert_memory_equal(answer, reply, sizeof reply);
    for (size_t length = 1; length < sizeof pdu; length++)
        assert_int_equal(modbus_request_decode(pdu, length, &r), MODBUS_ILLEGAL_VALUE);
    size_t size = rtu_encode(1, pdu, sizeof pdu, frame);
    for (size_t length = 0; length < size; length++)
        assert_int_equal(rtu_request_length(frame, length), 0);
    assert_int_equal(rtu_request_length(frame, size), size);
}

static void bits_are_packed_from_the_lowest(void **state)
{
    (void)state;
    uint8_t pdu[MODBUS_PDU_MAX];
    struct modbus_request read = {.function = 1, .read_count = 10};
    const uint16_t bits[10] = {1, 0, 1, 1, 0, 0, 1, 1, 1, 0}; /* the example of the Modbus specification's style */
    assert_int_equal(modbus_reply_encode(&read, bits, pdu), 4);
    assert_int_equal(pdu[1], 2);
    assert_int_equal(pdu[2], 0xCD);
    assert_int_equal(pdu[3], 0x01);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rtu_requests_of_manuals_are_understood),
        cmocka_unit_test(rtu_replies_equal_those_of_manuals),
        cmocka_unit_test(tcp_request_of_manual_is_cut_and_echoed),
        cmocka_unit_test(stream_that_is_not_modbus_is_refused),
        cmocka_unit_test(malformed_requests_get_the_right_exception),
        cmocka_unit_test(request_of_unknown_function_ends_only_by_silence),
        cmocka_unit_test(a_flipped_bit_anywhere_breaks_the_crc),
        cmocka_unit_test(bits_are_packed_from_the_lowest),
        cmocka_unit_test(read_and_write_in_one_request_is_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
