/* SPDX-License-Identifier: Apache-2.0 */
/* Every worked packet of a command this plugin uses, byte for byte; then answers that are none. */
#include "command.h"

#include <errno.h>

#include "common/crc.h"
#include "hex.h"

static const struct lifu_trigger sound = {
    .frequency_hz = 1000, .pulse_count = 100, .pulse_width_us = 200, .train_interval_us = 100000, .train_count = 6000};

/* ---- requests ---- */

static void requests_are_the_worked_packets(void **state)
{
    (void)state;
    static const struct {
        struct lifu_request request;
        uint16_t id;
        const char *wire;
    } examples[] = {
        {{.command = LIFU_PING}, 1, "AA 00 01 E2 00 00 00 00 00 89 27 DD"},
        {{.command = LIFU_VERSION}, 2, "AA 00 02 E2 02 00 00 00 00 15 26 DD"},
        {{.command = LIFU_START}, 3, "AA 00 03 EA 15 00 00 00 00 C3 8B DD"},
        {{.command = LIFU_STOP}, 4, "AA 00 04 EA 16 00 00 00 00 34 1D DD"},
        {{.command = LIFU_GET_TRIGGER}, 5, "AA 00 05 EA 14 00 00 00 00 C8 FF DD"},
        {{.command = LIFU_TX_TEMPERATURE}, 6, "AA 00 06 EA 06 00 00 00 00 50 A4 DD"},
        {{.command = LIFU_VOLTAGE_ON}, 7, "AA 00 07 EB 33 00 00 00 00 82 DC DD"},
        {{.command = LIFU_VOLTAGE_OFF}, 8, "AA 00 08 EB 34 00 00 00 00 6F E1 DD"},
        {{.command = LIFU_SET_VOLTAGE, .millivolts = 24500}, 8, "AA 00 08 EB 31 00 00 00 04 41 C4 00 00 06 E8 DD"},
        {{.command = LIFU_VOLTAGE_IS_ON}, 10, "AA 00 0A EB 3D 00 00 00 00 A7 7E DD"},
        {{.command = LIFU_READ_REGISTER, .address = 0x18}, 28, "AA 00 1C E6 23 00 00 00 02 18 00 A5 EB DD"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        uint8_t want[64], wire[LIFU_REQUEST_MAX];
        size_t n = 0, whole = hex_bytes(examples[i].wire, want, sizeof want);
        assert_int_equal(lifu_encode(&examples[i].request, examples[i].id, wire, &n), 0);
        assert_int_equal(n, whole);
        assert_memory_equal(wire, want, whole);
    }
}

static void only_voltages_that_the_number_holds_are_sent(void **state)
{
    (void)state;
    static const int64_t refused[] = {-125, -1, 1, 124, 126, 24501, 24499, 24600, 100125, INT64_MAX, INT64_MIN};
    uint8_t wire[LIFU_REQUEST_MAX];
    size_t n = 7;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const struct lifu_request q = {.command = LIFU_SET_VOLTAGE, .millivolts = refused[i]};
        assert_int_equal(lifu_encode(&q, 1, wire, &n), -EINVAL);
        assert_int_equal(n, 7);
    }
    for (int64_t mv = 0; mv <= 100000; mv += 125) { /* what goes out is the same number, by the machine's own rule */
        const struct lifu_request q = {.command = LIFU_SET_VOLTAGE, .millivolts = mv};
        float volts;
        assert_int_equal(lifu_encode(&q, 1, wire, &n), 0);
        uint32_t bits =
            (uint32_t)wire[9] << 24 | (uint32_t)wire[10] << 16 | (uint32_t)wire[11] << 8 | (uint32_t)wire[12];
        memcpy(&volts, &bits, sizeof volts);
        assert_true(volts * 1000.0F == (float)mv);
    }
}

