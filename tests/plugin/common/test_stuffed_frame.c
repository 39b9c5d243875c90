/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every printed frame of the two protocols in both directions, and the receiver against what a line can do to frames.
 */
#include <errno.h>

#include "common/crc.h"
#include "common/stuffed_frame.h"
#include "hex.h"

struct example {
    const char *what, *body, *wire;
};

#define FRAME(what, body, wire) {what, body, wire},
static const struct example sciencemode4[] = {
#include "frames_sciencemode4.inc"
};
static const struct example sciencemode2[] = {
#include "frames_sciencemode2.inc"
};

#define WATCHDOG_4 "F0 81 1D 81 57 04 04 0F" /* of ScienceMode 2: number 4, command 4 */
#define WATCHDOG_4_BODY "04 04"

/* ---- encoding ---- */

static void encodes(const struct stuffed_format *format, const struct example *e)
{
    uint8_t body[STUFFED_FRAME_MAX], want[STUFFED_FRAME_MAX], wire[STUFFED_FRAME_MAX];
    size_t n = hex_bytes(e->body, body, sizeof body), whole = hex_bytes(e->wire, want, sizeof want), size = 0;
    print_message("%s\n", e->what);
    assert_int_equal(stuffed_frame_encode(format, body, n, wire, sizeof wire, &size), 0);
    assert_int_equal(size, whole);
    assert_memory_equal(wire, want, whole);
    /* Exactly enough room is enough, one byte less is refused and nothing is written behind the end. */
    assert_int_equal(stuffed_frame_encode(format, body, n, wire, whole, &size), 0);
    memset(wire, 0xee, sizeof wire);
    size = 7;
    assert_int_equal(stuffed_frame_encode(format, body, n, wire, whole - 1, &size), -ENOSPC);
    assert_int_equal(wire[whole - 1], 0xee);
    assert_int_equal(size, 7);
}

static void every_printed_frame_is_encoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sciencemode4 / sizeof *sciencemode4; i++)
        encodes(&stuffed_sciencemode4, &sciencemode4[i]);
    for (size_t i = 0; i < sizeof sciencemode2 / sizeof *sciencemode2; i++)
        encodes(&stuffed_sciencemode2, &sciencemode2[i]);
}

static void a_body_without_command_is_refused(void **state)
{
    (void)state;
    uint8_t body[2] = {0}, wire[16];
    size_t size;
    assert_int_equal(stuffed_frame_encode(&stuffed_sciencemode2, body, 0, wire, sizeof wire, &size), -EINVAL);
    assert_int_equal(stuffed_frame_encode(&stuffed_sciencemode2, body, 1, wire, sizeof wire, &size), -EINVAL);
    assert_int_equal(stuffed_frame_encode(&stuffed_sciencemode2, body, 2, wire, sizeof wire, &size), 0);
}

/* The longest body that a format carries, and one byte more; header and stop byte take the given number. */
static void bounded_at(const struct stuffed_format *format, size_t around)
{
    static uint8_t body[2 * STUFFED_FRAME_MAX], wire[2 * STUFFED_FRAME_MAX];
    size_t longest = format->frame_max - around, size = 0;
    memset(body, 0x11, sizeof body);
    assert_int_equal(stuffed_frame_encode(format, body, longest, wire, sizeof wire, &size), 0);
    assert_int_equal(size, format->frame_max);
    assert_int_equal(stuffed_frame_encode(format, body, longest + 1, wire, sizeof wire, &size), -EMSGSIZE);
    assert_int_equal(stuffed_frame_encode(format, body, sizeof body, wire, sizeof wire, &size), -EMSGSIZE);
    body[0] = 0x0f; /* needs two bytes on the wire */
    assert_int_equal(stuffed_frame_encode(format, body, longest, wire, sizeof wire, &size), -EMSGSIZE);
    assert_int_equal(stuffed_frame_encode(format, body, longest - 1, wire, sizeof wire, &size), 0);
    assert_int_equal(size, format->frame_max);
}

