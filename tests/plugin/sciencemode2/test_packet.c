/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of the document and of the two known clients byte for byte, and every range at its bound. */
#include "../common/hex.h"

#include <errno.h>

#include "common/stuffed_frame.h"
#include "packet.h"

/* ---- to the device ---- */

static void encodes_to(const struct sm2_request *q, const char *frame)
{
    uint8_t want[STUFFED_FRAME_MAX], got[STUFFED_FRAME_MAX];
    size_t n = hex_bytes(frame, want, sizeof want), size = 0;
    assert_int_equal(sm2_encode(q, got, sizeof got, &size), 0);
    assert_int_equal(size, n);
    assert_memory_equal(got, want, n);
}

static void commands_are_the_worked_frames(void **state)
{
    (void)state;
    encodes_to(&(struct sm2_request){.command = SM2_INIT_ACK, .number = 0}, "F0 81 7F 81 56 00 02 00 0F");
    encodes_to(&(struct sm2_request){.command = SM2_WATCHDOG, .number = 4}, "F0 81 1D 81 57 04 04 0F");
    encodes_to(&(struct sm2_request){.command = SM2_WATCHDOG, .number = 15}, "F0 81 A7 81 56 81 5A 04 0F");
    encodes_to(&(struct sm2_request){.command = SM2_GET_MODE, .number = 1}, "F0 81 76 81 57 01 0A 0F");
    encodes_to(&(struct sm2_request){.command = SM2_STOP_LIST, .number = 5}, "F0 81 FA 81 57 05 22 0F");
}

static void lists_are_the_worked_frames(void **state)
{
    (void)state;
    struct sm2_request q = {
        .command = SM2_INIT_LIST, .number = 2, .list = {.active = 1, .spacing = 3, .interval = 66, .fast = true}};
    encodes_to(&q, "F0 81 17 81 5C 02 1E 00 01 00 00 00 40 01 0F");
    q.list = (struct sm2_list){.active = 0xff, .spacing = 16, .interval = 50};
    encodes_to(&q, "F0 81 CA 81 5C 02 1E 00 FF 00 0D 00 30 00 0F");
}

static void pulses_are_the_worked_frames(void **state)
{
    (void)state;
    struct sm2_pulse pulses[SM2_CHANNELS] = {{350, 5}};
    struct sm2_request q = {.command = SM2_START_LIST, .number = 3, .list.active = 1, .pulses = pulses};
    encodes_to(&q, "F0 81 E0 81 53 03 20 00 01 5E 05 0F");
    pulses[0] = (struct sm2_pulse){200, 15};
    encodes_to(&q, "F0 81 F6 81 52 03 20 00 00 C8 81 5A 0F");
    pulses[0] = (struct sm2_pulse){85, 10};
    encodes_to(&q, "F0 81 31 81 53 03 20 00 00 55 0A 0F");
    pulses[0] = (struct sm2_pulse){200, 20};
    q = (struct sm2_request){.command = SM2_SINGLE_PULSE, .number = 6, .channel = 2, .pulses = pulses};
    encodes_to(&q, "F0 81 4D 81 53 06 24 02 00 C8 14 0F");
}

/* Only what is active, in rising order, each with its own pulse. */
static void pulses_go_to_their_channels(void **state)
{
    (void)state;
    struct sm2_pulse pulses[SM2_CHANNELS];
    struct sm2_request q = {.command = SM2_START_LIST, .list.active = 0x90, .pulses = pulses};
    uint8_t frame[STUFFED_FRAME_MAX];
    size_t size = 0;
    for (int c = 0; c < SM2_CHANNELS; c++)
        pulses[c] = (struct sm2_pulse){100 + c, c};
    assert_int_equal(sm2_encode(&q, frame, sizeof frame, &size), 0);
    struct stuffed_receiver r;
    stuffed_receiver_init(&r, &stuffed_sciencemode2);
    const uint8_t *bytes = frame;
    assert_int_equal(stuffed_receiver_take(&r, &bytes, &size), STUFFED_FRAME);
    const uint8_t want[] = {0, 32, 0, 0, 104, 4, 0, 0, 107, 7};
    assert_int_equal(r.body_size, sizeof want);
    assert_memory_equal(r.body, want, sizeof want);
}

