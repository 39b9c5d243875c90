/* SPDX-License-Identifier: Apache-2.0 */
/* Every worked packet in both directions, and the receiver against what a line can do to packets. */
#include <errno.h>

#include "common/ow_packet.h"
#include "hex.h"

struct example {
    const char *what, *wire;
};

#define PACKET(what, wire) {what, wire},
static const struct example examples[] = {
#include "packets_openlifu.inc"
};
#define EXAMPLES (sizeof examples / sizeof *examples)

#define PING "AA 00 01 E2 00 00 00 00 00 89 27 DD"
#define MEASURED "AA 00 0C E3 32 00 00 00 04 00 00 C4 41 50 CA DD"

static struct ow_receiver receiver;

static int receiver_new(void **state)
{
    (void)state;
    ow_receiver_init(&receiver);
    return 0;
}

/* Takes text up to the first event. */
static enum ow_event take(const char *text)
{
    static uint8_t bytes[2 * OW_PACKET_MAX];
    const uint8_t *at = bytes;
    size_t n = hex_bytes(text, bytes, sizeof bytes);
    enum ow_event event = ow_receiver_take(&receiver, &at, &n);
    assert_int_equal(n, 0); /* of these texts the last byte makes the event */
    return event;
}

static enum ow_event take_nothing(void)
{
    const uint8_t *at = NULL;
    size_t n = 0;
    return ow_receiver_take(&receiver, &at, &n);
}

static void assert_fault(const char *text, enum ow_fault fault)
{
    uint64_t before = receiver.faults[fault];
    assert_int_equal(take(text), OW_FAULT);
    assert_int_equal(receiver.fault, fault);
    assert_int_equal(receiver.faults[fault], before + 1);
}

/* ---- encoding ---- */

/* The fields, read by hand from their places, and the packet made of them. */
static void encodes(const struct example *e)
{
    uint8_t want[64], wire[64];
    size_t whole = hex_bytes(e->wire, want, sizeof want), size = 7;
    struct ow_packet packet = {.id = (uint16_t)(want[1] << 8 | want[2]),
                               .type = want[3],
                               .command = want[4],
                               .addr = want[5],
                               .reserved = want[6],
                               .size = whole - OW_PACKET_AROUND,
                               .data = want + 9};
    print_message("%s\n", e->what);
    memset(wire, 0xee, sizeof wire);
    assert_int_equal(ow_packet_encode(&packet, wire, whole - 1, &size), -ENOSPC);
    assert_int_equal(wire[0], 0xee);
    assert_int_equal(size, 7);
    assert_int_equal(ow_packet_encode(&packet, wire, whole, &size), 0);
    assert_int_equal(size, whole);
    assert_memory_equal(wire, want, whole);
    assert_int_equal(wire[whole], 0xee);
}

static void every_worked_packet_is_encoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++)
        encodes(&examples[i]);
}

static void more_data_than_a_device_takes_is_refused(void **state)
{
    (void)state;
    static uint8_t data[OW_DATA_MAX + 1], wire[2 * OW_PACKET_MAX];
    size_t size = 0;
    struct ow_packet packet = {.id = 1, .data = data, .size = OW_DATA_MAX + 1};
    assert_int_equal(ow_packet_encode(&packet, wire, sizeof wire, &size), -EMSGSIZE);
    packet.size = OW_DATA_MAX;
    assert_int_equal(ow_packet_encode(&packet, wire, sizeof wire, &size), 0);
    assert_int_equal(size, OW_PACKET_MAX);
    packet.size = 0;
    packet.data = NULL;
    assert_int_equal(ow_packet_encode(&packet, wire, sizeof wire, &size), 0);
    assert_int_equal(size, OW_PACKET_AROUND);
}

/* ---- receiving ---- */

static void assert_packet(const uint8_t *wire, size_t whole)
{
    const struct ow_packet *p = &receiver.packet;
    assert_int_equal(p->id, wire[1] << 8 | wire[2]);
    assert_int_equal(p->type, wire[3]);
    assert_int_equal(p->command, wire[4]);
    assert_int_equal(p->addr, wire[5]);
    assert_int_equal(p->reserved, wire[6]);
    assert_int_equal(p->size, whole - OW_PACKET_AROUND);
    assert_memory_equal(p->data, wire + 9, p->size);
}

