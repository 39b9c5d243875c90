/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated P24 on the wire: every frame that is printed, both ways, and what it makes of commands that are none.
 */
#include "hex.h"

#include "device.h"
#include "front/p24_codec.h"
#include "front/p24_command.h"
#include "front/p24_front.h"
#include "model/p24.h"

static struct p24_pulse pulse(int32_t ua)
{
    return (struct p24_pulse){.points = 2, .point = {{200, ua}, {200, -ua}}, .period_us = 20000};
}

static enum p24_result update(struct model *m, uint32_t mask, int32_t ua)
{
    struct p24_pulse pulses[P24_CHANNELS];
    for (int i = 0; i < P24_CHANNELS; i++)
        pulses[i] = pulse(ua);
    return p24_mid_update(m, mask, pulses);
}

static struct p24_packet packet_of(const char *wire)
{
    uint8_t bytes[P24_FRAME_MAX];
    struct p24_reader reader = {0};
    struct p24_packet packet = {0};
    size_t n = hex_bytes(wire, bytes, sizeof bytes);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(p24_read_byte(&reader, bytes[i], &packet), i + 1 < n ? P24_READ_MORE : P24_READ_PACKET);
    return packet;
}

static void assert_frame(const struct p24_packet *packet, const char *wire)
{
    uint8_t want[P24_FRAME_MAX], frame[P24_FRAME_MAX];
    size_t n = hex_bytes(wire, want, sizeof want);
    assert_int_equal(p24_write(packet, frame), n);
    assert_memory_equal(frame, want, n);
}

struct example {
    const char *what, *body, *wire;
};

#define FRAME(what, body, wire) {what, body, wire},
static const struct example examples[] = {
#include "frames_sciencemode4.inc"
};

static void every_printed_frame_is_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        uint8_t body[P24_FRAME_MAX];
        print_message("%s\n", examples[i].what);
        struct p24_packet packet = packet_of(examples[i].wire);
        size_t n = hex_bytes(examples[i].body, body, sizeof body);
        assert_int_equal(packet.length, n - 2);
        assert_int_equal(packet.number << 10 | packet.command, body[0] << 8 | body[1]);
        assert_memory_equal(packet.data, body + 2, n - 2);
        assert_frame(&packet, examples[i].wire);
    }
}

/* Checksums contain bytes that look like marks behind their escape. */
static void every_number_and_command_survives(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 64; number++)
        for (unsigned command = 0; command < 1024; command++) {
            struct p24_packet packet = {.number = number, .command = command, .length = 1, .data = {0x81}}, got;
            struct p24_reader reader = {0};
            uint8_t frame[P24_FRAME_MAX];
            size_t n = p24_write(&packet, frame);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p24_read_byte(&reader, frame[i], &got), i + 1 < n ? P24_READ_MORE : P24_READ_PACKET);
            assert_int_equal(got.number, number);
            assert_int_equal(got.command, command);
            assert_int_equal(got.data[0], 0x81);
        }
}

static struct device *device_of_test(struct loop *loop, struct trace *trace)
{
    struct device_options options = {
        .name = "p24", .kind = &page_p24, .unit = 1, .identity = {.serial = 1234567890, .firmware = 0x0102}};
    assert_int_equal(trace_open(trace, NULL), 0);
    struct device *device = device_new(loop, trace, &options);
    assert_non_null(device);
    return device;
}

static void ask(struct device *device, const char *command, const char *answer)
{
    struct p24_packet packet = packet_of(command), got;
    p24_command_run(device, &packet, true, &got);
    if (answer)
        assert_frame(&got, answer);
}