static void the_longest_command_fits_a_frame(void **state)
{
    (void)state;
    struct sm2_pulse pulses[SM2_CHANNELS];
    struct sm2_request q = {.command = SM2_START_LIST, .number = 0x81, .list.active = 0xff, .pulses = pulses};
    uint8_t frame[STUFFED_FRAME_MAX];
    size_t size = 0;
    for (int c = 0; c < SM2_CHANNELS; c++)
        pulses[c] = (struct sm2_pulse){0xf0, 0x0f};
    assert_int_equal(sm2_encode(&q, frame, sizeof frame, &size), 0);
    assert_true(size <= stuffed_sciencemode2.frame_max);
    assert_int_equal(sm2_encode(&q, frame, size - 1, &(size_t){0}), -ENOSPC);
}

/* ---- ranges ---- */

static int encode(const struct sm2_request *q)
{
    uint8_t frame[STUFFED_FRAME_MAX];
    size_t size = 4711;
    int r = sm2_encode(q, frame, sizeof frame, &size);
    assert_true(r == 0 ? size != 4711 : size == 4711);
    return r;
}

static int encode_pulse(int32_t width_us, int32_t current_ma)
{
    struct sm2_pulse pulses[SM2_CHANNELS] = {[7] = {width_us, current_ma}};
    int list = encode(&(struct sm2_request){.command = SM2_START_LIST, .list.active = 0x80, .pulses = pulses});
    int single = encode(&(struct sm2_request){.command = SM2_SINGLE_PULSE, .channel = 7, .pulses = &pulses[7]});
    assert_int_equal(list, single);
    return list;
}

static void a_pulse_beyond_its_range_is_never_encoded(void **state)
{
    (void)state;
    assert_int_equal(encode_pulse(200, 0), 0);
    assert_int_equal(encode_pulse(200, 126), 0);
    assert_int_equal(encode_pulse(200, 127), -EINVAL);
    assert_int_equal(encode_pulse(200, 130), -EINVAL);
    assert_int_equal(encode_pulse(200, 131), -EINVAL);
    assert_int_equal(encode_pulse(200, 256), -EINVAL); /* 0 if it were narrowed */
    assert_int_equal(encode_pulse(200, -1), -EINVAL);
    assert_int_equal(encode_pulse(200, INT32_MAX), -EINVAL);
    assert_int_equal(encode_pulse(20, 10), 0);
    assert_int_equal(encode_pulse(19, 10), -EINVAL);
    assert_int_equal(encode_pulse(500, 10), 0);
    assert_int_equal(encode_pulse(501, 10), -EINVAL);
    assert_int_equal(encode_pulse(65536 + 200, 10), -EINVAL);
    assert_int_equal(encode_pulse(-200, 10), -EINVAL);
}

static int encode_list(struct sm2_list list)
{
    return encode(&(struct sm2_request){.command = SM2_INIT_LIST, .list = list});
}

static void a_list_beyond_its_range_is_never_encoded(void **state)
{
    (void)state;
    const struct sm2_list sane = {.active = 0x0f, .low_frequency = 1, .skipped = 7, .spacing = 16, .interval = 50};
    struct sm2_list list = sane;
    assert_int_equal(encode_list(list), 0);
    list.interval = 16;
    assert_int_equal(encode_list(list), 0);
    list.interval = 15; /* 7.5 ms */
    assert_int_equal(encode_list(list), -EINVAL);
    list.interval = 2050;
    assert_int_equal(encode_list(list), 0);
    list.interval = 2051;
    assert_int_equal(encode_list(list), -EINVAL);
    list.interval = 2; /* code 0: a list that runs once */
    assert_int_equal(encode_list(list), -EINVAL);
    list = sane;
    list.spacing = 50;
    assert_int_equal(encode_list(list), 0);
    list.spacing = 51; /* longer than the interval */
    assert_int_equal(encode_list(list), -EINVAL);
    list.spacing = 3;
    assert_int_equal(encode_list(list), 0);
    list.spacing = 2;
    assert_int_equal(encode_list(list), -EINVAL);
    list = (struct sm2_list){.active = 1, .spacing = 258, .interval = 2050};
    assert_int_equal(encode_list(list), 0);
    list.spacing = 259;
    assert_int_equal(encode_list(list), -EINVAL);
    list = sane;
    list.active = 0;
    assert_int_equal(encode_list(list), -EINVAL);
    list.active = 0x100;
    assert_int_equal(encode_list(list), -EINVAL);
    list = sane;
    list.low_frequency = 0x10; /* not active */
    assert_int_equal(encode_list(list), -EINVAL);
    list = sane;
    list.skipped = 8;
    assert_int_equal(encode_list(list), -EINVAL);
    list.skipped = -1;
    assert_int_equal(encode_list(list), -EINVAL);
}

