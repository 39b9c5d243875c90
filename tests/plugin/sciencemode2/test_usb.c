/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin as the host loads it, over libusb, libftdi and usbfs as umockdev plays it, against simulated RehaStim 2s
 * behind FTDI chips: a treatment, a plug that is pulled in it, the device that comes back, and several with the same
 * ids.
 */
#include "sim_test.h"

#include "plugin.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#define LONG_MS ROOM_LONG_MS
#define CALL_MS 250 /* where the deadline is what ends the call */
#define GROUP_ALL 8 /* behind each channel's own */
#define SLACK_MS 1000
#define WATCHDOG_MS 1200

static const struct modality_plugin *plugin;
static struct room room;
static struct modality_link *link_1;

static int open_as(const char *where, struct modality_link **out)
{
    room_begin(&room, where);
    return plugin->open(&room.services, &room.config, room_in_ms(LONG_MS), out);
}

/* Its Init comes twice in a second. */
static void identify(struct modality_link *link, const char *serial)
{
    struct modality_identity identity;
    int r = -ETIMEDOUT;
    for (int64_t end = room_in_ms(LONG_MS); r < 0 && clock_monotonic_ns() < end;) {
        r = plugin->identify(link, 0, room_in_ms(CALL_MS), &identity);
        if (r < 0)
            assert_int_equal(plugin->reopen(link, room_in_ms(LONG_MS)), 0);
    }
    assert_int_equal(r, 0);
    assert_string_equal(identity.serial, serial);
}

static int set(struct modality_link *link, uint32_t channel, enum modality_quantity q, int64_t value)
{
    const struct modality_setting setting = {.channel = channel, .quantity = q, .value = value};
    return plugin->apply(link, 0, &setting, room_in_ms(LONG_MS));
}

static const char *name_of(unsigned port)
{
    return port == 1 ? "reha" : "other";
}

static long long state(unsigned port, unsigned channel, const char *name)
{
    return sim_test_state(name_of(port), channel, name);
}

static void plug(unsigned port)
{
    sim_test_do("{\"device\":\"%s\",\"clear\":\"absent\"}", name_of(port));
}

static void unplug(unsigned port)
{
    sim_test_do("{\"device\":\"%s\",\"fault\":\"absent\"}", name_of(port));
}

static void drop_one(void)
{
    sim_test_do("{\"device\":\"reha\",\"fault\":\"drop\",\"count\":1}");
}

/* The next request is answered by nothing, and 40 ms later its plug is out. */
static void unplug_in_40_ms(void)
{
    sim_test_do("{\"device\":\"reha\",\"fault\":\"delay\",\"ms\":40,\"count\":1}");
    sim_test_do("{\"device\":\"reha\",\"fault\":\"close\",\"count\":1}");
}

static void prepare(struct modality_link *link, uint32_t channel, int64_t width_us, int64_t millihz)
{
    assert_int_equal(set(link, channel, QUANTITY_phase_width_us, width_us), 0);
    assert_int_equal(set(link, channel, QUANTITY_pulse_rate_millihz, millihz), 0);
    assert_int_equal(set(link, channel, QUANTITY_amplitude_ua, 0), 0);
}

/* 20 mA on ch3 of the device in port 1. */
static void run(struct modality_link *link)
{
    int64_t patience = room_in_ms(LONG_MS);
    int r;
    do {
        assert_true(clock_monotonic_ns() < patience);
        prepare(link, 2, 250, 50000);
        r = plugin->start(link, 0, GROUP_ALL, room_in_ms(LONG_MS));
        if (r == 0)
            r = set(link, 2, QUANTITY_amplitude_ua, 20000);
    } while (room_lost(plugin, link, r));
    assert_int_equal(r, 0);
    assert_int_equal(state(1, 3, "value"), 20000);
}

static void assert_at_rest(struct modality_link *link, unsigned port)
{
    struct modality_status s = room_status(plugin, link);
    for (size_t c = 0; c < s.n_channels; c++) {
        assert_int_equal(s.channels[c].output, OUTPUT_REST);
        assert_int_equal(s.channels[c].evidence, EVIDENCE_REPORTED);
        assert_int_equal(state(port, (unsigned)c + 1, "on"), 0);
    }
}

static int setup(void **state_)
{
    (void)state_;
    plug(1);
    link_1 = NULL;
    assert_int_equal(open_as("usb:0403:6001,serial=FT1", &link_1), 0);
    identify(link_1, "FT1");
    room_make_safe(plugin, link_1);
    return 0;
}