static void a_trigger_goes_out_as_text(void **state)
{
    (void)state;
    const char want[] = "{\"TriggerFrequencyHz\":1000,\"TriggerPulseCount\":100,\"TriggerPulseWidthUsec\":200,"
                        "\"TriggerPulseTrainInterval\":100000,\"TriggerPulseTrainCount\":6000,\"TriggerMode\":0,"
                        "\"ProfileIndex\":0,\"ProfileIncrement\":0}";
    const struct lifu_request q = {.command = LIFU_SET_TRIGGER, .trigger = &sound};
    uint8_t wire[LIFU_REQUEST_MAX];
    size_t n = 0;
    assert_int_equal(lifu_encode(&q, 9, wire, &n), 0);
    assert_int_equal(n, sizeof want - 1 + OW_PACKET_AROUND);
    assert_memory_equal(wire + 9, want, sizeof want - 1);
    struct lifu_trigger endless = sound;
    endless.mode = LIFU_CONTINUOUS;
    const struct lifu_request bad = {.command = LIFU_SET_TRIGGER, .trigger = &endless};
    assert_int_equal(lifu_encode(&bad, 9, wire, &n), -EINVAL);
}

/* ---- answers ---- */

static int decode(enum lifu_side side, enum lifu_command command, const char *wire, struct lifu_answer *out)
{
    static struct ow_receiver receiver;
    uint8_t bytes[64];
    const uint8_t *at = bytes;
    size_t n = hex_bytes(wire, bytes, sizeof bytes);
    ow_receiver_init(&receiver);
    assert_int_equal(ow_receiver_take(&receiver, &at, &n), OW_PACKET);
    return lifu_decode(side, command, &receiver.packet, out);
}

static int decode_data(enum lifu_side side, enum lifu_command command, uint8_t code, const void *data, size_t n,
                       struct lifu_answer *out)
{
    const struct ow_packet packet = {.id = 1, .type = 0xe3, .command = code, .size = n, .data = data};
    return lifu_decode(side, command, &packet, out);
}

static void answers_are_read_from_the_worked_packets(void **state)
{
    (void)state;
    struct lifu_answer a;
    assert_int_equal(decode(LIFU_CONSOLE, LIFU_VOLTAGE_IS_ON, "AA 00 0A E3 3D 00 01 00 00 9D 0C DD", &a), 0);
    assert_true(a.flag);
    assert_int_equal(decode(LIFU_CONSOLE, LIFU_READ_VOLTAGE, "AA 00 0C E3 32 00 00 00 04 00 00 C4 41 50 CA DD", &a), 0);
    assert_int_equal(a.milli, 24500);
    assert_int_equal(decode(LIFU_TRANSMITTER, LIFU_START, "AA 00 03 E3 15 00 00 00 00 8B 69 DD", &a), 0);
    a.milli = 7;
    assert_int_equal(decode(LIFU_TRANSMITTER, LIFU_START, "AA 00 07 EF 00 00 FD 00 00 C7 42 DD", &a), -EACCES);
    assert_int_equal(a.milli, 7);
}

static void both_dialects_of_an_error_are_refusals(void **state)
{
    (void)state;
    static const struct {
        enum lifu_side side;
        uint8_t type;
        int result;
    } kinds[] = {
        {LIFU_CONSOLE, 0xe1, -EACCES},     {LIFU_CONSOLE, 0xed, -EACCES},     {LIFU_CONSOLE, 0xee, -EACCES},
        {LIFU_CONSOLE, 0xef, -EACCES},     {LIFU_TRANSMITTER, 0xe1, -EACCES}, {LIFU_TRANSMITTER, 0xef, -EACCES},
        {LIFU_TRANSMITTER, 0xee, -EPROTO}, {LIFU_TRANSMITTER, 0xed, -EPROTO}, {LIFU_CONSOLE, 0xe0, -EPROTO},
        {LIFU_CONSOLE, 0xe4, -EPROTO},     {LIFU_TRANSMITTER, 0xe2, -EPROTO}};
    struct lifu_answer a;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct ow_packet packet = {.id = 1, .type = kinds[i].type};
        assert_int_equal(lifu_decode(kinds[i].side, LIFU_PING, &packet, &a), kinds[i].result);
    }
}