static void what_a_host_does_not_send_is_never_encoded(void **state)
{
    (void)state;
    struct sm2_pulse pulses[SM2_CHANNELS] = {{200, 1}};
    static const enum sm2_command others[] = {
        SM2_INIT,           SM2_UNKNOWN_COMMAND, SM2_GET_MODE_ACK,     SM2_INIT_LIST_ACK,
        SM2_START_LIST_ACK, SM2_STOP_LIST_ACK,   SM2_SINGLE_PULSE_ACK, SM2_STIMULATION_ERROR};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(encode(&(struct sm2_request){.command = others[i]}), -EINVAL);
    assert_int_equal(encode(&(struct sm2_request){.command = SM2_INIT_ACK, .result = SM2_BUSY}), -EINVAL);
    assert_int_equal(encode(&(struct sm2_request){.command = SM2_INIT_ACK, .result = SM2_VERSION_REFUSED}), 0);
    assert_int_equal(encode(&(struct sm2_request){.command = SM2_START_LIST, .pulses = pulses}), -EINVAL);
    assert_int_equal(encode(&(struct sm2_request){.command = SM2_START_LIST, .list.active = 1}), -EINVAL);
    assert_int_equal(encode(&(struct sm2_request){.command = SM2_START_LIST, .list.active = 0x101, .pulses = pulses}),
                     -EINVAL);
    assert_int_equal(encode(&(struct sm2_request){.command = SM2_SINGLE_PULSE, .channel = 8, .pulses = pulses}),
                     -EINVAL);
    assert_int_equal(encode(&(struct sm2_request){.command = SM2_SINGLE_PULSE}), -EINVAL);
}

/* ---- from the device ---- */

/* One frame in hex into an answer, through the receiver. */
static int decode(const char *frame, struct sm2_answer *out)
{
    static struct stuffed_receiver r;
    uint8_t bytes[STUFFED_FRAME_MAX];
    size_t n = hex_bytes(frame, bytes, sizeof bytes);
    const uint8_t *at = bytes;
    stuffed_receiver_init(&r, &stuffed_sciencemode2);
    assert_int_equal(stuffed_receiver_take(&r, &at, &n), STUFFED_FRAME);
    assert_int_equal(n, 0);
    return sm2_decode(r.body, r.body_size, out);
}

static struct sm2_answer answer(const char *frame, enum sm2_command command, unsigned number)
{
    struct sm2_answer a = {0};
    assert_int_equal(decode(frame, &a), 0);
    assert_int_equal(a.command, command);
    assert_int_equal(a.number, number);
    return a;
}

static void answers_are_the_worked_frames(void **state)
{
    (void)state;
    assert_int_equal(answer("F0 81 D7 81 56 07 1F 00 0F", SM2_INIT_LIST_ACK, 7).result, SM2_OK);
    assert_int_equal(answer("F0 81 0C 81 56 07 21 FE 0F", SM2_START_LIST_ACK, 7).result, SM2_PARAMETER_ERROR);
    assert_int_equal(answer("F0 81 F8 81 56 07 21 00 0F", SM2_START_LIST_ACK, 7).result, SM2_OK);
    assert_int_equal(answer("F0 81 D2 81 56 07 23 00 0F", SM2_STOP_LIST_ACK, 7).result, SM2_OK);
    struct sm2_answer a = answer("F0 81 D5 81 51 07 0B 00 02 0F", SM2_GET_MODE_ACK, 7);
    assert_int_equal(a.result, SM2_OK);
    assert_int_equal(a.mode, SM2_MODE_STARTED);
}

static void what_comes_unasked_is_the_worked_frames(void **state)
{
    (void)state;
    assert_int_equal(answer("F0 81 2C 81 56 01 01 01 0F", SM2_INIT, 1).version, 1);
    assert_int_equal(answer("F0 81 67 81 56 07 26 FE 0F", SM2_STIMULATION_ERROR, 7).result, SM2_ERROR_ELECTRODE);
    assert_int_equal(answer("F0 81 52 81 56 07 03 63 0F", SM2_UNKNOWN_COMMAND, 7).unknown, 99);
}