static void a_frame_that_the_format_cannot_carry_is_refused(void **state)
{
    (void)state;
    bounded_at(&stuffed_sciencemode4, 10);
    bounded_at(&stuffed_sciencemode2, 6);
}

/* ---- receiving ---- */

static struct stuffed_receiver receiver;

/* Takes text up to the first event. */
static enum stuffed_event take(const char *text)
{
    static uint8_t bytes[2 * STUFFED_FRAME_MAX];
    const uint8_t *at = bytes;
    size_t n = hex_bytes(text, bytes, sizeof bytes);
    enum stuffed_event event = stuffed_receiver_take(&receiver, &at, &n);
    assert_int_equal(n, 0); /* of these texts the last byte makes the event */
    return event;
}

static void assert_body(const char *text)
{
    uint8_t body[STUFFED_FRAME_MAX];
    size_t n = hex_bytes(text, body, sizeof body);
    assert_int_equal(receiver.body_size, n);
    assert_memory_equal(receiver.body, body, n);
}

static void assert_fault(const char *text, enum stuffed_fault fault)
{
    uint64_t before = receiver.faults[fault];
    assert_int_equal(take(text), STUFFED_FAULT);
    assert_int_equal(receiver.fault, fault);
    assert_int_equal(receiver.faults[fault], before + 1);
}

static int receiver_sciencemode2(void **state)
{
    (void)state;
    stuffed_receiver_init(&receiver, &stuffed_sciencemode2);
    return 0;
}

static int receiver_sciencemode4(void **state)
{
    (void)state;
    stuffed_receiver_init(&receiver, &stuffed_sciencemode4);
    return 0;
}

static void receives(const struct stuffed_format *format, const struct example *e)
{
    uint8_t wire[STUFFED_FRAME_MAX];
    size_t whole = hex_bytes(e->wire, wire, sizeof wire);
    print_message("%s\n", e->what);
    stuffed_receiver_init(&receiver, format);
    assert_int_equal(take(e->wire), STUFFED_FRAME);
    assert_body(e->body);
    for (size_t i = 0; i < whole; i++) { /* once more, byte by byte */
        const uint8_t *at = &wire[i];
        size_t one = 1;
        assert_int_equal(stuffed_receiver_take(&receiver, &at, &one), i + 1 < whole ? STUFFED_MORE : STUFFED_FRAME);
    }
    assert_body(e->body);
    assert_int_equal(receiver.frames, 2);
    assert_int_equal(receiver.ignored, 0);
}

static void every_printed_frame_is_received(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sciencemode4 / sizeof *sciencemode4; i++)
        receives(&stuffed_sciencemode4, &sciencemode4[i]);
    for (size_t i = 0; i < sizeof sciencemode2 / sizeof *sciencemode2; i++)
        receives(&stuffed_sciencemode2, &sciencemode2[i]);
}

/* Each bit of a frame changed: never taken for a frame with another body. */
static void no_changed_bit_makes_another_frame(void **state)
{
    (void)state;
    const char *text = "F0 81 55 81 46 81 76 81 D5 28 25 00 04 01 00 01 30 00 0F";
    uint8_t wire[32];
    size_t whole = hex_bytes(text, wire, sizeof wire);
    for (size_t bit = 0; bit < 8 * whole; bit++) {
        stuffed_receiver_init(&receiver, &stuffed_sciencemode4);
        wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const uint8_t *at = wire;
        size_t n = whole;
        while (n > 0)
            assert_int_not_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FRAME);
        wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void more_stuffing_than_needed_is_accepted(void **state)
{
    (void)state;
    /* pyScienceMode stuffs 55 and 0A too: 85 us, 10 mA. */
    assert_int_equal(take("F0 81 DF 81 5D 03 20 00 00 81 00 81 5F 0F"), STUFFED_FRAME);
    assert_body("03 20 00 00 55 0A");
}

static void any_byte_may_stand_behind_an_81(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte <= 0xff; byte++) {
        uint8_t wire[9] = {0xf0, 0x81, 0, 0x81, 3 ^ 0x55, 0x81, (uint8_t)byte, 0x04, 0x0f};
        wire[2] = crc8_smbus(wire + 5, 3) ^ 0x55;
        const uint8_t *at = wire;
        size_t n = sizeof wire;
        assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FRAME);
        assert_int_equal(receiver.body_size, 2);
        assert_int_equal(receiver.body[0], byte ^ 0x55);
        assert_int_equal(receiver.body[1], 0x04);
    }
}