static void a_conversation_as_it_is_printed(void **state)
{
    (void)state;
    struct trace trace;
    struct loop *loop = loop_new();
    struct device *d = device_of_test(loop, &trace);
    ask(d, "F0 81 55 81 59 81 23 81 82 00 34 0F",
        "F0 81 55 81 42 81 D1 81 25 00 35 00 31 32 33 34 35 36 37 38 39 30 0F");
    struct p24_packet packet = packet_of("F0 81 55 81 49 81 CA 81 9C 24 20 01 23 00 50 0C 85 50 00 06 44 B0 00 0C 84 "
                                         "10 00 0F"),
                      got;
    p24_command_run(d, &packet, true, &got);
    assert_frame(&got, "F0 81 55 81 58 81 4A 81 63 24 21 07 0F"); /* not initialised */
    ask(d, "F0 81 55 81 58 81 E3 81 CE 20 1E 01 0F", "F0 81 55 81 58 81 C0 81 DE 20 1F 00 0F");
    p24_command_run(d, &packet, true, &got);
    assert_int_equal(got.data[0], P24_OK);
    assert_int_equal(p24_pulse_of(d->model, 0)->period_us, 20000);
    assert_int_equal(p24_pulse_of(d->model, 0)->ramp, 3);
    assert_int_equal(p24_pulse_of(d->model, 0)->point[2].current_ua, -20000);
    ask(d, "F0 81 55 81 59 81 4E 81 0C 04 3E 0F", "F0 81 55 81 5A 81 11 81 C1 04 3F 00 03 06 0F");
    ask(d, "F0 81 55 81 49 81 5B 81 53 24 20 01 23 00 A1 0C 85 50 00 06 44 B0 00 0C 84 10 00 0F", NULL);
    assert_int_equal(p24_pulse_of(d->model, 0)->period_us, 20000); /* in quarters */
    ask(d, "F0 81 55 81 59 81 12 81 FE 2C 22 0F", NULL);
    assert_int_equal(p24_mode(d->model), P24_NOTHING);
    device_free(d);
    loop_free(loop);
}

static void commands_of_the_wrong_length_are_refused(void **state)
{
    (void)state;
    struct trace trace;
    struct loop *loop = loop_new();
    struct device *d = device_of_test(loop, &trace);
    struct p24_packet packet = packet_of("F0 81 55 81 49 81 CA 81 9C 24 20 01 23 00 50 0C 85 50 00 06 44 B0 00 0C 84 "
                                         "10 00 0F"),
                      got, init = {.command = 30, .length = 1, .data = {1}};
    p24_command_run(d, &init, true, &got);
    for (size_t length = packet.length; length-- > 0;) {
        struct p24_packet cut = packet;
        cut.length = length;
        p24_command_run(d, &cut, true, &got);
        assert_int_equal(got.data[0], P24_PARAMETER_ERROR);
    }
    packet.length++;
    p24_command_run(d, &packet, true, &got);
    assert_int_equal(got.data[0], P24_PARAMETER_ERROR);
    assert_int_equal(p24_mode(d->model), P24_MID_LEVEL);
    struct p24_packet unknown = {.command = 50};
    p24_command_run(d, &unknown, true, &got);
    assert_int_equal(got.command, 67);
    assert_int_equal(got.data[0], P24_UNKNOWN_COMMAND);
    device_free(d);
    loop_free(loop);
}

static void older_selections_tell_electrodes(void **state)
{
    (void)state;
    struct trace trace;
    struct loop *loop = loop_new();
    struct device *d = device_of_test(loop, &trace);
    struct p24_packet got, init = {.command = 30, .length = 1, .data = {0}},
                           data = {.command = 36, .length = 1, .data = {3}};
    struct fault_args args = {.present = 1u << ARG_channel};
    args.value[ARG_channel] = 6;
    p24_command_run(d, &init, true, &got);
    (void)device_advance(d);
    assert_int_equal(update(d->model, 0x21, 20000), P24_OK);
    assert_int_equal(model_inject(d->model, FAULT_open, &args), 0);
    p24_command_run(d, &data, true, &got);
    assert_int_equal(got.length, 4);
    assert_int_equal(got.data[1], 3);
    assert_int_equal(got.data[2], 0x10);
    assert_int_equal(got.data[3], 0x02);
    data.data[0] = 2;
    p24_command_run(d, &data, true, &got);
    assert_int_equal(got.length, 3);
    data.data[0] = 5;
    p24_command_run(d, &data, true, &got);
    assert_int_equal(got.data[0], P24_PARAMETER_ERROR);
    device_free(d);
    loop_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_printed_frame_is_read_and_written),
        cmocka_unit_test(every_number_and_command_survives),
        cmocka_unit_test(a_conversation_as_it_is_printed),
        cmocka_unit_test(commands_of_the_wrong_length_are_refused),
        cmocka_unit_test(older_selections_tell_electrodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