static void an_answer_to_something_else_is_none(void **state)
{
    (void)state;
    struct lifu_answer a;
    const struct ow_packet two = {.type = 0xe3, .command = 0x3d, .reserved = 2};
    assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_START, 0x16, NULL, 0, &a), -EPROTO);
    assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_START, 0x15, "x", 1, &a), -EPROTO);
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_READ_VOLTAGE, 0x32, "\0\0\0", 3, &a), -EPROTO);
    assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_READ_REGISTER, 0x23, "\3\0\0\2", 4, &a), 0);
    assert_int_equal(a.value, 0x02000003);
    assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_READ_REGISTER, 0x23, "\3\0\0", 3, &a), -EPROTO);
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_READ_VOLTAGE, 0x32, "\0\0\0\0\0", 5, &a), -EPROTO);
    assert_int_equal(lifu_decode(LIFU_CONSOLE, LIFU_VOLTAGE_IS_ON, &two, &a), -EPROTO);
}

static void measured_numbers_round_away_from_rest(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        int result;
        int64_t milli;
    } numbers[] = {
        {"\x00\x00\x00\x00", 0, 0},       {"\x00\x00\x00\x80", 0, 0},       {"\x01\x00\x00\x00", 0, 1},
        {"\x01\x00\x00\x80", 0, -1},      {"\x00\x00\x80\x3f", 0, 1000},    {"\x01\x00\x80\x3f", 0, 1001},
        {"\x00\x00\xc4\xc1", 0, -24500},  {"\xcd\xcc\xcc\x3d", 0, 101},     {"\xff\xff\xff\x48", 0, 524287969},
        {"\x00\x00\x00\x49", -EPROTO, 0}, {"\x00\x00\x80\x7f", -EPROTO, 0}, {"\x00\x00\x80\xff", -EPROTO, 0},
        {"\x00\x00\xc0\x7f", -EPROTO, 0}, {"\xff\xff\x7f\x7f", -EPROTO, 0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct lifu_answer a = {0};
        print_message("number %zu\n", i);
        assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_AMBIENT, 0x07, numbers[i].bytes, 4, &a), numbers[i].result);
        assert_int_equal(a.milli, numbers[i].milli);
    }
}

static void names_are_bounded_text(void **state)
{
    (void)state;
    struct lifu_answer a;
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_VERSION, 0x02, "v1.2.3\0", 7, &a), 0);
    assert_string_equal(a.text, "v1.2.3");
    assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_VERSION, 0x02, "\1\2\3", 3, &a), 0);
    assert_string_equal(a.text, "1.2.3");
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_VERSION, 0x02, "", 0, &a), -EPROTO);
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_VERSION, 0x02, "a\nb!", 4, &a), -EPROTO);
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_VERSION, 0x02, "123456789012345678901234567890123456789012345678",
                                 LIFU_TEXT_MAX, &a),
                     -EPROTO);
    assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_HARDWARE_ID, 0x05, "\0\1\2\3\4\5\6\7\xa8\xb9\xca\xff", 12, &a),
                     0);
    assert_string_equal(a.text, "0001020304050607a8b9caff");
    const uint8_t sixteen[16] = {1};
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_HARDWARE_ID, 0x05, sixteen, 16, &a), 0);
    assert_string_equal(a.text, "010000000000000000000000");
    assert_int_equal(decode_data(LIFU_TRANSMITTER, LIFU_HARDWARE_ID, 0x05, sixteen, 16, &a), -EPROTO);
    assert_int_equal(decode_data(LIFU_CONSOLE, LIFU_HARDWARE_ID, 0x05, sixteen, 11, &a), -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_the_worked_packets),
        cmocka_unit_test(only_voltages_that_the_number_holds_are_sent),
        cmocka_unit_test(a_trigger_goes_out_as_text),
        cmocka_unit_test(answers_are_read_from_the_worked_packets),
        cmocka_unit_test(both_dialects_of_an_error_are_refusals),
        cmocka_unit_test(an_answer_to_something_else_is_none),
        cmocka_unit_test(measured_numbers_round_away_from_rest),
        cmocka_unit_test(names_are_bounded_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