/* CRC bytes of A5 and 5A: the header holds F0 and 0F, and they neither begin nor end anything. */
static void a_header_may_hold_start_and_stop_bytes(void **state)
{
    (void)state;
    static const struct example narrow[] = {
        {"CRC A5", "C4 04", "F0 81 F0 81 57 C4 04 0F"},
        {"CRC 5A", "DC 04", "F0 81 0F 81 57 DC 04 0F"},
    };
    static const struct example wide[] = {
        {"CRC A5..", "28 24 04", "F0 81 55 81 58 81 F0 81 94 28 24 04 0F"},
        {"CRC 5A..", "8C 22", "F0 81 55 81 59 81 0F 81 80 8C 22 0F"},
    };
    for (size_t i = 0; i < sizeof narrow / sizeof *narrow; i++) {
        encodes(&stuffed_sciencemode2, &narrow[i]);
        receives(&stuffed_sciencemode2, &narrow[i]);
    }
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
        encodes(&stuffed_sciencemode4, &wide[i]);
        receives(&stuffed_sciencemode4, &wide[i]);
    }
}

static void the_length_may_be_a_start_or_stop_byte(void **state)
{
    (void)state;
    for (size_t length = 0x5a; length <= 0xa5; length += 0xa5 - 0x5a) {
        uint8_t body[256], wire[256];
        size_t n = length - 10, size = 0;
        memset(body, 0x22, sizeof body);
        assert_int_equal(stuffed_frame_encode(&stuffed_sciencemode4, body, n, wire, sizeof wire, &size), 0);
        assert_int_equal(size, length);
        assert_int_equal(wire[4], length == 0x5a ? 0x0f : 0xf0);
        const uint8_t *at = wire;
        assert_int_equal(stuffed_receiver_take(&receiver, &at, &size), STUFFED_FRAME);
        assert_int_equal(receiver.body_size, n);
        assert_memory_equal(receiver.body, body, n);
    }
}

static void noise_outside_frames_is_ignored_and_counted(void **state)
{
    (void)state;
    assert_int_equal(take("00 81 0F FF 0F"), STUFFED_MORE);
    assert_int_equal(receiver.ignored, 5);
    assert_int_equal(take(WATCHDOG_4), STUFFED_FRAME);
    assert_body(WATCHDOG_4_BODY);
    assert_int_equal(take("0F 12"), STUFFED_MORE);
    assert_int_equal(receiver.ignored, 7);
}

static void a_start_inside_a_frame_begins_the_next_one(void **state)
{
    (void)state;
    assert_int_equal(take("F0 81 1D 81 57 04"), STUFFED_MORE);
    assert_fault("F0", STUFFED_TRUNCATED);
    assert_int_equal(take("81 1D 81 57 04 04 0F"), STUFFED_FRAME);
    assert_body(WATCHDOG_4_BODY);
    assert_int_equal(receiver.faults[STUFFED_TRUNCATED], 1);
}