/* Packed as one client packs all it sends: 55 and 0A stuffed too. */
static void bytes_that_need_no_stuffing_may_be_stuffed(void **state)
{
    (void)state;
    static struct stuffed_receiver r;
    uint8_t bytes[64];
    size_t n = hex_bytes("F0 81 DF 81 5D 03 20 00 00 81 00 81 5F 0F", bytes, sizeof bytes);
    const uint8_t *at = bytes;
    const uint8_t want[] = {3, 32, 0, 0, 85, 10};
    stuffed_receiver_init(&r, &stuffed_sciencemode2);
    assert_int_equal(stuffed_receiver_take(&r, &at, &n), STUFFED_FRAME);
    assert_int_equal(r.body_size, sizeof want);
    assert_memory_equal(r.body, want, sizeof want);
}

static int decode_body(const char *body, struct sm2_answer *out)
{
    uint8_t bytes[64];
    size_t n = hex_bytes(body, bytes, sizeof bytes);
    *out = (struct sm2_answer){.number = 0xaa};
    int r = sm2_decode(bytes, n, out);
    assert_true(r == 0 || out->number == 0xaa);
    return r;
}

static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"07 0B",       "07 0B 00",    "07 0B 00 03", "07 0B 00 02 00", "07 0B FF 00 00",
                                        "07 01",       "07 01 01 00", "07 03",       "07 1F",          "07 1F 00 00",
                                        "07 21 00 00", "07 23",       "07 25 00 00", "07 26",          "07 26 FE 00"};
    struct sm2_answer a;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(decode_body(wrong[i], &a), -EPROTO);
    assert_int_equal(sm2_decode((const uint8_t *)"\x07", 1, &a), -EPROTO);
    assert_int_equal(decode_body("07 0B FD", &a), 0);
    assert_int_equal(a.result, SM2_WRONG_MODE);
    assert_int_equal(decode_body("07 0B FD 00", &a), 0);
    assert_int_equal(a.result, SM2_WRONG_MODE);
    assert_int_equal(decode_body("07 0B 00 00", &a), 0);
    assert_int_equal(a.mode, SM2_MODE_START);
    assert_int_equal(decode_body("FF 26 81", &a), 0);
    assert_int_equal(a.result, -127);
}

/* The ergometer's packets, and what only a host sends. */
static void what_is_not_about_stimulation_is_passed_over(void **state)
{
    (void)state;
    struct sm2_answer a;
    assert_int_equal(decode_body("07 0D 00 00", &a), -ENOMSG);
    assert_int_equal(decode_body("07 3C 00 01 02 03", &a), -ENOMSG);
    assert_int_equal(decode_body("07 0A", &a), -ENOMSG);
    assert_int_equal(decode_body("07 00", &a), -ENOMSG);
    assert_int_equal(decode_body("07 FF", &a), -ENOMSG);
}

static void every_code_has_words(void **state)
{
    (void)state;
    for (int code = -130; code < 130; code++) {
        assert_non_null(sm2_result_text(code));
        assert_non_null(sm2_error_text(code));
    }
    assert_string_equal(sm2_result_text(SM2_WRONG_MODE), "wrong mode");
    assert_string_equal(sm2_result_text(SM2_BUSY), "busy");
    assert_string_equal(sm2_result_text(1), "unknown error");
    assert_string_equal(sm2_error_text(SM2_ERROR_MODULE), "stimulation module error");
    assert_string_equal(sm2_error_text(0), "unknown stimulation error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_the_worked_frames),
        cmocka_unit_test(lists_are_the_worked_frames),
        cmocka_unit_test(pulses_are_the_worked_frames),
        cmocka_unit_test(pulses_go_to_their_channels),
        cmocka_unit_test(the_longest_command_fits_a_frame),
        cmocka_unit_test(a_pulse_beyond_its_range_is_never_encoded),
        cmocka_unit_test(a_list_beyond_its_range_is_never_encoded),
        cmocka_unit_test(what_a_host_does_not_send_is_never_encoded),
        cmocka_unit_test(answers_are_the_worked_frames),
        cmocka_unit_test(what_comes_unasked_is_the_worked_frames),
        cmocka_unit_test(bytes_that_need_no_stuffing_may_be_stuffed),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(what_is_not_about_stimulation_is_passed_over),
        cmocka_unit_test(every_code_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