static int teardown(void **state_)
{
    (void)state_;
    plugin->close(link_1);
    unplug(1);
    return 0;
}

static void a_treatment_over_usb(void **state_)
{
    (void)state_;
    struct modality_status s;
    assert_int_equal(sim_test_line("reha", "divisor"), 0x4006);
    assert_int_equal(sim_test_line("reha", "format"), 0x0208);
    assert_int_equal(sim_test_line("reha", "flow"), 0x0001);
    assert_int_equal(sim_test_line("reha", "latency"), 1);
    assert_string_equal(sim_test_driver("reha", 0), "usbfs");
    assert_at_rest(link_1, 1);
    run(link_1);
    room_keepalive(plugin, link_1);
    assert_int_equal(plugin->status(link_1, 0, room_in_ms(LONG_MS), &s), 0);
    assert_int_equal(s.channels[2].output, OUTPUT_ON);
    assert_int_equal(s.channels[2].contact, CONTACT_GOOD);
    room_stop(plugin, link_1);
    assert_at_rest(link_1, 1);
    plugin->close(link_1);
    assert_string_equal(sim_test_driver("reha", 0), "ftdi_sio");
    assert_int_equal(open_as("usb:0403:6001,serial=FT1", &link_1), 0);
}

static int try_all_channels(void)
{
    for (uint32_t c = 0; c < 8; c++)
        prepare(link_1, c, 0x10f, 40000);
    int r = plugin->start(link_1, 0, GROUP_ALL, room_in_ms(LONG_MS));
    for (uint32_t c = 0; r == 0 && c < 8; c++)
        r = set(link_1, c, QUANTITY_amplitude_ua, 1000 * (c + 9));
    return r;
}

static void all_channels_over_usb(void **state_)
{
    (void)state_;
    int64_t patience = room_in_ms(LONG_MS);
    int r;
    do {
        assert_true(clock_monotonic_ns() < patience);
        r = try_all_channels();
    } while (room_lost(plugin, link_1, r));
    assert_int_equal(r, 0);
    for (unsigned c = 0; c < 8; c++)
        assert_int_equal(state(1, c + 1, "value"), 1000 * (c + 9));
    room_stop(plugin, link_1);
    assert_at_rest(link_1, 1);
}

/* It has power of its own: what ends the output is its watchdog, and what comes back is idle. */
static void a_pulled_plug_is_seen_at_once_and_the_watchdog_ends_the_output(void **state_)
{
    (void)state_;
    struct modality_status s;
    run(link_1);
    unplug(1);
    int64_t begun = clock_monotonic_ns();
    assert_int_equal(plugin->status(link_1, 0, room_in_ms(LONG_MS), &s), -ENODEV);
    assert_int_equal(plugin->stop(link_1, 0, 0, room_in_ms(LONG_MS)), -ENODEV);
    assert_int_equal(plugin->make_safe(link_1, 0, room_in_ms(LONG_MS)), -ENODEV);
    assert_int_equal(plugin->reopen(link_1, room_in_ms(LONG_MS)), -ENODEV);
    assert_true(clock_monotonic_ns() - begun < SLACK_MS * NS_PER_MS);
    struct modality_link *none = NULL;
    assert_int_equal(open_as("usb:0403:6001,serial=FT1", &none), -ENODEV);
    assert_null(none);
    while (state(1, 3, "on") == 1) {
        assert_true(clock_monotonic_ns() - begun < (WATCHDOG_MS + SLACK_MS) * NS_PER_MS);
        (void)poll(NULL, 0, 5);
    }
    plugin->close(link_1);
    plug(1);
    assert_int_equal(open_as("usb:0403:6001,serial=FT1", &link_1), 0);
    identify(link_1, "FT1");
    assert_at_rest(link_1, 1);
    assert_int_equal(plugin->start(link_1, 0, GROUP_ALL, room_in_ms(LONG_MS)), -EINVAL); /* nothing is resumed */
    run(link_1);
    room_stop(plugin, link_1);
}

static void replug(void)
{
    unplug(1);
    plugin->close(link_1);
    plug(1);
    assert_int_equal(open_as("usb:0403:6001,serial=FT1", &link_1), 0);
}