static void a_frame_of_another_length_is_told(void **state)
{
    (void)state;
    assert_fault("F0 81 1D 81 56 04 04 0F", STUFFED_LENGTH); /* says 3 */
    assert_fault("F0 81 1D 81 54 04 04 0F", STUFFED_LENGTH); /* says 1 */
    assert_fault("F0 81 1D 81 57 04 04 04 0F", STUFFED_LENGTH);
    assert_int_equal(take(WATCHDOG_4), STUFFED_FRAME);
}

static void a_frame_with_a_wrong_crc_is_told(void **state)
{
    (void)state;
    assert_fault("F0 81 1D 81 57 04 05 0F", STUFFED_CRC);
    assert_fault("F0 81 1C 81 57 04 04 0F", STUFFED_CRC);
    assert_int_equal(take(WATCHDOG_4), STUFFED_FRAME);
}

static void a_malformed_frame_is_told(void **state)
{
    (void)state;
    assert_fault("F0 0F", STUFFED_MALFORMED);
    assert_fault("F0 81 1D 81 57 0F", STUFFED_MALFORMED);
    assert_fault("F0 81 1D 81 56 04 0F", STUFFED_MALFORMED);    /* no command */
    assert_fault("F0 1D 81 57 81 04 04 0F", STUFFED_MALFORMED); /* header not stuffed */
    assert_fault("F0 81 1D 57 81 04 04 0F", STUFFED_MALFORMED);
    assert_int_equal(take(WATCHDOG_4), STUFFED_FRAME);
}

static void a_body_that_is_too_short_unstuffed_is_told(void **state)
{
    (void)state;
    assert_fault("F0 81 46 81 57 81 51 0F", STUFFED_MALFORMED); /* two bytes on the wire, one of body */
    assert_int_equal(take("F0 81 27 81 51 04 04 81 D4 0F"), STUFFED_FRAME);
    assert_body("04 04 81");
}

/* Wherever a frame is cut, even right behind an 81, the next one is received. */
static void the_frame_behind_one_that_was_cut_is_received(void **state)
{
    (void)state;
    uint8_t cut[32], whole[32];
    size_t n_cut = hex_bytes("F0 81 F6 81 52 03 20 00 00 C8 81 5A 0F", cut, sizeof cut);
    size_t n_whole = hex_bytes(WATCHDOG_4, whole, sizeof whole);
    for (size_t length = 1; length < n_cut; length++) {
        uint8_t bytes[64];
        memcpy(bytes, cut, length);
        memcpy(bytes + length, whole, n_whole);
        stuffed_receiver_init(&receiver, &stuffed_sciencemode2);
        const uint8_t *at = bytes;
        size_t n = length + n_whole;
        assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FAULT);
        assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FRAME);
        assert_body(WATCHDOG_4_BODY);
        assert_int_equal(n, 0);
        assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_MORE);
    }
}

/* The same twice over: each start byte behind an 81 is tried in its turn. */
static void frames_cut_one_after_the_other_cost_no_more_than_themselves(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t n = hex_bytes("F0 81 F0 81 1D 81 F0 81 1D 81 57 04 04 0F", bytes, sizeof bytes);
    const uint8_t *at = bytes;
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FAULT);
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FAULT);
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FRAME);
    assert_body(WATCHDOG_4_BODY);
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_MORE);
    assert_int_equal(receiver.frames, 1);
}

/* frame_max bytes are a frame; one more is told once, and the rest of it is not looked at. */
static void an_oversized_frame_is_told_once(void **state)
{
    (void)state;
    const struct stuffed_format *format = receiver.format;
    static uint8_t body[STUFFED_FRAME_MAX], wire[STUFFED_FRAME_MAX + 8];
    size_t size = 0;
    memset(body, 0x22, sizeof body);
    size_t around = format->wide ? 10 : 6;
    assert_int_equal(stuffed_frame_encode(format, body, format->frame_max - around, wire, sizeof wire, &size), 0);
    const uint8_t *at = wire;
    size_t n = size;
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FRAME);
    memset(wire + size - 1, 0x22, 8);
    wire[size + 6] = 0x0f;
    at = wire;
    n = size + 7;
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FAULT);
    assert_int_equal(receiver.fault, STUFFED_OVERSIZED);
    assert_int_equal(n, 7);
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_MORE);
    assert_int_equal(receiver.faults[STUFFED_OVERSIZED], 1);
    assert_int_equal(receiver.faults[STUFFED_TRUNCATED], 0);
    assert_int_equal(receiver.frames, 1);
    at = wire;
    n = 1; /* and a start after it is a plain start */
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_MORE);
    assert_int_equal(receiver.faults[STUFFED_TRUNCATED], 0);
}

