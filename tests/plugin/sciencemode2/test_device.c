/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated RehaStim 2 by itself, from frames as the documents print them: what it takes, what it refuses, and what
 * truly comes out of it as time goes by. Time is the test's own.
 */
#include "../common/hex.h"

#include <string.h>

#include "front/rehastim2_frame.h"
#include "modality/clock.h"
#include "model/rehastim2.h"

#define START_NS (1000 * NS_PER_S)

/* ---- frames ---- */

static struct rehastim2_packet packet_of(const char *wire)
{
    uint8_t bytes[REHASTIM2_FRAME_MAX];
    struct rehastim2_reader reader = {0};
    struct rehastim2_packet packet = {0};
    size_t n = hex_bytes(wire, bytes, sizeof bytes);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(rehastim2_reader_take(&reader, bytes[i], &packet), i + 1 == n);
    assert_int_equal(reader.broken, 0);
    return packet;
}

struct example {
    const char *what, *body, *wire;
};

#define FRAME(what, body, wire) {what, body, wire},
static const struct example examples[] = {
#include "../common/frames_sciencemode2.inc"
};

static void every_printed_frame_is_read_and_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        uint8_t body[64], want[REHASTIM2_FRAME_MAX], frame[REHASTIM2_FRAME_MAX];
        print_message("%s\n", examples[i].what);
        struct rehastim2_packet packet = packet_of(examples[i].wire);
        size_t n = hex_bytes(examples[i].body, body, sizeof body);
        assert_int_equal(packet.size, n - 2);
        assert_int_equal(packet.number, body[0]);
        assert_int_equal(packet.command, body[1]);
        assert_memory_equal(packet.data, body + 2, n - 2);
        n = hex_bytes(examples[i].wire, want, sizeof want);
        assert_int_equal(rehastim2_frame_encode(&packet, frame), n);
        assert_memory_equal(frame, want, n);
    }
}

static void clients_that_stuff_more_are_understood(void **state)
{
    (void)state;
    struct rehastim2_packet p = packet_of("F0 81 DF 81 5D 03 20 00 00 81 00 81 5F 0F");
    assert_int_equal(p.command, 32);
    assert_int_equal(p.size, 4);
    assert_int_equal(p.data[2], 85);
    assert_int_equal(p.data[3], 10);
}

/* Checksums contain bytes that look like marks behind their escape. */
static void every_number_and_command_survives(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 256; number++)
        for (unsigned command = 0; command < 256; command++) {
            struct rehastim2_packet p = {
                .number = (uint8_t)number, .command = (uint8_t)command, .size = 2, .data = {0x81, 0x0f}};
            struct rehastim2_packet got = {0};
            struct rehastim2_reader reader = {0};
            uint8_t frame[REHASTIM2_FRAME_MAX];
            size_t n = rehastim2_frame_encode(&p, frame);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(rehastim2_reader_take(&reader, frame[i], &got), i + 1 == n);
            assert_int_equal(got.number, number);
            assert_int_equal(got.command, command);
        }
}

static void what_is_no_frame_is_dropped_and_the_next_one_read(void **state)
{
    (void)state;
    static const char *const broken[] = {"F0 0F",
                                         "F0 81 FA 0F",
                                         "F0 81 FB 81 57 05 22 0F",
                                         "F0 81 FA 81 56 05 22 0F",
                                         "F0 00 FA 81 57 05 22 0F",
                                         "F0 81 FA 81 57 05",
                                         "AA 55 0F 0F"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        uint8_t bytes[64];
        struct rehastim2_reader reader = {0};
        struct rehastim2_packet packet = {0};
        unsigned taken = 0;
        size_t n = hex_bytes(broken[i], bytes, sizeof bytes);
        n += hex_bytes("F0 81 FA 81 57 05 22 0F", bytes + n, sizeof bytes - n);
        for (size_t k = 0; k < n; k++)
            taken += rehastim2_reader_take(&reader, bytes[k], &packet);
        assert_int_equal(taken, 1);
        assert_int_equal(packet.command, 34);
    }
}

/* ---- model ---- */

struct heard {
    struct model *model;
    enum cause cause[REHASTIM2_CHANNELS];
};

