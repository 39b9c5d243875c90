/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every frame that the vendor's documents and libraries agree on: commands from structs to the wire, answers from the
 * wire to structs. And what must not get as far as the wire.
 */
#include <errno.h>

#include "common/stuffed_frame.h"
#include "hex.h"
#include "packet.h"

/* 20 mA, 200 us each way with 100 us between, every 20 ms; and 10 mA, 100 us, every 10 ms. */
#define RED                                                                                                            \
    {                                                                                                                  \
        .period_code = 40, .ramp = 3, .n_points = 3, .points = { {200, 40}, {100, 0}, {200, -40} }                     \
    }
#define BLUE                                                                                                           \
    {                                                                                                                  \
        .period_code = 20, .ramp = 3, .n_points = 3, .points = { {100, 20}, {100, 0}, {100, -20} }                     \
    }

static const struct sm4_pulse red_blue[SM4_CHANNELS] = {RED, BLUE};
static const struct sm4_pulse plain[SM4_CHANNELS] = {
    {.period_code = 40, .ramp = 3, .n_points = 3, .points = {{200, 40}, {100, 0}, {200, -40}}}};
static const struct sm4_pulse quarters[SM4_CHANNELS] = {
    {.period_code = 80, .quarters = true, .ramp = 3, .n_points = 3, .points = {{200, 40}, {100, 0}, {200, -40}}}};
static const struct sm4_pulse single = {.n_points = 3, .points = {{250, 40}, {100, 0}, {250, -40}}};

struct command_frame {
    const char *wire;
    struct sm4_request request;
};

static const struct command_frame commands[] = {
    {"F0 81 55 81 58 81 55 81 55 00 00 00 0F", {.command = SM4_LL_INIT}},
    {"F0 81 55 81 4E 81 D3 81 AF 04 02 82 81 5A A5 50 00 06 44 B0 00 81 5A A4 10 00 0F",
     {.command = SM4_LL_CHANNEL_CONFIG, .number = 1, .execute = true, .pulses = &single}},
    {"F0 81 55 81 59 81 9C 81 78 08 04 0F", {.command = SM4_LL_STOP, .number = 2}},
    {"F0 81 55 81 58 81 75 81 29 00 1E 00 0F", {.command = SM4_ML_INIT}},
    {"F0 81 55 81 7E 81 5D 81 42 04 20 03 23 00 50 0C 85 50 00 06 44 B0 00 0C 84 10 00 23 00 28 06 45 00 00 06 44 B0 "
     "00 06 44 60 00 0F",
     {.command = SM4_ML_UPDATE, .number = 1, .mask = 3, .pulses = red_blue}},
    {"F0 81 55 81 58 81 16 81 94 08 24 02 0F", {.command = SM4_ML_CURRENT_DATA, .number = 2, .selection = 2}},
    {"F0 81 55 81 59 81 14 81 18 0C 22 0F", {.command = SM4_ML_STOP, .number = 3}},
    {"F0 81 55 81 59 81 23 81 82 00 34 0F", {.command = SM4_GET_DEVICE_ID}},
    {"F0 81 55 81 58 81 CD 81 63 81 A5 34 0F", {.command = SM4_GET_DEVICE_ID, .number = 60}},
    {"F0 81 55 81 59 81 4E 81 0C 04 3E 0F", {.command = SM4_GET_STIM_STATUS, .number = 1}},
    {"F0 81 55 81 59 81 D4 81 BC 08 44 0F", {.command = SM4_GET_EXTENDED_VERSION, .number = 2}},
    {"F0 81 55 81 59 81 87 81 21 0C 3A 0F", {.command = SM4_RESET, .number = 3}},
    {"F0 81 55 81 58 81 D8 81 C7 14 00 10 0F", {.command = SM4_LL_INIT, .number = 5, .measure = 1}},
    {"F0 81 55 81 4E 81 DA 81 A8 18 02 B2 81 5A A5 50 00 06 44 B0 00 81 5A A4 10 00 0F",
     {.command = SM4_LL_CHANNEL_CONFIG, .number = 6, .channel = 5, .execute = true, .pulses = &single}},
    {"F0 81 55 81 58 81 CF 81 E4 18 02 32 0F",
     {.command = SM4_LL_CHANNEL_CONFIG, .number = 6, .channel = 5, .pulses = &single}},
    {"F0 81 55 81 58 81 E3 81 CE 20 1E 01 0F", {.command = SM4_ML_INIT, .number = 8, .stop_all = true}},
    {"F0 81 55 81 49 81 CA 81 9C 24 20 01 23 00 50 0C 85 50 00 06 44 B0 00 0C 84 10 00 0F",
     {.command = SM4_ML_UPDATE, .number = 9, .mask = 1, .pulses = plain}},
    {"F0 81 55 81 49 81 5B 81 53 24 20 01 23 00 A1 0C 85 50 00 06 44 B0 00 0C 84 10 00 0F",
     {.command = SM4_ML_UPDATE, .number = 9, .mask = 1, .pulses = quarters}},
    {"F0 81 55 81 58 81 F0 81 94 28 24 04 0F", {.command = SM4_ML_CURRENT_DATA, .number = 10, .selection = 4}},
    {"F0 81 55 81 59 81 12 81 FE 2C 22 0F", {.command = SM4_ML_STOP, .number = 11}},
};