static void several_frames_in_one_piece_come_one_by_one(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t n = hex_bytes(WATCHDOG_4 " F0 81 FA 81 57 05 22 0F F0 81", bytes, sizeof bytes);
    const uint8_t *at = bytes;
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FRAME);
    assert_body(WATCHDOG_4_BODY);
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_FRAME);
    assert_body("05 22");
    assert_int_equal(stuffed_receiver_take(&receiver, &at, &n), STUFFED_MORE);
    assert_int_equal(n, 0);
}

static void a_restart_forgets_what_was_begun(void **state)
{
    (void)state;
    assert_int_equal(take("F0 81 1D 81 57 04"), STUFFED_MORE);
    stuffed_receiver_restart(&receiver);
    assert_int_equal(take("04 0F"), STUFFED_MORE);
    assert_int_equal(receiver.ignored, 2);
    assert_int_equal(take(WATCHDOG_4), STUFFED_FRAME);
    assert_int_equal(receiver.faults[STUFFED_TRUNCATED], 0);
}

static void every_fault_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < STUFFED_FAULTS; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(stuffed_fault_text((enum stuffed_fault)i),
                                    stuffed_fault_text((enum stuffed_fault)j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_printed_frame_is_encoded),
        cmocka_unit_test(a_body_without_command_is_refused),
        cmocka_unit_test(a_frame_that_the_format_cannot_carry_is_refused),
        cmocka_unit_test(every_printed_frame_is_received),
        cmocka_unit_test(no_changed_bit_makes_another_frame),
        cmocka_unit_test_setup(more_stuffing_than_needed_is_accepted, receiver_sciencemode2),
        cmocka_unit_test_setup(any_byte_may_stand_behind_an_81, receiver_sciencemode2),
        cmocka_unit_test(a_header_may_hold_start_and_stop_bytes),
        cmocka_unit_test_setup(the_length_may_be_a_start_or_stop_byte, receiver_sciencemode4),
        cmocka_unit_test_setup(noise_outside_frames_is_ignored_and_counted, receiver_sciencemode2),
        cmocka_unit_test_setup(a_start_inside_a_frame_begins_the_next_one, receiver_sciencemode2),
        cmocka_unit_test_setup(a_frame_of_another_length_is_told, receiver_sciencemode2),
        cmocka_unit_test_setup(a_frame_with_a_wrong_crc_is_told, receiver_sciencemode2),
        cmocka_unit_test_setup(a_malformed_frame_is_told, receiver_sciencemode2),
        cmocka_unit_test_setup(a_body_that_is_too_short_unstuffed_is_told, receiver_sciencemode2),
        cmocka_unit_test(the_frame_behind_one_that_was_cut_is_received),
        cmocka_unit_test_setup(frames_cut_one_after_the_other_cost_no_more_than_themselves, receiver_sciencemode2),
        cmocka_unit_test_setup(an_oversized_frame_is_told_once, receiver_sciencemode2),
        cmocka_unit_test_setup(an_oversized_frame_is_told_once, receiver_sciencemode4),
        cmocka_unit_test_setup(several_frames_in_one_piece_come_one_by_one, receiver_sciencemode2),
        cmocka_unit_test_setup(a_restart_forgets_what_was_begun, receiver_sciencemode2),
        cmocka_unit_test(every_fault_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