static void take_change(void *ctx, unsigned channel, const struct model_output *output, enum cause cause, int64_t t_ns)
{
    struct heard *h = ctx;
    (void)output;
    (void)t_ns;
    h->cause[channel] = cause;
}

static int setup(void **state)
{
    static struct heard h;
    h = (struct heard){0};
    h.model = model_new(&rehastim2_kind, (struct model_sink){take_change, &h}, START_NS);
    assert_non_null(h.model);
    rehastim2_connect(h.model);
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    model_free(((struct heard *)*state)->model);
    return 0;
}

static struct model *model_of(void **state)
{
    return ((struct heard *)*state)->model;
}

static void later(struct model *m, int64_t ms)
{
    model_advance(m, m->now_ns + ms * NS_PER_MS);
}

/* Time goes by with a client that feeds. */
static void fed(struct model *m, int64_t ms)
{
    for (; ms > 0; ms -= 100) {
        later(m, ms < 100 ? ms : 100);
        rehastim2_heard(m);
    }
}

static enum rehastim2_result list(struct model *m, uint8_t active, uint16_t interval)
{
    const struct rehastim2_list l = {.active = active, .spacing = 13, .interval = interval};
    return rehastim2_init_list(m, &l);
}

static enum rehastim2_result pulses(struct model *m, size_t n, uint16_t width_us, uint8_t ma)
{
    struct rehastim2_pulse p[REHASTIM2_CHANNELS];
    for (size_t i = 0; i < REHASTIM2_CHANNELS; i++)
        p[i] = (struct rehastim2_pulse){.width_us = width_us, .current_ma = ma};
    return rehastim2_start_list(m, p, n);
}

/* Channel 1 at 10 mA, 200 us, 20 ms. */
static void run(struct model *m)
{
    assert_int_equal(list(m, 1, 38), REHASTIM2_OK);
    assert_int_equal(pulses(m, 1, 200, 10), REHASTIM2_OK);
    assert_int_equal(m->last[0].value, 10000);
}

struct asked {
    unsigned channel;
    const char *name;
    int64_t value;
};

static void take_state(void *ctx, unsigned channel, const char *name, int64_t v)
{
    struct asked *a = ctx;
    if (channel == a->channel && strcmp(name, a->name) == 0)
        a->value = v;
}

static int64_t state_of(const struct model *m, unsigned channel, const char *name)
{
    struct asked a = {channel, name, -1};
    model_state(m, take_state, &a);
    return a.value;
}

static void inject(struct model *m, enum fault_id fault, enum fault_arg arg, int64_t value)
{
    struct fault_args args = {.present = 1u << arg};
    args.value[arg] = value;
    assert_int_equal(model_inject(m, fault, &args), 0);
}

static void commands_belong_to_modes(void **state)
{
    struct model *m = model_of(state);
    const struct rehastim2_pulse p = {.width_us = 200, .current_ma = 10};
    assert_int_equal(rehastim2_mode(m), REHASTIM2_START);
    assert_int_equal(pulses(m, 1, 200, 10), REHASTIM2_WRONG_MODE);
    assert_int_equal(rehastim2_stop_list(m), REHASTIM2_OK);
    assert_int_equal(rehastim2_single_pulse(m, 0, &p), REHASTIM2_OK);
    assert_int_equal(list(m, 1, 38), REHASTIM2_OK);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_INITIALISED);
    assert_int_equal(list(m, 1, 38), REHASTIM2_WRONG_MODE);
    assert_int_equal(rehastim2_single_pulse(m, 0, &p), REHASTIM2_WRONG_MODE);
    assert_false(m->last[0].on);
    assert_int_equal(pulses(m, 1, 200, 10), REHASTIM2_OK);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_STARTED);
    assert_int_equal(list(m, 1, 38), REHASTIM2_WRONG_MODE);
    assert_int_equal(pulses(m, 1, 100, 12), REHASTIM2_OK);
    assert_int_equal(m->last[0].value, 12000);
    assert_int_equal(rehastim2_stop_list(m), REHASTIM2_OK);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_START);
    assert_false(m->last[0].on);
}