static void every_printed_command_is_encoded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        uint8_t want[STUFFED_FRAME_MAX], frame[STUFFED_FRAME_MAX];
        size_t n = hex_bytes(commands[i].wire, want, sizeof want), size = 0;
        print_message("%s\n", commands[i].wire);
        assert_int_equal(sm4_encode(&commands[i].request, frame, sizeof frame, &size), 0);
        assert_int_equal(size, n);
        assert_memory_equal(frame, want, n);
    }
}

static int decode(const char *wire, struct sm4_answer *out)
{
    uint8_t bytes[STUFFED_FRAME_MAX];
    const uint8_t *at = bytes;
    size_t n = hex_bytes(wire, bytes, sizeof bytes);
    struct stuffed_receiver r;
    stuffed_receiver_init(&r, &stuffed_sciencemode4);
    assert_int_equal(stuffed_receiver_take(&r, &at, &n), STUFFED_FRAME);
    return sm4_decode(r.body, r.body_size, out);
}

static void every_printed_answer_is_decoded(void **state)
{
    (void)state;
    struct sm4_answer a;
    assert_int_equal(decode("F0 81 55 81 46 81 76 81 D5 28 25 00 04 01 00 01 30 00 0F", &a), 0);
    assert_int_equal(a.command, SM4_ML_CURRENT_DATA + 1);
    assert_int_equal(a.number, 10);
    assert_int_equal(a.result, SM4_OK);
    assert_int_equal(a.active, 1);
    static const enum sm4_channel_state states[SM4_CHANNELS] = {
        [2] = SM4_CHANNEL_ELECTRODE, [5] = SM4_CHANNEL_LOW_CURRENT};
    assert_memory_equal(a.states, states, sizeof states);

    assert_int_equal(decode("F0 81 55 81 5A 81 11 81 C1 04 3F 00 03 06 0F", &a), 0);
    assert_int_equal(a.command, SM4_GET_STIM_STATUS + 1);
    assert_int_equal(a.number, 1);
    assert_int_equal(a.mode, SM4_MODE_MID_LEVEL_RUNNING);
    assert_int_equal(a.voltage, SM4_VOLTAGE_FULL);

    assert_int_equal(decode("F0 81 55 81 42 81 D1 81 25 00 35 00 31 32 33 34 35 36 37 38 39 30 0F", &a), 0);
    assert_int_equal(a.command, SM4_GET_DEVICE_ID + 1);
    assert_string_equal(a.id, "1234567890");

    assert_int_equal(decode("F0 81 55 81 58 81 C0 81 DE 20 1F 00 0F", &a), 0);
    assert_int_equal(a.command, SM4_ML_INIT + 1);
    assert_int_equal(a.number, 8);
    assert_int_equal(a.result, SM4_OK);

    assert_int_equal(decode("F0 81 55 81 58 81 4A 81 63 24 21 07 0F", &a), 0);
    assert_int_equal(a.command, SM4_ML_UPDATE + 1);
    assert_int_equal(a.result, SM4_NOT_INITIALISED);

    assert_int_equal(decode("F0 81 55 81 5A 81 3F 81 7D 18 03 0A 11 00 0F", &a), 0);
    assert_int_equal(a.command, SM4_LL_CHANNEL_CONFIG + 1);
    assert_int_equal(a.result, SM4_ELECTRODE);
    assert_int_equal(a.channel, 5);

    assert_int_equal(decode("F0 81 55 81 4C 81 82 81 1F 08 45 00 01 02 03 04 00 00 DE AD BE EF 01 01 0F", &a), 0);
    assert_int_equal(a.command, SM4_GET_EXTENDED_VERSION + 1);
    static const uint8_t firmware[] = {1, 2, 3}, protocol[] = {4, 0, 0};
    assert_memory_equal(a.firmware, firmware, sizeof firmware);
    assert_memory_equal(a.protocol, protocol, sizeof protocol);
}

/* ---- what must not reach the wire ---- */

static int encodes(const struct sm4_request *q)
{
    uint8_t frame[STUFFED_FRAME_MAX];
    size_t size = 7;
    int r = sm4_encode(q, frame, sizeof frame, &size);
    assert_true(r == 0 ? size > 0 && size <= STUFFED_FRAME_MAX : size == 7);
    return r;
}