/* Back before its watchdog has seen anything: it stimulates, and the first thing that it is told is to stop. */
static void a_plug_that_is_back_at_once_finds_a_device_that_runs(void **state_)
{
    (void)state_;
    int64_t patience = room_in_ms(LONG_MS), begun;
    long long on;
    do {
        assert_true(clock_monotonic_ns() < patience);
        run(link_1);
        begun = clock_monotonic_ns();
        replug();
        on = state(1, 3, "on");
        if (!on)
            identify(link_1, "FT1");
    } while (!on && clock_monotonic_ns() - begun >= WATCHDOG_MS * NS_PER_MS); /* the machine was not at once */
    assert_int_equal(on, 1);
    room_make_safe(plugin, link_1);
    assert_int_equal(state(1, 3, "on"), 0);
    identify(link_1, "FT1");
    assert_at_rest(link_1, 1);
}

static void a_plug_pulled_while_a_call_waits_ends_the_call(void **state_)
{
    (void)state_;
    int64_t patience = room_in_ms(LONG_MS), took;
    struct modality_status s;
    int r;
    for (;;) {
        run(link_1);
        unplug_in_40_ms();
        int64_t begun = clock_monotonic_ns();
        r = plugin->status(link_1, 0, room_in_ms(LONG_MS), &s);
        took = clock_monotonic_ns() - begun;
        if (r != -ETIMEDOUT) /* no answer for so long, and the machine has not come to pulling the plug */
            break;
        assert_true(clock_monotonic_ns() < patience);
        replug();
        identify(link_1, "FT1");
    }
    plug(1);
    assert_int_equal(r, -ENODEV);
    assert_true(took < (40 + SLACK_MS) * NS_PER_MS);
}

static void a_device_that_does_not_answer_is_usable_again(void **state_)
{
    (void)state_;
    struct modality_status s;
    run(link_1);
    for (int i = 0; i < 3; i++) { /* from the second time on the port is recovered */
        drop_one();
        assert_int_equal(plugin->status(link_1, 0, room_in_ms(CALL_MS), &s), -ETIMEDOUT);
        assert_int_equal(plugin->status(link_1, 0, room_in_ms(LONG_MS), &s), -EIO);
        assert_int_equal(plugin->reopen(link_1, room_in_ms(LONG_MS)), 0);
    }
    assert_int_equal(plugin->status(link_1, 0, room_in_ms(LONG_MS), &s), 0);
    assert_int_equal(s.channels[2].output, OUTPUT_ON);
    drop_one();
    assert_int_equal(plugin->stop(link_1, 0, 0, room_in_ms(CALL_MS)), -ETIMEDOUT);
    for (int64_t end = room_in_ms(SLACK_MS); state(1, 3, "on");) /* before its watchdog */
        assert_true(clock_monotonic_ns() < end);
    assert_int_equal(plugin->reopen(link_1, room_in_ms(LONG_MS)), 0);
    assert_at_rest(link_1, 1);
}

static void devices_with_the_same_ids_are_told_apart(void **state_)
{
    (void)state_;
    struct modality_link *link_4 = NULL;
    plug(4);
    assert_int_equal(open_as("usb:0403:6001,serial=FT1,port=1-4", &link_4), -ENODEV);
    assert_int_equal(open_as("usb:0403:6001,port=1-4", &link_4), 0);
    identify(link_4, "FT4");
    room_make_safe(plugin, link_4);
    run(link_1);
    assert_at_rest(link_4, 4);
    unplug(4);
    plugin->close(link_4);
    assert_int_equal(state(1, 3, "value"), 20000);
    room_stop(plugin, link_1);
    assert_at_rest(link_1, 1);
}

static void one_device_has_one_owner(void **state_)
{
    (void)state_;
    struct modality_link *second = NULL;
    assert_int_equal(open_as("usb:0403:6001,serial=FT1", &second), -EBUSY);
    assert_null(second);
    assert_at_rest(link_1, 1);
}

int main(int argc, char **argv)
{
    static const char *const devices[] = {"reha=rehastim2,usb=1-1,usb_serial=FT1",
                                          "other=rehastim2,usb=1-4,usb_serial=FT4", NULL};
    (void)argc;
    sim_test_begin(argv, devices);
    plugin = room_plugin();
    unplug(4);
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_treatment_over_usb),
        T(all_channels_over_usb),
        T(a_pulled_plug_is_seen_at_once_and_the_watchdog_ends_the_output),
        T(a_plug_that_is_back_at_once_finds_a_device_that_runs),
        T(a_plug_pulled_while_a_call_waits_ends_the_call),
        T(a_device_that_does_not_answer_is_usable_again),
        T(devices_with_the_same_ids_are_told_apart),
        T(one_device_has_one_owner),
    };
    return sim_test_end(cmocka_run_group_tests(tests, NULL, NULL));
}