static void what_is_out_of_range_is_refused_and_changes_nothing(void **state)
{
    struct model *m = model_of(state);
    assert_int_equal(list(m, 0, 38), REHASTIM2_PARAMETER);
    assert_int_equal(list(m, 1, 13), REHASTIM2_PARAMETER);
    assert_int_equal(list(m, 1, 2049), REHASTIM2_PARAMETER);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_START);
    assert_int_equal(list(m, 3, 14), REHASTIM2_OK);
    assert_int_equal(pulses(m, 1, 200, 10), REHASTIM2_PARAMETER); /* too few for its channels */
    assert_int_equal(pulses(m, 3, 200, 10), REHASTIM2_PARAMETER);
    assert_int_equal(pulses(m, 2, 501, 10), REHASTIM2_PARAMETER);
    assert_int_equal(pulses(m, 2, 200, 131), REHASTIM2_PARAMETER);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_INITIALISED);
    assert_int_equal(pulses(m, 2, 500, 130), REHASTIM2_OK);
    assert_int_equal(pulses(m, 2, 500, 131), REHASTIM2_PARAMETER);
    assert_int_equal(m->last[0].value, 130000);
    const struct rehastim2_pulse triplet[2] = {{.more = 2, .width_us = 200}, {.width_us = 200}};
    assert_int_equal(rehastim2_start_list(m, triplet, 2), REHASTIM2_PARAMETER); /* 24 ms in 8 */
}

static void charge_is_counted_and_balanced(void **state)
{
    struct model *m = model_of(state);
    run(m);
    fed(m, 10000); /* 500 pulses of twice 2 uC */
    assert_in_range(state_of(m, 1, "charge_uc"), 1990, 2010);
    assert_int_equal(state_of(m, 1, "net_charge_uc"), 0);
    assert_int_equal(state_of(m, 2, "charge_uc"), 0);
    inject(m, FAULT_drop_phase, ARG_channel, 1);
    fed(m, 10000);
    assert_in_range(state_of(m, 1, "net_charge_uc"), 990, 1010);
}

static void a_silent_client_trips_the_watchdog(void **state)
{
    struct heard *h = *state;
    run(h->model);
    fed(h->model, 5000);
    later(h->model, 1199);
    assert_true(h->model->last[0].on && rehastim2_connected(h->model));
    later(h->model, 1);
    assert_false(h->model->last[0].on || rehastim2_connected(h->model));
    assert_int_equal(h->cause[0], CAUSE_watchdog);
    assert_int_equal(rehastim2_mode(h->model), REHASTIM2_START);
    assert_int_equal(rehastim2_take_error(h->model), 0); /* its Init says it */
    rehastim2_connect(h->model);
    assert_false(h->model->last[0].on);
    assert_int_equal(pulses(h->model, 1, 200, 10), REHASTIM2_WRONG_MODE);
}

/* Connected and idle is watched over as well. */
static void an_idle_connection_is_lost_too(void **state)
{
    struct model *m = model_of(state);
    later(m, 1199);
    assert_true(rehastim2_connected(m));
    later(m, 1);
    assert_false(rehastim2_connected(m));
}

static void an_electrode_is_looked_at_before_each_pulse_with_a_current(void **state)
{
    struct heard *h = *state;
    struct model *m = h->model;
    inject(m, FAULT_open, ARG_channel, 1);
    assert_int_equal(list(m, 1, 198), REHASTIM2_OK); /* 100 ms */
    assert_int_equal(pulses(m, 1, 200, 0), REHASTIM2_OK);
    fed(m, 500);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_STARTED);
    assert_int_equal(pulses(m, 1, 200, 1), REHASTIM2_OK);
    later(m, 110);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_START);
    assert_int_equal(rehastim2_take_error(m), REHASTIM2_ELECTRODE);
    assert_int_equal(rehastim2_take_error(m), 0);
    assert_false(m->last[0].on);
}