static int encodes_pulse(const struct sm4_pulse *pulse)
{
    struct sm4_pulse pulses[SM4_CHANNELS] = {[3] = *pulse};
    return encodes(&(struct sm4_request){.command = SM4_ML_UPDATE, .mask = 8, .pulses = pulses});
}

static int encodes_point(int32_t duration_us, int32_t current)
{
    struct sm4_pulse p = {.period_code = 40, .n_points = 2, .points = {{100, 0}, {duration_us, current}}};
    int r = encodes_pulse(&p);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_LL_CHANNEL_CONFIG, .execute = true, .pulses = &p}),
                     r);
    return r;
}

static void current_beyond_130_ma_is_refused(void **state)
{
    (void)state;
    assert_int_equal(encodes_point(100, 260), 0);
    assert_int_equal(encodes_point(100, -260), 0);
    assert_int_equal(encodes_point(100, 261), -EINVAL);
    assert_int_equal(encodes_point(100, -261), -EINVAL);
    assert_int_equal(encodes_point(100, 262), -EINVAL); /* 131 mA */
    assert_int_equal(encodes_point(100, INT32_MAX), -EINVAL);
    assert_int_equal(encodes_point(100, INT32_MIN), -EINVAL);
}

static void point_that_the_device_would_wrap_or_stretch_is_refused(void **state)
{
    (void)state;
    assert_int_equal(encodes_point(9, 0), -EINVAL);
    assert_int_equal(encodes_point(10, 0), 0);
    assert_int_equal(encodes_point(4095, 0), 0);
    assert_int_equal(encodes_point(4096, 0), -EINVAL);
    assert_int_equal(encodes_point(4096 + 200, 0), -EINVAL);
    assert_int_equal(encodes_point(0, 0), -EINVAL);
    assert_int_equal(encodes_point(-100, 0), -EINVAL);
}

static int encodes_period(int32_t code, bool is_quarters)
{
    return encodes_pulse(
        &(struct sm4_pulse){.period_code = code, .quarters = is_quarters, .n_points = 1, .points = {{100, 0}}});
}

static void period_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_int_equal(encodes_period(0, false), -EINVAL);
    assert_int_equal(encodes_period(1, false), 0);
    assert_int_equal(encodes_period(32766, false), 0); /* 16383 ms */
    assert_int_equal(encodes_period(32767, false), -EINVAL);
    assert_int_equal(encodes_period(32768, false), -EINVAL);
    assert_int_equal(encodes_period(-1, false), -EINVAL);
    assert_int_equal(encodes_period(1, true), -EINVAL); /* 0.25 ms */
    assert_int_equal(encodes_period(2, true), 0);
    assert_int_equal(encodes_period(32767, true), 0);
    assert_int_equal(encodes_period(32768, true), -EINVAL);
}

static void other_fields_out_of_range_are_refused(void **state)
{
    (void)state;
    struct sm4_pulse p = {.period_code = 40, .ramp = 15, .n_points = 16};
    for (size_t i = 0; i < SM4_POINTS_MAX; i++)
        p.points[i] = (struct sm4_point){100, 0};
    assert_int_equal(encodes_pulse(&p), 0);
    p.ramp = 16;
    assert_int_equal(encodes_pulse(&p), -EINVAL);
    p.ramp = -1;
    assert_int_equal(encodes_pulse(&p), -EINVAL);
    p.ramp = 0;
    p.n_points = 17;
    assert_int_equal(encodes_pulse(&p), -EINVAL);
    p.n_points = 0;
    assert_int_equal(encodes_pulse(&p), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_ML_UPDATE, .mask = 1}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_ML_UPDATE, .mask = 0x100, .pulses = plain}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_ML_STOP, .number = 63}), 0);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_ML_STOP, .number = 64}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_ML_CURRENT_DATA, .selection = 1}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_ML_CURRENT_DATA, .selection = 5}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_LL_INIT, .measure = 4}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_LL_INIT, .voltage = 7}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_LL_CHANNEL_CONFIG, .channel = 8, .pulses = &single}),
                     -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_LL_CHANNEL_CONFIG}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_GENERAL_ERROR}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_UNKNOWN_COMMAND}), -EINVAL);
    assert_int_equal(encodes(&(struct sm4_request){.command = (enum sm4_command)1}), -EINVAL);
}

static void mask_of_nothing_switches_everything_off(void **state)
{
    (void)state;
    assert_int_equal(encodes(&(struct sm4_request){.command = SM4_ML_UPDATE}), 0);
}