static void every_worked_packet_is_received(void **state)
{
    (void)state;
    for (size_t i = 0; i < EXAMPLES; i++) {
        uint8_t wire[64];
        size_t whole = hex_bytes(examples[i].wire, wire, sizeof wire);
        print_message("%s\n", examples[i].what);
        ow_receiver_init(&receiver);
        assert_int_equal(take(examples[i].wire), OW_PACKET);
        assert_packet(wire, whole);
        for (size_t j = 0; j < whole; j++) { /* once more, byte by byte */
            const uint8_t *at = &wire[j];
            size_t one = 1;
            assert_int_equal(ow_receiver_take(&receiver, &at, &one), j + 1 < whole ? OW_MORE : OW_PACKET);
        }
        assert_packet(wire, whole);
        assert_int_equal(receiver.packets, 2);
        assert_int_equal(receiver.ignored, 0);
    }
}

static void no_changed_bit_makes_another_packet(void **state)
{
    (void)state;
    uint8_t wire[32];
    size_t whole = hex_bytes(MEASURED, wire, sizeof wire);
    for (size_t bit = 0; bit < 8 * whole; bit++) {
        ow_receiver_init(&receiver);
        wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
        const uint8_t *at = wire;
        size_t n = whole;
        enum ow_event event;
        while ((event = ow_receiver_take(&receiver, &at, &n)) != OW_MORE)
            assert_int_equal(event, OW_FAULT);
        while (ow_receiver_silence(&receiver) != OW_MORE)
            assert_int_equal(take_nothing(), OW_MORE);
        wire[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void the_longest_packet_is_received(void **state)
{
    (void)state;
    static uint8_t data[OW_DATA_MAX], wire[OW_PACKET_MAX];
    memset(data, 0xaa, sizeof data); /* start bytes are nothing inside */
    struct ow_packet packet = {.id = 0xffff, .type = 0xe3, .size = sizeof data, .data = data};
    size_t n = 0;
    assert_int_equal(ow_packet_encode(&packet, wire, sizeof wire, &n), 0);
    const uint8_t *at = wire;
    assert_int_equal(ow_receiver_take(&receiver, &at, &n), OW_PACKET);
    assert_packet(wire, sizeof wire);
}

static void an_end_byte_inside_ends_nothing(void **state)
{
    (void)state;
    uint8_t data[3] = {0xdd, 0xaa, 0xdd}, wire[32];
    struct ow_packet packet = {.id = 3, .type = 0xe3, .size = sizeof data, .data = data};
    size_t n = 0;
    assert_int_equal(ow_packet_encode(&packet, wire, sizeof wire, &n), 0);
    const uint8_t *at = wire;
    assert_int_equal(ow_receiver_take(&receiver, &at, &n), OW_PACKET);
    assert_packet(wire, 15);
}

static void noise_between_packets_is_ignored_and_counted(void **state)
{
    (void)state;
    assert_int_equal(take("00 DD 12"), OW_MORE);
    assert_int_equal(take(PING), OW_PACKET);
    assert_int_equal(take("DD"), OW_MORE);
    assert_int_equal(receiver.ignored, 4);
    assert_int_equal(take(MEASURED), OW_PACKET);
}

static void a_wrong_crc_is_told(void **state)
{
    (void)state;
    assert_fault("AA 00 01 E2 00 00 00 00 00 89 28 DD", OW_CRC);
    assert_fault("AA 00 02 E2 00 00 00 00 00 89 27 DD", OW_CRC);
    assert_int_equal(take(PING), OW_PACKET);
}

static void a_wrong_end_is_told(void **state)
{
    (void)state;
    assert_fault("AA 00 01 E2 00 00 00 00 00 89 27 DE", OW_END);
    assert_int_equal(take(PING), OW_PACKET);
}

static void a_length_of_more_than_fits_is_told_at_once(void **state)
{
    (void)state;
    assert_fault("AA 00 01 E2 00 00 00 08 01", OW_OVERSIZED);
    assert_int_equal(take_nothing(), OW_MORE);
    assert_int_equal(take(PING), OW_PACKET);
    /* 2048 is waited for. */
    assert_int_equal(take("AA 00 01 E2 00 00 00 08 00"), OW_MORE);
    assert_int_equal(receiver.faults[OW_OVERSIZED], 1);
}

/* Two whole packets in one piece, and one in the data of another that was none. */
static void packets_in_one_piece_come_one_by_one(void **state)
{
    (void)state;
    uint8_t bytes[64];
    size_t n = hex_bytes(PING " " MEASURED " AA", bytes, sizeof bytes);
    const uint8_t *at = bytes;
    assert_int_equal(ow_receiver_take(&receiver, &at, &n), OW_PACKET);
    assert_int_equal(receiver.packet.id, 1);
    assert_int_equal(ow_receiver_take(&receiver, &at, &n), OW_PACKET);
    assert_int_equal(receiver.packet.id, 12);
    assert_int_equal(ow_receiver_take(&receiver, &at, &n), OW_MORE);
}

/* Wherever a packet is cut: the next one is received, at the latest when the line is silent. */
static void the_packet_behind_one_that_was_cut_is_received(void **state)
{
    (void)state;
    uint8_t cut[32], whole[32];
    size_t n_cut = hex_bytes(MEASURED, cut, sizeof cut), n_whole = hex_bytes(PING, whole, sizeof whole);
    for (size_t length = 1; length < n_cut; length++) {
        uint8_t bytes[64];
        memcpy(bytes, cut, length);
        memcpy(bytes + length, whole, n_whole);
        ow_receiver_init(&receiver);
        const uint8_t *at = bytes;
        size_t n = length + n_whole;
        enum ow_event event;
        while ((event = ow_receiver_take(&receiver, &at, &n)) == OW_FAULT)
            ;
        if (event == OW_MORE) {
            assert_int_equal(ow_receiver_silence(&receiver), OW_FAULT);
            assert_int_equal(receiver.fault, OW_TRUNCATED);
            event = take_nothing();
        }
        assert_int_equal(event, OW_PACKET);
        assert_int_equal(receiver.packet.id, 1);
        assert_int_equal(take_nothing(), OW_MORE);
        assert_int_equal(ow_receiver_silence(&receiver), OW_MORE);
    }
}

static void silence_between_packets_is_nothing(void **state)
{
    (void)state;
    assert_int_equal(ow_receiver_silence(&receiver), OW_MORE);
    assert_int_equal(take(PING), OW_PACKET);
    assert_int_equal(ow_receiver_silence(&receiver), OW_MORE);
    assert_int_equal(receiver.faults[OW_TRUNCATED], 0);
}

static void a_restart_forgets_what_was_begun(void **state)
{
    (void)state;
    assert_int_equal(take("AA 00 01 E2"), OW_MORE);
    ow_receiver_restart(&receiver);
    assert_int_equal(take(PING), OW_PACKET);
    assert_int_equal(receiver.faults[OW_TRUNCATED], 0);
}

static void every_fault_has_a_text_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < OW_FAULTS; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(ow_fault_text((enum ow_fault)i), ow_fault_text((enum ow_fault)j));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_worked_packet_is_encoded),
        cmocka_unit_test(more_data_than_a_device_takes_is_refused),
        cmocka_unit_test(every_worked_packet_is_received),
        cmocka_unit_test(no_changed_bit_makes_another_packet),
        cmocka_unit_test_setup(the_longest_packet_is_received, receiver_new),
        cmocka_unit_test_setup(an_end_byte_inside_ends_nothing, receiver_new),
        cmocka_unit_test_setup(noise_between_packets_is_ignored_and_counted, receiver_new),
        cmocka_unit_test_setup(a_wrong_crc_is_told, receiver_new),
        cmocka_unit_test_setup(a_wrong_end_is_told, receiver_new),
        cmocka_unit_test_setup(a_length_of_more_than_fits_is_told_at_once, receiver_new),
        cmocka_unit_test_setup(packets_in_one_piece_come_one_by_one, receiver_new),
        cmocka_unit_test_setup(the_packet_behind_one_that_was_cut_is_received, receiver_new),
        cmocka_unit_test_setup(silence_between_packets_is_nothing, receiver_new),
        cmocka_unit_test_setup(a_restart_forgets_what_was_begun, receiver_new),
        cmocka_unit_test(every_fault_has_a_text_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