static void the_switch_ends_it_and_prevents_it(void **state)
{
    struct heard *h = *state;
    struct model *m = h->model;
    run(m);
    inject(m, FAULT_patient_stop, ARG_channel, 1);
    assert_false(m->last[0].on);
    assert_int_equal(h->cause[0], CAUSE_patient_stop);
    assert_int_equal(rehastim2_take_error(m), REHASTIM2_SWITCH);
    assert_int_equal(list(m, 1, 38), REHASTIM2_OK);
    assert_int_equal(pulses(m, 1, 200, 10), REHASTIM2_OK);
    assert_false(m->last[0].on);
    assert_int_equal(rehastim2_take_error(m), REHASTIM2_SWITCH);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_START);
    assert_int_equal(model_clear(m, FAULT_patient_stop, &(struct fault_args){0}), 0);
    run(m);
}

static void a_broken_module_ends_it_and_prevents_it(void **state)
{
    struct model *m = model_of(state);
    run(m);
    inject(m, FAULT_device_fault, ARG_code, 3);
    assert_false(m->last[0].on);
    assert_int_equal(rehastim2_take_error(m), REHASTIM2_MODULE);
    assert_int_equal(list(m, 1, 38), REHASTIM2_OK);
    assert_int_equal(pulses(m, 1, 200, 10), REHASTIM2_OK);
    assert_int_equal(rehastim2_take_error(m), REHASTIM2_MODULE);
    assert_false(m->last[0].on);
}

static void a_stuck_output_goes_on_until_the_watchdog(void **state)
{
    struct model *m = model_of(state);
    run(m);
    inject(m, FAULT_stuck, ARG_ignores, STUCK_COMMANDS);
    assert_int_equal(rehastim2_stop_list(m), REHASTIM2_OK);
    assert_true(m->last[0].on);
    assert_int_equal(rehastim2_mode(m), REHASTIM2_STARTED);
    later(m, 1200);
    assert_false(m->last[0].on);
}

static void a_reboot_forgets_everything(void **state)
{
    struct model *m = model_of(state);
    run(m);
    inject(m, FAULT_reboot, ARG_ms, 100);
    assert_false(m->last[0].on || rehastim2_connected(m));
    assert_true(model_is_down(m));
    later(m, 100);
    assert_false(model_is_down(m) || rehastim2_connected(m));
    assert_int_equal(rehastim2_mode(m), REHASTIM2_START);
}

static void a_single_pulse_is_one_pulse(void **state)
{
    struct heard *h = *state;
    const struct rehastim2_pulse p = {.width_us = 500, .current_ma = 100};
    assert_int_equal(rehastim2_single_pulse(h->model, 2, &p), REHASTIM2_OK);
    assert_int_equal(h->cause[2], CAUSE_stop);
    assert_false(h->model->last[2].on);
    assert_int_equal(state_of(h->model, 3, "charge_uc"), 100);
    assert_int_equal(rehastim2_mode(h->model), REHASTIM2_START);
}

static void channels_of_low_frequency_are_skipped(void **state)
{
    struct model *m = model_of(state);
    const struct rehastim2_list l = {.active = 3, .low_frequency = 2, .skipped = 3, .spacing = 13, .interval = 38};
    assert_int_equal(rehastim2_init_list(m, &l), REHASTIM2_OK);
    assert_int_equal(pulses(m, 2, 200, 10), REHASTIM2_OK);
    fed(m, 10000);
    assert_in_range(state_of(m, 1, "charge_uc"), 1990, 2010);
    assert_in_range(state_of(m, 2, "charge_uc"), 490, 510);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_printed_frame_is_read_and_written),
        cmocka_unit_test(clients_that_stuff_more_are_understood),
        cmocka_unit_test(every_number_and_command_survives),
        cmocka_unit_test(what_is_no_frame_is_dropped_and_the_next_one_read),
        T(commands_belong_to_modes),
        T(what_is_out_of_range_is_refused_and_changes_nothing),
        T(charge_is_counted_and_balanced),
        T(a_silent_client_trips_the_watchdog),
        T(an_idle_connection_is_lost_too),
        T(an_electrode_is_looked_at_before_each_pulse_with_a_current),
        T(the_switch_ends_it_and_prevents_it),
        T(a_broken_module_ends_it_and_prevents_it),
        T(a_stuck_output_goes_on_until_the_watchdog),
        T(a_reboot_forgets_everything),
        T(a_single_pulse_is_one_pulse),
        T(channels_of_low_frequency_are_skipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