/* The longest command there is: every byte of it stuffed fits the buffer and the format's longest frame. */
static void longest_update_fits(void **state)
{
    (void)state;
    struct sm4_pulse pulses[SM4_CHANNELS];
    for (size_t c = 0; c < SM4_CHANNELS; c++) {
        pulses[c] = (struct sm4_pulse){.period_code = 0x7f0 + 8, .ramp = 15, .n_points = SM4_POINTS_MAX};
        for (size_t i = 0; i < SM4_POINTS_MAX; i++)
            pulses[c].points[i] = (struct sm4_point){0x0f0, 0x3c - 300 + 0x0f0};
    }
    assert_int_equal(
        encodes(&(struct sm4_request){.command = SM4_ML_UPDATE, .number = 60, .mask = 255, .pulses = pulses}), 0);
}

/* ---- answers that cannot be ---- */

static int decode_body(const char *body)
{
    uint8_t bytes[64];
    struct sm4_answer a = {.command = 777};
    int r = sm4_decode(bytes, hex_bytes(body, bytes, sizeof bytes), &a);
    assert_true(r == 0 || a.command == 777);
    return r;
}

static void answer_of_another_length_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_body("00 35 00 31 32 33 34 35 36 37 38 39 30"), 0);
    assert_int_equal(decode_body("00 35 00 31 32 33 34 35 36 37 38 39"), -EPROTO);
    assert_int_equal(decode_body("00 35 00 31 32 33 34 35 36 37 38 39 30 31"), -EPROTO);
    assert_int_equal(decode_body("00 35 00"), -EPROTO);
    assert_int_equal(decode_body("00 35"), -EPROTO);
    assert_int_equal(decode_body("00"), -EPROTO);
    assert_int_equal(decode_body("00 21 00 00"), -EPROTO);
    assert_int_equal(decode_body("00 35 02"), 0); /* an error may end behind the result */
    assert_int_equal(decode_body("00 35 02 31"), -EPROTO);
    assert_int_equal(decode_body("00 34 00"), -EPROTO); /* a command, not an answer */
    assert_int_equal(decode_body("03 FF 00"), -EPROTO);
}

static void values_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_body("04 3F 00 04 06"), -EPROTO); /* mode 4 */
    assert_int_equal(decode_body("04 3F 00 03 00"), -EPROTO); /* no level of voltage */
    assert_int_equal(decode_body("04 3F 00 03 07"), -EPROTO);
    assert_int_equal(decode_body("28 25 00 03 01 00 00 00 00"), -EPROTO); /* another selection */
    assert_int_equal(decode_body("28 25 00 04 01 04 00 00 00"), -EPROTO); /* state 4 */
    assert_int_equal(decode_body("28 25 00 04 01 00 00 00 50"), -EPROTO);
    assert_int_equal(decode_body("00 35 00 31 32 33 34 35 36 37 38 39 0A"), -EPROTO);
    assert_int_equal(decode_body("00 35 00 31 32 33 34 35 00 37 38 39 30"), -EPROTO);
    assert_int_equal(decode_body("00 35 00 31 32 33 34 35 36 37 00 00 00"), 0);
    assert_int_equal(decode_body("18 03 00 14 00"), -EPROTO); /* channel 4 of a connector */
    assert_int_equal(decode_body("18 03 0A 21 00"), 0);       /* beside an error nothing else is believed */
    assert_int_equal(decode_body("18 03 00 21 00"), -EPROTO);
}

static void data_beside_an_error_is_not_believed(void **state)
{
    (void)state;
    struct sm4_answer a;
    static const uint8_t body[] = {0x04, 0x3f, 8, 9, 9}, whole[] = {0x04, 0x3f, 8, 3, 6};
    assert_int_equal(sm4_decode(body, sizeof body, &a), 0);
    assert_int_equal(a.result, SM4_HIGH_VOLTAGE);
    assert_false(a.has_data);
    assert_int_equal(sm4_decode(whole, sizeof whole, &a), 0);
    assert_true(a.has_data);
}

static void results_have_texts(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++)
        assert_non_null(sm4_result_text(i));
    assert_string_equal(sm4_result_text(SM4_ELECTRODE), "electrode error");
    assert_string_equal(sm4_result_text(SM4_PULSE_LOW_CURRENT), "pulse low current");
    assert_string_equal(sm4_result_text(29), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_printed_command_is_encoded),
        cmocka_unit_test(every_printed_answer_is_decoded),
        cmocka_unit_test(current_beyond_130_ma_is_refused),
        cmocka_unit_test(point_that_the_device_would_wrap_or_stretch_is_refused),
        cmocka_unit_test(period_out_of_range_is_refused),
        cmocka_unit_test(other_fields_out_of_range_are_refused),
        cmocka_unit_test(mask_of_nothing_switches_everything_off),
        cmocka_unit_test(longest_update_fits),
        cmocka_unit_test(answer_of_another_length_is_refused),
        cmocka_unit_test(values_that_do_not_exist_are_refused),
        cmocka_unit_test(data_beside_an_error_is_not_believed),
        cmocka_unit_test(results_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
